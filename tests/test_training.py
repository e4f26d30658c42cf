"""The training loop, evaluation, metrics, history and callbacks."""

from __future__ import annotations

import csv
import gc
import io
import json
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn.training import (
    Accuracy,
    BestCheckpoint,
    Callback,
    ConfusionMatrix,
    CSVLog,
    EarlyStopping,
    History,
    JSONLog,
    Mean,
    ReconstructionError,
    Run,
    Schedule,
    TensorBoardLog,
    TopK,
    evaluate,
    fit,
    load_checkpoint,
)

Batches = list[tuple[ag.Tensor, ag.Tensor]]


def batches(count: int = 4, size: int = 8, classes: int = 3, dtype: Any = np.float32) -> Batches:
    """Batches that a linear model can learn: the class is the largest of the first inputs."""
    r = np.random.default_rng(1)
    x = r.normal(size=(count, size, 5)).astype(dtype)
    y = x[:, :, :classes].argmax(axis=2)
    return [(ag.from_numpy(x[i]), ag.from_numpy(y[i])) for i in range(count)]


def network(dtype: Any = ag.float32) -> nn.Module:
    ag.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3)).to(dtype)


def sgd(model: nn.Module, lr: float = 0.2) -> optim.SGD:
    return optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def train(epochs: int = 2, model: nn.Module | None = None, **options: Any) -> tuple[nn.Module, History]:
    model = model or network()
    options = {"loader": batches(), "criterion": nn.CrossEntropyLoss(), "progress": "none"} | options
    optimizer = options.pop("optimizer", None) or sgd(model)
    return model, fit(model, optimizer=optimizer, epochs=epochs, **options)


# ------------------------------------------------------------------------------------------------------------- the loop


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


# ----------------------------------------------------------------------------------------------------- NaN and infinity


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


# ------------------------------------------------------------------------------------------------------------- evaluate


def test_evaluate_gives_loss_and_metrics() -> None:
    model, data = network(), batches()
    figures = evaluate(model, data, nn.CrossEntropyLoss(), [Accuracy(), ConfusionMatrix(3)])
    with ag.no_grad():
        scores = np.concatenate([model(x).numpy() for x, _ in data])
    labels = np.concatenate([y.numpy() for _, y in data])
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert figures["loss"] == pytest.approx(-np.log(p[np.arange(32), labels]).mean(), rel=1e-5)
    assert figures["accuracy"] == (scores.argmax(axis=1) == labels).mean()
    assert figures["confusion"].sum() == 32
    assert np.trace(figures["confusion"]) / 32 == figures["accuracy"]


def test_evaluate_without_a_criterion_and_wrongly() -> None:
    assert list(evaluate(network(), batches(), metrics=[Accuracy()])) == ["accuracy"]
    with pytest.raises(TypeError, match="model is a str"):
        evaluate("lenet", batches())
    with pytest.raises(ag.errors.ArgumentError, match="loader is empty"):
        evaluate(network(), [])


# -------------------------------------------------------------------------------------------------------------- metrics


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_top_k_against_sorting(dtype: Any, k: int) -> None:
    r = np.random.default_rng(3)
    scores, labels = r.normal(size=(40, 7)).astype(dtype), r.integers(0, 7, 40)
    metric = TopK(k)
    for part in range(0, 40, 16):
        metric.update(ag.from_numpy(scores[part : part + 16]), ag.from_numpy(labels[part : part + 16]))
    best = np.argsort(-scores, axis=1)[:, :k]
    assert metric.compute() == (best == labels[:, None]).any(axis=1).mean()


def test_ties_go_to_the_smaller_class_and_nan_is_never_right() -> None:
    accuracy = Accuracy()
    accuracy.update(ag.tensor([[1.0, 1.0], [1.0, 1.0], [float("nan"), 0.0]]), ag.tensor([0, 1, 0]))
    assert accuracy.compute() == pytest.approx(1 / 3)


def test_confusion_matrix_against_counting() -> None:
    r = np.random.default_rng(4)
    scores, labels = r.normal(size=(50, 4)), r.integers(0, 4, 50)
    metric = ConfusionMatrix(4)
    metric.update(ag.from_numpy(scores), ag.from_numpy(labels))
    wanted = np.zeros((4, 4), int)
    for row, label in zip(scores, labels, strict=True):
        wanted[label, row.argmax()] += 1
    np.testing.assert_array_equal(metric.compute(), wanted)


METRICS = [Accuracy(), TopK(2), ConfusionMatrix(3)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
def test_a_metric_goes_on_from_its_state_and_forgets_when_reset(metric: Any) -> None:
    model, data = network(), batches(3)
    outputs = [model(x) for x, _ in data]
    metric.reset()
    for out, (_, y) in zip(outputs, data, strict=True):
        metric.update(out, y)
    whole = np.array(metric.compute())
    metric.reset()
    metric.update(outputs[0], data[0][1])
    state = metric.state_dict()
    metric.reset()
    metric.load_state_dict(state)
    for out, (_, y) in zip(outputs[1:], data[1:], strict=True):
        metric.update(out, y)
    np.testing.assert_array_equal(metric.compute(), whole)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reconstruction_error(dtype: Any) -> None:
    r = np.random.default_rng(5)
    given, wanted = r.random((2, 6, 4, 4)).astype(dtype)
    metric = ReconstructionError()
    metric.update(ag.from_numpy(given[:2]), ag.from_numpy(wanted[:2]))
    metric.update(ag.from_numpy(given[2:]), ag.from_numpy(wanted[2:]))
    assert metric.compute() == pytest.approx(((given - wanted) ** 2).mean(), rel=1e-5)


def test_metrics_say_what_is_wrong() -> None:
    scores = ag.ones(2, 3)
    with pytest.raises(ag.errors.ArgumentError, match="accuracy has seen no samples"):
        Accuracy().compute()
    with pytest.raises(ag.errors.ArgumentError, match="k is 0: expected a whole number"):
        TopK(0)
    with pytest.raises(ag.errors.ArgumentError, match="classes is 0"):
        ConfusionMatrix(0)
    with pytest.raises(ag.errors.ShapeError, match=r"outputs have shape \(2, 3\), targets \(3,\)"):
        Accuracy().update(scores, ag.zeros(3, dtype=ag.int64))
    with pytest.raises(ag.errors.ArgumentError, match=r"targets are float32: .*targets.long\(\)"):
        Accuracy().update(scores, ag.zeros(2))
    with pytest.raises(ag.errors.ArgumentError, match="targets hold classes 0 to 3, but outputs have classes 0 to 2"):
        Accuracy().update(scores, ag.tensor([0, 3]))
    with pytest.raises(ag.errors.ShapeError, match=r"outputs have 3 classes, .* made for 4"):
        ConfusionMatrix(4).update(scores, ag.tensor([0, 1]))
    with pytest.raises(ag.errors.ShapeError, match=r"outputs have shape \(2, 3\), targets \(3, 2\)"):
        ReconstructionError().update(scores, ag.ones(3, 2))


def test_an_empty_batch_counts_for_nothing() -> None:
    accuracy, error, mean = Accuracy(), ReconstructionError(), Mean()
    accuracy.update(ag.zeros(0, 3), ag.zeros(0, dtype=ag.int64))
    error.update(ag.zeros(0, 3), ag.zeros(0, 3))
    for metric in (accuracy, error, mean):
        with pytest.raises(ag.errors.ArgumentError, match="has seen no samples"):
            metric.compute()


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


# ------------------------------------------------------------------------------------------------------------ callbacks


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


def test_tensorboard_gets_every_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written: list[tuple[str, float, int]] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            assert folder == str(tmp_path)

        def add_scalar(self, tag: str, value: float, step: int) -> None:
            written.append((tag, value, step))

        def flush(self) -> None: ...

    package = ModuleType("tensorboardX")
    package.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorboardX", package)
    _, history = train(2, callbacks=[TensorBoardLog(tmp_path)])
    assert [(step, value) for tag, value, step in written if tag == "loss"] == list(enumerate(history["loss"], 1))
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
