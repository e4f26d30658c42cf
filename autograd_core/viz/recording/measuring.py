"""Numbers about arrays and activations, read from a graph while it is there; nothing in it is changed or computed again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...graph import Node
from ...primitive import Primitive
from ..values import declaration, norm_of, operands_of, saved_operands
from .frames import ActivationReading

__all__ = ["Silence", "activations", "counts", "norm", "reading_of"]

BOUNDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
NEAR = 0.01  # of the range between the bounds: where the derivative is below 1/25 of its largest value
BACK = 8  # calls before an activation function in which the layer is looked for


def norm(a: ndarray) -> float:
    """Return the Euclidean norm of all entries; infinite or NaN where an entry is.

    >>> from autograd_core.viz.recording.measuring import norm
    >>> norm(np.float32([3, 4])), norm(np.ones(0)), norm(np.array([1, np.inf]))
    (5.0, 0.0, inf)
    """
    if not a.size:
        return 0.0
    with np.errstate(all="ignore"):
        found = norm_of(a.ravel())
    if math.isfinite(found) or np.isnan(a).any():
        return found
    return math.inf


def activations(calls: Iterable[Node]) -> Iterator[tuple[str, str, list[ndarray], int]]:
    """Yield of each activation function among *calls*, oldest first, its path, its name, its results, and the dim of units.

    Calls at one place of the program in one module are one, as the time steps of a recurrent network are.  Only results that
    the graph keeps for its formulas are there.
    """
    oldest_first = list(calls)
    wanted = {call for call in oldest_first if _is_activation(call)}
    found: dict[Node, ndarray] = {}
    for call in oldest_first:
        if type(call.saved) is not tuple or not isinstance(declaration(call), Primitive):
            continue
        reads = call.reads()
        out = reads.get("out")
        if call in wanted and type(out) is ndarray:
            found[call] = out
        for (_, parent), a in zip(operands_of(call), saved_operands(call, reads), strict=True):
            if parent in wanted and type(a) is ndarray and a.shape == parent.shape:
                found.setdefault(parent, a)
    places: dict[Any, tuple[str, str, list[ndarray], int]] = {}
    for call in oldest_first:
        if call in found and call.shape:
            path, units = "" if call.scope is None else call.scope.path, _units(call)
            key = path, call.name(), call.code, call.lasti, call.shape[units]
            places.setdefault(key, (path, call.name(), [], units))[2].append(found[call])
    yield from places.values()


def _is_activation(call: Node) -> bool:
    prim = declaration(call)
    if not isinstance(prim, Primitive) or len(prim.operands) != 1:
        return False
    return prim.name == "tanh" or prim.forward.__module__.endswith(".ops.activation")


def _units(call: Node) -> int:
    """Return along which dim the units of a layer are: the channels behind a convolution, else the last."""
    node: Node | None = call
    for _ in range(BACK):
        node = node.parents[0] if node is not None and node.parents else None
        if node is None or node.prim is None:
            break
        family = getattr(getattr(declaration(node), "forward", None), "__module__", "")
        if family.endswith(".linalg"):
            return -1
        if family.endswith(".conv") and len(call.shape) > 1:
            return 1
    return 1 if len(call.shape) > 3 else -1


def counts(g: ndarray) -> tuple[int, int]:
    """Return how many entries are 0, and how many are NaN or infinite."""
    zeros = int(g.size - np.count_nonzero(g))
    with np.errstate(all="ignore"):
        fine = math.isfinite(float(g.sum())) if g.size else True  # a sum that is finite has finite parts
    return zeros, 0 if fine else int(g.size - np.isfinite(g).sum())


def reading_of(name: str, outs: Sequence[ndarray], silent: float) -> ActivationReading:
    """Return what the results *outs* of the activation function *name* are like, all together."""
    size = sum(out.size for out in outs) or 1
    low, high = BOUNDS.get(name, (-math.inf, math.inf))
    margin = NEAR * (high - low) if name in BOUNDS else 0.0
    with np.errstate(all="ignore"):
        mean = sum(float(out.sum(dtype=np.float64)) for out in outs) / size
        variance = sum(float(np.square(out - mean, dtype=np.float64).sum()) for out in outs) / size
        near = sum(int(((out < low + margin) | (out > high - margin)).sum()) for out in outs) / size
    zeros = sum(out.size - int(np.count_nonzero(out)) for out in outs) / size
    return ActivationReading(mean, math.sqrt(variance), zeros, silent, near if name in BOUNDS else None)


class Silence:
    """Counts in how many frames, one after the other, each unit of each activation function was 0 for the whole batch."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self._counts: dict[Any, ndarray] = {}

    def share(self, key: Any, outs: Sequence[ndarray], dim: int) -> float:
        """Take in the results of one frame, and return the share of units that have been silent as long as *patience*."""
        silent = np.logical_and.reduce([_all_zero(out, dim) for out in outs])
        before = self._counts.get(key)
        if before is None or before.shape != silent.shape:
            before = np.zeros(silent.shape, np.int64)
        counts = self._counts[key] = (before + 1) * silent
        return float((counts >= self.patience).mean()) if counts.size else 0.0


def _all_zero(out: ndarray, dim: int) -> ndarray:
    found: ndarray = (out == 0).all(axis=tuple(i for i in range(out.ndim) if i != dim % out.ndim))
    return found
