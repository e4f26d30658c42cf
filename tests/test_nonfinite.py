"""Training that meets NaN or infinity stops, names where they came from, and keeps what was saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from short_training import train

import autograd_core as ag
import nn
import optim
from nn.training import load_checkpoint


class Log(nn.Module):
    """Minus infinity as soon as an input is 0."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(5, 3)

    def forward(self, x: ag.Tensor) -> ag.Tensor:
        return self.inner(ag.log(x))


def test_a_nan_loss_stops_at_once_names_the_op_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    good = [(ag.ones(4, 5), ag.zeros(4, dtype=ag.int64))]
    bad = [*good, (ag.tensor(np.eye(5, dtype=np.float32)[:4]), ag.zeros(4, dtype=ag.int64))]

    class Loader(list[Any]):
        epochs = 0

        def __iter__(self) -> Iterator[Any]:
            self.epochs += 1
            return iter(good if self.epochs == 1 else bad)

    model = Log()
    with pytest.raises(ag.errors.NonFiniteError, match=r"(?s)the loss became nan in epoch 2, batch 2: .*log") as caught:
        train(3, model, loader=Loader(bad), out=tmp_path)
    assert f"The last good checkpoint is {tmp_path / 'last'}.json." in str(caught.value)
    assert "Lower the learning rate" in str(caught.value)
    state = load_checkpoint(tmp_path / "last")
    assert state["epoch"] == 1
    assert all(np.isfinite(p.detach().numpy()).all() for p in model.parameters())


def test_an_infinite_gradient_stops_before_the_step() -> None:
    model = nn.Linear(1, 1, bias=False)
    with ag.no_grad():
        model.weight.copy_(ag.zeros(1, 1))
    data = [(ag.zeros(2, 1), ag.zeros(2, 1))]
    with pytest.raises(ag.errors.NonFiniteError, match=r"(?s)the gradient of weight is not finite, in epoch 1.*sqrt"):
        train(1, model, loader=data, criterion=lambda o, t: ag.sqrt(o).sum())
    assert model.weight.tolist() == [[0.0]]


def test_nan_in_the_data_is_blamed_on_the_data() -> None:
    data = [(ag.full((2, 5), float("nan")), ag.zeros(2, dtype=ag.int64))]
    with pytest.raises(ag.errors.NonFiniteError, match="its inputs hold NaN or infinity already; look at the data"):
        train(1, loader=data)


def test_whole_numbers_are_finite() -> None:
    """The inputs of an embedding; the loss is what fails."""
    model = nn.Sequential(nn.Embedding(3, 2), nn.Flatten())
    data = [(ag.tensor([[0], [2]]), ag.zeros(2, 2))]
    with pytest.raises(ag.errors.NonFiniteError, match=r"forward of log"):
        train(1, model, loader=data, criterion=lambda o, t: ag.log(o * 0.0).sum())


def test_what_differs_between_two_runs_is_said() -> None:
    calls = iter([float("nan")])
    with pytest.raises(ag.errors.NonFiniteError, match="finite numbers when it runs again"):
        train(1, criterion=lambda o, t: o.sum() * next(calls, 0.0))


def test_dropout_is_drawn_again_as_it_was_when_the_op_is_sought() -> None:
    """Half of the units are dropped, so that the log of a dropped one is what fails, in both runs."""
    masks: list[list[float]] = []

    class Dropped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.dropout = nn.Linear(5, 3), nn.Dropout(0.5)

        def forward(self, x: ag.Tensor) -> ag.Tensor:
            x = self.dropout(x)
            masks.append(x.reshape(-1).tolist())
            return self.inner(ag.log(x))

    with pytest.raises(ag.errors.NonFiniteError, match="log"):
        train(1, Dropped(), loader=[(ag.ones(8, 5), ag.zeros(8, dtype=ag.int64))])
    assert masks[0] == masks[1]


def test_parameters_that_overflow_in_the_last_step_are_not_saved(tmp_path: Path) -> None:
    model = nn.Linear(1, 1, bias=False)
    data = [(ag.ones(1, 1), ag.zeros(1, 1))]
    huge = optim.SGD(model.parameters(), lr=3e38)
    with (
        np.errstate(over="ignore"),
        pytest.raises(ag.errors.NonFiniteError, match="the parameter weight is not finite"),
    ):
        train(1, model, loader=data, criterion=lambda o, t: (o * 1e3).sum(), optimizer=huge, out=tmp_path)
    assert not (tmp_path / "last.json").exists()
