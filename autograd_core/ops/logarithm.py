"""What is made of logarithms: of sums of powers, of odds, and products with them that are 0 where a factor is."""

from __future__ import annotations

import math

import numpy as np

from ..dtypes import constant, zero
from ..primitive import Array, primitive
from .activation import sigmoid
from .compare import eq, gt, le, logical_and, logical_not, logical_or, lt
from .elementwise import log
from .selection import choose, gate

# ----------------------------------------------------------------------------------------------------------------- sums


@primitive(floating=True)
def logaddexp(x: Array, y: Array) -> Array:
    """Return log(e^x + e^y), without overflow on the way.

    >>> ag.logaddexp(ag.tensor([0.0, 1000.0]), ag.tensor([0.0, 1000.0]))
    tensor([6.9315e-01, 1.0007e+03])
    """
    return np.logaddexp(x, y)


logaddexp.vjp(x=lambda g, x, y: g * sigmoid(x - y), y=lambda g, x, y: g * sigmoid(y - x))


@primitive(floating=True)
def logaddexp2(x: Array, y: Array) -> Array:
    """Return log2(2^x + 2^y), without overflow on the way.

    >>> ag.logaddexp2(ag.tensor([0.0, 1000.0]), ag.tensor([0.0, 1000.0]))
    tensor([1.0000e+00, 1.0010e+03])
    """
    return np.logaddexp2(x, y)


logaddexp2.vjp(
    x=lambda g, x, y: g * sigmoid((x - y) * constant(math.log(2), g.dtype)),
    y=lambda g, x, y: g * sigmoid((y - x) * constant(math.log(2), g.dtype)),
)

# ------------------------------------------------------------------------------------------------------------- products


@primitive(floating=True)
def xlogy(x: Array, y: Array) -> Array:
    """Return x log(y), and 0 where x is 0 and y is no NaN.

    >>> ag.xlogy(ag.tensor([0.0, 2.0]), ag.tensor([0.0, 3.0]))
    tensor([0.0000, 2.1972])
    """
    return np.where((x == 0) & (y == y), zero(x.dtype), x * np.log(y))


def _xlogy_x(g: Array, x: Array, y: Array) -> Array:
    settled = logical_and(eq(x, zero(g.dtype)), le(y, zero(g.dtype)))
    return gate(xlogy(g, y), logical_not(settled))


xlogy.vjp(x=_xlogy_x, y=lambda g, x, y: g * (x / y))


@primitive(floating=True)
def xlog1py(x: Array, y: Array) -> Array:
    """Return x log(1 + y), exact for small y, and 0 where x is 0 and y is no NaN.

    >>> ag.special.xlog1py(ag.tensor([0.0, 2.0]), ag.tensor([-1.0, 2.0]))
    tensor([0.0000, 2.1972])
    """
    return np.where((x == 0) & (y == y), zero(x.dtype), x * np.log1p(y))


def _xlog1py_x(g: Array, x: Array, y: Array) -> Array:
    settled = logical_and(eq(x, zero(g.dtype)), le(y, constant(-1, g.dtype)))
    return gate(xlog1py(g, y), logical_not(settled))


xlog1py.vjp(x=_xlog1py_x, y=lambda g, x, y: g * (x / (y + constant(1, g.dtype))))


@primitive(floating=True)
def entr(x: Array) -> Array:
    """Return -x log(x), 0 at 0 and -inf below: the share of one outcome of probability x in an entropy.

    >>> ag.special.entr(ag.tensor([0.0, 0.5, 0.75]))
    tensor([0.0000, 0.3466, 0.2158])
    """
    return np.where(x > 0, -x * np.log(x), np.where(x < 0, x.dtype.type(-np.inf), x + zero(x.dtype)))


entr.vjp(x=lambda g, x: -g * (log(x) + constant(1, g.dtype)))

# ----------------------------------------------------------------------------------------------------------------- odds


@primitive(name="logit", floating=True)
def log_odds(x: Array, *, eps: float | None) -> Array:
    """Return log(x / (1 - x)), of x within eps and 1 - eps if *eps* is given."""
    if eps is not None:
        x = np.minimum(np.maximum(x, constant(eps, x.dtype)), constant(1 - eps, x.dtype))
    return np.log(x / (constant(1, x.dtype) - x))


def _log_odds_x(g: Array, x: Array, eps: float | None) -> Array:
    outside = logical_or(lt(x, constant(eps or 0, g.dtype)), gt(x, constant(1 - (eps or 0), g.dtype)))
    return choose(outside, constant(np.nan if eps is None else 0, g.dtype), g / (x - x * x))


log_odds.vjp(x=_log_odds_x)


def logit(input: Array, eps: float | None = None) -> Array:
    """Return log(input / (1 - input)), the inverse of ``sigmoid``; NaN outside 0 to 1.

    With *eps*, *input* is first brought within eps and 1 - eps; what was outside has gradient 0.

    >>> ag.logit(ag.tensor([0.5, 0.75])), ag.logit(ag.tensor([1.0]), eps=1e-3)
    (tensor([0.0000, 1.0986]), tensor([6.9068]))
    """
    return log_odds(input, eps=eps)
