"""The gradient of a choice between numbers: it passes whole, by half or not at all, be it infinite or NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from .flat import of_three

__all__ = ["share"]


@kernel
def _share(x: Any, a: Any, b: Any, out: Any) -> None:
    zero, half = x.dtype.type(0), x.dtype.type(0.5)
    for i in range(x.size):  # a NaN is neither below nor equal
        part = half * x[i] if a[i] == b[i] else x[i]
        out[i] = zero if a[i] < b[i] else part


def share(x: ndarray, a: ndarray, b: ndarray) -> ndarray:
    """Return x where a > b or either is NaN, half of it where they are equal, else 0; all have one shape and dtype."""
    return of_three(_share, 0.25, x, a, b)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros(1, dtype)
    share(x, x, x)
