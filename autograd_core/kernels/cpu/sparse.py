"""Products of a sparse matrix with one axis of an array: how signals and pictures are sampled anew.

The matrix comes row by row: row i holds ``weights[k]`` in column ``columns[k]``, for starts[i] <= k < starts[i + 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..layout import around, compact
from ..memory import empty
from ..threads import parallel

__all__ = ["sparse_product"]


def sparse_product(x: ndarray, axis: int, starts: ndarray, columns: ndarray, weights: ndarray) -> ndarray:
    """Return y with ``y[i] = sum_k weights[k] x[columns[k]]`` along *axis*, and all other axes as they are."""
    rows = len(starts) - 1
    y = empty((*x.shape[:axis], rows, *x.shape[axis + 1 :]), x.dtype)
    lead, size, rest = around(x.shape, axis)
    matrix, taps = (starts, columns, weights), len(columns) * lead * rest
    if rest == 1:
        parallel(_multiply_last, lead, compact(x, (lead, size)), y.reshape(lead, rows), *matrix, work=1.5 * taps)
    else:
        source, to = compact(x, (lead, size, rest)), y.reshape(lead, rows, rest)
        parallel(_multiply, lead * rows, source, to, *matrix, work=0.4 * taps)
    return y


@kernel
def _multiply(start: int, stop: int, x: Any, y: Any, starts: Any, columns: Any, weights: Any) -> None:
    """y[a, i, b] = sum_k weights[k] x[a, columns[k], b], for the rows (a, i) = start..stop-1."""
    rows, rest = y.shape[1:]
    for t in range(start, stop):
        a, i = t // rows, t % rows
        y[a, i] = 0
        for k in range(starts[i], starts[i + 1]):
            weight, j = weights[k], columns[k]
            for b in range(rest):
                y[a, i, b] += weight * x[a, j, b]


@kernel
def _multiply_last(start: int, stop: int, x: Any, y: Any, starts: Any, columns: Any, weights: Any) -> None:
    """y[a, i] = sum_k weights[k] x[a, columns[k]], for a = start..stop-1."""
    for a in range(start, stop):
        for i in range(y.shape[1]):
            total = x.dtype.type(0)
            for k in range(starts[i], starts[i + 1]):
                total += weights[np.uint64(k)] * x[a, np.uint64(columns[np.uint64(k)])]
            y[a, i] = total


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros((1, 1, 2), dtype)
    matrix = np.arange(2), np.zeros(1, np.int64), np.ones(1, dtype)
    for axis in (1, 2):
        sparse_product(x, axis, *matrix)
