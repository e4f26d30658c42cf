"""The incomplete gamma functions, and how they and the incomplete beta function change with their parameters.

That is also what moves a sample of a gamma or a beta distribution.  A quantile x of a distribution function F(x; a) of
density f moves with the parameter as dx/da = -(dF/da) / f (Figurnov, Mohamed and Mnih 2018, "Implicit reparameterization
gradients").  That fraction is here the *shift* of order 1; its own derivatives are made of shifts of higher orders,
(d^n F / da^n) / f, so that samples can be differentiated to any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .. import backend
from ..dtypes import constant, promote
from ..primitive import Array, primitive
from .compare import eq, isinf, logical_not, logical_or
from .elementwise import exp, log
from .gamma import lgamma, polygamma
from .logarithm import xlogy
from .selection import gate


def _moment(kappa: Callable[[int, int], Array], m: int, n: int) -> Array:
    """Return (d^(m+n) f / da^m db^n) / f, where kappa(i, j) is the derivative of log f of these orders.

    d/da of q f is q kappa(1, 0) f + ..., and Leibniz's rule gives the higher ones.
    """
    q: dict[tuple[int, int], Array] = {}
    for i in range(m + 1):
        for j in range(n + 1):
            if i:
                terms = [
                    math.comb(i - 1, k) * math.comb(j, h) * kappa(k + 1, h) * q.get((i - 1 - k, j - h), 1)
                    for k in range(i)
                    for h in range(j + 1)
                ]
            else:
                terms = [math.comb(j - 1, h) * kappa(0, h + 1) * q.get((0, j - 1 - h), 1) for h in range(j)]
            if terms:
                q[i, j] = sum(terms[1:], terms[0])
    return q[m, n]


# ---------------------------------------------------------------------------------------------------------------- gamma


@primitive
def gamma_shift(a: Array, x: Array, *, order: int) -> Array:
    """Return the derivative of igamma(a, x) number *order* >= 1 in a, over that in x: of floats of one dtype."""
    a, x = np.broadcast_arrays(a, x)
    return backend.of(a, x).kernels.gamma_shift(a, x, order)


def _gamma_score(a: Array, x: Array, order: int) -> Array:
    """Return the derivative of log f in a of that *order*, f = x^(a-1) e^-x / Gamma(a)."""
    return log(x) - polygamma(0, a) if order == 1 else -polygamma(order - 1, a)


def _gamma_shift_x(g: Array, a: Array, x: Array, out: Array, order: int) -> Array:
    return g * (_moment(lambda i, _: _gamma_score(a, x, i), order, 0) - out * ((a - 1) / x - 1))


gamma_shift.vjp(
    a=lambda g, a, x, out, order: g * (gamma_shift(a, x, order=order + 1) - out * _gamma_score(a, x, 1)),
    x=_gamma_shift_x,
)

# ------------------------------------------------------------------------------------------- incomplete gamma functions


@primitive(name="igamma")
def lower_gamma(a: Array, x: Array) -> Array:
    """Return P(a, x) of arrays of one floating dtype."""
    a, x = np.broadcast_arrays(a, x)
    return backend.of(a, x).kernels.igamma(a, x)


@primitive(name="igammac")
def upper_gamma(a: Array, x: Array) -> Array:
    """Return Q(a, x) of arrays of one floating dtype."""
    a, x = np.broadcast_arrays(a, x)
    return backend.of(a, x).kernels.igammac(a, x)


def _gamma_density(a: Array, x: Array) -> Array:
    """Return x^(a-1) e^-x / Gamma(a)."""
    return exp(xlogy(a - constant(1, x.dtype), x) - x - lgamma(a))


def _lower_gamma_a(g: Array, a: Array, x: Array) -> Array:
    settled = logical_or(eq(x, constant(0, x.dtype)), isinf(x))  # there P is 0 or 1 for every a
    return gate(g * gamma_shift(a, x, order=1) * _gamma_density(a, x), logical_not(settled))


lower_gamma.vjp(a=lambda g, a, x: _lower_gamma_a(g, a, x), x=lambda g, a, x: g * _gamma_density(a, x))
upper_gamma.vjp(a=lambda g, a, x: -_lower_gamma_a(g, a, x), x=lambda g, a, x: -g * _gamma_density(a, x))


def igamma(input: Array, other: Array) -> Array:
    """Return the regularized lower incomplete gamma function P(input, other).

    It is the integral of t^(input - 1) e^-t from 0 to *other*, over Gamma(input); NaN where either is negative.  Both get a
    gradient.

    >>> ag.igamma(ag.tensor([1.0, 4.0]), ag.tensor([1.0, 4.0]))
    tensor([0.6321, 0.5665])
    """
    return lower_gamma(*promote((input, other), True))


def igammac(input: Array, other: Array) -> Array:
    """Return the regularized upper incomplete gamma function Q(input, other) = 1 - P(input, other), see ``igamma``.

    >>> ag.igammac(ag.tensor([1.0, 4.0]), ag.tensor([1.0, 4.0]))
    tensor([0.3679, 0.4335])
    """
    return upper_gamma(*promote((input, other), True))


# ----------------------------------------------------------------------------------------------------------------- beta


@primitive
def beta_shift(a: Array, b: Array, x: Array, *, orders: tuple[int, int]) -> Array:
    """Return the derivative of I_x(a, b) of *orders* in a and b, 1 in all at least, over that in x: of floats of one dtype.

    I is the regularized incomplete beta function, the probability that a number of the beta distribution is below x.
    """
    a, b, x = np.broadcast_arrays(a, b, x)
    return backend.of(a, b, x).kernels.beta_shift(a, b, x, orders)


def _beta_score(a: Array, b: Array, x: Array, i: int, j: int) -> Array:
    """Return the derivative of log f of orders i and j in a and b, f = x^(a-1) (1-x)^(b-1) Gamma(a+b) / Gamma(a) / Gamma(b)."""
    score = polygamma(i + j - 1, a + b)
    if j == 0:
        score = score - polygamma(i - 1, a)
    if i == 0:
        score = score - polygamma(j - 1, b)
    return score + log((1 - x) if i == 0 else x) if i + j == 1 else score


def _beta_shift_x(g: Array, a: Array, b: Array, x: Array, out: Array, orders: tuple[int, int]) -> Array:
    moment = _moment(lambda i, j: _beta_score(a, b, x, i, j), *orders)
    return g * (moment - out * ((a - 1) / x - (b - 1) / (1 - x)))


beta_shift.vjp(
    a=lambda g, a, b, x, out, orders: (
        g * (beta_shift(a, b, x, orders=(orders[0] + 1, orders[1])) - out * _beta_score(a, b, x, 1, 0))
    ),
    b=lambda g, a, b, x, out, orders: (
        g * (beta_shift(a, b, x, orders=(orders[0], orders[1] + 1)) - out * _beta_score(a, b, x, 0, 1))
    ),
    x=_beta_shift_x,
)
