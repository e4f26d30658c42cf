"""Bessel functions of integer order: the modified ones of the first kind, and the spherical ones.

Numbers are computed in float64 whatever the dtype: float32 results are rounded once.  Errors are given for float64, in
ulp, the distance of neighbouring numbers at the true result.

Source: NIST Digital Library of Mathematical Functions (DLMF), chapter 10.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..jit import at_warm_up, kernel
from .flat import of_one

__all__ = ["bessel_i", "spherical_bessel"]


@kernel
def modified(x: Any, order: int, scaled: bool) -> Any:
    """Return I_n(x), times e^-|x| if *scaled*, for n = order; within 10 ulp for n <= 2.

    Near 0 it is the power series (DLMF 10.25.2), (t/2)^n / n! (1 + y / (n+1) + y^2 / (2 (n+1) (n+2)) + ...), y = t^2/4;
    beyond, the asymptotic one (DLMF 10.40.1), e^t / sqrt(2 pi t) (1 - (m-1) / (8 t) + (m-1) (m-9) / (2 (8 t)^2) - ...),
    m = 4 n^2.
    """
    t = np.abs(x)
    k = 1
    if t <= 20 + order * order:
        y = t * t / 4
        term = np.exp(-t) if scaled else 1.0
        for i in range(1, order + 1):
            term = term * t / (2 * i)
        total = term
        while term > 1e-17 * total:
            term = term * y / (k * (k + order))
            total = total + term
            k = k + 1
    else:
        term = 1 / np.sqrt(2 * np.pi * t)
        total = term
        while np.abs(term) > 1e-17 * total:
            term = term * ((2 * k - 1) ** 2 - 4 * order * order) / (8 * t * k)
            total = total + term
            k = k + 1
        if not scaled:  # in two halves: e^t overflows before the result does
            total = np.inf if t > 1000 else total * np.exp(t / 2) * np.exp(t / 2)
    return -total if x < 0 and order % 2 == 1 else total


@kernel
def spherical(x: Any, order: int) -> Any:
    """Return j_n(x) for n = order, within 4 ulp of its amplitude 1/|x|.

    Near 0 it is the power series (DLMF 10.53.1), x^n / (2n+1)!! (1 - y / (2n+3) + y^2 / (2 (2n+3) (2n+5)) - ...),
    y = x^2/2; beyond, the recurrence j[n+1] = (2n+1)/x j[n] - j[n-1] (DLMF 10.51.1).
    """
    square = x * x
    if square < 4 * order + 1:
        term = 1.0
        for i in range(1, order + 1):
            term = term * x / (2 * i + 1)
        total, k = term, 1
        while np.abs(term) > 1e-17 * np.abs(total):
            term = -term * square / (2 * k * (2 * order + 2 * k + 1))
            total = total + term
            k = k + 1
        return total
    before, now = np.cos(x) / x, np.sin(x) / x
    for i in range(order):
        before, now = now, (2 * i + 1) / x * now - before
    return now


@kernel
def _bessel_i(x: Any, out: Any, order: int, scaled: bool) -> None:
    for i in range(x.size):
        out[i] = modified(np.float64(x[i]), order, scaled)


@kernel
def _spherical_bessel(x: Any, out: Any, order: int) -> None:
    for i in range(x.size):
        out[i] = spherical(np.float64(x[i]), order)


def bessel_i(x: ndarray, order: int, scaled: bool) -> ndarray:
    """Return the modified Bessel function of the first kind, times e^-|x| if *scaled*."""
    return of_one(_bessel_i, 150, x, order, scaled)


def spherical_bessel(x: ndarray, order: int) -> ndarray:
    """Return the spherical Bessel function of the first kind."""
    return of_one(_spherical_bessel, 30, x, order)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.ones(1, dtype)
    bessel_i(x, 0, False)
    spherical_bessel(x, 0)
