"""The exponential of a matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...primitive import Array, primitive
from ..stacking import cat
from .checks import attempt, check_square

__all__ = ["exponential", "matrix_exp"]

DEGREE = 13
BOUND = 5.371920351148152  # norm up to which the approximation is exact in float64
# e^x is close to p(x) / p(-x), the Pade approximant, where p has these coefficients
COEFFICIENTS = [math.comb(DEGREE, k) / math.perm(2 * DEGREE, k) for k in range(DEGREE + 1)]


@primitive(name="matrix_exp")
def exponential(x: Array) -> Array:
    """Return the exponential of matrices (..., N, N), by scaling and squaring (Higham 2005)."""
    norm = np.absolute(x).sum(-2).max(-1, initial=0)
    halvings = np.frexp(np.where(np.isfinite(norm), norm, 0) / BOUND)[1].clip(0)[..., None, None]
    a = np.ldexp(x, -halvings)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    even, odd = (_polynomial(COEFFICIENTS[parity::2], a2, a4, a6) for parity in (0, 1))
    odd = a @ odd
    out, _ = attempt(np.linalg.solve, even - odd, even + odd)
    for i in range(halvings.max(initial=0)):
        out = np.where(i < halvings, out @ out, out)
    return out


def _polynomial(c: list[float], a2: Any, a4: Any, a6: Any) -> Any:
    """Return c[0] + c[1] a2 + c[2] a4 + ... + c[6] a6^2 with one product."""
    unit = np.eye(a2.shape[-1], dtype=a2.dtype)
    return a6 @ (c[6] * a6 + c[5] * a4 + c[4] * a2) + c[3] * a6 + c[2] * a4 + c[1] * a2 + c[0] * unit


def _exponential_x(g: Array, x: Array) -> Array:
    """The exponential of a matrix of four blocks has the derivative in one of them (Mathias 1996)."""
    size, transposed = x.shape[-1], x.mT
    rows = cat([transposed, g], -1), cat([np.zeros(x.shape, x.dtype), transposed], -1)
    return exponential(cat(rows, -2))[..., :size, size:]


exponential.vjp(x=_exponential_x)


def matrix_exp(A: Array) -> Array:
    """Return the exponential of square matrices (..., N, N): the sum of A^k / k! over all k.

    >>> ag.linalg.matrix_exp(ag.zeros(2, 2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    check_square("linalg.matrix_exp", A=A)
    return exponential(A)
