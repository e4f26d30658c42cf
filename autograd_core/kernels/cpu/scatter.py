"""Lookups at places that an index names, and the sums that undo them, repeats included.

Sums go in the order of the index: the same bits in every run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..layout import around, compact
from ..memory import empty

__all__ = ["first_outside", "gather_along", "scatter_add_along", "scatter_add_rows"]

INT64 = np.dtype(np.int64)


@kernel
def _first_outside(index: Any, size: int) -> int:
    for i in range(index.size):
        if index[i] < 0 or index[i] >= size:
            return i
    return -1


def first_outside(index: ndarray, size: int) -> int:
    """Return which element of *index*, integers of any shape, is the first that is not one of 0 to size - 1; or -1."""
    return int(_first_outside(compact(index, (index.size,), INT64), size))


@kernel
def _scatter_add_rows(out: Any, index: Any, source: Any) -> None:
    for m in range(source.shape[0]):  # out[index[m], k] += source[m, k]
        row = index[m]
        for k in range(source.shape[1]):
            out[row, k] += source[m, k]


def scatter_add_rows(out: ndarray, index: ndarray, source: ndarray) -> None:
    """Add row m of *source* (M, K) to row ``index[m]`` of *out* (R, K), in place.

    *out* is contiguous, and *index* holds 0 to R - 1; that is for the caller to check.
    """
    if out.dtype.kind == "f":
        _scatter_add_rows(out, compact(index, index.shape, INT64), compact(source, source.shape, out.dtype))
    else:
        np.add.at(out, index, source)


@kernel
def _gather_along(out: Any, x: Any, index: Any) -> None:
    lead, size, rest = index.shape
    for a in range(lead):  # out[a, m, b] = x[a, index[a, m, b], b]
        if rest == 1:  # an inner loop of one turn would take most of the time
            for m in range(size):
                out[a, m, 0] = x[a, np.uint64(index[a, m, 0]), 0]
        else:
            for m in range(size):
                for b in range(rest):
                    out[a, m, b] = x[a, np.uint64(index[a, m, b]), b]


@kernel
def _scatter_add_along(out: Any, index: Any, source: Any) -> None:
    lead, size, rest = index.shape
    for a in range(lead):  # out[a, index[a, m, b], b] += source[a, m, b]
        if rest == 1:
            for m in range(size):
                out[a, np.uint64(index[a, m, 0]), 0] += source[a, m, 0]
        else:
            for m in range(size):
                for b in range(rest):
                    out[a, np.uint64(index[a, m, b]), b] += source[a, m, b]


def gather_along(x: ndarray, index: ndarray, axis: int) -> ndarray:
    """Return x at places that differ in one axis only: ``out[i, j] = x[i, index[i, j]]`` for axis 1 of 2.

    *index* has at most the sizes of x on the other axes, and holds places of *axis*; that is for the caller to check.
    """
    part = x if x.shape == index.shape else x[_within(x.shape, index.shape, axis)]
    if x.dtype.kind != "f":
        return np.take_along_axis(part, index, axis)
    out = empty(index.shape, x.dtype)
    shape = around(index.shape, axis)
    source = compact(part, (shape[0], x.shape[axis], shape[2]))
    _gather_along(out.reshape(shape), source, compact(index, shape, INT64))
    return out


def scatter_add_along(source: ndarray, index: ndarray, axis: int, shape: tuple[int, ...]) -> ndarray:
    """Return zeros of *shape* with *source* added at the places that ``gather_along`` reads; sizes as there."""
    region = _within(shape, index.shape, axis)
    out = empty((*index.shape[:axis], shape[axis], *index.shape[axis + 1 :]), source.dtype)
    out.fill(0)
    lead, m, rest = around(index.shape, axis)
    places, values = compact(index, (lead, m, rest), INT64), compact(source, (lead, m, rest))
    if source.dtype.kind == "f":
        _scatter_add_along(out.reshape(lead, shape[axis], rest), places, values)
    else:
        rows, columns = np.arange(lead)[:, None, None], np.arange(rest)
        np.add.at(out.reshape(lead, shape[axis], rest), (rows, places, columns), values)
    if out.shape == shape:
        return out
    whole = np.zeros(shape, source.dtype)
    whole[region] = out
    return whole


def _within(shape: tuple[int, ...], sizes: tuple[int, ...], axis: int) -> tuple[slice, ...]:
    """Return the region of an array of *shape* that has *sizes* on all axes but one, and that one whole."""
    return tuple([slice(n if a == axis else m) for a, (n, m) in enumerate(zip(shape, sizes))])


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x, index = np.zeros((1, 1), dtype), np.zeros((1, 1), INT64)
    scatter_add_rows(x, index[0], x)
    scatter_add_along(gather_along(x, index, 0), index, 0, x.shape)
    first_outside(index, 1)
