"""Differences of neighbours along a dim, and the slopes and integrals that they estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array
from .axes import Dim, along, normalize_dim, normalize_dims, numpy_names
from .compare import ne
from .elementwise import minus
from .reduce import sum
from .scan import cumsum
from .shape import clone, reshape_to
from .stacking import cat

# ----------------------------------------------------------------------------------------------------------- differences


def _part(x: Array, axis: int, start: int | None, stop: int | None, step: int | None = None) -> Array:
    return x[along(axis, slice(start, stop, step))]


@numpy_names
def diff(input: Array, n: int = 1, dim: int = -1, prepend: Array | None = None, append: Array | None = None) -> Array:
    """Return the *n*-th differences along *dim*: out[i] = input[i+1] - input[i], *n* times; of booleans where they differ.

    *prepend* and *append* are joined to *input* first.  Raises ArgumentError for a negative *n*.

    >>> ag.diff(ag.tensor([1, 4, 9, 16]), n=2).tolist()
    [2, 2]
    """
    if input.ndim == 0:
        raise ShapeError("diff: input is one number, and has no neighbours; expected at least one dim")
    if n < 0:
        raise ArgumentError(f"diff: n={n} is negative: expected the number of times to take differences")
    axis = normalize_dim(dim, input.ndim)
    parts = [x for x in (prepend, input, append) if x is not None]
    out = cat(parts, axis) if len(parts) > 1 else input
    step = ne if out.dtype.kind == "b" else minus
    for _ in range(min(n, out.shape[axis])):
        out = step(_part(out, axis, 1, None), _part(out, axis, None, -1))
    return clone(out) if out is input else out


# ---------------------------------------------------------------------------------------------------------------- slopes


@numpy_names
def gradient(input: Array, *, spacing: Any = 1, dim: Dim = None, edge_order: int = 1) -> tuple[Array, ...]:
    """Return estimates of the partial derivative along each of *dim* (all), from samples of a function on a grid.

    Inside they are second-order central differences, and exact for parabolas; at the ends first-order ones, or
    second-order with *edge_order* 2.  *spacing* is the distance of samples, or a vector of their coordinates: one for all
    of *dim*, or a list of one for each.

    >>> (slope,) = ag.gradient(ag.tensor([1.0, 4.0, 9.0, 16.0]), spacing=1)
    >>> slope
    tensor([3., 4., 6., 7.])
    """
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order={edge_order} is unknown: expected 1 or 2")
    if input.dtype.kind in "bu":
        raise DtypeError(f"gradient: input has dtype {input.dtype}, which has no negative slopes; use input.float()")
    axes = normalize_dims(dim, input.ndim)
    for axis in axes:
        if input.shape[axis] <= edge_order:
            raise ShapeError(
                f"gradient: input of shape {tuple(input.shape)} has too few samples at dim {axis}: expected at least "
                f"{edge_order + 1} for edge_order={edge_order}"
            )
    return tuple([_slope(input, a, s, edge_order) for a, s in zip(axes, _spacings(input, axes, spacing), strict=True)])


def _spacings(input: Array, axes: Sequence[int], spacing: Any) -> list[Any]:
    """Return the spacing of each of *axes*: a number, or the distances of neighbours, along that axis."""
    if not isinstance(spacing, list | tuple):
        spacing = [spacing] * len(axes)
    if len(spacing) != len(axes):
        raise ArgumentError(f"gradient: spacing has {len(spacing)} parts for {len(axes)} dims: expected one for each")
    found = []
    for axis, step in zip(axes, spacing):
        if getattr(step, "ndim", 0) == 0:
            found.append(step)
            continue
        if tuple(step.shape) != (input.shape[axis],):
            raise ShapeError(
                f"gradient: the coordinates in spacing have shape {tuple(step.shape)} for dim {axis}: expected a vector of "
                f"{input.shape[axis]}, one for each sample"
            )
        found.append(_column(diff(step), axis, input.ndim))
    return found


def _column(x: Array, axis: int, ndim: int) -> Array:
    """Return the vector x as *axis* of *ndim* dims."""
    return reshape_to(x, shape=tuple([x.shape[0] if a == axis else 1 for a in range(ndim)]))


def _slope(x: Array, axis: int, spacing: Any, edge_order: int) -> Array:
    """Return the slopes along *axis* as sums of three samples, whose weights depend on the two distances h and k."""

    def at(i: int) -> Array:
        return _part(x, axis, i, i + 1 or None)

    even = getattr(spacing, "ndim", 0) == 0
    first, last = (spacing, spacing) if even else (_part(spacing, axis, None, 1), _part(spacing, axis, -1, None))
    before, here, after = _part(x, axis, None, -2), _part(x, axis, 1, -1), _part(x, axis, 2, None)
    if even:
        inner = (after - before) / spacing / 2
    else:
        h, k = _part(spacing, axis, None, -1), _part(spacing, axis, 1, None)
        inner = -k / (h * (h + k)) * before + (k - h) / (h * k) * here + h / (k * (h + k)) * after
    if edge_order == 1:
        left, right = (at(1) - at(0)) / first, (at(-1) - at(-2)) / last
    else:
        h, k = (spacing, spacing) if even else (first, _part(spacing, axis, 1, 2))
        left = -(2 * h + k) / (h * (h + k)) * at(0) + (h + k) / (h * k) * at(1) - h / (k * (h + k)) * at(2)
        h, k = (spacing, spacing) if even else (_part(spacing, axis, -2, -1), last)
        right = k / (h * (h + k)) * at(-3) - (h + k) / (h * k) * at(-2) + (2 * k + h) / (k * (h + k)) * at(-1)
    return cat([left, inner, right], axis)


# ------------------------------------------------------------------------------------------------------------- integrals


@numpy_names
def trapezoid(y: Array, x: Array | None = None, *, dx: Any = 1, dim: int = -1) -> Array:
    """Return the integral of *y* along *dim* by the trapezoidal rule: sum (y[i] + y[i+1]) / 2 * (x[i+1] - x[i]).

    *x* are the places of the samples, a vector or of a shape that broadcasts to that of *y*; without it, samples are *dx*
    apart.  The integral over no sample, or one, is 0.

    >>> ag.trapezoid(ag.tensor([1.0, 5.0, 10.0])), ag.trapezoid(ag.tensor([1.0, 5.0]), ag.tensor([1.0, 3.0]))
    (tensor(10.5000), tensor(6.))
    """
    return sum(_trapezoids("trapezoid", y, x, dx, dim), dim)


trapz = trapezoid


@numpy_names
def cumulative_trapezoid(y: Array, x: Array | None = None, *, dx: Any = 1, dim: int = -1) -> Array:
    """Return the integrals of ``trapezoid`` up to each sample but the first.

    >>> ag.cumulative_trapezoid(ag.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    return cumsum(_trapezoids("cumulative_trapezoid", y, x, dx, dim), dim)


def _trapezoids(name: str, y: Array, x: Array | None, dx: Any, dim: int) -> Array:
    """Return the areas between neighbours."""
    if y.ndim == 0:
        raise ShapeError(f"{name}: y is one number, expected samples along a dim")
    axis = normalize_dim(dim, y.ndim)
    if "b" in (y.dtype.kind, getattr(x, "dtype", y.dtype).kind):
        raise DtypeError(f"{name}: booleans have no area; use y.float()")
    if x is not None:
        if x.ndim == 1:
            if x.shape[0] != y.shape[axis]:
                raise ShapeError(
                    f"{name}: x has {x.shape[0]} places for the {y.shape[axis]} samples of y along dim {dim}: expected one "
                    "for each"
                )
            x = _column(x, axis, y.ndim)
        elif x.ndim < y.ndim:
            x = reshape_to(x, shape=(1,) * (y.ndim - x.ndim) + tuple(x.shape))
        dx = diff(x, dim=axis)
    return (_part(y, axis, None, -1) + _part(y, axis, 1, None)) / 2 * dx
