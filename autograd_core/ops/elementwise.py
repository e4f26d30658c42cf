"""Arithmetic, powers and roots, exponentials and logarithms: the forward, then its formulas.

A formula is written to be cheap on arrays, not only short.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import backend
from ..dtypes import constant, float64, is_floating, promote, zero
from ..errors import ArgumentError, DtypeError
from ..primitive import Array, primitive
from .compare import eq, ge, logical_and, logical_not
from .selection import choose, gate

# NumPy warns where PyTorch computes in silence: 1/0, log(0), an exp that overflows, inf - inf.  The results are the
# same, so what this package computes does not warn; what users compute with NumPy themselves still does.  A filter
# costs nothing as long as nothing happens, whereas np.errstate around a call takes longer than the call.
warnings.filterwarnings("ignore", ".* encountered in ", RuntimeWarning, r"autograd_core\b")

FEW = 1 << 14  # bytes up to which a call or three of NumPy's take less time than one of a kernel

# ----------------------------------------------------------------------------------------------------------- arithmetic


@primitive(name="add")
def plus(x: Array, y: Array) -> Array:
    """Return x + y."""
    return x + y


plus.vjp(x=lambda g: g, y=lambda g: g)


@primitive(name="sub")
def minus(x: Array, y: Array) -> Array:
    """Return x - y."""
    return x - y


minus.vjp(x=lambda g: g, y=lambda g: -g)


@primitive
def mul(x: Array, y: Array) -> Array:
    """Return x * y.

    >>> ag.mul(ag.tensor([1.0, 2.0]), 3)
    tensor([3., 6.])
    """
    return x * y


mul.vjp(x=lambda g, y: g * y, y=lambda g, x: g * x)


@primitive(name="div", floating=True)
def quotient(x: Array, y: Array) -> Array:
    """Return x / y."""
    return x / y


quotient.vjp(x=lambda g, y: g / y, y=lambda g, y, out: -g * out / y)


@primitive
def neg(x: Array) -> Array:
    """Return -x.

    >>> ag.neg(ag.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """
    return -x


neg.vjp(x=lambda g: -g)


def positive(input: Array) -> Array:
    """Return *input* itself.  Raises DtypeError for booleans, as ``+`` of them has no meaning.

    >>> ag.positive(ag.tensor([1.0, -2.0]))
    tensor([ 1., -2.])
    """
    if input.dtype.kind == "b":
        raise DtypeError("positive: input has dtype bool: expected numbers; use input.int()")
    return input


@primitive
def zero_slope(x: Array) -> Array:
    """Return zeros of the shape and dtype of x: the gradient of a step function."""
    return np.zeros(x.shape, x.dtype)


zero_slope.vjp(x=None)


def _check_divisor(y: Any) -> None:
    if y.dtype.kind != "f" and not y.all():
        raise ZeroDivisionError(
            "other contains 0: integers are not divided by zero; make it floating, or mask those places"
        )


@primitive
def floor_divide(x: Array, y: Array) -> Array:
    """Return x / y rounded down; of integers an integer.  Raises ZeroDivisionError for integers divided by 0.

    >>> ag.floor_divide(ag.tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    _check_divisor(y)
    return np.floor_divide(x, y)


floor_divide.vjp(x=lambda g: zero_slope(g), y=lambda g: zero_slope(g))


@primitive(name="trunc_divide")
def truncated_quotient(x: Array, y: Array) -> Array:
    """Return x / y rounded towards zero; of integers an integer."""
    if x.dtype.kind == "f":
        return np.trunc(x / y)
    _check_divisor(y)
    quotient = np.floor_divide(x, y)
    return quotient + ((quotient < 0) & (quotient * y != x))


truncated_quotient.vjp(x=lambda g: zero_slope(g), y=lambda g: zero_slope(g))


@primitive
def remainder(x: Array, y: Array) -> Array:
    """Return x - y floor(x / y), which has the sign of y, as Python's ``%``.

    >>> ag.remainder(ag.tensor([7.0, -7.0]), 3)
    tensor([1., 2.])
    """
    _check_divisor(y)
    return np.remainder(x, y)


remainder.vjp(x=lambda g: g, y=lambda g, x, y: -g * floor_divide(x, y))


@primitive
def fmod(x: Array, y: Array) -> Array:
    """Return x - y trunc(x / y), which has the sign of x, as C's ``fmod``.

    >>> ag.fmod(ag.tensor([7.0, -7.0]), 3)
    tensor([ 1., -1.])
    """
    _check_divisor(y)
    return np.fmod(x, y)


fmod.vjp(x=lambda g: g, y=lambda g, x, y: -g * truncated_quotient(x, y))


def add(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """Return input + alpha * other.

    >>> ag.add(ag.tensor([1.0, 2.0]), 10, alpha=2)
    tensor([21., 22.])
    """
    return plus(input, other if alpha == 1 else mul(other, _scale("add", input, other, alpha)))


def sub(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """Return input - alpha * other.

    >>> ag.sub(ag.tensor([1.0, 2.0]), 10, alpha=2)
    tensor([-19., -18.])
    """
    return minus(input, other if alpha == 1 else mul(other, _scale("sub", input, other, alpha)))


def rsub(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """Return other - alpha * input: ``sub`` with its operands exchanged.

    >>> ag.rsub(ag.tensor([1.0, 2.0]), 10)
    tensor([9., 8.])
    """
    return minus(other, input if alpha == 1 else mul(input, _scale("rsub", input, other, alpha)))


def _scale(name: str, input: Array, other: Array, alpha: float) -> float:
    if isinstance(alpha, float) and not any(isinstance(a, float) or _floating(a) for a in (input, other)):
        raise DtypeError(f"{name}: alpha={alpha} is floating but the operands are integers; give an integer alpha")
    return alpha


def _floating(x: Any) -> bool:
    return hasattr(x, "dtype") and is_floating(x.dtype)


def div(input: Array, other: Array, *, rounding_mode: str | None = None) -> Array:
    """Return input / other: true division, or rounded towards zero ("trunc") or down ("floor").

    Of integers, true division gives float32 and a rounded one integers.  A rounded quotient has gradient 0.

    >>> ag.div(ag.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        return quotient(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        return truncated_quotient(input, other)
    raise ArgumentError(f"div: rounding_mode={rounding_mode!r} is unknown: expected None, 'trunc' or 'floor'")


def lerp(input: Array, end: Array, weight: Array) -> Array:
    """Return input + weight * (end - input), exactly *end* where *weight*, a number or a tensor, is 1.

    Computed as end + (weight - 1) * (end - input) where abs(weight) is 0.5 or more, as rounding errors are smaller from there.

    >>> ag.lerp(ag.tensor([0.0, 10.0]), ag.tensor([10.0, 20.0]), 0.3)
    tensor([ 3., 13.])
    """
    if isinstance(weight, int | float):
        from_end: Any = abs(weight) >= 0.5
        start = end if from_end else input
    else:
        from_end = ge(abs(weight), 0.5)
        start = choose(from_end, end, input)
    return start + (weight - from_end) * (end - input)


def addcmul(input: Array, tensor1: Array, tensor2: Array, *, value: float = 1) -> Array:
    """Return input + value * tensor1 * tensor2.

    >>> ag.addcmul(ag.tensor([1.0]), ag.tensor([2.0]), ag.tensor([3.0]), value=0.5)
    tensor([4.])
    """
    return add(input, tensor1 * tensor2, alpha=value)


def addcdiv(input: Array, tensor1: Array, tensor2: Array, *, value: float = 1) -> Array:
    """Return input + value * tensor1 / tensor2.

    >>> ag.addcdiv(ag.tensor([1.0]), ag.tensor([3.0]), ag.tensor([2.0]), value=2)
    tensor([4.])
    """
    return add(input, tensor1 / tensor2, alpha=value)


subtract, multiply, divide, true_divide, negative = sub, mul, div, div, neg  # second names

# ----------------------------------------------------------------------------------------------------- powers and roots


@primitive
def pow(x: Array, y: Array) -> Array:
    """Return x to the power y.  Integers stay integers, and then y must not be negative.

    The gradient for x of ``x ** 0`` is 0 everywhere, and so is the gradient for y where x is 0 and y is not negative.

    >>> ag.pow(ag.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    return np.power(x, y)


@primitive
def pow_slope(x: Array, y: Array, *, order: int) -> Array:
    """Return the derivative of x^y of that *order* for x: y (y-1) ... (y-order+1) x^(y-order).

    It is 0, and not 0 times infinity, where that product is 0; so polynomials have derivatives of every order at 0.
    """
    if y.ndim == 0:  # one exponent: the common case, mostly a 2 or a 3
        factor = power = y.item()
        for i in range(1, order):
            factor *= power - i
        if factor == 0:
            return np.zeros(x.shape, x.dtype)
        rest = power - order
        return (x if rest == 1 else np.power(x, constant(rest, x.dtype))) * constant(factor, x.dtype)
    factor = y
    for i in range(1, order):
        factor = factor * (y - i)
    return np.where(factor == 0, zero(x.dtype), factor * np.power(x, y - order))


def _pow_y(g: Array, x: Array, y: Array, out: Array) -> Array:
    settled = logical_and(eq(x, zero(g.dtype)), ge(y, zero(g.dtype)))
    return gate(g * out * log(x), logical_not(settled))


def _pow_slope_y(g: Array, x: Array, y: Array, order: int) -> Array:
    factor: Any = 1
    slope: Any = 0
    for i in range(order):  # the product rule over y (y-1) ... (y-order+1)
        factor, slope = factor * (y - i), slope * (y - i) + factor
    return g * pow(x, y - order) * (slope + factor * log(x))


pow.vjp(x=lambda g, x, y: g * pow_slope(x, y, order=1), y=_pow_y)
pow_slope.vjp(x=lambda g, x, y, order: g * pow_slope(x, y, order=order + 1), y=_pow_slope_y)


def float_power(input: Array, exponent: Array) -> Array:
    """Return *input* to the power *exponent*, both first brought to float64.

    >>> ag.float_power(ag.tensor([2, 3]), -1)
    tensor([0.5000, 0.3333], dtype=float64)
    """
    return pow(_double(input), _double(exponent))


def _double(x: Array) -> Array:
    if not hasattr(x, "dtype"):
        return float(x)
    return x if x.dtype == float64 else cast(x, dtype=float64)


@primitive
def square(x: Array) -> Array:
    """Return x * x.

    >>> ag.square(ag.tensor([1.0, -3.0]))
    tensor([1., 9.])
    """
    return x * x


square.vjp(x=lambda g, x: (g + g) * x)


@primitive(floating=True)
def sqrt(x: Array) -> Array:
    """Return the square root: NaN below 0; its gradient at 0 is infinite.

    >>> ag.sqrt(ag.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return np.sqrt(x)


sqrt.vjp(x=lambda g, out: g / (out + out))


@primitive(floating=True)
def rsqrt(x: Array) -> Array:
    """Return 1 / sqrt(x).

    >>> ag.rsqrt(ag.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    return np.reciprocal(np.sqrt(x))


rsqrt.vjp(x=lambda g, out: g * constant(-0.5, g.dtype) * out * out * out)


@primitive(floating=True)
def reciprocal(x: Array) -> Array:
    """Return 1 / x.

    >>> ag.reciprocal(ag.tensor([4.0, -2.0]))
    tensor([ 0.2500, -0.5000])
    """
    return np.reciprocal(x)


reciprocal.vjp(x=lambda g, out: -g * out * out)


def or_one(x: Array) -> Array:
    """Return x, and 1 where it is 0: what a formula divides by when the dividend is 0 at the same places."""
    return x + eq(x, zero(x.dtype))


@primitive(floating=True)
def hypot(x: Array, y: Array) -> Array:
    """Return sqrt(x^2 + y^2) without overflow on the way.

    >>> ag.hypot(ag.tensor([3.0]), ag.tensor([4.0]))
    tensor([5.])
    """
    return np.hypot(x, y)


hypot.vjp(x=lambda g, x, out: g * (x / out), y=lambda g, y, out: g * (y / out))

# ------------------------------------------------------------------------------------------ exponentials and logarithms


@primitive(floating=True)
def exp(x: Array) -> Array:
    """Return e^x.

    >>> ag.exp(ag.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return np.exp(x) if x.nbytes < FEW else backend.of(x).kernels.exp(x)


exp.vjp(x=lambda g, out: g * out)


@primitive(floating=True)
def exp2(x: Array) -> Array:
    """Return 2^x.

    >>> ag.exp2(ag.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
    return np.exp2(x)


exp2.vjp(x=lambda g, out: g * out * constant(math.log(2), g.dtype))


def ldexp(input: Array, other: Array) -> Array:
    """Return input * 2^other.

    >>> ag.ldexp(ag.tensor([1.0, 1.5]), ag.tensor([3, -1]))
    tensor([8.0000, 0.7500])
    """
    x, power = promote((input, other), True)
    return mul(x, exp2(power))


@primitive(floating=True)
def expm1(x: Array) -> Array:
    """Return e^x - 1, exact for small x.

    >>> ag.expm1(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
    return np.expm1(x)


expm1.vjp(x=lambda g, out: g + g * out)


@primitive(floating=True)
def log(x: Array) -> Array:
    """Return the natural logarithm: -inf at 0, NaN below.

    >>> ag.log(ag.tensor([1.0, 2.0]))
    tensor([0.0000, 0.6931])
    """
    return np.log(x)


log.vjp(x=lambda g, x: g / x)


@primitive(floating=True)
def log2(x: Array) -> Array:
    """Return the logarithm to base 2.

    >>> ag.log2(ag.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return np.log2(x)


log2.vjp(x=lambda g, x: g / (x * constant(math.log(2), g.dtype)))


@primitive(floating=True)
def log10(x: Array) -> Array:
    """Return the logarithm to base 10.

    >>> ag.log10(ag.tensor([1.0, 10.0]))
    tensor([0., 1.])
    """
    return np.log10(x)


log10.vjp(x=lambda g, x: g / (x * constant(math.log(10), g.dtype)))


@primitive(floating=True)
def log1p(x: Array) -> Array:
    """Return log(1 + x), exact for small x.

    >>> ag.log1p(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
    return np.log1p(x)


log1p.vjp(x=lambda g, x: g / (x + constant(1, g.dtype)))

# ---------------------------------------------------------------------------------------------------- copies and dtypes


@primitive(name="cast")
def to_floating(x: Array, *, dtype: np.dtype[Any]) -> Array:
    """Return x in a floating dtype; the walk brings a gradient back to that of x."""
    return x.astype(dtype)


to_floating.vjp(x=lambda g: g)


@primitive(name="discretize")
def to_discrete(x: Array, *, dtype: np.dtype[Any]) -> Array:
    """Return x as integers or booleans, which have no derivative."""
    return x.astype(dtype)


to_discrete.vjp(x=None)


def cast(x: Array, *, dtype: np.dtype[Any]) -> Array:
    """Return a copy of x in *dtype*; differentiable where that is floating.

    >>> ag.tensor([1.7, -1.7]).to(ag.int64)
    tensor([ 1, -1])
    """
    return to_floating(x, dtype=dtype) if is_floating(dtype) else to_discrete(x, dtype=dtype)
