"""The stepper: its sums are those of backward() to the last bit, back undoes forward, and it says why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from functions_by_hand import Cube

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.viz import Step, StepGroup, Stepper, trace

Case = tuple[Any, list[Any]]  # the output, and the leaves under it


def data(*shape: int, seed: int = 0) -> Any:
    return ag.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def mlp() -> Case:
    net = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))
    return F.cross_entropy(net(data(4, 5)), ag.tensor([0, 2, 1, 1])), list(net.parameters())


def cnn() -> Case:
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 3, 3),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(12, 2),
    )
    return net(data(2, 2, 8, 8)).square().mean(), list(net.parameters())


def batch_norm() -> Case:
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.BatchNorm1d(48), nn.Dropout(0.3)
    )
    return net(data(4, 1, 6, 6)).square().sum(), list(net.parameters())


class Residual(nn.Module):
    """Blocks with a way around each, of broadcast and repeated operands."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.scale = nn.Parameter(ag.ones(4))

    def forward(self, x: Any) -> Any:
        for _ in range(3):
            x = x + self.scale * self.inner(x).relu()
        return x


def residual() -> Case:
    net = Residual()
    x = data(3, 4).requires_grad_()
    return (net(x) * data(3, 1, seed=1)).sum(), [x, *net.parameters()]


def recurrent() -> Case:
    cell, readout = nn.RNNCell(3, 5), nn.Linear(5, 1)
    xs, h = data(6, 2, 3), ag.zeros(2, 5)
    for x in xs:
        h = cell(x, h)
    return readout(h).square().sum(), [*cell.parameters(), *readout.parameters()]


def lstm() -> Case:
    net = nn.LSTM(3, 4, num_layers=2, batch_first=True)
    y, (h, _) = net(data(2, 5, 3))
    return (y[:, -1] * h[0]).sum(), list(net.parameters())


def attention() -> Case:
    net = nn.MultiheadAttention(8, 2, batch_first=True)
    x = data(2, 5, 8).requires_grad_()
    y, _ = net(x, x, x)
    return (y * data(2, 5, 8, seed=2)).sum(), [x, *net.parameters()]


def shared_weights() -> Case:
    layer, x = nn.Linear(6, 6), data(2, 6)
    decoded = layer(layer(x).tanh()).tanh() @ layer.weight
    return (decoded - x).square().mean() + 0.1 * layer.weight.abs().sum(), list(layer.parameters())


def in_place() -> Case:
    x, w = data(3, 4).requires_grad_(), data(4, seed=3).requires_grad_()
    y = x * w
    y += w
    y[1] = y[0] * 2
    y[:, 1:3].mul_(w[:2])
    return (y.sigmoid() * x).sum(), [x, w]


class SinCos(ag.autograd.Function):
    """Two results, with a backward of its own."""

    @staticmethod
    def forward(ctx: Any, x: Any, scale: float) -> Any:
        ctx.save_for_backward(x)
        ctx.scale = scale
        return (x * scale).sin(), (x * scale).cos()

    @staticmethod
    def backward(ctx: Any, g_sin: Any, g_cos: Any) -> Any:
        (x,) = ctx.saved_tensors
        return ctx.scale * (g_sin * (x * ctx.scale).cos() - g_cos * (x * ctx.scale).sin()), None


def custom_function() -> Case:
    x = data(5).requires_grad_()
    s, c = SinCos.apply(x, 2.0)
    return (s * c + Cube.apply(x + s) + x).sum(), [x]


def double_backward() -> Case:
    x, w = data(4, 3).requires_grad_(), data(3, 2, seed=4).requires_grad_()
    (g,) = ag.grad((x @ w).tanh().sum(), x, create_graph=True)
    return (g.square().sum(1).sqrt() - 1).square().mean(), [x, w]


def several_reads() -> Case:
    """What the walk sees in more than one form: fused formulas, many operands, dtypes that differ, layouts."""
    x, w = data(3, 4).requires_grad_(), data(4, 3, seed=5).requires_grad_()
    d = ag.tensor([1.0, 2.0, 3.0], dtype=ag.float64, requires_grad=True)
    y = ag.cat([x.T, w, x.T]) * d + ag.stack([x, w.T]).sum(0).T.repeat(3, 1)
    return (y * y.mean()).amax(0).sum() + x.max() + F.layer_norm(x, (4,), weight=w[:, 0]).prod(), [x, w, d]


CASES = [
    mlp, cnn, batch_norm, residual, recurrent, lstm, attention, shared_weights, in_place, custom_function, double_backward,
    several_reads,
]  # fmt: skip
cases = pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)


@cases
def test_sums_are_those_of_backward_to_the_last_bit(case: Callable[[], Case]) -> None:
    loss, leaves = case()
    s = Stepper(loss)
    assert not s.trace.stopped
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    for leaf in leaves:
        gradient = s.trace.gradient(leaf)
        assert gradient is not None
        assert gradient.dtype == leaf.grad.dtype
        np.testing.assert_array_equal(
            gradient.view(f"u{gradient.itemsize}"), leaf.grad.array.view(f"u{gradient.itemsize}")
        )


@cases
@pytest.mark.parametrize("granularity", ["edge", "node", "module"])
def test_back_undoes_forward(case: Callable[[], Case], granularity: str) -> None:
    s = Stepper(case()[0], granularity=granularity)
    states, events = [s.gradients()], []
    for event in s:
        events.append(event)
        states.append(s.gradients())
    assert len(s) == len(events) == s.position
    assert s.current is events[-1]
    for position in range(len(s) - 1, -1, -1):
        now = s.back()
        assert now is (events[position - 1] if position else None)
        assert s.position == position
        state = s.gradients()
        assert state.keys() == states[position].keys()
        assert all(state[n] is states[position][n] for n in state)
    assert s.back() is None
    assert s.position == 0
    assert next(s) is events[0]


@cases
def test_each_step_adds_its_part(case: Callable[[], Case]) -> None:
    made = trace(case()[0])
    seen: dict[int, int] = {}
    for step in made.steps:
        seen[step.to.id] = seen.get(step.to.id, 0) + 1
        assert step.k == seen[step.to.id] <= step.of
        assert step.edge in step.operands
        if step.to.kind == "function" and step.node.kind == "function":
            continue  # one of several results
        assert step.fitted.shape == step.after.shape == step.to.shape
        if step.before is None:
            assert step.k == 1
            np.testing.assert_array_equal(step.fitted, step.after)
        else:
            np.testing.assert_array_equal(step.before + step.fitted, step.after)
    assert all(seen[step.to.id] == step.of for step in made.steps)


@cases
def test_contributions_agree_with_difference_quotients(case: Callable[[], Case]) -> None:
    loss, leaves = case()  # a leaf that nobody holds has no value any more
    s = Stepper(loss)
    for _ in s:
        check = s.check()
        assert check.agrees or "not kept" in check.missing or "of the program's own" in check.missing, str(check)
    known = [check.quotient is not None for check in s.checks.values()]
    assert len(known) == len(s)
    assert sum(known) >= len(s) * (0.3 if case in (custom_function, lstm) else 0.8)
    assert leaves


@pytest.mark.parametrize("case", [mlp, residual, recurrent, attention, cnn])
def test_whole_gradients_agree_with_difference_quotients(case: Callable[[], Case]) -> None:
    loss, leaves = case()
    s = Stepper(loss)
    for leaf in leaves:
        check = s.check(leaf)
        assert check.agrees, f"{s.trace.find(leaf)}: {check}"


def test_what_a_model_did_is_known_in_full() -> None:
    net = nn.LSTM(3, 4, num_layers=2, batch_first=True, dropout=0.4)
    s = Stepper(lambda x: net(x)[0].square().mean(), data(2, 5, 3), names={"net": net})
    assert not [n for n in s.trace.nodes if n.missing]
    assert all(s.check().agrees for _ in s)
    assert all(s.check(name).agrees for name, _ in net.named_parameters())


def test_a_check_says_what_is_missing() -> None:
    loss, (x,) = custom_function()
    assert "a function of the program's own" in Stepper(loss).check(x).missing
    assert "\nNot checked: SinCos" in Stepper(loss).explain(x)
    y = x.exp().sum()
    s = Stepper(y)
    assert str(s.check(x, index=(1,))).startswith("entry [1]: gradient")
    with pytest.raises(ag.errors.ArgumentError, match=r"index is \(9,\): expected one of an array of shape \(5,\)"):
        s.check(x, index=(9,))
    with pytest.raises(ag.errors.ArgumentError, match="no step has been taken"):
        s.check()


def test_a_wrong_rule_is_seen() -> None:
    class Wrong(ag.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.detach() * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3

    x = ag.tensor(2.0, requires_grad=True)
    assert Stepper(Wrong.apply(x)).check(x).quotient is None  # code of the program's own is not called again

    @ag.primitive
    def test_doubled(x: Any) -> Any:
        return x * 2

    try:
        test_doubled.vjp(x=lambda g: g * 3)
        check = Stepper(test_doubled(x) + 1).check(x)
        assert (check.gradient, check.agrees) == (3, False)
        assert "DIFFER" in str(check)
    finally:
        del ag.PRIMITIVES["test_doubled"]


# ---------------------------------------------------------------------------------------------------------------- moving


def fan_out() -> tuple[Any, Any, Any]:
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    h = w * 3
    loss = (h * w).sum() + h.sum()
    return loss, h, w


def test_goto_completes_a_gradient() -> None:
    loss, _, w = fan_out()
    s = Stepper(loss)
    step = s.goto(w)
    assert isinstance(step, Step)
    assert step.to is s.trace.find("w")
    assert step.k == step.of == 2
    np.testing.assert_array_equal(s.gradient(w), [9, 15])
    assert s.goto("h") is s.current
    np.testing.assert_array_equal(s.gradient("h"), [2, 3])
    assert s.gradient("w") is None
    assert s.goto(0) is None
    assert s.goto("loss") is None
    assert s.gradient(w) is None
    np.testing.assert_array_equal(s.gradient(loss), 1)
    assert s.goto(len(s)) is s.events[-1]
    s.reset()
    assert (s.position, s.current) == (0, None)


def test_goto_by_node() -> None:
    loss, _, w = fan_out()
    s = Stepper(loss, granularity="node")
    event = s.goto(w)
    assert isinstance(event, StepGroup)
    assert event.steps[-1].to is s.trace.find(w)
    assert [len(e.steps) for e in s.events if isinstance(e, StepGroup)] == [2, 1, 1, 2, 1]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nobody", "no tensor here is named 'nobody'; the names are .*loss"),
        (99, r"position is 99: expected 0 to \d"),
        (None, "None is no tensor, no name"),
        (ag.zeros(3), r"this tensor of shape \(3,\) is not in the traced graph"),
        ("3", "no gradient arrives at 3, it needs none"),
    ],
)
def test_goto_nowhere(what: Any, message: str) -> None:
    loss, *tensors = fan_out()
    with pytest.raises(ag.errors.ArgumentError, match=message):
        Stepper(loss).goto(what)
    assert tensors


def test_bad_arguments() -> None:
    loss, *_ = fan_out()
    with pytest.raises(ag.errors.ArgumentError, match="granularity is 'line': expected one of edge, node, module"):
        Stepper(loss, granularity="line")
    with pytest.raises(ag.errors.ArgumentError, match="a Trace is given, and more"):
        Stepper(trace(loss), loss)


def test_a_step_among_thousands_takes_few_calls() -> None:
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x
    for _ in range(1000):
        y = y * 1.001 + x
    s = Stepper(y.sum())
    assert len(s) == 3001
    calls: list[str] = []
    sys.setprofile(lambda frame, event, _: calls.append(frame.f_code.co_name) if event == "call" else None)
    try:
        for position in (3001, 0, 1500):
            s.goto(position)
            next(s, None)
            s.back()
            s.gradient(x)
    finally:
        sys.setprofile(None)
    assert len(calls) < 150, calls
    assert s.goto(x) is s.events[-1]


# -------------------------------------------------------------------------------------------------------------- in words


def test_events_read_as_one_line() -> None:
    loss, _, w = fan_out()
    assert w.is_leaf
    lines = [str(event) for event in Stepper(loss)]
    assert all("\n" not in line for line in lines)
    assert lines[0] == "  1 loss -> (h * w).sum(): G = 1"
    assert (
        lines[-1]
        == "  7 h -> w (2 of 2): 3 * G = 2 numbers of norm 10.82, sum 2 numbers of norm 6.708 -> 2 numbers of norm 17.49"
    )


def test_explain_says_every_step() -> None:
    loss, *_ = fan_out()
    s = Stepper(loss)
    text = s.explain()
    assert text.startswith("Backward starts with the gradient 1 at loss.")
    assert all(str(step) in text for step in s.trace.steps)
    assert "test_viz_steps.py" in text
    assert "(h * w).sum() + h.sum()" in text


def test_explain_gives_each_time_step_its_share() -> None:
    loss, (weight_ih, *_) = recurrent()
    s = Stepper(loss, names={"W": weight_ih})
    text = s.explain("W")
    assert "the sum of 6 contributions" in text
    assert "  6 of 6: from" in text
    shares = [
        float(line.rpartition(", ")[2].removesuffix("% of the sum"))
        for line in text.splitlines()
        if "of the sum" in line
    ]
    assert len(shares) == 6
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert "they agree" in text


def test_explain_names_broadcasting_and_outputs() -> None:
    b = ag.tensor([1.0, 2.0], requires_grad=True)
    y = ag.ones(3, 2) * b
    loss = y.sum()
    s = Stepper(loss)
    assert "summed from 3x2, as broadcasting had stretched b" in s.explain(b)
    assert "is an output" in s.explain("loss")
    detached = Stepper(loss, names={"c": ag.tensor(1.0)})
    assert "has no gradient: it needs none" in detached.explain(detached.trace.edges[0].start.id)


def test_explain_says_where_it_stops() -> None:
    loss, *_ = fan_out()
    loss.backward()
    s = Stepper(loss)
    assert "freed by an earlier backward()" in s.trace.stopped
    assert "Here it stops" in s.explain()
    assert "freed" in s.explain("w")
