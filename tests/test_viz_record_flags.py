"""The flags of a record: what is ill is named, with its cure, and what is healthy is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from recorded_training import batches, kinds, mlp, run_flags, train

import autograd_core as ag
import nn
import optim
from autograd_core.viz import record
from autograd_core.viz.recording import flags as limits

ROOT = Path(__file__).parents[1]


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
