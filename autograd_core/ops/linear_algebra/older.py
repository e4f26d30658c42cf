"""The functions of linear algebra that PyTorch also has at the top level, with older signatures."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...dtypes import constant
from ...errors import ArgumentError, ShapeError
from ...primitive import Array
from ..compare import lt
from ..elementwise import pow
from ..reduce import reduce_sum
from ..selection import choose
from ..shape import broadcast_shapes, clone, unsqueeze
from . import determinant, exponential, factors, products, spectrum
from .checks import check_matrices, check_square
from .determinant import LogDeterminant
from .factors import QR
from .solve import inv, solve_triangle

__all__ = [
    "chain_matmul",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "cross",
    "det",
    "inverse",
    "logdet",
    "matrix_exp",
    "matrix_power",
    "pinverse",
    "qr",
    "slogdet",
    "svd",
    "triangular_solve",
    "vander",
]


class SVD(NamedTuple):
    """What ``svd`` returns: V, not its transpose."""

    U: Array
    S: Array
    V: Array


class TriangularSolve(NamedTuple):
    """What ``triangular_solve`` returns."""

    solution: Array
    cloned_coefficient: Array


def det(input: Array) -> Array:
    """Return the determinant of square matrices; see ``linalg.det``.

    >>> ag.det(ag.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    return determinant.det(input)


def slogdet(input: Array) -> LogDeterminant:
    """Return (sign, logabsdet) of square matrices; see ``linalg.slogdet``.

    >>> ag.slogdet(ag.tensor([[1.0, 2.0], [3.0, 4.0]])).sign
    tensor(-1.)
    """
    return determinant.slogdet(input)


def logdet(input: Array) -> Array:
    """Return the logarithm of the determinant of square matrices: -inf where that is 0, NaN where it is negative.

    >>> ag.logdet(ag.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor(0.)
    """
    sign, logabsdet = determinant.slogdet(input)
    return choose(lt(sign, constant(0, sign.dtype)), constant(math.nan, logabsdet.dtype), logabsdet)


def inverse(input: Array) -> Array:
    """Return the inverse of square matrices; see ``linalg.inv``.

    >>> ag.inverse(ag.tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return inv(input)


def pinverse(input: Array, rcond: float = 1e-15) -> Array:
    """Return the pseudoinverse; singular values up to *rcond* times the largest count as 0.  See ``linalg.pinv``.

    >>> ag.pinverse(ag.tensor([[2.0, 0.0], [0.0, 0.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.0]]
    """
    return spectrum.pinv(input, rcond)


def matrix_exp(input: Array) -> Array:
    """Return the exponential of square matrices; see ``linalg.matrix_exp``.

    >>> ag.matrix_exp(ag.zeros(2, 2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return exponential.matrix_exp(input)


def matrix_power(input: Array, n: int) -> Array:
    """Return square matrices to the power of an integer; see ``linalg.matrix_power``.

    >>> ag.matrix_power(ag.tensor([[1.0, 1.0], [0.0, 1.0]]), 3).tolist()
    [[1.0, 3.0], [0.0, 1.0]]
    """
    return products.matrix_power(input, n)


def chain_matmul(*matrices: Array) -> Array:
    """Return the product of matrices in the cheapest order; see ``linalg.multi_dot``.

    >>> ag.chain_matmul(ag.ones(2, 3), ag.ones(3, 4), ag.ones(4, 5)).shape
    (2, 5)
    """
    for i, x in enumerate(matrices):
        if x.ndim != 2:
            raise ShapeError(f"chain_matmul: matrix {i} has shape {tuple(x.shape)}, expected 2 dims; unsqueeze() it")
    return matrices[0] if len(matrices) == 1 else products.multi_dot(matrices)


def cross(input: Array, other: Array, dim: int | None = None) -> Array:
    """Return the cross product along *dim*, by default the first dim of *input* of size 3; see ``linalg.cross``.

    >>> ag.cross(ag.tensor([1.0, 0.0, 0.0]), ag.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    if dim is None:
        shape = tuple(input.shape)
        if 3 not in shape:
            raise ShapeError(f"cross: input has shape {shape}, expected a dim of size 3; give dim")
        dim = shape.index(3)
    return products.cross(input, other, dim=dim)


# ------------------------------------------------------------------------------------------------------- factorizations


def cholesky(input: Array, upper: bool = False) -> Array:
    """Return the triangle L with input = L @ L.mT, or U with input = U.mT @ U; see ``linalg.cholesky``.

    >>> ag.cholesky(ag.tensor([[4.0, 2.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    return factors.cholesky(input, upper=upper)


def cholesky_solve(input: Array, L: Array, upper: bool = False) -> Array:
    """Return the solution X of ``A @ X = input``, where ``cholesky`` made the triangle *L* of A.

    *L* (..., N, N) is lower or *upper*: that triangle is read, and gets a gradient.  *input* is (..., N, K); leading dims
    broadcast.

    >>> ag.cholesky_solve(ag.tensor([[4.0], [10.0]]), ag.tensor([[2.0, 0.0], [1.0, 2.0]])).tolist()
    [[0.0], [2.0]]
    """
    check_square("cholesky_solve", L=L)
    check_matrices("cholesky_solve", input=input, L=L)
    if input.shape[-2] != L.shape[-1]:
        raise ShapeError(
            f"cholesky_solve: input of shape {tuple(input.shape)} and L of shape {tuple(L.shape)} do not fit: expected "
            f"{L.shape[-1]} rows of input"
        )
    broadcast_shapes(input.shape[:-2], L.shape[:-2])
    lower = L.mT if upper else L
    once = solve_triangle(lower, input, upper=False, unit=False)
    return solve_triangle(lower.mT, once, upper=True, unit=False)


def cholesky_inverse(L: Array, upper: bool = False) -> Array:
    """Return the inverse of A, where ``cholesky`` made the triangle *L* of A; see ``cholesky_solve``.

    >>> ag.cholesky_inverse(ag.tensor([[2.0, 0.0], [0.0, 1.0]])).tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    check_square("cholesky_inverse", L=L)
    return cholesky_solve(np.eye(L.shape[-1], dtype=L.dtype), L, upper)


def qr(input: Array, some: bool = True) -> QR:
    """Return (Q, R) with input = Q @ R, reduced unless some=False; see ``linalg.qr``.

    >>> ag.qr(ag.ones(3, 2)).Q.shape
    (3, 2)
    """
    return factors.qr(input, "reduced" if some else "complete")


def svd(input: Array, some: bool = True, compute_uv: bool = True) -> SVD:
    """Return (U, S, V) with input = U @ diag(S) @ V.mT, reduced unless some=False; see ``linalg.svd``.

    Without *compute_uv* U (..., M, M) and V (..., N, N) are zeros.

    >>> ag.svd(ag.ones(3, 2)).V.shape
    (2, 2)
    """
    if not compute_uv:
        check_matrices("svd", input=input)
        U, V = (_zeros_like_square(input, n) for n in input.shape[-2:])
        return SVD(U, spectrum.svdvals(input), V)
    U, S, Vh = spectrum.svd(input, full_matrices=not some)
    return SVD(U, S, Vh.mT)


def _zeros_like_square(x: Array, size: int) -> Array:
    """Return zeros (..., size, size), of the type of *x* (..., M, N)."""
    none = reduce_sum(x[..., :0, :0], axis=(x.ndim - 2, x.ndim - 1), keepdims=True)
    return none + np.zeros((size, size), x.dtype)


def triangular_solve(
    b: Array, A: Array, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolve:
    """Return (solution, cloned_coefficient): X of ``A @ X = b``, or of ``A.mT @ X = b`` with *transpose*, and a copy of A.

    Only the *upper* or the lower triangle of *A* is read.  Prefer ``linalg.solve_triangular``.

    >>> ag.triangular_solve(ag.ones(2, 1), ag.tensor([[2.0, 1.0], [0.0, 1.0]])).solution.tolist()
    [[0.0], [1.0]]
    """
    check_square("triangular_solve", A=A)
    check_matrices("triangular_solve", b=b, A=A)
    if b.shape[-2] != A.shape[-1]:
        raise ShapeError(
            f"triangular_solve: b of shape {tuple(b.shape)} and A of shape {tuple(A.shape)} do not fit: expected "
            f"{A.shape[-1]} rows of b"
        )
    broadcast_shapes(b.shape[:-2], A.shape[:-2])
    matrix = A.mT if transpose else A
    return TriangularSolve(solve_triangle(matrix, b, upper=upper != transpose, unit=unitriangular), clone(A))


def vander(x: Array, N: int | None = None, increasing: bool = False) -> Array:
    """Return the powers N - 1 to 0 of each element of a vector (M,), or with *increasing* 0 to N - 1, as a matrix (M, N).

    N is M by default.  See ``linalg.vander``, whose powers increase.

    >>> ag.vander(ag.tensor([2, 3]), N=3).tolist()
    [[4, 2, 1], [9, 3, 1]]
    """
    if x.ndim != 1:
        raise ShapeError(f"vander: x has shape {tuple(x.shape)}, expected a vector; linalg.vander takes several")
    count = x.shape[0] if N is None else N
    if count < 0:
        raise ArgumentError(f"vander: N={N}, expected a number of columns, 0 or more")
    powers = np.arange(count)
    return pow(unsqueeze(x, -1), powers if increasing else powers[::-1])
