"""Softmax and its logarithm, over one dim."""

from __future__ import annotations

from typing import Any

from .. import backend
from ..primitive import Array, primitive
from .axes import normalize_dims
from .elementwise import cast, exp
from .reduce import reduce_sum
from .shape import Shape

# In all primitives *axis* holds one axis, or none for a 0-d x.


@primitive(name="softmax", floating=True)
def softmax_along(x: Array, *, axis: Shape) -> Array:
    """Return e^x over its sum."""
    return backend.of(x).kernels.softmax(x, axis=axis, logarithm=False)


@primitive
def softmax_x(dy: Array, y: Array, *, axis: Shape) -> Array:
    """Return the gradient of softmax for x, (dy - sum(dy y)) y, where y is its result."""
    return backend.of(dy, y).kernels.softmax_x(dy, y, axis=axis, logarithm=False)


def _sum(x: Array, axis: Shape) -> Array:
    return reduce_sum(x, axis=axis, keepdims=True)


softmax_along.vjp(x=lambda g, out, axis: softmax_x(g, out, axis=axis))
softmax_x.vjp(
    dy=lambda g, y, axis: softmax_x(g, y, axis=axis),  # as a matrix it is symmetric
    y=lambda g, dy, y, axis: g * (dy - _sum(dy * y, axis)) - dy * _sum(g * y, axis),
)


@primitive(name="log_softmax", floating=True)
def log_softmax_along(x: Array, *, axis: Shape) -> Array:
    """Return x less the logarithm of the sum of e^x."""
    return backend.of(x).kernels.softmax(x, axis=axis, logarithm=True)


@primitive
def log_softmax_x(dy: Array, y: Array, *, axis: Shape) -> Array:
    """Return the gradient of the logarithm of softmax for x, dy - e^y sum(dy), where y is its result."""
    return backend.of(dy, y).kernels.softmax_x(dy, y, axis=axis, logarithm=True)


log_softmax_along.vjp(x=lambda g, out, axis: log_softmax_x(g, out, axis=axis))
log_softmax_x.vjp(
    dy=lambda g, y, axis: g - _sum(g * exp(y), axis),
    y=lambda g, dy, y, axis: -g * exp(y) * _sum(dy, axis),
)


def softmax(input: Array, dim: int, dtype: Any = None) -> Array:
    """Return ``exp(input) / exp(input).sum(dim)``, computed without overflow; *dtype*, if given, is that of the result.

    A slice that is -inf everywhere gives NaN.

    >>> ag.softmax(ag.tensor([[0.0, 0.0], [1000.0, 0.0]]), dim=1).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    return softmax_along(x, axis=normalize_dims(dim, x.ndim))


def log_softmax(input: Array, dim: int, dtype: Any = None) -> Array:
    """Return the logarithm of ``softmax(input, dim)``, exact also where that is too small to be represented.

    >>> ag.log_softmax(ag.tensor([1000.0, 0.0]), dim=0).tolist()
    [0.0, -1000.0]
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    return log_softmax_along(x, axis=normalize_dims(dim, x.ndim))
