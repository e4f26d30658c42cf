"""Two-dimensional convolution and its two adjoints: columns (im2col), then a matrix product by NumPy's BLAS.

With stride s, dilation d, and x padded to x', all written for one axis::

    y[n, o, p]  = sum_ca w[o, c, a] x'[n, c, p s + a d]          conv2d
    x'[n, c, i] = sum_oa w[o, c, a] y[n, o, p]                   conv2d_input: the p with p s + a d = i
    w[o, c, a]  = sum_np y[n, o, p] x'[n, c, p s + a d]          conv2d_weight

The columns of one image are a matrix (K, P) of K = C KH KW rows (c, a, b) and P = OH OW places (p, q); then y = W col,
col = W^T y, and W^T = sum_n col y^T.  The channels of a group are neighbours: G groups are stacks of G matrices.
With a few images at a time, columns stay in the cache from being made to being multiplied.

Arrays are float32 or float64, all of one dtype, with any strides.  x is (N, C, H, W), w is (O, C / groups, KH, KW), and
y is (N, O, OH, OW).  Padding is ((top, bottom), (left, right)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..blas import one_thread
from ..jit import at_warm_up, kernel
from ..threads import parallel

__all__ = ["conv2d", "conv2d_input", "conv2d_weight"]

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]

BLOCK = 4 << 20  # bytes of columns at a time: about what a core's share of the caches holds
PARTS = 8  # sums over images are made in so many parts, however many threads there are, and added in order


def conv2d(x: ndarray, w: ndarray, *, stride: Pair, padding: Padding, dilation: Pair, groups: int) -> ndarray:
    """Return y = conv(x, w)."""
    s = _Sizes.of(x.shape, w.shape, stride, padding, dilation, groups)
    y = np.empty((s.n, s.o, *s.places), x.dtype)
    with one_thread():
        parallel(_products, s.n, s, x, s.matrices(w), y, work=s.work)
    return y


def conv2d_input(
    g: ndarray, w: ndarray, *, shape: tuple[int, ...], stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> ndarray:
    """Return the adjoint of ``x -> conv2d(x, w)`` at g, for x of *shape*."""
    s = _Sizes.of(shape, w.shape, stride, padding, dilation, groups)
    x = np.empty(shape, g.dtype)
    with one_thread():
        parallel(_scattered_products, s.n, s, g, s.matrices(w).transpose(0, 2, 1), x, work=s.work)
    return x


def conv2d_weight(
    g: ndarray, x: ndarray, *, shape: tuple[int, ...], stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> ndarray:
    """Return the adjoint of ``w -> conv2d(x, w)`` at g, for w of *shape*."""
    s = _Sizes.of(x.shape, shape, stride, padding, dilation, groups)
    parts = np.zeros((min(s.n, PARTS), groups, s.rows, s.o // groups), x.dtype)
    with one_thread():
        parallel(_outer_products, len(parts), s, g, x, parts, work=s.work)
    return np.ascontiguousarray(parts.sum(0).transpose(0, 2, 1)).reshape(shape)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The sizes of one convolution, and what follows from them."""

    n: int
    c: int
    size: Pair  # H, W
    o: int
    window: Pair  # KH, KW
    places: Pair  # OH, OW
    stride: Pair
    padding: Padding
    dilation: Pair
    groups: int

    @classmethod
    def of(
        cls, x: tuple[int, ...], w: tuple[int, ...], stride: Pair, padding: Padding, dilation: Pair, groups: int
    ) -> _Sizes:
        n, c, *size = x
        o, _, *window = w
        axes = zip(size, window, stride, padding, dilation)
        places = [(i + sum(p) - d * (k - 1) - 1) // s + 1 for i, k, s, p, d in axes]
        return cls(n, c, _pair(size), o, _pair(window), _pair(places), stride, padding, dilation, groups)

    @property
    def rows(self) -> int:
        """How many rows the columns of one group have."""
        return self.c // self.groups * prod(self.window)

    @property
    def work(self) -> float:
        """Nanoseconds, on one core: .2 to make an element of the columns, .02 for a product."""
        return self.n * self.groups * self.rows * prod(self.places) * (0.2 + 0.02 * self.o / self.groups)

    @property
    def is_pointwise(self) -> bool:
        """Whether the columns are the padded image itself."""
        return self.window == (1, 1) and self.stride == (1, 1)

    def matrices(self, w: ndarray) -> ndarray:
        """Return the weights as (G, O / G, rows)."""
        return np.require(w, requirements=("C", "A")).reshape(self.groups, self.o // self.groups, self.rows)

    def stacks(self, y: ndarray) -> ndarray:
        """Return some images of y as (n, G, O / G, P)."""
        contiguous = np.require(y, requirements=("C", "A"))
        return contiguous.reshape(len(y), self.groups, self.o // self.groups, prod(self.places))

    def blocks(self, start: int, stop: int, itemsize: int) -> Iterator[slice]:
        """Cut a range of images so that columns, or products with them, take no more than BLOCK bytes."""
        image = self.groups * self.rows * max(prod(self.places), self.o // self.groups) * itemsize
        step = max(1, BLOCK // max(1, image))
        for first in range(start, stop, step):
            yield slice(first, min(stop, first + step))

    def frame(self, n: int, dtype: np.dtype[Any]) -> ndarray:
        """Return n images of zeros, with room for the padding."""
        return np.zeros((n, self.c, *(i + sum(p) for i, p in zip(self.size, self.padding))), dtype)

    def interior(self, padded: ndarray) -> ndarray:
        """Return padded images without their padding."""
        (top, _), (left, _) = self.padding
        h, w = self.size
        return padded[:, :, top : top + h, left : left + w]

    def columns(self, x: ndarray) -> ndarray:
        """Return the columns of some images, (n, G, rows, P)."""
        if any(map(any, self.padding)):
            padded = self.frame(len(x), x.dtype)
            self.interior(padded)[...] = x
        else:
            padded = np.require(x, requirements=("C", "A", "W"))  # kernels are compiled for such arrays only
        shape = (len(x), self.groups, self.rows, prod(self.places))
        if self.is_pointwise:
            return padded.reshape(shape)
        columns = np.empty((len(x), self.c, *self.window, *self.places), x.dtype)
        im2col(padded, columns, *self.stride, *self.dilation)
        return columns.reshape(shape)

    def images(self, columns: ndarray) -> ndarray:
        """Return the adjoint of ``columns``: each element of the columns is added where it came from."""
        n = len(columns)
        if self.is_pointwise:
            return self.interior(columns.reshape(n, self.c, *self.places))
        padded = self.frame(n, columns.dtype)
        col2im(columns.reshape(n, self.c, *self.window, *self.places), padded, *self.stride, *self.dilation)
        return self.interior(padded)


def _pair(values: list[int]) -> Pair:
    first, second = values
    return first, second


def _products(start: int, stop: int, s: _Sizes, x: ndarray, w: ndarray, y: ndarray) -> None:
    """y = W col, for some images."""
    for block in s.blocks(start, stop, x.itemsize):
        np.matmul(w, s.columns(x[block]), out=s.stacks(y[block]))


def _scattered_products(start: int, stop: int, s: _Sizes, g: ndarray, w: ndarray, x: ndarray) -> None:
    """col = W^T y, added up to images, for some images."""
    product = np.multiply if s.o == s.groups else np.matmul  # BLAS has no fast way to multiply a column by a row
    for block in s.blocks(start, stop, x.itemsize):
        x[block] = s.images(product(w, s.stacks(g[block])))


def _outer_products(start: int, stop: int, s: _Sizes, g: ndarray, x: ndarray, parts: ndarray) -> None:
    """W^T = sum_n col y^T: BLAS likes it better than W = sum_n y col^T when there are few output channels."""
    for part in range(start, stop):
        first, last = (s.n * i // len(parts) for i in (part, part + 1))
        for block in s.blocks(first, last, x.itemsize):
            parts[part] += np.matmul(s.columns(x[block]), s.stacks(g[block]).transpose(0, 1, 3, 2)).sum(0)


# An index that Numba cannot prove to be positive counts from the end if it is not, and a loop that must ask is not
# vectorised; an unsigned one is taken as it is.


@kernel
def im2col(padded: Any, columns: Any, stride_h: int, stride_w: int, dilation_h: int, dilation_w: int) -> None:
    """columns[n, c, a, b, p, q] = padded[n, c, p stride_h + a dilation_h, q stride_w + b dilation_w]."""
    images, channels, rows, cols, height, width = columns.shape
    for n in range(images):
        for c in range(channels):
            for a in range(rows):
                for b in range(cols):
                    j = b * dilation_w
                    for p in range(height):
                        i = p * stride_h + a * dilation_h
                        if stride_w == 1:
                            for q in range(width):
                                columns[n, c, a, b, p, q] = padded[n, c, i, np.uint64(j + q)]
                        else:
                            for q in range(width):
                                columns[n, c, a, b, p, q] = padded[n, c, i, np.uint64(j + q * stride_w)]


@kernel
def col2im(columns: Any, padded: Any, stride_h: int, stride_w: int, dilation_h: int, dilation_w: int) -> None:
    """padded[n, c, p stride_h + a dilation_h, q stride_w + b dilation_w] += columns[n, c, a, b, p, q]."""
    images, channels, rows, cols, height, width = columns.shape
    for n in range(images):
        for c in range(channels):
            for a in range(rows):
                for b in range(cols):
                    j = b * dilation_w
                    for p in range(height):
                        i = p * stride_h + a * dilation_h
                        if stride_w == 1:
                            for q in range(width):
                                padded[n, c, i, np.uint64(j + q)] += columns[n, c, a, b, p, q]
                        else:
                            for q in range(width):
                                padded[n, c, i, np.uint64(j + q * stride_w)] += columns[n, c, a, b, p, q]


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x, w = np.zeros((1, 1, 2, 2), dtype), np.zeros((1, 1, 2, 2), dtype)
    how = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    conv2d_input(conv2d(x, w, **how), w, shape=x.shape, **how)  # type: ignore[arg-type]
