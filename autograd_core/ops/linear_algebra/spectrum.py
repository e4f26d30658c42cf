"""Eigenvalues of symmetric matrices, singular values, and what they tell: rank, pseudoinverse, least squares.

Eigenvectors and singular vectors are determined up to their signs, and where values are equal not even so far: what is
computed from them has a derivative only if it does not depend on such choices.  The gradients divide by the differences
of values: they are large where two are close, and infinite or NaN where two are equal.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...dtypes import constant, int64
from ...errors import ArgumentError, ShapeError
from ...primitive import Array, primitive
from ..compare import eq, gt, logical_and
from ..elementwise import cast, square
from ..extrema import reduce_max
from ..reduce import reduce_sum
from ..rounding import abs
from ..selection import choose, maximum
from ..shape import broadcast_shapes, plain, reshape_to, squeeze, unsqueeze
from ..stacking import cat
from .checks import check_matrices, check_square, converged, symmetric

__all__ = [
    "eigenvalues",
    "eigh",
    "eigvalsh",
    "lstsq",
    "matrix_rank",
    "pinv",
    "pseudoinverse",
    "singular_values",
    "svd",
    "svdvals",
    "values_and_vectors",
    "vectors_and_values",
]


class Eigh(NamedTuple):
    """What ``eigh`` returns."""

    eigenvalues: Array
    eigenvectors: Array


class SVD(NamedTuple):
    """What ``svd`` returns."""

    U: Array
    S: Array
    Vh: Array


class LeastSquares(NamedTuple):
    """What ``lstsq`` returns."""

    solution: Array
    residuals: Array
    rank: Array
    singular_values: Array


def _quotient(x: Array, y: Array) -> Array:
    """Return x / y, and 0 where both are 0: where no gradient arrives, equal values do no harm."""
    nothing = constant(0, x.dtype)
    return x / (y + logical_and(eq(x, nothing), eq(y, nothing)))


def _skew(x: Array) -> Array:
    return x - x.mT


# ---------------------------------------------------------------------------------------------------------- eigenvalues


@primitive(name="eigh")
def values_and_vectors(x: Array) -> Array:
    """Return the eigenvalues of the symmetric part of x (..., N, N), ascending, as a row above their vectors."""
    values, vectors = converged("linalg.eigh", np.linalg.eigh, (x + x.mT) / 2)
    return np.concatenate([values[..., None, :], vectors], -2)


def _values_and_vectors_x(g: Array, out: Array) -> Array:
    """Return V (diag(g_w) + skew(V^T g_V) / (2 (w_j - w_i))) V^T."""
    values, vectors, g_values, g_vectors = out[..., :1, :], out[..., 1:, :], g[..., :1, :], g[..., 1:, :]
    turn = _quotient(_skew(vectors.mT @ g_vectors), values - values.mT) * 0.5
    return vectors @ (turn @ vectors.mT + g_values.mT * vectors.mT)


values_and_vectors.vjp(x=_values_and_vectors_x)


@primitive(name="eigvalsh")
def eigenvalues(x: Array) -> Array:
    """Return the eigenvalues of the symmetric part of x (..., N, N), ascending."""
    return converged("linalg.eigvalsh", np.linalg.eigvalsh, (x + x.mT) / 2)


def _eigenvalues_x(g: Array, x: Array) -> Array:
    vectors = values_and_vectors(x)[..., 1:, :]
    return (vectors * unsqueeze(g, -2)) @ vectors.mT


eigenvalues.vjp(x=_eigenvalues_x)


def _told_by(name: str, A: Array, UPLO: str) -> Array:
    check_square(name, A=A)
    if UPLO not in ("L", "U", "l", "u"):
        raise ArgumentError(f"{name}: UPLO={UPLO!r} is unknown: expected 'L' or 'U', the triangle of A that is read")
    return symmetric(A, lower=UPLO in ("L", "l"))


def eigh(A: Array, UPLO: str = "L") -> Eigh:
    """Return (eigenvalues, eigenvectors) of symmetric matrices: A = V @ diag(w) @ V.mT, w ascending.

    Only the lower ("L") or upper ("U") triangle of *A* (..., N, N) is read; both get half of the gradient.  w (..., N),
    V (..., N, N) with orthonormal columns, whose signs are arbitrary.  Gradients through V are infinite or NaN where
    eigenvalues are equal.  Raises LinAlgError for NaN.

    >>> w, V = ag.linalg.eigh(ag.tensor([[2.0, 0.0], [0.0, 1.0]]))
    >>> w
    tensor([1., 2.])
    """
    both = values_and_vectors(_told_by("linalg.eigh", A, UPLO))
    return Eigh(both[..., 0, :], both[..., 1:, :])


def eigvalsh(A: Array, UPLO: str = "L") -> Array:
    """Return the eigenvalues of symmetric matrices (..., N, N), ascending: ``eigh`` without the vectors.

    The gradient is finite also where eigenvalues are equal.

    >>> ag.linalg.eigvalsh(ag.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor([1., 3.])
    """
    return eigenvalues(_told_by("linalg.eigvalsh", A, UPLO))


# ------------------------------------------------------------------------------------------------------ singular values


@primitive(name="svd", aux=("rest",))
def vectors_and_values(x: Array, *, full: bool) -> Array:
    """Return U (..., M, K), S (..., 1, K) and V (..., N, K) of x = U diag(S) V^T, one above the other.

    *rest* is what *full* adds: further columns of U if M > N, else of V.  They have no derivative.
    """
    rows, columns = x.shape[-2:]
    size = min(rows, columns)
    u, s, vh = converged("linalg.svd", partial(np.linalg.svd, full_matrices=full), x)
    rest = (u if rows > columns else vh.mT)[..., size:].copy()
    return np.concatenate([u[..., :size], s[..., None, :], vh[..., :size, :].mT], -2), rest


def _parts(x: Array, rows: int) -> tuple[Array, Array, Array]:
    """Return the parts U, S and V of what ``vectors_and_values`` returns."""
    return x[..., :rows, :], x[..., rows : rows + 1, :], x[..., rows + 1 :, :]


def _vectors_and_values_x(g: Array, out: Array, x_shape: tuple[int, ...]) -> Array:
    """Townsend, Differentiating the singular value decomposition (2016)."""
    rows, columns = x_shape[-2:]
    (u, s, v), (g_u, g_s, g_v) = _parts(out, rows), _parts(g, rows)
    turn = _quotient(_skew(u.mT @ g_u) * s + s.mT * _skew(v.mT @ g_v), (s - s.mT) * (s + s.mT))
    inner = turn @ v.mT + g_s.mT * v.mT
    if rows > columns:  # the part of g_u outside of what U spans
        apart = _quotient(g_u, s)
        return u @ inner + (apart - u @ (u.mT @ apart)) @ v.mT
    if rows < columns:
        apart = _quotient(g_v, s).mT
        inner = inner + apart - (apart @ v) @ v.mT
    return u @ inner


vectors_and_values.vjp(x=_vectors_and_values_x)


@primitive(name="svdvals")
def singular_values(x: Array) -> Array:
    """Return the singular values of x (..., M, N), descending."""
    return converged("linalg.svdvals", partial(np.linalg.svd, compute_uv=False), x)


def _singular_values_x(g: Array, x: Array) -> Array:
    u, _, v = _parts(vectors_and_values(x, full=False)[0], x.shape[-2])
    return (u * unsqueeze(g, -2)) @ v.mT


singular_values.vjp(x=_singular_values_x)


def svd(A: Array, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """Return (U, S, Vh) with A = U @ diag(S) @ Vh: orthonormal columns and rows, S descending and not negative.

    *A* (..., M, N), S (..., K) with K = min(M, N).  U is (..., M, M) and Vh (..., N, N) with *full_matrices*, whose
    further vectors have no gradient; else (..., M, K) and (..., K, N).  Gradients through U and Vh are infinite or NaN
    where singular values are equal, or, of matrices that are not square, 0.  Use ``svdvals`` where S is enough.
    *driver* is for other devices.  Raises LinAlgError for NaN.

    >>> U, S, Vh = ag.linalg.svd(ag.tensor([[3.0, 0.0], [0.0, -4.0]]))
    >>> S
    tensor([4., 3.])
    """
    check_matrices("linalg.svd", A=A)
    _check_driver("linalg.svd", driver, None)
    both, rest = vectors_and_values(A, full=full_matrices)
    U, S, V = _parts(both, A.shape[-2])
    if A.shape[-2] > A.shape[-1]:
        U = cat([U, rest], -1)
    elif rest.shape[-1]:
        V = cat([V, rest], -1)
    return SVD(U, squeeze(S, -2), V.mT)


def svdvals(A: Array, *, driver: str | None = None) -> Array:
    """Return the singular values of matrices (..., M, N), descending: ``svd`` without the vectors.

    The gradient is finite also where singular values are equal.  *driver* is for other devices.

    >>> ag.linalg.svdvals(ag.tensor([[3.0, 0.0], [0.0, -4.0]]))
    tensor([4., 3.])
    """
    check_matrices("linalg.svdvals", A=A)
    _check_driver("linalg.svdvals", driver, None)
    return singular_values(A)


def _check_driver(name: str, driver: str | None, *known: str | None) -> None:
    if driver not in known:
        expected = ", ".join(repr(d) for d in known)
        raise ArgumentError(f"{name}: driver={driver!r} is not there on the CPU: expected {expected}")


# -------------------------------------------------------------------------------------------------------- pseudoinverse


@primitive(name="pinv", aux=("rank",))
def pseudoinverse(x: Array, atol: Array, rtol: Array, *, hermitian: bool) -> Array:
    """Return the pseudoinverse and the rank of x (..., M, N): singular values up to max(atol, rtol s_1) count as 0."""
    if hermitian:
        s, v = converged("linalg.pinv", np.linalg.eigh, x)
        u, size = v, np.absolute(s)
    else:
        u, s, vh = converged("linalg.pinv", partial(np.linalg.svd, full_matrices=False), x)
        v, size = vh.mT, s
    largest = size.max(-1, keepdims=True, initial=0)
    counts = size > np.maximum(atol[..., None], rtol[..., None] * largest)
    inverse = np.divide(1, s, out=np.zeros_like(s), where=counts)
    return (v * inverse[..., None, :]) @ u.mT, counts.sum(-1)


def _pseudoinverse_x(g: Array, x: Array, out: Array) -> Array:
    """Golub and Pereyra, The differentiation of pseudo-inverses (1973): for a rank that stays the same."""
    if x.shape[-2] <= x.shape[-1]:
        turn = g.mT @ out
        beyond = turn @ out.mT
        return beyond - (x @ out) @ beyond - (out @ turn).mT + (out.mT @ out) @ (g.mT - turn @ x)
    turn = out @ g.mT
    beyond = out.mT @ turn
    return beyond - (beyond @ out) @ x - (turn @ out).mT + ((g.mT - x @ turn) @ out) @ out.mT


pseudoinverse.vjp(x=_pseudoinverse_x, atol=None, rtol=None)


def _tolerances(A: Array, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Return both as arrays: by default rtol is eps max(M, N), and 0 where a positive atol is given."""
    usual = np.asarray(max(A.shape[-2:]) * np.finfo(A.dtype).eps, A.dtype)
    least = np.zeros((), A.dtype) if atol is None else _number(atol, A)
    if rtol is not None:
        return least, _number(rtol, A)
    return least, usual if atol is None else choose(gt(least, constant(0, A.dtype)), constant(0, A.dtype), usual)


def _number(value: Any, A: Array) -> Any:
    return value.to(A.dtype) if hasattr(value, "to") else np.asarray(value, A.dtype)


def pinv(A: Array, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Array:
    """Return the Moore-Penrose pseudoinverse of matrices (..., M, N), which is (..., N, M).

    Singular values up to max(*atol*, *rtol* * the largest) count as 0: numbers, or tensors that broadcast to the stack.
    By default *atol* is 0, and *rtol* is max(M, N) times the dtype's eps, or 0 if *atol* is positive; *rcond* is an older
    name of *rtol*.  With *hermitian* the matrices are symmetric, and only the lower triangle is read.  The gradient is
    that of matrices of the same rank.

    >>> ag.linalg.pinv(ag.tensor([[2.0, 0.0], [0.0, 0.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.0]]
    """
    (check_square if hermitian else check_matrices)("linalg.pinv", A=A)
    least, share = _tolerances(A, atol, rcond if rtol is None else rtol)
    return pseudoinverse(A, least, share, hermitian=hermitian)[0]


def matrix_rank(A: Array, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Array:
    """Return the number of singular values of matrices (..., M, N) above max(*atol*, *rtol* * the largest), int64.

    *atol*, *rtol* and *hermitian* are as in ``pinv``; *tol* is an older name of *atol*, beside which *rtol* is 0.

    >>> ag.linalg.matrix_rank(ag.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    (check_square if hermitian else check_matrices)("linalg.matrix_rank", A=A)
    least, share = _tolerances(A, tol, 0.0) if tol is not None else _tolerances(A, atol, rtol)
    size = abs(eigvalsh(A)) if hermitian else svdvals(A)
    if not size.shape[-1]:
        return reduce_sum(gt(size, size), axis=(size.ndim - 1,))
    limit = maximum(least, share * reduce_max(size, axis=(size.ndim - 1,)))
    return reduce_sum(gt(size, unsqueeze(limit, -1)), axis=(size.ndim - 1,))


def lstsq(A: Array, B: Array, rcond: float | None = None, *, driver: str | None = None) -> LeastSquares:
    """Return (solution, residuals, rank, singular_values) of least squares: the X with the smallest ``|A @ X - B|``.

    *A* (..., M, N); *B* (..., M, K), or (..., M) for one right-hand side; X (..., N, K) or (..., N).  Of several X it is
    the smallest.  Singular values up to *rcond* times the largest count as 0, by default max(M, N) times the dtype's eps.

    X is ``pinv(A) @ B`` whatever the *driver*, which decides what comes with it, as in PyTorch: "gelsy", the default, gives
    the *rank*; "gels", which takes it to be full, the *residuals*; "gelsd" and "gelss" both and *singular_values*.  What is
    not given is empty.  *residuals* (..., K) are the sums of squares that remain, where M > N and every rank is N.

    >>> A, B = ag.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), ag.tensor([[1.0], [3.0], [5.0]])
    >>> ag.linalg.lstsq(A, B).solution
    tensor([[1.0000],
            [2.0000]])
    """
    name = "linalg.lstsq"
    check_matrices(name, A=A)
    _check_driver(name, driver, None, "gelsy", "gels", "gelsd", "gelss")
    vector = B.ndim == A.ndim - 1
    right = unsqueeze(B, -1) if vector else B
    check_matrices(name, A=A, B=right)
    rows, columns = A.shape[-2:]
    if right.shape[-2] != rows:
        raise ShapeError(
            f"{name}: A of shape {tuple(A.shape)} and B of shape {tuple(B.shape)} do not fit: expected {rows} rows of B"
        )
    broadcast_shapes(A.shape[:-2], right.shape[:-2])
    inverse, rank = pseudoinverse(A, *_tolerances(A, None, 0.0 if driver == "gels" else rcond), hermitian=False)
    X, nothing = inverse @ right, reshape_to(A[..., :0], shape=(0,))
    residuals = nothing
    full = driver == "gels" or (driver in ("gelsd", "gelss") and (plain(rank) == columns).all())
    if full and rows > columns:
        residuals = reduce_sum(square(A @ X - right), axis=(X.ndim - 2,))
    return LeastSquares(
        squeeze(X, -1) if vector else X,
        residuals,
        rank if driver != "gels" else cast(nothing, dtype=int64),
        svdvals(A) if driver in ("gelsd", "gelss") else nothing,
    )
