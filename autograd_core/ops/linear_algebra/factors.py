"""Factorizations into triangles and an orthogonal matrix: Cholesky, LU, QR, and what they solve.

A primitive has one result, so a factorization of several is one array with all of them: they have equal sizes along one
dim, or are triangles that do not overlap.

The formulas are in Murray, Differentiation of the Cholesky decomposition (2016), and Walter and Lehmann, Algorithmic
differentiation of linear algebra functions (2010); half of the gradient of a symmetric matrix goes to each triangle.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, NamedTuple

import numpy as np

from ...backend import of
from ...errors import ArgumentError, GraphError, ShapeError
from ...primitive import Array, primitive
from ..diagonal import triangle
from ..shape import broadcast_shapes, reshape_to
from ..stacking import cat
from .checks import attempt, check_info, check_matrices, check_square, symmetric
from .solve import solve_triangle

__all__ = [
    "cholesky",
    "cholesky_ex",
    "exchanges",
    "factor_in_one",
    "lower_factor",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "orthogonal_and_upper",
    "qr",
]


class Cholesky(NamedTuple):
    """What ``cholesky_ex`` returns."""

    L: Array
    info: Array


class LU(NamedTuple):
    """What ``lu`` returns."""

    P: Array
    L: Array
    U: Array


class LUFactor(NamedTuple):
    """What ``lu_factor`` returns."""

    LU: Array
    pivots: Array


class LUFactorEx(NamedTuple):
    """What ``lu_factor_ex`` returns."""

    LU: Array
    pivots: Array
    info: Array


class QR(NamedTuple):
    """What ``qr`` returns."""

    Q: Array
    R: Array


# ------------------------------------------------------------------------------------------------------------- Cholesky


@primitive(name="cholesky", aux=("info",))
def lower_factor(x: Array) -> Array:
    """Return the lower triangle l with l l^T equal to the symmetric part of x, and 0; or NaN and why there is none."""
    even = (x + x.mT) / 2
    out, refused = _lower(even)
    info = np.zeros(refused.shape, np.int32)
    for i in map(tuple, np.argwhere(refused)):
        info[i] = _first_without(even[i])
    return out, info


def _first_without(x: Any) -> int:
    """Return how many first rows and columns of a matrix are the fewest that have no factor: those of fewer all have one."""
    return bisect_left(range(len(x)), True, key=lambda n: bool(_lower(x[:n, :n])[1]))


def _lower(x: Any) -> tuple[Any, Any]:
    """Return the factors, NaN where there is none, and where there is none; LAPACK lets some through that are not finite."""
    out, refused = attempt(np.linalg.cholesky, x)
    refused |= ~np.isfinite(x).all((-2, -1))
    out[refused] = np.nan
    return out, refused


def _lower_factor_x(g: Array, out: Array) -> Array:
    """Return l^-T s l^-1, where s has the lower triangle of l^T g in both halves, and half of its diagonal."""
    inner = triangle(out.mT @ g, lower=True, offset=0)
    inner = (inner + triangle(inner, lower=True, offset=-1).mT) * 0.5
    once = solve_triangle(out.mT, inner, upper=True, unit=False)
    return solve_triangle(out.mT, once.mT, upper=True, unit=False)


lower_factor.vjp(x=_lower_factor_x)


def _cholesky(name: str, A: Array, upper: bool) -> Cholesky:
    check_square(name, A=A)
    out, info = lower_factor(symmetric(A, lower=not upper))
    return Cholesky(out.mT if upper else out, info)


def _says_indefinite(k: int) -> str:
    return (
        f"the matrix is not positive-definite: its first {k} rows and columns are not. Add a small number to the diagonal, "
        "or use linalg.eigh"
    )


def cholesky(A: Array, *, upper: bool = False) -> Array:
    """Return the lower triangle L with A = L @ L.mT for symmetric positive-definite matrices, or U with A = U.mT @ U.

    Only the lower triangle of *A* (..., N, N) is read, or the *upper*; both get half of the gradient.  Raises
    LinAlgError for a matrix that is not positive-definite, by its place in the stack.

    >>> ag.linalg.cholesky(ag.tensor([[4.0, 2.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    out, info = _cholesky("linalg.cholesky", A, upper)
    check_info("linalg.cholesky", info, _says_indefinite)
    return out


def cholesky_ex(A: Array, *, upper: bool = False, check_errors: bool = False) -> Cholesky:
    """Return (L, info) of ``cholesky`` without an error for other matrices, unless *check_errors*.

    *info* is 0 for each positive-definite matrix; else how many of the first rows and columns are the smallest part that
    is not, and L is NaN.

    >>> ag.linalg.cholesky_ex(ag.tensor([[1.0, 2.0], [2.0, 1.0]])).info
    tensor(2, dtype=int32)
    """
    found = _cholesky("linalg.cholesky_ex", A, upper)
    if check_errors:
        check_info("linalg.cholesky_ex", found.info, _says_indefinite)
    return found


# ------------------------------------------------------------------------------------------------------------------- LU


@primitive(name="lu", aux=("pivots",))
def factor_in_one(x: Array) -> Array:
    """Return L and U of x (..., M, N) in one array, without the diagonal of L, and the exchanges of rows."""
    return of(x).kernels.lu(x)


@primitive(name="permutation_matrix")
def exchanges(pivots: Array, *, rows: int, dtype: np.dtype[Any]) -> Array:
    """Return the matrix P of x = P L U (*rows*, *rows*) that *pivots* tell."""
    order = of(pivots).kernels.permutation(pivots, rows)
    return np.eye(rows, dtype=dtype)[order].mT


def _factor_in_one_x(g: Array, out: Array, pivots: Array) -> Array:
    """Return the gradient of x = P L U, where L or U has a part beyond the square that both cover."""
    rows, columns = out.shape[-2:]
    size = min(rows, columns)
    square = out[..., :size, :size]
    lower, upper = triangle(square, lower=True, offset=-1), triangle(square, lower=False, offset=0)
    g_square = g[..., :size, :size]
    below = lower.mT @ triangle(g_square, lower=True, offset=-1) + triangle(g_square, lower=True, offset=-1)
    above = triangle(g_square, lower=False, offset=0) @ upper.mT
    right, bottom = g[..., :size, size:], g[..., size:, :size]
    if columns > size:
        below = below - right @ out[..., :size, size:].mT
    if rows > size:
        above = above - out[..., size:, :size].mT @ bottom
    inner = triangle(below, lower=True, offset=-1) + triangle(above, lower=False, offset=0)
    whole = _over_upper(_under_lower(square, inner), square)
    if columns > size:
        whole = cat([whole, _under_lower(square, right)], -1)
    if rows > size:
        whole = cat([whole, _over_upper(bottom, square)], -2)
    return exchanges(pivots, rows=rows, dtype=g.dtype) @ whole


def _under_lower(square: Array, x: Array) -> Array:
    """Return L^-T x."""
    return solve_triangle(square.mT, x, upper=True, unit=True)


def _over_upper(x: Array, square: Array) -> Array:
    """Return x U^-T."""
    return solve_triangle(square, x.mT, upper=True, unit=False).mT


factor_in_one.vjp(x=_factor_in_one_x)
exchanges.vjp(pivots=None)


def _check_pivot(name: str, pivot: bool) -> None:
    if not pivot:
        raise ArgumentError(f"{name}: pivot={pivot}: expected True, since without exchanges of rows a 0 ends it")


def lu(A: Array, *, pivot: bool = True) -> LU:
    """Return (P, L, U) with A = P @ L @ U: a permutation, a lower triangle with ones on the diagonal, an upper one.

    *A* (..., M, N), P (..., M, M), L (..., M, K), U (..., K, N) with K = min(M, N).

    >>> P, L, U = ag.linalg.lu(ag.tensor([[1.0, 2.0], [2.0, 8.0]]))
    >>> P.tolist(), L.tolist(), U.tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.5, 1.0]], [[2.0, 8.0], [0.0, -2.0]])
    """
    check_matrices("linalg.lu", A=A)
    _check_pivot("linalg.lu", pivot)
    rows, columns = A.shape[-2:]
    size = min(rows, columns)
    factors, pivots = factor_in_one(A)
    lower = triangle(factors[..., :size], lower=True, offset=-1) + np.eye(rows, size, dtype=A.dtype)
    upper = triangle(factors[..., :size, :], lower=False, offset=0)
    return LU(exchanges(pivots, rows=rows, dtype=A.dtype), lower, upper)


def lu_factor(A: Array, *, pivot: bool = True) -> LUFactor:
    """Return (LU, pivots): the triangles of ``lu`` in one array, and the exchanges of rows, for ``lu_solve``.

    *A* and LU are (..., M, N).  Step i of the elimination exchanged row i with row ``pivots[i]``, int32 and counted from
    1.  Raises LinAlgError where U has a zero on its diagonal.

    >>> ag.linalg.lu_factor(ag.tensor([[1.0, 2.0], [2.0, 8.0]])).pivots
    tensor([2, 2], dtype=int32)
    """
    factors, pivots, info = _lu_factor("linalg.lu_factor", A, pivot)
    check_info("linalg.lu_factor", info, _says_zero)
    return LUFactor(factors, pivots)


def lu_factor_ex(A: Array, *, pivot: bool = True, check_errors: bool = False) -> LUFactorEx:
    """Return (LU, pivots, info) of ``lu_factor`` without an error, unless *check_errors*.

    *info* is the first place, from 1, of a zero on the diagonal of U; 0 where there is none.

    >>> ag.linalg.lu_factor_ex(ag.ones(2, 2)).info
    tensor(2, dtype=int32)
    """
    found = _lu_factor("linalg.lu_factor_ex", A, pivot)
    if check_errors:
        check_info("linalg.lu_factor_ex", found.info, _says_zero)
    return found


def _says_zero(k: int) -> str:
    return f"U has a zero at place {k} of its diagonal, by which lu_solve would divide; use linalg.lu, or lu_factor_ex"


def _lu_factor(name: str, A: Array, pivot: bool) -> LUFactorEx:
    check_matrices(name, A=A)
    _check_pivot(name, pivot)
    factors, pivots = factor_in_one(A)
    return LUFactorEx(factors, pivots, first_zero(factors))


@primitive
def first_zero(x: Array) -> Array:
    """Return the first place of a zero on the diagonal of x (..., M, N), from 1, or 0 where there is none."""
    zero = x.diagonal(0, -2, -1) == 0
    place = zero.argmax(-1) + 1 if zero.shape[-1] else np.zeros(zero.shape[:-1])
    return np.where(zero.any(-1), place, 0).astype(np.int32)


first_zero.vjp(x=None)


def lu_solve(LU: Array, pivots: Array, B: Array, *, left: bool = True, adjoint: bool = False) -> Array:
    """Return the solution X of ``A @ X = B``, or of ``X @ A = B`` with left=False, for A as ``lu_factor`` left it.

    With *adjoint*, A is transposed.  *LU* (..., N, N), *pivots* (..., N), *B* (..., N, K), or (..., K, N) with
    left=False; leading dims broadcast.

    >>> LU, pivots = ag.linalg.lu_factor(ag.tensor([[1.0, 2.0], [2.0, 8.0]]))
    >>> ag.linalg.lu_solve(LU, pivots, ag.tensor([[3.0], [10.0]])).tolist()
    [[1.0], [1.0]]
    """
    check_square("linalg.lu_solve", LU=LU)
    check_matrices("linalg.lu_solve", LU=LU, B=B)
    rows = LU.shape[-1]
    if pivots.shape != LU.shape[:-1] or pivots.dtype != np.int32:
        raise ShapeError(
            f"linalg.lu_solve: pivots has shape {tuple(pivots.shape)} and dtype {pivots.dtype}, expected "
            f"{tuple(LU.shape[:-1])} and int32; give what lu_factor returned beside LU"
        )
    if B.shape[-2 if left else -1] != rows:
        raise ShapeError(
            f"linalg.lu_solve: LU of shape {tuple(LU.shape)} and B of shape {tuple(B.shape)} do not fit: expected size "
            f"{rows} at dim {-2 if left else -1} of B, since left={left}"
        )
    broadcast_shapes(LU.shape[:-2], B.shape[:-2])
    P = exchanges(pivots, rows=rows, dtype=LU.dtype)
    x = B if left else B.mT
    if adjoint == left:
        x = solve_triangle(LU.mT, x, upper=False, unit=False)
        x = P @ solve_triangle(LU.mT, x, upper=True, unit=True)
    else:
        x = solve_triangle(LU, P.mT @ x, upper=False, unit=True)
        x = solve_triangle(LU, x, upper=True, unit=False)
    return x if left else x.mT


# ------------------------------------------------------------------------------------------------------------------- QR


@primitive(name="qr")
def orthogonal_and_upper(x: Array, *, complete: bool) -> Array:
    """Return Q (..., M, K) and the transpose of R (..., K, N) one above the other."""
    q, r = np.linalg.qr(x, "complete" if complete else "reduced")
    return np.concatenate([q, r.mT], -2)


def _orthogonal_and_upper_x(g: Array, out: Array, x_shape: tuple[int, ...]) -> Array:
    rows, columns = x_shape[-2:]
    q, r, g_q, g_r = out[..., :rows, :], out[..., rows:, :].mT, g[..., :rows, :], g[..., rows:, :].mT
    if q.shape[-1] > columns:
        raise GraphError(
            f"linalg.qr: mode='complete' has no derivative for a matrix of more rows ({rows}) than columns ({columns}): "
            "the further columns of Q are not determined; use mode='reduced'"
        )
    inner = g_r @ r.mT - q.mT @ g_q
    if rows >= columns:
        inner = triangle(inner, lower=False, offset=0) + triangle(inner, lower=False, offset=1).mT
        return solve_triangle(r, (g_q + q @ inner).mT, upper=True, unit=False).mT
    turn = triangle(inner.mT - inner, lower=True, offset=-1)
    square = solve_triangle(r[..., :rows], (q @ turn).mT, upper=True, unit=False).mT
    rest = np.zeros((*x_shape[:-1], columns - rows), g.dtype)
    return cat([square, rest], -1) + q @ g_r


orthogonal_and_upper.vjp(x=_orthogonal_and_upper_x)


def qr(A: Array, mode: str = "reduced") -> QR:
    """Return (Q, R) with A = Q @ R: orthonormal columns, and an upper triangle.

    *A* (..., M, N).  mode="reduced": Q (..., M, K), R (..., K, N) with K = min(M, N); "complete": Q (..., M, M),
    R (..., M, N), without a derivative where M > N; "r": an empty Q, and R.  Signs are LAPACK's: the diagonal of R may be
    negative.  The gradient is finite where the first K columns are linearly independent.

    >>> Q, R = ag.linalg.qr(ag.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> R
    tensor([[-5.0000, -2.2000],
            [ 0.0000,  0.4000]])
    """
    check_matrices("linalg.qr", A=A)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(f"linalg.qr: mode={mode!r} is unknown: expected 'reduced', 'complete' or 'r'")
    rows = A.shape[-2]
    both = orthogonal_and_upper(A, complete=mode == "complete")
    Q, R = both[..., :rows, :], both[..., rows:, :].mT
    return QR(reshape_to(Q[..., :0], shape=(0,)) if mode == "r" else Q, R)
