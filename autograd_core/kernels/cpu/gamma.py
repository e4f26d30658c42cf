"""The gamma function's logarithm, the derivatives of that, the Hurwitz zeta function and the incomplete gamma functions.

Numbers are computed in float64 whatever the dtype: float32 results are rounded once.  Errors are given for float64, in
ulp, the distance of neighbouring numbers at the true result; near a root on the negative axis, where large terms
cancel, that is ulp of those terms.

Sources: NIST Digital Library of Mathematical Functions (DLMF), chapters 5, 8 and 25; the two polynomials are
interpolated at Chebyshev nodes in 40 digits.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from .approximation import polynomial
from .flat import of_one, of_two

__all__ = ["digamma", "igamma", "igammac", "lgamma", "polygamma", "zeta"]

# lgamma(2 + w) / (w (w + 1)) for -1 <= w <= 1, within 1.2e-17
LGAMMA = (
    0.42278433509846713, -0.10031730167435392, 0.03296500062115691, -0.012384192193371805, 0.004998641164627129,
    -0.0021081308339216706, 0.0009153769240386907, -0.0004057073983775151, 0.0001825526153982638,
    -8.309511477709561e-05, 3.816907658276081e-05, -1.7661767658452517e-05, 8.221234475942905e-06,
    -3.846858091533014e-06, 1.8113906873056685e-06, -8.54560908975883e-07, 3.958940459367468e-07,
    -1.878442644643758e-07, 1.042041826608264e-07, -4.9827532071170234e-08, 5.910565853507869e-09,
    -2.7296358592514825e-09, 1.6194359237484174e-08, -7.842557720538356e-09, -4.312495770350818e-09,
    2.0986002157033107e-09, 1.5746606982777302e-09, -7.639292345836201e-10,
)  # fmt: skip
# digamma(1.5 + w) / (1.5 + w - ROOT) for |w| <= 1/2, within 2.4e-18
DIGAMMA = (
    0.9510558760318328, -0.42362742128146047, 0.24054248424078736, -0.14840492305391761, 0.09498872445283,
    -0.06192213327165706, 0.04076083394462657, -0.02697579684427536, 0.017907248195969127, -0.011908215172584002,
    0.007927024067961237, -0.00528001782089874, 0.0035180800751066694, -0.002344650082351321, 0.0015635679757533885,
    -0.001042261556504223, 0.0006899717801166841, -0.0004599625144612576, 0.0003268068044141764,
    -0.0002178682145501451, 9.173383289174792e-05, -6.11554261750751e-05, 0.00012230983055406747,
    -8.153978973309418e-05,
)  # fmt: skip
ROOT, ROOT_LOW = 1.4616321449683622, 9.549995429965697e-17  # digamma is 0 at the sum of these

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)  # B2, B4, B6, ...
STIRLING = tuple(b / ((2 * k + 1) * (2 * k + 2)) for k, b in enumerate(BERNOULLI))  # of lgamma, DLMF 5.11.1
STIRLING_SLOPE = tuple(b / (2 * k + 2) for k, b in enumerate(BERNOULLI))  # of digamma, DLMF 5.11.2
EULER_MACLAURIN = tuple(b / math.factorial(2 * k + 2) for k, b in enumerate(BERNOULLI))  # DLMF 25.11.5

# ------------------------------------------------------------------------------------------------ log-gamma and digamma


@kernel
def beyond_stirling(x: Any) -> Any:
    """Return lgamma(x) - ((x - 1/2) log(x) - x + log(2 pi) / 2) for x >= 13."""
    y = 1 / x
    return y * polynomial(y * y, STIRLING)


@kernel
def log_gamma_right(x: Any) -> Any:
    """Return log(Gamma(x)) for x > 0: between 1 and 3 a polynomial, to where the recurrence leads from below 13."""
    if x >= 13:
        return (x - 0.5) * (np.log(x) - 1) + (0.4189385332046727 + beyond_stirling(x))  # (log(2 pi) - 1) / 2
    if x < 1:  # lgamma(x + 1) - log(x), without rounding x + 1
        return x * (x - 1) * polynomial(x - 1, LGAMMA) - np.log(x)
    product = 1.0
    while x > 3:
        x = x - 1
        product = product * x
    return (x - 1) * (x - 2) * polynomial(x - 2, LGAMMA) + np.log(product)


@kernel
def log_gamma(x: Any) -> Any:
    """Return log|Gamma(x)|, within 4 ulp: infinite at 0, -1, -2, ..."""
    if x > 0 or x != x:
        return log_gamma_right(x)
    nearest = np.rint(x)
    if x == nearest:
        return np.inf
    return -np.log(np.abs(np.sin(np.pi * (x - nearest))) / np.pi) - log_gamma_right(1 - x)  # DLMF 5.5.3


@kernel
def psi_right(x: Any) -> Any:
    """Return the derivative of lgamma for x > 0: between 1 and 2 a polynomial times the distance from the root."""
    if x >= 10:
        y = 1 / x
        return np.log(x) - y * (0.5 + y * polynomial(y * y, STIRLING_SLOPE))
    total = 0.0
    if x < 1:
        total = -1 / x
        x = x + 1
    while x > 2:
        x = x - 1
        total = total + 1 / x
    return total + ((x - ROOT) - ROOT_LOW) * polynomial(x - 1.5, DIGAMMA)


@kernel
def psi(x: Any) -> Any:
    """Return the derivative of lgamma, within 4 ulp; at its poles NaN, but at 0 infinity with the sign of -x."""
    if x > 0 or x != x:
        return psi_right(x)
    if x == 0:
        return np.copysign(np.inf, -x)
    nearest = np.rint(x)
    if x == nearest:
        return np.nan
    return psi_right(1 - x) - np.pi / np.tan(np.pi * (x - nearest))  # DLMF 5.5.4


@kernel
def _lgamma(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = log_gamma(np.float64(x[i]))


@kernel
def _digamma(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = psi(np.float64(x[i]))


def lgamma(x: ndarray) -> ndarray:
    """Return log|Gamma(x)|."""
    return of_one(_lgamma, 20, x)


def digamma(x: ndarray) -> ndarray:
    """Return the derivative of log|Gamma(x)|."""
    return of_one(_digamma, 20, x)


# -------------------------------------------------------------------------------------------------- zeta and polygammas


@kernel
def zeta_right(s: Any, q: Any) -> Any:
    """Return the sum of (q + k)^-s over k = 0, 1, ... for s > 1 and q > 0 (Euler-Maclaurin, DLMF 25.11.5).

    Within 8 ulp for s <= 10, beyond within s ulp.
    """
    total = 0.0
    for k in range(9):
        term = np.power(q + k, -s)
        total = total + term
        if term < 1e-17 * total:
            return total
    w = q + 9
    power = np.power(w, -s)
    total = total + np.power(w, 1 - s) / (s - 1) + power / 2
    if power == 0:
        return total
    factor = power * s / w
    for k in range(len(EULER_MACLAURIN)):
        total = total + EULER_MACLAURIN[k] * factor
        factor = factor * ((s + 2 * k + 1) / w) * ((s + 2 * k + 2) / w)
    return total


@kernel
def hurwitz(s: Any, q: Any) -> Any:
    """Return the Hurwitz zeta function: infinite at its poles, NaN where it is not real.

    For q < 0 the sum has terms on both sides of 0.  Those on the left are the whole series of their kind, less its rest.
    """
    if s != s or q != q or s < 1:
        return np.nan
    if s == 1:
        return np.inf
    if q > 0:
        return zeta_right(s, q)
    nearest = np.rint(q)
    if q == nearest:
        return np.inf
    if s != np.rint(s):
        return np.nan
    distance = q - nearest  # to the nearest integer; to those on either side of q:
    right = distance if distance > 0 else 1 + distance
    left = 1 - distance if distance > 0 else -distance
    beyond = zeta_right(s, left) - zeta_right(s, 1 - q)
    return zeta_right(s, right) + (beyond if s % 2 == 0 else -beyond)


@kernel
def _zeta(s: Any, q: Any, out: Any) -> None:
    for i in range(q.size):
        out[i] = hurwitz(np.float64(s[i]), np.float64(q[i]))


@kernel
def _polygamma(x: Any, out: Any, s: float, scale: float) -> None:
    for i in range(x.size):
        out[i] = scale * hurwitz(np.float64(s), np.float64(x[i]))


def zeta(s: ndarray, q: ndarray) -> ndarray:
    """Return the Hurwitz zeta function of two arrays of one shape and dtype."""
    return of_two(_zeta, 150, s, q)


def polygamma(x: ndarray, n: int) -> ndarray:
    """Return the derivative number n >= 1 of digamma, (-1)^(n+1) n! zeta(n + 1, x) (DLMF 25.11.12)."""
    factorial = float(math.factorial(n)) if n <= 170 else math.inf
    return of_one(_polygamma, 150, x, float(n + 1), factorial if n % 2 else -factorial)


# ------------------------------------------------------------------------------------------- incomplete gamma functions

# Let D = x^a e^-x / Gamma(a + 1), and P + Q = 1 the lower and the upper function.

ORDERS, POWERS = 12, 18  # of the uniform expansion: sufficient for a > 20 and |x - a| < 0.3 a


@functools.cache
def expansion() -> ndarray:
    """Return the coefficients d[k, n] of the uniform expansion for large a (Temme 1979; DLMF 8.12.7 to 8.12.10).

    mu = eta + eta^2/3 + ... solves mu mu' = eta (1 + mu), which gives its coefficients one by one; then 1/mu is
    mu'/eta - 1, and each row follows from the one above it.
    """
    count = POWERS + 2 * ORDERS
    mu = [Fraction(0), Fraction(1)]
    for m in range(2, count + 2):
        products = [mu[i] * mu[m + 1 - i] for i in range(2, m)]
        mu.append(mu[m - 1] / (m + 1) - sum(products, Fraction(0)) / 2)
    first = [(n + 2) * mu[n + 2] for n in range(count)]
    first[0] -= 1
    rows = [first]
    for _ in range(1, ORDERS):
        above = rows[-1]
        rows.append([(n + 2) * above[n + 2] - above[1] * first[n] for n in range(len(above) - 2)])
    return np.array([[float(d) for d in row[:POWERS]] for row in rows])


@kernel
def half_square(a: Any, x: Any) -> Any:
    """Return mu - log(1 + mu) for 1 + mu = x / a, near 0 by the series of log(1 + mu) = 2 artanh(mu / (2 + mu))."""
    mu = (x - a) / a
    if np.abs(mu) > 0.5:
        return mu - np.log(x / a)
    s = mu / (2 + mu)
    square = s * s
    total, power = 0.0, 1.0
    for k in range(16):
        total = total + power / (2 * k + 3)
        power = power * square
    return s * (mu - 2 * square * total)


@kernel
def summand(a: Any, x: Any) -> Any:
    """Return D: for large a by Stirling's series, in which the large powers have cancelled."""
    if a < 13:
        return np.power(x, a) * np.exp(-x) / math.gamma(a + 1) if x < 800 else 0.0
    return np.exp(-a * half_square(a, x) - beyond_stirling(a)) / np.sqrt(2 * np.pi * a)


@kernel
def lower_series(a: Any, x: Any) -> Any:
    """Return P = D (1 + x/(a+1) + x^2/((a+1)(a+2)) + ...) (DLMF 8.11.4)."""
    total, term, k = 1.0, 1.0, 1.0
    while term > 1e-17 * total:
        term = term * x / (a + k)
        total = total + term
        k = k + 1
    return total * summand(a, x)


@kernel
def upper_series(a: Any, x: Any) -> Any:
    """Return Q for x < 1.1 and a small: 1 - x^a/Gamma(a+1) without cancellation, and the rest of the series (DLMF 8.7.1)."""
    total, term, k = 0.0, 1.0, 1.0
    while np.abs(term) > 1e-17 * np.abs(total):
        term = -term * x / k
        total = total + term / (a + k)
        k = k + 1
    log_gamma = log_gamma_right(1 + a) if a > 1 else a * (a - 1) * polynomial(a - 1, LGAMMA)
    exponent = a * np.log(x) - log_gamma
    return -np.expm1(exponent) - a * np.exp(exponent) * total


@kernel
def upper_fraction(a: Any, x: Any) -> Any:
    """Return Q = a D / (x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...))) (DLMF 8.9.2; Lentz's method)."""
    b = x + 1 - a
    d = 1 / b
    c, h, k, change = 1e300, d, 0.0, 2.0
    while np.abs(change - 1) > 2e-16:
        k = k + 1
        numerator = k * (a - k)
        b = b + 2
        d = 1 / (b + numerator * d)
        c = b + numerator / c
        change = c * d
        h = h * change
    return a * summand(a, x) * h


@kernel
def upper_uniform(a: Any, x: Any, d: Any, sign: float) -> Any:
    """Return Q, and for sign = -1 P, where x is near a large a (DLMF 8.12.3 and 8.12.4)."""
    half = half_square(a, x)
    eta = np.copysign(np.sqrt(2 * half), x - a)
    total = 0.0
    for k in range(ORDERS - 1, -1, -1):
        row = 0.0
        for n in range(POWERS - 1, -1, -1):
            row = row * eta + d[k, n]
        total = total / a + row
    rest = np.exp(-a * half) * total / np.sqrt(2 * np.pi * a)
    return math.erfc(sign * eta * np.sqrt(a / 2)) / 2 + sign * rest


@kernel
def is_uniform(a: Any, x: Any) -> Any:
    """Return whether the uniform expansion serves."""
    return a > 20 and np.abs(x - a) < 0.3 * a


@kernel
def lower(a: Any, x: Any, d: Any) -> Any:
    """Return P for finite a > 0 and x > 0."""
    if is_uniform(a, x):
        return upper_uniform(a, x, d, -1.0)
    if x > 1 and x > a:
        return 1 - upper(a, x, d)
    return lower_series(a, x)


@kernel
def upper(a: Any, x: Any, d: Any) -> Any:
    """Return Q for finite a > 0 and x > 0."""
    if is_uniform(a, x):
        return upper_uniform(a, x, d, 1.0)
    if x > 1.1:
        return 1 - lower_series(a, x) if x < a else upper_fraction(a, x)
    small = a < 1.1 * x if x > 0.5 else a < -0.4 / np.log(x)
    return upper_series(a, x) if small else 1 - lower_series(a, x)


@kernel
def _igamma(a: Any, x: Any, out: Any, d: Any) -> None:
    for i in range(x.size):
        p, y = np.float64(a[i]), np.float64(x[i])
        if not (p >= 0 and y >= 0) or (p == 0 and y == 0) or (p == np.inf and y == np.inf):
            out[i] = np.nan
        elif y == 0 or p == np.inf:
            out[i] = 0
        elif p == 0 or y == np.inf:
            out[i] = 1
        else:
            out[i] = lower(p, y, d)


@kernel
def _igammac(a: Any, x: Any, out: Any, d: Any) -> None:
    for i in range(x.size):
        p, y = np.float64(a[i]), np.float64(x[i])
        if not (p >= 0 and y >= 0) or (p == 0 and y == 0) or (p == np.inf and y == np.inf):
            out[i] = np.nan
        elif y == 0 or p == np.inf:
            out[i] = 1
        elif p == 0 or y == np.inf:
            out[i] = 0
        else:
            out[i] = upper(p, y, d)


def igamma(a: ndarray, x: ndarray) -> ndarray:
    """Return the regularized lower incomplete gamma function of two arrays of one shape and dtype."""
    return of_two(_igamma, 300, a, x, expansion())


def igammac(a: ndarray, x: ndarray) -> ndarray:
    """Return the regularized upper incomplete gamma function of two arrays of one shape and dtype."""
    return of_two(_igammac, 300, a, x, expansion())


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.ones(1, dtype)
    for of_x in (lgamma, digamma):
        of_x(x)
    for of_x_and_y in (zeta, igamma, igammac):
        of_x_and_y(x, x)
    polygamma(x, 1)
