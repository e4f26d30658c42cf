"""Weighted sums of elements at given places of a plane, and the two adjoints: how a picture is read along a grid.

y[n, c, p] = sum_k w[n, k, p] x[n, c, index[n, k, p]] for a few taps k; an index of -1 is outside of the plane and adds
nothing.  The sum is linear in x and in w, so of the three functions here each is the derivative of another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..layout import compact
from ..memory import empty
from ..threads import parallel

__all__ = ["sample", "sample_input", "sample_weight"]

INT64 = np.dtype(np.int64)
BLOCK = 512  # places at a time: their taps stay in the first cache while channel after channel is read


def sample(x: ndarray, w: ndarray, index: ndarray) -> ndarray:
    """Return y (N, C, P) for x (N, C, M), w (N, K, P) and *index* (N, K, P), which holds -1 to M - 1."""
    y = empty((*x.shape[:2], w.shape[2]), x.dtype)
    arrays = _compact(x), _compact(w), compact(index, index.shape, INT64), y
    parallel(_sample, len(x) * _blocks(w.shape[2]), *arrays, work=1.5 * y.size * w.shape[1])
    return y


def sample_input(y: ndarray, w: ndarray, index: ndarray, *, size: int) -> ndarray:
    """Return the adjoint of ``x -> sample(x, w, index)`` at y, for planes of *size* elements."""
    x = empty((*y.shape[:2], size), y.dtype)
    arrays = _compact(y), _compact(w), compact(index, index.shape, INT64), x
    parallel(_spread, x.shape[0] * x.shape[1], *arrays, work=2.0 * y.size * w.shape[1] + 0.2 * x.size)
    return x


def sample_weight(y: ndarray, x: ndarray, index: ndarray) -> ndarray:
    """Return the adjoint of ``w -> sample(x, w, index)`` at y."""
    w = empty(index.shape, y.dtype)
    arrays = _compact(y), _compact(x), compact(index, index.shape, INT64), w
    parallel(_weigh, len(x) * _blocks(w.shape[2]), *arrays, work=1.5 * y.size * w.shape[1] + w.size)
    return w


def _compact(array: ndarray) -> ndarray:
    return compact(array, array.shape)


@kernel
def _blocks(places: int) -> int:
    return (places + BLOCK - 1) // BLOCK


@kernel
def _sample(start: int, stop: int, x: Any, w: Any, index: Any, y: Any) -> None:
    """y[n, c, p] = sum_k w[n, k, p] x[n, c, index[n, k, p]], for blocks of places (n, p) number start..stop-1."""
    taps, places = w.shape[1:]
    blocks = _blocks(places)
    for t in range(start, stop):
        n, first = t // blocks, t % blocks * BLOCK
        last = min(first + BLOCK, places)
        for c in range(x.shape[1]):
            y[n, c, first:last] = 0
            for k in range(taps):
                for p in range(first, last):
                    at = index[n, k, p]
                    if at >= 0:
                        y[n, c, p] += w[n, k, p] * x[n, c, np.uint64(at)]


@kernel
def _spread(start: int, stop: int, y: Any, w: Any, index: Any, x: Any) -> None:
    """x[n, c, index[n, k, p]] += w[n, k, p] y[n, c, p] from zeros, for planes (n, c) number start..stop-1."""
    channels = x.shape[1]
    taps, places = w.shape[1:]
    for t in range(start, stop):
        n, c = t // channels, t % channels
        x[n, c] = 0
        for k in range(taps):
            for p in range(places):
                at = index[n, k, p]
                if at >= 0:
                    x[n, c, np.uint64(at)] += w[n, k, p] * y[n, c, p]


@kernel
def _weigh(start: int, stop: int, y: Any, x: Any, index: Any, w: Any) -> None:
    """w[n, k, p] = sum_c y[n, c, p] x[n, c, index[n, k, p]], for blocks of places (n, p) number start..stop-1."""
    taps, places = w.shape[1:]
    blocks = _blocks(places)
    for t in range(start, stop):
        n, first = t // blocks, t % blocks * BLOCK
        last = min(first + BLOCK, places)
        w[n, :, first:last] = 0
        for c in range(x.shape[1]):
            for k in range(taps):
                for p in range(first, last):
                    at = index[n, k, p]
                    if at >= 0:
                        w[n, k, p] += y[n, c, p] * x[n, c, np.uint64(at)]


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x, index = np.zeros((1, 1, 1), dtype), np.zeros((1, 1, 1), INT64)
    y = sample(x, x, index)
    sample_weight(y, sample_input(y, x, index, size=1), index)
