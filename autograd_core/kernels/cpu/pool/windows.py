"""Where the windows of pooling lie.

Along an axis of L elements the window p covers the elements p s - padding + a d for a < k; those outside 0..L-1 are
padding.  s is the stride, d the dilation and k the kernel's size.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ...jit import kernel
from ...layout import compact

__all__ = [
    "UNIT",
    "Axis",
    "Sizes",
    "Windows",
    "arranged",
    "axes",
    "flat",
    "in_pairs",
    "join",
    "lay",
    "pitch",
    "regions",
    "shift",
    "split",
    "together",
    "whole",
]

Sizes = tuple[int, ...]
Windows = tuple[Sizes, Sizes, Sizes, Sizes, bool]  # kernel, stride, padding and dilation for each axis, and ceil_mode


class Axis(NamedTuple):
    """The windows along one axis: how many elements and how many windows there are, and how the windows lie."""

    size: int
    places: int
    kernel: int
    stride: int
    padding: int
    dilation: int


UNIT = Axis(1, 1, 1, 1, 0, 1)


def axes(size: Sizes, windows: Windows) -> tuple[Axis, Axis, Axis]:
    """Return the windows of each axis of one, two or three, with axes of size 1 before them to make it three."""
    kernel, stride, padding, dilation, ceil_mode = windows
    found = []
    for n, k, step, p, gap in zip(size, kernel, stride, padding, dilation):
        places = _places(n, k, step, p, gap, ceil_mode)
        found.append(Axis(n, places, k, step if places > 1 else min(step, gap * (k - 1) + 1), p, gap))
    d, h, w = [UNIT] * (3 - len(found)) + found
    return d, h, w


def _places(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """Return how many windows there are along an axis: the last starts in the input, or in the padding before it."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    places = -(-room // stride) + 1
    return places - 1 if (places - 1) * stride >= size + padding else places


def regions(size: Sizes, places: Sizes) -> tuple[Sizes, list[ndarray]]:
    """Return where the regions of an adaptive pool start and stop, (2, places) for each of three axes; and their sizes.

    Along an axis of L elements, region i of n goes from floor(i L / n) to ceil((i + 1) L / n).
    """
    ones = (1,) * (3 - len(size))
    size, places = ones + size, ones + places
    numbers = [np.arange(n) for n in places]
    return size, [np.stack([i * m // n, -(-(i + 1) * m // n)]) for i, m, n in zip(numbers, size, places)]


def whole(shape: Sizes, windows: Windows) -> bool:
    """Return whether there is one window, which is all of a plane of x of *shape*."""
    return windows[0] == shape[2:] and not any(windows[2])


def arranged(planes: int, d: Axis, h: Axis, w: Axis) -> tuple[int, Axis, Axis, Axis]:
    """Return the same windows with longer rows or fuller planes, and how many planes there are then.

    Elements keep their places in memory, and their order in a window.
    """
    for _ in range(2):  # rows that are in a window whole are one row: of global pooling, one row is left
        if (w.places, w.kernel, w.padding, w.dilation) == (1, w.size, 0, 1) and (h.dilation == 1 or h.kernel == 1):
            n = w.size
            w = Axis(h.size * n, h.places, h.kernel * n, h.stride * n, h.padding * n, 1)
            d, h = UNIT, d
    if d == h == UNIT and w.places > 1:  # signals, side by side, are a plane
        rows = together(planes, w.size)
        planes, h = planes // rows, Axis(rows, rows, 1, 1, 0, 1)
    return planes, d, h, w


def together(planes: int, size: int) -> int:
    """Return how many planes of *size* elements are taken together, so that they still fit into the first cache."""
    return next(n for n in range(max(1, min(planes, 4096 // size)), 0, -1) if planes % n == 0)


def flat(*arrays: ndarray) -> list[ndarray]:
    """Return arrays in one dim: kernels are compiled for such only, and find their places themselves."""
    return [compact(a, (a.size,)) for a in arrays]


def in_pairs(w: Axis) -> bool:
    """Return whether along an axis the windows are the elements 0 and 1, 2 and 3, 4 and 5..."""
    return (w.kernel, w.stride, w.padding, w.dilation) == (2, 2, 0, 1) and 2 * w.places <= w.size


# A window with stride s takes every s-th row and every s-th column.  A plane is therefore laid out anew:
#
# * ``lay`` puts its rows in the order of the row modulo s, with the padding around them, and
# * ``split`` does the same with its columns, which makes w.stride planes of it.
#
# Now the elements (a, b) of neighbouring windows are neighbours, for any a and b, so what is done with them for all
# windows is one loop over contiguous memory, which LLVM makes vector instructions of.  It goes on across the ends of
# rows; what it makes of the columns there, which are no window's, is never looked at.  ``join`` undoes ``split``.


@kernel
def pitch(axis: Axis) -> int:
    """Return how many rows or columns of a padded plane are the same modulo the stride, as far as windows reach."""
    return axis.places + (axis.kernel - 1) * axis.dilation // axis.stride


@kernel
def shift(axis: Axis, a: int, part: int, step: int) -> int:
    """Return where the element a of the first window is now: parts are *part* apart, and neighbours in them *step*."""
    far = a * axis.dilation
    return far % axis.stride * part + far // axis.stride * step


@kernel
def lay(x: Any, at: int, h: Axis, w: Axis, laid: Any) -> None:
    """laid[i % s, i // s, w.padding + j] = x[at + i - h.padding, j], where s is h.stride.

    It has s times pitch(h) rows of w.stride times pitch(w) elements; what does not fit there is no window's.
    """
    rows, row = pitch(h), w.stride * pitch(w)
    n = min(w.size, row - w.padding)
    for i in range(h.padding, min(h.padding + h.size, h.stride * rows)):
        to = (i % h.stride * rows + i // h.stride) * row + w.padding
        start = at + (i - h.padding) * w.size
        for j in range(n):
            laid[np.uint64(to + j)] = x[np.uint64(start + j)]


@kernel
def split(laid: Any, n: int, stride: int, parts: Any) -> None:
    """parts[r n + k] = laid[k stride + r], for k < n and r < stride."""
    if stride == 2:  # a loop that takes whole pairs is vectorised, one that takes every s-th element is not
        even, odd = parts[:n], parts[n:]
        for k in range(n):
            even[k] = laid[2 * k]
            odd[k] = laid[2 * k + 1]
    else:
        for r in range(stride):
            for k in range(n):
                parts[np.uint64(r * n + k)] = laid[np.uint64(k * stride + r)]


@kernel
def join(parts: Any, n: int, stride: int, laid: Any) -> None:
    """laid[k stride + r] = parts[r n + k], for k < n and r < stride."""
    if stride == 2:
        even, odd = parts[:n], parts[n:]
        for k in range(n):
            laid[2 * k] = even[k]
            laid[2 * k + 1] = odd[k]
    else:
        for r in range(stride):
            for k in range(n):
                laid[np.uint64(k * stride + r)] = parts[np.uint64(r * n + k)]
