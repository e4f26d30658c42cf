"""How far gradients reach, and how far a step goes, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ..module import Module
from ..parameter import Parameter
from ..table import table
from .report import figures

__all__ = ["GradientReport", "GradientRow", "gradient_report"]

COLUMNS = ("layer", "class", "finding", "gradient", "weight", "update", "update / weight")


@dataclass(frozen=True)
class GradientRow:
    """One layer: the Euclidean norms of all its own numbers together.

    >>> GradientRow("0", "Linear", "", gradient=0.5, weight=2.0, update=0.01).ratio
    0.005
    """

    path: str
    name: str
    finding: str  # "" where nothing is the matter
    gradient: float | None  # None without any
    weight: float
    update: float | None  # of what the step added; None without a step

    @property
    def ratio(self) -> float | None:
        """The norm of the update over that of the weights before it; None where there is none."""
        return None if self.update is None or not self.weight else self.update / self.weight


@dataclass(frozen=True)
class GradientReport:
    """What ``gradient_report`` found; ``str(...)`` is the table, ``plot()`` the picture.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.ReLU(), nn.Linear(1, 1))
    >>> _ = nn.init.constant_(model[0].weight, -1.0)  # shuts the ReLU for what is positive
    >>> model(ag.ones(1, 2)).sum().backward()
    >>> gradient_report(model).findings
    {'0': 'vanishing'}
    """

    rows: tuple[GradientRow, ...]

    @property
    def findings(self) -> dict[str, str]:
        """What is the matter, by the path of the layer."""
        return {row.path: row.finding for row in self.rows if row.finding}

    @property
    def text(self) -> str:
        """The table."""
        return "\n".join(table(COLUMNS, map(self._cells, self.rows), left=3))

    @staticmethod
    def _cells(row: GradientRow) -> tuple[str, ...]:
        numbers = (row.gradient, row.weight, row.update, row.ratio)
        return row.path or "model", row.name, row.finding, *("-" if n is None else f"{n:.2e}" for n in numbers)

    def __str__(self) -> str:
        return self.text

    def plot(self) -> Any:
        """Return a matplotlib figure: the norms of the gradients, and those of the updates over those of the weights."""
        columns: dict[str, Any] = {"gradient": [row.gradient for row in self.rows]}
        if any(row.update is not None for row in self.rows):
            columns["update / weight"] = [row.ratio for row in self.rows]
        return figures.norms([row.path or "model" for row in self.rows], columns)


def gradient_report(
    model: Module, step: Callable[[], object] | None = None, *, vanishing: float = 1e-5, exploding: float = 1e3
) -> GradientReport:
    """Return the norm of every layer's gradient and, with *step*, of what one step changes; it says what looks ill.

    Call it after ``backward()``, in the place of ``optimizer.step()``, which it is given as *step* and takes.  Updates of
    about 1e-3 of the weights are usual.  A layer has the finding

    - "vanishing" where its gradient is 0, or less than *vanishing* times that of the layer with the largest;
    - "exploding" where its gradient is larger than *exploding*, and "not finite" where it is NaN or infinite;
    - "no gradient" where none arrived, and "frozen" where none was wanted;
    - "not moved" where a gradient arrived, and the step changed nothing: is the layer among the optimizer's parameters?

    Raises GraphError where no parameter has a gradient, TypeError where *step* is no function.

    >>> import nn, optim
    >>> model = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 1))
    >>> for parameter in model.parameters():
    ...     _ = nn.init.ones_(parameter)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.01)
    >>> model(ag.ones(1, 2)).sum().backward()
    >>> print(gradient_report(model, optimizer.step))
    layer  class   finding  gradient    weight    update  update / weight
    ---------------------------------------------------------------------
    0      Linear           1.73e+00  1.73e+00  1.73e-02         1.00e-02
    1      Linear           3.16e+00  1.41e+00  3.16e-02         2.24e-02
    ---------------------------------------------------------------------
    """
    if step is not None and not callable(step):
        raise TypeError(
            f"gradient_report: step is of type {type(step).__name__}, expected a function without arguments; give "
            "optimizer.step"
        )
    layers = list(_layers(model))
    gradients = [_norm(p.grad.array for p in own if p.grad is not None) for _, _, own in layers]
    arrived = [any(p.grad is not None for p in own) for _, _, own in layers]
    if not any(arrived):
        raise ag.errors.GraphError(
            f"gradient_report: no parameter of this {type(model).__name__} has a gradient; call backward() on a loss first"
        )
    weights = [_norm(p.array for p in own) for _, _, own in layers]
    updates: list[float | None] = [None] * len(layers)
    if step is not None:
        before = [[p.array.copy() for p in own] for _, _, own in layers]
        step()
        updates = [
            _norm(p.array - old for p, old in zip(own, olds, strict=True))
            for (_, _, own), olds in zip(layers, before, strict=True)
        ]
    least = vanishing * max((g for g in gradients if math.isfinite(g)), default=0.0)
    rows = []
    for (path, name, own), there, g, weight, update in zip(layers, arrived, gradients, weights, updates, strict=True):
        if not there:
            finding = "no gradient" if any(p.requires_grad for p in own) else "frozen"
        elif not math.isfinite(g):
            finding = "not finite"
        elif g > exploding:
            finding = "exploding"
        elif g < least or not g:
            finding = "vanishing"
        else:
            finding = "not moved" if update == 0 else ""
        rows.append(GradientRow(path, name, finding, g if there else None, weight, update))
    return GradientReport(tuple(rows))


def _layers(model: Module) -> Iterable[tuple[str, str, list[Parameter]]]:
    """Yield path, class and own parameters of the modules that have some; a shared parameter once."""
    seen: set[int] = set()
    for path, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in seen]
        seen.update(map(id, own))
        if own:
            yield path, type(module).__name__, own


def _norm(arrays: Iterable[NDArray[Any]]) -> float:
    """Return the Euclidean norm of all numbers together, which overflows only where a number does."""
    wide = [np.asarray(a, np.float64).ravel() for a in arrays]
    largest = float(np.max([np.abs(a).max(initial=0.0) for a in wide], initial=0.0))  # NaN if there is one
    if not largest or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(sum(float(np.dot(a / largest, a / largest)) for a in wide))
