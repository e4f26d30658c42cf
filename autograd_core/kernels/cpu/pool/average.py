"""Average pooling, in windows of one size or over regions that divide a volume evenly, and the adjoints of both."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import at_warm_up, kernel
from ...layout import compact
from ...threads import parallel
from ..reduce import sum_over
from .windows import Axis, Sizes, Windows, axes, flat, join, pitch, regions, shift, split, together, whole

__all__ = ["adaptive_avg_pool", "adaptive_avg_pool_input", "avg_pool", "avg_pool_input"]

SQUARES = (2, 2), (2, 2), (0, 0), (1, 1), False  # the commonest windows: 2 x 2 elements, side by side


def avg_pool(x: ndarray, *, windows: Windows, count_include_pad: bool, divisor: int | None) -> ndarray:
    """Return the sum of each window of x (N, C, [[D,] H,] W) over its size, or over *divisor*.

    Padding is 0; it belongs to the size if *count_include_pad*, as far as it is not beyond *padding*, in ceil mode.
    """
    planes, elements = x.shape[0] * x.shape[1], math.prod(windows[0])
    if whole(x.shape, windows):
        y = sum_over(compact(x, (planes, elements)), (1,), keepdims=False).reshape(*x.shape[:2], *[1] * (x.ndim - 2))
        y /= divisor or elements
    elif windows == SQUARES:
        height, width = x.shape[2:]
        y = memory.empty((*x.shape[:2], height // 2, width // 2), x.dtype)
        by = x.dtype.type(divisor or elements)
        parallel(_sum_squares, planes, *flat(x, y), by, height, width, work=0.3 * x.size)
    else:
        places, planes, *where = _evenly(x.shape, windows, count_include_pad, divisor, x.dtype)
        y = memory.empty((*x.shape[:2], *places), x.dtype)
        parallel(_sum_windows, planes, *flat(x, y), *where, work=0.3 * x.size + y.size)
    return y


def avg_pool_input(
    g: ndarray, *, shape: Sizes, windows: Windows, count_include_pad: bool, divisor: int | None
) -> ndarray:
    """Return the adjoint of ``avg_pool`` at g, for x of *shape*."""
    x = memory.empty(shape, g.dtype)
    if whole(shape, windows):
        elements = math.prod(windows[0])
        shares = g.reshape(-1) / (divisor or elements)
        parallel(_fill_rows, g.size, shares, x.reshape(g.size, elements), work=0.1 * x.size)
        return x
    _, planes, *where = _evenly(shape, windows, count_include_pad, divisor, g.dtype)
    parallel(_spread_windows, planes, *flat(g, x), *where, work=0.4 * x.size + g.size)
    return x


def adaptive_avg_pool(x: ndarray, *, size: Sizes) -> ndarray:
    """Return the means over a grid of *size* regions, see ``windows.regions``."""
    y = memory.empty((*x.shape[:2], *size), x.dtype)
    planes, *where = _regions(x.shape, size, x.dtype)
    parallel(_sum_regions, planes, *flat(x, y), *where, work=0.3 * x.size + y.size)
    return y


def adaptive_avg_pool_input(g: ndarray, *, shape: Sizes) -> ndarray:
    """Return the adjoint of ``adaptive_avg_pool`` at g, for x of *shape*."""
    x = memory.empty(shape, g.dtype)
    planes, *where = _regions(shape, g.shape[2:], g.dtype)
    parallel(_spread_regions, planes, *flat(g, x), *where, work=0.4 * x.size + g.size)
    return x


@lru_cache(maxsize=64)
def _evenly(
    shape: Sizes, windows: Windows, count_include_pad: bool, divisor: int | None, dtype: np.dtype[Any]
) -> tuple[Any, ...]:
    """Return how many windows there are along each axis, and how the kernels take them."""
    d, h, w = found = axes(shape[2:], windows)
    places = tuple(axis.places for axis in found[5 - len(shape) :])
    counted = [a._replace(size=a.size + 2 * a.padding, padding=0) if count_include_pad else a for a in found]
    divisors = _counts(*map(_span, counted)).astype(dtype)
    if divisor is not None:
        divisors[:] = divisor
    return places, *_side_by_side(shape[0] * shape[1], divisors, _span(d), _span(h), (d.size, h.size, w.size), w)


@lru_cache(maxsize=64)
def _regions(shape: Sizes, places: Sizes, dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Return how the kernels take a grid of regions."""
    size, (d, h, w) = regions(shape[2:], places)
    return _side_by_side(shape[0] * shape[1], _counts(d, h, w).astype(dtype), d, h, size, w)


def _side_by_side(planes: int, divisors: ndarray, d: ndarray, h: ndarray, size: Sizes, w: Any) -> tuple[Any, ...]:
    """Return how the kernels take planes: several small ones as one, with no window across two of them."""
    n = together(planes, size[1] * size[2]) if d.shape[1] == size[0] == 1 else 1
    h = (np.arange(n)[:, None] * size[1] + h[:, None]).reshape(2, -1)
    return planes // n, np.tile(divisors, n), d, h, (size[0], n * size[1], size[2]), w


def _span(axis: Axis) -> ndarray:
    """Return where the windows along an axis start and stop, (2, places), without their padding."""
    start = np.arange(axis.places) * axis.stride - axis.padding
    return np.stack([np.maximum(start, 0), np.minimum(start + axis.kernel, axis.size)])


def _counts(*spans: ndarray) -> ndarray:
    """Return the number of elements in each window, by the spans along each axis, flat."""
    d, h, w = (stop - start for start, stop in spans)
    return ((d[:, None] * h)[..., None] * w).reshape(-1)


# The kernels go over the volumes start..stop-1 of flat arrays.  *d*, *h* and *w* say where the windows along each axis
# start and stop, (2, places).  A window is added down its columns first, to *down*, whose rows have *row* elements and
# begin with *left* zeros; then along what is left.


@kernel
def _sum_windows(start: int, stop: int, x: Any, y: Any, divisors: Any, d: Any, h: Any, size: Sizes, w: Axis) -> None:
    """y[n, o, p, q] = sum_ijk x[n, i, j, k] / divisors[o, p, q] over a window.

    Along W windows lie evenly, and their elements are brought side by side, see ``windows``.
    """
    columns, places = pitch(w), h.shape[1]
    row, area = w.stride * columns, places * columns
    rows, width = (1, area) if columns == w.places else (places, w.places)
    down, parts = np.zeros(places * row, x.dtype), np.empty(places * row, x.dtype)
    sums = np.empty(area, x.dtype)
    for m in range(start * d.shape[1], stop * d.shape[1]):
        o = m % d.shape[1]
        _sum_down(x, m // d.shape[1], d[0, o], d[1, o], h, size, row, w.padding, down)
        split(down, area, w.stride, parts)
        for k in range(area):
            sums[k] = parts[k]
        for b in range(1, w.kernel):
            _add(parts, shift(w, b, area, 1), area - b // w.stride, sums, 0)
        to, of = m * places * w.places, o * places * w.places
        for p in range(rows):
            for q in range(width):
                y[np.uint64(to + q)] = sums[np.uint64(p * columns + q)] / divisors[np.uint64(of + q)]
            to, of = to + width, of + width


@kernel
def _sum_squares(start: int, stop: int, x: Any, y: Any, divisor: float, height: int, width: int) -> None:
    """y[n, p, q] = sum_ab x[n, 2 p + a, 2 q + b] / divisor, where a and b are 0 and 1."""
    for n in range(start, stop):
        for p in range(height // 2):
            upper, to = (n * height + 2 * p) * width, (n * (height // 2) + p) * (width // 2)
            lower = upper + width
            for q in range(width // 2):
                first = x[np.uint64(upper + 2 * q)] + x[np.uint64(upper + 2 * q + 1)]
                second = x[np.uint64(lower + 2 * q)] + x[np.uint64(lower + 2 * q + 1)]
                y[np.uint64(to + q)] = (first + second) / divisor


@kernel(fastmath={"reassoc", "contract", "nsz"})
def _sum_regions(start: int, stop: int, x: Any, y: Any, divisors: Any, d: Any, h: Any, size: Sizes, w: Any) -> None:
    """y[n, o, p, q] = sum_ijk x[n, i, j, k] / divisors[o, p, q] over a region."""
    row, places = size[2], h.shape[1]
    down = np.empty(places * row, x.dtype)
    to = start * len(divisors)
    for n in range(start, stop):
        of = 0
        for o in range(d.shape[1]):
            _sum_down(x, n, d[0, o], d[1, o], h, size, row, 0, down)
            for p in range(places):
                for q in range(w.shape[1]):
                    total = x.dtype.type(0)
                    for k in range(p * row + w[0, q], p * row + w[1, q]):
                        total += down[np.uint64(k)]
                    y[to + of] = total / divisors[of]
                    of += 1
        to += of


@kernel
def _sum_down(x: Any, n: int, first: int, last: int, h: Any, size: Sizes, row: int, left: int, down: Any) -> None:
    """down[p, left + k] = sum_ij x[n, i, j, k], first <= i < last, h[0, p] <= j < h[1, p]."""
    width = min(size[2], row - left)
    for p in range(h.shape[1]):
        to = p * row + left
        for i in range(first, last):
            at = ((n * size[0] + i) * size[1] + h[0, p]) * size[2]
            rows = h[1, p] - h[0, p]
            done = 0  # rows; the first are not added to what is there, and two at once, which saves writing
            if i == first and rows == 1:
                for k in range(width):
                    down[np.uint64(to + k)] = x[np.uint64(at + k)]
                done = 1
            elif i == first:
                for k in range(width):
                    down[np.uint64(to + k)] = x[np.uint64(at + k)] + x[np.uint64(at + size[2] + k)]
                done = 2
            for j in range(done, rows):
                of = at + j * size[2]
                for k in range(width):
                    down[np.uint64(to + k)] += x[np.uint64(of + k)]


@kernel
def _add(x: Any, at: int, n: int, total: Any, to: int) -> None:
    for k in range(n):
        total[np.uint64(to + k)] += x[np.uint64(at + k)]


# The adjoints: the same steps from the last to the first, each adding to what it read there.


@kernel
def _spread_windows(start: int, stop: int, g: Any, x: Any, divisors: Any, d: Any, h: Any, size: Sizes, w: Axis) -> None:
    """x[n, i, j, k] = the sum of g[n, o, p, q] / divisors[o, p, q] over the windows that (i, j, k) is in."""
    columns, places = pitch(w), h.shape[1]
    row, area, volume = w.stride * columns, places * columns, size[0] * size[1] * size[2]
    rows, width = (1, area) if columns == w.places else (places, w.places)
    down, parts = np.empty(places * row, x.dtype), np.empty(places * row, x.dtype)
    shares = np.zeros(area, x.dtype)
    for n in range(start, stop):
        x[n * volume : (n + 1) * volume] = 0
        for o in range(d.shape[1]):
            at, of = (n * d.shape[1] + o) * places * w.places, o * places * w.places
            for p in range(rows):
                for q in range(width):
                    shares[np.uint64(p * columns + q)] = g[np.uint64(at + q)] / divisors[np.uint64(of + q)]
                at, of = at + width, of + width
            parts[:] = 0
            for b in range(w.kernel):
                _add(shares, 0, area - b // w.stride, parts, shift(w, b, area, 1))
            join(parts, area, w.stride, down)
            _spread_down(down, n, d[0, o], d[1, o], h, size, row, w.padding, x)


@kernel
def _fill_rows(start: int, stop: int, values: Any, x: Any) -> None:
    """x[n, i] = values[n]."""
    for n in range(start, stop):
        x[n] = values[n]


@kernel
def _spread_regions(start: int, stop: int, g: Any, x: Any, divisors: Any, d: Any, h: Any, size: Sizes, w: Any) -> None:
    """x[n, i, j, k] = the sum of g[n, o, p, q] / divisors[o, p, q] over the regions that (i, j, k) is in."""
    row, places, volume = size[2], h.shape[1], size[0] * size[1] * size[2]
    down = np.empty(places * row, x.dtype)
    at = start * len(divisors)
    for n in range(start, stop):
        x[n * volume : (n + 1) * volume] = 0
        of = 0
        for o in range(d.shape[1]):
            down[:] = 0
            for p in range(places):
                for q in range(w.shape[1]):
                    share = g[at + of] / divisors[of]
                    for k in range(p * row + w[0, q], p * row + w[1, q]):
                        down[np.uint64(k)] += share
                    of += 1
            _spread_down(down, n, d[0, o], d[1, o], h, size, row, 0, x)
        at += of


@kernel
def _spread_down(down: Any, n: int, first: int, last: int, h: Any, size: Sizes, row: int, left: int, x: Any) -> None:
    """x[n, i, j, k] += down[p, left + k], first <= i < last, h[0, p] <= j < h[1, p]."""
    width = min(size[2], row - left)
    for p in range(h.shape[1]):
        at = p * row + left
        for i in range(first, last):
            for j in range(h[0, p], h[1, p]):
                to = ((n * size[0] + i) * size[1] + j) * size[2]
                for k in range(width):
                    x[np.uint64(to + k)] += down[np.uint64(at + k)]


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros((1, 1, 4, 4), dtype)
    three = (3, 3), (1, 1), (1, 1), (1, 1), False
    four = (4, 4), (4, 4), (0, 0), (1, 1), False
    for windows in (SQUARES, three, four):  # squares, others, one that is all
        y = avg_pool(x, windows=windows, count_include_pad=True, divisor=None)
        avg_pool_input(y, shape=x.shape, windows=windows, count_include_pad=True, divisor=None)
    adaptive_avg_pool_input(adaptive_avg_pool(x, size=(3, 3)), shape=x.shape)
