"""Signs, absolute values, rounding and other steps: what is flat between jumps has the gradient 0 everywhere."""

from __future__ import annotations

import builtins

import numpy as np

from ..dtypes import is_floating, zero
from ..errors import DtypeError
from ..primitive import Array, primitive
from .compare import eq
from .elementwise import zero_slope
from .selection import gate

# ----------------------------------------------------------------------------------------------------- signs and steps


@primitive
def sign(x: Array) -> Array:
    """Return -1, 0 or 1; NaN stays NaN (in PyTorch it becomes 0).

    >>> ag.sign(ag.tensor([-2.0, 0.0, 3.0]))
    tensor([-1.,  0.,  1.])
    """
    return np.sign(x)


sign.vjp(x=lambda g: zero_slope(g))


@primitive
def abs(x: Array) -> Array:
    """Return the absolute value; its gradient at 0 is 0.

    >>> ag.abs(ag.tensor([-1.0, 2.0]))
    tensor([1., 2.])
    """
    return np.absolute(x)


abs.vjp(x=lambda g, x: g * sign(x))


@primitive(floating=True)
def copysign(x: Array, y: Array) -> Array:
    """Return ``|x|`` with the sign of y, also that of a zero or a NaN; its gradient for x at 0 is 0.

    >>> ag.copysign(ag.tensor([1.0, -2.0]), ag.tensor([-0.0, 3.0]))
    tensor([-1.,  2.])
    """
    return np.copysign(x, y)


copysign.vjp(x=lambda g, x, out: g * (sign(x) * sign(out)), y=lambda g: zero_slope(g))


@primitive(name="heaviside")
def step(x: Array, values: Array) -> Array:
    """Return 0 where x is below 0 or NaN, *values* where it is 0, and 1 above."""
    return np.where(x == 0, values, (x > 0).astype(x.dtype))


step.vjp(x=lambda g: zero_slope(g), values=lambda g, x: gate(g, eq(x, zero(g.dtype))))


def heaviside(input: Array, values: Array) -> Array:
    """Return 0 where *input* is below 0 or NaN, *values* where it is 0, and 1 above.

    The gradient of *input* is 0 everywhere.  Raises DtypeError unless both have one dtype.

    >>> ag.heaviside(ag.tensor([-2.0, 0.0, 3.0]), ag.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    if (given := getattr(values, "dtype", type(values).__name__)) != input.dtype:
        raise DtypeError(
            f"heaviside: values has dtype {given} and input {input.dtype}: expected the same; use values.to(input.dtype)"
        )
    return step(input, values)


@primitive(floating=True)
def nextafter(x: Array, y: Array) -> Array:
    """Return the number after x towards y that their dtype has; its gradient for x is 1.

    >>> ag.nextafter(ag.tensor([1.0]), ag.tensor([2.0])) - 1 == 2.0**-23
    tensor([True])
    """
    return np.nextafter(x, y)


nextafter.vjp(x=lambda g: g, y=lambda g: zero_slope(g))

sgn, absolute = sign, abs  # second names

# ------------------------------------------------------------------------------------------------------------- rounding


@primitive
def floor(x: Array) -> Array:
    """Return the largest integer that is not above x; integers stay as they are.

    >>> ag.floor(ag.tensor([1.5, -1.5]))
    tensor([ 1., -2.])
    """
    return np.floor(x) if x.dtype.kind == "f" else +x


floor.vjp(x=lambda g: zero_slope(g))


@primitive
def ceil(x: Array) -> Array:
    """Return the smallest integer that is not below x; integers stay as they are.

    >>> ag.ceil(ag.tensor([1.5, -1.5]))
    tensor([ 2., -1.])
    """
    return np.ceil(x) if x.dtype.kind == "f" else +x


ceil.vjp(x=lambda g: zero_slope(g))


@primitive
def trunc(x: Array) -> Array:
    """Return x without its fraction; integers stay as they are.

    >>> ag.trunc(ag.tensor([1.5, -1.5]))
    tensor([ 1., -1.])
    """
    return np.trunc(x) if x.dtype.kind == "f" else +x


trunc.vjp(x=lambda g: zero_slope(g))
fix = trunc  # a second name


@primitive(name="round")
def nearest(x: Array) -> Array:
    """Return the nearest integer, the even one of two; integers stay as they are."""
    return np.rint(x) if x.dtype.kind == "f" else +x


nearest.vjp(x=lambda g: zero_slope(g))


def round(input: Array, *, decimals: int = 0) -> Array:
    """Return *input* rounded to *decimals* places, halves to the even neighbour; its gradient is 0.

    >>> ag.round(ag.tensor([0.5, 1.5, -2.7])), ag.round(ag.tensor([0.1234]), decimals=2)
    (tensor([ 0.,  2., -3.]), tensor([0.1200]))
    """
    if decimals == 0:
        return nearest(input)
    if not is_floating(input.dtype):
        raise DtypeError(f"round: decimals={decimals} needs a floating input, got {input.dtype}; use input.float()")
    scale = 10.0 ** builtins.abs(decimals)
    return nearest(input * scale) / scale if decimals > 0 else nearest(input / scale) * scale


def frac(input: Array) -> Array:
    """Return input - trunc(input), which has the sign of *input*.

    >>> ag.frac(ag.tensor([1.25, -1.25]))
    tensor([ 0.2500, -0.2500])
    """
    return input - trunc(input)
