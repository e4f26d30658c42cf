"""Exponentials, logarithms and what is made of them, of one float32 or float64: written to be vectorised.

Call them for each element in a loop of a kernel, ``out[i] = exp(x[i])``: they are compiled into it, and the loop runs
on vectors.  The result has the dtype of the argument; write constants as ``type(x)(0.5)``, or all becomes float64.

There are no branches, for a vector cannot take one: both sides are computed and one is chosen.  NaN gives NaN, and the
largest error is given in ulp, the distance of neighbouring numbers at the true result; denormal results are as accurate.
Without an instruction that multiplies and adds at once, errors are larger: a few ulp, in the tail of ``normal`` x^2 of them.

Source: W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980, for the reductions of exp and log.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import intrinsic, overload

from ..jit import kernel
from ..vector import registers
from .precision import bits, from_bits, precision

__all__ = ["erf", "exp", "expm1", "log", "log1p", "normal", "sigmoid", "softplus", "tanh"]


def fma(x: Any, y: Any, z: Any) -> Any:
    """Return x y + z, rounded once where the processor can; without the instruction, LLVM would call a slow function."""
    return x * y + z


def _multiply_add(builder: Any, x: Any, y: Any, z: Any) -> Any:
    return builder.fma(x, y, z) if registers().fma else builder.fadd(builder.fmul(x, y), z)


@intrinsic
def _fused(_typing: Any, x: Any, y: Any, z: Any) -> Any:
    return x(x, y, z), lambda _context, builder, _signature, arguments: _multiply_add(builder, *arguments)


@overload(fma, strict=False)
def _fma(x: Any, y: Any, z: Any) -> Any:
    return lambda x, y, z: _fused(x, y, z)  # type: ignore[call-arg]  # Numba passes the context


def polynomial(x: Any, coefficients: Any) -> Any:
    """Return c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule."""
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = fma(total, x, c)
    return total


@intrinsic
def _unrolled(_typing: Any, x: Any, coefficients: Any) -> Any:
    """The same without a loop: LLVM leaves a long one in place, and then does not vectorise the loop around it."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        value, packed = arguments
        total, *rest = (builder.extract_value(packed, k) for k in reversed(range(len(coefficients))))
        for c in rest:
            total = _multiply_add(builder, total, value, c)
        return total

    return x(x, coefficients), generate


@overload(polynomial, strict=False)
def _polynomial(x: Any, coefficients: Any) -> Any:
    return lambda x, coefficients: _unrolled(x, coefficients)  # type: ignore[call-arg]  # Numba passes the context


@kernel(inline=True)
def _with_sign_of(x: Any, y: Any) -> Any:
    """Return y, which is not negative, with the sign of x."""
    return from_bits(bits(y) | (bits(x) & precision(x).sign), x)


# ------------------------------------------------------------------------------------------------------- exponentials


@kernel(inline=True)
def _reduced(x: Any) -> Any:
    """Return n and r, |r| <= log(2) / 2, of x = n log(2) + r.

    n is an integer that has n + 2 bias in its lowest bits and others above them, which ``_power`` shifts out.
    """
    p = precision(x)
    shifted = fma(x, p.log2_e, p.magic)
    n = shifted - p.magic
    return bits(shifted), fma(n, -p.ln2_low, fma(n, -p.ln2_high, x))


@kernel(inline=True)
def _power(biased: Any, x: Any) -> Any:
    """Return the normal number 2^(biased - bias) in the dtype of x."""
    return from_bits(biased << precision(x).mantissa, x)


@kernel(inline=True)
def _restored(n: Any, r: Any) -> Any:
    """Return 2^n e^r.

    The power of two is multiplied in two halves: a denormal result is rounded once, and what overflows does so at last.
    """
    y = fma(r * r, polynomial(r, precision(r).exp), r) + type(r)(1)
    half = n >> 1
    return y * _power(half, r) * _power(n - half, r)


@kernel(inline=True)
def exp(x: Any) -> Any:
    """Return e^x, within 1.1 ulp."""
    p = precision(x)
    x = p.exp_high if x > p.exp_high else x
    x = p.exp_low if x < p.exp_low else x
    n, r = _reduced(x)
    return _restored(n, r)


@kernel(inline=True)
def expm1(x: Any) -> Any:
    """Return e^x - 1, within 2 ulp also for small x.

    e^x - 1 = 2 (2^(n-1) (e^r - 1) + 2^(n-1) - 1/2), for 2^n alone would overflow before the result does.
    """
    p = precision(x)
    half = type(x)(0.5)
    low = -half * p.exp_high  # the result is -1 long before, and 2^n still a normal number
    y = p.exp_high if x > p.exp_high else x
    y = low if y < low else y
    n, r = _reduced(y)
    power = _power(n - (p.bias + 1), x)
    y = fma(power, fma(r * r, polynomial(r, p.exp), r), power - half)
    return x if abs(x) < p.linear else y + y


# --------------------------------------------------------------------------------------------------------- logarithms


@kernel(inline=True)
def _log_of(f: Any, k: Any) -> Any:
    """Return log((1 + f) 2^k) for |f| <= 1/3: log(1 + f) = f - f^2/2 + f^3 polynomial(f)."""
    p = precision(f)
    small = fma(f * f, fma(f, polynomial(f, p.log), type(f)(-0.5)), k * p.ln2_low)
    return fma(k, p.ln2_high, f + small)


@kernel(inline=True)
def _exponent(x: Any) -> Any:
    """Return k of x = (1 + f) 2^k with 2/3 <= 1 + f < 4/3, at the place of the exponent in an integer."""
    p = precision(x)
    return (bits(x) - p.two_thirds) & p.exponent


@kernel(inline=True)
def _to_float(exponent: Any, x: Any) -> Any:
    """Return k in the dtype of x: not every processor converts a vector of 64-bit integers, but all can add."""
    p = precision(x)
    return from_bits((exponent >> p.mantissa) + p.magic_bits, x) - p.magic


@kernel(inline=True)
def log(x: Any) -> Any:
    """Return the natural logarithm, within 0.9 ulp: -inf at 0, NaN below."""
    p = precision(x)
    zero, infinity = type(x)(0), type(x)(np.inf)
    is_small = x < p.smallest
    y = x * p.upscale if is_small else x
    exponent = _exponent(y)
    f = from_bits(bits(y) - exponent, x) - type(x)(1)
    result = _log_of(f, _to_float(exponent, x) - (p.upscale_log2 if is_small else zero))
    result = result if x < infinity else x
    below = -infinity if x == zero else infinity - infinity
    return below if x <= zero else result


@kernel(inline=True)
def log1p(x: Any) -> Any:
    """Return log(1 + x), within 1.7 ulp also for small x: -inf at -1, NaN below.

    1 + x = (1 + f) 2^k, hence f = x 2^-k + (2^-k - 1); four times 2^-k is a normal number for every k.
    """
    p = precision(x)
    one, quarter, infinity = type(x)(1), type(x)(0.25), type(x)(np.inf)
    exponent = _exponent(x + one)
    scale = from_bits(p.four - exponent, x)
    f = fma(x * quarter, scale, fma(quarter, scale, -one))
    result = _log_of(f, _to_float(exponent, x))
    result = x if abs(x) < p.linear else result
    result = result if x < infinity else x
    below = -infinity if x == -one else infinity - infinity
    return below if x <= -one else result


# ---------------------------------------------------------------------------------------------- sigmoids and the normal


@kernel(inline=True)
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^-x), within 2.5 ulp, or e^x / (1 + e^x): the one whose exponential cannot overflow."""
    one = type(x)(1)
    e = exp(-abs(x))
    return (e if x < type(x)(0) else one) / (one + e)


@kernel(inline=True)
def softplus(x: Any) -> Any:
    """Return log(1 + e^x), within 2 ulp: max(x, 0) + log(1 + e^-|x|), whose 1 + e is one plus f or twice that."""
    zero, third, half, one = type(x)(0), type(x)(1 / 3), type(x)(0.5), type(x)(1)
    e = exp(-abs(x))
    f = e if e < third else half * e - half
    return _log_of(f, zero if e < third else one) + (zero if x < zero else x)


@kernel(inline=True)
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent, within 2.6 ulp: e / (e + 2) with e = e^(2 x) - 1."""
    p = precision(x)
    t = abs(x)
    t = p.tanh_high if t > p.tanh_high else t
    e = expm1(t + t)
    return _with_sign_of(x, e / (e + type(x)(2)))


@kernel(inline=True)
def erf(x: Any) -> Any:
    """Return the error function, within 2 ulp: 1 - e^(-t q(t)) for t = |x|, where q is a polynomial."""
    p = precision(x)
    t = abs(x)
    t = p.erf_high if t > p.erf_high else t
    exponent = fma(t, p.erf_slope, t * polynomial(t, p.erf))
    return _with_sign_of(x, -expm1(-exponent))


@kernel(inline=True)
def normal(x: Any) -> Any:
    """Return the probability that a standard normal number is below x, within 8 ulp, and the density at x, within 2.2.

    The tail beyond t = |x| is e^(-t^2/2) times a factor that changes slowly, here a polynomial.  The rounding error of t^2
    is not lost, for the exponential would multiply it.
    """
    p = precision(x)
    half, one, four = type(x)(0.5), type(x)(1), type(x)(4)
    t = abs(x)
    t = p.tail_high if t > p.tail_high else t
    square = t * t
    n, r = _reduced(-half * square)
    bell = _restored(n, fma(-half, fma(t, t, -square), r))
    u = one / (t + four)
    tail = bell * (u * polynomial(t * u, p.tail))
    return tail if x < type(x)(0) else one - tail, bell * type(x)(0.3989422804014327)
