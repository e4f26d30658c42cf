"""Reductions: sums, products, variances, logarithms of sums, truth.

A primitive's ``axis`` is None (all) or a tuple of non-negative integers; a public function's ``dim`` is PyTorch's, and
NumPy's names ``axis`` and ``keepdims`` are accepted too.  Sums of integers and booleans are int64.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, TypeAlias

import numpy as np

from .. import backend
from ..dtypes import as_dtype, bool_, constant, int64, is_floating, uint8, zero
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import Dim, normalize_dim, normalize_dims, numpy_names
from .compare import isnan, logical_not, ne
from .elementwise import cast, exp, or_one, zero_slope
from .selection import choose
from .shape import expand_to, reshape_to
from .stacking import cat

Axis: TypeAlias = tuple[int, ...] | None
Dtype: TypeAlias = np.dtype[Any] | None

# NumPy's types know keepdims only as a literal.
_sum_over: Any = np.add.reduce
_product_over: Any = np.multiply.reduce
_largest_over: Any = np.maximum.reduce
_all_over: Any = np.logical_and.reduce
_any_over: Any = np.logical_or.reduce
MANY = 4096  # elements from which a sum is left to a kernel

# ---------------------------------------------------------------------------------------------- dims, shapes and dtypes


def axes_over(dim: Dim, input: Array) -> Axis:
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


def converted(input: Array, dtype: Any) -> Array:
    """Return *input* in *dtype*, or as it is without one."""
    return input if dtype is None else cast(input, dtype=as_dtype(dtype))


def check_floating(name: str, input: Array) -> None:
    if not is_floating(input.dtype):
        raise DtypeError(f"{name}: input has dtype {input.dtype}: expected floating; use input.float()")


def check_filled(name: str, input: Array, axis: Axis) -> None:
    if count(input.shape, axis) == 0:
        over = "all dims" if axis is None else f"dim {', '.join(map(str, axis))}"
        raise ShapeError(
            f"{name}: input of shape {tuple(input.shape)} is empty over {over}, and nothing has no {name}; "
            "reduce over dims that are not empty"
        )


# ---------------------------------------------------------------------------------------------------- sums and products


def total_over(x: Any, axis: Axis, keepdims: bool) -> Any:
    """Return the sum over *axis*; NumPy's has less to set up, a kernel's is faster and more exact for many numbers."""
    if x.dtype.kind != "f":
        return _sum_over(x, axis, int64, keepdims=keepdims)
    if x.size < MANY:
        return _sum_over(x, axis, keepdims=keepdims)
    return backend.of(x).kernels.sum_over(x, axis, keepdims=keepdims)


@primitive(name="sum")
def reduce_sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the sum over *axis*."""
    return total_over(x, axis, keepdims)


reduce_sum.vjp(x=lambda g, axis, keepdims, x_shape: spread(g, axis, keepdims, x_shape))


@primitive(name="mean")
def reduce_mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the mean over *axis*."""
    return total_over(x, axis, keepdims) / constant(count(x.shape, axis), x.dtype)


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


@numpy_names
def sum(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the sum over *dim*: one dim, several, or all.

    Integers and booleans give int64; *dtype* converts *input* first.

    >>> ag.sum(ag.tensor([[1.0, 2.0], [3.0, 4.0]])), ag.sum(ag.ones(2, 3), dim=1, keepdim=True).shape
    (tensor(10.), (2, 1))
    """
    x = converted(input, dtype)
    return reduce_sum(x, axis=axes_over(dim, x), keepdims=keepdim)


@numpy_names
def mean(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the mean over *dim*: one dim, several, or all; NaN of nothing.

    Raises DtypeError for integers, unless *dtype* converts them.

    >>> ag.mean(ag.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([2., 3.])
    """
    x = converted(input, dtype)
    check_floating("mean", x)
    return reduce_mean(x, axis=axes_over(dim, x), keepdims=keepdim)


@numpy_names
def nansum(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the sum over *dim* of all that is not NaN, whose gradient is 0; otherwise as ``sum``.

    >>> ag.nansum(ag.tensor([1.0, float("nan"), 3.0]))
    tensor(4.)
    """
    x = converted(input, dtype)
    return sum(choose(isnan(x), zero(x.dtype), x) if is_floating(x.dtype) else x, dim, keepdim)


@numpy_names
def nanmean(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the mean over *dim* of all that is not NaN, whose gradient is 0; NaN where all is NaN.

    Raises DtypeError for integers, unless *dtype* converts them.

    >>> ag.nanmean(ag.tensor([1.0, float("nan"), 3.0]))
    tensor(2.)
    """
    x = converted(input, dtype)
    check_floating("nanmean", x)
    return nansum(x, dim, keepdim) / sum(logical_not(isnan(x)), dim, keepdim)


@numpy_names
def count_nonzero(input: Array, dim: Dim = None) -> Array:
    """Return, as int64, how many elements over *dim* are not 0; NaN is not.

    >>> ag.count_nonzero(ag.tensor([[0.0, 1.0], [2.0, 3.0]]), dim=0)
    tensor([1, 2])
    """
    return sum(ne(input, 0), dim)


@numpy_names
def prod(input: Array, dim: int | None = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the product over one dim, or of all elements; its derivatives of every order are right at zeros.

    >>> ag.prod(ag.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([ 2., 12.])
    """
    x = converted(input, dtype)
    axis = None if dim is None else normalize_dims(normalize_dim(dim, x.ndim), x.ndim)
    return reduce_prod(x, axis=axis, keepdims=keepdim)


# ------------------------------------------------------------------------------------------- variances and logarithms


@primitive(name="var")
def reduce_var(x: Array, *, axis: Axis, keepdims: bool, correction: float) -> Array:
    """Return the sum of squared distances from the mean over *axis*, divided by their number less *correction*."""
    n = count(x.shape, axis)
    apart = x - total_over(x, axis, True) / constant(n, x.dtype)
    return total_over(apart * apart, axis, keepdims) / constant(max(n - correction, 0), x.dtype)


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


@numpy_names
def var_mean(
    input: Array,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Array, Array]:
    """Return the pair of ``var`` and ``mean`` over *dim*.

    >>> ag.var_mean(ag.tensor([1.0, 2.0, 6.0]))
    (tensor(7.), tensor(3.))
    """
    how = _spread_over("var_mean", input, dim, unbiased, correction)
    return reduce_var(input, keepdims=keepdim, **how), reduce_mean(input, axis=how["axis"], keepdims=keepdim)


@numpy_names
def std_mean(
    input: Array,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Array, Array]:
    """Return the pair of ``std`` and ``mean`` over *dim*.

    >>> ag.std_mean(ag.tensor([1.0, 3.0]), correction=0)
    (tensor(1.), tensor(2.))
    """
    how = _spread_over("std_mean", input, dim, unbiased, correction)
    return reduce_std(input, keepdims=keepdim, **how), reduce_mean(input, axis=how["axis"], keepdims=keepdim)


def _spread_over(name: str, input: Array, dim: Any, unbiased: bool | None, correction: float | None) -> dict[str, Any]:
    """Return the axis and the correction; ``var(x, False)`` is PyTorch's ``var(x, unbiased=False)``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise ArgumentError(f"{name}: unbiased={unbiased} and correction={correction} say the same: give one of them")
    check_floating(name, input)
    axis = axes_over(dim, input)
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if (n := count(input.shape, axis)) <= correction:
        warnings.warn(
            f"{name} of {n} elements with correction={correction} divides by {max(n - correction, 0)}; "
            "give it more elements, or pass correction=0",
            stacklevel=4,
        )
    return {"axis": axis, "correction": correction}


@primitive(name="logsumexp", floating=True)
def reduce_logsumexp(x: Array, *, axis: Axis, keepdims: bool) -> Array:
    """Return log(sum e^x) over *axis*."""
    top = _largest_over(x, axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, constant(0, x.dtype))  # infinity less itself is NaN
    total = np.log(total_over(np.exp(x - top), axis, keepdims))
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
    return reduce_logsumexp(input, axis=axes_over(dim, input), keepdims=keepdim)


# ---------------------------------------------------------------------------------------------------------------- truth


def _truth(x: Any) -> np.dtype[Any]:
    """Return the dtype of a truth: bytes once were booleans, and stay bytes."""
    return uint8 if x.dtype == uint8 else bool_


@primitive(name="all")
def reduce_all(x: Array, *, axis: Axis, keepdims: bool) -> Array:
    """Return whether all over *axis* are true."""
    return _all_over(x, axis, keepdims=keepdims).astype(_truth(x))


@primitive(name="any")
def reduce_any(x: Array, *, axis: Axis, keepdims: bool) -> Array:
    """Return whether one over *axis* is true."""
    return _any_over(x, axis, keepdims=keepdims).astype(_truth(x))


reduce_all.vjp(x=None)
reduce_any.vjp(x=None)


@numpy_names
def all(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return whether all elements over *dim* are true, that is, not zero; True of nothing; of uint8 as uint8.

    >>> ag.all(ag.tensor([[True, False], [True, True]]), dim=1)
    tensor([False,  True])
    """
    return reduce_all(input, axis=None if dim is None else normalize_dims(dim, input.ndim), keepdims=keepdim)


@numpy_names
def any(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return whether one element over *dim* is true, that is, not zero; False of nothing; of uint8 as uint8.

    >>> ag.any(ag.tensor([[True, False], [False, False]]), dim=1)
    tensor([ True, False])
    """
    return reduce_any(input, axis=None if dim is None else normalize_dims(dim, input.ndim), keepdims=keepdim)
