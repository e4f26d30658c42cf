"""Activation functions, and their gradients in one pass.

``f_x(g, ...)`` is the gradient of f for its input, given the gradient g of its result.  Arrays are float32 or float64,
of any shape and strides, and those of one call have one shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from . import approximation
from .flat import SMALL, of_one, of_two

__all__ = [
    "gelu",
    "gelu_tanh",
    "gelu_tanh_x",
    "gelu_x",
    "logsigmoid",
    "relu",
    "relu_x",
    "sigmoid",
    "sigmoid_x",
    "silu",
    "silu_x",
    "softplus",
    "softplus_x",
    "tanh_x",
]

# ------------------------------------------------------------------------------------------------------ relu and sigmoids


@kernel
def _relu(x: Any, out: Any) -> None:
    zero = x.dtype.type(0)
    for i in range(x.size):  # a NaN is not at most 0, and stays
        out[i] = zero if x[i] <= zero else x[i]


@kernel
def _relu_x(g: Any, y: Any, out: Any) -> None:
    zero = g.dtype.type(0)
    for i in range(g.size):  # a NaN is not at most 0, and lets g pass
        out[i] = zero if y[i] <= zero else g[i]


@kernel
def _tanh_x(g: Any, y: Any, out: Any) -> None:
    for i in range(g.size):
        out[i] = g[i] - g[i] * y[i] * y[i]


@kernel
def _sigmoid(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.sigmoid(x[i])


@kernel
def _sigmoid_x(g: Any, y: Any, out: Any) -> None:
    for i in range(g.size):
        out[i] = g[i] * (y[i] - y[i] * y[i])


def relu(x: ndarray) -> ndarray:
    """Return x, and 0 where it is negative."""
    if x.size <= SMALL or x.dtype.kind != "f":
        return np.maximum(x, x.dtype.type(0))
    return of_one(_relu, 0.2, x)


def relu_x(g: ndarray, y: ndarray) -> ndarray:
    """Return g, and 0 where the result y of relu is 0."""
    return of_two(_relu_x, 0.2, g, y)


def tanh_x(g: ndarray, y: ndarray) -> ndarray:
    """Return g - g y^2, for y = tanh(x)."""
    return of_two(_tanh_x, 0.2, g, y)


def sigmoid(x: ndarray) -> ndarray:
    """Return 1 / (1 + e^-x)."""
    return of_one(_sigmoid, 0.4, x)


def sigmoid_x(g: ndarray, y: ndarray) -> ndarray:
    """Return g (y - y^2), for y = sigmoid(x)."""
    return of_two(_sigmoid_x, 0.2, g, y)


# ----------------------------------------------------------------------------------------------- log(1 + e^x), x sigmoid(x)


@kernel
def _logsigmoid(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = -approximation.softplus(-x[i])


@kernel
def _softplus(x: Any, out: Any, beta: float, threshold: float) -> None:
    beta_, threshold_ = x.dtype.type(beta), x.dtype.type(threshold)
    for i in range(x.size):  # out = log(1 + e^z) / beta with z = beta x
        z = beta_ * x[i]
        out[i] = x[i] if z > threshold_ else approximation.softplus(z) / beta_


@kernel
def _softplus_x(g: Any, x: Any, out: Any, beta: float, threshold: float) -> None:
    beta_, threshold_ = x.dtype.type(beta), x.dtype.type(threshold)
    for i in range(x.size):
        z = beta_ * x[i]
        out[i] = g[i] if z > threshold_ else g[i] * approximation.sigmoid(z)


@kernel
def _silu(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = x[i] * approximation.sigmoid(x[i])


@kernel
def _silu_x(g: Any, x: Any, out: Any) -> None:
    one = x.dtype.type(1)
    for i in range(x.size):  # (x s)' = s + x s (1 - s)
        s = approximation.sigmoid(x[i])
        out[i] = g[i] * s * (one + x[i] * (one - s))


def logsigmoid(x: ndarray) -> ndarray:
    """Return log(sigmoid(x))."""
    return of_one(_logsigmoid, 0.7, x)


def softplus(x: ndarray, beta: float, threshold: float) -> ndarray:
    """Return log(1 + e^(beta x)) / beta, and x where beta x is above *threshold*."""
    return of_one(_softplus, 0.8, x, beta, threshold)


def softplus_x(g: ndarray, x: ndarray, beta: float, threshold: float) -> ndarray:
    """Return g sigmoid(beta x), and g where beta x is above *threshold*."""
    return of_two(_softplus_x, 0.5, g, x, beta, threshold)


def silu(x: ndarray) -> ndarray:
    """Return x sigmoid(x)."""
    return of_one(_silu, 0.4, x)


def silu_x(g: ndarray, x: ndarray) -> ndarray:
    """Return g times the slope of ``silu`` at x."""
    return of_two(_silu_x, 0.5, g, x)


# ------------------------------------------------------------------------------------------------------------------- gelu

SLOPE, CUBIC = 1.5957691216057308, 0.044715  # x sigmoid(SLOPE (x + CUBIC x^3)), where SLOPE is 2 sqrt(2/pi)


@kernel
def _gelu(x: Any, out: Any) -> None:
    for i in range(x.size):
        below, _ = approximation.normal(x[i])
        out[i] = x[i] * below


@kernel
def _gelu_x(g: Any, x: Any, out: Any) -> None:
    for i in range(x.size):  # (x P(x))' = P(x) + x p(x)
        below, density = approximation.normal(x[i])
        out[i] = g[i] * (below + x[i] * density)


@kernel
def _gelu_tanh(x: Any, out: Any) -> None:
    slope, cubic = x.dtype.type(SLOPE), x.dtype.type(SLOPE * CUBIC)
    for i in range(x.size):  # (1 + tanh(z)) / 2 = sigmoid(2 z)
        out[i] = x[i] * approximation.sigmoid(x[i] * (slope + cubic * x[i] * x[i]))


@kernel
def _gelu_tanh_x(g: Any, x: Any, out: Any) -> None:
    slope, cubic = x.dtype.type(SLOPE), x.dtype.type(SLOPE * CUBIC)
    three, one = x.dtype.type(3), x.dtype.type(1)
    for i in range(x.size):  # (x s(z))' = s + x s (1 - s) z'
        cube = cubic * x[i] * x[i]
        s = approximation.sigmoid(x[i] * (slope + cube))
        out[i] = g[i] * (s + x[i] * s * (one - s) * (slope + three * cube))


def gelu(x: ndarray) -> ndarray:
    """Return x times the probability that a standard normal number is below x."""
    return of_one(_gelu, 0.7, x)


def gelu_x(g: ndarray, x: ndarray) -> ndarray:
    """Return g times the slope of ``gelu`` at x."""
    return of_two(_gelu_x, 0.8, g, x)


def gelu_tanh(x: ndarray) -> ndarray:
    """Return x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2."""
    return of_one(_gelu_tanh, 0.5, x)


def gelu_tanh_x(g: ndarray, x: ndarray) -> ndarray:
    """Return g times the slope of ``gelu_tanh`` at x."""
    return of_two(_gelu_tanh_x, 0.5, g, x)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros(1, dtype)
    _relu(x, x.copy())
    for of_x in (sigmoid, logsigmoid, silu, gelu, gelu_tanh):
        of_x(x)
    for of_g in (relu_x, tanh_x, sigmoid_x, silu_x, gelu_x, gelu_tanh_x):
        of_g(x, x)
    softplus(x, 1.0, 20.0)
    softplus_x(x, x, 1.0, 20.0)
