"""Matrix products, on the tiles of ``tiles``; NumPy's BLAS has those that are small or narrow, and other dtypes.

The right matrix is laid out in *panels*: some neighbouring columns, all rows of the first panel, then of the next one.  A
tile multiplies a few rows of the left matrix, which may lie in any order, with a panel.  A BLAS lays out both matrices, and
takes long for one that is transposed, as the weight of a linear layer is: here it is turned square by square in vector
registers.

Each element is a sum over k in ascending order, whoever computes it: results do not depend on the number of threads.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.lib.stride_tricks import as_strided

from .. import blas, memory
from ..jit import at_warm_up, kernel
from ..layout import compact
from ..threads import PAYS_FROM, parallel
from ..vector import is_available, lanes, registers
from .copies import copy_rows, transpose_tile
from .tiles import CHANNEL_TILES, channel_tile

__all__ = ["COST", "ROWS", "affine", "multiply_rows", "panels_of", "product", "products"]

WIDE, NARROW = 1, 2  # of CHANNEL_TILES, with equally many rows
ROWS, WIDTH = CHANNEL_TILES[WIDE]
DEPTH = 1024  # rows of a panel that are laid out at once: with a few rows of x they stay in the second cache
PIECE = 256  # products that are summed one after the other: many pieces have smaller rounding errors than one long sum
BLOCK = 256  # rows of x that a panel is laid out for, over and over,
MANY = 16  # unless there are so many panels: then for all rows
LONG = 512  # columns of a transposed x from which on it is turned, for they lie in so many pages of memory
FEW = 4  # rows of x below which there is too little to do for each element that is laid out
WORTH = 1 << 20  # multiplications below which BLAS takes less time
ALONE = 1 << 18  # multiplications up to which BLAS uses one thread anyway
BYTES = registers().bytes
COST = 0.02  # nanoseconds, on one core, for a multiplication,
COST_OF_TURNING = 0.15  # and for an element


def affine(x: ndarray, w: ndarray, b: ndarray) -> ndarray:
    """Return x @ w.T + b for x (N, I), w (O, I), b (O,) of one dtype."""
    return product(x, w.T, b)


def product(x: ndarray, y: ndarray, bias: ndarray | None = None, out: ndarray | None = None) -> ndarray:
    """Return x @ y + *bias* for matrices (M, K) and (K, N) of one dtype, in any memory layout.

    The result is in *out*, if given, which is in C order.
    """
    (m, k), n, dtype = x.shape, y.shape[1], x.dtype
    if m * k * n < WORTH or m < FEW or n < lanes(dtype) or dtype not in _OURS or y.shape[0] != k or not is_available():
        found: ndarray = x.dot(y, out) if m * k * n < ALONE else blas.one_thread(x.dot, y, out)
        return found if bias is None else np.add(found, bias, found)
    if k >= LONG and x.flags.f_contiguous and not x.flags.c_contiguous:
        if bias is None and n * (k + m) < m * k:  # less has to be turned for the transposed product
            return _turned(product(y.T, x.T), out)
        x = _turned(x.T)
    tile = WIDE if n > lanes(dtype) else NARROW
    columns = CHANNEL_TILES[tile][1] * lanes(dtype)
    panels = -(-n // columns)
    block = m if panels >= MANY else BLOCK
    if out is None:
        out = memory.empty((m, n), dtype)
    first = _NOTHING[dtype] if bias is None else compact(bias, (n,))
    args = *_flat(x), *_flat(y), first, out.reshape(-1), m, k, n, tile, columns, block
    parallel(_share, panels * -(-m // block), *args, work=COST * m * n * k)
    return out


_OURS = np.dtype(np.float32), np.dtype(np.float64)
_NOTHING = {dtype: np.empty(0, dtype) for dtype in _OURS}


def _flat(matrix: ndarray) -> tuple[ndarray, int, int]:
    """Return the elements of *matrix*, and how far apart neighbours are along each axis, one of them 1."""
    (rows, columns), (down, across), size = matrix.shape, matrix.strides, matrix.itemsize
    if matrix.flags.f_contiguous and not matrix.flags.c_contiguous:
        return compact(matrix.T, (matrix.size,)), 1, rows
    if (
        across == size and down > columns * size and down % size == 0 and matrix.size and matrix.flags.behaved
    ):  # some columns of a wider one
        pitch = down // size
        return as_strided(matrix, ((rows - 1) * pitch + columns,), (size,)), pitch, 1
    return compact(matrix, (matrix.size,)), columns, 1


def _turned(x: ndarray, out: ndarray | None = None) -> ndarray:
    """Return x.T in C order, for x in C order; in *out*, if given."""
    rows, columns = x.shape
    if out is None:
        out = memory.empty((columns, rows), x.dtype)
    side = lanes(x.dtype)
    args = out.reshape(-1), compact(x, (x.size,)), rows, columns
    parallel(_turn, -(-columns // side), *args, work=COST_OF_TURNING * x.size)
    return out


@kernel
def _turn(start: int, stop: int, out: Any, x: Any, rows: int, columns: int) -> None:
    """out[j, i] = x[i, j], both flat, for a few columns j in each step."""
    side = BYTES // x.itemsize
    for j in range(start * side, min(stop * side, columns), side):
        for i in range(0, rows, side):
            transpose_tile(
                out, j * rows + i, rows, x, i * columns + j, columns, min(side, rows - i), min(side, columns - j)
            )


def _share(start: int, stop: int, *args: Any) -> None:
    *_, k, _, _, columns, _ = args
    scratch = memory.workspace(min(k, DEPTH) * columns, args[0].dtype)
    _multiply(start, stop, *args, scratch)  # type: ignore[call-arg]  # who could count them?


@kernel
def _multiply(
    start: int, stop: int, x: Any, x_row: int, x_step: int, y: Any, y_row: int, y_column: int, bias: Any, out: Any, m: int,
    k: int, n: int, tile: int, columns: int, block: int, panel: Any,
) -> None:  # fmt: skip
    """out[i, j] = bias[j] + sum_k x[i, k] y[k, j], for a panel of columns and a block of rows in each step."""
    table = _table(x_row, x_step, min(k, DEPTH))
    panels = (n + columns - 1) // columns
    for step in range(start, stop):
        i, j = step // panels * block, step % panels * columns
        rows, width = min(block, m - i), min(columns, n - j)
        if bias.size:
            for r in range(i, i + rows):
                out[r * n + j : r * n + j + width] = bias[j : j + width]
        for first in range(0, k, DEPTH):
            depth = min(DEPTH, k - first)
            _pack(panel, 0, columns, y, first * y_row + j * y_column, y_row, y_column, depth, width)
            x0, anew = i * x_row + first * x_step, first == 0 and not bias.size
            _add_panel(tile, x, x0, x_row, table, depth, panel, 0, columns, out, i * n + j, n, rows, width, anew)


@kernel
def _table(x_row: int, x_step: int, depth: int) -> Any:
    """Return where the rows of a tile begin, the same for its last rows (filled in later), and the elements of a row."""
    table = np.empty(2 * ROWS + depth, np.int64)
    for r in range(ROWS):
        table[r] = r * x_row
    for k in range(depth):
        table[2 * ROWS + k] = k * x_step
    return table


@kernel
def _pack(
    panel: Any, p0: int, columns: int, y: Any, y0: int, y_row: int, y_column: int, depth: int, width: int
) -> None:
    """panel[k, c] = y[k, c] for k < depth and c < width; the other columns may hold anything."""
    if y_column == 1:
        copy_rows(0, panel, p0, columns, y, y0, y_row, 0, width, columns, depth)
        return
    side = BYTES // y.itemsize
    for c in range(0, width, side):
        for k in range(0, depth, side):
            to, of = p0 + k * columns + c, y0 + c * y_column + k
            transpose_tile(panel, to, columns, y, of, y_column, min(side, width - c), min(side, depth - k))


@kernel
def _add_panel(
    tile: int, x: Any, x0: int, x_row: int, table: Any, depth: int, panel: Any, p0: int, columns: int, out: Any, y0: int,
    pitch: int, rows: int, width: int, anew: bool,
) -> None:  # fmt: skip
    """out[i, j] += sum_k x[i, k] panel[k, j] for i < rows and j < width; if *anew*, out is taken to be 0."""
    sums = np.empty(ROWS * columns, out.dtype)
    for i in range(0, rows, ROWS):
        x1, y1 = x0 + i * x_row, y0 + i * pitch
        whole = i + ROWS <= rows and width == columns
        if not whole:
            for r in range(ROWS):  # a row beyond the last reads the last
                table[ROWS + r] = min(r, rows - 1 - i) * x_row
        for first in range(0, depth, PIECE):
            k, p1, taps = min(PIECE, depth - first), p0 + first * columns, 2 * ROWS + first
            if whole:
                start = anew and first == 0
                channel_tile(tile, x, x1, table, 0, taps, k, panel, p1, columns, out, y1, pitch, start)
            else:
                channel_tile(tile, x, x1, table, ROWS, taps, k, panel, p1, columns, sums, 0, columns, first == 0)
        if not whole:
            for r in range(min(ROWS, rows - i)):
                for c in range(width):
                    so_far = out.dtype.type(0) if anew else out[y1 + r * pitch + c]
                    out[y1 + r * pitch + c] = so_far + sums[r * columns + c]


# ------------------------------------------------------------------------------------------------- stacks of matrices


def products(x: ndarray, y: ndarray) -> ndarray:
    """Return x @ y, whatever their numbers of dims; matrices of a large stack are shared out among threads."""
    if x.ndim < 2 or y.ndim < 2 or max(x.ndim, y.ndim) == 2:
        return np.matmul(x, y)
    work = COST * x.size * y.shape[-1]
    if work < PAYS_FROM or y.shape[-2] != x.shape[-1]:
        return blas.one_thread(np.matmul, x, y)
    stack = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = memory.empty((*stack, x.shape[-2], y.shape[-1]), np.result_type(x, y))
    both = (np.broadcast_to(a, stack + a.shape[-2:]) for a in (x, y))
    blas.one_thread(partial(parallel, work=work), _stack_share, stack[0], *both, out)
    return out


def _stack_share(start: int, stop: int, x: ndarray, y: ndarray, out: ndarray) -> None:
    np.matmul(x[start:stop], y[start:stop], out=out[start:stop])


# --------------------------------------------------------------------------------------- many products with one matrix


def panels_of(matrix: ndarray, rows: int) -> ndarray:
    """Lay *matrix* (K, N) out for products with so many rows, which ``multiply_rows`` computes; or nothing, where BLAS does.

    The result is flat, (panels, K, columns).
    """
    k, n = matrix.shape
    if rows < FEW or n < lanes(matrix.dtype) or not is_available():
        return _NOTHING[matrix.dtype]
    columns = CHANNEL_TILES[WIDE][1] * lanes(matrix.dtype)
    panels = memory.workspace(-(-n // columns) * columns * k, matrix.dtype)
    _pack_all(panels, columns, *_flat(matrix), k, n)
    return panels


@kernel
def _pack_all(panels: Any, columns: int, y: Any, y_row: int, y_column: int, k: int, n: int) -> None:
    for j in range(0, n, columns):
        _pack(panels, j * k, columns, y, j * y_column, y_row, y_column, k, min(columns, n - j))


@kernel
def multiply_rows(x: Any, x0: int, pitch: int, rows: int, panels: Any, out: Any, y0: int, k: int, n: int) -> None:
    """out[i, j] = sum_k x[i, k] matrix[k, j] for i < *rows*; x and out, flat, begin at x0 and y0, out has rows of n."""
    columns = WIDTH * (BYTES // out.itemsize)
    table = _table(pitch, 1, k)
    for j in range(0, n, columns):
        width = min(columns, n - j)
        _add_panel(WIDE, x, x0, pitch, table, k, panels, j * k, columns, out, y0 + j, n, rows, width, True)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros((LONG, 64), dtype)
    affine(x, x, x[:, 0])
    product(x.T, x)
    panels_of(x, FEW)
