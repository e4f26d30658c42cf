"""Activation functions: the forward, then its formula, as stable at +-1000 as at 0.

Subgradients follow PyTorch: ``relu``, ``threshold`` and ``hardtanh`` give 0 at their corners.
"""

from __future__ import annotations

import math

import numpy as np

from .. import backend
from ..dtypes import constant, zero
from ..errors import ArgumentError
from ..primitive import Array, primitive
from .compare import gt, le, logical_and, logical_not, lt
from .elementwise import FEW, exp
from .selection import choose, gate
from .trigonometric import tanh

# ------------------------------------------------------------------------------------------------------------- sigmoids


@primitive(floating=True)
def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + e^-x).

    >>> ag.sigmoid(ag.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return backend.of(x).kernels.sigmoid(x)


@primitive
def sigmoid_x(grad: Array, y: Array) -> Array:
    """Return grad (y - y^2): the gradient of sigmoid for x, where y = sigmoid(x)."""
    return backend.of(grad, y).kernels.sigmoid_x(grad, y)


sigmoid.vjp(x=lambda g, out: g * (out - out * out) if g.nbytes < FEW else sigmoid_x(g, out))
sigmoid_x.vjp(grad=lambda g, y: sigmoid_x(g, y), y=lambda g, grad, y: g * grad * (constant(1, g.dtype) - y - y))


@primitive(floating=True)
def logsigmoid(x: Array) -> Array:
    """Return log(sigmoid(x)), which is -softplus(-x).

    >>> ag.logsigmoid(ag.tensor([0.0, -1000.0]))
    tensor([-6.9315e-01, -1.0000e+03])
    """
    return backend.of(x).kernels.logsigmoid(x)


logsigmoid.vjp(x=lambda g, x: g * sigmoid(-x))


@primitive(name="softplus", floating=True)
def soft_ramp(x: Array, *, beta: float, threshold: float) -> Array:
    """Return log(1 + e^(beta x)) / beta, and x where beta x is above *threshold*."""
    return backend.of(x).kernels.softplus(x, beta, threshold)


@primitive
def softplus_x(grad: Array, x: Array, *, beta: float, threshold: float) -> Array:
    """Return grad sigmoid(beta x), and grad where beta x is above *threshold*: the gradient of softplus for x."""
    return backend.of(grad, x).kernels.softplus_x(grad, x, beta, threshold)


def _softplus_x_x(g: Array, grad: Array, x: Array, beta: float, threshold: float) -> Array:
    z = x * constant(beta, g.dtype)
    s = sigmoid(z)
    return gate(g * grad * (s - s * s) * constant(beta, g.dtype), le(z, constant(threshold, g.dtype)))


soft_ramp.vjp(x=lambda g, x, beta, threshold: softplus_x(g, x, beta=beta, threshold=threshold))
softplus_x.vjp(
    grad=lambda g, x, beta, threshold: softplus_x(g, x, beta=beta, threshold=threshold),
    x=_softplus_x_x,
)


def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """Return log(1 + e^(beta * input)) / beta, a smooth relu.

    Where beta * input is above *threshold* it is *input* itself.  Raises ArgumentError for beta=0.

    >>> ag.softplus(ag.tensor([-1.0, 0.0, 30.0]))
    tensor([ 0.3133,  0.6931, 30.0000])
    """
    if beta == 0:
        raise ArgumentError(f"softplus: beta={beta} divides by zero: expected another number, 1 by default")
    return soft_ramp(input, beta=beta, threshold=threshold)


# ---------------------------------------------------------------------------------------------------------- relu family


@primitive
def relu(x: Array) -> Array:
    """Return max(x, 0); its gradient at 0 is 0, and NaN stays NaN.

    >>> ag.relu(ag.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return backend.of(x).kernels.relu(x)


@primitive
def relu_x(grad: Array, y: Array) -> Array:
    """Return grad, and 0 where y = relu(x) is 0: the gradient of relu for x."""
    return backend.of(grad, y).kernels.relu_x(grad, y)


relu.vjp(x=lambda g, out: relu_x(g, out))
relu_x.vjp(grad=lambda g, y: relu_x(g, y), y=None)


@primitive(name="threshold")
def pass_above(x: Array, *, threshold: float, value: float) -> Array:
    """Return x where it is above *threshold*, else *value*."""
    return np.where(x <= threshold, constant(value, x.dtype), x)


pass_above.vjp(x=lambda g, x, threshold: gate(g, logical_not(le(x, constant(threshold, g.dtype)))))


def threshold(input: Array, threshold: float, value: float) -> Array:
    """Return *input* where it is above *threshold*, else *value*; the gradient at *threshold* is 0.

    >>> ag.threshold(ag.tensor([0.1, 0.5, 2.0]), 0.5, -1.0)
    tensor([-1., -1.,  2.])
    """
    return pass_above(input, threshold=threshold, value=value)


@primitive(name="hardtanh")
def clip_open(x: Array, *, low: float, high: float) -> Array:
    """Return x within *low* and *high*; unlike clamp's, the gradient on the bounds is 0."""
    return np.minimum(np.maximum(x, constant(low, x.dtype)), constant(high, x.dtype))


def _clip_open_x(g: Array, x: Array, low: float, high: float) -> Array:
    return gate(g, logical_and(gt(x, constant(low, g.dtype)), lt(x, constant(high, g.dtype))))


clip_open.vjp(x=_clip_open_x)


def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """Return *input* within *min_val* and *max_val*; the gradient on the bounds is 0.

    Raises ArgumentError where *min_val* is above *max_val*.

    >>> ag.hardtanh(ag.tensor([-2.0, 0.5, 2.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val={min_val} is above max_val={max_val}; swap them")
    return clip_open(input, low=min_val, high=max_val)


def relu6(input: Array) -> Array:
    """Return min(max(input, 0), 6); the gradient at 0 and 6 is 0.

    >>> ag.relu6(ag.tensor([-1.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """
    return clip_open(input, low=0.0, high=6.0)


@primitive(name="leaky_relu", floating=True)
def leaky(x: Array, *, slope: float) -> Array:
    """Return x where it is positive, else slope x."""
    bent = x * constant(slope, x.dtype)
    return np.maximum(x, bent) if 0 < slope <= 1 else np.where(x > zero(x.dtype), x, bent)


leaky.vjp(x=lambda g, x, slope: choose(gt(x, zero(g.dtype)), g, g * constant(slope, g.dtype)))


def leaky_relu(input: Array, negative_slope: float = 0.01) -> Array:
    """Return max(0, input) + negative_slope * min(0, input).

    >>> ag.leaky_relu(ag.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return leaky(input, slope=negative_slope)


@primitive(name="elu", floating=True)
def scaled_elu(x: Array, *, alpha: float, scale: float) -> Array:
    """Return scale x where x is positive, else scale alpha (e^x - 1)."""
    bent = np.expm1(np.minimum(x, zero(x.dtype))) * constant(alpha * scale, x.dtype)
    return np.where(x <= zero(x.dtype), bent, x * constant(scale, x.dtype))


def _scaled_elu_x(g: Array, x: Array, out: Array, alpha: float, scale: float) -> Array:
    """Below 0 the slope, scale alpha e^x, is the result plus scale alpha."""
    return choose(le(x, zero(g.dtype)), g * (out + constant(alpha * scale, g.dtype)), g * constant(scale, g.dtype))


scaled_elu.vjp(x=_scaled_elu_x)


def elu(input: Array, alpha: float = 1.0) -> Array:
    """Return *input* where it is positive, else alpha * (e^input - 1) (Clevert et al. 2016).

    >>> ag.elu(ag.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return scaled_elu(input, alpha=alpha, scale=1.0)


def selu(input: Array) -> Array:
    """Return the elu whose scale keeps mean 0 and variance 1 through layers (Klambauer et al. 2017).

    >>> ag.selu(ag.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return scaled_elu(input, alpha=1.6732632423543772848170429916717, scale=1.0507009873554804934193349852946)


# --------------------------------------------------------------------------------------------------------------- smooth


@primitive(floating=True)
def silu(x: Array) -> Array:
    """Return x sigmoid(x), also called swish (Hendrycks & Gimpel 2016).

    >>> ag.silu(ag.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return backend.of(x).kernels.silu(x)


@primitive
def silu_x(grad: Array, x: Array) -> Array:
    """Return grad (s + x s (1 - s)) with s = sigmoid(x): the gradient of silu for x."""
    return backend.of(grad, x).kernels.silu_x(grad, x)


def _silu_x_x(g: Array, grad: Array, x: Array) -> Array:
    """The second derivative of x s(x) is s' (2 + x (1 - 2 s))."""
    s, one = sigmoid(x), constant(1, g.dtype)
    return g * grad * (s - s * s) * (one + one + x * (one - s - s))


silu.vjp(x=lambda g, x: silu_x(g, x))
silu_x.vjp(grad=lambda g, x: silu_x(g, x), x=_silu_x_x)


def mish(input: Array) -> Array:
    """Return input * tanh(softplus(input)) (Misra 2019).

    >>> ag.mish(ag.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return input * tanh(softplus(input))


@primitive(name="gelu", floating=True)
def gelu_exact(x: Array) -> Array:
    """Return x times the probability that a standard normal number is below x."""
    return backend.of(x).kernels.gelu(x)


@primitive
def gelu_x(grad: Array, x: Array) -> Array:
    """Return grad (P(x) + x p(x)), with the normal probability P and its density p: the gradient of gelu for x."""
    return backend.of(grad, x).kernels.gelu_x(grad, x)


def _gelu_x_x(g: Array, grad: Array, x: Array) -> Array:
    """The second derivative of x P(x) is (2 - x^2) p(x)."""
    square = x * x
    density = exp(square * constant(-0.5, g.dtype)) * constant(1 / math.sqrt(2 * math.pi), g.dtype)
    return g * grad * density * (constant(2, g.dtype) - square)


gelu_exact.vjp(x=lambda g, x: gelu_x(g, x))
gelu_x.vjp(grad=lambda g, x: gelu_x(g, x), x=_gelu_x_x)


@primitive(floating=True)
def gelu_tanh(x: Array) -> Array:
    """Return x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2."""
    return backend.of(x).kernels.gelu_tanh(x)


@primitive
def gelu_tanh_x(grad: Array, x: Array) -> Array:
    """Return the gradient of gelu_tanh for x."""
    return backend.of(grad, x).kernels.gelu_tanh_x(grad, x)


_SLOPE, _CUBIC = 2 * math.sqrt(2 / math.pi), 0.044715  # gelu_tanh(x) = x sigmoid(z) with z = _SLOPE (x + _CUBIC x^3)


def _gelu_tanh_x_x(g: Array, grad: Array, x: Array) -> Array:
    """The second derivative of x s(z) is s' (2 z' + x z'' + x z'^2 (1 - 2 s)), where s' = s (1 - s)."""
    square, slope, one = x * x, constant(_SLOPE, g.dtype), constant(1, g.dtype)
    cubic = square * constant(_SLOPE * _CUBIC, g.dtype)
    s = sigmoid(x * (slope + cubic))
    z_1 = slope + cubic * constant(3, g.dtype)
    x_z_2 = cubic * constant(6, g.dtype)
    return g * grad * (s - s * s) * (z_1 + z_1 + x_z_2 + x * z_1 * z_1 * (one - s - s))


gelu_tanh.vjp(x=lambda g, x: gelu_tanh_x(g, x))
gelu_tanh_x.vjp(grad=lambda g, x: gelu_tanh_x(g, x), x=_gelu_tanh_x_x)


def gelu(input: Array, approximate: str = "none") -> Array:
    """Return input times the probability that a standard normal number is below it (Hendrycks & Gimpel 2016).

    With approximate="tanh", input (1 + tanh(sqrt(2/pi) (input + 0.044715 input^3))) / 2, within 5e-4 of it.  Raises
    ArgumentError for another *approximate*.

    >>> ag.gelu(ag.tensor([-1.0, 2.0])), ag.gelu(ag.tensor([-1.0, 2.0]), approximate="tanh")
    (tensor([-0.1587,  1.9545]), tensor([-0.1588,  1.9546]))
    """
    if approximate == "none":
        return gelu_exact(input)
    if approximate == "tanh":
        return gelu_tanh(input)
    raise ArgumentError(f"gelu: approximate={approximate!r} is unknown: expected 'none' or 'tanh'")
