"""Scans: running sums, products, extrema and logarithms of sums, up to each element of one dim.

Sums, products and logarithms of float32 numbers are carried on in float64, as in PyTorch.  The gradients of a product and of
a logarithm are a recurrence that runs the other way, y[k] = g[k] + w[k] y[k + 1]: there is no division by an element that
may be 0, and no exponential that overflows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend
from ..dtypes import constant, float64, int64
from ..primitive import Array, primitive
from .axes import along, normalize_dim, numpy_names
from .compare import ne
from .elementwise import exp, zero_slope
from .extrema import Chosen
from .index import pick
from .reduce import Dtype, check_floating, converted
from .selection import gate
from .shape import reshape_to
from .stacking import cat

ALL_BUT_LAST, ALL_BUT_FIRST, FIRST = slice(None, -1), slice(1, None), slice(None, 1)


# ---------------------------------------------------------------------------------------------------------- primitives


@primitive(name="cumsum")
def running_sum(x: Array, *, axis: int, backwards: bool = False) -> Array:
    """Return the sums of x up to each element of *axis*, or from each on with *backwards*, which is for floating x."""
    if x.dtype.kind != "f":
        return np.add.accumulate(x, axis, int64)
    return backend.of(x).kernels.running_sum(x, axis, backwards=backwards)


running_sum.vjp(x=lambda g, axis, backwards: running_sum(g, axis=axis, backwards=not backwards))


@primitive
def linear_recurrence(x: Array, weights: Array, *, axis: int, backwards: bool) -> Array:
    """Return y[k + 1] = x[k + 1] + weights[k] y[k] along *axis*, from y[0] = x[0]; or the other way, from the last.

    *weights* has the shape of x, less one along *axis*: each stands between two neighbours.
    """
    return backend.of(x, weights).kernels.linear_recurrence(x, weights, axis, backwards=backwards)


def _linear_recurrence_x(g: Array, weights: Array, axis: int, backwards: bool) -> Array:
    return linear_recurrence(g, weights, axis=axis, backwards=not backwards)


def _linear_recurrence_weights(g: Array, weights: Array, out: Array, axis: int, backwards: bool) -> Array:
    arrived = _linear_recurrence_x(g, weights, axis, backwards)
    source, target = (ALL_BUT_FIRST, ALL_BUT_LAST) if backwards else (ALL_BUT_LAST, ALL_BUT_FIRST)
    return arrived[along(axis, target)] * out[along(axis, source)]


linear_recurrence.vjp(x=_linear_recurrence_x, weights=_linear_recurrence_weights)


@primitive(name="cumprod")
def running_product(x: Array, *, axis: int) -> Array:
    """Return the products of x up to each element of *axis*."""
    if x.dtype.kind != "f":
        return np.multiply.accumulate(x, axis, int64)
    return backend.of(x).kernels.running_product(x, axis)


def _running_product_x(g: Array, x: Array, out: Array, axis: int) -> Array:
    """Return p y, where p[k] is the product before k, and y[k] = g[k] + x[k+1] g[k+1] + x[k+1] x[k+2] g[k+2] + ..."""
    one = zero_slope(x[along(axis, FIRST)]) + constant(1, g.dtype)
    before = cat([one, out[along(axis, ALL_BUT_LAST)]], axis)
    return before * linear_recurrence(g, x[along(axis, ALL_BUT_FIRST)], axis=axis, backwards=True)


running_product.vjp(x=_running_product_x)


@primitive(name="logcumsumexp")
def running_logsumexp(x: Array, *, axis: int) -> Array:
    """Return log(sum e^x) up to each element of *axis*."""
    return np.logaddexp.accumulate(x, axis, float64).astype(x.dtype, copy=False)


def _running_logsumexp_x(g: Array, x: Array, out: Array, axis: int) -> Array:
    """Return e^(x - out) y, where y[k] = g[k] + e^(out[k] - out[k+1]) y[k+1]: no exponent is above 0."""
    here, behind = out[along(axis, ALL_BUT_LAST)], out[along(axis, ALL_BUT_FIRST)]
    weights = exp(gate(here - behind, ne(here, behind)))  # infinity less itself is NaN
    return exp(x - out) * linear_recurrence(g, weights, axis=axis, backwards=True)


running_logsumexp.vjp(x=_running_logsumexp_x)


@primitive(name="argcummax")
def index_of_record(x: Array, *, axis: int, largest: bool) -> Array:
    """Return the place of the largest, or smallest, element up to each one, the last of several; NaN is both."""
    return backend.of(x).kernels.running_record(x, axis, largest=largest)


index_of_record.vjp(x=None)

# ------------------------------------------------------------------------------------------------------------ functions


def _scan(scan: Callable[..., Array], input: Array, dim: int, **how: Any) -> Array:
    """Return *scan* along *dim*; one number is seen as a row of one."""
    axis = normalize_dim(dim, input.ndim)
    if input.ndim:
        return scan(input, axis=axis, **how)
    return reshape_to(scan(reshape_to(input, shape=(1,)), axis=0, **how), shape=())


@numpy_names
def cumsum(input: Array, dim: int, *, dtype: Dtype = None) -> Array:
    """Return the sums of the elements along *dim* up to each one; of integers as int64.

    >>> ag.cumsum(ag.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    return _scan(running_sum, converted(input, dtype), dim)


@numpy_names
def cumprod(input: Array, dim: int, *, dtype: Dtype = None) -> Array:
    """Return the products of the elements along *dim* up to each one; of integers as int64.

    The derivatives of every order are right at zeros.

    >>> ag.cumprod(ag.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 2., 6.])
    """
    return _scan(running_product, converted(input, dtype), dim)


@numpy_names
def logcumsumexp(input: Array, dim: int) -> Array:
    """Return log(sum e^input) of the elements along *dim* up to each one, without overflow.

    The gradient is NaN where the result and *input* are infinite.  Raises DtypeError for integers.

    >>> ag.logcumsumexp(ag.tensor([1000.0, 1000.0]), 0)
    tensor([1000.0000, 1000.6932])
    """
    check_floating("logcumsumexp", input)
    return _scan(running_logsumexp, input, dim)


@numpy_names
def cummax(input: Array, dim: int) -> Chosen:
    """Return (values, indices) of the largest element along *dim* up to each one, the last of several; NaN wins.

    An element gets the gradient of all places where it was chosen.

    >>> values, indices = ag.cummax(ag.tensor([1.0, 3.0, 2.0, 3.0]), 0)
    >>> values.tolist(), indices.tolist()
    ([1.0, 3.0, 3.0, 3.0], [0, 1, 1, 3])
    """
    return _records(input, dim, True)


@numpy_names
def cummin(input: Array, dim: int) -> Chosen:
    """Return (values, indices) of the smallest element along *dim* up to each one, the last of several; NaN wins.

    An element gets the gradient of all places where it was chosen.

    >>> values, indices = ag.cummin(ag.tensor([3.0, 1.0, 2.0, 1.0]), 0)
    >>> values.tolist(), indices.tolist()
    ([3.0, 1.0, 1.0, 1.0], [0, 1, 1, 3])
    """
    return _records(input, dim, False)


def _records(input: Array, dim: int, largest: bool) -> Chosen:
    x = input if input.ndim else reshape_to(input, shape=(1,))
    axis = normalize_dim(dim, x.ndim)
    indices = index_of_record(x, axis=axis, largest=largest)
    values = pick(x, indices, axis=axis)
    return Chosen(*[found if input.ndim else reshape_to(found, shape=()) for found in (values, indices)])
