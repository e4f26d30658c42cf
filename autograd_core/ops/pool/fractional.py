"""Fractional max pooling: windows at random steps, which bring a plane to a size that need not divide its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, DtypeError, ShapeError
from ...primitive import Array, primitive
from ...random import default_generator
from ..spatial import Shape, Size, letters, per_dim, unbatch
from .adaptive import put_in_planes
from .windows import pictures

Ratio = float | Sequence[float]

# ------------------------------------------------------------------------------------------------------------ primitive


@primitive(name="fractional_max_pool", aux=("indices",))
def fractional_max(x: Array, samples: Array, *, kernel: Shape, size: Shape) -> tuple[Array, Array]:
    """Return the largest elements of x (N, C, ...) in a grid of *size* windows, and their indices in the flat planes.

    *samples* (N, C, dims), from 0 to 1, say where the windows of each plane lie.  Of equal elements the first counts, and
    a NaN is larger than all else.
    """
    n, c, *whole = x.shape
    corners: Any = np.zeros((n, c) + (1,) * len(size), np.int64)
    for d, (m, k, count) in enumerate(zip(whole, kernel, size)):
        starts = _starts(samples[:, :, d], m, k, count)
        corners = corners * m + starts.reshape(n, c, *[count if axis == d else 1 for axis in range(len(size))])
    corners, planes = corners.reshape(n, c, math.prod(size)), x.reshape(n, c, math.prod(whole))
    indices, largest = corners, np.take_along_axis(planes, corners, 2)
    for a in np.ndindex(kernel):
        at = corners + np.ravel_multi_index(a, tuple(whole))
        found = np.take_along_axis(planes, at, 2)
        better = (found > largest) | np.isnan(found)
        largest, indices = np.where(better, found, largest), np.where(better, at, indices)
    return largest.reshape(n, c, *size), indices.reshape(n, c, *size)


fractional_max.vjp(x=lambda g, indices, x_shape: put_in_planes(g, indices, x_shape), samples=None)


def _starts(sample: Any, size: int, kernel: int, count: int) -> Any:
    """Return where windows start, (N, C, count): floor((i + u) a) - floor(u a), where a is their mean distance.

    The last one ends with the plane.
    """
    step = sample.dtype.type(size - kernel) / max(1, count - 1)
    u = sample[..., None]
    starts = ((np.arange(count, dtype=sample.dtype) + u) * step).astype(np.int64) - (u * step).astype(np.int64)
    starts[..., -1] = size - kernel
    return starts


# ------------------------------------------------------------------------------------------------- the public functions


def fractional_max_pool2d(
    input: Array,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Array | None = None,
) -> Array | tuple[Array, Array]:
    """Return the largest elements of *output_size* windows that lie at random, nearly even steps.

    Give *output_size*, or *output_ratio*, between 0 and 1, of the input's size.  With *return_indices* also where the
    elements are, in 0..H*W-1 of their planes.  *_random_samples* (N, C, 2), from 0 to 1, in place of random numbers,
    decide where the windows of each plane lie.  Of equal elements the first gets the gradient; NaN is the largest.

    Shapes: (N, C, H, W) or (C, H, W) to ``(N, C, *output_size)`` or ``(C, *output_size)``, any floating dtype.
    Raises ShapeError, DtypeError or ArgumentError for what does not fit.  Source: Graham, "Fractional Max-Pooling", 2014.

    >>> ag.fractional_max_pool2d(ag.arange(9.0).reshape(1, 3, 3), 2, output_size=2).tolist()
    [[[4.0, 5.0], [7.0, 8.0]]]
    """
    return _pool(
        "fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


def fractional_max_pool3d(
    input: Array,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Array | None = None,
) -> Array | tuple[Array, Array]:
    """Return the largest elements of *output_size* windows of *input* (N, C, D, H, W) or (C, D, H, W).

    All that ``fractional_max_pool2d`` says holds for three dims.

    >>> ag.fractional_max_pool3d(ag.arange(8.0).reshape(1, 2, 2, 2), 1, output_ratio=0.5).tolist()
    [[[[7.0]]]]
    """
    return _pool(
        "fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


def _pool(
    function: str, dims: int, input: Array, kernel_size: Size, output_size: Size | None, output_ratio: Ratio | None,
    return_indices: bool, samples: Array | None,
) -> Array | tuple[Array, Array]:  # fmt: skip
    x = pictures(function, dims, input)
    kernel, whole = per_dim(function, "kernel_size", kernel_size, 1, dims), tuple(x.shape[2:])
    size = _output_size(function, dims, whole, output_size, output_ratio)
    for axis, n, k, m in zip(letters(dims), whole, kernel, size):
        if m + k - 1 > n:
            raise ShapeError(
                f"{function}: along {axis} the input has {n} elements, too few for {m} windows of {k}: input "
                f"{tuple(input.shape)}, kernel_size={kernel}, output size {size}; use smaller ones"
            )
    where = (x.shape[0], x.shape[1], dims)
    if samples is None:
        samples = default_generator.numpy.random(where, x.dtype)
    if samples.dtype != x.dtype:
        raise DtypeError(f"{function}: _random_samples is {samples.dtype}, input is {x.dtype}; convert with .to(dtype)")
    if samples.ndim != 3 or samples.shape[0] < where[0] or tuple(samples.shape[1:]) != where[1:]:
        raise ShapeError(f"{function}: _random_samples {tuple(samples.shape)}: expected (N, C, {dims}), here {where}")
    order = (1, 0) if dims == 2 else (0, 1, 2)  # as PyTorch reads them: in pictures the width comes first
    y, indices = fractional_max(x, samples[: where[0]][..., list(order)], kernel=kernel, size=size)
    return (unbatch(y, input), unbatch(indices, input)) if return_indices else unbatch(y, input)


def _output_size(function: str, dims: int, whole: Shape, output_size: Size | None, output_ratio: Ratio | None) -> Shape:
    if output_size is not None:
        return per_dim(function, "output_size", output_size, 1, dims)
    if output_ratio is None:
        raise ArgumentError(f"{function}: output_size and output_ratio are both None; give one of them")
    ratios = list(output_ratio) if isinstance(output_ratio, Sequence) else [output_ratio] * dims
    if len(ratios) != dims or not all(0 < r < 1 for r in ratios):
        raise ArgumentError(
            f"{function}: output_ratio={output_ratio!r}: expected a number between 0 and 1, or {dims} of them; "
            "use output_size for other sizes"
        )
    size = tuple(int(n * r) for n, r in zip(whole, ratios))
    if math.prod(size) < 1:
        raise ShapeError(
            f"{function}: output_ratio={output_ratio!r} leaves nothing of a size of {whole}; use a larger one"
        )
    return size
