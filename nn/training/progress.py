"""What a person sees while a network trains: a bar within the epoch on a terminal, and one line an epoch everywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Literal

from tqdm import tqdm

import autograd_core as ag

__all__ = ["Progress", "ProgressMode", "line", "say"]

ProgressMode = Literal["auto", "bar", "lines", "none"]


def line(row: dict[str, Any], epochs: int) -> str:
    """Return the row of an epoch as one line of text.

    >>> line({"epoch": 3, "loss": 0.51234, "accuracy": 0.8125, "lr": 0.001, "seconds": 2.34}, epochs=10)
    'epoch  3/10  loss 0.5123  accuracy 0.8125  lr 0.001  2.3 s'
    """
    figures = [f"{name} {_short(name, value)}" for name, value in row.items() if name not in ("epoch", "seconds")]
    return "  ".join([f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}", *figures, f"{row['seconds']:.1f} s"])


def say(text: str) -> None:
    """Write one line to standard output at once, so that a pipe or a log file shows it as it happens."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _short(name: str, value: float) -> str:
    return f"{value:.3g}" if name == "lr" else f"{value:.4f}"


class Progress:
    """The bar of one epoch, with figures, speed and the time left; without a terminal it shows nothing.

    *mode* is ``"auto"`` (a bar when standard error is a terminal), ``"bar"``, ``"lines"`` (no bar) or ``"none"``.
    """

    def __init__(self, mode: ProgressMode, epoch: int, epochs: int, batches: int, done: int = 0) -> None:
        if mode not in ("auto", "bar", "lines", "none"):
            raise ag.errors.ArgumentError(f'progress is {mode!r}: expected "auto", "bar", "lines" or "none"')
        hidden = not (mode == "bar" or (mode == "auto" and sys.stderr.isatty()))
        self.bar = tqdm(
            total=batches,
            initial=done,
            desc=f"epoch {epoch}/{epochs}",
            unit="batch",
            leave=False,
            disable=hidden,
            dynamic_ncols=True,
        )

    def __enter__(self) -> Progress:
        return self

    def step(self, figures: Iterator[tuple[str, float]]) -> None:
        """Move on by one batch; *figures* are read only when they will be shown."""
        if not self.bar.disable:
            self.bar.set_postfix_str("  ".join(f"{name} {value:.4f}" for name, value in figures), refresh=False)
            self.bar.update()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.close()
