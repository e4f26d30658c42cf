"""Gaussian elimination: factorization into triangles with partial pivoting, and systems whose matrix is a triangle.

NumPy's LAPACK has neither by itself.  Rows are combined with rows, which lie in one piece of memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..layout import compact

__all__ = ["lu", "permutation", "solve_triangle"]

INT32 = np.dtype(np.int32)


@kernel
def _eliminate(a: Any, pivots: Any) -> None:
    count, rows, columns = a.shape
    for b in range(count):
        for k in range(min(rows, columns)):
            best = k
            for i in range(k + 1, rows):
                if abs(a[b, i, k]) > abs(a[b, best, k]):
                    best = i
            pivots[b, k] = best + 1
            if best != k:
                for j in range(columns):
                    a[b, k, j], a[b, best, j] = a[b, best, j], a[b, k, j]
            if a[b, k, k] != 0:
                for i in range(k + 1, rows):  # a[i, j] -= l[i, k] u[k, j]
                    factor = a[b, i, k] / a[b, k, k]
                    a[b, i, k] = factor
                    for j in range(k + 1, columns):
                        a[b, i, j] -= factor * a[b, k, j]


def lu(x: ndarray) -> tuple[ndarray, ndarray]:
    """Return the factors of matrices x (..., M, N) in one array, and the row that each step exchanged with its own.

    The array has U on and above the diagonal, and below it L, whose diagonal is 1.  Rows are counted from 1, as in
    LAPACK, and int32.
    """
    *batch, rows, columns = x.shape
    count = math.prod(batch)
    out = np.array(x, order="C")
    pivots = np.empty((*batch, min(rows, columns)), INT32)
    _eliminate(out.reshape(count, rows, columns), pivots.reshape(count, min(rows, columns)))
    return out, pivots


@kernel
def _exchange(order: Any, pivots: Any) -> None:
    for b in range(order.shape[0]):
        for k in range(pivots.shape[1]):
            other = pivots[b, k] - 1
            order[b, k], order[b, other] = order[b, other], order[b, k]


def permutation(pivots: ndarray, rows: int) -> ndarray:
    """Return which row of x each row of L U is, int64, after the exchanges that ``lu`` made."""
    *batch, steps = pivots.shape
    count = math.prod(batch)
    order = np.empty((*batch, rows), np.int64)
    order[...] = np.arange(rows)
    _exchange(order.reshape(count, rows), compact(pivots, (count, steps), INT32))
    return order


@kernel
def _substitute(a: Any, x: Any, upper: bool, unit: bool) -> None:
    count, size, width = x.shape
    for b in range(count):
        for step in range(size):
            i = size - 1 - step if upper else step
            for known in range(step):  # x[i] = (b[i] - sum over j of a[i, j] x[j]) / a[i, i]
                j = size - 1 - known if upper else known
                factor = a[b, i, j]
                for c in range(width):
                    x[b, i, c] -= factor * x[b, j, c]
            if not unit:
                for c in range(width):
                    x[b, i, c] /= a[b, i, i]


def solve_triangle(a: ndarray, b: ndarray, upper: bool, unit: bool) -> ndarray:
    """Return x with a x = b, for a (..., N, N) of which one triangle is read, and b (..., N, K).

    *unit*: the diagonal is 1, and not read.  Leading dims broadcast.  A zero on the diagonal gives infinity or NaN.
    """
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    count, (size, width) = math.prod(batch), b.shape[-2:]
    out = np.empty((*batch, size, width), b.dtype)
    out[...] = b
    wide = np.broadcast_to(a, (*batch, size, size))
    _substitute(compact(wide, (count, size, size)), out.reshape(count, size, width), upper, unit)
    return out


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.ones((1, 1), dtype)
    out, pivots = lu(x)
    permutation(pivots, 1)
    solve_triangle(out, x, upper=True, unit=False)
