"""``train``, ``resume`` and ``evaluate``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import autograd_core as ag
from autograd_core.commands import INTERRUPTED, UsageError

from ..training import History, fit, restore
from ..training.files import write_json
from ..training.progress import say
from .folder import RunFolder
from .parts import Factories, Parts
from .reporting import report
from .settings import Settings, versions

__all__ = ["evaluate_run", "resume_run", "train_run"]


def train_run(settings: Settings, folder: RunFolder, factories: Factories, command: str, overwrite: bool) -> int:
    """Train a new run, and write its report; return the exit status."""
    parts = Parts(settings, factories)
    seen, unseen = (len(parts.loader(train=train).dataset) for train in (True, False))  # before the folder is touched
    folder.begin(settings, command, versions(), overwrite)
    count = sum(p.numel() for p in parts.model.parameters())
    say(f"{parts.recipe.title}, {count:,} parameters; {parts.source}, {seen:,} training and {unseen:,} test pictures")
    decay = f", weight decay {settings.weight_decay:g}" if settings.weight_decay else ""
    say(f"{settings.optimizer}, lr {settings.lr:g}, {settings.schedule}{decay}; seed {settings.seed}; {folder.path}")
    return _fit(parts, folder, folder.read()[1], resume=False)


def resume_run(folder: RunFolder, factories: Factories, epochs: int | None) -> int:
    """Go on with a run that was stopped, or for more epochs; return the exit status."""
    settings, config = folder.read()
    if epochs is not None and epochs != settings.epochs:
        settings = replace(settings, epochs=epochs)
        config = {**config, "settings": asdict(settings)}
    resume = folder.checkpoint.exists()
    say(_place(folder, settings) if resume else f"{folder.path} has no checkpoint yet: it begins with the first epoch")
    parts = Parts(settings, factories)
    write_json(folder.config, config)
    return _fit(parts, folder, config, resume)


def evaluate_run(folder: RunFolder, factories: Factories) -> int:
    """Evaluate a run's network on the test pictures, and write its report again; return the exit status."""
    settings, config = folder.read()
    parts, state = Parts(settings, factories), folder.state()
    restore("model", parts.model, state["model"])
    _conclude(parts, folder, config, History(state["history"]))
    return 0


def _fit(parts: Parts, folder: RunFolder, config: Mapping[str, Any], resume: bool) -> int:
    try:
        history = fit(
            parts.model,
            parts.loader(train=True),
            parts.criterion,
            parts.optimizer,
            parts.settings.epochs,
            validation=parts.loader(train=False),
            metrics=parts.metrics,
            callbacks=parts.callbacks(folder),
            out=folder.path,
            resume=resume,
            record=parts.settings.record,
        )
    except KeyboardInterrupt:
        sys.stderr.write(_stopped(folder) + "\n")
        return INTERRUPTED
    _conclude(parts, folder, config, history)
    return 0


def _conclude(parts: Parts, folder: RunFolder, config: Mapping[str, Any], history: History) -> None:
    figures = report(parts, folder, config, history)
    say("test   " + "  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
    say(f"report {folder.path / 'report.html'}")


def _place(folder: RunFolder, settings: Settings) -> str:
    """Say where the run is, or raise UsageError when it is beyond the epochs asked for."""
    state = folder.state()
    done = state["epoch"] - bool(state["batch"])
    if state["epoch"] > settings.epochs:
        raise UsageError(
            f"--epochs {settings.epochs}: {folder.path} is in epoch {state['epoch']} already; give a larger number"
        )
    if done == settings.epochs:
        return f"All {done} epochs are done. For more: python -m nn resume {_quoted(folder)} --epochs {2 * done}"
    batches = f" and {state['batch']} batches" if state["batch"] else ""
    return f"{folder.path} goes on after {done} of {settings.epochs} epochs{batches}"


def _stopped(folder: RunFolder) -> str:
    """Say what of an interrupted run is safe, and how it goes on."""
    go_on = f"To go on: python -m nn resume {_quoted(folder)}"
    try:
        state = folder.state()
    except ag.errors.CheckpointError:
        return f"\nStopped before anything was saved. {go_on}"
    batches = f", {state['batch']} batches into it" if state["batch"] else ", at its end"
    return f"\nStopped. The run is saved as it was in epoch {state['epoch']}{batches}. {go_on}"


def _quoted(folder: RunFolder) -> str:
    return shlex.quote(str(folder.path))
