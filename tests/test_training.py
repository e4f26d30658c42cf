"""The training loop: its steps, modes, rows, lines and bars, what it is given wrongly, and its history."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from short_training import batches, network, sgd, train

import autograd_core as ag
import nn
import optim
from nn.training import Accuracy, Callback, ConfusionMatrix, History, Run, TopK, evaluate, fit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_learns(dtype: Any) -> None:
    data = batches(dtype=dtype)
    model, history = train(20, network(ag.tensor(np.zeros(1, dtype)).dtype), loader=data, metrics=[Accuracy()])
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["accuracy"][-1] > 0.9
    assert all(p.dtype == dtype for p in model.parameters())


def test_a_row_has_the_figures_in_their_order() -> None:
    _, history = train(2, validation=batches(2), metrics=[Accuracy(), TopK(2)])
    names = ["epoch", "loss", "accuracy", "top2", "val_loss", "val_accuracy", "val_top2", "lr", "seconds"]
    assert history.columns == names
    assert history["epoch"] == [1, 2]
    assert history["lr"] == [0.2, 0.2]
    assert all(seconds > 0 for seconds in history["seconds"])


def test_the_loss_of_an_epoch_is_the_mean_over_samples_not_batches() -> None:
    x = ag.tensor([[0.0], [0.0], [0.0], [3.0]])
    model = nn.Linear(1, 1, bias=False)
    data = [(x[:3], ag.zeros(3, 1)), (x[3:], model(x[3:]).detach() + 2.0)]
    _, history = train(1, model, loader=data, criterion=nn.MSELoss(), optimizer=optim.SGD(model.parameters(), lr=0.0))
    assert history["loss"] == [pytest.approx(1.0)]  # 0, 0, 0 and 4, not the mean of 0 and 4


def test_it_takes_the_steps_that_a_plain_loop_takes() -> None:
    data, criterion = batches(), nn.CrossEntropyLoss()
    model, _ = train(3, loader=data)
    plain = network()
    optimizer = sgd(plain)
    for _ in range(3):
        for inputs, targets in data:
            optimizer.zero_grad()
            criterion(plain(inputs), targets).backward()
            optimizer.step()
    for p, q in zip(model.parameters(), plain.parameters(), strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_in_the_mode_in_which_it_came(training: bool) -> None:
    model = nn.Sequential(nn.Linear(5, 3), nn.Dropout(0.5))
    model.train(training)
    model[1].eval()
    train(1, model, validation=batches(1))
    assert [model.training, model[0].training, model[1].training] == [training, training, False]
    evaluate(model, batches(1))
    assert [model.training, model[0].training, model[1].training] == [training, training, False]


def test_the_mode_comes_back_after_an_error() -> None:
    model = network().eval()
    with pytest.raises(ZeroDivisionError):
        train(1, model, criterion=lambda outputs, targets: 1 / 0)
    assert not model.training


def test_it_trains_in_train_mode_and_validates_in_eval_mode() -> None:
    seen: list[tuple[bool, bool]] = []

    class Spy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(5, 3)

        def forward(self, x: ag.Tensor) -> ag.Tensor:
            seen.append((self.training, ag.is_grad_enabled()))
            return self.inner(x)

    train(1, Spy(), loader=batches(1), validation=batches(1))
    assert seen == [(True, True), (False, False)]


def test_prepare_turns_batches_into_inputs_and_targets() -> None:
    model = nn.Linear(5, 5)
    data = [ag.ones(4, 5)]
    _, history = train(
        2, model, loader=data, validation=data, criterion=nn.MSELoss(), prepare=lambda batch: (batch, batch)
    )
    assert history["val_loss"][-1] < history["loss"][0]


def test_no_graph_outlives_its_step() -> None:
    outputs: list[weakref.ref[ag.Tensor]] = []
    alive: list[int] = []

    class Watched(nn.Linear):
        def forward(self, x: ag.Tensor) -> ag.Tensor:
            alive.append(sum(ref() is not None for ref in outputs))
            result = super().forward(x)
            outputs.append(weakref.ref(result))
            return result

    gc.disable()
    try:
        train(2, Watched(5, 3), metrics=[Accuracy()])
    finally:
        gc.enable()
    assert set(alive) == {0}


class Events(Callback):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_train_begin(self, run: Run) -> None:
        self.seen.append("begin")

    def on_epoch_begin(self, run: Run) -> None:
        self.seen.append(f"epoch {run.epoch}")

    def on_batch_end(self, run: Run) -> None:
        self.seen.append(f"{run.batch}")

    def on_epoch_end(self, run: Run) -> None:
        self.seen.append(f"end {run.history.rows[-1]['epoch']}")

    def on_train_end(self, run: Run) -> None:
        self.seen.append("done")


def test_callbacks_hear_of_everything_in_order() -> None:
    events = Events()
    train(2, loader=batches(2), callbacks=[events])
    assert events.seen == ["begin", "epoch 1", "1", "2", "end 1", "epoch 2", "1", "2", "end 2", "done"]


def test_a_line_for_each_epoch_and_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    train(2, progress="auto", metrics=[Accuracy()])
    out, err = capsys.readouterr()
    assert [line[:9] for line in out.splitlines()] == ["epoch 1/2", "epoch 2/2"]
    assert "accuracy 0." in out
    assert err == ""


def test_a_bar_shows_figures_and_speed(capsys: pytest.CaptureFixture[str]) -> None:
    train(1, progress="bar", metrics=[Accuracy()])
    err = capsys.readouterr().err
    assert "epoch 1/1" in err
    assert "batch/s" in err


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    train(1, progress="none")
    assert capsys.readouterr() == ("", "")


# ------------------------------------------------------------------------------------------------------ wrong arguments


class NoLength:
    def __iter__(self) -> Iterator[Any]:
        return iter(())


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "model": ({"model": 3}, TypeError, "model is a int: expected an nn.Module"),
    "loader": ({"loader": NoLength()}, TypeError, r"loader is a NoLength: expected something with len\(\)"),
    "empty loader": ({"loader": []}, ag.errors.ArgumentError, "loader is empty: .*drop_last"),
    "empty validation": ({"validation": []}, ag.errors.ArgumentError, "validation is empty"),
    "criterion": ({"criterion": 3}, TypeError, "criterion is a int: expected a function"),
    "optimizer": ({"optimizer": "sgd"}, TypeError, "optimizer is a str: expected one such as optim.SGD"),
    "no epochs": ({"epochs": 0}, ag.errors.ArgumentError, "epochs is 0: expected at least 1"),
    "half an epoch": ({"epochs": 0.5}, TypeError, "epochs is 0.5: expected a whole number"),
    "a true epoch": ({"epochs": True}, TypeError, "epochs is True: expected a whole number"),
    "metric": ({"metrics": ["accuracy"]}, TypeError, "metrics holds 'accuracy': expected objects"),
    "metric class": ({"metrics": [Accuracy]}, TypeError, "metrics holds <class .*: expected objects"),
    "callback": ({"callbacks": [print]}, TypeError, "callbacks holds <built-in function print>: expected"),
    "resume nowhere": ({"resume": True}, ag.errors.ArgumentError, "resume is given without out"),
    "save nowhere": ({"save_every": 1}, ag.errors.ArgumentError, "save_every is given without out"),
    "never saved": ({"save_every": 0, "out": "x"}, ag.errors.ArgumentError, "save_every is 0: expected at least 1"),
    "progress": ({"progress": "loud"}, ag.errors.ArgumentError, "progress is 'loud': expected"),
    "batch": (
        {"loader": [ag.ones(2, 5)]},
        ag.errors.ArgumentError,
        r"loader gave a Tensor: expected \(inputs, targets\)",
    ),
    "triple": ({"loader": [(1, 2, 3)]}, ag.errors.ArgumentError, "loader gave a tuple of 3: expected"),
    "loss": ({"criterion": lambda o, t: o}, ag.errors.ShapeError, r"returned shape \(8, 3\): expected a tensor of one"),
    "number": ({"criterion": lambda o, t: 0.5}, ag.errors.ShapeError, "returned a float: expected a tensor of one"),
    "matrix": ({"metrics": [ConfusionMatrix(3)]}, ag.errors.ArgumentError, r"'confusion' is an array.*evaluate\(\)"),
}


@pytest.mark.parametrize(("options", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(options: dict[str, Any], error: type[Exception], message: str) -> None:
    model = network()
    given: dict[str, Any] = {
        "model": model, "loader": batches(), "criterion": nn.CrossEntropyLoss(), "optimizer": sgd(model), "epochs": 1,
        "progress": "none",
    }  # fmt: skip
    with pytest.raises(error, match=message):
        fit(**(given | options))


# -------------------------------------------------------------------------------------------------------------- history


def test_history() -> None:
    history = History([{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0, "val_loss": 3.0}])
    assert history["val_loss"] == [None, 3.0]
    assert history.measured == ["loss"]
    assert history.best("loss")["epoch"] == 2
    assert history.best("loss", "max")["epoch"] == 1
    assert len(history) == 2
    assert "loss" in history
    assert [row["epoch"] for row in history] == [1, 2]
    assert repr(history) == "History(2 epochs: epoch, loss, val_loss)"
    with pytest.raises(KeyError, match="no column 'lost'; it has epoch, loss"):
        history["lost"]
    with pytest.raises(ag.errors.ArgumentError, match="column is 'lost'"):
        history.best("lost")
