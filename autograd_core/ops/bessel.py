"""Bessel functions of integer order, each derivative of which is made of its neighbours; and ``sinc``, which is one.

Neighbours take the place of divisions by x, so that derivatives of every order are exact at 0.
"""

from __future__ import annotations

import math

from .. import backend
from ..dtypes import constant
from ..primitive import Array, primitive
from .rounding import sign

# ------------------------------------------------------------------------------------------------- modified, first kind


@primitive(floating=True)
def bessel_i(x: Array, *, order: int, scaled: bool) -> Array:
    """Return the modified Bessel function I_order(x), times e^-|x| if *scaled*."""
    return backend.of(x).kernels.bessel_i(x, order, scaled)


def _bessel_i_x(g: Array, x: Array, out: Array, order: int, scaled: bool) -> Array:
    """(I[n-1] + I[n+1]) / 2, where I[-1] = I[1] (DLMF 10.29.1)."""
    if order == 0:
        slope = bessel_i(x, order=1, scaled=scaled)
    else:
        neighbours = bessel_i(x, order=order - 1, scaled=scaled) + bessel_i(x, order=order + 1, scaled=scaled)
        slope = neighbours * constant(0.5, g.dtype)
    return g * (slope - sign(x) * out) if scaled else g * slope


bessel_i.vjp(x=_bessel_i_x)


def i0(input: Array) -> Array:
    """Return the modified Bessel function of the first kind, of order 0.

    >>> ag.i0(ag.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    return bessel_i(input, order=0, scaled=False)


def i0e(input: Array) -> Array:
    """Return ``i0(input) * e^-|input|``, which never overflows; its gradient at 0 is 0.

    >>> ag.special.i0e(ag.tensor([0.0, 1000.0]))
    tensor([1.0000, 0.0126])
    """
    return bessel_i(input, order=0, scaled=True)


def i1(input: Array) -> Array:
    """Return the modified Bessel function of the first kind, of order 1.

    >>> ag.special.i1(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.5652])
    """
    return bessel_i(input, order=1, scaled=False)


def i1e(input: Array) -> Array:
    """Return ``i1(input) * e^-|input|``, which never overflows.

    >>> ag.special.i1e(ag.tensor([0.0, 1000.0]))
    tensor([0.0000, 0.0126])
    """
    return bessel_i(input, order=1, scaled=True)


# ------------------------------------------------------------------------------------------------------------ spherical


@primitive(floating=True)
def spherical_bessel(x: Array, *, order: int) -> Array:
    """Return the spherical Bessel function j_order(x); j_0(x) = sin(x) / x."""
    return backend.of(x).kernels.spherical_bessel(x, order)


def _spherical_bessel_x(g: Array, x: Array, order: int) -> Array:
    """(n j[n-1] - (n+1) j[n+1]) / (2n+1) (DLMF 10.51.2)."""
    after = spherical_bessel(x, order=order + 1)
    if order == 0:
        return -g * after
    before = spherical_bessel(x, order=order - 1)
    return g * (before * order - after * (order + 1)) * constant(1 / (2 * order + 1), g.dtype)


spherical_bessel.vjp(x=_spherical_bessel_x)


def spherical_bessel_j0(input: Array) -> Array:
    """Return sin(input) / input, and 1 at 0.

    >>> ag.special.spherical_bessel_j0(ag.tensor([0.0, 1.0]))
    tensor([1.0000, 0.8415])
    """
    return spherical_bessel(input, order=0)


def sinc(input: Array) -> Array:
    """Return sin(pi input) / (pi input), and 1 at 0; derivatives of every order are exact there.

    >>> ag.sinc(ag.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    return spherical_bessel(input * math.pi, order=0)
