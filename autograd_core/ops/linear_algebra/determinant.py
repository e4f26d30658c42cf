"""Determinants, with derivatives of singular matrices too.

The gradient of a determinant is the matrix of cofactors, det(x) x^-T.  Both are polynomials of the elements, so that the
formulas, which divide by what may be 0, have forms that do not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...backend import of
from ...primitive import Array, primitive
from ..reduce import reduce_sum
from ..shape import reshape_to
from .checks import check_square
from .solve import inverse

__all__ = ["cofactors", "cofactors_x", "det", "log_determinant", "slogdet", "volume"]


class LogDeterminant(NamedTuple):
    """What ``slogdet`` returns."""

    sign: Array
    logabsdet: Array


def _over_matrices(g: Array) -> Array:
    """Return *g*, a number for each matrix of a stack, so that it broadcasts to matrices."""
    return reshape_to(g, shape=(*g.shape, 1, 1))


def _inner(x: Array, y: Array) -> Array:
    """Return the sum of x * y over each matrix, so that it broadcasts to matrices."""
    return reduce_sum(x * y, axis=(x.ndim - 2, x.ndim - 1), keepdims=True)


def _near_singular(x: Any) -> tuple[Any, Any]:
    """Return the determinants, and which are so small that the cofactors are not found by a division."""
    with np.errstate(all="ignore"):
        found = np.asarray(np.linalg.det(x))
    return found, np.asarray(np.abs(found) < 100 * np.finfo(x.dtype).eps)


def _rotated(x: Any) -> tuple[Any, Any, Any]:
    """Return u, s, v with x = u diag(s) v and det(u) det(v) = 1, so that det(x) is the product of s."""
    u, s, v = np.linalg.svd(x)
    sign = np.linalg.det(u) * np.linalg.det(v)
    u[..., 0] *= sign[..., None]
    s[..., 0] *= sign
    return u, s, v


def _products_of_others(s: Any) -> Any:
    """Return, for each element along the last dim, the product of the others."""
    found = of(s).kernels.products_of_others(s.reshape(-1, s.shape[-1], 1))
    return found.reshape(s.shape)


@primitive(name="det")
def volume(x: Array) -> Array:
    """Return the determinant of matrices (..., N, N)."""
    with np.errstate(all="ignore"):
        return np.linalg.det(x)


@primitive
def cofactors(x: Array) -> Array:
    """Return the gradient of the determinant: det(x) x^-T, which is finite also where x is singular."""
    scale, small = _near_singular(x)
    out = np.empty_like(x)
    regular = ~small
    out[regular] = scale[regular][..., None, None] * np.linalg.inv(x[regular]).mT
    if small.any():  # in the axes of u and v: the products of all s but one
        u, s, v = _rotated(x[small])
        out[small] = (u * _products_of_others(s)[..., None, :]) @ v
    return out


@primitive
def cofactors_x(grad: Array, x: Array) -> Array:
    """Return the gradient of ``cofactors`` for x, where *grad* arrives: the second derivative of the determinant.

    With C = cofactors(x), that is (<grad, C> C - C grad^T C) / det(x).
    """
    scale, small = _near_singular(x)
    out = np.empty_like(x)
    regular = ~small
    y, g = np.linalg.inv(x[regular]).mT, grad[regular]
    out[regular] = scale[regular][..., None, None] * ((g * y).sum((-2, -1), keepdims=True) * y - y @ g.mT @ y)
    if small.any():  # in the axes of u and v: q has the products of all s but two
        u, s, v = _rotated(x[small])
        unit = np.eye(s.shape[-1], dtype=x.dtype)
        q = _products_of_others(np.where(unit, 1, s[..., None, :])) * (1 - unit)
        g = u.mT @ grad[small] @ v.mT
        sums = q @ g.diagonal(0, -2, -1)[..., None]
        out[small] = u @ (unit * sums - q * g.mT) @ v
    return out


def _cofactors_x_x(g: Array, grad: Array, x: Array) -> Array:
    """The third derivative of the determinant, applied to g and grad; of regular matrices only."""
    y, scale = inverse(x)[0].mT, _over_matrices(volume(x))
    a, b = y @ g.mT @ y, y @ grad.mT @ y
    in_g, in_grad = _inner(g, y), _inner(grad, y)
    both = a @ grad.mT @ y + b @ g.mT @ y
    return scale * ((in_g * in_grad - _inner(g, b)) * y - in_g * b - in_grad * a + both)


volume.vjp(x=lambda g, x: _over_matrices(g) * cofactors(x))
cofactors.vjp(x=lambda g, x: cofactors_x(g, x))
cofactors_x.vjp(grad=lambda g, x: cofactors_x(g, x), x=_cofactors_x_x)


@primitive(name="slogdet", aux=("sign",))
def log_determinant(x: Array) -> Array:
    """Return log |det(x)|, and the sign of det(x), which is 0 for a singular matrix."""
    with np.errstate(all="ignore"):
        sign, out = np.linalg.slogdet(x)
    return out, np.where(np.isnan(out), np.zeros_like(sign), sign)


log_determinant.vjp(x=lambda g, x: _over_matrices(g) * inverse(x)[0].mT)


def det(A: Array) -> Array:
    """Return the determinant of square matrices (..., N, N).

    Derivatives of first and second order are right for singular matrices too.  ``slogdet`` does not overflow.

    >>> ag.linalg.det(ag.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    check_square("linalg.det", A=A)
    return volume(A)


def slogdet(A: Array) -> LogDeterminant:
    """Return (sign, logabsdet) with det(A) = sign * exp(logabsdet), for square matrices (..., N, N).

    Of a singular matrix they are 0 and -inf, without a gradient to speak of; the sign has none.

    >>> ag.linalg.slogdet(ag.tensor([[1.0, 2.0], [3.0, 4.0]])).logabsdet
    tensor(0.6931)
    """
    check_square("linalg.slogdet", A=A)
    out, sign = log_determinant(A)
    return LogDeterminant(sign, out)
