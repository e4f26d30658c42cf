"""Two-dimensional pooling, and the linear partners that carry its derivatives.

Arrays are (N, C, H, W), float32 or float64, with any strides; each plane (n, c) is pooled by itself.  Along an axis of
L elements the window p covers the elements p s - padding + a d for a < k; those outside 0..L-1 are padding.  s is the
stride, d the dilation and k the kernel's size, all given for both axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from ..threads import parallel

__all__ = ["avg_pool2d", "avg_pool2d_input", "gather_planes", "max_pool2d", "scatter_planes"]

Pair = tuple[int, int]


def max_pool2d(
    x: ndarray, *, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[ndarray, ndarray]:
    """Return the largest element of each window, and where in its plane it is, as an int64 in 0..H*W-1.

    Padding is -inf.  Of equal elements the first counts, and a NaN is larger than all else.  Each window must hold an
    element of the plane.
    """
    size = x.shape[2:]
    places = [_places(*axis, ceil_mode) for axis in zip(size, kernel, stride, padding, dilation)]
    corners = [np.arange(m) * s - p for m, s, p in zip(places, stride, padding)]
    first = [np.where(i < 0, i % d, i) for i, d in zip(corners, dilation)]
    within = [np.add.outer(i * size[1], j) for i, j in (corners, first)]
    y = np.empty((*x.shape[:2], *places), x.dtype)
    indices = np.empty(y.shape, np.int64)
    planes = _planes(x, y, indices)
    work = 1.0 * kernel[0] * kernel[1] * y.size
    parallel(_max_windows, len(planes[0]), *planes, *within, kernel, stride, padding, dilation, work=work)
    return y, indices


def scatter_planes(g: ndarray, indices: ndarray, *, shape: tuple[int, ...]) -> ndarray:
    """Return zeros of *shape* (N, C, H, W), with each g[n, c, p, q] added at indices[n, c, p, q] of its plane.

    Indices are in 0..H*W-1, and are not checked.
    """
    out = np.zeros(shape, g.dtype)
    parallel(_scatter, out.shape[0] * out.shape[1], *_flat_planes(g, indices, out), work=0.8 * g.size)
    return out


def gather_planes(x: ndarray, indices: ndarray) -> ndarray:
    """Return x[n, c] at indices[n, c, p, q] of its plane: the adjoint of ``scatter_planes``."""
    out = np.empty(indices.shape, x.dtype)
    parallel(_gather, out.shape[0] * out.shape[1], *_flat_planes(x, indices, out), work=0.8 * out.size)
    return out


def avg_pool2d(
    x: ndarray,
    *,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> ndarray:
    """Return the sum of each window over its size, or over *divisor*.

    Padding is 0; it belongs to the size if *count_include_pad*, as far as it is not beyond *padding*, in ceil mode.
    """
    size = x.shape[2:]
    places = [_places(*axis, 1, ceil_mode) for axis in zip(size, kernel, stride, padding)]
    y = np.zeros((*x.shape[:2], *places), x.dtype)
    work = 0.9 * kernel[0] * kernel[1] * y.size
    parallel(_sum_windows, y.shape[0] * y.shape[1], *_planes(x, y), kernel, stride, padding, work=work)
    y /= _divisors(size, places, kernel, stride, padding, count_include_pad, divisor, x.dtype)
    return y


def avg_pool2d_input(
    g: ndarray,
    *,
    shape: tuple[int, ...],
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor: int | None,
) -> ndarray:
    """Return the adjoint of ``avg_pool2d`` at g, for x of *shape*."""
    places = list(g.shape[2:])
    shares = g / _divisors(shape[2:], places, kernel, stride, padding, count_include_pad, divisor, g.dtype)
    x = np.zeros(shape, g.dtype)
    work = 0.9 * kernel[0] * kernel[1] * g.size
    parallel(_spread_windows, x.shape[0] * x.shape[1], *_planes(shares, x), kernel, stride, padding, work=work)
    return x


def _places(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """Return how many windows there are along an axis: the last starts in the input, or in the padding before it."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    places = -(-room // stride) + 1
    return places - 1 if (places - 1) * stride >= size + padding else places


def _divisors(
    size: tuple[int, ...],
    places: list[int],
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    count_include_pad: bool,
    divisor: int | None,
    dtype: np.dtype[Any],
) -> ndarray:
    """Return the number by which the sum of each window is divided, (OH, OW) or 0-d."""
    if divisor is not None:
        return np.asarray(divisor, dtype)
    counts = []
    for n, m, k, s, p in zip(size, places, kernel, stride, padding):
        start = np.arange(m) * s - p
        stop = np.minimum(start + k, n + p)
        counts.append(stop - start if count_include_pad else np.minimum(stop, n) - np.maximum(start, 0))
    rows, columns = counts
    return (rows[:, None] * columns).astype(dtype)


def _planes(*arrays: ndarray) -> list[ndarray]:
    """Return (N, C, H, W) arrays as (N * C, H, W), copied if need be: kernels are compiled for such arrays only."""
    return [np.require(a, requirements=("C", "A", "W")).reshape(a.shape[0] * a.shape[1], *a.shape[2:]) for a in arrays]


def _flat_planes(*arrays: ndarray) -> list[ndarray]:
    return [a.reshape(len(a), a.shape[1] * a.shape[2]) for a in _planes(*arrays)]


# An index that Numba cannot prove to be positive counts from the end if it is not, and a loop that must ask is not
# vectorised; an unsigned one is taken as it is.


@kernel
def _inside(offset: int, stride: int, size: int, places: int) -> tuple[int, int]:
    """Return the range of p, within 0..places-1, for which 0 <= p stride + offset < size."""
    low = max(0, -(offset // stride))
    return low, max(low, min(places, (size - offset - 1) // stride + 1))


@kernel
def _max_windows(
    start: int,
    stop: int,
    x: Any,
    y: Any,
    indices: Any,
    corners: Any,
    first: Any,
    window: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
) -> None:
    """y[n, p, q] = max_ab x[n, i, j], i = p stride_h - top + a dilation_h, j likewise; indices[n, p, q] = i W + j.

    For each (a, b), the elements of all windows of a plane are first put side by side, so that comparing them is a
    vectorised loop.  *corners* and *first* are i W + j of each window's first element, with and without padding.
    """
    _, height, width = x.shape
    _, rows, columns = y.shape
    taken = np.empty((rows, columns), x.dtype)
    places = rows * columns
    elements, corners, first = taken.reshape(places), corners.reshape(places), first.reshape(places)
    for n in range(start, stop):
        largest, where = y[n].reshape(places), indices[n].reshape(places)
        largest[:] = -np.inf
        where[:] = first
        for a in range(window[0]):
            for b in range(window[1]):
                offset = b * dilation[1] - padding[1]
                low, high = _inside(offset, stride[1], width, columns)
                for p in range(rows):
                    i = p * stride[0] - padding[0] + a * dilation[0]
                    if 0 <= i < height:
                        taken[p, :low] = -np.inf
                        for q in range(low, high):
                            taken[p, q] = x[n, i, np.uint64(q * stride[1] + offset)]
                        taken[p, high:] = -np.inf
                    else:
                        taken[p] = -np.inf
                shift = a * dilation[0] * width + b * dilation[1]
                for k in range(places):
                    if elements[k] > largest[k] or elements[k] != elements[k]:
                        largest[k] = elements[k]
                        where[k] = corners[k] + shift


@kernel
def _scatter(start: int, stop: int, g: Any, indices: Any, out: Any) -> None:
    for n in range(start, stop):
        for p in range(g.shape[1]):
            out[n, np.uint64(indices[n, p])] += g[n, p]


@kernel
def _gather(start: int, stop: int, x: Any, indices: Any, out: Any) -> None:
    for n in range(start, stop):
        for p in range(out.shape[1]):
            out[n, p] = x[n, np.uint64(indices[n, p])]


@kernel
def _sum_windows(start: int, stop: int, x: Any, y: Any, window: Pair, stride: Pair, padding: Pair) -> None:
    """y[n, p, q] += sum_ab x[n, p stride_h - top + a, q stride_w - left + b]."""
    _, height, width = x.shape
    _, rows, columns = y.shape
    for n in range(start, stop):
        for a in range(window[0]):
            top, bottom = _inside(a - padding[0], stride[0], height, rows)
            for b in range(window[1]):
                offset = b - padding[1]
                low, high = _inside(offset, stride[1], width, columns)
                for p in range(top, bottom):
                    i = p * stride[0] + a - padding[0]
                    for q in range(low, high):
                        y[n, p, q] += x[n, i, np.uint64(q * stride[1] + offset)]


@kernel
def _spread_windows(start: int, stop: int, y: Any, x: Any, window: Pair, stride: Pair, padding: Pair) -> None:
    """x[n, p stride_h - top + a, q stride_w - left + b] += y[n, p, q], for all a, b."""
    _, height, width = x.shape
    _, rows, columns = y.shape
    for n in range(start, stop):
        for a in range(window[0]):
            top, bottom = _inside(a - padding[0], stride[0], height, rows)
            for b in range(window[1]):
                offset = b - padding[1]
                low, high = _inside(offset, stride[1], width, columns)
                for p in range(top, bottom):
                    i = p * stride[0] + a - padding[0]
                    for q in range(low, high):
                        x[n, i, np.uint64(q * stride[1] + offset)] += y[n, p, q]


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x, two, none = np.zeros((1, 1, 2, 2), dtype), (2, 2), (0, 0)
    y, indices = max_pool2d(x, kernel=two, stride=two, padding=none, dilation=(1, 1), ceil_mode=False)
    gather_planes(scatter_planes(y, indices, shape=x.shape), indices)
    avg_pool2d_input(
        avg_pool2d(x, kernel=two, stride=two, padding=none, ceil_mode=False, count_include_pad=True, divisor=None),
        shape=x.shape, kernel=two, stride=two, padding=none, count_include_pad=True, divisor=None,
    )  # fmt: skip
