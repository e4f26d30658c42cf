"""The few largest or smallest elements of one axis, found in one sweep.

An array is seen as (A, K, C), with the axis in the middle.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from .. import memory
from ..jit import at_warm_up, kernel
from ..layout import around, compact
from ..threads import parallel

__all__ = ["extremes"]

INT64 = np.dtype(np.int64)


@kernel
def _before(v: Any, w: Any, largest: bool) -> bool:
    """Return whether v comes before w: it is larger, or smaller; NaN is the largest."""
    if largest:
        return v > w or (v != v and w == w)
    return v < w or (w != w and v == v)


@kernel
def _extremes(start: int, stop: int, x: Any, largest: bool, place: Any) -> None:
    """place[a, :, c] = where the most extreme of x[a, :, c] are, in order; of equals the first come first."""
    _, size, width = x.shape
    k = place.shape[1]
    best = np.empty(k, x.dtype)
    for a in range(start, stop):
        for c in range(width):
            found = 0
            for i in range(size):
                v = x[a, i, c]
                if found == k and not _before(v, best[k - 1], largest):
                    continue  # nearly all
                j = min(found, k - 1)
                while j and _before(v, best[j - 1], largest):
                    best[j], place[a, j, c] = best[j - 1], place[a, j - 1, c]
                    j -= 1
                best[j], place[a, j, c] = v, i
                found = min(found + 1, k)


def extremes(x: ndarray, k: int, axis: int, *, largest: bool) -> ndarray:
    """Return the places along *axis* of its *k* largest or smallest elements, in order; of equals the first come first.

    *k* is at least 1 and at most the size of *axis*.  The work of unlucky orders grows with *k*: it is for small ones.
    """
    places = memory.empty((*x.shape[:axis], k, *x.shape[axis + 1 :]), INT64)
    if places.size:
        rows = compact(x, around(x.shape, axis))
        found = places.reshape(around(places.shape, axis))
        parallel(_extremes, len(rows), rows, largest, found, work=2.0 * x.size)
    return places


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    extremes(np.zeros(2, dtype), 1, 0, largest=True)
