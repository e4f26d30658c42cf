"""How arrays come to kernels: in C order, aligned and writeable, so that one compiled kernel serves them all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["around", "compact"]


def compact(array: ndarray, shape: tuple[int, ...], dtype: np.dtype[Any] | None = None) -> ndarray:
    """Return *array* in C order, aligned and writeable, of *shape* and *dtype*: itself if it is so, else a copy.

    Numba compiles a kernel anew for arrays of another order, and for those that must not be written to.
    """
    if not array.flags.carray or (dtype is not None and array.dtype != dtype):
        array = np.require(array, dtype, ("C", "A", "W"))
    return array if array.shape == shape else array.reshape(shape)


def around(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    """Return *shape* as three sizes: all before *axis*, its own, and all behind."""
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
