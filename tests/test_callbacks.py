"""Callbacks of training: early stopping, the best checkpoint, schedules and logs."""

from __future__ import annotations

import csv
import io
import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from short_training import batches, network, sgd, train

import autograd_core as ag
import nn
import optim
from nn.training import (
    Accuracy,
    BestCheckpoint,
    Callback,
    CSVLog,
    EarlyStopping,
    History,
    JSONLog,
    Run,
    Schedule,
    TensorBoardLog,
    load_checkpoint,
)


class Figures(Callback):
    """Puts given numbers into the history, so that what watches it can be tested."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def on_epoch_end(self, run: Run) -> None:
        run.history.rows[-1]["score"] = self.values[run.epoch - 1]


def watch(values: list[float], callback: Callback, epochs: int = 10) -> tuple[nn.Module, History]:
    return train(epochs, loader=batches(1), callbacks=[Figures(values), callback])


def test_early_stopping_waits_and_then_stops() -> None:
    _, history = watch([5.0, 4.0, 4.5, 4.2, 3.0, 3.1, 3.2, 3.3, 0, 0], EarlyStopping(3, monitor="score"))
    assert len(history) == 8


def test_early_stopping_wants_more_than_min_delta() -> None:
    _, history = watch([5.0, 4.95, 4.9, 0, 0, 0, 0, 0, 0, 0], EarlyStopping(2, min_delta=0.2, monitor="score"))
    assert len(history) == 3


def test_early_stopping_of_what_should_grow() -> None:
    _, history = watch([0.1, 0.5, 0.4, 0.3, 1, 1, 1, 1, 1, 1], EarlyStopping(2, monitor="score", mode="max"))
    assert len(history) == 4


def test_early_stopping_brings_the_best_weights_back() -> None:
    weights: list[list[Any]] = []

    class Keep(Callback):
        def on_epoch_end(self, run: Run) -> None:
            weights.append(run.model[0].weight.tolist())

    stopping = EarlyStopping(2, monitor="score", restore_best=True)
    model, _ = train(6, loader=batches(1), callbacks=[Figures([3.0, 1.0, 2.0, 2.0, 0, 0]), stopping, Keep()])
    assert len(weights) == 4
    assert model[0].weight.tolist() == weights[1] != weights[3]


def test_best_checkpoint_keeps_the_best(tmp_path: Path) -> None:
    model, _ = watch([3.0, 1.0, 2.0], BestCheckpoint(tmp_path / "best", monitor="score"), epochs=3)
    state = load_checkpoint(tmp_path / "best")
    assert state["epoch"] == 2
    assert state["row"]["score"] == 1.0
    assert set(state["model"]) == set(model.state_dict())


def test_a_schedule_steps_once_an_epoch_or_once_a_batch() -> None:
    for per, rates in (("epoch", [0.2, 0.1, 0.05]), ("batch", [0.2 / 16, 0.2 / 16**2, 0.2 / 16**3])):
        model = network()
        optimizer = sgd(model)
        schedule = Schedule(optim.lr_scheduler.ExponentialLR(optimizer, 0.5), per=per)  # type: ignore[arg-type]
        _, history = train(3, model, optimizer=optimizer, callbacks=[schedule])
        assert history["lr"] == pytest.approx(rates)


def test_a_schedule_that_watches_a_figure() -> None:
    model = network()
    optimizer = sgd(model)
    plateau = Schedule(optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0), monitor="score")
    values = Figures([1.0, 2.0, 2.0])
    _, history = train(3, model, optimizer=optimizer, loader=batches(1), callbacks=[values, plateau])
    assert history["lr"] == pytest.approx([0.2, 0.2, 0.1])


def test_logs_hold_every_row(tmp_path: Path) -> None:
    _, history = train(
        3, metrics=[Accuracy()], callbacks=[CSVLog(tmp_path / "log.csv"), JSONLog(tmp_path / "log.json")]
    )
    assert json.loads((tmp_path / "log.json").read_text()) == history.rows
    rows = list(csv.DictReader(io.StringIO((tmp_path / "log.csv").read_text())))
    assert [{name: float(value) for name, value in row.items()} for row in rows] == history.rows


def scalars(events: bytes) -> list[tuple[str, float, int]]:
    """The tags, values and steps in a file of events: records of a length (8 bytes), its check (4), an event, its check (4)."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    while events:
        (length,) = struct.unpack("<Q", events[:8])
        event = Event.FromString(events[12 : 12 + length])
        found += [(value.tag, value.simple_value, event.step) for value in event.summary.value]
        events = events[16 + length :]
    return found


def test_tensorboard_gets_every_figure(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    _, history = train(2, callbacks=[TensorBoardLog(tmp_path)])
    (file,) = tmp_path.iterdir()
    written = scalars(file.read_bytes())
    assert [(step, value) for tag, value, step in written if tag == "loss"] == [
        (epoch, np.float32(loss)) for epoch, loss in enumerate(history["loss"], 1)
    ]
    assert "epoch" not in {tag for tag, _, _ in written}


def test_tensorboard_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="needs the package tensorboardX; pip install tensorboardX, or use CSVLog"):
        TensorBoardLog(tmp_path)


def test_callbacks_say_what_is_wrong() -> None:
    scheduler = optim.lr_scheduler.ExponentialLR(sgd(network()), 0.5)
    with pytest.raises(ag.errors.ArgumentError, match="patience is 0: expected a whole number of epochs"):
        EarlyStopping(0)
    with pytest.raises(ag.errors.ArgumentError, match="mode is 'best': expected"):
        EarlyStopping(mode="best")  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ArgumentError, match="min_delta is -1: expected a number of at least 0"):
        EarlyStopping(min_delta=-1)
    with pytest.raises(ag.errors.ArgumentError, match="scheduler is a str: expected an object with step"):
        Schedule("cosine")  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ArgumentError, match="per is 'year'"):
        Schedule(scheduler, per="year")  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ArgumentError, match=r'figures are known once an epoch; use per="epoch"'):
        Schedule(scheduler, per="batch", monitor="loss")
    with pytest.raises(
        ag.errors.ArgumentError, match="monitor is 'val_loss': an epoch has loss, lr, seconds; pass valid"
    ):
        train(1, callbacks=[EarlyStopping()])
