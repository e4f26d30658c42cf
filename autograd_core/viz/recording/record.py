"""``record``: looks on while a program trains, and remembers what its steps were like."""

from __future__ import annotations

import json
import math
import os
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy import ndarray

from ...autograd.watching import attend
from ...errors import ArgumentError, DataError
from ...graph import Node, reachable
from ...position import expression, outside
from ...serialization import write_atomically
from ...tensor import Tensor
from ..values import json_number
from .flags import PATIENCE, Flag, find_flags
from .frames import Frame, Parameter, ParameterReading
from .leaves import Rows, distinct
from .measuring import Silence, activations, counts, norm, reading_of
from .network import network
from .page import html_of
from .schema import VERSION, frame_as_dict, parameter_as_dict, read
from .text import text_of

__all__ = ["Record", "record"]

EVERY, KEEP = 50, 300
WAIT = 100  # backward passes without any change of a parameter, after which an update counts as 0


def record(every: int = EVERY, model: Any = None, keep: int = KEEP) -> Record:
    """Return a ``Record`` that looks on at training in a ``with`` block: gradient, weight and update norms of each layer.

    A step is one ``backward()`` of one number, in this thread.  The first one and each *every*-th are recorded, by the place
    in the program that calls ``backward``: each loss has its own count.  *model* is a module, or a dict of several: only
    their parameters are recorded, and only losses that reach one.  Without it, all leaves are, under the names that the
    program gives them.  At most *keep* frames are kept: when there are more, every other one goes, and *every* doubles.

    Recording changes no bit of training.  A recorded step copies the parameters; other steps cost a look at the loss.

    Raises ArgumentError for arguments that it cannot use.

    >>> import autograd_core as ag
    >>> from autograd_core import viz
    >>> w = ag.tensor([3.0, 4.0], requires_grad=True)
    >>> with viz.record(every=2) as r:
    ...     for _ in range(4):
    ...         loss = (w * w).sum()
    ...         w.grad = None
    ...         loss.backward()
    ...         w.data -= 0.1 * w.grad
    >>> print(r)
    3 frames of 4 steps
    <BLANKLINE>
    loss: 25 at step 1, 6.554 at step 4
    layer  gradient, first      last    weight  update / weight  zeros
    w             1.00e+01  5.12e+00  2.56e+00         2.00e-01     0%
    <BLANKLINE>
    What looks ill:
    - too large updates, steps 1 to 4: Each step changes w by more than a tenth of the weights: what
      earlier steps learned is overwritten. Try a learning rate ten times lower, or steps of warm-up.
    """
    return Record(every, model, keep)


@dataclass
class _Loss:
    """One of the losses of a program: one place where it calls ``backward``."""

    name: str
    every: int
    count: int = 0  # of its backward passes
    total: float = 0.0  # of the losses since the last frame
    since: int = 0  # how many these are
    counted: bool = True  # False where no parameter of the model is under it

    def add(self, value: float) -> None:
        self.count += 1
        self.since += 1
        self.total += value

    def mean(self) -> float:
        """Return the mean since the last frame, and begin anew."""
        found = self.total / self.since
        self.total, self.since = 0.0, 0
        return found

    def keeps(self, number: int) -> bool:
        return number == 1 or number % self.every == 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"total": json_number(self.total)}

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        return cls(**{**made, "total": float(made["total"])})


class _Leaf(NamedTuple):
    """A parameter at the beginning of a backward pass, with what ``.grad`` is then."""

    name: str
    tensor: weakref.ref[Tensor]
    grad: Tensor | None


class _Open(NamedTuple):
    """A frame whose backward pass is under way."""

    frame: Frame
    leaves: list[_Leaf]


@dataclass
class _Pending:
    """Readings that wait for the optimizer, and the parameters as they were before it, one copy of each."""

    readings: list[tuple[str, ParameterReading]] = field(default_factory=list)
    before: dict[str, tuple[weakref.ref[Tensor], ndarray]] = field(default_factory=dict)
    waited: int = 0

    def keep(self, name: str, t: Tensor) -> None:
        if name not in self.before or self.before[name][0]() is not t:
            self.before[name] = weakref.ref(t), t.array.copy()

    def has_changed(self) -> bool:
        return any(
            (t := ref()) is not None and not np.array_equal(t.array, before) for ref, before in self.before.values()
        )

    def note_updates(self) -> None:
        for name, reading in self.readings:
            ref, before = self.before[name]
            if (t := ref()) is not None and t.shape == before.shape:
                reading.update = norm(t.array - before)


class Record:
    """What ``record`` remembers: ``frames``, the recorded steps; ``parameters``, the rows; ``flags``, what looks ill.

    ``print(r)`` is a table; ``save`` writes the page, or JSON that ``Record.load`` reads.  *every*, *model* and *keep* are
    those of ``record``.  Used in a second ``with`` block, it goes on.

    >>> import autograd_core as ag
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> with Record(every=1) as r:
    ...     (w * w).sum().backward()
    >>> r.frames[0].loss, round(r.frames[0].parameters["w"].gradient ** 2, 3)
    (5.0, 20.0)
    """

    def __init__(self, every: int = EVERY, model: Any = None, keep: int = KEEP) -> None:
        for name, value, least in (("every", every, 1), ("keep", keep, 10)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ArgumentError(f"record: {name} is {value!r}: expected a whole number of at least {least}")
        self.every, self.keep, self.steps = every, keep, 0
        self.frames: list[Frame] = []
        self._rows = Rows(model)
        self.networks: dict[str, Any] = {}  # of each loss, as ``network`` has it
        self._losses: dict[str, _Loss] = {}
        self._places: dict[tuple[CodeType, int], _Loss] = {}
        self._pending = _Pending()
        self._open: _Open | None = None
        self._silence = Silence(PATIENCE)
        self._attending: AbstractContextManager[None] | None = None

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The rows by name, in the order in which the program uses them."""
        return self._rows.parameters

    @property
    def flags(self) -> list[Flag]:
        """What looks ill in the frames, by the step at which it begins."""
        return find_flags(self.frames, self.parameters)

    # --------------------------------------------------------------------------------------------------- in a with block

    def __enter__(self) -> Self:
        if self._attending is not None:
            raise ArgumentError("record: this record is recording already; make another one with record()")
        self._attending = attend(self)
        self._attending.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        attending, self._attending, self._open = self._attending, None, None
        assert attending is not None
        attending.__exit__(None, None, None)
        self._settle(last=True)

    def backward_begins(self, outputs: Sequence[Any], gradients: Sequence[Any]) -> None:
        """Look at a graph before its backward pass; the engine calls this."""
        self._open = None  # of a pass that failed
        self._settle()
        value = _number(outputs)
        if value is None:
            return
        frame = outside(sys._getframe(1))
        loss = self._loss(frame)
        if not loss.counted:
            return
        self.steps += 1
        loss.add(value)
        first_bad = not math.isfinite(value) and all(math.isfinite(f.loss) for f in self.frames)
        if loss.keeps(loss.count) or first_bad:
            self._open = self._look([y.node for y in outputs], loss, value, frame)

    def backward_ended(self) -> None:
        """Look at the gradients that arrived; the engine calls this."""
        if self._open is None:
            return
        (frame, leaves), self._open = self._open, None
        for leaf in leaves:
            t = leaf.tensor()
            if t is None or t.grad is None or t.grad is leaf.grad or type(t.grad.array) is not ndarray:
                continue  # nothing arrived, or a hook took it away
            accumulated = t.grad.array
            arrived = accumulated if leaf.grad is None else accumulated - leaf.grad.array
            before = self._pending.before[leaf.name][1]
            reading = ParameterReading(norm(arrived), norm(accumulated), norm(before), before.size, *counts(arrived))
            frame.parameters[leaf.name] = reading
            self._pending.readings.append((leaf.name, reading))
        self.frames.append(frame)
        if len(self.frames) > self.keep:
            self._thin_out()

    def _loss(self, frame: FrameType) -> _Loss:
        """Return the loss whose ``backward`` is called at this place: each place has its own count."""
        place = frame.f_code, frame.f_lasti
        if place not in self._places:
            head, call, _ = expression(*place).rpartition(".backward(")
            taken = {loss.name for loss in self._places.values()}
            name = distinct(head if call and head.isidentifier() else "loss", taken)
            self._places[place] = self._losses.setdefault(name, _Loss(name, self.every))
        return self._places[place]

    def _look(self, roots: list[Node], loss: _Loss, value: float, place: FrameType) -> _Open | None:
        calls = reachable(roots)[0][::-1]
        rows = self._rows.of(calls, place)
        if self._rows.modules is not None and not rows:
            loss.counted = False
            self.steps -= 1
            return None
        leaves = []
        for name, t in rows:
            leaves.append(_Leaf(name, weakref.ref(t), t.grad))
            self._pending.keep(name, t)
        if loss.name not in self.networks:
            self.networks[loss.name] = network(calls, {t.node: self.parameters[name] for name, t in rows if t.node})
        frame = Frame(self.steps, loss.name, loss.count, value, loss.mean())
        for path, function, outs, dim in activations(calls):
            name = distinct(f"{function} in {path}" if path else function, frame.activations)
            silent = self._silence.share((loss.name, name), outs, dim)
            frame.activations[name] = reading_of(function, outs, silent)
        return _Open(frame, leaves)

    def _settle(self, last: bool = False) -> None:
        """Note what the optimizer did, if it did something since the last frame."""
        pending = self._pending
        pending.waited += 1
        if pending.readings:
            if pending.has_changed() or (pending.waited > WAIT and not last):
                pending.note_updates()
            elif not last:
                return
        self._pending = _Pending()

    def _thin_out(self) -> None:
        """Keep every other frame, and record half as often from now on: memory has a bound, and the run is evenly covered."""
        first_bad = next((f for f in self.frames if not math.isfinite(f.loss)), None)
        for loss in self._losses.values():
            loss.every *= 2
        self.frames = [f for f in self.frames if self._losses[f.of].keeps(f.number) or f is first_bad]

    # ---------------------------------------------------------------------------------------------------------- results

    def state_dict(self) -> dict[str, Any]:
        """Return how far the record is, for a checkpoint of the run that it is of; the frames are in the file of ``save``."""
        return {"steps": self.steps, "losses": [loss.as_dict() for loss in self._losses.values()]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called: what was recorded after it is dropped, as it will come again."""
        self.steps = state_dict["steps"]
        self.frames = [frame for frame in self.frames if frame.step <= self.steps]
        self._losses = {loss["name"]: _Loss.from_dict(loss) for loss in state_dict["losses"]}

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON: see docs/record.md."""
        names = list(self.parameters)
        return {
            "version": VERSION,
            "engine": "autograd_core",
            "every": self.every,
            "keep": self.keep,
            "steps": self.steps,
            "parameters": [parameter_as_dict(p) for p in self.parameters.values()],
            "losses": [loss.as_dict() for loss in self._losses.values()],
            "networks": self.networks,
            "frames": [frame_as_dict(frame, names) for frame in self.frames],
            "flags": [asdict(flag) for flag in self.flags],
        }

    @classmethod
    def load(cls, path: str | os.PathLike[str], model: Any = None) -> Record:
        """Return the record that ``save`` wrote to a JSON file; in a ``with`` block it goes on, for *model* if one is given.

        Raises DataError where the file cannot be read or is no record.

        >>> r = Record(every=7)
        >>> r.save("run.json")
        >>> Record.load("run.json").every
        7
        """
        try:
            made = json.loads(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read ({error}); save a record with record.save('run.json')") from error
        rows, frames = read(made, str(path))
        found = cls(made["every"], model, made["keep"])
        found.steps, found.frames, found.networks = made["steps"], frames, made["networks"]
        found._rows.parameters = {row.name: row for row in rows}
        found._losses = {loss["name"]: _Loss.from_dict(loss) for loss in made["losses"]}
        return found

    def save(self, path: str | os.PathLike[str], title: str = "A training run") -> None:
        """Write the record to a file, whole or not at all: a page for ``.html``, which *title* heads, data for ``.json``.

        Raises ArgumentError for another ending.

        >>> Record().save("run.txt")
        Traceback (most recent call last):
        autograd_core.errors.ArgumentError: save: path is 'run.txt': expected a name that ends in .html or .json
        """
        ending = Path(path).suffix.lower()
        if ending == ".json":
            text = json.dumps(self.as_dict(), allow_nan=False, separators=(",", ":")) + "\n"
        elif ending == ".html":
            text = html_of(self.as_dict(), title, str(self))
        else:
            raise ArgumentError(f"save: path is {str(path)!r}: expected a name that ends in .html or .json")
        write_atomically(Path(path), text)

    def __str__(self) -> str:
        return text_of(self.frames, self.parameters, self.flags, self.steps)

    def __repr__(self) -> str:
        return f"<Record of {len(self.frames)} frames, {self.steps} steps>"


def _number(outputs: Sequence[Any]) -> float | None:
    """Return the sum of outputs of one number each; None where there is another."""
    if any(not isinstance(y, Tensor) or type(y.array) is not ndarray or y.array.size != 1 for y in outputs):
        return None
    return float(sum(y.array.item() for y in outputs))
