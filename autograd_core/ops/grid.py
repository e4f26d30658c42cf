"""Pictures and volumes read along a grid of places, and the grids of affine maps.

A read is a weighted sum of the elements around a place.  It is linear in the picture and in the weights, and its two
adjoints are primitives too: of the three, each is the derivative of another.  The weights are composed of the place's
coordinates, so derivatives of any order reach the grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import backend
from ..dtypes import constant, is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .elementwise import fmod
from .interpolate import cubic_weights
from .linalg import matmul
from .rounding import nearest
from .selection import choose, gate
from .shape import Shape, reshape_to
from .stacking import join_anew, unbind

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="sample")
def sample_places(x: Array, w: Array, index: Array) -> Array:
    """Return sum_k w[n, k, p] x[n, c, index[n, k, p]], (N, C, P); an index of -1 adds nothing."""
    return backend.of(x, w, index).kernels.sample(x, w, index)


@primitive(name="sample_input")
def sample_places_input(y: Array, w: Array, index: Array, *, size: int) -> Array:
    """Return the adjoint of ``x -> sample_places(x, w, index)`` at y, for planes x of *size* elements."""
    return backend.of(y, w, index).kernels.sample_input(y, w, index, size=size)


@primitive(name="sample_weight")
def sample_places_weight(y: Array, x: Array, index: Array) -> Array:
    """Return the adjoint of ``w -> sample_places(x, w, index)`` at y."""
    return backend.of(y, x, index).kernels.sample_weight(y, x, index)


sample_places.vjp(
    x=lambda g, w, index, x_shape: sample_places_input(g, w, index, size=x_shape[2]),
    w=lambda g, x, index: sample_places_weight(g, x, index),
    index=None,
)
sample_places_input.vjp(
    y=lambda g, w, index: sample_places(g, w, index),
    w=lambda g, y, index: sample_places_weight(y, g, index),
    index=None,
)
sample_places_weight.vjp(
    y=lambda g, x, index: sample_places(x, g, index),
    x=lambda g, y, index, x_shape: sample_places_input(y, g, index, size=x_shape[2]),
    index=None,
)


@primitive(name="fraction", aux=("whole",))
def fraction_of(x: Array) -> tuple[Array, Array]:
    """Return how far x is above the integer at or below it, and that integer."""
    whole = np.floor(x)
    return x - whole, whole


fraction_of.vjp(x=lambda g: g)


@primitive
def tap_places(*xs: Array, sizes: Shape, taps: Shape, padding_mode: str, align_corners: bool) -> Array:
    """Return where, in a flat plane of *sizes*, the elements around each place are, (N, K, P); -1 stands for outside.

    *xs* are whole coordinates (N, P), one for each axis; *taps* is added to each of them, in every combination.
    """
    n, p = xs[0].shape
    flat, inside = np.zeros((n, 1, p), np.int64), np.ones((n, 1, p), np.bool_)
    for i, (x, size) in enumerate(zip(xs, sizes), 1):
        at = x[:, None] + np.array(taps, x.dtype)[:, None]
        at = np.trunc(_within(at, size, padding_mode, align_corners))
        fits = (at >= 0) & (at < size)  # not where it is NaN
        index, shape = np.where(fits, at, 0).astype(np.int64), (n, len(taps) ** i, p)
        flat = (flat[:, :, None] * size + index[:, None]).reshape(shape)
        inside = (inside[:, :, None] & fits[:, None]).reshape(shape)
    return np.where(inside, flat, -1)


tap_places.vjp(xs=None)


# ---------------------------------------------------------------------------------------------------------- coordinates


def _to_elements(x: Array, size: int, align_corners: bool) -> Array:
    """Return coordinates from -1 to 1, of the edges of a picture, as coordinates from 0 to size - 1 of its elements."""
    return (x + 1) * ((size - 1) / 2) if align_corners else (x + 1) * (size / 2) - 0.5


def _within(x: Array, size: int, padding_mode: str, align_corners: bool) -> Array:
    """Return coordinates of elements brought to 0..size - 1; on these bounds, too, the slope is 0."""
    if padding_mode == "zeros":
        return x
    zero, top = constant(0, x.dtype), constant(size - 1, x.dtype)
    if padding_mode == "reflection":
        x = _reflected(x, 0.0, 2.0 * (size - 1)) if align_corners else _reflected(x, -0.5, 2.0 * size)
    return choose(x > 0, choose(x < size - 1, x, top), zero)


def _reflected(x: Array, low: float, period: float) -> Array:
    """Return coordinates mirrored at *low*, and at half a period above it, until they are between the two."""
    if period == 0:
        return _flat(x, 0)
    x = x - low
    x = fmod(choose(x < 0, -x, x), constant(period, x.dtype))
    return choose(x > period / 2, period - x, x) + low


def _flat(x: Array, value: float) -> Array:
    """Return *value* for each element of x: a function with a slope, which is 0."""
    return gate(x, np.zeros((), np.bool_)) + value


# ------------------------------------------------------------------------------------------------- the public functions

_TAPS = {"nearest": (0,), "bilinear": (0, 1), "bicubic": (-1, 0, 1, 2)}
_PADDINGS = ("zeros", "border", "reflection")


def grid_sample(
    input: Array,
    grid: Array,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Array:
    """Read *input* at the places of *grid*, whose coordinates (x, y) or (x, y, z) go from -1 to 1 over the input.

    These are the outer edges of the first and the last element, or with *align_corners* their centers.

    *mode*: "bilinear" (of volumes trilinear), "nearest" (a half goes to the even one) or "bicubic" (pictures only).
    *padding_mode* says what lies outside: "zeros", "border" (the edge repeated) or "reflection" (mirrored at the edge).
    A NaN lies outside with "zeros", and at the first element with the others, but makes "bicubic" NaN there.

    Shapes: *input* (N, C, H, W), *grid* (N, H', W', 2) to (N, C, H', W'); *input* (N, C, D, H, W), *grid*
    (N, D', H', W', 3) to (N, C, D', H', W'); both of one floating dtype.  Gradients reach both; that of *grid* is 0
    where a place was moved to an edge, and everywhere in mode "nearest".

    Raises ShapeError, DtypeError or ArgumentError for what does not fit.
    Source: Jaderberg et al., "Spatial Transformer Networks", 2015.

    >>> x = ag.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> ag.grid_sample(x, ag.tensor([[[[0.0, 0.0], [-0.5, -0.5]]]]), align_corners=False).tolist()
    [[[[2.5, 1.0]]]]
    """
    _check_sample(input, grid, mode, padding_mode)
    align, sizes, (n, *places, _) = bool(align_corners), tuple(input.shape[2:]), grid.shape
    shape = (n, math.prod(places))
    coordinates = [_to_elements(reshape_to(x, shape=shape), m, align) for x, m in zip(unbind(grid, -1)[::-1], sizes)]
    moves = mode != "bicubic"  # the place is brought inside; for "bicubic" each element around it is
    if moves:
        coordinates = [_within(x, m, padding_mode, align) for x, m in zip(coordinates, sizes)]
    if mode == "nearest":
        wholes, weights = [nearest(x) for x in coordinates], [_flat(coordinates[0], 1)]
    else:
        parts = [fraction_of(x) for x in coordinates]
        wholes = [whole for _, whole in parts]
        weights = _products([[1 - t, t] if mode == "bilinear" else cubic_weights(t) for t, _ in parts])
    around = "zeros" if moves else padding_mode
    index = tap_places(*wholes, sizes=sizes, taps=_TAPS[mode], padding_mode=around, align_corners=align)
    planes = reshape_to(input, shape=(n, input.shape[1], math.prod(sizes)))
    y = sample_places(planes, join_anew(*weights, dim=1), index)
    return reshape_to(y, shape=(n, input.shape[1], *places))


def _products(factors: list[list[Array]]) -> list[Array]:
    """Return the product of each combination of a factor of each axis; that of the last axis changes first."""
    made, *others = factors
    for axis in others:
        made = [a * b for a in made for b in axis]
    return made


def _check_sample(input: Array, grid: Array, mode: str, padding_mode: str) -> None:
    shapes = f"input {tuple(input.shape)}, grid {tuple(grid.shape)}"
    if mode not in _TAPS:
        raise ArgumentError(f"grid_sample: mode={mode!r} is unknown; use one of {', '.join(map(repr, _TAPS))}")
    if padding_mode not in _PADDINGS:
        known = ", ".join(map(repr, _PADDINGS))
        raise ArgumentError(f"grid_sample: padding_mode={padding_mode!r} is unknown; use one of {known}")
    dims = len(input.shape) - 2
    if dims not in (2, 3) or len(grid.shape) != dims + 2 or grid.shape[-1] != dims or grid.shape[0] != input.shape[0]:
        raise ShapeError(
            f"grid_sample: {shapes}: expected input (N, C, H, W) and grid (N, H', W', 2), or input (N, C, D, H, W) and "
            "grid (N, D', H', W', 3); the coordinates are the last dim of grid"
        )
    if min(input.shape[2:]) < 1:
        raise ShapeError(f"grid_sample: {shapes}: there is nothing to read; give a larger input")
    if mode == "bicubic" and dims == 3:
        raise ArgumentError(f'grid_sample: mode="bicubic" is for pictures (N, C, H, W), {shapes}; use "bilinear"')
    if not is_floating(input.dtype) or grid.dtype != input.dtype:
        raise DtypeError(
            f"grid_sample: input is {input.dtype}, grid is {grid.dtype}: expected one floating dtype; convert with .to(dtype)"
        )


def affine_grid(theta: Array, size: Sequence[int], align_corners: bool | None = None) -> Array:
    """Return the grid, for ``grid_sample``, that affine maps make of the places of a result of *size*.

    Place (x, y) of the result is read at theta (x, y, 1), each coordinate from -1 to 1: for the outer edges of the first
    and the last element, or with *align_corners* for their centers.

    Shapes: *theta* (N, 2, 3) and *size* (N, C, H, W) to (N, H, W, 2); *theta* (N, 3, 4) and *size* (N, C, D, H, W) to
    (N, D, H, W, 3), of theta's floating dtype.  Raises ShapeError or DtypeError for what does not fit.

    >>> identity = ag.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> ag.affine_grid(identity, (1, 1, 1, 2)).tolist()
    [[[[-0.5, 0.0], [0.5, 0.0]]]]
    """
    wanted = tuple(size)
    dims = len(wanted) - 2
    if not is_floating(theta.dtype):
        raise DtypeError(f"affine_grid: theta has dtype {theta.dtype}, expected floating; use theta.float()")
    if dims not in (2, 3) or min(wanted) < 1 or tuple(theta.shape) != (wanted[0], dims, dims + 1):
        raise ShapeError(
            f"affine_grid: theta {tuple(theta.shape)}, size={wanted}: expected theta (N, 2, 3) with a size (N, C, H, W), or "
            "theta (N, 3, 4) with a size (N, C, D, H, W), all sizes of at least 1"
        )
    spatial = wanted[2:]
    axes = np.meshgrid(*[_centers(n, bool(align_corners), theta.dtype) for n in spatial], indexing="ij")
    places = np.stack([*reversed(axes), np.ones(spatial, theta.dtype)], -1).reshape(-1, dims + 1)
    return reshape_to(matmul(places, theta.mT), shape=(wanted[0], *spatial, dims))


def _centers(n: int, align_corners: bool, dtype: np.dtype[Any]) -> Any:
    """Return where, from -1 to 1, the elements of an axis are; a single one is in the middle."""
    if n == 1:
        return np.zeros(1, dtype)
    ends = np.linspace(-1, 1, n, dtype=dtype)
    return ends if align_corners else ends * dtype.type((n - 1) / n)
