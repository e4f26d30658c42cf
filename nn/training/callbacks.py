"""What happens beside training: stopping early, keeping the best, stepping a schedule, writing logs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import autograd_core as ag

from ..module import Module
from .checkpoint import save_checkpoint
from .files import write_atomically, write_json
from .history import History
from .protocols import Optimizer, Scheduler

__all__ = ["BestCheckpoint", "CSVLog", "Callback", "EarlyStopping", "JSONLog", "Run", "Schedule", "TensorBoardLog"]

Mode = Literal["min", "max"]


@dataclass
class Run:
    """A training run, as callbacks see it.

    A callback may set ``stopped`` to a reason; training then ends after the epoch.

    >>> import nn, optim
    >>> model = nn.Linear(1, 1)
    >>> Run(model, optim.SGD(model.parameters(), lr=0.1), epochs=9).epoch  # before the first
    0
    """

    model: Module
    optimizer: Optimizer
    epochs: int
    epoch: int = 0  # the epoch under way, from 1; before the first one, 0
    batch: int = 0  # batches done in it
    loss: float = float("nan")  # of the last batch
    stopped: str | None = None
    history: History = field(default_factory=History)


class Callback:
    """Override what you need.  ``state_dict`` and ``load_state_dict`` make a callback part of checkpoints.

    >>> import nn, optim
    >>> class Patient(Callback):
    ...     def on_epoch_end(self, run):
    ...         if run.epoch == 2:
    ...             run.stopped = "enough"
    >>> model, batches = nn.Linear(1, 1), [(ag.ones(4, 1), ag.zeros(4, 1))]
    >>> sgd = optim.SGD(model.parameters(), lr=0.1)
    >>> len(nn.training.fit(model, batches, nn.MSELoss(), sgd, 9, callbacks=[Patient()], progress="none").rows)
    2
    """

    def on_train_begin(self, run: Run) -> None:
        """Run once, before the first epoch, or when a run is resumed."""

    def on_epoch_begin(self, run: Run) -> None:
        """Run before each epoch."""

    def on_batch_end(self, run: Run) -> None:
        """Run after each step of the optimizer."""

    def on_epoch_end(self, run: Run) -> None:
        """Run after each epoch and its validation: ``run.history.rows[-1]`` is the epoch's row."""

    def on_train_end(self, run: Run) -> None:
        """Run once, after the last epoch; not after an error or Ctrl-C."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must keep."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""


class _Watcher(Callback):
    """Follows one column of the history and knows when it is better than ever."""

    def __init__(self, monitor: str, mode: Mode, min_delta: float = 0.0) -> None:
        if mode not in ("min", "max"):
            raise ag.errors.ArgumentError(f'mode is {mode!r}: expected "min" or "max"')
        if not min_delta >= 0:
            raise ag.errors.ArgumentError(f"min_delta is {min_delta!r}: expected a number of at least 0")
        self.monitor, self.mode, self.min_delta = monitor, mode, min_delta
        self.best: float | None = None
        self.best_epoch = 0

    def improved(self, run: Run) -> bool:
        value = watched(run, self.monitor)
        gain = 0.0 if self.best is None else (self.best - value if self.mode == "min" else value - self.best)
        if self.best is not None and gain <= self.min_delta:
            return False
        self.best, self.best_epoch = value, run.epoch
        return True

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.best_epoch = state_dict["best"], state_dict["best_epoch"]


def watched(run: Run, monitor: str) -> float:
    """Return the figure *monitor* of the epoch that just ended."""
    row = run.history.rows[-1]
    if monitor not in row:
        names = ", ".join(name for name in row if name != "epoch")
        raise ag.errors.ArgumentError(
            f"monitor is {monitor!r}: an epoch has {names}; pass validation= for the val_ figures"
        )
    return float(row[monitor])


class EarlyStopping(_Watcher):
    """Stop when *monitor* has not improved by more than *min_delta* for *patience* epochs.

    With *restore_best* the model ends with the weights of its best epoch; they are kept in memory, and in checkpoints.

    >>> EarlyStopping(patience=3).monitor
    'val_loss'
    """

    def __init__(
        self,
        patience: int = 5,
        min_delta: float = 0.0,
        monitor: str = "val_loss",
        mode: Mode = "min",
        restore_best: bool = False,
    ) -> None:
        if not isinstance(patience, int) or patience < 1:
            raise ag.errors.ArgumentError(f"patience is {patience!r}: expected a whole number of epochs, at least 1")
        super().__init__(monitor, mode, min_delta)
        self.patience, self.restore_best = patience, restore_best
        self.best_model: dict[str, Any] | None = None

    def on_epoch_end(self, run: Run) -> None:
        if self.improved(run):
            if self.restore_best:
                self.best_model = _copy(run.model.state_dict())
        elif run.epoch - self.best_epoch >= self.patience:
            run.stopped = f"{self.monitor} has not improved since epoch {self.best_epoch} ({self.best:.4f})"

    def on_train_end(self, run: Run) -> None:
        if self.best_model is not None:
            run.model.load_state_dict(self.best_model)

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"best_model": self.best_model}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.best_model = state_dict["best_model"]


class BestCheckpoint(_Watcher):
    """Save the model's weights to *path* whenever *monitor* is better than in any earlier epoch.

    ``nn.training.load_checkpoint(path)["model"]`` gives them back.

    >>> import nn, optim
    >>> model, batches = nn.Linear(1, 1), [(ag.ones(4, 1), ag.zeros(4, 1))]
    >>> sgd, best = optim.SGD(model.parameters(), lr=0.1), BestCheckpoint("best", monitor="loss")
    >>> history = nn.training.fit(model, batches, nn.MSELoss(), sgd, 3, callbacks=[best], progress="none")
    >>> nn.training.load_checkpoint("best")["epoch"]
    3
    """

    def __init__(self, path: str | Path, monitor: str = "val_loss", mode: Mode = "min") -> None:
        super().__init__(monitor, mode)
        self.path = Path(path)

    def on_epoch_end(self, run: Run) -> None:
        if self.improved(run):
            row = run.history.rows[-1]
            save_checkpoint(self.path, {"model": run.model.state_dict(), "epoch": run.epoch, "row": row})


class Schedule(Callback):
    """Step a learning-rate scheduler after each epoch, or after each batch.

    *monitor* names the figure that goes to ``scheduler.step(figure)``, for schedulers that look at one,
    such as ReduceLROnPlateau.

    >>> import nn, optim
    >>> model, batches = nn.Linear(1, 1), [(ag.ones(4, 1), ag.zeros(4, 1))]
    >>> sgd = optim.SGD(model.parameters(), lr=0.1)
    >>> halved = Schedule(optim.lr_scheduler.StepLR(sgd, step_size=1, gamma=0.5))
    >>> history = nn.training.fit(model, batches, nn.MSELoss(), sgd, 2, callbacks=[halved], progress="none")
    >>> sgd.param_groups[0]["lr"]
    0.025
    """

    def __init__(
        self, scheduler: Scheduler, per: Literal["epoch", "batch"] = "epoch", monitor: str | None = None
    ) -> None:
        if not isinstance(scheduler, Scheduler):
            raise ag.errors.ArgumentError(
                f"scheduler is a {type(scheduler).__name__}: expected an object with step(), state_dict() and "
                "load_state_dict(), such as optim.lr_scheduler.StepLR(optimizer, 5)"
            )
        if per not in ("epoch", "batch"):
            raise ag.errors.ArgumentError(f'per is {per!r}: expected "epoch" or "batch"')
        if per == "batch" and monitor is not None:
            raise ag.errors.ArgumentError(
                f'monitor is {monitor!r}, but figures are known once an epoch; use per="epoch"'
            )
        self.scheduler, self.per, self.monitor = scheduler, per, monitor

    def on_batch_end(self, run: Run) -> None:
        if self.per == "batch":
            self.scheduler.step()

    def on_epoch_end(self, run: Run) -> None:
        if self.per == "epoch":
            self.scheduler.step(*([] if self.monitor is None else [watched(run, self.monitor)]))

    def state_dict(self) -> dict[str, Any]:
        return self.scheduler.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.scheduler.load_state_dict(state_dict)


class CSVLog(Callback):
    """Keep the history in a CSV file, written whole after each epoch, so that a resumed run goes on where it was.

    >>> import nn, optim
    >>> model, batches = nn.Linear(1, 1), [(ag.ones(4, 1), ag.zeros(4, 1))]
    >>> sgd, log = optim.SGD(model.parameters(), lr=0.1), CSVLog("log.csv")
    >>> history = nn.training.fit(model, batches, nn.MSELoss(), sgd, 2, callbacks=[log], progress="none")
    >>> len(Path("log.csv").read_text().splitlines())  # the names, and two epochs
    3
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def on_epoch_end(self, run: Run) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, run.history.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(run.history.rows)
        write_atomically(self.path, text.getvalue())


class JSONLog(Callback):
    """Keep the history in a JSON file (a list of rows), written whole after each epoch.

    >>> import json, nn, optim
    >>> model, batches = nn.Linear(1, 1), [(ag.ones(4, 1), ag.zeros(4, 1))]
    >>> sgd, log = optim.SGD(model.parameters(), lr=0.1), JSONLog("log.json")
    >>> history = nn.training.fit(model, batches, nn.MSELoss(), sgd, 2, callbacks=[log], progress="none")
    >>> [row["epoch"] for row in json.loads(Path("log.json").read_text())]
    [1, 2]
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def on_epoch_end(self, run: Run) -> None:
        write_json(self.path, run.history.rows)


class SummaryWriter(Protocol):
    """What TensorBoardLog asks of a writer."""

    def __init__(self, logdir: str, /) -> None: ...

    def add_scalar(self, tag: str, value: float, step: int, /) -> Any: ...

    def flush(self) -> Any: ...

    def close(self) -> Any: ...


class TensorBoardLog(Callback):
    """Write each epoch's figures for TensorBoard into *folder*, through the optional package ``tensorboardX``.

    Raises ``ImportError``, which says what to install, when it is missing.

    >>> import nn, optim
    >>> model, batches = nn.Linear(1, 1), [(ag.ones(4, 1), ag.zeros(4, 1))]
    >>> sgd, log = optim.SGD(model.parameters(), lr=0.1), TensorBoardLog("runs/first")
    >>> history = nn.training.fit(model, batches, nn.MSELoss(), sgd, 2, callbacks=[log], progress="none")
    >>> [path.name.split(".")[0] for path in Path("runs/first").iterdir()]
    ['events']
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.open = _summary_writer()

    def on_train_begin(self, run: Run) -> None:
        self.writer = self.open(str(self.folder))

    def on_epoch_end(self, run: Run) -> None:
        for name, value in run.history.rows[-1].items():
            if name != "epoch":
                self.writer.add_scalar(name, value, run.epoch)
        self.writer.flush()

    def on_train_end(self, run: Run) -> None:
        self.writer.close()


def _summary_writer() -> type[SummaryWriter]:
    try:
        from tensorboardX import SummaryWriter as Writer
    except ImportError as error:
        raise ImportError(
            "TensorBoardLog needs the package tensorboardX; pip install tensorboardX, or use CSVLog or JSONLog instead"
        ) from error
    return cast("type[SummaryWriter]", Writer)


def _copy(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in state.items()}
