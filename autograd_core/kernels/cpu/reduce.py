"""Sums: fast, and exact to the last bits.

A long sum of float32 numbers one after the other loses a digit for each factor of a hundred or so in its length.  Here a
piece of a row is summed in as many partial sums as vector registers hold, and pieces are added up in float64.  Over
columns each column has a partial sum for a block of rows, and blocks are added up in float64.  Pieces and blocks are fixed,
so the result does not depend on the number of threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from .. import memory
from ..jit import at_warm_up, kernel
from ..layout import compact
from ..threads import parallel

__all__ = ["products_of_others", "sum_over"]

ANY_ORDER = {"contract", "nsz", "reassoc"}  # what LLVM needs to keep several partial sums; NaN and infinity stay right
PIECE = 4096  # elements of a row that are summed in their own dtype
BLOCK = 32  # rows that are summed in their own dtype, column by column
CHUNK = 128  # columns that are summed together: their partial sums stay in the first cache
FEW = 8  # rows that NumPy adds up as fast, and as well
SHARE = 1 << 16  # elements of one long sum that make a share of work for threads

# ------------------------------------------------------------------------------------------------------------- one row


@kernel(fastmath=ANY_ORDER, inline=True)
def _piece(x: Any) -> Any:
    s = x.dtype.type(0)
    for i in range(x.size):
        s += x[i]
    return s


@kernel
def total(x: Any) -> float:
    """sum_i x[i]."""
    s = 0.0
    for i in range(0, x.size, PIECE):
        s += _piece(x[i : i + PIECE])
    return s


@kernel(fastmath=ANY_ORDER, inline=True)
def _piece_of_squares(x: Any, mean: Any) -> Any:
    s = x.dtype.type(0)
    for i in range(x.size):
        s += (x[i] - mean) * (x[i] - mean)
    return s


@kernel
def squares(x: Any, mean: Any) -> float:
    """sum_i (x[i] - mean)^2; *mean* has the dtype of x."""
    s = 0.0
    for i in range(0, x.size, PIECE):
        s += _piece_of_squares(x[i : i + PIECE], mean)
    return s


@kernel(fastmath=ANY_ORDER, inline=True)
def _piece_of_products(g: Any, x: Any, mean: Any) -> tuple[Any, Any]:
    s = x.dtype.type(0)
    t = x.dtype.type(0)
    for i in range(x.size):
        s += g[i]
        t += g[i] * (x[i] - mean)
    return s, t


@kernel
def products(g: Any, x: Any, mean: Any) -> tuple[float, float]:
    """sum_i g[i] and sum_i g[i] (x[i] - mean); *mean* has the dtype of x."""
    s = 0.0
    t = 0.0
    for i in range(0, x.size, PIECE):
        a, b = _piece_of_products(g[i : i + PIECE], x[i : i + PIECE], mean)
        s += a
        t += b
    return s, t


# --------------------------------------------------------------------------------------------------------- many columns


@kernel(fastmath=ANY_ORDER)
def column_totals(x: Any, low: int, high: int, partial: Any, out: Any) -> None:
    """out[j] = sum_i x[i, low + j] for low + j < high; *partial* is scratch of the dtype of x, *out* is float64."""
    width = high - low
    out[:width] = 0
    for block in range(0, x.shape[0], BLOCK):
        partial[:width] = 0
        last = min(block + BLOCK, x.shape[0])
        fours = block + (last - block) // 4 * 4
        for i in range(block, fours, 4):
            a, b, c, d = x[i, low:high], x[i + 1, low:high], x[i + 2, low:high], x[i + 3, low:high]
            for j in range(width):
                partial[j] += (a[j] + b[j]) + (c[j] + d[j])
        for i in range(fours, last):
            a = x[i, low:high]
            for j in range(width):
                partial[j] += a[j]
        for j in range(width):
            out[j] += partial[j]


# ------------------------------------------------------------------------------------------------------------------ sums


@kernel
def _sum_rows(start: int, stop: int, x: Any, size: int, out: Any) -> None:
    """out[i] = sum_j x[i size + j], j < size, as far as x goes."""
    for i in range(start, stop):
        out[i] = total(x[i * size : (i + 1) * size])


@kernel
def sum_columns(start: int, stop: int, x: Any, out: Any) -> None:
    """out[a, c] = sum_b x[a, b, c], for a chunk of the columns c in each step."""
    partial, sums = np.empty(CHUNK, x.dtype), np.empty(CHUNK, np.float64)
    chunks = (x.shape[2] + CHUNK - 1) // CHUNK
    for step in range(start, stop):
        a, low = step // chunks, step % chunks * CHUNK
        high = min(low + CHUNK, x.shape[2])
        column_totals(x[a], low, high, partial, sums)
        for j in range(high - low):
            out[a, low + j] = sums[j]


def sum_over(x: ndarray, axis: tuple[int, ...] | None, *, keepdims: bool) -> ndarray:
    """Return the sum of a float32 or float64 array of any strides over *axis*, None for all."""
    ndim = x.ndim
    summed = [True] * ndim if axis is None else [i in axis for i in range(ndim)]
    shape = tuple([1 if s else n for n, s in zip(x.shape, summed) if keepdims or not s])
    if not x.flags.c_contiguous:  # perhaps it is with its axes in another order, which sums do not mind
        kept = sorted((i for i in range(ndim) if not summed[i]), key=lambda i: -abs(x.strides[i]))
        if kept == sorted(kept):
            order = sorted(range(ndim), key=lambda i: -abs(x.strides[i]))
            x, summed = x.transpose(order), [summed[i] for i in order]
    sizes: list[int] = []  # of runs of axes that are kept or summed, in turn; the first are kept
    runs: list[bool] = []
    for n, s in zip(x.shape, summed):
        if runs and runs[-1] == s:
            sizes[-1] *= n
        elif n != 1:
            sizes.append(n)
            runs.append(s)
    x = compact(x, (x.size,))
    while True in runs:  # the last run first: then the rest is smallest
        i = len(runs) - 1 - runs[::-1].index(True)
        before, after = math.prod(sizes[:i]), math.prod(sizes[i + 1 :])
        x = _sum_run(x, before, sizes[i], after)
        del sizes[i], runs[i]
    return x.reshape(shape)


def _sum_run(x: ndarray, before: int, size: int, after: int) -> ndarray:
    """Return the sum over the middle axis of the flat x, seen as (before, size, after)."""
    if after != 1 and size <= FEW:
        few: ndarray = np.add.reduce(x.reshape(before, size, after), 1)
        return few.reshape(-1)
    out = np.empty(before * after, x.dtype)
    if after != 1:
        steps = before * -(-after // CHUNK)
        parallel(sum_columns, steps, x.reshape(before, size, after), out.reshape(before, after), work=0.08 * x.size)
    elif before == 1 and size > SHARE:
        sums = np.empty(-(-size // SHARE), np.float64)
        parallel(_sum_rows, sums.size, x, SHARE, sums, work=0.05 * size)
        _sum_rows(0, 1, sums, sums.size, out)
    else:
        parallel(_sum_rows, before, x, size, out, work=0.05 * x.size)
    return out


# -------------------------------------------------------------------------------------------------------------- products


@kernel
def _products_of_others(start: int, stop: int, x: Any, out: Any) -> None:
    """out[a, i, c] = prod_{j != i} x[a, j, c]: the product of those before, times the product of those after."""
    _, size, width = x.shape
    running = np.empty(width, x.dtype)
    for a in range(start, stop):
        running[:] = 1
        for i in range(size):
            for c in range(width):
                out[a, i, c] = running[c]
                running[c] *= x[a, i, c]
        running[:] = 1
        for i in range(size - 1, -1, -1):
            for c in range(width):
                out[a, i, c] *= running[c]
                running[c] *= x[a, i, c]


def products_of_others(x: ndarray) -> ndarray:
    """Return, for each element along axis 1 of x (A, B, C), the product of the others, without a division."""
    out = memory.empty(x.shape, x.dtype)
    parallel(_products_of_others, len(x), compact(x, x.shape), out, work=1.0 * x.size)
    return out


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros((2, 2, 2), dtype)
    sum_over(x, (0, 2), keepdims=False)
    sum_over(np.zeros(SHARE + 1, dtype), None, keepdims=False)
    products_of_others(x)
