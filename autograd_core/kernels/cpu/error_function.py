"""The error function and what belongs to it: its complement, its inverse, and the normal distribution.

``erf`` and ``ndtr`` are computed in the dtype of their argument, on vectors.  The others are computed in float64 whatever
the dtype, and float32 results rounded once; their errors are given for float64, in ulp, the distance of neighbouring
numbers at the true result.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from . import approximation
from .approximation import polynomial
from .flat import of_one
from .precision import DOUBLE

__all__ = ["erf", "erfc", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri"]

TAIL = DOUBLE.tail
HALF_ROOT, ROOT_PI = math.sqrt(0.5), math.sqrt(math.pi)

# The normal quantile as a ratio of polynomials in three regions: M. J. Wichura, Algorithm AS 241: The Percentage Points of
# the Normal Distribution, Applied Statistics 37, 1988 (PPND16, within 1e-16).
MIDDLE = (
    3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
)  # fmt: skip
UNDER_MIDDLE = (
    1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
    3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
)  # fmt: skip
SIDE = (
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
    1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
)  # fmt: skip
UNDER_SIDE = (
    1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
    1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
)  # fmt: skip
END = (
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
)  # fmt: skip
UNDER_END = (
    1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
    1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
)  # fmt: skip


@kernel
def exp_square(c: float, x: Any) -> Any:
    """Return e^(c x^2), within 5 ulp: the exponential would multiply the rounding error of x^2, so x is split in two."""
    t = np.abs(x)
    short = np.floor(16 * t) / 16  # its square is exact
    return np.exp(c * short * short) * np.exp(c * (t - short) * (t + short))


@kernel
def scaled_complement(x: Any) -> Any:
    """Return e^(x^2) erfc(x), within 8 ulp; for x < 0 it is 2 e^(x^2) less its mirror image."""
    t = np.abs(x)
    if t < 26:
        z = t / HALF_ROOT
        u = 1 / (z + 4)
        result = 2 * u * polynomial(z * u, TAIL)
    else:  # the asymptotic series (DLMF 7.12.1)
        y = 0.5 / (t * t)
        series = 1 - 5 * y * (1 - 7 * y * (1 - 9 * y * (1 - 11 * y * (1 - 13 * y))))
        result = (1 - y * (1 - 3 * y * series)) / (t * ROOT_PI)
    if x >= 0 or x != x:
        return result
    return 2 * exp_square(1.0, x) - result if x > -27 else np.inf


@kernel
def log_probability(x: Any) -> Any:
    """Return the logarithm of the probability that a standard normal number is below x, within 8 ulp."""
    if x < -1:
        return np.log(scaled_complement(-x * HALF_ROOT) / 2) - x * x / 2
    if x < 1 or x != x:
        return np.log1p(-math.erfc(x * HALF_ROOT) / 2)
    return np.log1p(-exp_square(-0.5, x) * scaled_complement(x * HALF_ROOT) / 2) if x < 39 else 0.0


@kernel
def quantile(middle: Any, tail: Any) -> Any:
    """Return z, below which a standard normal number is with probability 1/2 + middle, within 4 ulp.

    *tail* = 1/2 - |middle|.  Both are given, for in float64 neither can be found from the other.
    """
    if np.abs(middle) <= 0.425:
        r = 0.180625 - middle * middle
        return middle * polynomial(r, MIDDLE) / polynomial(r, UNDER_MIDDLE)
    if not tail > 0:
        return np.copysign(np.inf, middle) if tail == 0 else np.nan
    r = np.sqrt(-np.log(tail))
    if r <= 5:
        z = polynomial(r - 1.6, SIDE) / polynomial(r - 1.6, UNDER_SIDE)
    else:
        z = polynomial(r - 5, END) / polynomial(r - 5, UNDER_END)
    return np.copysign(z, middle)


@kernel
def _erf(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.erf(x[i])


@kernel
def _erfc(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = math.erfc(np.float64(x[i]))


@kernel
def _erfcx(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = scaled_complement(np.float64(x[i]))


@kernel
def _erfinv(x: Any, out: Any) -> None:
    for i in range(x.size):
        y = np.float64(x[i])
        out[i] = HALF_ROOT * quantile(y / 2, (1 - np.abs(y)) / 2)


@kernel
def _ndtr(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.normal(x[i])[0]


@kernel
def _log_ndtr(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = log_probability(np.float64(x[i]))


@kernel
def _ndtri(x: Any, out: Any) -> None:
    for i in range(x.size):
        p = np.float64(x[i])
        out[i] = quantile(p - 0.5, min(p, 1 - p))


def erf(x: ndarray) -> ndarray:
    """Return the error function, within 2 ulp."""
    return of_one(_erf, 0.6, x)


def erfc(x: ndarray) -> ndarray:
    """Return 1 - erf(x)."""
    return of_one(_erfc, 15, x)


def erfcx(x: ndarray) -> ndarray:
    """Return e^(x^2) erfc(x)."""
    return of_one(_erfcx, 15, x)


def erfinv(x: ndarray) -> ndarray:
    """Return y of erf(y) = x."""
    return of_one(_erfinv, 15, x)


def ndtr(x: ndarray) -> ndarray:
    """Return the probability that a standard normal number is below x, within 8 ulp."""
    return of_one(_ndtr, 0.7, x)


def log_ndtr(x: ndarray) -> ndarray:
    """Return log(ndtr(x))."""
    return of_one(_log_ndtr, 25, x)


def ndtri(x: ndarray) -> ndarray:
    """Return y of ndtr(y) = x."""
    return of_one(_ndtri, 15, x)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros(1, dtype)
    for function in (erf, erfc, erfcx, erfinv, ndtr, log_ndtr, ndtri):
        function(x)
