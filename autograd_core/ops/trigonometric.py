"""Trigonometric and hyperbolic functions and their inverses, of angles in radians."""

from __future__ import annotations

import math

import numpy as np

from .. import backend
from ..dtypes import constant
from ..primitive import Array, primitive
from .elementwise import FEW, or_one, rsqrt

# -------------------------------------------------------------------------------------------------------- trigonometric


@primitive(floating=True)
def sin(x: Array) -> Array:
    """Return the sine.

    >>> ag.sin(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    return np.sin(x)


@primitive(floating=True)
def cos(x: Array) -> Array:
    """Return the cosine.

    >>> ag.cos(ag.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    return np.cos(x)


sin.vjp(x=lambda g, x: g * cos(x))
cos.vjp(x=lambda g, x: -g * sin(x))


@primitive(floating=True)
def tan(x: Array) -> Array:
    """Return the tangent.

    >>> ag.tan(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return np.tan(x)


tan.vjp(x=lambda g, out: g + g * out * out)


@primitive(floating=True)
def asin(x: Array) -> Array:
    """Return the arc sine; NaN outside -1 to 1.

    >>> ag.asin(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
    return np.arcsin(x)


asin.vjp(x=lambda g, x: g * rsqrt(constant(1, g.dtype) - x * x))


@primitive(floating=True)
def acos(x: Array) -> Array:
    """Return the arc cosine; NaN outside -1 to 1.

    >>> ag.acos(ag.tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """
    return np.arccos(x)


acos.vjp(x=lambda g, x: -g * rsqrt(constant(1, g.dtype) - x * x))


@primitive(floating=True)
def atan(x: Array) -> Array:
    """Return the arc tangent.

    >>> ag.atan(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    return np.arctan(x)


atan.vjp(x=lambda g, x: g / (x * x + constant(1, g.dtype)))


@primitive(floating=True)
def atan2(y: Array, x: Array) -> Array:
    """Return the angle, from -pi to pi, of the point (x, y); y comes first.  The gradients at (0, 0) are 0.

    >>> ag.atan2(ag.tensor([1.0]), ag.tensor([-1.0]))
    tensor([2.3562])
    """
    return np.arctan2(y, x)


atan2.vjp(y=lambda g, y, x: g * (x / or_one(x * x + y * y)), x=lambda g, y, x: -g * (y / or_one(x * x + y * y)))


def deg2rad(input: Array) -> Array:
    """Return angles in degrees as radians: input * pi / 180.

    >>> ag.deg2rad(ag.tensor([0.0, 180.0]))
    tensor([0.0000, 3.1416])
    """
    return input * (math.pi / 180)


def rad2deg(input: Array) -> Array:
    """Return angles in radians as degrees: input * 180 / pi.

    >>> ag.rad2deg(ag.tensor([0.0, 1.0]))
    tensor([ 0.0000, 57.2958])
    """
    return input * (180 / math.pi)


arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2  # second names

# ----------------------------------------------------------------------------------------------------------- hyperbolic


@primitive(floating=True)
def sinh(x: Array) -> Array:
    """Return the hyperbolic sine.

    >>> ag.sinh(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    return np.sinh(x)


@primitive(floating=True)
def cosh(x: Array) -> Array:
    """Return the hyperbolic cosine.

    >>> ag.cosh(ag.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    return np.cosh(x)


sinh.vjp(x=lambda g, x: g * cosh(x))
cosh.vjp(x=lambda g, x: g * sinh(x))


@primitive(floating=True)
def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent.

    >>> ag.tanh(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return np.tanh(x)


@primitive
def tanh_x(grad: Array, y: Array) -> Array:
    """Return grad (1 - y^2): the gradient of tanh for x, where y = tanh(x)."""
    return backend.of(grad, y).kernels.tanh_x(grad, y)


tanh.vjp(x=lambda g, out: g - g * out * out if g.nbytes < FEW else tanh_x(g, out))
tanh_x.vjp(grad=lambda g, y: tanh_x(g, y), y=lambda g, grad, y: g * grad * y * constant(-2, g.dtype))


@primitive(floating=True)
def asinh(x: Array) -> Array:
    """Return the inverse hyperbolic sine.

    >>> ag.asinh(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
    return np.arcsinh(x)


asinh.vjp(x=lambda g, x: g * rsqrt(x * x + constant(1, g.dtype)))


@primitive(floating=True)
def acosh(x: Array) -> Array:
    """Return the inverse hyperbolic cosine; NaN below 1.

    >>> ag.acosh(ag.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return np.arccosh(x)


acosh.vjp(x=lambda g, x: g * rsqrt(x * x - constant(1, g.dtype)))


@primitive(floating=True)
def atanh(x: Array) -> Array:
    """Return the inverse hyperbolic tangent; NaN outside -1 to 1.

    >>> ag.atanh(ag.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return np.arctanh(x)


atanh.vjp(x=lambda g, x: g / (constant(1, g.dtype) - x * x))

arcsinh, arccosh, arctanh = asinh, acosh, atanh  # second names
