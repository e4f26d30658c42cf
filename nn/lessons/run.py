"""What a lesson is given: the place for its figures, numbers, claims and words, and a bar for its progress."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

import autograd_core as ag

from ..module import Module
from ..training import Callback, Criterion, History, Loader, Optimizer, fit
from ..training.callbacks import Run as TrainingRun
from . import figures
from .result import Cell, Claim, File, Finding, Picture, Result, Table

__all__ = ["Run"]

T = TypeVar("T")


class Run:
    """One run of a lesson, which tells it what it found.

    *seed* is the user's; ``ag.default_generator`` is seeded with it already.

    >>> run = Run(Result("demo", 0, {}, "", {}))
    >>> run.number("errors left on XOR", 2, expected="1 or more")
    >>> run.claim("XOR is never learned", holds=True, found="2 errors")
    >>> run.result.numbers[0].value, run.result.failed
    (2, [])
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self.seed = result.seed
        self.contents: dict[str, bytes] = {}  # of the files to be written, by name

    def figure(self, name: str, figure: Any, caption: str) -> None:
        """Keep a matplotlib *figure*, made by ``figures.new`` for one; *caption* says what it shows.

        The first figure is the lesson's picture in the gallery.  It is drawn at once, for light and for dark pages.
        """
        self._check(name)
        self._keep_picture(name, figures.day(figure), figures.night(figure), caption)

    def drawing(self, name: str, drawing: Any, caption: str) -> None:
        """Keep the *drawing* of a graph, which ``autograd_core.viz.draw`` made, as a figure; *caption* says what it shows."""
        self._check(name)
        with TemporaryDirectory() as folder:
            files = Path(folder, "day.png"), Path(folder, "night.png")
            for file, dark in zip(files, (False, True), strict=True):
                drawing.save(file, dark=dark)
            day, night = (file.read_bytes() for file in files)
        self._keep_picture(name, day, night, caption)

    def _keep_picture(self, name: str, day: bytes, night: bytes, caption: str) -> None:
        self.contents[f"{name}.png"], self.contents[f"{name}-dark.png"] = day, night
        width, height = struct.unpack(">II", day[16:24])  # of a PNG's header
        self.result.pictures.append(Picture(name, caption, width, height))

    def number(self, name: str, value: Any, *, expected: str = "", source: str = "") -> None:
        """Keep a number; *expected* says in words what it should be, *source* who says so."""
        self.result.numbers.append(Finding(name, _cell(value), expected, source))

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Keep a table; its cells are numbers and text."""
        made = tuple(tuple(map(_cell, row)) for row in rows)
        if len(set(head)) < len(head):
            raise ag.errors.ArgumentError(f"table {title!r}: two columns of the head {tuple(head)} have one name")
        if any(len(row) != len(head) for row in made):
            raise ag.errors.ArgumentError(f"table {title!r}: a row has not as many cells as the head, {len(head)}")
        self.result.tables.append(Table(title, tuple(head), made))

    def say(self, text: str) -> None:
        """Keep a paragraph: what to see."""
        self.result.paragraphs.append(" ".join(text.split()))

    def claim(self, text: str, holds: Any, found: str = "") -> None:
        """Keep a claim of the lecture, whether it *holds*, and what was *found*; state the margin in *text*."""
        self.result.claims.append(Claim(text, bool(holds), found))

    def file(self, name: str, content: bytes | str, what: str) -> None:
        """Keep a file of its own beside the figures; *what* says what it is."""
        self._check(name)
        self.contents[name] = content.encode() if isinstance(content, str) else content
        self.result.files.append(File(name, what))

    def _check(self, name: str) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name) or name == "result.json":
            raise ag.errors.ArgumentError(f"name={name!r}: expected small letters, digits, '.', '-' and '_'")
        if name in self.contents or f"{name}.png" in self.contents:
            raise ag.errors.ArgumentError(f"name={name!r} is taken in this lesson; choose another")

    def track(self, things: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
        """Give *things* one by one, with a bar on a terminal; *what* says what takes so long."""
        with self._new_bar(what, total, things) as bar:
            yield from bar

    def fit(
        self,
        what: str,
        model: Module,
        loader: Loader,
        criterion: Criterion,
        optimizer: Optimizer,
        epochs: int,
        *,
        callbacks: Sequence[Callback] = (),
        **options: Any,
    ) -> History:
        """Call ``nn.training.fit`` with a bar on a terminal; *what* says what is trained."""
        with self._new_bar(what, epochs * len(loader)) as bar:
            watched = (*callbacks, _Ticks(bar))
            return fit(model, loader, criterion, optimizer, epochs, callbacks=watched, progress="none", **options)

    @staticmethod
    def _new_bar(what: str, total: int | None, things: Iterable[T] | None = None) -> tqdm[T]:
        hidden = not sys.stderr.isatty()
        return tqdm(things, desc=what, total=total, leave=False, disable=hidden, dynamic_ncols=True)


class _Ticks(Callback):
    """Moves a bar on by one batch."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self.bar = bar

    def on_batch_end(self, run: TrainingRun) -> None:
        self.bar.update()


def _cell(value: Any) -> Cell:
    """Return *value* as JSON can hold it: NumPy's and the engine's numbers as Python's, what is not finite as text."""
    if isinstance(value, str):
        return value
    number = value.item() if isinstance(value, np.generic | np.ndarray | ag.Tensor) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError(f"{value!r} is of type {type(value).__name__}: expected a number or text")
    return number if np.isfinite(number) else str(number)
