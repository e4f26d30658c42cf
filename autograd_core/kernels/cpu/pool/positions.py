"""Positions of elements in their windows: how max pooling remembers what it found, and two linear partners that use it.

The position of an element is its number among the elements of the window in C order, a byte for windows of up to 256
elements.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import at_warm_up, kernel
from ...threads import parallel
from .windows import Axis, Sizes, Windows, arranged, axes, flat, in_pairs

__all__ = ["Plan", "plan", "pool_gather", "pool_indices", "pool_scatter"]


class Plan(NamedTuple):
    """What the kernels need to know of windows."""

    places: Sizes  # how many windows there are along each axis
    axes: tuple[int, Axis, Axis, Axis]  # how many planes there are, and their windows along D, H and W
    numbers: ndarray  # the numbers of the elements of a window, of the dtype of positions
    offsets: ndarray  # how far they are from the first in a flat plane


@lru_cache(maxsize=64)
def plan(shape: Sizes, windows: Windows) -> Plan:
    """Return how the windows lie in x of *shape* (N, C, [[D,] H,] W)."""
    found = axes(shape[2:], windows)
    places = tuple(axis.places for axis in found[5 - len(shape) :])
    planes, d, h, w = arranged(shape[0] * shape[1], *found)
    elements = math.prod(windows[0])
    numbers = np.arange(elements).astype(np.uint8 if elements <= 256 else np.int32)
    return Plan(places, (planes, d, h, w), numbers, _offsets(d, h, w))


def _offsets(d: Axis, h: Axis, w: Axis) -> ndarray:
    c, a, b = (np.arange(axis.kernel) * axis.dilation for axis in (d, h, w))
    return ((c[:, None] * h.size + a)[..., None] * w.size + b).reshape(-1)


def pool_scatter(g: ndarray, positions: ndarray, *, shape: Sizes, windows: Windows) -> ndarray:
    """Return zeros of *shape* (N, C, [[D,] H,] W), with each element of g added at its position in its window.

    A position must be that of an element of the plane, not of padding; that is not checked.
    """
    _, (planes, d, h, w), numbers, offsets = plan(shape, windows)
    x = memory.empty(shape, g.dtype)
    apart = d.places == 1 or (d.kernel - 1) * d.dilation < d.stride  # windows share no plane (H, W)
    squares = in_pairs(h) and in_pairs(w) and apart
    scatter, where = (_scatter_squares, numbers) if squares else (_scatter, offsets)
    parallel(scatter, planes, *flat(g, positions, x), where, d, h, w, work=1.2 * g.size + 0.2 * x.size)
    return x


def pool_gather(x: ndarray, positions: ndarray, *, windows: Windows) -> ndarray:
    """Return the element of x at each position in its window: the adjoint of ``pool_scatter``."""
    _, (planes, d, h, w), _, offsets = plan(x.shape, windows)
    y = memory.empty(positions.shape, x.dtype)
    parallel(_gather, planes, *flat(x, positions, y), offsets, d, h, w, work=1.2 * y.size)
    return y


def pool_indices(positions: ndarray, *, size: Sizes, windows: Windows) -> ndarray:
    """Return where in its plane of *size* ([[D,] H,] W) the element at each position is, as int64 in C order."""
    d, h, w = axes(size, windows)
    i, j, k = (np.arange(axis.places) * axis.stride - axis.padding for axis in (d, h, w))
    corners = ((i[:, None] * h.size + j)[..., None] * w.size + k).reshape(positions.shape[2:])
    return _offsets(d, h, w)[positions] + corners


# The kernels go over the planes start..stop-1 of flat arrays.


@kernel
def _scatter(start: int, stop: int, g: Any, positions: Any, x: Any, offsets: Any, d: Axis, h: Axis, w: Axis) -> None:
    """x[n, i, j, k] = the sum of g[n, o, p, q] over the windows (o, p, q) at whose position (i, j, k) is."""
    at, volume = start * d.places * h.places * w.places, d.size * h.size * w.size
    for n in range(start, stop):
        x[n * volume : (n + 1) * volume] = 0
        for o in range(d.places):
            for p in range(h.places):
                i, j = o * d.stride - d.padding, p * h.stride - h.padding
                corner = ((n * d.size + i) * h.size + j) * w.size - w.padding
                for q in range(w.places):
                    to = corner + q * w.stride + offsets[positions[np.uint64(at + q)]]
                    x[np.uint64(to)] += g[np.uint64(at + q)]
                at += w.places


@kernel
def _scatter_squares(
    start: int, stop: int, g: Any, positions: Any, x: Any, numbers: Any, d: Axis, h: Axis, w: Axis
) -> None:
    """The same for windows of 2 x 2 elements side by side: each element of their planes is written once."""
    plane = h.size * w.size
    for n in range(start, stop):
        if d.size > 1 or 2 * h.places < h.size or 2 * w.places < w.size:  # there may be elements that no window has
            x[n * d.size * plane : (n + 1) * d.size * plane] = 0
        for o in range(d.places):
            for c in range(d.kernel):
                i = o * d.stride - d.padding + c * d.dilation
                if 0 <= i < d.size:
                    at = (n * d.places + o) * h.places * w.places
                    _spread_squares(g, at, positions, x, (n * d.size + i) * plane, numbers[4 * c : 4 * c + 4], h, w)


@kernel
def _spread_squares(g: Any, at: int, positions: Any, x: Any, to: int, numbers: Any, h: Axis, w: Axis) -> None:
    """x[to + 2 p + a, 2 q + b] = g[at + p, q] if positions[at + p, q] is the number of (a, b), else 0."""
    zero = x.dtype.type(0)
    for p in range(h.places):
        for a in range(2):
            row, of = to + (2 * p + a) * w.size, at + p * w.places
            even, odd = numbers[2 * a], numbers[2 * a + 1]
            for q in range(w.places):
                value, position = g[np.uint64(of + q)], positions[np.uint64(of + q)]
                x[np.uint64(row + 2 * q)] = value if position == even else zero
                x[np.uint64(row + 2 * q + 1)] = value if position == odd else zero


@kernel
def _gather(start: int, stop: int, x: Any, positions: Any, y: Any, offsets: Any, d: Axis, h: Axis, w: Axis) -> None:
    """y[n, o, p, q] = x[n, i, j, k], the element of the window (o, p, q) at its position."""
    to = start * d.places * h.places * w.places
    for n in range(start, stop):
        for o in range(d.places):
            for p in range(h.places):
                i, j = o * d.stride - d.padding, p * h.stride - h.padding
                corner = ((n * d.size + i) * h.size + j) * w.size - w.padding
                for q in range(w.places):
                    at = corner + q * w.stride + offsets[positions[np.uint64(to + q)]]
                    y[np.uint64(to + q)] = x[np.uint64(at)]
                to += w.places


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    for size, kernel_size in ((4, 2), (3, 3)):  # squares, others
        x, windows = np.zeros((1, 1, size, size), dtype), ((kernel_size,) * 2, (2, 2), (0, 0), (1, 1), False)
        positions = np.zeros((1, 1, size // 2, size // 2), np.uint8)
        pool_scatter(pool_gather(x, positions, windows=windows), positions, shape=x.shape, windows=windows)
