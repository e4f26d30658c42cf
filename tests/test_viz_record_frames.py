"""What a frame of a record measures: what NumPy measures, at every step that is one."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from recorded_training import batches, kinds, mlp

import autograd_core as ag
import nn
import optim
from autograd_core.viz import record
from autograd_core.viz.recording import flags as limits


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_norms_are_numpys(dtype: Any) -> None:
    model, data = mlp(6, 8, 3).to(dtype), batches(3)
    sgd = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    expected = []
    with record(every=1) as r:
        for x, y in data:
            sgd.zero_grad()
            loss = nn.CrossEntropyLoss()(model(x.to(dtype)), y)
            loss.backward()
            before = {name: p.array.copy() for name, p in model.named_parameters()}
            grads = {name: p.grad.array.copy() for name, p in model.named_parameters()}
            sgd.step()
            updates = {name: p.array - before[name] for name, p in model.named_parameters()}
            expected.append((loss.item(), grads, before, updates))
    assert list(r.parameters) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [p.label for p in r.parameters.values()] == ["Linear 6->8", "Linear 6->8", "Linear 8->3", "Linear 8->3"]
    norm = np.linalg.norm
    for frame, (loss, grads, before, updates) in zip(r.frames, expected, strict=True):
        assert frame.loss == loss
        for name, reading in frame.parameters.items():
            found = [reading.gradient, reading.accumulated, reading.weight, reading.update]
            wanted = [norm(grads[name]), norm(grads[name]), norm(before[name]), norm(updates[name])]
            np.testing.assert_allclose(found, wanted, rtol=1e-5)
            assert reading.zeros == (grads[name] == 0).sum()
            assert reading.ratio == pytest.approx(norm(updates[name]) / norm(before[name]), rel=1e-5)
        layer = frame.layers(r.parameters)["0"]
        assert layer.gradient == pytest.approx(norm([norm(grads["0.weight"]), norm(grads["0.bias"])]), rel=1e-5)
        assert layer.size == 56


def test_the_mean_is_over_the_steps_since_the_frame_before() -> None:
    w = ag.tensor(0.0, requires_grad=True)
    with record(every=3) as r:
        for i in range(6):
            loss = w + float(i)
            loss.backward()
    assert [(f.step, f.loss, f.mean) for f in r.frames] == [(1, 0.0, 0.0), (3, 2.0, 1.5), (6, 5.0, 4.0)]


def test_accumulated_gradients_and_the_update_after_them() -> None:
    w = ag.tensor([3.0, 4.0], requires_grad=True)
    sgd = optim.SGD([w], lr=0.1)
    with record(every=1) as r:
        for _ in range(2):
            sgd.zero_grad()
            for _ in range(2):
                loss = w.square().sum() / 2
                loss.backward()
            sgd.step()
    readings = [frame.parameters["w"] for frame in r.frames]
    assert [x.gradient for x in readings] == pytest.approx([5, 5, 4, 4], rel=1e-5)
    assert [x.accumulated for x in readings] == pytest.approx([5, 10, 4, 8], rel=1e-5)
    assert [x.update for x in readings] == pytest.approx([1, 1, 0.8, 0.8], rel=1e-5)


def test_each_loss_has_a_count_of_its_own() -> None:
    G, D = mlp(2, 4, 2), mlp(2, 4, 1)
    for_g, for_d = optim.SGD(G.parameters(), lr=0.1), optim.SGD(D.parameters(), lr=0.1)
    with record(every=2) as r:
        for _ in range(6):
            fake = G(ag.randn(8, 2))
            d_loss = nn.functional.softplus(D(fake.detach())).mean() - D(ag.randn(8, 2)).mean()
            for_d.zero_grad()
            d_loss.backward()
            for_d.step()
            g_loss = -D(fake).mean()
            for_g.zero_grad()
            g_loss.backward()
            for_g.step()
    assert {of: [f.number for f in r.frames if f.of == of] for of in ("d_loss", "g_loss")} == {
        "d_loss": [1, 2, 4, 6], "g_loss": [1, 2, 4, 6],
    }  # fmt: skip
    assert r.steps == 12
    assert list(r.frames[0].parameters) == ["D.0.weight", "D.0.bias", "D.2.weight", "D.2.bias"]
    assert next(iter(r.parameters)) == "G.0.weight"  # as the loss of both uses them
    both = r.frames[1].parameters
    assert both["D.0.weight"].update == 0 < both["G.0.weight"].update  # type: ignore[operator]
    assert "not updated" not in kinds(r)


def test_with_a_model_only_what_reaches_it_counts() -> None:
    G, D = mlp(2, 4, 2), mlp(2, 4, 1)
    with record(every=1, model=G) as r:
        for _ in range(3):
            d_loss = D(G(ag.randn(8, 2)).detach()).mean()
            d_loss.backward()
            g_loss = D(G(ag.randn(8, 2))).mean()
            g_loss.backward()
    assert [(f.step, f.of) for f in r.frames] == [(1, "g_loss"), (2, "g_loss"), (3, "g_loss")]
    assert list(r.parameters) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_shared_frozen_and_later_parameters() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
            self.second.weight = self.first.weight
            self.first.bias.requires_grad_(False)
            self.extra: nn.Module | None = None

        def forward(self, x: ag.Tensor) -> ag.Tensor:
            x = self.first(x)
            return self.second(x if self.extra is None else self.extra(x))

    net = Tied()
    with record(every=1) as r:
        net(ag.ones(2, 4)).sum().backward()
        net.extra = nn.Linear(4, 4)
        net(ag.ones(2, 4)).sum().backward()
    assert [list(f.parameters) for f in r.frames] == [
        ["first.weight", "second.bias"],
        ["first.weight", "extra.weight", "extra.bias", "second.bias"],
    ]
    assert list(r.parameters) == ["first.weight", "extra.weight", "extra.bias", "second.bias"]  # where it is used


def test_what_is_a_step_and_what_is_not() -> None:
    w = ag.tensor([1.0, 2.0], requires_grad=True)

    class Nested(ag.Function):
        @staticmethod
        def forward(ctx: Any, x: ag.Tensor) -> ag.Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: ag.Tensor) -> ag.Tensor:
            with ag.enable_grad():
                inner = ag.tensor(1.0, requires_grad=True)
                (inner * inner).backward()
            return g * 2

    with record(every=1) as r:
        (w * w).backward(ag.ones(2))  # no scalar
        ag.grad((w * w).sum(), w)  # asks, and adds nothing to .grad
        assert not r.frames
        Nested.apply(w).sum().backward()  # the pass inside is part of it
        assert len(r.frames) == 1
        w.grad = None
        (w**3).sum().backward(create_graph=True)
        assert w.grad is not None
        (w.grad**2).sum().backward()  # of the second order
        assert len(r.frames) == 3
        ag.autograd.backward([w.sum(), (2 * w).sum()])
        assert r.frames[-1].loss == 9.0
        with pytest.raises(ag.errors.GraphError):
            ag.ones(1).backward()
    assert [f.step for f in r.frames] == [1, 2, 3, 4]
    w.grad = None


def test_a_backward_pass_that_fails_is_no_frame() -> None:
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    with record(every=1) as r:
        with pytest.raises(ag.errors.GraphError):
            loss.backward()
        (w * w).sum().backward()
    assert [(f.step, list(f.parameters)) for f in r.frames] == [(2, ["w"])]


def test_what_a_failed_pass_copied_is_forgotten() -> None:
    w = ag.tensor([3.0, 4.0], requires_grad=True)
    used = (w * w).sum()
    used.backward()
    with record(every=1) as r:
        with pytest.raises(ag.errors.GraphError):
            used.backward()
        w.data *= 2
        w.square().sum().backward()
        w.data *= 1.5
    assert (r.frames[0].parameters["w"].weight, r.frames[0].parameters["w"].update) == (10.0, 5.0)


def test_an_update_that_never_comes_counts_as_none() -> None:
    w = ag.ones(1, requires_grad=True)
    with record(every=10_000) as r:
        for _ in range(102):
            w.sum().backward()
    assert r.frames[0].parameters["w"].update == 0.0
    with record(every=10_000) as r:
        w.sum().backward()
    assert r.frames[0].parameters["w"].update is None


def test_a_loop_is_drawn_once() -> None:
    Wx, Wh = ag.randn(2, 2, requires_grad=True), ag.randn(2, 2, requires_grad=True)
    with record(every=1) as r:
        h = ag.zeros(1, 2)
        for _ in range(5):
            h = (ag.randn(1, 2) @ Wx + h @ Wh).tanh()
        h.sum().backward()
    drawn = r.networks["loss"]
    assert [box["title"] for box in drawn["boxes"]] == ["Wx", "Wh", "add"]
    assert drawn["edges"] == [["Wx", "add #1"], ["Wh", "add #1"], ["add #1", "Wh"]]


def test_inputs_that_ask_for_gradients_have_one_row() -> None:
    w = ag.tensor([2.0], requires_grad=True)
    with record(every=1) as r:
        for _ in range(5):
            x = ag.rand(1, requires_grad=True)
            (w * x).sum().backward()
    assert list(r.parameters) == ["w", "x"]
    assert len(r.frames) == 5


def test_leaves_without_names_are_named_by_their_place() -> None:
    def loss() -> ag.Tensor:
        made = [ag.ones(2, 2, requires_grad=True) for _ in range(2)]
        kept.extend(made)
        return (made[0] @ made[1]).sum()

    class Keeper:
        def __init__(self) -> None:
            self.all: list[ag.Tensor] = []

        def extend(self, more: list[ag.Tensor]) -> None:
            self.all += more

    kept = Keeper()
    with record(every=1) as r:
        loss().backward()
    assert list(r.parameters) == ["leaf 1", "leaf 2"]


def test_it_sees_its_own_thread_and_records_beside_others() -> None:
    def other() -> None:
        ag.ones(1, requires_grad=True).sum().backward()

    w = ag.ones(1, requires_grad=True)
    with record(every=1) as outer, record(every=2) as inner:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        for _ in range(4):
            w.sum().backward()
    assert (len(outer.frames), len(inner.frames)) == (4, 3)
    with outer:
        with pytest.raises(ag.errors.ArgumentError, match=r"recording already; make another"), outer:
            pass
        w.sum().backward()
    assert outer.steps == 5


def test_activations_as_far_as_the_graph_keeps_them() -> None:
    x = ag.tensor([[1.0, -1.0], [2.0, -3.0]])
    w = ag.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    with record(every=1) as r:
        for _ in range(limits.PATIENCE):
            ((x @ w).relu() @ w).tanh().sum().backward()
    relu, tanh = r.frames[-1].activations["relu"], r.frames[-1].activations["tanh"]
    assert (relu.mean, relu.zeros, relu.silent, relu.saturated) == (0.75, 0.5, 0.5, None)
    assert relu.std == pytest.approx(np.std([1, 0, 2, 0]))
    assert (tanh.mean, tanh.saturated) == (pytest.approx(np.tanh([1, 0, 2, 0]).mean(), rel=1e-5), 0.0)
    assert r.frames[0].activations["relu"].silent == 0  # one frame is no patience


def test_channels_are_the_units_behind_a_convolution() -> None:
    conv = nn.Conv2d(1, 4, 3)
    conv.bias.data[:] = ag.tensor([-100.0, 100.0, 100.0, 100.0])
    with record(every=1) as r:
        for _ in range(limits.PATIENCE):
            conv(ag.randn(2, 1, 5, 5)).relu().sum().backward()
    assert next(iter(r.frames[-1].activations.values())).silent == 0.25
