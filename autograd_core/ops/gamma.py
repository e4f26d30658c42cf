"""The gamma function's logarithm and all its derivatives, and the zeta function that they are made of."""

from __future__ import annotations

import math

import numpy as np

from .. import backend
from ..dtypes import constant, promote
from ..errors import ArgumentError, GraphError
from ..modes import recording
from ..primitive import Array, primitive
from .reduce import sum
from .shape import unsqueeze

# ------------------------------------------------------------------------------------------- log-gamma and its derivatives


@primitive(floating=True)
def lgamma(x: Array) -> Array:
    """Return log|Gamma(x)|; it is infinite at 0, -1, -2, ...

    >>> ag.lgamma(ag.tensor([0.5, 4.0]))
    tensor([0.5724, 1.7918])
    """
    return backend.of(x).kernels.lgamma(x)


@primitive(floating=True)
def digamma(x: Array) -> Array:
    """Return the derivative of ``lgamma``: -inf at 0 (inf at -0), and NaN at its other poles -1, -2, ...

    >>> ag.digamma(ag.tensor([0.5, 4.0]))
    tensor([-1.9635,  1.2561])
    """
    return backend.of(x).kernels.digamma(x)


@primitive(name="polygamma", floating=True)
def digamma_slope(x: Array, *, order: int) -> Array:
    """Return the derivative of digamma of an order of 1 or more."""
    return backend.of(x).kernels.polygamma(x, order)


lgamma.vjp(x=lambda g, x: g * digamma(x))
digamma.vjp(x=lambda g, x: g * digamma_slope(x, order=1))
digamma_slope.vjp(x=lambda g, x, order: g * digamma_slope(x, order=order + 1))


def polygamma(n: int, input: Array) -> Array:
    """Return the derivative number *n* of ``digamma``: ``digamma`` itself for 0, the trigamma function for 1.

    At 0, -1, -2, ... it is infinite for n >= 1.  Raises ArgumentError for a negative *n*.

    >>> ag.polygamma(1, ag.tensor([1.0, 0.5]))
    tensor([1.6449, 4.9348])
    """
    if n < 0:
        raise ArgumentError(f"polygamma: n={n} counts derivatives: expected 0 or more; for lgamma itself call lgamma")
    return digamma(input) if n == 0 else digamma_slope(input, order=n)


def mvlgamma(input: Array, p: int) -> Array:
    """Return the logarithm of the multivariate gamma function of dimension *p*.

    p (p - 1) / 4 log(pi) + the sum of lgamma(input - (j - 1) / 2) over j = 1 ... p; meant for input > (p - 1) / 2.  Raises
    ArgumentError for p < 1.

    >>> ag.mvlgamma(ag.tensor([2.0, 3.0]), 2)
    tensor([0.4516, 1.5502])
    """
    if p < 1:
        raise ArgumentError(f"mvlgamma: p={p} is a dimension: expected 1 or more")
    (x,) = promote((input,), True)
    steps = np.arange(p, dtype=x.dtype) / x.dtype.type(-2)
    return sum(lgamma(unsqueeze(x, -1) + steps), -1) + p * (p - 1) / 4 * math.log(math.pi)


# ----------------------------------------------------------------------------------------------------------------- zeta


@primitive(name="zeta")
def hurwitz(s: Array, q: Array) -> Array:
    """Return the sum of (q + k)^-s over k = 0, 1, ..., of arrays of one floating dtype."""
    s, q = np.broadcast_arrays(s, q)
    return backend.of(s, q).kernels.zeta(s, q)


hurwitz.vjp(s=None, q=lambda g, s, q: -g * s * hurwitz(s + constant(1, g.dtype), q))


def zeta(input: Array, other: Array) -> Array:
    """Return the Hurwitz zeta function, the sum of (other + k)^-input over k = 0, 1, 2, ...

    It is infinite for input = 1 and for other = 0, -1, -2, ...; NaN for input < 1, and for other < 0 unless *input* is an
    integer.  Raises GraphError where *input* requires a gradient: that derivative is not known here.

    >>> ag.special.zeta(ag.tensor([2.0, 4.0]), 1.0)
    tensor([1.6449, 1.0823])
    """
    if getattr(input, "requires_grad", False) and recording.get():
        raise GraphError("zeta: the derivative for input is not known; pass input.detach() to hold it constant")
    return hurwitz(*promote((input, other), True))
