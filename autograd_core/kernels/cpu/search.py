"""Binary search for many values at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..layout import compact
from ..threads import parallel

__all__ = ["insertion_places"]

FLOAT64, INT64 = np.dtype(np.float64), np.dtype(np.int64)


@kernel
def _insertion_places(start: int, stop: int, rows: Any, values: Any, each: int, right: bool, out: Any) -> None:
    """out[i] = how many of rows[i // each] are below values[i], or with *right* not above it; NaN is above all."""
    for i in range(start, stop):
        row, v = rows[i // each], values[i]
        low, high = 0, row.size
        while low < high:
            middle = (low + high) // 2
            if (row[middle] > v) if right else (row[middle] >= v):
                high = middle
            else:
                low = middle + 1
        out[i] = low


def insertion_places(rows: ndarray, values: ndarray, *, right: bool) -> ndarray:
    """Return where the last dim of *rows*, which is sorted, has place for each of *values*: left of equals, or *right*.

    *rows* has one dim, or the same dims in front of its last as *values*.
    """
    out = np.empty(values.shape, INT64)
    if out.size:
        dtype = FLOAT64 if "f" in (rows.dtype.kind, values.dtype.kind) else INT64
        *lead, size = rows.shape
        lines, flat = compact(rows, (math.prod(lead), size), dtype), compact(values, (values.size,), dtype)
        work = 5.0 * out.size * size.bit_length()
        parallel(_insertion_places, out.size, lines, flat, out.size // len(lines), right, out.reshape(-1), work=work)
    return out


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    row = np.zeros(1, dtype)
    insertion_places(row, row, right=False)
    insertion_places(row.astype(INT64), row.astype(INT64), right=False)
