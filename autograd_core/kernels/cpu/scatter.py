"""Sums into places that an index names, repeats included: what undoes a lookup."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel

__all__ = ["scatter_add_rows"]


@kernel
def _scatter_add_rows(out: Any, index: Any, source: Any) -> None:
    for m in range(source.shape[0]):  # out[index[m], k] += source[m, k], in the order of m: the same bits in every run
        row = index[m]
        for k in range(source.shape[1]):
            out[row, k] += source[m, k]


def scatter_add_rows(out: ndarray, index: ndarray, source: ndarray) -> None:
    """Add row m of *source* (M, K) to row ``index[m]`` of *out* (R, K), in place.

    *out* is contiguous, and *index* holds 0 to R - 1; that is for the caller to check.
    """
    if out.dtype.kind == "f":
        _scatter_add_rows(out, _plain(index, np.int64), _plain(source, out.dtype))
    else:
        np.add.at(out, index, source)


def _plain(array: ndarray, dtype: Any) -> ndarray:
    """Return *array* contiguous and writeable, so that one compiled kernel serves them all."""
    made = np.ascontiguousarray(array, dtype)
    return made if made.flags.writeable else made.copy()


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    scatter_add_rows(np.zeros((1, 1), dtype), np.zeros(1, np.int64), np.zeros((1, 1), dtype))
