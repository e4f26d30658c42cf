"""Scans along one axis: each result is made of the one before it.

An array is seen as (A, K, C), with the axis in the middle; what is carried on for each of the C columns is float64.  One
column alone has loops of its own: there the innermost one would have a single turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from .. import memory
from ..jit import at_warm_up, kernel
from ..layout import around, compact
from ..threads import parallel

__all__ = ["linear_recurrence", "running_product", "running_record", "running_sum"]


# ------------------------------------------------------------------------------------------------------------- one row


@kernel
def _sums(x: Any, backwards: bool, y: Any) -> None:
    s = 0.0
    for i in range(x.size):
        k = x.size - 1 - i if backwards else i
        s += x[k]
        y[k] = s


@kernel
def _products(x: Any, y: Any) -> None:
    p = 1.0
    for k in range(x.size):
        p *= x[k]
        y[k] = p


@kernel
def _recurrence(x: Any, weights: Any, backwards: bool, y: Any) -> None:
    s = 0.0
    for i in range(x.size):
        k = x.size - 1 - i if backwards else i
        s = x[k] + (weights[k if backwards else k - 1] * s if i else 0)
        y[k] = s


@kernel
def _records(x: Any, largest: bool, place: Any) -> None:
    """Fill in each record up to the next one: records are few, and writes in a row are faster than a choice at each."""
    best, at = x[0], 0
    for k in range(x.size):
        v = x[k]
        if v != v or (v >= best if largest else v <= best):
            place[at:k] = at
            best, at = v, k
    place[at:] = at


# --------------------------------------------------------------------------------------------------------- many columns


@kernel
def _running_sum(start: int, stop: int, x: Any, backwards: bool, y: Any) -> None:
    """y[a, k, c] = x[a, 0, c] + ... + x[a, k, c]; backwards, of x[a, k, c] to x[a, K - 1, c]."""
    _, size, width = x.shape
    running = np.empty(width, np.float64)
    for a in range(start, stop):
        if width == 1:
            _sums(x[a, :, 0], backwards, y[a, :, 0])
            continue
        running[:] = 0
        for i in range(size):
            k = size - 1 - i if backwards else i
            for c in range(width):
                running[c] += x[a, k, c]
                y[a, k, c] = running[c]


@kernel
def _running_product(start: int, stop: int, x: Any, y: Any) -> None:
    """y[a, k, c] = x[a, 0, c] ... x[a, k, c]."""
    _, size, width = x.shape
    running = np.empty(width, np.float64)
    for a in range(start, stop):
        if width == 1:
            _products(x[a, :, 0], y[a, :, 0])
            continue
        running[:] = 1
        for k in range(size):
            for c in range(width):
                running[c] *= x[a, k, c]
                y[a, k, c] = running[c]


@kernel
def _linear_recurrence(start: int, stop: int, x: Any, weights: Any, backwards: bool, y: Any) -> None:
    """y[a, k + 1, c] = x[a, k + 1, c] + weights[a, k, c] y[a, k, c]; backwards, y[a, k, c] comes from y[a, k + 1, c]."""
    _, size, width = x.shape
    running = np.empty(width, np.float64)
    for a in range(start, stop):
        if width == 1:
            _recurrence(x[a, :, 0], weights[a, :, 0], backwards, y[a, :, 0])
            continue
        for i in range(size):
            k = size - 1 - i if backwards else i
            link = k if backwards else k - 1
            for c in range(width):
                running[c] = x[a, k, c] + (weights[a, link, c] * running[c] if i else 0)
                y[a, k, c] = running[c]


@kernel
def _running_record(start: int, stop: int, x: Any, largest: bool, place: Any) -> None:
    """place[a, k, c] = the last of those up to k where x[a, :, c] is the largest, or smallest, or NaN."""
    _, size, width = x.shape
    for a in range(start, stop):
        if width == 1:
            _records(x[a, :, 0], largest, place[a, :, 0])
            continue
        place[a, 0] = 0
        for k in range(1, size):
            for c in range(width):
                best, v = x[a, place[a, k - 1, c], c], x[a, k, c]
                wins = v != v or (v >= best if largest else v <= best)
                place[a, k, c] = k if wins else place[a, k - 1, c]


# ------------------------------------------------------------------------------------------------------------ for arrays


def running_sum(x: ndarray, axis: int, *, backwards: bool) -> ndarray:
    """Return the sums of x up to each element of *axis*, or from each on with *backwards*."""
    return _scan(_running_sum, 1.0, axis, x, backwards)


def running_product(x: ndarray, axis: int) -> ndarray:
    """Return the products of x up to each element of *axis*."""
    return _scan(_running_product, 1.0, axis, x)


def linear_recurrence(x: ndarray, weights: ndarray, axis: int, *, backwards: bool) -> ndarray:
    """Return y[k + 1] = x[k + 1] + weights[k] y[k] along *axis*, from y[0] = x[0]; or the other way, from the last.

    *weights* has the shape of x, less one along *axis*: each stands between two neighbours.
    """
    return _scan(_linear_recurrence, 2.0, axis, x, compact(weights, around(weights.shape, axis)), backwards)


def running_record(x: ndarray, axis: int, *, largest: bool) -> ndarray:
    """Return the place of the largest, or smallest, element up to each one of *axis*, the last of several; NaN is both."""
    return _scan(_running_record, 2.0, axis, x, largest, dtype=np.dtype(np.int64))


def _scan(kernel: Any, nanoseconds: float, axis: int, x: ndarray, *more: Any, dtype: Any = None) -> ndarray:
    """Return what *kernel* makes of x, and of *more*, in so many *nanoseconds* for each element."""
    out = memory.empty(x.shape, dtype or x.dtype)
    if out.size:
        rows = compact(x, around(x.shape, axis))
        parallel(kernel, len(rows), rows, *more, out.reshape(rows.shape), work=nanoseconds * x.size)
    return out


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros((1, 2, 1), dtype)
    running_sum(x, 1, backwards=False)
    running_product(x, 1)
    linear_recurrence(x, x[:, 1:], 1, backwards=False)
    running_record(x, 1, largest=True)
