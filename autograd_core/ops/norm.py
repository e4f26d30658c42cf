"""Norms of vectors: the p-norm over any dims."""

from __future__ import annotations

import math

import numpy as np

from ..errors import ArgumentError
from ..primitive import Array, primitive
from .axes import Dim, numpy_names
from .elementwise import or_one, zero_slope
from .extrema import ties
from .reduce import Axis, Dtype, axes_over, check_filled, check_floating, converted, spread, total_over
from .rounding import abs, sign


@primitive(name="norm")
def vector_norm(x: Array, *, p: float, axis: Axis, keepdims: bool) -> Array:
    """Return the p-norm over *axis*: (sum |x|^p)^(1/p), the extremum of |x| for +-inf, the number of nonzeros for 0."""
    if p == 2:
        return np.sqrt(total_over(x * x, axis, keepdims))
    if p == 0:
        return np.not_equal(x, 0).sum(axis, x.dtype, keepdims=keepdims)
    size = np.absolute(x)
    if math.isinf(p):
        return (size.max if p > 0 else size.min)(axis, keepdims=keepdims)
    if p == 1:
        return total_over(size, axis, keepdims)
    return total_over(size**p, axis, keepdims) ** (1 / p)


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
def norm(input: Array, p: float | str = "fro", dim: Dim = None, keepdim: bool = False, *, dtype: Dtype = None) -> Array:
    """Return the vector norm of order *p* over *dim*: one dim, several, or all.

    p="fro" or 2: the square root of the sum of squares; another number: ``(sum |input|^p)^(1/p)``; +-inf: the largest or
    smallest ``|input|``; 0: how many are not 0.  The gradient where the norm is 0 is 0.  Raises ArgumentError for another
    *p* and DtypeError for integers.

    >>> ag.norm(ag.tensor([3.0, 4.0])), ag.norm(ag.tensor([3.0, -4.0]), p=1)
    (tensor(5.), tensor(7.))
    """
    x = converted(input, dtype)
    check_floating("norm", x)
    order = 2.0 if p == "fro" else p
    if not isinstance(order, int | float) or math.isnan(order):
        raise ArgumentError(f"norm: p={p!r} is unknown: expected a number, float('inf') or 'fro'")
    axis = axes_over(dim, x)
    if order < 0 or math.isinf(order):
        check_filled("norm", x, axis)
    return vector_norm(x, p=float(order), axis=axis, keepdims=keepdim)
