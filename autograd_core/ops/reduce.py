"""Reductions: sums, products, extrema, variances, norms, truth.

A primitive's ``axis`` is None (all) or a tuple of non-negative integers; a public function's ``dim`` is PyTorch's, and
NumPy's names ``axis`` and ``keepdims`` are accepted too.  Sums of integers and booleans are int64.  ``max`` and ``min``
along a dim give the gradient to the element that they chose; the other extrema share it evenly among ties.
"""

from __future__ import annotations

import builtins
import functools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from .. import backend
from ..dtypes import constant, int64, is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim, normalize_dims
from .elementwise import abs, cast, exp, maximum, minimum, or_one, sign, zero_slope
from .index import pick
from .shape import cat, expand_to, reshape_to

Axis: TypeAlias = tuple[int, ...] | None
Dim: TypeAlias = int | Sequence[int] | None
Dtype: TypeAlias = np.dtype[Any] | None
Function = TypeVar("Function", bound=Callable[..., Any])

# NumPy's types know keepdims only as a literal.
_sum_over: Any = np.add.reduce
_product_over: Any = np.multiply.reduce
_largest_over: Any = np.maximum.reduce
_smallest_over: Any = np.minimum.reduce
_all_over: Any = np.logical_and.reduce
_any_over: Any = np.logical_or.reduce
MANY = 4096  # elements from which a sum is left to a kernel

# ------------------------------------------------------------------------------------------------------ dims and shapes


def numpy_names(function: Function) -> Function:
    """Accept ``axis`` for ``dim`` and ``keepdims`` for ``keepdim``."""

    @functools.wraps(function)
    def accepting(*args: Any, **named: Any) -> Any:
        if named:
            for ours, theirs in (("dim", "axis"), ("keepdim", "keepdims")):
                if theirs in named:
                    named[ours] = named.pop(theirs)
        return function(*args, **named)

    return accepting  # type: ignore[return-value]


def _axes(dim: Dim, input: Array) -> Axis:
    """Return *dim* as an axis of *input*; no dims at all mean all of them, as in PyTorch."""
    return None if dim is None or dim in ((), []) else normalize_dims(dim, input.ndim)


def kept(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """Return *shape* after a reduction that keeps its axes with size 1."""
    return tuple([1 if axis is None or i in axis else n for i, n in enumerate(shape)])


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """Return how many elements of *shape* are reduced to one."""
    return math.prod(shape) if axis is None else math.prod([shape[i] for i in axis])


def spread(g: Array, axis: Axis, keepdims: bool, shape: tuple[int, ...]) -> Array:
    """Return *g*, which belongs to a reduction's result, over the *shape* that was reduced."""
    if axis is not None and not keepdims:
        g = reshape_to(g, shape=kept(shape, axis))
    return expand_to(g, shape=shape)


def _check_floating(name: str, input: Array) -> None:
    if not is_floating(input.dtype):
        raise DtypeError(f"{name}: input has dtype {input.dtype}: expected floating; use input.float()")


def _check_filled(name: str, input: Array, axis: Axis) -> None:
    if count(input.shape, axis) == 0:
        over = "all dims" if axis is None else f"dim {', '.join(map(str, axis))}"
        raise ShapeError(
            f"{name}: input of shape {tuple(input.shape)} is empty over {over}, and nothing has no {name}; "
            "reduce over dims that are not empty"
        )


# ---------------------------------------------------------------------------------------------------- sums and products


def _total_over(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return the sum over *axis*; NumPy's has less to set up, a kernel's is faster and more exact for many numbers."""
    if x.dtype.kind != "f":
        return _sum_over(x, axis, int64, keepdims=keepdims)
    if x.size < MANY:
        return _sum_over(x, axis, keepdims=keepdims)
    return backend.of(x).kernels.sum_over(x, axis, keepdims=keepdims)


@primitive(name="sum")
def reduce_sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the sum over *axis*."""
    return _total_over(x, axis, keepdims)


reduce_sum.vjp(x=lambda g, axis, keepdims, x_shape: spread(g, axis, keepdims, x_shape))


@primitive(name="mean")
def reduce_mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the mean over *axis*."""
    return _total_over(x, axis, keepdims) / constant(count(x.shape, axis), x.dtype)


def _reduce_mean_x(g: Array, axis: Axis, keepdims: bool, x_shape: tuple[int, ...]) -> Array:
    return spread(g / constant(count(x_shape, axis), g.dtype), axis, keepdims, x_shape)


reduce_mean.vjp(x=_reduce_mean_x)


@primitive(name="prod")
def reduce_prod(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the product over *axis*, which is None or one axis."""
    return _product_over(x, axis, None if x.dtype.kind == "f" else int64, keepdims=keepdims)


@primitive
def products_of_others(x: Array) -> Array:
    """Return, for each element along axis 1 of x (outer, n, inner), the product of the others, without a division."""
    return backend.of(x).kernels.products_of_others(x)


def _slopes_of_others(x: Array, y: Array) -> tuple[Array, Array]:
    """Return u = ``products_of_others(x)``, and its directional derivative along y; all are (outer, n, inner).

    Halves a and b of x are multiplied; what the other pairs give to a b goes to a with b, and to b with a.  The derivatives
    of products are those of dual numbers: (a + e c) (b + e d) = a b + e (a d + b c).
    """
    half = x.shape[1] // 2
    if half == 0:
        nothing = zero_slope(x)
        return nothing + constant(1, x.dtype), nothing
    first, second, rest = (
        (slice(None), slice(half)),
        (slice(None), slice(half, 2 * half)),
        (slice(None), slice(2 * half, None)),
    )
    a, b, c, d = x[first], x[second], y[first], y[second]
    u, v = _slopes_of_others(cat([a * b, x[rest]], 1), cat([a * d + b * c, y[rest]], 1))
    of_pairs, slopes, others, others_slopes = u[first], v[first], u[:, half:], v[:, half:]
    return (
        cat([of_pairs * b, of_pairs * a, others], 1),
        cat([slopes * b + of_pairs * d, slopes * a + of_pairs * c, others_slopes], 1),
    )


# The Jacobian is symmetric: both of its sides are second derivatives of one product.
products_of_others.vjp(x=lambda g, x: _slopes_of_others(x, g)[1])


def _reduce_prod_x(g: Array, x: Array, axis: Axis, keepdims: bool, x_shape: tuple[int, ...]) -> Array:
    at = 0 if axis is None or not axis else axis[0]
    rows = (1, math.prod(x_shape), 1)
    if axis:
        rows = (math.prod(x_shape[:at]), x_shape[at], math.prod(x_shape[at + 1 :]))
    return spread(g, axis, keepdims, x_shape) * reshape_to(products_of_others(reshape_to(x, shape=rows)), shape=x_shape)


reduce_prod.vjp(x=_reduce_prod_x)


@primitive(name="cumsum")
def running_sum(x: Array, *, dim: int, backwards: bool) -> Array:
    """Return the sums of x up to each element of *dim*, or from each on with *backwards*."""
    if x.ndim == 0:
        return x.astype(x.dtype if x.dtype.kind == "f" else int64)
    along = (slice(None),) * dim + (slice(None, None, -1 if backwards else 1),)
    return np.add.accumulate(x[along], dim, None if x.dtype.kind == "f" else int64)[along]


running_sum.vjp(x=lambda g, dim, backwards: running_sum(g, dim=dim, backwards=not backwards))


@numpy_names
def sum(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the sum over *dim*: one dim, several, or all.

    Integers and booleans give int64; *dtype* converts *input* first.

    >>> ag.sum(ag.tensor([[1.0, 2.0], [3.0, 4.0]])), ag.sum(ag.ones(2, 3), dim=1, keepdim=True).shape
    (tensor(10.), (2, 1))
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    return reduce_sum(x, axis=_axes(dim, x), keepdims=keepdim)


@numpy_names
def mean(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the mean over *dim*: one dim, several, or all; NaN of nothing.

    Raises DtypeError for integers, unless *dtype* converts them.

    >>> ag.mean(ag.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([2., 3.])
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    _check_floating("mean", x)
    return reduce_mean(x, axis=_axes(dim, x), keepdims=keepdim)


@numpy_names
def prod(input: Array, dim: int | None = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the product over one dim, or of all elements; its derivatives of every order are right at zeros.

    >>> ag.prod(ag.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([ 2., 12.])
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    axis = None if dim is None else normalize_dims(normalize_dim(dim, x.ndim), x.ndim)
    return reduce_prod(x, axis=axis, keepdims=keepdim)


@numpy_names
def cumsum(input: Array, dim: int, *, dtype: Dtype = None) -> Array:
    """Return the sums of the elements along *dim* up to each one.

    >>> ag.cumsum(ag.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    return running_sum(x, dim=normalize_dim(dim, x.ndim), backwards=False)


# -------------------------------------------------------------------------------------------------------------- extrema


class Extremum(NamedTuple):
    """What ``max`` and ``min`` along a dim return."""

    values: Array
    indices: Array


@primitive
def ties(x: Array, best: Array, *, axis: Axis) -> Array:
    """Return how an extremum over *axis* shares its gradient: 1 over the number of ties where x is *best*, elsewhere 0.

    *best* has the shape of x.  Where it is NaN, so are the shares.
    """
    hit = np.equal(x, best).astype(x.dtype)
    return hit / _sum_over(hit, axis, keepdims=True)


ties.vjp(x=None, best=None)


def _extremum_x(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool, x_shape: tuple[int, ...]) -> Array:
    best = spread(out, axis, keepdims, x_shape)
    return spread(g, axis, keepdims, x_shape) * ties(x, best, axis=axis)


@primitive(name="amax")
def reduce_max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the largest element over *axis*."""
    return _largest_over(x, axis, keepdims=keepdims)


@primitive(name="amin")
def reduce_min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the smallest element over *axis*."""
    return _smallest_over(x, axis, keepdims=keepdims)


reduce_max.vjp(x=_extremum_x)
reduce_min.vjp(x=_extremum_x)


@primitive(name="argmax")
def index_of_max(x: Array, *, axis: int | None, keepdims: bool) -> Array:
    """Return the index of the largest element along *axis*, the first of several; None: of the flattened x."""
    return x.argmax(axis, keepdims=keepdims)


@primitive(name="argmin")
def index_of_min(x: Array, *, axis: int | None, keepdims: bool) -> Array:
    """Return the index of the smallest element along *axis*, the first of several; None: of the flattened x."""
    return x.argmin(axis, keepdims=keepdims)


index_of_max.vjp(x=None)
index_of_min.vjp(x=None)


@numpy_names
def amax(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return the largest element over *dim*: one dim, several, or all; NaN wins, and ties share the gradient evenly.

    Raises ShapeError where there is nothing to reduce.

    >>> ag.amax(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=(0, 1))
    tensor(7.)
    """
    axis = _axes(dim, input)
    _check_filled("amax", input, axis)
    return reduce_max(input, axis=axis, keepdims=keepdim)


@numpy_names
def amin(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return the smallest element over *dim*: one dim, several, or all; NaN wins, and ties share the gradient evenly.

    Raises ShapeError where there is nothing to reduce.

    >>> ag.amin(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1)
    tensor([1., 3.])
    """
    axis = _axes(dim, input)
    _check_filled("amin", input, axis)
    return reduce_min(input, axis=axis, keepdims=keepdim)


@numpy_names
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return the int64 index of the largest element along *dim*, the first of several.

    Without *dim* it is that of the flattened input.  Raises ShapeError where there is nothing to choose from.

    >>> ag.argmax(ag.tensor([[1.0, 5.0], [7.0, 3.0]])), ag.argmax(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1)
    (tensor(2), tensor([1, 0]))
    """
    return _index("argmax", index_of_max, input, dim, keepdim)


@numpy_names
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return the int64 index of the smallest element along *dim*, the first of several.

    Without *dim* it is that of the flattened input.  Raises ShapeError where there is nothing to choose from.

    >>> ag.argmin(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=0)
    tensor([0, 1])
    """
    return _index("argmin", index_of_min, input, dim, keepdim)


def _index(name: str, index_of: Callable[..., Array], input: Array, dim: int | None, keepdim: bool) -> Array:
    axis = None if dim is None or input.ndim == 0 else normalize_dim(dim, input.ndim)
    _check_filled(name, input, None if axis is None else (axis,))
    return index_of(input, axis=axis, keepdims=keepdim)


@numpy_names
def max(input: Array, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the largest element of all, or along *dim* the pair (values, indices).

    Of all, ties share the gradient evenly; along *dim* it goes to the element at ``indices``, the first of several.
    With a tensor in place of *dim*, this is ``maximum``.  Raises ShapeError where there is nothing to choose from.

    >>> ag.max(ag.tensor([[1.0, 5.0], [7.0, 3.0]])), ag.max(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1).indices
    (tensor(7.), tensor([1, 0]))
    """
    if dim is None:
        return amax(input, None, keepdim)
    if hasattr(dim, "dtype"):
        return maximum(input, dim)
    return _chosen("max", index_of_max, input, dim, keepdim)


@numpy_names
def min(input: Array, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the smallest element of all, or along *dim* the pair (values, indices).

    Of all, ties share the gradient evenly; along *dim* it goes to the element at ``indices``, the first of several.
    With a tensor in place of *dim*, this is ``minimum``.  Raises ShapeError where there is nothing to choose from.

    >>> ag.min(ag.tensor([[1.0, 5.0], [7.0, 3.0]])), ag.min(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1).values
    (tensor(1.), tensor([1., 3.]))
    """
    if dim is None:
        return amin(input, None, keepdim)
    if hasattr(dim, "dtype"):
        return minimum(input, dim)
    return _chosen("min", index_of_min, input, dim, keepdim)


def _chosen(name: str, index_of: Callable[..., Array], input: Array, dim: int, keepdim: bool) -> Extremum:
    axis, shape = normalize_dim(dim, input.ndim), tuple(input.shape)
    x = input if shape else reshape_to(input, shape=(1,))
    _check_filled(name, x, (axis,))
    indices = index_of(x, axis=axis, keepdims=True)
    values = pick(x, indices, axis=axis)
    if shape and keepdim:
        return Extremum(values, indices)
    reduced = shape[:axis] + shape[axis + 1 :]
    return Extremum(reshape_to(values, shape=reduced), reshape_to(indices, shape=reduced))


# --------------------------------------------------------------------------------------------------- variance and norms


@primitive(name="var")
def reduce_var(x: Array, *, axis: Axis, keepdims: bool, correction: float) -> Array:
    """Return the sum of squared distances from the mean over *axis*, divided by their number less *correction*."""
    n = count(x.shape, axis)
    apart = x - _total_over(x, axis, True) / constant(n, x.dtype)
    return _total_over(apart * apart, axis, keepdims) / constant(builtins.max(n - correction, 0), x.dtype)


def _apart(x: Array, axis: Axis, correction: float) -> Array:
    """Return (x - mean) / (n - correction): half the gradient of a variance."""
    degrees = count(x.shape, axis) - correction
    return (x - reduce_mean(x, axis=axis, keepdims=True)) * constant(1 / degrees if degrees > 0 else math.nan, x.dtype)


def _reduce_var_x(g: Array, x: Array, axis: Axis, keepdims: bool, correction: float, x_shape: tuple[int, ...]) -> Array:
    return spread(g + g, axis, keepdims, x_shape) * _apart(x, axis, correction)


reduce_var.vjp(x=_reduce_var_x)


@primitive(name="std")
def reduce_std(x: Array, *, axis: Axis, keepdims: bool, correction: float) -> Array:
    """Return the square root of ``reduce_var``."""
    return np.sqrt(reduce_var(x, axis=axis, keepdims=keepdims, correction=correction))


def _reduce_std_x(
    g: Array, x: Array, out: Array, axis: Axis, keepdims: bool, correction: float, x_shape: tuple[int, ...]
) -> Array:
    return spread(g / or_one(out), axis, keepdims, x_shape) * _apart(x, axis, correction)


reduce_std.vjp(x=_reduce_std_x)


@primitive(name="norm")
def vector_norm(x: Array, *, p: float, axis: Axis, keepdims: bool) -> Array:
    """Return the p-norm over *axis*: (sum |x|^p)^(1/p), the extremum of |x| for +-inf, the number of nonzeros for 0."""
    if p == 2:
        return np.sqrt(_total_over(x * x, axis, keepdims))
    if p == 0:
        return _sum_over(np.not_equal(x, 0), axis, x.dtype, keepdims=keepdims)
    size = np.absolute(x)
    if math.isinf(p):
        return (_largest_over if p > 0 else _smallest_over)(size, axis, keepdims=keepdims)
    if p == 1:
        return _total_over(size, axis, keepdims)
    return _total_over(size**p, axis, keepdims) ** (1 / p)


def _vector_norm_x(
    g: Array, x: Array, out: Array, p: float, axis: Axis, keepdims: bool, x_shape: tuple[int, ...]
) -> Array:
    g, norm = spread(g, axis, keepdims, x_shape), spread(out, axis, keepdims, x_shape)
    if p == 2:
        return g * (x / or_one(norm))
    if p == 0:
        return zero_slope(g)
    if p == 1:
        return g * sign(x)
    if math.isinf(p):
        return g * sign(x) * ties(abs(x), norm, axis=axis)
    return g * sign(x) * (or_one(abs(x)) / or_one(norm)) ** (p - 1)


vector_norm.vjp(x=_vector_norm_x)


@numpy_names
def var(
    input: Array,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Array:
    """Return the variance over *dim*: the sum of (input - mean)^2, divided by n - *correction*.

    *correction* is 1 by default; unbiased=False is another way to write correction=0.  Warns, and gives NaN or
    infinity, where n is not above *correction*.  Raises DtypeError for integers.

    >>> ag.var(ag.tensor([1.0, 2.0, 3.0])), ag.var(ag.tensor([1.0, 2.0, 3.0]), correction=0)
    (tensor(1.), tensor(0.6667))
    """
    return reduce_var(input, keepdims=keepdim, **_spread_over("var", input, dim, unbiased, correction))


@numpy_names
def std(
    input: Array,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Array:
    """Return the standard deviation over *dim*, the square root of ``var``.

    The gradient where all elements are equal is 0, as in PyTorch; that of ``var(...).sqrt()`` would be NaN.

    >>> ag.std(ag.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return reduce_std(input, keepdims=keepdim, **_spread_over("std", input, dim, unbiased, correction))


def _spread_over(name: str, input: Array, dim: Any, unbiased: bool | None, correction: float | None) -> dict[str, Any]:
    """Return the axis and the correction; ``var(x, False)`` is PyTorch's ``var(x, unbiased=False)``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise ArgumentError(f"{name}: unbiased={unbiased} and correction={correction} say the same: give one of them")
    _check_floating(name, input)
    axis = _axes(dim, input)
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if (n := count(input.shape, axis)) <= correction:
        warnings.warn(
            f"{name} of {n} elements with correction={correction} divides by {builtins.max(n - correction, 0)}; "
            "give it more elements, or pass correction=0",
            stacklevel=4,
        )
    return {"axis": axis, "correction": correction}


@numpy_names
def norm(input: Array, p: float | str = "fro", dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the vector norm of order *p* over *dim*: one dim, several, or all.

    p="fro" or 2: the square root of the sum of squares; another number: (sum |input|^p)^(1/p); +-inf: the largest or
    smallest |input|; 0: how many are not 0.  The gradient where the norm is 0 is 0.  Raises ArgumentError for another
    *p* and DtypeError for integers.

    >>> ag.norm(ag.tensor([3.0, 4.0])), ag.norm(ag.tensor([3.0, -4.0]), p=1)
    (tensor(5.), tensor(7.))
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    _check_floating("norm", x)
    order = 2.0 if p == "fro" else p
    if not isinstance(order, int | float) or math.isnan(order):
        raise ArgumentError(f"norm: p={p!r} is unknown: expected a number, float('inf') or 'fro'")
    axis = _axes(dim, x)
    if order < 0 or math.isinf(order):
        _check_filled("norm", x, axis)
    return vector_norm(x, p=float(order), axis=axis, keepdims=keepdim)


@primitive(name="logsumexp", floating=True)
def reduce_logsumexp(x: Array, *, axis: Axis, keepdims: bool) -> Array:
    """Return log(sum e^x) over *axis*."""
    top = _largest_over(x, axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, constant(0, x.dtype))  # infinity less itself is NaN
    total = np.log(_total_over(np.exp(x - top), axis, keepdims))
    return total + top.reshape(total.shape)


def _reduce_logsumexp_x(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool, x_shape: tuple[int, ...]) -> Array:
    return spread(g, axis, keepdims, x_shape) * exp(x - spread(out, axis, keepdims, x_shape))


reduce_logsumexp.vjp(x=_reduce_logsumexp_x)


@numpy_names
def logsumexp(input: Array, dim: Dim, keepdim: bool = False) -> Array:
    """Return log(sum e^input) over *dim*, without overflow: -inf where all are -inf, inf where one is inf.

    The gradient is the softmax of *input*, and NaN where the result is infinite.

    >>> ag.logsumexp(ag.tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)
    """
    return reduce_logsumexp(input, axis=_axes(dim, input), keepdims=keepdim)


# ---------------------------------------------------------------------------------------------------------------- truth


@primitive(name="all")
def reduce_all(x: Array, *, axis: Axis, keepdims: bool) -> Array:
    """Return whether all over *axis* are true."""
    return _all_over(x, axis, keepdims=keepdims)


@primitive(name="any")
def reduce_any(x: Array, *, axis: Axis, keepdims: bool) -> Array:
    """Return whether one over *axis* is true."""
    return _any_over(x, axis, keepdims=keepdims)


reduce_all.vjp(x=None)
reduce_any.vjp(x=None)


@numpy_names
def all(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return whether all elements over *dim* are true, that is, not zero; True of nothing.

    >>> ag.all(ag.tensor([[True, False], [True, True]]), dim=1)
    tensor([False,  True])
    """
    return reduce_all(input, axis=None if dim is None else normalize_dims(dim, input.ndim), keepdims=keepdim)


@numpy_names
def any(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return whether one element over *dim* is true, that is, not zero; False of nothing.

    >>> ag.any(ag.tensor([[True, False], [False, False]]), dim=1)
    tensor([ True, False])
    """
    return reduce_any(input, axis=None if dim is None else normalize_dims(dim, input.ndim), keepdims=keepdim)
