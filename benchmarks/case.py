"""A case, the programs that it makes, and whether their values agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from .libraries import Library, array

Values = Mapping[str, Any]
Targets = Mapping[int, float]  # {threads: the least ratio that is aimed at}

FORWARD, BACKWARD, BOTH = "forward", "backward", "forward + backward"


@dataclass(frozen=True)
class Program:
    """What one library runs: ``run`` is timed, and ``prepare``, if any, comes before each run, untimed.

    ``values`` returns what must agree between libraries; it is asked once, before anything is timed.
    """

    run: Callable[[], Any]
    values: Callable[[], Values]
    prepare: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Case:
    """One row: ``make(library)`` returns the program."""

    name: str
    part: str
    make: Callable[[Library], Program]
    targets: Targets = field(default_factory=dict)
    speedup: float | None = None  # the least that is aimed at for our own time on one thread over that on two
    count: int = 1  # how many of what is meant are in a run; the figures are for one of them
    tolerance: float = 1e-4  # of ``difference``
    needs: tuple[str, ...] = ()  # what a library must have, as "nn.LSTM"; the row goes without it otherwise
    problem: Any = None  # what other engines make their program from


@dataclass(frozen=True)
class Group:
    """Cases of one family; ``means`` are targets for the geometric mean of the rows of a part."""

    name: str
    title: str
    cases: Sequence[Case]
    means: Mapping[str, Targets] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """A function to be differentiated: ``call`` returns its result, which depends on ``leaves``."""

    call: Callable[[], Any]
    leaves: Sequence[Any]

    def program(self, library: Library, part: str) -> Program:
        """Return the program that runs the *part*, with the graph as a user has it."""
        g = library.tensor(np.random.default_rng(1).standard_normal(tuple(self.call().shape)).astype(np.float32))
        recorded: list[Any] = []

        def prepare() -> None:
            self.forget()
            recorded[:] = [self.call()]

        def both() -> None:
            self.forget()
            self.call().backward(g)

        def values() -> Values:
            self.forget()
            y = self.call()
            y.backward(g)
            return {"result": array(y)} | {f"gradient {i}": array(x.grad) for i, x in enumerate(self.leaves)}

        if part == BACKWARD:
            return Program(lambda: recorded.pop().backward(g), values, prepare)
        return Program(self.call if part == FORWARD else both, values)

    def forget(self) -> None:
        """Drop the gradients."""
        for leaf in self.leaves:
            leaf.grad = None


def operation(
    name: str, make: Callable[[Library], Operation], targets: Mapping[str, Targets], tolerance: float = 1e-4
) -> list[Case]:
    """Return a case for each part in *targets*."""
    program = lambda part, library: make(library).program(library, part)
    return [Case(name, part, partial(program, part), least, tolerance=tolerance) for part, least in targets.items()]


def training(
    library: Library, model: Any, loss: Callable[[], Any], optimizer: Any, parameters: Sequence[Any]
) -> Program:
    """Return a training step, the loss read at the end, as training loops do."""

    def run() -> float:
        optimizer.zero_grad()
        found = loss()
        found.backward()
        optimizer.step()
        return float(found.item())

    def values() -> Values:
        """Take two steps: if the second loss agrees, the update did; without dropout, which no two libraries share."""
        dropouts = [m for m in model.modules() if isinstance(m, library.nn.Dropout)] if model else []
        rates = [m.p for m in dropouts]
        for m in dropouts:
            m.p = 0.0
        first = run()
        gradients = {f"gradient {i}": array(p.grad) for i, p in enumerate(parameters)}
        second = run()
        for m, p in zip(dropouts, rates):
            m.p = p
        return {"loss": first, "loss after a step": second} | gradients

    return Program(run, values)


def difference(found: Values, expected: Values) -> tuple[float, str]:
    """Return the largest ``|a - b| / |b|`` (Euclidean norms) of the values that both have, and the name of that one."""
    names = [name for name in found if name in expected]
    if not names:
        raise ValueError(f"nothing to compare: {sorted(found)} and {sorted(expected)} have no name in common")
    return max(((_distance(found[name], expected[name]), name) for name in names), key=_nan_last)


def _distance(a: Any, b: Any) -> float:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        return float("inf")
    return float(np.linalg.norm(a - b) / max(float(np.linalg.norm(b)), 1e-30))


def _nan_last(entry: tuple[float, str]) -> float:
    return float("inf") if np.isnan(entry[0]) else entry[0]
