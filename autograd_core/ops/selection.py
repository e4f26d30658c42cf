"""Choosing between numbers, place by place: bounds, the larger, the smaller, the one where a condition holds.

Subgradients follow PyTorch: ``maximum`` and ``minimum`` give half to each of two equal operands, ``fmax`` and ``fmin``
all to the first, and ``clamp`` gives 1 at its bounds.  Where an operand does not matter its gradient is exactly 0, even
when infinity or NaN arrives (``gate``), so that ``sqrt(relu(x))`` is safe to differentiate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend
from ..dtypes import constant, is_floating
from ..errors import ArgumentError
from ..primitive import Array, primitive
from .compare import ge, gt, isfinite, isnan, le, logical_and, logical_not, logical_or, lt

_BITS = {4: np.dtype("int32"), 8: np.dtype("int64")}


@primitive
def gate(x: Array, mask: Array) -> Array:
    """Return x where *mask* holds and 0 elsewhere, also where x is infinite or NaN.

    A number times a boolean is exact in the integers that share its bits, and takes a tenth of np.where's time.
    """
    return (x.view(_BITS[x.itemsize]) * mask).view(x.dtype)


gate.vjp(x=lambda g, mask: gate(g, mask), mask=None)


@primitive(name="where")
def choose(condition: Array, x: Array, y: Array) -> Array:
    """Return x where *condition* holds, else y."""
    return np.where(condition, x, y)


choose.vjp(
    condition=None,
    x=lambda g, condition: gate(g, condition),
    y=lambda g, condition: gate(g, logical_not(condition)),
)


def _spread(x: Array, over: Array) -> Array:
    """Return the array x in the shape of the array *over*: numpy.broadcast_to takes six times as long on a few numbers."""
    if x.shape == over.shape:
        return x
    full = np.empty(over.shape, x.dtype)
    full[...] = x
    return full


@primitive
def share(x: Array, a: Array, b: Array) -> Array:
    """Return x where a > b, half of it where they are equal, else 0; all of it where either is NaN."""
    return backend.of(x).kernels.share(x, _spread(a, x), _spread(b, x))


share.vjp(x=lambda g, a, b: share(g, a, b), a=None, b=None)


@primitive
def maximum(x: Array, y: Array) -> Array:
    """Return the larger of x and y; NaN wins.  Where they are equal, each gets half of the gradient.

    >>> ag.maximum(ag.tensor([1.0, 5.0]), ag.tensor([3.0, 2.0]))
    tensor([3., 5.])
    """
    return np.maximum(x, y)


maximum.vjp(x=lambda g, x, y: share(g, x, y), y=lambda g, x, y: share(g, y, x))


@primitive
def minimum(x: Array, y: Array) -> Array:
    """Return the smaller of x and y; NaN wins.  Where they are equal, each gets half of the gradient.

    >>> ag.minimum(ag.tensor([1.0, 5.0]), ag.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    return np.minimum(x, y)


minimum.vjp(x=lambda g, x, y: share(g, y, x), y=lambda g, x, y: share(g, x, y))


@primitive
def fmax(x: Array, y: Array) -> Array:
    """Return the larger of x and y, and of a number and a NaN the number; where they are equal, x gets the gradient.

    >>> ag.fmax(ag.tensor([1.0, float("nan")]), ag.tensor([3.0, 2.0]))
    tensor([3., 2.])
    """
    return np.fmax(x, y)


fmax.vjp(
    x=lambda g, x, y: gate(g, logical_or(ge(x, y), isnan(y))),
    y=lambda g, x, y: gate(g, logical_not(logical_or(ge(x, y), isnan(y)))),
)


@primitive
def fmin(x: Array, y: Array) -> Array:
    """Return the smaller of x and y, and of a number and a NaN the number; where they are equal, x gets the gradient.

    >>> ag.fmin(ag.tensor([1.0, float("nan")]), ag.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    return np.fmin(x, y)


fmin.vjp(
    x=lambda g, x, y: gate(g, logical_or(le(x, y), isnan(y))),
    y=lambda g, x, y: gate(g, logical_not(logical_or(le(x, y), isnan(y)))),
)


@primitive(name="clamp_min")
def raised(x: Array, low: Array) -> Array:
    """Return x, or *low* where x is below it."""
    return np.maximum(x, low)


raised.vjp(x=lambda g, x, low: gate(g, ge(x, low)), low=lambda g, x, low: gate(g, lt(x, low)))


@primitive(name="clamp_max")
def capped(x: Array, high: Array) -> Array:
    """Return x, or *high* where x is above it."""
    return np.minimum(x, high)


capped.vjp(x=lambda g, x, high: gate(g, le(x, high)), high=lambda g, x, high: gate(g, gt(x, high)))


@primitive(name="clamp")
def clamp_between(x: Array, low: Array, high: Array) -> Array:
    """Return x within *low* and *high*, and *high* where they are in the wrong order."""
    return np.minimum(np.maximum(x, low), high)


clamp_between.vjp(
    x=lambda g, x, low, high: gate(g, logical_and(ge(x, low), le(x, high))),
    low=lambda g, x, low, high: gate(g, logical_and(lt(x, low), lt(low, high))),
    high=lambda g, x, low, high: gate(g, logical_or(gt(x, high), lt(high, low))),
)


def clamp(input: Array, min: Array | float | None = None, max: Array | float | None = None) -> Array:
    """Return *input* with what is below *min* set to it, and what is above *max* set to that.

    Bounds are numbers or tensors; a tensor gets the gradient of the places where it is the result.  The gradient of
    *input* is 1 within the bounds and on them, 0 outside and at NaN.  Where *min* is above *max*, the result is *max*.
    Raises ArgumentError without a bound.

    >>> ag.clamp(ag.tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise ArgumentError("clamp: min and max are both None: expected at least one; give a number or a tensor")
    if max is None:
        return raised(input, _bound(min, input))
    if min is None:
        return capped(input, _bound(max, input))
    return clamp_between(input, _bound(min, input), _bound(max, input))


clip = clamp  # a second name


def clamp_min(input: Array, min: Array | float) -> Array:
    """Return *input* with what is below *min* set to it: ``clamp`` with one bound.

    >>> ag.clamp_min(ag.tensor([-2.0, 2.0]), 0.0)
    tensor([0., 2.])
    """
    return raised(input, _bound(min, input))


def clamp_max(input: Array, max: Array | float) -> Array:
    """Return *input* with what is above *max* set to it: ``clamp`` with one bound.

    >>> ag.clamp_max(ag.tensor([-2.0, 2.0]), 0.0)
    tensor([-2.,  0.])
    """
    return capped(input, _bound(max, input))


def _bound(bound: Any, input: Array) -> Any:
    """Return a number as the constant that it is beside *input*; what would change the dtype is left to promotion."""
    if isinstance(bound, int | float) and is_floating(input.dtype):
        return constant(bound, input.dtype)
    return bound


@primitive(name="nan_to_num")
def replace_nonfinite(x: Array, *, nan: float, posinf: float | None, neginf: float | None) -> Array:
    """Return x with numbers in place of NaN and the infinities; by default the largest number of the dtype and its negative."""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


replace_nonfinite.vjp(x=lambda g, x: gate(g, isfinite(x)))


def nan_to_num(
    input: Array, nan: float | None = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """Return *input* with numbers in place of NaN and the infinities, where the gradient is 0.

    *posinf* and *neginf* are by default the largest number of the dtype and its negative.

    >>> ag.nan_to_num(ag.tensor([1.0, float("nan"), float("inf")]), posinf=9.0)
    tensor([1., 0., 9.])
    """
    return replace_nonfinite(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)
