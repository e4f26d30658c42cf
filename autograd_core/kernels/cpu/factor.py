"""Products of a few rows with one matrix, many times over: the matrix is laid out once for the vector registers.

BLAS lays it out anew for each product, which takes a quarter of the time when there are 32 rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..memory import workspace
from ..threads import parallel
from ..vector import lanes
from .convolution.tiles import CHANNEL_TILES, channel_tile

__all__ = ["Factor"]

TILE = 1  # of CHANNEL_TILES: two vectors wide
ROWS, VECTORS = CHANNEL_TILES[TILE]

WORK = 0.02  # nanoseconds, on one core, for a multiplication


class Factor(NamedTuple):
    """A matrix (K, M), and what is laid out: panels of some columns each, all rows of the first, then of the next ones."""

    matrix: ndarray
    panels: ndarray  # flat, (panels, K, columns), with zeros after the last column
    offsets: ndarray  # 0 .. K - 1
    columns: int  # of a panel
    width: int  # columns of all panels, M or somewhat more

    @classmethod
    def of(cls, matrix: ndarray, rows: int) -> Factor:
        """Lay *matrix* out for products of at most so many rows: with less than a tile of them, in C order only."""
        k, m = matrix.shape
        if rows < ROWS:
            whole = np.ascontiguousarray(matrix)
            return cls(whole, whole.reshape(-1), np.arange(k), m, m)
        columns = VECTORS * lanes(matrix.dtype)
        count = -(-m // columns)
        panels = workspace(k * count * columns, matrix.dtype)
        for part, first in zip(panels.reshape(count, k, columns), range(0, m, columns)):
            some = matrix[:, first : first + columns]
            part[:, : some.shape[1]], part[:, some.shape[1] :] = some, 0
        return cls(matrix, panels, np.arange(k), columns, count * columns)

    def multiply(self, x: ndarray, out: ndarray) -> None:
        """Write the product of the first K columns of x with the matrix to the first M columns of *out* (rows, width).

        Both are contiguous; *out* may have more rows than x.
        """
        (n, pitch), (k, m) = x.shape, self.matrix.shape
        if n < ROWS:
            np.matmul(x[:, :k], self.matrix, out=out[:n, :m])
            return
        args = x.reshape(-1), pitch, self.offsets, self.panels, self.columns, out.reshape(-1), self.width, n
        parallel(_multiply, self.width // self.columns, *args, work=WORK * n * k * m)


@kernel
def _multiply(
    start: int, stop: int, x: Any, pitch: int, offsets: Any, panels: Any, columns: int, y: Any, width: int, n: int
) -> None:
    """y[i, j] = sum_k x[i, k] matrix[k, j] for the columns j of some panels."""
    k = len(offsets)
    table = np.empty(ROWS + k, np.int64)  # where the rows of a tile begin, then the numbers of a row
    for r in range(ROWS):
        table[r] = r * pitch
    table[ROWS:] = offsets
    for panel in range(start, stop):
        for i in range(0, n, ROWS):
            row = min(i, n - ROWS)  # the last tile computes some rows again
            target = row * width + panel * columns
            channel_tile(
                TILE, x, row * pitch, table, 0, ROWS, k, panels, panel * k * columns, columns, y, target, width, True
            )


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    factor = Factor.of(np.zeros((1, 1), dtype), ROWS)
    factor.multiply(np.zeros((ROWS, 1), dtype), np.empty((ROWS, factor.width), dtype))
