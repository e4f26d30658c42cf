"""The trace: it reads and changes nothing, knows values, names and places, and is JSON as docs/trace.md says."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_viz_steps import CASES, Case, data, mlp

import autograd_core as ag
import nn
import optim
from autograd_core import writes
from autograd_core.graph import reachable
from autograd_core.viz import Stepper, Trace, TraceNode, trace, validate
from autograd_core.viz.validation import FIELDS, LAYOUT, TOP
from autograd_core.viz.values import encoded
from benchmarks.libraries import ours
from benchmarks.networks import resnet18

ROOT = Path(__file__).parents[1]


def node_of(made: Trace, op: str, nth: int = 0) -> TraceNode:
    return [n for n in made.nodes if n.op == op][nth]


# ------------------------------------------------------------------------------------------------------ nothing changes


def fingerprint(loss: Any, leaves: list[Any]) -> Any:
    """Everything that a trace could spoil."""
    calls, ends = reachable([loss.node])
    graph = [
        (n, n.prim, n.parents, n.saved, n.hooks, n.pending, n.seq, n.scope, getattr(n, "redone", None))
        for n in (*calls, *ends)
    ]
    state = json.dumps(ag.default_generator.get_state())
    return graph, [leaf.grad for leaf in leaves], state, ag.memory.allocated(), writes.last_write, len(writes._writes)


def same(before: Any, after: Any) -> bool:
    """Return whether both are the same objects, in tuples and lists as well."""
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(same, before, after))
    return before is after or (not isinstance(before, np.ndarray) and before == after)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_a_trace_changes_nothing(case: Callable[[], Case]) -> None:
    loss, leaves = case()
    gc.collect()
    before = fingerprint(loss, leaves)
    s = Stepper(loss)
    for _ in s:
        s.check()
    s.explain()
    s.trace.as_dict()
    assert same(before, fingerprint(loss, leaves))
    loss.backward()
    traced = [leaf.grad.array for leaf in leaves]
    ag.manual_seed(0)
    again, others = case()
    again.backward()
    for a, b in zip(traced, others, strict=True):
        np.testing.assert_array_equal(a, b.grad.array)


def test_a_model_is_left_as_it_was() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    net(data(5, 4, seed=1))
    before = {name: b.array.copy() for name, b in net.named_buffers()}
    arrays = {name: b.array for name, b in net.named_buffers()}
    state = ag.default_generator.get_state()
    made = trace(net, data(5, 4))
    assert ag.default_generator.get_state() == state
    for name, b in net.named_buffers():
        assert b.array is arrays[name]
        np.testing.assert_array_equal(b.array, before[name])
    assert all(p.grad is None for p in net.parameters())
    assert made.find("1.bias").kind == "parameter"
    net.eval()
    assert "1.running_mean" in [n.name for n in trace(net, data(5, 4)).nodes]
    net.train()
    y = net(data(5, 4))  # the same random numbers again
    np.testing.assert_array_equal(made.seeds[0][0].value, y.array)


def test_arrays_are_read_only_copies() -> None:
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    y = w * w
    made = trace(y.sum())
    with ag.no_grad():
        w.mul_(100)
        y.zero_()
    np.testing.assert_array_equal(made.find("w").value, [1, 2])
    np.testing.assert_array_equal(made.find("y").value, [1, 4])
    with pytest.raises(ValueError, match="read-only"):
        made.gradient("w")[0] = 5  # type: ignore[index]


def test_a_trace_does_not_hold_the_graph() -> None:
    x = ag.tensor(2.0, requires_grad=True)
    y = x.exp()
    made, node = trace(y * 3), weakref.ref(y.node)
    assert made.find(y).op == "exp"
    del y
    assert node() is None
    assert made.find("y").op == "exp"


def test_hooks_are_counted_and_not_run() -> None:
    x = ag.tensor(2.0, requires_grad=True)
    y = x * 3
    called: list[Any] = []
    y.register_hook(lambda g: called.append(g) or g * 10)
    y.node.register_hook(lambda gi, go: called.append(gi))
    y.retain_grad()
    made = trace(y + 1)
    assert (called, y.grad) == ([], None)
    assert made.gradient(x) == 3
    assert made.find("y").hooks == 2
    assert [step.rule.text for step in made.steps if step.rule] == ["G", "3 * G"]
    assert made.find("y").op == "mul"


def test_what_is_packed_stays_packed() -> None:
    x = data(3).requires_grad_()
    with ag.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), ag.tensor):
        y = x.exp()
    z = ag.autograd.checkpoint(lambda v: (v * v).sin(), y)
    loss = z.sum()
    saved = [n.saved for n in reachable([loss.node])[0]]
    made = trace(loss)
    assert not made.stopped
    assert all(a is b for a, b in zip(saved, [n.saved for n in reachable([loss.node])[0]], strict=True))
    loss.backward()
    np.testing.assert_array_equal(made.gradient("x"), x.grad.array)


def test_the_engine_does_not_import_viz() -> None:
    code = (
        "import sys, autograd_core, nn, optim; assert not [m for m in sys.modules if m.startswith('autograd_core.viz')]"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# ---------------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_values_come_from_what_is_saved_and_from_computing_again(dtype: Any) -> None:
    x, w = data(3, 2).to(dtype).requires_grad_(), data(2, 2).to(dtype).requires_grad_()
    z = x @ w  # kept by nobody: addition reads nothing
    y = z + 1
    h = y.tanh()
    made = trace(h.sum())
    for name, t in {"x": x, "w": w, "z": z, "y": y, "h": h}.items():
        value = made.find(name).value
        assert value is not None
        assert value.dtype == dtype
        np.testing.assert_array_equal(value, t.array)
    assert not [n for n in made.nodes if n.missing]


def test_what_cannot_be_known_is_said() -> None:
    def f(x: Any) -> Any:
        target = ag.tensor([1.0, 5.0])  # subtraction keeps no operand, and this variable is gone
        return (x - target).abs().sum()

    x = ag.tensor([2.0, 3.0], requires_grad=True)
    made = trace(f(x))
    (unknown,) = [n for n in made.nodes if n.missing]
    assert (unknown.name, unknown.kind, unknown.missing, unknown.shape) == ("target", "input", "not kept", None)
    assert "not kept" in Stepper(made).check(x).missing
    validate(made.as_dict())


def test_a_variable_is_taken_for_an_operand_only_if_it_gives_the_result() -> None:
    x, t = ag.tensor([2.0, 3.0], requires_grad=True), ag.tensor([1.0, 5.0])
    d = x - t
    loss = d.square().sum()
    np.testing.assert_array_equal(trace(loss).find("t").value, t.array)
    t = ag.tensor([7.0, 7.0])
    assert trace(loss).find("t").value is None


def test_what_was_written_since_is_no_value() -> None:
    x, w = ag.tensor([2.0, 3.0], requires_grad=True), ag.tensor([1.0, 1.0], requires_grad=True)
    loss = (x * w).sum()
    with ag.no_grad():
        w += 1
    made = trace(loss)
    assert made.find("w").value is None
    assert "was written in place afterwards" in made.stopped


def test_a_graph_that_is_used_up_is_still_drawn() -> None:
    x = ag.tensor([2.0, 3.0], requires_grad=True)
    y = x * x
    loss = y.sum()
    loss.backward()
    made = trace(loss)
    assert [n.op for n in made.nodes] == ["leaf", "mul", "sum"]
    assert "freed by an earlier backward()" in made.stopped
    np.testing.assert_array_equal(made.find("x").grad, [4, 6])
    assert made.find("x").value is not None
    np.testing.assert_array_equal(made.find("y").value, [4, 9])  # the program still has it
    del y
    assert trace(loss).nodes[1].value is None
    validate(made.as_dict())


def test_gradients_are_not_computed_before_backward() -> None:
    x = ag.tensor([2.0], requires_grad=True)
    assert trace(x * 2).find("x").grad is None


# ------------------------------------------------------------------------------------------------------- names and places


def test_results_have_the_names_of_variables() -> None:
    class Box:
        pass

    box: Any = Box()
    a = ag.tensor(1.0, requires_grad=True)
    b = a.exp()
    box.c = b * 2
    box.d = b.sin() + box.c
    made = trace(box.d)
    assert [n.name for n in made.nodes if n.op in ("exp", "mul", "add")] == ["b", "box.c", "box.d"]
    assert node_of(made, "sin").name is None
    assert str(node_of(made, "sin")) == "b.sin()"
    assert made.find("b.sin()").op == "sin"


def test_a_loop_numbers_its_results() -> None:
    w, h = ag.tensor(0.5, requires_grad=True), ag.tensor(1.0)
    for _ in range(2):
        h = (h * w).tanh()
    assert [n.name for n in trace(h).nodes if n.op != "mul"] == ["h #1", "w", "h #2", "h #3"]  # the first is a constant


def test_one_expression_of_many_calls_names_the_last() -> None:
    x, t = data(4, 3).requires_grad_(), data(4, 3, seed=1)
    for _ in range(2):
        loss = nn.functional.smooth_l1_loss(x * 2, t) + nn.functional.mse_loss(x, t)
    names = [n.name for n in trace(loss).nodes]
    assert names.count("loss") == 1
    assert names[-1] == "loss"


class Inner(nn.Module):
    """A module of the program's own, with a line of its own."""

    def forward(self, x: Any) -> Any:
        doubled = x * 2
        return doubled.sin()


def test_a_module_of_the_program_s_own_inside_others_does_not_end_their_expression() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), Inner(), nn.Linear(2, 2), nn.ReLU())
    x = data(3, 2)
    for _ in range(2):
        y = net(x)
    assert [n.text for n in trace(y).nodes if n.kind == "operation"] == [
        None, None, "doubled", "doubled.sin()", None, "y",
    ]  # fmt: skip


def test_parameters_have_their_paths() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    net[0].weight.requires_grad_(False)
    y = net(data(4, 2)).sum()
    assert {n.name for n in trace(y).nodes if n.kind == "parameter" and n.needs_grad} == {
        "0.bias",
        "2.weight",
        "2.bias",
    }
    whole = {n.name: (n.kind, n.needs_grad) for n in trace(net, data(4, 2)).nodes if n.kind == "parameter"}
    assert whole["0.weight"] == ("parameter", False)
    assert whole["2.weight"] == ("parameter", True)


def test_names_can_be_given() -> None:
    def f() -> tuple[Any, Any]:
        hidden = ag.tensor(2.0, requires_grad=True)
        return hidden * hidden, hidden

    y, *rest = f()
    made = trace(y, names={"W": rest[0]})
    assert made.find("W").value == 2
    assert made.find(0).name == "W"


def test_lists_and_dicts_of_tensors() -> None:
    ws = [ag.tensor(float(i), requires_grad=True) for i in range(2)]
    p = {"b": ag.tensor(1.0, requires_grad=True)}
    assert {n.name for n in trace(ws[0] * ws[1] + p["b"]).nodes} >= {"ws[0]", "ws[1]", "p['b']"}


def test_constants_are_inputs_with_the_program_s_text() -> None:
    x, c = ag.tensor([1.0, 2.0], requires_grad=True), ag.tensor([3.0, 4.0])
    made = trace(2 * x + c * x - 0.5)
    inputs = {n.name: n.value for n in made.nodes if n.kind == "input"}
    assert set(inputs) == {"2", "c", "0.5"}
    assert inputs["2"] == 2
    assert inputs["0.5"] == 0.5
    np.testing.assert_array_equal(inputs["c"], [3, 4])


def test_the_place_is_that_of_the_expression() -> None:
    x = ag.tensor(1.0, requires_grad=True)
    y = ({"ü": x}["ü"] * 3).sin()
    place = node_of(trace(y), "mul").source
    assert place is not None
    line = Path(__file__).read_text("utf-8").splitlines()[place.line - 1]
    assert line[place.column : place.last_column] == place.expression == '{"ü": x}["ü"] * 3'
    src = trace(y).as_dict()
    (file,) = src["files"]
    assert Path(file["path"]).name == Path(__file__).name
    assert file["lines"][str(place.line)] == line


def test_what_a_traced_model_did_is_not_said_to_be_at_the_call_of_trace() -> None:
    made = trace(nn.Linear(2, 1), data(3, 2))
    assert node_of(made, "linear").source is None
    assert node_of(made, "linear").name is None
    seen = trace(lambda x: x.exp() @ x.T, data(2, 2).requires_grad_())
    assert node_of(seen, "exp").source is not None


# --------------------------------------------------------------------------------------------------------------- modules


def test_modules_are_a_tree() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 1)))
    made = trace(net, data(4, 2))
    found = [(m.path, m.cls, m.label, m.parameters, m.total) for m in made.modules]
    assert ("model", "Sequential", "Sequential", 0, 13) in found
    assert ("model.0", "Linear", "Linear 2->3", 9, 9) in found
    assert ("model.1.1", "Linear", "Linear 3->1", 4, 4) in found
    by_path = {m.path: m for m in made.modules}
    assert by_path["model"].parent is None
    assert by_path["model.1.1"].parent == by_path["model.1"].id
    assert made.nodes[made.find("1.1.weight").id].module == by_path["model.1.1"].id
    loss = net(data(4, 2)).sum()
    made = trace(loss)
    assert made.find("loss").module is None
    assert {m.path for m in made.modules} == set(by_path)


def parameters(made: Trace) -> list[str]:
    return [str(n) for n in made.nodes if n.kind == "parameter"]


def test_with_several_modules_every_parameter_bears_the_name_of_its_own() -> None:
    made = nn.Sequential(nn.Linear(2, 3)), nn.Sequential(nn.Linear(3, 1, bias=False), nn.Tanh(), nn.Linear(1, 1))
    first, G = made[0][0], made[0]
    loss = first(data(4, 2)).sum()
    assert parameters(trace(loss)) == ["0.weight", "0.bias"]  # of one module, though a part of it has a variable too
    assert parameters(trace(loss, names={"w": first.weight})) == ["w", "0.bias"]
    D = made[1]
    loss = nn.MSELoss()(D(G(data(4, 2))), ag.zeros(4, 1))
    assert parameters(trace(loss)) == ["G.0.weight", "G.0.bias", "D.0.weight", "D.2.weight", "D.2.bias"]
    assert parameters(trace(D, data(4, 3))) == ["D.0.weight", "D.2.weight", "D.2.bias"]
    assert [m.path for m in trace(D, data(4, 3)).modules] == ["D", "D.0", "D.1", "D.2"]
    assert parameters(trace(nn.Linear(2, 2), data(4, 2)))[0] == "model.weight"


def test_a_variable_that_is_called_as_a_path() -> None:
    net, bias = nn.Linear(2, 3), ag.ones(3, requires_grad=True)
    loss = (net(data(4, 2)) + bias).sum()
    assert parameters(trace(loss)) == ["weight", "net.bias"]
    assert trace(loss).find("bias").kind == "leaf"


def test_what_only_looks_like_a_module_does_no_harm(torch: Any) -> None:
    class Foreign:
        def named_parameters(self) -> Any:
            raise NotImplementedError

    net, foreign, beside = nn.Linear(2, 3), Foreign(), torch.nn.Linear(2, 3)
    loss = net(data(4, 2)).sum()
    assert (foreign, beside, parameters(trace(loss))) == (foreign, beside, ["weight", "bias"])
    with ag.viz.record(every=1) as r:
        loss.backward()
    assert list(r.parameters) == ["weight", "bias"]


def test_an_averaged_model_is_a_module_as_others() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    ema = optim.swa_utils.AveragedModel(model)
    loss = (model(data(4, 2)) - ema(data(4, 2))).sum()
    made = trace(loss)
    assert parameters(made) == ["model.0.weight", "model.0.bias", "ema.module.0.weight", "ema.module.0.bias"]
    assert {"model.0", "ema.module.0"} <= {m.path for m in made.modules}
    assert ag.viz.draw(ema, data(4, 2)).trace.modules[0].cls == "AveragedModel"
    assert loss.explain() is not None


# -------------------------------------------------------------------------------------------------- outputs and arguments


def test_several_outputs_and_their_gradients() -> None:
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    z = y * y
    made = trace(y, z, gradient=[ag.tensor([1.0, 1.0]), [0.5, 2.0]])
    ag.autograd.backward([y, z], [ag.tensor([1.0, 1.0]), ag.tensor([0.5, 2.0])])
    np.testing.assert_array_equal(made.gradient(x), x.grad.array)
    assert [n.name for n, _ in made.seeds] == ["y", "z"]
    np.testing.assert_array_equal(trace(z).seeds[0][1], [1, 1])  # ones, without anything else
    assert trace(x).nodes[0].kind == "leaf"


class Several(nn.Module):
    """Returns tensors in a dict and a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x: Any, *, scale: float) -> Any:
        y = self.fc(x) * scale
        return {"y": y, "more": (y.exp(), x, 3)}


def test_a_model_may_return_a_structure() -> None:
    made = trace(Several(), data(3, 2), scale=2.0)
    assert [n.op for n, _ in made.seeds] == ["mul", "exp"]


X = ag.tensor([1.0, 2.0], requires_grad=True)
WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no grad": (lambda: trace(ag.ones(2)), ag.errors.GraphError, r"a tensor of shape \(2,\) requires no gradient"),
    "model": (lambda: trace(nn.ReLU(), ag.ones(2)), ag.errors.GraphError, "no output of the model requires gradients"),
    "type": (lambda: trace(3), ag.errors.ArgumentError, "x is a int: expected a Tensor, or a model and its input"),
    "no input": (
        lambda: trace(nn.Linear(2, 3)),
        ag.errors.ArgumentError,
        r"x is a Linear without an input, missing .*'input': .*; write draw\(model, x\)",
    ),
    "more": (lambda: trace(X * 2, 3), ag.errors.ArgumentError, "argument 1 is a int: expected a Tensor"),
    "keyword": (lambda: trace(X * 2, scale=3), ag.errors.ArgumentError, "scale: expected keyword arguments only where"),
    "shape": (
        lambda: trace(X * 2, gradient=ag.ones(3)),
        ag.errors.ShapeError,
        r"gradient has shape \(3,\): expected \(2,\)",
    ),
    "count": (lambda: trace(X * 2, X * 3, gradient=[1.0]), ag.errors.ArgumentError, "gradient is for 2 outputs"),
}


@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG)
def test_bad_arguments(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_an_error_in_the_model_leaves_nothing_behind() -> None:
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 2))
    state = ag.default_generator.get_state()
    with pytest.raises(ag.errors.ShapeError, match="Linear"):
        trace(net, data(4, 5))
    assert ag.default_generator.get_state() == state  # conftest looks at the modes


def test_a_long_chain_is_no_recursion() -> None:
    x = ag.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y * 1.0
    made = trace(y)
    assert len(made.steps) == 20_000
    assert made.gradient(x) == 1


def test_a_diamond_is_linear() -> None:
    y = ag.tensor(1.0, requires_grad=True)
    for _ in range(60):
        y = y + y
    assert len(trace(y).steps) == 120


# ------------------------------------------------------------------------------------------------------------------ JSON


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_the_json_is_valid(case: Callable[[], Case]) -> None:
    loss, leaves = case()
    s = Stepper(loss)
    next(s)
    s.check()
    found = s.trace.as_dict(s.checks)
    validate(found)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["steps"][0]["check"] is not None
    assert found["steps"][1]["check"] is None
    for made, node in zip(found["nodes"], s.trace.nodes, strict=True):
        if node.value is not None and node.value.size <= 400:
            entry = found["arrays"][made["value"]]
            np.testing.assert_array_equal(np.reshape(entry["data"], entry["shape"]).astype(entry["dtype"]), node.value)
    assert leaves


def test_it_is_saved(tmp_path: Path) -> None:
    loss, leaves = mlp()
    s = Stepper(loss)
    s.goto(3)
    s.check()
    s.save(tmp_path / "t.json")
    found = json.loads((tmp_path / "t.json").read_text("utf-8"))
    validate(found)
    assert found["steps"][2]["check"]["agrees"] is True
    assert leaves


def broken(change: Callable[[Any], Any]) -> dict[str, Any]:
    x = ag.tensor(2.0, requires_grad=True)
    found = trace(x * x + 1).as_dict()
    change(found)
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.update(version=2), "version is 2: expected 1"),
        (lambda t: t.pop("edges"), "has .*: expected .*'edges'"),
        (lambda t: t.update(nodes={}), "nodes is a dict"),
        (lambda t: t["nodes"][1].pop("op"), r"nodes\[1\] is .*: expected an object with"),
        (lambda t: t["nodes"][1].update(kind="thing"), r"nodes\[1\].kind is 'thing', which it cannot be"),
        (lambda t: t["nodes"][1].update(id=7), r"nodes\[1\].id is 7: expected its place"),
        (lambda t: t["nodes"][1].update(value="no"), r"nodes\[1\].value is 'no'"),
        (lambda t: t["edges"][0].update(to=99), r"edges\[0\].to is 99"),
        (lambda t: t["edges"][0].update({"from": 1}), "goes back"),
        (lambda t: t["steps"][0].update(k=5), "is not k of n"),
        (lambda t: t["steps"][0].update(edge=0), "not along an edge of its node"),
        (lambda t: t["nodes"][0]["attrs"].update(x=float("nan")), "has what JSON has not"),
    ],
)
def test_a_broken_trace_is_refused(change: Callable[[Any], Any], message: str) -> None:
    with pytest.raises(ag.errors.DataError, match=message):
        validate(broken(change))
    with pytest.raises(ag.errors.DataError, match="is a list"):
        validate([])


def arrays() -> Iterator[Any]:
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        yield rng.normal(size=(3, 4)).astype(dtype)
        yield rng.normal(size=(40, 7, 30)).astype(dtype)
        yield rng.normal(size=1009).astype(dtype)
        yield np.zeros((0, 3), dtype)
        yield np.zeros((50, 50), dtype)
        yield np.array(2.5, dtype)
    yield rng.integers(0, 9, (30, 30))
    yield rng.normal(size=(30, 30)) > 0
    yield np.full((3, 3), np.float32(3e38))
    yield np.full((30, 30), np.float64(1e-200))


@pytest.mark.parametrize("a", list(arrays()), ids=lambda a: f"{a.dtype}-{a.shape}")
def test_arrays_and_their_statistics(a: np.ndarray) -> None:
    found = encoded(a)
    json.dumps(found, allow_nan=False)
    assert (found["shape"], found["dtype"]) == (list(a.shape), a.dtype.name)
    exact, stats = a.astype(np.float64), found["stats"]
    assert (stats["size"], stats["nonfinite"]) == (a.size, 0)
    if a.size:
        assert (stats["min"], stats["max"]) == (exact.min(), exact.max())
        assert stats["mean"] == pytest.approx(exact.mean(), rel=1e-6, abs=1e-9)
        scale = np.abs(exact).max() or 1
        assert stats["norm"] == pytest.approx(scale * np.linalg.norm((exact / scale).ravel()), rel=1e-5)
    if a.size <= 400:
        np.testing.assert_array_equal(np.reshape(found["data"], a.shape).astype(a.dtype), a)
        assert (found["pooled"], found["hist"], found["largest"]) == (None, None, [])
        return
    rows, columns = found["pooled"]
    assert max(rows, columns) <= 20
    assert len(found["data"]) == rows * columns
    assert min(found["data"]) >= exact.min()
    assert max(found["data"]) <= exact.max()
    assert sum(found["hist"]["counts"]) == a.size
    best = np.sort(np.abs(exact).ravel())[::-1][:5]
    np.testing.assert_array_equal([abs(v) for _, v in found["largest"]], best)
    assert all(exact[tuple(i)] == v for i, v in found["largest"])


def test_block_means_are_means() -> None:
    a = np.random.default_rng(0).normal(size=(40, 60))
    expected = a.reshape(20, 2, 20, 3).mean((1, 3))
    np.testing.assert_allclose(np.reshape(encoded(a)["data"], (20, 20)), expected)


def test_a_histogram_is_numpy_s() -> None:
    a = np.random.default_rng(0).normal(size=(1000,))
    np.testing.assert_array_equal(encoded(a)["hist"]["counts"], np.histogram(a, 20)[0])


@pytest.mark.parametrize("n", [4, 1000])
def test_what_is_not_finite_is_text(n: int) -> None:
    a = np.ones(n, np.float32)
    a[:3] = np.nan, np.inf, -np.inf
    found = encoded(a)
    json.dumps(found, allow_nan=False)
    assert found["stats"]["nonfinite"] == 3
    assert found["stats"]["max"] == 1
    if n == 4:
        assert found["data"] == ["nan", "inf", "-inf", 1.0]
    else:
        assert sum(found["hist"]["counts"]) == n - 3


def test_equal_arrays_are_there_once() -> None:
    x = data(8, 8).requires_grad_()
    found = trace((x + x).sum()).as_dict()
    keys = {found["steps"][i][part] for i in (1, 2) for part in ("in", "contribution", "unbroadcast")}
    assert len(keys) == 1
    assert keys <= set(found["arrays"])


def test_the_documentation_has_every_field() -> None:
    text = (ROOT / "docs/trace.md").read_text("utf-8")
    sections = dict(re.findall(r"^## `(\w+)`.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(FIELDS)
    for kind, fields in FIELDS.items():
        told = set(re.findall(r"^\| `(\w+)` \|", sections[kind].partition("\n### ")[0], re.MULTILINE))
        assert told == set(fields), f"docs/trace.md, {kind}"
    assert set(re.findall(r"^\| `(\w+)` \|", text.partition("\n## ")[0], re.MULTILINE)) == TOP
    inner = dict(re.findall(r"^### `(\w+)` of a layout\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL))
    assert {kind: set(re.findall(r"^\| `(\w+)` \|", inner[kind], re.MULTILINE)) for kind in inner} == {
        kind: set(fields) for kind, fields in LAYOUT.items()
    }


@pytest.mark.slow
def test_a_resnet_takes_no_two_seconds() -> None:
    net = resnet18(ours(ag.get_num_threads()))
    loss = net(data(1, 3, 32, 32)).square().mean()
    trace(loss)
    started = time.perf_counter()
    validate(trace(loss).as_dict())
    assert time.perf_counter() - started < 2
