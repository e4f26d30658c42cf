"""What every layer's outputs are like: how far they spread, how many are saturated, how many units are dead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from ..layers import Hardsigmoid, Hardtanh, ReLU6, Sigmoid, Softsign, Tanh
from ..module import Module
from ..table import table
from ..training.evaluation import modes_kept
from .layers import recorded
from .scores import check_input

__all__ = ["ActivationReport", "ActivationRow", "activation_report"]

BOUNDS: dict[type[Module], tuple[float, float]] = {
    Hardsigmoid: (0, 1),
    ReLU6: (0, 6),
    Sigmoid: (0, 1),
    Softsign: (-1, 1),
    Tanh: (-1, 1),
}
NEAR = 0.01  # of the range of an activation: what is nearer to an end than this is saturated


@dataclass(frozen=True)
class ActivationRow:
    """One layer's outputs: mean and standard deviation of all numbers; *saturated* and *dead* are shares from 0 to 1.

    *saturated* numbers lie at an end of the activation's range (within 1 % of it); None where that has no end on both
    sides.  *dead* units give the same number for every input.

    >>> ActivationRow("1", "Tanh", mean=0.0, std=0.6, saturated=0.01, dead=0.0).std
    0.6
    """

    path: str
    name: str
    mean: float
    std: float
    saturated: float | None
    dead: float


@dataclass(frozen=True)
class ActivationReport:
    """What ``activation_report`` found; ``str(...)`` is the table.

    >>> print(ActivationReport((ActivationRow("1", "Tanh", 0.0, 0.6, 0.01, 0.0),)))
    layer  class  mean  std  saturated  dead
    ----------------------------------------
    1      Tanh      0  0.6       1.0%  0.0%
    ----------------------------------------
    """

    rows: tuple[ActivationRow, ...]

    def __str__(self) -> str:
        return "\n".join(table(("layer", "class", "mean", "std", "saturated", "dead"), map(self._cells, self.rows), 2))

    @staticmethod
    def _cells(row: ActivationRow) -> tuple[str, ...]:
        saturated = "-" if row.saturated is None else f"{row.saturated:.1%}"
        return row.path or "model", row.name, f"{row.mean:.3g}", f"{row.std:.3g}", saturated, f"{row.dead:.1%}"


@ag.no_grad()
def activation_report(model: Module, input: Tensor, kinds: tuple[type[Module], ...] = ()) -> ActivationReport:
    """Return mean, spread, saturation and dead units of what each layer gives for *input* (N, ...).

    *kinds* are classes of layers, ``(nn.Tanh,)`` for example; by default all that hold no others are shown.  A unit is a
    number of the output, and for pictures (N, C, ...) a channel.  The model computes in the mode in which it is, since batch
    normalisation, say, is to be seen as it trains; its buffers are left as they were.  Raises DtypeError and ShapeError for
    an *input* that is no batch of floating numbers.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(1, 2), nn.Tanh())
    >>> for parameter in model.parameters():
    ...     _ = nn.init.ones_(parameter)
    >>> print(activation_report(model, ag.tensor([[-1.0], [9.0]])))
    layer  class   mean  std  saturated  dead
    -----------------------------------------
    0      Linear     5    5          -  0.0%
    1      Tanh     0.5  0.5      50.0%  0.0%
    -----------------------------------------
    """
    check_input("activation_report", input)
    chosen = {
        path: module
        for path, module in model.named_modules()
        if (isinstance(module, kinds) if kinds else not any(True for _ in module.children()))
    }
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    with modes_kept(model), recorded(chosen) as found:
        model(input)
    for buffer, before in buffers:
        buffer.copy_(before)
    return ActivationReport(tuple(_row(path, chosen[path.partition(" #")[0]], out) for path, out in found.items()))


def _row(path: str, module: Module, output: Tensor) -> ActivationRow:
    values = np.asarray(output.array, np.float64)
    units = (
        values.reshape(len(values), -1) if values.ndim < 3 else np.moveaxis(values, 1, -1).reshape(-1, values.shape[1])
    )
    saturated = None
    bounds = (module.min_val, module.max_val) if type(module) is Hardtanh else BOUNDS.get(type(module))
    if bounds is not None:
        low, high = bounds
        near = NEAR * (high - low)
        saturated = float(((values < low + near) | (values > high - near)).mean())
    dead = float((units.max(axis=0) == units.min(axis=0)).mean())
    return ActivationRow(path, type(module).__name__, float(values.mean()), float(values.std()), saturated, dead)
