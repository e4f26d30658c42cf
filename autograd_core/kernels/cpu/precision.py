"""What float32 and float64 differ in: limits, bit patterns, and the coefficients of approximating polynomials.

The polynomials are minimax fits: in 50 digits, on Chebyshev nodes, weighted anew until no error stands out (Lawson 1961),
and the coefficients rounded one after another, lowest first, each followed by a new fit of the rest.  "Within" is the
largest error of the function they serve, relative to it, as long as nothing else is rounded.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload

__all__ = ["bits", "from_bits", "precision"]


class Precision(NamedTuple):
    """Constants of one floating dtype; integers are bit patterns, or parts of one."""

    mantissa: int  # bits after the leading one
    bias: int  # what is added to an exponent
    sign: int  # the bit of the sign, and no other
    exponent: int  # the sign and the bits of the exponent
    two_thirds: int  # bits of 2/3
    four: int  # bits of 4
    magic: Any  # 1.5 * 2^mantissa + 2 bias: x + magic has the integer nearest to x, plus 2 bias, in its lowest bits
    magic_bits: int
    smallest: Any  # normal number
    upscale: Any  # a power of two that makes all denormals normal
    upscale_log2: Any
    linear: Any  # where |x| is below it, x is the rounded e^x - 1 and log(1 + x)
    log2_e: Any
    ln2_high: Any  # so few bits that a product with any exponent is exact
    ln2_low: Any  # what is missing to log(2)
    exp_low: Any  # e^x is 0 from here down,
    exp_high: Any  # and infinity from here up
    tanh_high: Any  # tanh is 1 from here up,
    erf_high: Any  # so is erf,
    tail_high: Any  # and of the normal distribution nothing is left
    exp: tuple[Any, ...]  # (e^r - 1 - r) / r^2 for |r| <= log(2) / 2
    log: tuple[Any, ...]  # (log(1 + f) - f + f^2 / 2) / f^3 for |f| <= 1/3
    erf_slope: Any  # 2 / sqrt(pi)
    erf: tuple[Any, ...]  # -log(1 - erf(t)) / t - erf_slope for 0 <= t <= erf_high
    tail: tuple[Any, ...]  # (t + 4) e^(t^2/2) P(Z > t) for 0 <= t <= tail_high, in powers of t / (t + 4)


def _single(*coefficients: float) -> tuple[Any, ...]:
    return tuple(np.float32(c) for c in coefficients)


def _double(*coefficients: float) -> tuple[Any, ...]:
    return tuple(np.float64(c) for c in coefficients)


SINGLE = Precision(
    mantissa=23,
    bias=127,
    sign=-(1 << 31),
    exponent=-(1 << 23),
    two_thirds=0x3F2AAAAB,
    four=0x40800000,
    magic=np.float32(1.5 * 2**23 + 254),
    magic_bits=0x4B4000FE,
    smallest=np.finfo(np.float32).tiny,
    upscale=np.float32(2**25),
    upscale_log2=np.float32(25),
    linear=np.float32(2**-26),
    log2_e=np.float32(1 / math.log(2)),
    ln2_high=np.float32(0.693359375),
    ln2_low=np.float32(math.log(2) - 0.693359375),
    exp_low=np.float32(-105),
    exp_high=np.float32(89),
    tanh_high=np.float32(10),
    erf_high=np.float32(3.95),
    tail_high=np.float32(15),
    exp=_single(0.5, 0.16666543, 0.041666478, 0.008366539, 0.0013933767),  # within 1.4e-8
    log=_single(  # within 5.0e-9
        0.3333322, -0.24999708, 0.20010173, -0.16684635, 0.14009093, -0.121262535, 0.13970487, -0.13144626
    ),
    erf_slope=np.float32(1.1283792),
    erf=_single(  # within 5.6e-10
        -5.912129e-08, 0.6366198, 0.10277168, -0.019119713, -0.00024807855, 0.0017925792, -0.00073538156,
        0.00016510965, -2.0794738e-05, 1.1393652e-06,
    ),
    tail=_single(  # within 1.0e-8
        2.0, -4.383079, 5.2339697, -3.1943393, 0.31208172, 0.63834965, 0.097235575, -0.5853676, 0.34706378,
        -0.06693083,
    ),
)  # fmt: skip

DOUBLE = Precision(
    mantissa=52,
    bias=1023,
    sign=-(1 << 63),
    exponent=-(1 << 52),
    two_thirds=0x3FE5555555555555,
    four=0x4010000000000000,
    magic=np.float64(1.5 * 2**52 + 2046),
    magic_bits=0x43380000000007FE,
    smallest=np.finfo(np.float64).tiny,
    upscale=np.float64(2**54),
    upscale_log2=np.float64(54),
    linear=np.float64(2**-55),
    log2_e=np.float64(1 / math.log(2)),
    ln2_high=np.float64(0.6931471803691238),
    ln2_low=np.float64(1.9082149292705877e-10),
    exp_low=np.float64(-746),
    exp_high=np.float64(710),
    tanh_high=np.float64(22),
    erf_high=np.float64(5.93),
    tail_high=np.float64(39),
    exp=_double(  # within 1.8e-17
        0.5000000000000006, 0.16666666666666682, 0.04166666666657362, 0.008333333333317266, 0.0013888888932377076,
        0.00019841269896652964, 2.4801504449504536e-05, 2.755723405277085e-06, 2.762632486697839e-07,
        2.5112441937880842e-08,
    ),
    log=_double(  # within 2.6e-19
        0.3333333333333334, -0.24999999999999542, 0.1999999999999536, -0.16666666666822108, 0.1428571428651325,
        -0.12499999980298615, 0.11111111042766064, -0.1000000128937171, 0.09090912480424541, -0.08333283605213276,
        0.0769220218724114, -0.07144061573008725, 0.06668812352698635, -0.06231209844260566, 0.05853473438452749,
        -0.05743240231467637, 0.05516891982855758, -0.03853722751264224, 0.033798676916108335, -0.08310048739706963,
        0.0842736412260369,
    ),
    erf_slope=np.float64(1.1283791670955126),
    erf=_double(  # within 5.0e-18
        9.765744756160757e-18, 0.6366197723675836, 0.10277260330178915, -0.019128447005078972,
        -0.00020919469474909737, 0.0016962063851647226, -0.0005901255506535414, 2.587859876825262e-05,
        6.449186903584246e-05, -2.9724050816657643e-05, 3.4072565284699337e-06, 2.835168275021964e-06,
        -1.7415887356591709e-06, 3.3640574384800655e-07, 1.371518924815387e-07, -1.4174499127731755e-07,
        6.57261284906388e-08, -2.09601734291049e-08, 4.9970592403594266e-09, -9.080944846508086e-10,
        1.2482191928065457e-10, -1.2608951260737204e-11, 8.844077271687302e-13, -3.8498612903316227e-14,
        7.832835010004967e-16,
    ),
    tail=_double(  # within 2.1e-17
        2.0, -4.383076486422895, 5.2338470271480455, -3.1923040530511098, 0.2953956584096155,
        0.7160333806622292, -0.12032371824884154, -0.21778232184105537, -0.0026571654153226534,
        0.07496446634946363, 0.002700442008332729, 0.07143772544497426, -0.2795028891741626, 0.6399708932336883,
        -1.2430937939210982, 1.9241998687428261, -2.3215915047608027, 2.1691816530411323, -1.5275256402220776,
        0.77393859652934, -0.2637318598255093, 0.05381547199446361, -0.004953470270497857,
    ),
)  # fmt: skip


def precision(x: Any) -> Precision:
    """Return the constants for the dtype of x, a float32 or a float64."""
    return SINGLE if isinstance(x, np.float32) else DOUBLE


def bits(x: Any) -> Any:
    """Return the integer that has the bits of x."""
    return x.view(np.int32 if isinstance(x, np.float32) else np.int64)


def from_bits(i: Any, x: Any) -> Any:
    """Return the number of the dtype of x that has the lowest bits of the integer i."""
    return np.int32(i).view(np.float32) if isinstance(x, np.float32) else np.int64(i).view(np.float64)


# The same for Numba, which knows the dtype when it compiles a call and chooses then.


@overload(precision, strict=False)
def _precision(x: Any) -> Any:
    return (lambda x: SINGLE) if x == types.float32 else (lambda x: DOUBLE)


@overload(bits, strict=False)
def _bits(x: Any) -> Any:
    return (lambda x: np.float32(x).view(np.int32)) if x == types.float32 else (lambda x: np.float64(x).view(np.int64))


@overload(from_bits, strict=False)
def _from_bits(i: Any, x: Any) -> Any:
    if x == types.float32:
        return lambda i, x: np.int32(i).view(np.float32)
    return lambda i, x: np.int64(i).view(np.float64)
