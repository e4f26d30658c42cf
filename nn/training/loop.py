"""The training loop."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import autograd_core as ag

from ..module import Module
from . import arguments
from .callbacks import Callback, Run
from .checkpoint import load_checkpoint, restore, save_checkpoint
from .evaluation import evaluate, modes_kept, number, pair
from .history import History
from .interrupt import Interrupt
from .metrics import Mean, Metric
from .nonfinite import CURE, first_cause, is_finite
from .progress import Progress, ProgressMode, line, say
from .protocols import Criterion, Loader, Optimizer, Prepare, Stateful
from .recording import RunRecord

__all__ = ["fit"]


def fit(
    model: Module,
    loader: Loader,
    criterion: Criterion,
    optimizer: Optimizer,
    epochs: int,
    *,
    validation: Loader | None = None,
    metrics: Sequence[Metric] = (),
    callbacks: Sequence[Callback] = (),
    out: str | Path | None = None,
    resume: bool = False,
    save_every: int | None = None,
    generators: Sequence[ag.Generator] = (),
    prepare: Prepare | None = None,
    progress: ProgressMode = "auto",
    record: int | None = None,
) -> History:
    """Train *model* until *epochs* epochs are done, and return the history: one row of figures an epoch.

    A batch is ``(inputs, targets)``, or what *prepare* turns into that.  The loss is
    ``criterion(model(inputs), targets)``: one number, the mean over the batch.  *validation* is evaluated after each
    epoch; its figures are the columns ``val_loss`` and so on.

    With *out*, a folder, the whole run is saved there as the checkpoint ``last`` after each epoch, after each
    *save_every* batches, and on Ctrl-C (which then raises ``KeyboardInterrupt``).  ``fit(..., out=out, resume=True)``
    goes on from it, with objects made as they were made for the saved run, and ends with the same bits as a run that
    was never stopped.  *generators* lists the generators in use beside the default one.  A loader without
    ``state_dict()`` must give the same batches in each epoch.

    With *record* the norms of gradients, weights and updates are recorded at each *record*-th step, and what looks ill in
    them is flagged: ``record.html`` and ``record.json`` in *out*, see ``autograd_core.viz.record``.  The bits stay the same.

    The model is left in the mode (train or eval) in which it came.

    Raises ``NonFiniteError`` as soon as the loss, a gradient or a parameter is NaN or infinite, naming the op that made
    it; the last checkpoint stays.

    >>> import nn, optim
    >>> _ = ag.manual_seed(0)
    >>> x = ag.linspace(-1, 1, 32).reshape(32, 1)
    >>> model = nn.Linear(1, 1)
    >>> sgd = optim.SGD(model.parameters(), lr=0.5)
    >>> history = fit(model, [(x, 3 * x)], nn.MSELoss(), sgd, epochs=40, progress="none")
    >>> history["loss"][-1] < 1e-3
    True
    """
    arguments.check_model(model)
    arguments.check_loader("loader", loader)
    arguments.check_criterion(criterion)
    arguments.check_optimizer(optimizer)
    arguments.check_count("epochs", epochs)
    arguments.check_metrics(metrics)
    arguments.check_callbacks(callbacks)
    if validation is not None:
        arguments.check_loader("validation", validation)
    if save_every is not None:
        arguments.check_count("save_every", save_every)
    if record is not None:
        arguments.check_count("record", record)
    if out is None and (resume or save_every is not None or record is not None):
        given = "resume" if resume else "record" if save_every is None else "save_every"
        raise ag.errors.ArgumentError(f"{given} is given without out: pass the folder of the run as out=")
    training = _Training(
        run=Run(model, optimizer, epochs),
        loader=loader,
        criterion=criterion,
        validation=validation,
        metrics=metrics,
        callbacks=callbacks,
        checkpoint=None if out is None else Path(out) / "last",
        save_every=save_every,
        generators=(ag.default_generator, *generators),
        prepare=prepare or pair,
        progress=progress,
        record=None if record is None or out is None else RunRecord(Path(out), record, model, resume),
    )
    if resume:
        training.load()
    with modes_kept(model), Interrupt(active=out is not None) as interrupt, training.record or nullcontext():
        training.train(interrupt)
    return training.run.history


@dataclass
class _Training:
    """One call of ``fit``: the run, what it is made of, and how it is saved."""

    run: Run
    loader: Loader
    criterion: Criterion
    validation: Loader | None
    metrics: Sequence[Metric]
    callbacks: Sequence[Callback]
    checkpoint: Path | None
    save_every: int | None
    generators: tuple[ag.Generator, ...]
    prepare: Prepare
    progress: ProgressMode
    record: RunRecord | None
    mean: Mean = field(default_factory=lambda: Mean("loss"))
    seconds: float = 0.0  # spent in this epoch so far
    saved: bool = False

    def __post_init__(self) -> None:
        self.parameters = [(name, p) for name, p in self.run.model.named_parameters() if p.requires_grad]

    def train(self, interrupt: Interrupt) -> None:
        """Run epochs until all are done, a callback stops them, or Ctrl-C does."""
        run = self.run
        self._tell("on_train_begin")
        while run.stopped is None and (run.epoch < run.epochs or run.batch):
            if not run.batch:
                run.epoch += 1
                self.mean.reset()
                for metric in self.metrics:
                    metric.reset()
                self._tell("on_epoch_begin")
            self._epoch(interrupt)
            if interrupt.asked and run.stopped is None and run.epoch < run.epochs:
                raise KeyboardInterrupt
        self._tell("on_train_end")

    def _epoch(self, interrupt: Interrupt) -> None:
        """Do what is left of an epoch, evaluate, log and save."""
        run, started = self.run, time.perf_counter() - self.seconds
        run.model.train()
        with Progress(self.progress, run.epoch, run.epochs, len(self.loader), run.batch) as bar:
            for batch in self._remaining():
                self._step(*self.prepare(batch))
                run.batch += 1
                self._tell("on_batch_end")
                bar.step(self._figures())
                self.seconds = time.perf_counter() - started
                if interrupt.asked or (self.save_every is not None and run.batch % self.save_every == 0):
                    self._save()
                if interrupt.asked:
                    raise KeyboardInterrupt
        row = {"epoch": run.epoch, **dict(self._figures())}
        if self.validation is not None:
            figures = evaluate(run.model, self.validation, self.criterion, self.metrics, self.prepare)
            row |= {f"val_{name}": value for name, value in figures.items()}
        row |= {"lr": float(run.optimizer.param_groups[0]["lr"]), "seconds": time.perf_counter() - started}
        run.history.append(row)
        run.batch, self.seconds = 0, 0.0
        self._tell("on_epoch_end")
        if self.progress != "none":
            say(line(row, run.epochs))
        self._save()

    def _remaining(self) -> Iterator[Any]:
        """Give the batches of this epoch that are still to come."""
        return itertools.islice(self.loader, 0 if isinstance(self.loader, Stateful) else self.run.batch, None)

    def _step(self, inputs: ag.Tensor, targets: ag.Tensor) -> None:
        """Learn from one batch; nothing is changed when the loss or a gradient is not finite."""
        run, states = self.run, [generator.get_state() for generator in self.generators]
        run.optimizer.zero_grad()
        outputs = run.model(inputs)
        loss = self.criterion(outputs, targets)
        run.loss = number(loss)
        if not math.isfinite(run.loss):
            self._explain(f"the loss became {run.loss}", inputs, targets, states)
        loss.backward()
        for name, p in self.parameters:
            if p.grad is not None and not is_finite(p.grad):
                what = f"the loss is {run.loss:.4g}, but the gradient of {name} is not finite,"
                self._explain(what, inputs, targets, states)
        run.optimizer.step()
        self.mean.add(run.loss, len(inputs))
        for metric in self.metrics:
            metric.update(outputs, targets)

    def _figures(self) -> Iterator[tuple[str, float]]:
        """Give the figures of the epoch so far, by name."""
        yield "loss", self.mean.compute()
        for metric in self.metrics:
            value = metric.compute()
            if isinstance(value, np.ndarray):
                raise ag.errors.ArgumentError(
                    f"the metric {metric.name!r} is an array, but a row of the history holds numbers; "
                    "use it with evaluate() after training"
                )
            yield metric.name, value

    def _explain(self, what: str, inputs: ag.Tensor, targets: ag.Tensor, states: list[dict[str, Any]]) -> NoReturn:
        """Run the batch again, with the same random numbers, and raise the error that names the first bad op."""
        run = self.run
        for generator, state in zip(self.generators, states, strict=True):
            generator.set_state(state)
        run.optimizer.zero_grad()
        cause: str | Exception = "its inputs hold NaN or infinity already; look at the data"
        if is_finite(inputs):
            cause = first_cause(lambda: self.criterion(run.model(inputs), targets))
        raise ag.errors.NonFiniteError(
            f"{what} in epoch {run.epoch}, batch {run.batch + 1}: {cause}\n{self._kept()}{CURE}"
        ) from (cause if isinstance(cause, Exception) else None)

    def _kept(self) -> str:
        if self.checkpoint is None:
            return ""
        if not self.saved:
            return "No epoch was finished, so there is no checkpoint. "
        return f"The last good checkpoint is {self.checkpoint}.json. "

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        for name, p in self.parameters:
            if not is_finite(p):
                what = f"the parameter {name} is not finite after an update in epoch {self.run.epoch}"
                raise ag.errors.NonFiniteError(f"{what}\n{self._kept()}{CURE}")
        if self.record is not None:
            self.record.save()
        save_checkpoint(self.checkpoint, self.state_dict())
        self.saved = True

    def state_dict(self) -> dict[str, Any]:
        """Return all that decides how the run goes on."""
        run = self.run
        return {
            "epoch": run.epoch,
            "batch": run.batch,
            "stopped": run.stopped,
            "history": run.history.rows,
            "seconds": self.seconds,
            "mean": self.mean.state_dict(),
            "metrics": [metric.state_dict() for metric in self.metrics],
            "callbacks": [[type(callback).__name__, callback.state_dict()] for callback in self.callbacks],
            "generators": [generator.get_state() for generator in self.generators],
            "loader": self.loader.state_dict() if isinstance(self.loader, Stateful) else None,
            "optimizer": run.optimizer.state_dict(),
            "model": run.model.state_dict(),
            "record": None if self.record is None else self.record.state_dict(),
        }

    def load(self) -> None:
        """Go on from the checkpoint."""
        assert self.checkpoint is not None
        state, run = load_checkpoint(self.checkpoint), self.run
        for name, own, saved in (
            (
                "callbacks",
                [type(callback).__name__ for callback in self.callbacks],
                [name for name, _ in state["callbacks"]],
            ),
            ("number of metrics", len(self.metrics), len(state["metrics"])),
            ("number of generators", len(self.generators), len(state["generators"])),
            ("loader with a state", isinstance(self.loader, Stateful), state["loader"] is not None),
        ):
            if own != saved:
                raise ag.errors.CheckpointError(
                    f"{name}: the checkpoint has {saved}, this run has {own}; pass to fit() what the saved run had"
                )
        restore("model", run.model, state["model"])
        restore("optimizer", run.optimizer, state["optimizer"])
        if isinstance(self.loader, Stateful):
            restore("loader", self.loader, state["loader"])
        for metric, saved in zip(self.metrics, state["metrics"], strict=True):
            restore(f"metric {metric.name}", metric, saved)
        for callback, (name, saved) in zip(self.callbacks, state["callbacks"], strict=True):
            restore(name, callback, saved)
        for generator, saved in zip(self.generators, state["generators"], strict=True):
            generator.set_state(saved)
        if self.record is not None and state.get("record") is not None:
            restore("record", self.record, state["record"])
        self.mean.load_state_dict(state["mean"])
        run.epoch, run.batch, run.stopped = state["epoch"], state["batch"], state["stopped"]
        run.history.rows[:] = state["history"]
        self.seconds, self.saved = state["seconds"], True

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self.run)
