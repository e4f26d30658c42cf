"""Comparison and logic: results are boolean, and nothing here has a derivative.

``equal`` and ``allclose`` give one Python bool: a primitive computes an array, and the public function asks for its
truth.
"""

from __future__ import annotations

import numpy as np

from ..errors import ArgumentError
from ..primitive import Array, primitive

# ---------------------------------------------------------------------------------------------------------------- order


@primitive
def eq(x: Array, y: Array) -> Array:
    """Return where x equals y; NaN equals nothing.

    >>> ag.eq(ag.tensor([1, 2]), ag.tensor([1, 3]))
    tensor([ True, False])
    """
    return np.equal(x, y)


eq.vjp(x=None, y=None)


@primitive
def ne(x: Array, y: Array) -> Array:
    """Return where x differs from y; NaN differs from everything.

    >>> ag.ne(ag.tensor([1, 2]), ag.tensor([1, 3]))
    tensor([False,  True])
    """
    return np.not_equal(x, y)


ne.vjp(x=None, y=None)


@primitive
def lt(x: Array, y: Array) -> Array:
    """Return where x < y.

    >>> ag.lt(ag.tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return np.less(x, y)


lt.vjp(x=None, y=None)


@primitive
def le(x: Array, y: Array) -> Array:
    """Return where x <= y.

    >>> ag.le(ag.tensor([1, 2]), 1)
    tensor([ True, False])
    """
    return np.less_equal(x, y)


le.vjp(x=None, y=None)


@primitive
def gt(x: Array, y: Array) -> Array:
    """Return where x > y.

    >>> ag.gt(ag.tensor([1, 2]), 1)
    tensor([False,  True])
    """
    return np.greater(x, y)


gt.vjp(x=None, y=None)


@primitive
def ge(x: Array, y: Array) -> Array:
    """Return where x >= y.

    >>> ag.ge(ag.tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return np.greater_equal(x, y)


ge.vjp(x=None, y=None)

not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge  # second names

# ----------------------------------------------------------------------------------------------------- kinds of numbers


@primitive
def isnan(x: Array) -> Array:
    """Return where x is not a number.

    >>> ag.isnan(ag.tensor([0.0, float("nan")]))
    tensor([False,  True])
    """
    return np.isnan(x)


isnan.vjp(x=None)


@primitive
def isinf(x: Array) -> Array:
    """Return where x is plus or minus infinity.

    >>> ag.isinf(ag.tensor([0.0, float("-inf")]))
    tensor([False,  True])
    """
    return np.isinf(x)


isinf.vjp(x=None)


@primitive
def isfinite(x: Array) -> Array:
    """Return where x is neither infinite nor NaN.

    >>> ag.isfinite(ag.tensor([0.0, float("inf")]))
    tensor([ True, False])
    """
    return np.isfinite(x)


isfinite.vjp(x=None)


@primitive
def isposinf(x: Array) -> Array:
    """Return where x is plus infinity.

    >>> ag.isposinf(ag.tensor([0.0, float("inf"), float("-inf")]))
    tensor([False,  True, False])
    """
    return x == np.inf


isposinf.vjp(x=None)


@primitive
def isneginf(x: Array) -> Array:
    """Return where x is minus infinity.

    >>> ag.isneginf(ag.tensor([0.0, float("inf"), float("-inf")]))
    tensor([False, False,  True])
    """
    return x == -np.inf


isneginf.vjp(x=None)


@primitive
def isreal(x: Array) -> Array:
    """Return where x has no imaginary part: everywhere, for there are no complex dtypes here.

    >>> ag.isreal(ag.tensor([1.0, float("nan")]))
    tensor([True, True])
    """
    return np.ones(x.shape, bool)


isreal.vjp(x=None)


@primitive
def signbit(x: Array) -> Array:
    """Return where x is negative, also where it is -0 or a NaN with that sign.

    >>> ag.signbit(ag.tensor([1.0, -0.0, -2.0]))
    tensor([False,  True,  True])
    """
    return np.signbit(x) if x.dtype.kind == "f" else x < 0


signbit.vjp(x=None)

# ---------------------------------------------------------------------------------------------------------------- logic


@primitive
def logical_and(x: Array, y: Array) -> Array:
    """Return where both x and y are true, that is, not zero.

    >>> ag.logical_and(ag.tensor([True, True]), ag.tensor([1.0, 0.0]))
    tensor([ True, False])
    """
    return np.logical_and(x, y)


logical_and.vjp(x=None, y=None)


@primitive
def logical_or(x: Array, y: Array) -> Array:
    """Return where x or y is true, or both.

    >>> ag.logical_or(ag.tensor([True, False]), ag.tensor([0.0, 0.0]))
    tensor([ True, False])
    """
    return np.logical_or(x, y)


logical_or.vjp(x=None, y=None)


@primitive
def logical_xor(x: Array, y: Array) -> Array:
    """Return where one of x and y is true, but not both.

    >>> ag.logical_xor(ag.tensor([True, False]), ag.tensor([1.0, 1.0]))
    tensor([False,  True])
    """
    return np.logical_xor(x, y)


logical_xor.vjp(x=None, y=None)


@primitive
def logical_not(x: Array) -> Array:
    """Return where x is false, that is, zero.

    >>> ag.logical_not(ag.tensor([0, 5]))
    tensor([ True, False])
    """
    return np.logical_not(x)


logical_not.vjp(x=None)

# ------------------------------------------------------------------------------------------------------------- nearness


@primitive(name="isclose")
def near(x: Array, y: Array, *, rtol: float, atol: float, equal_nan: bool) -> Array:
    """Return where x is y, or within atol + rtol |y| of it."""
    close = np.equal(x, y)
    if rtol or atol:  # else the floats that follow would take two large integers for one
        difference = np.abs(np.subtract(x, y, dtype=np.result_type(x, y, np.float32)))
        close |= np.isfinite(difference) & (difference <= atol + rtol * np.abs(y))
    return close | (np.isnan(x) & np.isnan(y)) if equal_nan else close


near.vjp(x=None, y=None)


@primitive(name="equal")
def same(x: Array, y: Array) -> Array:
    """Return whether x and y have one shape and equal elements, as a 0-d array."""
    return np.asarray(x.shape == y.shape and bool(np.equal(x, y).all()))


same.vjp(x=None, y=None)


def isclose(input: Array, other: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Return where ``|input - other| <= atol + rtol * |other|``, or the two are equal (infinities of one sign are).

    NaN is close to nothing, and with *equal_nan* to NaN.  Raises ArgumentError for a negative tolerance.

    >>> ag.isclose(ag.tensor([1.0, 2.0]), ag.tensor([1.0 + 1e-7, 2.1]))
    tensor([ True, False])
    """
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if not tolerance >= 0:
            raise ArgumentError(f"isclose: {name}={tolerance} is no tolerance: expected a number of 0 or more")
    return near(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Array, other: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether ``isclose`` holds everywhere.

    >>> ag.allclose(ag.tensor([1.0, 2.0]), ag.tensor([1.0 + 1e-7, 2.0]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


def equal(input: Array, other: Array) -> bool:
    """Return whether *input* and *other* have one shape and equal elements.

    >>> ag.equal(ag.tensor([1, 2]), ag.tensor([1, 2])), ag.equal(ag.tensor([1, 2]), ag.tensor([1]))
    (True, False)
    """
    return bool(same(input, other))
