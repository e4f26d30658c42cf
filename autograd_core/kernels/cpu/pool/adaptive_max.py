"""Max pooling over regions that divide a volume evenly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import at_warm_up, kernel
from ...threads import parallel
from .max import compare
from .windows import Sizes, flat, regions

__all__ = ["adaptive_max_pool"]


def adaptive_max_pool(x: ndarray, *, size: Sizes) -> tuple[ndarray, ndarray]:
    """Return the largest element in each of a grid of *size* regions, and its index in the flat plane, as int64.

    See ``windows.regions``.  Of equal elements the first counts, and a NaN is larger than all else.
    """
    shape = (*x.shape[:2], *size)
    y, indices = memory.empty(shape, x.dtype), memory.empty(shape, np.dtype(np.int64))
    sizes, where = regions(x.shape[2:], size)
    parallel(_max_of_regions, x.shape[0] * x.shape[1], *flat(x, y, indices), *where, sizes, work=0.4 * x.size + y.size)
    return y, indices


@kernel
def _max_of_regions(start: int, stop: int, x: Any, y: Any, indices: Any, d: Any, h: Any, w: Any, size: Sizes) -> None:
    """y[n, o, p, q] = max_ijk x[n, i, j, k] over a region, and indices[n, o, p, q] = (i H + j) W + k.

    The rows are compared first, column by column, which is a vectorised loop; then the columns.
    """
    width = size[2]
    largest, row = np.empty(width, x.dtype), np.empty(width, np.int32)
    to = start * d.shape[1] * h.shape[1] * w.shape[1]
    for n in range(start, stop):
        for o in range(d.shape[1]):
            for p in range(h.shape[1]):
                largest[:], row[:] = -np.inf, d[0, o] * size[1] + h[0, p]
                for i in range(d[0, o], d[1, o]):
                    for j in range(h[0, p], h[1, p]):
                        number = i * size[1] + j
                        compare(x, (n * size[0] * size[1] + number) * width, width, number, largest, row)
                for q in range(w.shape[1]):
                    y[to], indices[to] = _largest_column(largest, row, w[0, q], w[1, q])
                    to += 1


@kernel
def _largest_column(largest: Any, row: Any, low: int, high: int) -> tuple[float, int]:
    """Return the largest of largest[k], low <= k < high, and row[k] W + k: the least such, or of NaN the greatest."""
    width = len(largest)
    found, index = largest[low], row[low] * width + low
    for k in range(low + 1, high):
        element, place = largest[k], row[k] * width + k
        if element != element:
            better = found == found or place > index
        else:
            better = element > found or (element == found and place < index)
        if better:
            found, index = element, place
    return found, index


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    adaptive_max_pool(np.zeros((1, 1, 3, 3), dtype), size=(2, 2))
