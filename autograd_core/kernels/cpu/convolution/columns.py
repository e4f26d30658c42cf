"""Convolution as matrix products, in NumPy alone: what serves where kernels cannot be compiled.

What the windows see is copied into columns (im2col), (N, G, K, P) for K = C KD KH KW / G rows and P places; then
y = W col, col = W^T y, and W = sum_n y col^T.  With a few images at a time, columns stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy import ndarray

from .sizes import Sizes

__all__ = ["convolve", "convolve_input", "convolve_weight"]

BLOCK = 4 << 20  # bytes of columns at a time: about what a core's share of the caches holds


def convolve(x: ndarray, w: ndarray, bias: ndarray | None, s: Sizes, y: ndarray, relu: bool = False) -> None:
    """Write conv(x, w) + bias to y, or its positive part."""
    matrices = w.reshape(s.groups, s.y_group, s.x_group * prod(s.window))
    for block in _blocks(s, x.itemsize):
        columns = _windows(_padded(x[block], s), s).reshape(len(x[block]), s.groups, matrices.shape[2], prod(s.places))
        product = np.matmul(matrices, columns).reshape(y[block].shape)
        if bias is not None:
            product += bias.reshape(-1, *[1] * (y.ndim - 2))
        y[block] = np.maximum(product, 0) if relu else product


def convolve_input(g: ndarray, w: ndarray, s: Sizes, x: ndarray) -> None:
    """Write the adjoint of ``x -> conv(x, w)`` at g to x."""
    matrices = w.reshape(s.groups, s.y_group, s.x_group * prod(s.window)).transpose(0, 2, 1)
    for block in _blocks(s, g.itemsize):
        columns = np.matmul(matrices, g[block].reshape(len(g[block]), s.groups, s.y_group, prod(s.places)))
        padded = _padded(np.zeros(x[block].shape, x.dtype), s)
        windows = columns.reshape(len(columns), s.channels, *s.window, *s.places)
        for a in np.ndindex(s.window):
            _seen(padded, a, s)[...] += windows[:, :, *a]
        x[block] = padded[:, :, *(slice(b, b + n) for b, n in zip(s.before, s.size))].reshape(x[block].shape)


def convolve_weight(g: ndarray, x: ndarray, s: Sizes, w: ndarray) -> None:
    """Write the adjoint of ``w -> conv(x, w)`` at g to w."""
    total = np.zeros((s.groups, s.y_group, w.size // max(1, len(w))), w.dtype)
    for block in _blocks(s, x.itemsize):
        columns = _windows(_padded(x[block], s), s).reshape(len(x[block]), s.groups, total.shape[2], prod(s.places))
        results = g[block].reshape(len(g[block]), s.groups, s.y_group, prod(s.places))
        total += np.matmul(results, columns.transpose(0, 1, 3, 2)).sum(0)
    w[...] = total.reshape(w.shape)


def _blocks(s: Sizes, itemsize: int) -> Iterator[slice]:
    image = s.channels * prod(s.window) * prod(s.places) * itemsize
    step = max(1, BLOCK // max(1, image))
    return (slice(first, first + step) for first in range(0, s.images, step))


def _padded(x: ndarray, s: Sizes) -> ndarray:
    """Return images (n, C, D, H, W) as far as windows reach, and at least as large as they are."""
    reach = [(m - 1) * t + d * (k - 1) + 1 for m, t, d, k in zip(s.places, s.stride, s.dilation, s.window)]
    after = [max(0, r - b - n) for r, b, n in zip(reach, s.before, s.size)]
    return np.pad(x.reshape(len(x), s.channels, *s.size), ((0, 0), (0, 0), *zip(s.before, after)))


def _seen(padded: ndarray, a: tuple[int, ...], s: Sizes) -> ndarray:
    """Return the view of what the place *a* of the window sees, (n, C, OD, OH, OW)."""
    axes = zip(a, s.dilation, s.stride, s.places)
    return padded[:, :, *(slice(i * d, i * d + (m - 1) * t + 1, t) for i, d, t, m in axes)]


def _windows(padded: ndarray, s: Sizes) -> ndarray:
    """Return the view (n, C, KD, KH, KW, OD, OH, OW) of all windows."""
    n, c, *axes = padded.strides
    shape = (len(padded), s.channels, *s.window, *s.places)
    steps = (*(d * t for d, t in zip(s.dilation, axes)), *(t * u for t, u in zip(s.stride, axes)))
    return np.lib.stride_tricks.as_strided(padded, shape, (n, c, *steps), writeable=False)
