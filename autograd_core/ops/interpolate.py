"""Interpolation: signals, pictures and volumes brought to another size.

Every method but "area" is linear in the input and acts on one axis at a time: a sparse matrix, whose rows hold the
weights of the few elements that a new one is made of.  The gradient is the product with the transposed matrix.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .. import backend
from ..dtypes import float32, is_floating, uint8
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .shape import Shape, clone
from .spatial import letters

Size: TypeAlias = int | Sequence[int]
Factor: TypeAlias = float | Sequence[float]


class Sampling(NamedTuple):
    """How one axis is sampled anew."""

    method: str  # "nearest", "nearest-exact", "linear", "cubic" or "lanczos"
    antialias: bool
    size: int  # of the input
    places: int  # in the result
    factor: float | None  # how many times as large the result was asked to be; None is places / size
    align_corners: bool
    small: bool = False  # PyTorch finds the nearest otherwise in pictures of a height and width of up to 128 together

    def is_identity(self) -> bool:
        """Return whether the result is the input."""
        return self.places == self.size and (self.factor is None or self.align_corners)

    def step(self, dtype: np.dtype[Any]) -> Any:
        """Return how far apart, in elements of the input, neighbouring places are."""
        if self.align_corners:
            return dtype.type(self.size - 1) / (self.places - 1) if self.places > 1 else dtype.type(0)
        return dtype.type(self.size) / self.places if self.factor is None else dtype.type(1 / self.factor)

    def positions(self, dtype: np.dtype[Any]) -> Any:
        """Return where each place is, counted in elements from the first one of the input."""
        step, numbers = self.step(dtype), np.arange(self.places, dtype=dtype)
        return step * numbers if self.align_corners else step * (numbers + 0.5) - 0.5


# ----------------------------------------------------------------------------------------------------------- primitives


@primitive
def resample(x: Array, *, axis: int, how: Sampling) -> Array:
    """Return x with *axis* sampled anew: the product of a sparse matrix with that axis; bytes are rounded."""
    if x.dtype.kind == "f":
        return backend.of(x).kernels.sparse_product(x, axis, *_matrix(how, x.dtype))
    if how.method.startswith("nearest"):
        return x.take(_matrix(how, float32).columns, axis)
    y = backend.of(x).kernels.sparse_product(x.astype(float32), axis, *_matrix(how, float32))
    return np.clip(np.floor(y + 0.5), 0, 255).astype(x.dtype)


@primitive
def resample_input(y: Array, *, axis: int, how: Sampling) -> Array:
    """Return the adjoint of ``resample`` at y: the product with the transposed matrix."""
    return backend.of(y).kernels.sparse_product(y, axis, *_transposed(how, y.dtype))


resample.vjp(x=lambda g, axis, how: resample_input(g, axis=axis, how=how))
resample_input.vjp(y=lambda g, axis, how: resample(g, axis=axis, how=how))


# ------------------------------------------------------------------------------------------------------------- matrices


class Matrix(NamedTuple):
    """Row i holds ``weights[k]`` in column ``columns[k]``, for starts[i] <= k < starts[i + 1]."""

    starts: Any
    columns: Any
    weights: Any


@lru_cache(maxsize=256)
def _matrix(how: Sampling, dtype: np.dtype[Any]) -> Matrix:
    columns, weights = _filtered(how, dtype) if how.antialias else _INTERPOLATED[how.method](how, dtype)
    inside = columns >= 0
    starts = np.append(0, np.cumsum(inside.sum(1)))
    return Matrix(starts, columns[inside].astype(np.int64), weights[inside].astype(dtype))


@lru_cache(maxsize=256)
def _transposed(how: Sampling, dtype: np.dtype[Any]) -> Matrix:
    starts, columns, weights = _matrix(how, dtype)
    rows, order = np.repeat(np.arange(how.places), np.diff(starts)), np.argsort(columns, kind="stable")
    return Matrix(np.append(0, np.cumsum(np.bincount(columns, minlength=how.size))), rows[order], weights[order])


# Each returns the columns and the weights of every row, both (places, taps), in the precision that PyTorch has there.  In
# another one, a place half-way between two elements may go to the other, and float32 differs by 1e-4 in large pictures.


def _nearest(how: Sampling, dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """The element at or before i * step, whatever is nearer: OpenCV's INTER_NEAREST, which PyTorch keeps."""
    precision = float32 if how.small else dtype
    return _single(how.step(precision) * np.arange(how.places, dtype=precision), how)


def _nearest_exact(how: Sampling, dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """The element at or before (i + 1/2) * step."""
    numbers = np.arange(how.places) + 0.5
    if how.small:
        return _single(how.step(float32) * numbers.astype(float32), how)
    lowered = np.float64(how.step(dtype)) * numbers - 0.5  # rounded once, as a fused multiply-add is
    return _single(np.maximum(lowered, 0).astype(dtype) + 0.5, how)


def _single(places: Any, how: Sampling) -> tuple[Any, Any]:
    columns = np.minimum(np.floor(places.astype(float32)), how.size - 1)[:, None]
    return columns, np.ones_like(columns)


def _linear(how: Sampling, dtype: np.dtype[Any]) -> tuple[Any, Any]:
    low, t = _split(np.maximum(how.positions(dtype), 0), how)
    return np.stack([low, np.minimum(low + 1, how.size - 1)], 1), np.stack([1 - t, t], 1)


def _cubic(how: Sampling, dtype: np.dtype[Any]) -> tuple[Any, Any]:
    low, t = _split(how.positions(dtype), how)
    columns = np.clip(low[:, None] + np.arange(-1, 3, dtype=dtype), 0, how.size - 1)
    return columns, np.stack(cubic_weights(t), 1)


def _split(places: Any, how: Sampling) -> tuple[Any, Any]:
    """Return the element before each place, and how far beyond it the place is, 0 to 1."""
    low = np.minimum(np.floor(places), how.size - 1)
    return low, np.clip(places - low, 0, 1)


_INTERPOLATED = {"nearest": _nearest, "nearest-exact": _nearest_exact, "linear": _linear, "cubic": _cubic}


def _filtered(how: Sampling, dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """The filter around each place, as wide as the step where that is above 1: each element of the input counts."""
    radius, curve = _FILTERS[how.method]
    step = how.step(dtype)
    stretch = max(step, dtype.type(1))
    reach = radius * stretch
    centers = (step * (np.arange(how.places, dtype=dtype) + 0.5))[:, None]
    first = np.maximum(np.trunc(centers - reach + 0.5), 0)
    last = np.minimum(np.trunc(centers + reach + 0.5), how.size)
    columns = first + np.arange(2 * math.ceil(reach) + 1, dtype=dtype)
    weights = np.where(columns < last, curve(np.abs((columns - centers + 0.5) / stretch)), 0)
    total = weights.sum(1, keepdims=True)
    return np.where(columns < last, columns, -1), weights / np.where(total == 0, 1, total)


def cubic_weights(t: Array) -> list[Array]:
    """Return the weights of the elements -1, 0, 1 and 2 for a place *t*, 0 to 1 (Keys 1981, with a = -0.75)."""
    far, near = _cubic_beyond_1, _cubic_within_1
    return [far(t + 1, -0.75), near(t, -0.75), near(1 - t, -0.75), far(2 - t, -0.75)]


def _cubic_within_1(x: Array, a: float) -> Array:
    return ((a + 2) * x - (a + 3)) * x * x + 1


def _cubic_beyond_1(x: Array, a: float) -> Array:
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


_FILTERS: dict[str, tuple[int, Callable[[Any], Any]]] = {  # by the distance from the place: radius and curve
    "linear": (1, lambda x: np.maximum(1 - x, 0)),
    "cubic": (2, lambda x: np.where(x < 1, _cubic_within_1(x, -0.5), np.where(x < 2, _cubic_beyond_1(x, -0.5), 0))),
    "lanczos": (3, lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)),
}

# -------------------------------------------------------------------------------------------------- the public function

_MODES = {  # what acts on each axis, and for how many of them
    "nearest": ("nearest", (1, 2, 3)),
    "nearest-exact": ("nearest-exact", (1, 2, 3)),
    "area": ("area", (1, 2, 3)),
    "linear": ("linear", (1,)),
    "bilinear": ("linear", (2,)),
    "trilinear": ("linear", (3,)),
    "bicubic": ("cubic", (2,)),
    "lanczos": ("lanczos", (2,)),
}
_WITHOUT_CORNERS = ("nearest", "nearest-exact", "area")
_PICTURES = ("bilinear", "bicubic", "lanczos")
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


def interpolate(
    input: Array,
    size: Size | None = None,
    scale_factor: Factor | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    """Bring *input* (N, C, L), (N, C, H, W) or (N, C, D, H, W) to another spatial size.

    Either *size* or *scale_factor* is given, a number for all spatial dims or one for each; the factor times the size
    is rounded down.  Place i of n lies at (i + 1/2) step - 1/2 of the input, with a step of 1 / *scale_factor*, or of
    size / n if that was not given or *recompute_scale_factor*; with *align_corners* at i (size - 1) / (n - 1).

    *mode*: "nearest" (the element at floor(i step)), "nearest-exact" (the nearest), "linear", "bilinear" and
    "trilinear" (by the number of spatial dims), "bicubic" and "lanczos" (two dims), "area" (means over regions, as
    ``adaptive_avg_pool2d``).  Beyond the edges the edge is repeated.  With *antialias* ("bilinear", "bicubic"; "lanczos" needs
    it) the filter is widened when a picture is made smaller, as in Pillow.

    Any floating dtype is kept.  "nearest" and "nearest-exact" take every dtype, modes of two dims uint8 too: each axis
    is then rounded to 0..255.
    Raises ShapeError, DtypeError or ArgumentError for what does not fit.  Source of "bicubic": Keys 1981.

    >>> x = ag.tensor([[[1.0, 2.0, 4.0]]])
    >>> ag.interpolate(x, scale_factor=2).tolist()
    [[[1.0, 1.0, 2.0, 2.0, 4.0, 4.0]]]
    >>> ag.interpolate(x, size=5, mode="linear", align_corners=True).tolist()
    [[[1.0, 1.5, 2.0, 3.0, 4.0]]]
    """
    method = _check_mode(input, mode, align_corners, antialias)
    sizes, factors = _sizes(input, size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        return _AREA[len(input.shape) - 2](input, sizes)
    small = len(sizes) == 2 and sum(sizes) <= 128
    hows = [
        Sampling(method, antialias, n, m, _kept(method, antialias, n, m, f, small), bool(align_corners), small)
        for n, m, f in zip(input.shape[2:], sizes, factors)
    ]
    if all(how.is_identity() for how in hows):
        return clone(input)
    x = input
    for axis, how in reversed(list(enumerate(hows, 2))):
        if not how.is_identity():
            x = resample(x, axis=axis, how=how)
    return x


def _kept(method: str, antialias: bool, size: int, count: int, factor: float | None, small: bool) -> float | None:
    """Return *factor*, or None where PyTorch forgets it, since the sizes alone give a simpler one.

    It does so in its values; its gradients have rules of their own, and are then not those of the values.
    """
    same = count == size and (method == "linear" or antialias)
    simple = count in (size, 2 * size) and method == "nearest" and small
    return None if same or simple else factor


def _check_mode(input: Array, mode: str, align_corners: bool | None, antialias: bool) -> str:
    """Return what acts on each axis."""
    if mode not in _MODES:
        raise ArgumentError(f"interpolate: mode={mode!r} is unknown; use one of {', '.join(map(repr, _MODES))}")
    method, dims = _MODES[mode]
    shape = tuple(input.shape)
    if len(shape) - 2 not in dims:
        fitting = [m for m, (_, d) in _MODES.items() if len(shape) - 2 in d]
        cure = f"; use one of {', '.join(map(repr, fitting))}" if fitting else "; unsqueeze() or reshape it"
        expected = " or ".join(f"(N, C, {', '.join(letters(d))})" for d in dims)
        raise ShapeError(f"interpolate: input has shape {shape}, mode={mode!r} expects {expected}{cure}")
    if align_corners is not None and mode in _WITHOUT_CORNERS:
        raise ArgumentError(
            f"interpolate: align_corners={align_corners} has no meaning with mode={mode!r}; leave it out, or use "
            '"linear", "bilinear", "bicubic" or "trilinear"'
        )
    if antialias and mode not in _PICTURES:
        raise ArgumentError(
            f"interpolate: antialias=True with mode={mode!r}; use one of {', '.join(map(repr, _PICTURES))}"
        )
    if mode == "lanczos" and not antialias:
        raise ArgumentError('interpolate: mode="lanczos" without antialias; add antialias=True')
    if not (is_floating(input.dtype) or mode.startswith("nearest") or (mode in _PICTURES and input.dtype == uint8)):
        raise DtypeError(
            f"interpolate: input has dtype {input.dtype}, mode={mode!r} expects floating; use input.float()"
        )
    return method


def _sizes(
    input: Array, size: Size | None, scale_factor: Factor | None, recompute: bool
) -> tuple[Shape, Sequence[float | None]]:
    """Return the spatial size of the result, and the factor for each dim if it decides how far places are apart."""
    shape = tuple(input.shape)
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"interpolate: size={size} and scale_factor={scale_factor}; give one of them")
    if scale_factor is None:
        if recompute:
            raise ArgumentError(
                "interpolate: recompute_scale_factor=True with a size; give a scale_factor, or leave it out"
            )
        counts, factors = _each("size", size, shape), None
    else:
        factors = _each("scale_factor", scale_factor, shape)
        counts = [int(n * f) for n, f in zip(shape[2:], factors)]
    if min(shape[2:]) < 1 or min(counts) < 1:
        raise ShapeError(
            f"interpolate: input of shape {shape} would get the spatial size {tuple(counts)}: expected sizes of at least "
            "1 of both; give a larger size or scale_factor"
        )
    return tuple(counts), [None] * len(counts) if recompute or factors is None else factors


def _each(name: str, value: Any, shape: Shape) -> list[Any]:
    """Return *value*, one number or one for each spatial dim, as a number for each."""
    dims = len(shape) - 2
    each = list(value) if isinstance(value, Sequence) else [value] * dims
    number, kind = (operator.index, "an int") if name == "size" else (float, "a number")
    try:
        found = [number(v) for v in each]
    except (TypeError, ValueError):
        found = []
    if len(found) != dims or not all(v > 0 for v in found):
        raise ArgumentError(
            f"interpolate: {name}={value!r}, expected {kind} above 0, or {dims} of them for input of shape {shape}"
        )
    return found
