"""Elementwise functions that NumPy lacks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel

__all__ = ["erf"]


@kernel
def _erf(x: Any, out: Any) -> None:
    for i in range(x.size):  # out[i] = erf(x[i]), both flat
        out[i] = math.erf(x[i])


def erf(x: ndarray) -> ndarray:
    """Return the error function of a float32 or float64 array of any shape and strides."""
    out = np.empty(x.shape, x.dtype)
    _erf(np.ascontiguousarray(x).reshape(-1), out.reshape(-1))
    return out


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    erf(np.zeros(1, dtype))
