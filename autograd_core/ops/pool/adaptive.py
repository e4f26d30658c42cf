"""Pooling to a given size: over a grid of regions that cover the input evenly.

Region i of n along an axis of L elements goes from floor(i L / n) to ceil((i + 1) L / n).  Where n divides L the
regions are windows; where not, they differ in size and overlap.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TypeAlias

from ... import backend
from ...errors import ArgumentError, ShapeError
from ...primitive import Array, primitive
from ..index import add_picked
from ..shape import reshape_to
from ..spatial import NUMBERS, Shape, letters, unbatch
from .average import window_mean
from .windows import Windows, pictures

OutputSize: TypeAlias = int | Sequence[int | None] | None

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="adaptive_avg_pool")
def region_mean(x: Array, *, size: Shape) -> Array:
    """Return the means of x (N, C, ...) over a grid of *size* regions."""
    return backend.of(x).kernels.adaptive_avg_pool(x, size=size)


@primitive(name="adaptive_avg_pool_input")
def region_mean_input(y: Array, *, shape: Shape) -> Array:
    """Return the adjoint of ``region_mean`` at y, for x of *shape*."""
    return backend.of(y).kernels.adaptive_avg_pool_input(y, shape=shape)


region_mean.vjp(x=lambda g, x_shape: region_mean_input(g, shape=x_shape))
region_mean_input.vjp(y=lambda g, y_shape: region_mean(g, size=tuple(y_shape[2:])))


@primitive(name="adaptive_max_pool", aux=("indices",))
def region_max(x: Array, *, size: Shape) -> tuple[Array, Array]:
    """Return the largest elements of x (N, C, ...) in a grid of *size* regions, and their indices in the flat planes."""
    return backend.of(x).kernels.adaptive_max_pool(x, size=size)


region_max.vjp(x=lambda g, indices, x_shape: put_in_planes(g, indices, x_shape))


def put_in_planes(y: Array, indices: Array, shape: Shape) -> Array:
    """Return zeros of *shape* (N, C, ...) with the elements of y added at their *indices* in the flat planes."""
    planes = tuple(shape[:2])
    flat = (*planes, math.prod(y.shape[2:]))
    places = reshape_to(indices, shape=flat)
    x = add_picked(reshape_to(y, shape=flat), places, axis=2, shape=(*planes, math.prod(shape[2:])))
    return reshape_to(x, shape=tuple(shape))


# ------------------------------------------------------------------------------------------------- the public functions


def adaptive_avg_pool1d(input: Array, output_size: OutputSize) -> Array:
    """Return the means of *input* (N, C, L) or (C, L) over *output_size* regions.

    All that ``adaptive_avg_pool2d`` says holds for one dim.

    >>> ag.adaptive_avg_pool1d(ag.tensor([[1.0, 2.0, 6.0]]), 2)
    tensor([[1.5000, 4.0000]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Array, output_size: OutputSize) -> Array:
    """Return the means of *input* over an *output_size* grid of regions that cover it evenly.

    Region i of n spans floor(i H / n) to ceil((i + 1) H / n).  None keeps a size; an int stands for both.

    Shapes: (N, C, H, W) or (C, H, W) to ``(N, C, *output_size)`` or ``(C, *output_size)``, any floating dtype.
    Raises ShapeError, DtypeError or ArgumentError for what does not fit.

    >>> ag.adaptive_avg_pool2d(ag.arange(9.0).reshape(1, 1, 3, 3), 1).item()
    4.0
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Array, output_size: OutputSize) -> Array:
    """Return the means of *input* (N, C, D, H, W) or (C, D, H, W) over an *output_size* grid of regions.

    All that ``adaptive_avg_pool2d`` says holds for three dims.

    >>> ag.adaptive_avg_pool3d(ag.arange(8.0).reshape(1, 2, 2, 2), (1, 2, None)).shape
    (1, 1, 2, 2)
    """
    return _adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(
    input: Array, output_size: OutputSize, return_indices: bool = False
) -> Array | tuple[Array, Array]:
    """Return the largest elements of *input* (N, C, L) or (C, L) in *output_size* regions.

    All that ``adaptive_max_pool2d`` says holds for one dim.

    >>> ag.adaptive_max_pool1d(ag.tensor([[1.0, 2.0, 6.0]]), 2)
    tensor([[2., 6.]])
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(
    input: Array, output_size: OutputSize, return_indices: bool = False
) -> Array | tuple[Array, Array]:
    """Return the largest elements of *input* in an *output_size* grid of regions that cover it evenly.

    Region i of n spans floor(i H / n) to ceil((i + 1) H / n).  None keeps a size; an int stands for both.  With
    *return_indices* also where the elements are, in 0..H*W-1 of their planes.  Of equal elements the first counts, and
    a NaN is larger than all else.

    Shapes: (N, C, H, W) or (C, H, W) to ``(N, C, *output_size)`` or ``(C, *output_size)``, any floating dtype.
    Raises ShapeError, DtypeError or ArgumentError for what does not fit.

    >>> ag.adaptive_max_pool2d(ag.arange(9.0).reshape(1, 3, 3), (1, 2)).tolist()
    [[[7.0, 8.0]]]
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(
    input: Array, output_size: OutputSize, return_indices: bool = False
) -> Array | tuple[Array, Array]:
    """Return the largest elements of *input* (N, C, D, H, W) or (C, D, H, W) in an *output_size* grid of regions.

    All that ``adaptive_max_pool2d`` says holds for three dims.

    >>> ag.adaptive_max_pool3d(ag.arange(8.0).reshape(1, 2, 2, 2), (1, 1, 2)).tolist()
    [[[[6.0, 7.0]]]]
    """
    return _adaptive_max_pool("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _adaptive_avg_pool(function: str, dims: int, input: Array, output_size: OutputSize) -> Array:
    x = pictures(function, dims, input)
    size = _regions(function, dims, input, output_size)
    if any(n % m for n, m in zip(x.shape[2:], size)):
        return unbatch(region_mean(x, size=size), input)
    return unbatch(window_mean(x, windows=_tiles(x.shape[2:], size), count_include_pad=True, divisor=None), input)


def _adaptive_max_pool(
    function: str, dims: int, input: Array, output_size: OutputSize, return_indices: bool
) -> Array | tuple[Array, Array]:
    x = pictures(function, dims, input)
    size = _regions(function, dims, input, output_size)
    y, indices = region_max(x, size=size)
    return (unbatch(y, input), unbatch(indices, input)) if return_indices else unbatch(y, input)


def _tiles(size: Shape, places: Shape) -> Windows:
    """Return windows that lie side by side and divide an input of *size* into *places*."""
    kernel = tuple(n // m for n, m in zip(size, places))
    return Windows(kernel, kernel, (0,) * len(kernel), (1,) * len(kernel), False)


def _regions(function: str, dims: int, input: Array, output_size: OutputSize) -> Shape:
    """Return the number of regions along each axis."""
    given = tuple(output_size) if isinstance(output_size, Sequence) else (output_size,) * dims
    sizes = tuple(input.shape[-dims:])
    if 0 in sizes:
        raise ShapeError(
            f"{function}: input {tuple(input.shape)}: expected {' and '.join(letters(dims))} of at least 1; there is "
            "nothing to pool"
        )
    try:
        found = tuple(n if m is None else operator.index(m) for n, m in zip(sizes, given, strict=True))
    except (TypeError, ValueError):
        found = ()
    if not found or min(found) < 1:
        raise ArgumentError(
            f"{function}: output_size={output_size!r}, expected sizes of at least 1: an int, or {NUMBERS[dims]}, or "
            "None to keep a size"
        )
    return found
