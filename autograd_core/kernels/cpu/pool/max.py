"""Max pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import at_warm_up, kernel
from ...threads import parallel
from .positions import plan
from .windows import Axis, Windows, flat, in_pairs, lay, pitch, shift, split

__all__ = ["compare", "max_pool"]

STRETCH = 32  # elements of a window that are looked at together


def max_pool(x: ndarray, *, windows: Windows) -> tuple[ndarray, ndarray]:
    """Return the largest element of each window of x (N, C, [[D,] H,] W), and its position, see ``positions``.

    Padding is -inf.  Of equal elements the first counts, and a NaN is larger than all else.  Each window must hold an
    element of x.
    """
    places, (planes, d, h, w), numbers, _ = plan(x.shape, windows)
    shape = (*x.shape[:2], *places)
    y, positions = memory.empty(shape, x.dtype), memory.empty(shape, numbers.dtype)
    pool: Callable[..., None]
    if in_pairs(h) and in_pairs(w):
        pool, work = _max_of_squares, 0.4
    elif h.places * w.places > 1:
        pool, work = _max_of_planes, 0.5
    else:
        pool, work = _max_of_each, 0.8
    work *= len(numbers) * y.size
    parallel(pool, planes, *flat(x, y, positions), numbers, d, h, w, work=work)
    return y, positions


# The kernels go over the planes start..stop-1 of flat arrays.  i = p stride - padding + a dilation is the row of the
# element a of window p.  An index that Numba cannot prove to be positive counts from the end if it is not, and a loop
# that must ask is not vectorised; an unsigned one is taken as it is.


@kernel
def _max_of_squares(
    start: int, stop: int, x: Any, y: Any, positions: Any, numbers: Any, d: Axis, h: Axis, w: Axis
) -> None:
    """y[n, o, p, q] = max_cab x[n, i, 2 p + a, 2 q + b], and positions[n, o, p, q] is the number of that (c, a, b)."""
    for m in range(start * d.places, stop * d.places):
        o, to = m % d.places, m * h.places * w.places
        first = True
        for c in range(d.kernel):
            i = o * d.stride - d.padding + c * d.dilation
            if 0 <= i < d.size:
                at = (m // d.places * d.size + i) * h.size * w.size
                _compare_squares(x, at, first, y, positions, to, numbers[4 * c : 4 * c + 4], h, w)
                first = False


@kernel
def _compare_squares(
    x: Any, at: int, first: bool, y: Any, positions: Any, to: int, numbers: Any, h: Axis, w: Axis
) -> None:
    """y[to + p, q] = max_ab x[at + 2 p + a, 2 q + b], compared with what is there unless *first*."""
    zero, one, two, three = numbers[0], numbers[1], numbers[2], numbers[3]
    for p in range(h.places):
        upper, row = at + 2 * p * w.size, to + p * w.places
        lower = upper + w.size
        for q in range(w.places):
            largest, element = x[np.uint64(upper + 2 * q)], x[np.uint64(upper + 2 * q + 1)]
            larger = element > largest or element != element
            largest, position = element if larger else largest, one if larger else zero
            element = x[np.uint64(lower + 2 * q)]
            larger = element > largest or element != element
            largest, position = element if larger else largest, two if larger else position
            element = x[np.uint64(lower + 2 * q + 1)]
            larger = element > largest or element != element
            largest, position = element if larger else largest, three if larger else position
            before, where = y[np.uint64(row + q)], positions[np.uint64(row + q)]
            larger = first or largest > before or largest != largest
            y[np.uint64(row + q)] = largest if larger else before
            positions[np.uint64(row + q)] = position if larger else where


@kernel
def _max_of_planes(
    start: int, stop: int, x: Any, y: Any, positions: Any, numbers: Any, d: Axis, h: Axis, w: Axis
) -> None:
    """y[n, o, p, q] = max_cab x[n, i, j, k], and positions[n, o, p, q] is the number of that (c, a, b).

    Each plane (H, W) is laid out anew, see ``windows``, and compared along its rows, then down its columns.
    """
    columns = pitch(w)
    part, out = pitch(h) * columns, h.places * columns
    area = h.stride * part
    rows, width = (1, out) if columns == w.places else (h.places, w.places)
    laid, parts = np.full(w.stride * area, -np.inf, x.dtype), np.empty(w.stride * area, x.dtype)
    along, there = np.empty(area, x.dtype), np.empty(area, positions.dtype)
    largest, position = np.empty(out, x.dtype), np.empty(out, positions.dtype)
    inside = np.empty(
        out, positions.dtype
    )  # each window's first element that is not padding: that is it if all are -inf
    for p in range(h.places):
        for q in range(columns):
            inside[p * columns + q] = _first_inside(h, p) * w.kernel + _first_inside(w, q)
    for m in range(start * d.places, stop * d.places):
        o = m % d.places
        number = numbers[_first_inside(d, o) * h.kernel * w.kernel]
        for k in range(out):
            largest[k], position[k] = -np.inf, inside[k] + number
        for c in range(d.kernel):
            i = o * d.stride - d.padding + c * d.dilation
            if 0 <= i < d.size:
                lay(x, (m // d.places * d.size + i) * h.size * w.size, h, w, laid)
                split(laid, area, w.stride, parts)
                for k in range(area):
                    along[k], there[k] = parts[k], 0
                for b in range(1, w.kernel):
                    n = area - b * w.dilation // w.stride
                    compare(parts, shift(w, b, area, 1), n, numbers[b], along, there)
                for a in range(h.kernel):
                    number = numbers[(c * h.kernel + a) * w.kernel]
                    _compare_down(along, there, shift(h, a, part, columns), number, largest, position)
        to = m * h.places * w.places
        for p in range(rows):
            for q in range(width):
                y[np.uint64(to + q)] = largest[np.uint64(p * columns + q)]
                positions[np.uint64(to + q)] = position[np.uint64(p * columns + q)]
            to += width


@kernel
def _first_inside(axis: Axis, p: int) -> int:
    """Return the number of the first element of the window p that is not padding."""
    return max(0, -((p * axis.stride - axis.padding) // axis.dilation))


@kernel
def compare(x: Any, at: int, n: int, number: int, largest: Any, position: Any) -> None:
    """largest[k] = max(largest[k], x[at + k]), and where that is new, position[k] = number, for k < n."""
    for k in range(n):
        element, before, where = x[np.uint64(at + k)], largest[k], position[k]
        larger = element > before or element != element
        largest[k] = element if larger else before
        position[k] = number if larger else where


@kernel
def _compare_down(along: Any, there: Any, at: int, number: int, largest: Any, position: Any) -> None:
    """largest[k] = max(largest[k], along[at + k]), and where that is new, position[k] = number + there[at + k]."""
    for k in range(len(largest)):
        element, before, where = along[np.uint64(at + k)], largest[k], position[k]
        larger = element > before or element != element
        largest[k] = element if larger else before
        position[k] = number + there[np.uint64(at + k)] if larger else where


@kernel
def _max_of_each(
    start: int, stop: int, x: Any, y: Any, positions: Any, numbers: Any, d: Axis, h: Axis, w: Axis
) -> None:
    """y[n, o] = max_cab x[n, i, j, k], positions[n, o] is the number of that (c, a, b): one window in each plane."""
    low, high = _first_inside(w, 0), min(w.kernel, (w.size - 1 + w.padding) // w.dilation + 1)
    for n in range(start, stop):
        for o in range(d.places):
            largest, position = x.dtype.type(-np.inf), -1
            for c in range(d.kernel):
                i = o * d.stride - d.padding + c * d.dilation
                for a in range(h.kernel):
                    j = a * h.dilation - h.padding
                    if 0 <= i < d.size and 0 <= j < h.size:
                        number = (c * h.kernel + a) * w.kernel
                        position = number + low if position < 0 else position
                        at = ((n * d.size + i) * h.size + j) * w.size - w.padding
                        largest, found = _scan(x, at, w.dilation, low, high, largest)
                        position = position if found < 0 else number + found
            y[n * d.places + o], positions[n * d.places + o] = largest, position


@kernel
def _scan(x: Any, at: int, dilation: int, low: int, high: int, largest: float) -> tuple[float, int]:
    """Return the largest of *largest* and x[at + b dilation], low <= b < high, and its b, or -1 if none is larger.

    Most stretches of a window have no element larger than those before, and to see that is a vectorised loop.
    """
    found = -1
    for begin in range(low, high, STRETCH):
        b, end = begin, min(begin + STRETCH, high)
        larger = dilation > 1 or end < begin + STRETCH
        if not larger:
            for k in range(begin, end):
                element = x[np.uint64(at + k)]
                larger = larger | (element > largest) | (element != element)
        while larger and b < end:
            element = x[np.uint64(at + b * dilation)]
            while b < end - 1 and not (element > largest or element != element):
                b += 1
                element = x[np.uint64(at + b * dilation)]
            if element > largest or element != element:
                largest, found = element, b
            b += 1
    return largest, found


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    for size, kernel_size in ((4, 2), (8, 3), (3, 3)):  # squares, planes, each
        x = np.zeros((1, 1, size, size), dtype)
        max_pool(x, windows=((kernel_size,) * 2, (2, 2), (0, 0), (1, 1), False))
