"""Arithmetic, functions of one number, choices between numbers."""

from __future__ import annotations

__all__ = ["TOLD"]

_BESSEL = "G * ((bessel_i(x, order - 1) + bessel_i(x, order + 1)) / 2 - where(scaled, sign(x) * out, 0))"
_SPHERICAL = "G * (order * j(order - 1, x) - (order + 1) * j(order + 1, x)) / (2 * order + 1)"
_POW_SLOPE = "G * x ** (y - order) * (falling_slope(y, order) + falling(y, order) * log(x))"
_ORDERS = "m = orders[0]\nn = orders[1]\n"
_GAMMA_DENSITY = "d = x ** (a - 1) * exp(-x) / gamma(a)\n"
_FLAT = "It is flat between its jumps, so nothing passes."
_BOTH = "Addition passes the gradient on to both operands as it is."
_QUOTIENT = "The quotient rule; see the functions."
_LOSER = "The larger operand gets all; where both are equal, each gets half."
_WINNER = "The smaller operand gets all; where both are equal, each gets half."

TOLD: dict[str, dict[str, tuple[str | None, str]]] = {
    "add": {"x": (None, _BOTH), "y": (None, _BOTH)},
    "sub": {"x": (None, "The gradient passes as it is."), "y": (None, "What is subtracted gets the opposite.")},
    "mul": {"x": (None, "The gradient times the other factor."), "y": (None, "The gradient times the other factor.")},
    "div": {
        "x": (None, "The gradient over the divisor."),
        "y": (None, "A larger divisor makes the quotient smaller: hence the minus."),
    },
    "neg": {"x": (None, "The opposite.")},
    "floor_divide": {"x": (None, _FLAT), "y": (None, _FLAT)},
    "trunc_divide": {"x": (None, _FLAT), "y": (None, _FLAT)},
    "remainder": {"x": (None, ""), "y": (None, "The remainder is x less a whole number of times y.")},
    "fmod": {"x": (None, ""), "y": (None, "The remainder is x less a whole number of times y.")},
    "pow": {
        "x": ("G * y * x ** (y - 1)", "The power comes down in front, and is one less."),
        "y": (None, "The result times the logarithm of the base; nothing where a base of 0 has y of 0 or more."),
    },
    "pow_slope": {
        "x": ("G * falling(y, order + 1) * x ** (y - order - 1)", "falling(y, n) is y (y - 1) ... (y - n + 1)."),
        "y": (_POW_SLOPE, "falling(y, n) is y (y - 1) ... (y - n + 1)."),
    },
    "square": {"x": (None, "The slope of a square is twice its side.")},
    "sqrt": {"x": (None, "Infinite at 0.")},
    "exp": {"x": (None, "The exponential is its own slope.")},
    "log": {"x": (None, "The logarithm is steep near 0, and ever flatter.")},
    "abs": {"x": (None, "The sign of x, 0 at 0.")},
    **{name: {"x": (None, _FLAT)} for name in ("sign", "floor", "ceil", "trunc", "round")},
    "cast": {"x": (None, "Another dtype, the same number.")},
    "fraction": {"x": (None, "The whole part is flat between its jumps.")},
    "maximum": {"x": (None, _LOSER), "y": (None, _LOSER)},
    "minimum": {"x": (None, _WINNER), "y": (None, _WINNER)},
    "where": {"x": (None, "The gradient goes to what was chosen."), "y": (None, "The gradient goes to what was chosen.")},
    "clamp": {
        "x": (None, "The gradient passes within the bounds, and on them."),
        "low": (None, "A bound gets the gradient where it took the place of x."),
        "high": (None, "A bound gets the gradient where it took the place of x."),
    },
    "clamp_min": {"x": (None, "The gradient passes above the bound, and on it."), "low": (None, "")},
    "clamp_max": {"x": (None, "The gradient passes below the bound, and on it."), "high": (None, "")},
    "sin": {"x": (None, "The slope of the sine is the cosine.")},
    "cos": {"x": (None, "The slope of the cosine is the sine, downwards.")},
    "bessel_i": {"x": (_BESSEL, "Half the sum of its neighbours in order; order -1 is the same as 1.")},
    "spherical_bessel": {"x": (_SPHERICAL, "From its neighbours in order.")},
    "ndtr": {"x": ("G * normal_pdf(x)", "The slope of a probability is its density.")},
    "ndtri": {"x": ("G / normal_pdf(out)", "The inverse of a function has one over its slope.")},
    "log_ndtr": {"x": ("G * normal_pdf(x) / normal_cdf(x)", "")},
    "lgamma": {"x": (None, "Its slope is the digamma function.")},
    "igamma": {
        "a": (
            _GAMMA_DENSITY + "where((x == 0) | isinf(x), 0, G * gamma_shift(a, x, 1) * d)",
            "How the quantile moves with a, times the density d; nothing at the ends.",
        ),
        "x": ("G * x ** (a - 1) * exp(-x) / gamma(a)", "The slope of a probability is its density, that of the gamma "
              "distribution."),
    },
    "igammac": {
        "a": (
            _GAMMA_DENSITY + "where((x == 0) | isinf(x), 0, -G * gamma_shift(a, x, 1) * d)",
            "It is 1 less the other, so its slope is the opposite.",
        ),
        "x": ("-G * x ** (a - 1) * exp(-x) / gamma(a)", "It is 1 less the other, so its slope is the opposite."),
    },
    "gamma_shift": {
        "a": ("G * (gamma_shift(a, x, order + 1) - out * (log(x) - digamma(a)))", _QUOTIENT),
        "x": ("G * (gamma_slope(a, x, order) - out * ((a - 1) / x - 1))", _QUOTIENT),
    },
    "beta_shift": {
        "a": (_ORDERS + "G * (beta_shift(a, b, x, m + 1, n) - out * beta_slope(a, b, x, 1, 0))", _QUOTIENT),
        "b": (_ORDERS + "G * (beta_shift(a, b, x, m, n + 1) - out * beta_slope(a, b, x, 0, 1))", _QUOTIENT),
        "x": (_ORDERS + "G * (beta_slope(a, b, x, m, n) - out * ((a - 1) / x - (b - 1) / (1 - x)))", _QUOTIENT),
    },
    "logit": {
        "x": ("where((x < eps) | (x > 1 - eps), 0, G / (x * (1 - x)))", "Nothing passes where x was brought into bounds."),
    },
}  # fmt: skip
