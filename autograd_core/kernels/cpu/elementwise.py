"""Functions of one number that NumPy computes more slowly, of arrays of any shape and strides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from . import approximation
from .flat import of_one

__all__ = ["exp"]


@kernel
def _exp(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.exp(x[i])


def exp(x: ndarray) -> ndarray:
    """Return e^x of a float32 or float64 array.  NumPy's function is as fast on a few thousand numbers or fewer."""
    return of_one(_exp, 0.3, x)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    exp(np.zeros(1, dtype))
