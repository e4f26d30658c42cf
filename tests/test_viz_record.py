"""Recording: it changes no bit of training, measures what NumPy measures, says what is ill, and shows it on one page."""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import math
import threading
import tracemalloc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Window
from same_bits import same

import autograd_core as ag
import nn
import optim
from autograd_core.modes import attending
from autograd_core.viz import Flag, Frame, Record, record
from autograd_core.viz.recording import flags as limits
from autograd_core.viz.recording.schema import READINGS
from nn.__main__ import FACTORIES
from nn.commands import main
from nn.training import fit

ROOT = Path(__file__).parents[1]
Batch = tuple[ag.Tensor, ag.Tensor]


def batches(count: int, inputs: int = 6, classes: int = 3, size: int = 16, image: bool = False) -> list[Batch]:
    r = np.random.default_rng(5)
    x = r.normal(size=(count, size, inputs)).astype(np.float32)
    y = x[:, :, :classes].argmax(axis=2)
    x = x.reshape(count, size, 1, 6, 6) if image else x
    return [(ag.from_numpy(x[i]), ag.from_numpy(y[i])) for i in range(count)]


def mlp(*sizes: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers[:-1])


def train(
    model: nn.Module,
    optimizer: Any,
    data: list[Batch],
    steps: int,
    criterion: Any = None,
    sink: list[float] | None = None,
) -> None:
    criterion = criterion or nn.CrossEntropyLoss()
    for i in range(steps):
        x, y = data[i % len(data)]
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if sink is not None:
            sink.append(loss.item())


def kinds(r: Record) -> list[str]:
    return [flag.kind for flag in r.flags]


# --------------------------------------------------------------------------------------------------- it changes nothing


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 8, num_layers=2, dropout=0.2)
        self.out = nn.Linear(8, 3)

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        return self.out(self.lstm(x.unsqueeze(0))[0][-1])


def dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))


def normalised() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 3)
    )


@pytest.mark.parametrize("make", [dropout, normalised, Recurrent])
@pytest.mark.parametrize("optimizer", [lambda p: optim.SGD(p, lr=0.1, momentum=0.9), lambda p: optim.Adam(p, lr=0.01)])
def test_no_bit_of_training_changes(make: Callable[[], nn.Module], optimizer: Any) -> None:
    def run(looking: Any) -> dict[str, Any]:
        ag.manual_seed(3)
        model, losses = make(), list[float]()
        chosen = optimizer(model.parameters())
        data = batches(4, inputs=36, image=True) if make is normalised else batches(4)
        with looking:
            train(model, chosen, data, 12, sink=losses)
        grads = {name: p.grad.detach() for name, p in model.named_parameters()}
        return {
            "losses": losses, "model": dict(model.state_dict()), "grads": grads, "optimizer": chosen.state_dict(),
            "random": ag.default_generator.get_state(),
        }  # fmt: skip

    plain = run(contextlib.nullcontext())
    r = record(every=2)
    assert same(run(r), plain)
    assert len(r.frames) == 7


def test_who_does_not_record_has_no_attendant() -> None:
    w = ag.ones(2, requires_grad=True)
    with pytest.raises(ZeroDivisionError), record(every=1) as r:
        w.sum().backward() or 1 / 0  # type: ignore[func-returns-value]
    assert attending.get() == ()
    assert len(r.frames) == 1


def test_a_graph_is_freed_and_unrecorded_steps_leave_nothing() -> None:
    model, data = mlp(6, 32, 3), batches(2)
    sgd = optim.SGD(model.parameters(), lr=0.01)
    with record(every=10_000) as r:
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            train(model, sgd, data, 200)
            before = tracemalloc.get_traced_memory()[0]
            train(model, sgd, data, 200)
            grown = tracemalloc.get_traced_memory()[0] - before
            loss = nn.CrossEntropyLoss()(model(data[0][0]), data[0][1])
            node = weakref.ref(loss.node)
            loss.backward()
            del loss
            assert node() is None
        finally:
            tracemalloc.stop()
            gc.enable()
    assert [f.of for f in r.frames] == ["loss", "loss #2"]  # the two places that call backward, once each
    assert grown < 4096


def test_frames_have_a_bound_and_cover_the_run() -> None:
    model = mlp(6, 3)
    with record(every=1, keep=10) as r:
        train(model, optim.SGD(model.parameters(), lr=0.01), batches(2), 100)
    steps = [frame.step for frame in r.frames]
    assert len(steps) <= 10
    assert steps[0] == 1
    assert steps[-1] > 80
    assert set(np.diff(steps[1:])) == {16}
    means = [frame.mean for frame in r.frames]
    assert all(map(math.isfinite, means))


# ------------------------------------------------------------------------------------------------- what a frame measures


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


# -------------------------------------------------------------------------------------------------------------- flags


def run_flags(model: nn.Module, lr: float, steps: int = 40, every: int = 4, optimizer: Any = optim.SGD) -> Record:
    with record(every=every) as r:
        train(model, optimizer(model.parameters(), lr=lr), batches(4, inputs=16, classes=4), steps)
    return r


def test_ten_sigmoid_layers_vanish() -> None:
    r = run_flags(mlp(16, *[24] * 9, 4, activation=nn.Sigmoid), 0.1)
    assert kinds(r)[0] == "vanishing gradients"
    flag = r.flags[0]
    assert (flag.where, flag.step, flag.last) == ("0", 1, 40)
    first, last = (r.frames[0].layers(r.parameters)[name].gradient for name in ("0", "18"))
    assert f"{float(f'{last / first:.2g}'):,.0f} times smaller" in flag.means
    assert "Try ReLU" in flag.cure
    assert "not learning" in kinds(r)


def test_a_large_initialisation_explodes() -> None:
    model = mlp(16, *[128] * 9, 4, activation=nn.Tanh)
    for p in model.parameters():
        if p.ndim == 2:
            nn.init.normal_(p)
    r = run_flags(model, 1e-4)
    assert kinds(r) == ["exploding gradients"]
    assert "times larger than that of the last, 18" in r.flags[0].means


def test_too_high_a_learning_rate() -> None:
    assert "too large updates" in kinds(run_flags(mlp(16, 32, 32, 4), 30.0))


def test_a_sudden_jump_explodes() -> None:
    w = ag.ones(2, requires_grad=True)
    with record(every=1) as r:
        for scale in (1.0, 2.0, 1.0, 1.5, 500.0, 1.0):
            w.grad = None
            loss = scale * w.sum()
            loss.backward()
            w.data -= 1e-4
    flag = r.flags[0]
    assert (flag.kind, flag.step, flag.last) == ("exploding gradients", 5, 5)


@pytest.mark.parametrize("make", [lambda: mlp(16, 32, 32, 4), lambda: mlp(16, *[32] * 5, 4, activation=nn.Tanh)])
def test_healthy_networks_have_no_flags(make: Callable[[], nn.Module]) -> None:
    r = run_flags(make(), 2e-3, optimizer=optim.Adam)
    assert not r.flags, str(r)
    assert str(r).endswith("Nothing looks ill.")


def test_a_healthy_lenet_has_no_flags() -> None:
    model = nn.models.create("lenet")
    loader = nn.data.DataLoader(
        nn.data.load("fashion-mnist").train.with_transform(nn.data.ToDtype(np.float32, scale=True)),
        batch_size=32, shuffle=True, seed=0,
    )  # fmt: skip
    data = [batch for batch, _ in zip(loader, range(40), strict=False)]
    with record(every=4) as r:
        train(model, optim.Adam(model.parameters(), lr=2e-3), data, 40)
    assert not r.flags, str(r)
    assert [p.layer for p in r.parameters.values()][::2] == [
        "features.0", "features.3", "classifier.1", "classifier.3", "classifier.5",
    ]  # fmt: skip
    assert [box["title"] for box in r.networks["loss"]["boxes"]] == [
        "features.0", "features.3", "classifier.1", "classifier.3", "classifier.5",
    ]  # fmt: skip
    assert len(r.networks["loss"]["edges"]) == 4


def test_dead_units_and_forgotten_parameters() -> None:
    model = mlp(16, 32, 32, 4)
    model[0].bias.data.fill_(-50.0)
    with record(every=1) as r:
        train(model, optim.SGD(model[4].parameters(), lr=0.1), batches(2, inputs=16, classes=4), 5)
    assert set(kinds(r)) == {"dead units", "not updated"}
    dead, forgotten = sorted(r.flags, key=lambda flag: flag.kind)
    assert "100% of the units of relu in" in dead.means
    assert "step() is called" in forgotten.cure
    assert forgotten.where == "2"


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_the_first_loss_that_is_not_finite_is_recorded_between_frames(bad: float) -> None:
    w = ag.ones(2, requires_grad=True)
    with record(every=5) as r:
        for i in range(1, 10):
            loss = w.sum() * (bad if i >= 7 else 1.0)
            loss.backward()
    assert [f.step for f in r.frames] == [1, 5, 7]
    (flag,) = [f for f in r.flags if f.kind == "not finite"]
    assert (flag.step, r.frames[-1].parameters["w"].nonfinite) == (7, 2)
    assert f"the loss is {bad}, and 1 of 1 gradients hold NaN or infinity" in flag.means


def test_thresholds_are_named_with_their_reasons_and_documented() -> None:
    text = (ROOT / "docs/record.md").read_text("utf-8")
    for name in limits.__all__:
        if name.isupper():
            assert f"`{name}`" in text, name
    for kind in limits.KINDS:
        assert f"| {kind} |" in text, kind


# ----------------------------------------------------------------------------------------------------- text and files


def test_what_is_written_is_read_again_and_goes_on(tmp_path: Path) -> None:
    model, data = mlp(6, 8, 3), batches(3)
    sgd = optim.SGD(model.parameters(), lr=0.1)
    with record(every=4, model=model) as r:
        train(model, sgd, data, 10)
    r.frames[0].parameters["0.weight"].gradient = math.nan
    r.save(tmp_path / "run.json")
    made = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert set(made) == {
        "version", "engine", "every", "keep", "steps", "parameters", "losses", "networks", "frames", "flags",
    }  # fmt: skip
    again = Record.load(tmp_path / "run.json", model)
    assert json.dumps(again.as_dict()) == json.dumps(r.as_dict())
    with again:
        train(model, sgd, data, 10)
    assert [f.step for f in again.frames] == [1, 4, 8, 12, 16, 20]
    assert str(again) != str(r)


def test_the_documentation_has_every_field() -> None:
    text = (ROOT / "docs/record.md").read_text("utf-8")
    frame = Frame(1, "loss", 1, 0.0, 0.0)
    names = {*Record().as_dict(), *READINGS, *vars(frame), *Flag.__dataclass_fields__} - {"parameters"}
    assert not [name for name in names if f"`{name}`" not in text]


def test_bad_arguments_and_files(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"record: every is 0: expected a whole number of at least 1"):
        record(every=0)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: every is True"):
        record(every=True)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: keep is 3: expected a whole number of at least 10"):
        record(keep=3)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: model is a int: expected a module with parameters"):
        record(model=3)
    with pytest.raises(ag.errors.ArgumentError, match=r"record: model\['G'\] is a str"):
        record(model={"G": "net"})
    with pytest.raises(ag.errors.ArgumentError, match=r"expected a name that ends in .html or .json"):
        record().save(tmp_path / "run.png")
    with pytest.raises(ag.errors.DataError, match=r"cannot be read"):
        Record.load(tmp_path / "nothing.json")
    for text, said in (
        ("[]", "is no record"),
        ('{"version": 1, "frames": [], "parameters": []}', "KeyError: .*'every'"),
        ('{"version": 9}', "is a record of version 9, this one reads 1"),
    ):
        (tmp_path / "bad.json").write_text(text, "utf-8")
        with pytest.raises(ag.errors.DataError, match=said):
            Record.load(tmp_path / "bad.json")


def test_an_empty_record_says_so(tmp_path: Path) -> None:
    with record() as r:
        pass
    assert str(r) == "Nothing recorded: 0 backward passes of a scalar were seen."
    r.save(tmp_path / "run.html")
    assert not r.flags


# ------------------------------------------------------------------------------------------------------------ nn.training


def fit_run(out: Path | None, epochs: int, resume: bool = False, **options: Any) -> tuple[nn.Module, Any]:
    ag.manual_seed(0)
    model = dropout()
    return model, fit(
        model, batches(5), nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01), epochs, out=out,
        resume=resume, progress="none", **options,
    )  # fmt: skip


def test_fit_records_and_its_bits_stay(tmp_path: Path) -> None:
    plain, _ = fit_run(tmp_path / "plain", 3)
    seen, _ = fit_run(tmp_path / "seen", 3, record=4)
    assert same(dict(plain.state_dict()), dict(seen.state_dict()))
    r = Record.load(tmp_path / "seen/record.json")
    assert [f.step for f in r.frames] == [1, 4, 8, 12]
    assert "record.html" not in {p.name for p in (tmp_path / "plain").iterdir()}
    assert "<title>Training of Sequential</title>" in (tmp_path / "seen/record.html").read_text("utf-8")


def test_a_resumed_run_goes_on_with_its_record(tmp_path: Path) -> None:
    fit_run(tmp_path / "whole", 4, record=3)
    fit_run(tmp_path / "parts", 2, record=3)
    kept = (tmp_path / "parts/record.json").read_text("utf-8")
    fit_run(tmp_path / "parts", 3, resume=True, record=3)
    (tmp_path / "parts/last.json").exists()
    fit_run(tmp_path / "parts", 4, resume=True, record=3)
    whole, parts = (json.loads((tmp_path / name / "record.json").read_text("utf-8")) for name in ("whole", "parts"))
    assert len(kept) < len(json.dumps(parts))
    for one, other in zip(whole["frames"], parts["frames"], strict=True):
        assert one | {"activations": 0} == other | {"activations": 0}
    assert whole["losses"] == parts["losses"]


def test_a_record_that_is_newer_than_the_checkpoint_is_cut(tmp_path: Path) -> None:
    class Stop(nn.training.Callback):
        def on_batch_end(self, run: Any) -> None:
            if (run.epoch, run.batch) == (3, 3):
                raise RuntimeError("power cut")

    fit_run(tmp_path / "whole", 4, record=2)
    with pytest.raises(RuntimeError, match="power cut"):
        fit_run(tmp_path / "cut", 4, record=2, callbacks=[Stop()])
    assert Record.load(tmp_path / "cut/record.json").steps == 13
    state = nn.training.load_checkpoint(tmp_path / "cut/last")
    assert state["record"]["steps"] == 10
    ag.manual_seed(0)
    model = dropout()
    loader, loss, adam = batches(5), nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01)

    class Quiet(Stop):
        def on_batch_end(self, run: Any) -> None:
            pass

    Quiet.__name__ = "Stop"
    fit(model, loader, loss, adam, 4, out=tmp_path / "cut", resume=True, record=2, callbacks=[Quiet()], progress="none")
    whole, cut = (Record.load(tmp_path / name / "record.json") for name in ("whole", "cut"))
    assert [(f.step, f.loss) for f in cut.frames] == [(f.step, f.loss) for f in whole.frames]


def test_fit_wants_a_folder_and_a_count(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"record is given without out"):
        fit_run(None, 1, record=5)
    with pytest.raises(ag.errors.ArgumentError, match=r"record is 0: expected at least 1"):
        fit_run(tmp_path, 1, record=0)


def test_the_command_line_records_and_the_report_links_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["train", "mlp", "--limit", "64", "--epochs", "1", "--batch-size", "16", "--record", "2", "--out", str(out)]
    assert main(words, FACTORIES) == 0
    assert [f.step for f in Record.load(out / "record.json").frames] == [1, 2, 4]
    assert 'href="record.html"' in (out / "report.html").read_text("utf-8")
    assert main(["resume", str(out), "--epochs", "2"], FACTORIES) == 0
    assert [f.step for f in Record.load(out / "record.json").frames] == [1, 2, 4, 6, 8]
    (out / "record.json").write_text("{", "utf-8")
    assert main(["evaluate", str(out)], FACTORIES) == 1  # and says which file is damaged


def test_a_run_that_fails_leaves_its_record(tmp_path: Path) -> None:
    model = mlp(6, 8, 3)
    sgd = optim.SGD(model.parameters(), lr=1e30)
    with pytest.raises(ag.errors.NonFiniteError), np.errstate(all="ignore"):
        fit(model, batches(5), nn.CrossEntropyLoss(), sgd, 3, out=tmp_path, record=1, progress="none")
    assert kinds(Record.load(tmp_path / "record.json"))


# --------------------------------------------------------------------------------------------------------------- the page


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Path]:
    ag.manual_seed(0)
    r = run_flags(mlp(16, *[24] * 9, 4, activation=nn.Sigmoid), 0.1)
    path = tmp_path_factory.mktemp("record") / "run.html"
    r.save(path, "Ten layers of <script>alert(1)</script>")
    return r, path


def shown(window: Window) -> list[list[str]]:
    script = "[...document.querySelectorAll('#layers tbody tr')].map(r => [...r.children].map(c => c.innerText.trim()))"
    found: list[list[str]] = window.run(script)
    return found


def ready(window: Window) -> Window:
    window.page.wait_for_selector("#main:not([hidden])")
    return window


def value(text: str) -> float:
    return float(text.split(maxsplit=1)[0].rstrip("▼▲").replace("\N{MINUS SIGN}", "-"))


def test_the_page_is_one_file_that_asks_for_nothing(chromium: Any, run: tuple[Record, Path]) -> None:
    with Window(chromium, run[1]) as window:
        ready(window)
        assert window.requests == [run[1].as_uri()]
        assert window.said == []
        assert window.text("h1") == "Ten layers of <script>alert(1)</script>"
        assert "default-src 'none'" in window.run("document.querySelector('meta[http-equiv]').content")
    assert run[1].stat().st_size < 100_000


def test_its_numbers_are_the_records_at_every_step(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.press("Home")
        for frame in r.frames:
            assert window.text("#now") == f"step {frame.step} of {r.steps}"
            assert value(window.text("#layers-title").partition("loss ")[2]) == pytest.approx(frame.loss, rel=1e-3)
            layers = frame.layers(r.parameters)
            for cells, (name, reading) in zip(shown(window), layers.items(), strict=True):
                assert cells[0].split()[0] == name
                assert value(cells[1]) == pytest.approx(reading.gradient, rel=5e-3)
                assert reading.ratio is None or value(cells[2]) == pytest.approx(reading.ratio, rel=5e-3)
            window.press("ArrowRight")
        window.press("ArrowLeft", "Home", "End")
        assert window.text("#now") == f"step {r.steps} of {r.steps}"


def test_the_keyboard_alone_reads_maps_and_flags(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.run("document.querySelector('#gradients .map').focus()")
        window.press("Home", "ArrowDown")
        second = list(r.frames[0].layers(r.parameters).values())[1].gradient
        said = window.text("#gradients .under")
        assert said.startswith("2, step 1: ")
        assert value(said.partition("step 1: ")[2]) == pytest.approx(second, rel=1e-3)
        window.run("document.querySelector('#gradients button').focus()")
        window.press("Enter")
        assert window.run("document.querySelectorAll('#gradients tbody tr').length") == len(r.frames)
        window.press("End")
        window.run("document.querySelector('#flags button').focus()")
        window.press("Enter")
        assert window.text("#now").startswith(f"step {r.flags[0].step} ")
        said = window.run("[...document.querySelectorAll('#flags li p:first-of-type')].map(p => p.innerText)")
        assert said == [flag.means for flag in r.flags]


def test_it_plays_and_shows_parameters_too(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.page.select_option("#rows", "parameter")
        assert [cells[0].split()[0] for cells in shown(window)] == list(r.parameters)
        window.press("Home")
        window.page.click("#play")
        window.page.wait_for_selector("#back:enabled")  # it went on by itself
        assert "pause" in window.text("#play")
        window.page.click("#play")
        assert "play" in window.text("#play")


def test_hovering_a_map_reads_the_cell_and_a_click_goes_there(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path) as window:
        ready(window)
        window.page.locator("#updates .map").scroll_into_view_if_needed()
        box = window.page.locator("#updates .map canvas").bounding_box()
        each = box["width"] / len(r.frames)
        window.page.mouse.move(box["x"] + each * 2.5, box["y"] + 5)
        first = next(iter(r.frames[2].layers(r.parameters).values())).ratio
        said = window.text("#updates .under")
        assert f"step {r.frames[2].step}: " in said
        assert value(said.partition(": ")[2]) == pytest.approx(first, rel=1e-3)
        window.page.mouse.click(box["x"] + each * 2.5, box["y"] + 5)
        assert window.text("#now").startswith(f"step {r.frames[2].step} ")


@pytest.mark.parametrize(("size", "scheme"), [((1280, 800), "light"), ((390, 844), "dark")])
def test_nothing_overflows_and_axe_finds_nothing(
    chromium: Any, run: tuple[Record, Path], size: tuple[int, int], scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with Window(chromium, run[1], size, color_scheme=scheme) as window:
        ready(window)
        assert window.run("document.documentElement.scrollWidth") <= size[0]
        window.run("document.querySelector('#gradients button').click()")
    with Window(chromium, run[1], size, color_scheme=scheme, bypass_csp=True) as window:
        found = axe.run(ready(window).page).response["violations"]
        assert not [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found]


def test_without_scripts_and_on_paper(chromium: Any, run: tuple[Record, Path]) -> None:
    r, path = run
    with Window(chromium, path, java_script_enabled=False) as window:
        assert window.text("noscript pre").split() == str(r).split()
    with Window(chromium, path) as window:
        ready(window).page.emulate_media(media="print")
        assert not window.page.is_visible("#play")
        assert window.page.is_visible("#layers table")


def test_an_empty_and_a_broken_record_have_pages_too(chromium: Any, tmp_path: Path) -> None:
    with record(every=1) as r:
        pass
    r.save(tmp_path / "empty.html")
    with Window(chromium, tmp_path / "empty.html") as window:
        window.page.wait_for_selector("#lead:has-text('Nothing was recorded')")
        assert window.said == []
    w = ag.ones(2, requires_grad=True)
    with record(every=1) as r:
        for scale in (1.0, math.inf, math.nan):
            (w.sum() * scale).backward()
    r.save(tmp_path / "broken.html")
    with Window(chromium, tmp_path / "broken.html") as window:
        ready(window)
        assert "NaN" in shown(window)[0][1]
        assert window.said == []
