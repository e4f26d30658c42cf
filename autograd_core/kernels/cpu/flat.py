"""How an elementwise kernel meets arrays of any shape and strides: flat, and on several threads where that pays.

``of_two(kernel, cost, x, y, *numbers)`` returns out after ``kernel(x, y, out, *numbers)``; out is like x, and all arrays
have one shape.  *cost* is the time for an element in nanoseconds, on one core; the numbers may also be whole tables.

Up to SMALL elements a copy takes less time than a look at how an array lies in memory.  There every call counts, so what
would be one function of any number of arrays is written out for one, two and three.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..layout import compact
from ..memory import empty
from ..threads import PAYS_FROM, parallel

__all__ = ["SMALL", "of_one", "of_three", "of_two"]

SMALL = 1024


def of_one(kernel: Any, cost: float, x: ndarray, *numbers: Any) -> ndarray:
    """Return out after ``kernel(x, out, *numbers)``."""
    if x.size > SMALL:
        return _large(kernel, cost, (x,), numbers)
    out = np.empty(x.shape, x.dtype)
    kernel(x.flatten(), out.ravel(), *numbers)
    return out


def of_two(kernel: Any, cost: float, x: ndarray, y: ndarray, *numbers: Any) -> ndarray:
    """Return out after ``kernel(x, y, out, *numbers)``."""
    if x.size > SMALL:
        return _large(kernel, cost, (x, y), numbers)
    out = np.empty(x.shape, x.dtype)
    kernel(x.flatten(), y.flatten(), out.ravel(), *numbers)
    return out


def of_three(kernel: Any, cost: float, x: ndarray, y: ndarray, z: ndarray, *numbers: Any) -> ndarray:
    """Return out after ``kernel(x, y, z, out, *numbers)``."""
    if x.size > SMALL:
        return _large(kernel, cost, (x, y, z), numbers)
    out = np.empty(x.shape, x.dtype)
    kernel(x.flatten(), y.flatten(), z.flatten(), out.ravel(), *numbers)
    return out


def _large(kernel: Any, cost: float, operands: tuple[ndarray, ...], numbers: tuple[Any, ...]) -> ndarray:
    n = operands[0].size
    out = empty(operands[0].shape, operands[0].dtype)
    arrays = (*[compact(a, (n,)) for a in operands], out.reshape(n))
    if cost * n < PAYS_FROM:
        kernel(*arrays, *numbers)
    else:
        parallel(_share, n, kernel, arrays, numbers, work=cost * n)
    return out


def _share(start: int, stop: int, kernel: Any, arrays: tuple[ndarray, ...], numbers: tuple[Any, ...]) -> None:
    """Run *kernel* on a range: its own loop starts at 0, for only such a loop is vectorised."""
    kernel(*[a[start:stop] for a in arrays], *numbers)
