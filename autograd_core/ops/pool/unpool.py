"""Max unpooling: largest elements go back to where they were found."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...errors import ArgumentError, DtypeError, ShapeError
from ...primitive import Array
from ..scatter import scatter
from ..shape import plain, reshape_to
from ..spatial import Shape, Size, per_dim, unbatch
from .windows import pictures


def max_unpool1d(
    input: Array,
    indices: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """Return zeros (N, C, L) or (C, L) with the elements of *input* at their *indices*, as ``max_pool1d`` gave them.

    All that ``max_unpool2d`` says holds for one dim.

    >>> x = ag.tensor([[1.0, 4.0, 3.0, 2.0]])
    >>> ag.max_unpool1d(*ag.max_pool1d(x, 2, return_indices=True), 2)
    tensor([[0., 4., 3., 0.]])
    """
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """Return zeros with the elements of *input* at their *indices*, in 0..H*W-1 of their planes.

    Both are as ``max_pool2d`` gives them.  Of elements with one index the last stays.

    Shapes: *input* and *indices* (N, C, H', W') or (C, H', W') to (N, C, H, W) or (C, H, W), with
    H = (H' - 1) stride - 2 padding + kernel_size.  Several H are pooled to one H': *output_size* chooses another, and may
    have all dims or only the spatial ones.

    Raises ShapeError, DtypeError or ArgumentError for what does not fit, and IndexError for an index beyond the plane.

    >>> x = ag.tensor([[[1.0, 4.0], [3.0, 2.0]]])
    >>> ag.max_unpool2d(*ag.max_pool2d(x, 2, return_indices=True), 2)
    tensor([[[0., 4.],
             [0., 0.]]])
    """
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Array,
    indices: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """Return zeros (N, C, D, H, W) or (C, D, H, W) with the elements of *input* at their *indices*.

    All that ``max_unpool2d`` says holds for three dims.

    >>> x = ag.arange(8.0).reshape(1, 2, 2, 2)
    >>> ag.max_unpool3d(*ag.max_pool3d(x, 2, return_indices=True), 2).sum()
    tensor(7.)
    """
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    function: str, dims: int, input: Array, indices: Array, kernel_size: Size, stride: Size | None, padding: Size,
    output_size: Sequence[int] | None,
) -> Array:  # fmt: skip
    kernels = per_dim(function, "kernel_size", kernel_size, 1, dims)
    strides = kernels if stride is None else per_dim(function, "stride", stride, 1, dims)
    pads = per_dim(function, "padding", padding, 0, dims)
    x = pictures(function, dims, input)
    if indices.dtype.kind not in "iu":
        raise DtypeError(f"{function}: indices has dtype {indices.dtype}: expected integers; use indices.long()")
    if tuple(indices.shape) != tuple(input.shape):
        raise ShapeError(
            f"{function}: indices {tuple(indices.shape)}, input {tuple(input.shape)}: expected an index for each "
            f"element; take both from {function.replace('un', '')} with return_indices=True"
        )
    default = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(x.shape[2:], strides, pads, kernels))
    size = default if output_size is None else _output_size(function, output_size, default, strides)
    volume, found = math.prod(size), plain(indices)
    if found.size and (found.min() < 0 or found.max() >= volume):
        wrong = found[(found < 0) | (found >= volume)].flat[0]
        raise IndexError(
            f"{function}: indices has {wrong}, expected 0..{volume - 1} for planes of size {size}; give the size of "
            "what was pooled as output_size"
        )
    flat = (x.shape[0], x.shape[1], math.prod(x.shape[2:]))
    y = scatter(np.zeros((*flat[:2], volume), x.dtype), 2, reshape_to(indices, shape=flat), reshape_to(x, shape=flat))
    return unbatch(reshape_to(y, shape=(*flat[:2], *size)), input)


def _output_size(function: str, output_size: Sequence[int], default: Shape, strides: Shape) -> Shape:
    """Return the spatial part of *output_size*, if that would be pooled to the input's size."""
    size = tuple(output_size)[len(output_size) - len(default) :]
    if len(output_size) not in range(len(default), len(default) + 3) or any(
        abs(n - m) >= s for n, m, s in zip(size, default, strides)
    ):
        raise ArgumentError(
            f"{function}: output_size={output_size!r}: expected {default}, each give or take less than the stride "
            f"{strides}; give the size of what was pooled"
        )
    return size
