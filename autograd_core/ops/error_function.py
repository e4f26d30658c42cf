"""The error function, its complement and inverse, and the normal distribution that is made of it."""

from __future__ import annotations

import math

from .. import backend
from ..dtypes import constant
from ..primitive import Array, primitive
from .elementwise import exp

ROOT_2_PI = math.sqrt(2 * math.pi)


@primitive(floating=True)
def erf(x: Array) -> Array:
    """Return the error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x.

    >>> ag.erf(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return backend.of(x).kernels.erf(x)


erf.vjp(x=lambda g, x: g * exp(-x * x) * constant(2 / math.sqrt(math.pi), g.dtype))


@primitive(floating=True)
def erfc(x: Array) -> Array:
    """Return 1 - erf(x), exact also where it is small.

    >>> ag.erfc(ag.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
    return backend.of(x).kernels.erfc(x)


erfc.vjp(x=lambda g, x: g * exp(-x * x) * constant(-2 / math.sqrt(math.pi), g.dtype))


@primitive(floating=True)
def erfcx(x: Array) -> Array:
    """Return e^(x^2) erfc(x), which for large x goes as 1 / (sqrt(pi) x) where erfc has long been 0.

    >>> ag.special.erfcx(ag.tensor([0.0, 100.0]))
    tensor([1.0000, 0.0056])
    """
    return backend.of(x).kernels.erfcx(x)


erfcx.vjp(x=lambda g, x, out: g * (constant(2, g.dtype) * x * out - constant(2 / math.sqrt(math.pi), g.dtype)))


@primitive(floating=True)
def erfinv(x: Array) -> Array:
    """Return y of erf(y) = x: infinite at -1 and 1, NaN beyond (Wichura 1988).

    >>> ag.erfinv(ag.tensor([0.0, 0.5]))
    tensor([0.0000, 0.4769])
    """
    return backend.of(x).kernels.erfinv(x)


erfinv.vjp(x=lambda g, out: g * exp(out * out) * constant(math.sqrt(math.pi) / 2, g.dtype))


@primitive(floating=True)
def ndtr(x: Array) -> Array:
    """Return the probability that a standard normal number is below x: (1 + erf(x / sqrt(2))) / 2.

    >>> ag.special.ndtr(ag.tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
    return backend.of(x).kernels.ndtr(x)


ndtr.vjp(x=lambda g, x: g * exp(x * x * constant(-0.5, g.dtype)) * constant(1 / ROOT_2_PI, g.dtype))


@primitive(floating=True)
def ndtri(x: Array) -> Array:
    """Return y of ndtr(y) = x: infinite at 0 and 1, NaN outside (Wichura 1988).

    >>> ag.special.ndtri(ag.tensor([0.5, 0.975]))
    tensor([0.0000, 1.9600])
    """
    return backend.of(x).kernels.ndtri(x)


ndtri.vjp(x=lambda g, out: g * exp(out * out * constant(0.5, g.dtype)) * constant(ROOT_2_PI, g.dtype))


@primitive(floating=True)
def log_ndtr(x: Array) -> Array:
    """Return log(ndtr(x)), exact also where ndtr is 0 or 1.

    >>> ag.special.log_ndtr(ag.tensor([0.0, -100.0]))
    tensor([-6.9315e-01, -5.0055e+03])
    """
    return backend.of(x).kernels.log_ndtr(x)


def _log_ndtr_x(g: Array, x: Array) -> Array:
    """The density over the probability, in both of which e^(-x^2/2) has cancelled."""
    return g * constant(math.sqrt(2 / math.pi), g.dtype) / erfcx(x * constant(-math.sqrt(0.5), g.dtype))


log_ndtr.vjp(x=_log_ndtr_x)
