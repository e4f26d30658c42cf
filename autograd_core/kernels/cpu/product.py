"""Matrix products by NumPy's BLAS, from operands laid out as it likes them best.

A BLAS first copies its operands into an order of its own.  OpenBLAS takes three times as long for that where the right one
is a transposed matrix, as the weight of a linear layer is: up to half the time of a small product.  So such a matrix is
turned here, square by square, in vector registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..layout import compact
from ..memory import empty
from ..threads import parallel
from ..vector import registers
from .convolution.tiles import transpose_tile

__all__ = ["affine", "product", "transposed"]

BYTES = registers().bytes
FEW = 4  # rows up to which BLAS multiplies a transposed matrix without copying it
WORTH = 1 << 18  # multiplications from which a copy saves more time than it takes
COST = 0.15  # nanoseconds to turn an element, on one core


def product(x: ndarray, y: ndarray) -> ndarray:
    """Return x @ y for matrices (M, K) and (K, N) of one dtype."""
    rows = x.shape[0]
    if rows * y.size < WORTH or rows < FEW or x.dtype.kind != "f":
        return x.dot(y)
    if y.flags.f_contiguous and not y.flags.c_contiguous:
        y = transposed(y.T)
    return x.dot(y, empty((rows, y.shape[1]), x.dtype))


def affine(x: ndarray, w: ndarray, b: ndarray) -> ndarray:
    """Return x @ w.T + b for x (N, I), w (O, I), b (O,) of one dtype."""
    out = product(x, w.T)
    if out.dtype.kind == "f" and b.flags.carray:
        _add_row(out, b)
        return out
    return np.add(out, b, out)


def transposed(x: ndarray) -> ndarray:
    """Return x.T in C order, for a floating matrix x (M, N) in C order."""
    side = BYTES // x.itemsize
    if min(x.shape) < side:
        return x.T.copy()
    out = empty(x.shape[::-1], x.dtype)
    parallel(_turn_share, -(-x.shape[1] // side), out.reshape(-1), compact(x, (x.size,)), x.shape, work=COST * x.size)
    return out


def _turn_share(start: int, stop: int, out: ndarray, x: ndarray, shape: tuple[int, int]) -> None:
    _turn(out, x, *shape, start, stop)


@kernel
def _turn(out: Any, x: Any, rows: int, columns: int, start: int, stop: int) -> None:
    """out[j, i] = x[i, j], both flat, in squares; the last ones go over elements that were turned already."""
    side = BYTES // x.itemsize
    for column in range(start * side, stop * side, side):
        j = min(column, columns - side)
        for row in range(0, rows, side):
            i = min(row, rows - side)
            transpose_tile(out, j * rows + i, rows, x, i * columns + j, columns, side, side)


@kernel
def _add_row(y: Any, b: Any) -> None:
    for n in range(y.shape[0]):  # y[n, o] += b[o]
        for o in range(y.shape[1]):
            y[n, o] += b[o]


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    transposed(np.zeros((BYTES, BYTES), dtype))
    affine(np.zeros((1, 1), dtype), np.zeros((1, 1), dtype), np.zeros(1, dtype))
