"""Systems of linear equations, and inverses.

A system that was solved is solved again, transposed, for its gradients; the inverse is never formed for that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...backend import of
from ...errors import ArgumentError, ShapeError
from ...primitive import Array, primitive
from ..diagonal import triangle
from ..shape import broadcast_shapes, movedim, reshape_to, squeeze, unsqueeze
from .checks import attempt, check_info, check_matrices, check_square

__all__ = [
    "inv",
    "inv_ex",
    "inverse",
    "solve",
    "solve_ex",
    "solve_systems",
    "solve_triangle",
    "solve_triangular",
    "tensorinv",
    "tensorsolve",
]


class Inverse(NamedTuple):
    """What ``inv_ex`` returns."""

    inverse: Array
    info: Array


class Solved(NamedTuple):
    """What ``solve_ex`` returns."""

    result: Array
    info: Array


def _zero_pivots(x: Any, singular: Any) -> Any:
    """Return 0, and for each *singular* matrix where elimination comes upon a zero, from 1: the info of LAPACK."""
    info = np.zeros(singular.shape, np.int32)
    if singular.any():
        factors, _ = of(x).kernels.lu(x[singular])
        info[singular] = np.abs(factors.diagonal(0, -2, -1)).argmin(-1) + 1
    return info


def _says_singular(k: int) -> str:
    return (
        f"the matrix is singular: elimination finds a zero at place {k} of the diagonal. Use linalg.pinv or linalg.lstsq, "
        "or add a small number to the diagonal"
    )


# ------------------------------------------------------------------------------------------------------------- inverses


@primitive(name="inv", aux=("info",))
def inverse(x: Array) -> Array:
    """Return the inverse, NaN where there is none, and 0 or the place of the zero that elimination came upon."""
    out, singular = attempt(np.linalg.inv, x)
    return out, _zero_pivots(x, singular)


inverse.vjp(x=lambda g, out: -(out.mT @ g @ out.mT))


def inv(A: Array) -> Array:
    """Return the inverse of square matrices (..., N, N).

    ``solve(A, B)`` is faster and more exact than ``inv(A) @ B``.  Raises LinAlgError for a singular matrix, by its place
    in the stack.

    >>> ag.linalg.inv(ag.tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    check_square("linalg.inv", A=A)
    out, info = inverse(A)
    check_info("linalg.inv", info, _says_singular)
    return out


def inv_ex(A: Array, *, check_errors: bool = False) -> Inverse:
    """Return (inverse, info) without an error for singular matrices, unless *check_errors*.

    *info* is 0 for each invertible matrix; of a singular one it is the place, from 1, of a zero on the diagonal of U in
    A = P L U, and the inverse is NaN.

    >>> ag.linalg.inv_ex(ag.tensor([[1.0, 1.0], [1.0, 1.0]])).info
    tensor(2, dtype=int32)
    """
    check_square("linalg.inv_ex", A=A)
    found = Inverse(*inverse(A))
    if check_errors:
        check_info("linalg.inv_ex", found.info, _says_singular)
    return found


def tensorinv(A: Array, ind: int = 2) -> Array:
    """Return the inverse of ``tensordot(A, X, X.ndim)`` as a map of X.

    The product of the first *ind* sizes of *A* and that of the others are equal; the result has the latter first.

    >>> ag.linalg.tensorinv(ag.eye(6).reshape(2, 3, 6)).shape
    (6, 2, 3)
    """
    if ind < 1:
        raise ArgumentError(f"linalg.tensorinv: ind={ind} must be 1 or more")
    rows, columns = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if (size := math.prod(rows)) != math.prod(columns):
        raise ShapeError(
            f"linalg.tensorinv: the first ind={ind} sizes of A, {rows}, and the others, {columns}, have products {size} "
            f"and {math.prod(columns)}, which must be equal; choose another ind"
        )
    return reshape_to(inv(reshape_to(A, shape=(size, size))), shape=columns + rows)


# -------------------------------------------------------------------------------------------------------------- systems


@primitive(name="solve", aux=("info",))
def solve_systems(a: Array, b: Array) -> Array:
    """Return x with a x = b for a (..., N, N) and b (..., N, K), and for each a what ``inverse`` returns beside it."""
    out, refused = attempt(np.linalg.solve, a, b)
    singular = attempt(np.linalg.inv, a)[1] if refused.any() else np.zeros(a.shape[:-2], bool)
    return out, _zero_pivots(a, singular)


def _solve_b(g: Array, a: Array) -> Array:
    return solve_systems(a.mT, g)[0]


def _solve_both(g: Array, a: Array, out: Array) -> tuple[Array, Array]:
    b = _solve_b(g, a)
    return -(b @ out.mT), b


solve_systems.vjp(a=lambda g, a, out: _solve_both(g, a, out)[0], b=_solve_b)
solve_systems.fuse(_solve_both)


def _is_vector(A: Array, B: Array) -> bool:
    """Return whether *B* is one right-hand side for each matrix, not a matrix of them, as PyTorch reads it."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and A.shape[:-1] == B.shape)


def _solved(name: str, A: Array, B: Array, left: bool) -> Solved:
    check_square(name, A=A)
    if vector := _is_vector(A, B):
        if not left:
            raise ArgumentError(
                f"{name}: left=False and B of shape {tuple(B.shape)} is a vector: expected a matrix; unsqueeze() it"
            )
        B = unsqueeze(B, -1)
    check_matrices(name, A=A, B=B)
    _check_fit(name, A, B, left)
    x, info = solve_systems(A, B) if left else solve_systems(A.mT, B.mT)
    if vector:
        x = squeeze(x, -1)
    return Solved(x if left else x.mT, info)


def _check_fit(name: str, A: Array, B: Array, left: bool) -> None:
    dim = -2 if left else -1
    if A.shape[-1] != B.shape[dim]:
        raise ShapeError(
            f"{name}: A of shape {tuple(A.shape)} and B of shape {tuple(B.shape)} do not fit: expected size {A.shape[-1]} "
            f"at dim {dim} of B, since left={left}"
        )
    broadcast_shapes(A.shape[:-2], B.shape[:-2])


def solve(A: Array, B: Array, *, left: bool = True) -> Array:
    """Return the solution X of ``A @ X = B``, or of ``X @ A = B`` with left=False.

    *A* (..., N, N); *B* (..., N, K), or (..., K, N) with left=False, or (..., N) for one right-hand side; leading dims
    broadcast.  Raises LinAlgError for a singular matrix, by its place in the stack.

    >>> ag.linalg.solve(ag.tensor([[2.0, 0.0], [0.0, 4.0]]), ag.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    x, info = _solved("linalg.solve", A, B, left)
    check_info("linalg.solve", info, _says_singular)
    return x


def solve_ex(A: Array, B: Array, *, left: bool = True, check_errors: bool = False) -> Solved:
    """Return (result, info) of ``solve`` without an error for singular matrices, unless *check_errors*.

    Where *info* is not 0, as ``inv_ex`` says it, the result is NaN.

    >>> ag.linalg.solve_ex(ag.eye(2), ag.ones(2)).result
    tensor([1., 1.])
    """
    found = _solved("linalg.solve_ex", A, B, left)
    if check_errors:
        check_info("linalg.solve_ex", found.info, _says_singular)
    return found


def tensorsolve(A: Array, B: Array, dims: Sequence[int] | None = None) -> Array:
    """Return the solution X of ``tensordot(A, X, X.ndim) = B``, after *dims* of *A* were moved to the end.

    >>> ag.linalg.tensorsolve(ag.eye(6).reshape(2, 3, 6), ag.ones(2, 3)).shape
    (6,)
    """
    if dims is not None:
        A = movedim(A, tuple(dims), tuple(range(-len(dims), 0)))
    shape, size = tuple(A.shape[B.ndim :]), math.prod(B.shape)
    if math.prod(shape) != size or math.prod(A.shape[: B.ndim]) != size:
        raise ShapeError(
            f"linalg.tensorsolve: A of shape {tuple(A.shape)} and B of shape {tuple(B.shape)} do not fit: expected A of "
            f"the shape of B and further sizes with the product {size}"
        )
    flat = solve(reshape_to(A, shape=(size, size)), reshape_to(B, shape=(size,)))
    return reshape_to(flat, shape=shape)


# ------------------------------------------------------------------------------------------------------------ triangles


@primitive(name="solve_triangular")
def solve_triangle(a: Array, b: Array, *, upper: bool, unit: bool) -> Array:
    """Return x with a x = b, for a (..., N, N) of which one triangle is read, and with *unit* not the diagonal."""
    return of(a, b).kernels.solve_triangle(a, b, upper, unit)


def _triangle_b(g: Array, a: Array, upper: bool, unit: bool) -> Array:
    return solve_triangle(a.mT, g, upper=not upper, unit=unit)


def _triangle_both(g: Array, a: Array, out: Array, upper: bool, unit: bool) -> tuple[Array, Array]:
    b = _triangle_b(g, a, upper, unit)
    return -triangle(b @ out.mT, lower=not upper, offset=int(unit) if upper else -int(unit)), b


solve_triangle.vjp(a=lambda g, a, out, upper, unit: _triangle_both(g, a, out, upper, unit)[0], b=_triangle_b)
solve_triangle.fuse(_triangle_both)


def solve_triangular(A: Array, B: Array, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    """Return the solution X of ``A @ X = B``, or of ``X @ A = B`` with left=False, where *A* is a triangle.

    Only the *upper* or the lower triangle of *A* (..., N, N) is read, and with *unitriangular* a 1 for each element of
    the diagonal; only what is read gets a gradient.  *B* is (..., N, K), or (..., K, N) with left=False; leading dims
    broadcast.  A zero on the diagonal gives infinity or NaN, not an error.

    >>> ag.linalg.solve_triangular(ag.tensor([[2.0, 0.0], [1.0, 1.0]]), ag.ones(2, 1), upper=False).tolist()
    [[0.5], [0.5]]
    """
    check_square("linalg.solve_triangular", A=A)
    check_matrices("linalg.solve_triangular", A=A, B=B)
    _check_fit("linalg.solve_triangular", A, B, left)
    if left:
        return solve_triangle(A, B, upper=upper, unit=unitriangular)
    return solve_triangle(A.mT, B.mT, upper=not upper, unit=unitriangular).mT
