"""Norms of vectors and of matrices, and the condition of a matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from ...dtypes import as_dtype, constant, is_floating
from ...errors import ArgumentError, DtypeError, ShapeError
from ...primitive import Array
from ..axes import normalize_dims
from ..compare import ne
from ..elementwise import cast
from ..extrema import reduce_max, reduce_min
from ..norm import norm as norm_over
from ..reduce import check_floating, reduce_sum
from ..rounding import abs
from ..selection import choose
from ..shape import movedim, reshape_to, unsqueeze
from .checks import check_matrices, check_square
from .solve import inverse
from .spectrum import svdvals

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]

Order: TypeAlias = float | str | None


def _converted(name: str, x: Array, dtype: Any) -> Array:
    """Return *x*, which must be floating, in *dtype*, if that is given and loses nothing, as PyTorch asks of norms."""
    check_floating(name, x)
    if dtype is None:
        return x
    wanted = as_dtype(dtype)
    if not is_floating(wanted) or wanted.itemsize < x.dtype.itemsize:
        raise DtypeError(
            f"{name}: dtype={wanted} and an input of {x.dtype}: expected a floating dtype that is no narrower"
        )
    return cast(x, dtype=wanted)


def vector_norm(
    x: Array,
    ord: float = 2,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Array:
    """Return the norm of the elements over *dim*: one dim, several, or all, as of one vector.

    *ord*: a number p gives ``(sum |x|^p)^(1/p)``; inf and -inf the largest and smallest ``|x|``; 0 how many are not 0.  The
    gradient where the norm is 0 is 0.  *dtype* converts *x* first.

    >>> ag.linalg.vector_norm(ag.tensor([[3.0, 4.0], [6.0, 8.0]]), dim=1)
    tensor([ 5., 10.])
    """
    if not isinstance(ord, int | float):
        raise ArgumentError(f"linalg.vector_norm: ord={ord!r} is not a number; linalg.matrix_norm takes names")
    return norm_over(_converted("linalg.vector_norm", x, dtype), ord, dim, keepdim)


def matrix_norm(
    A: Array, ord: float | str = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Array:
    """Return the norm of matrices (..., M, N), whose dims are *dim*.

    *ord*: "fro", the square root of the sum of squares; "nuc", the sum of singular values; 2 and -2, the largest and
    smallest singular value; 1 and -1, the largest and smallest sum of ``|A|`` over a column; inf and -inf, over a row.  Of
    several that are largest or smallest each gets an equal share of the gradient.  *dtype* converts *A* first.

    >>> ag.linalg.matrix_norm(ag.tensor([[3.0, 4.0], [0.0, 0.0]])), ag.linalg.matrix_norm(ag.ones(2, 3), float("inf"))
    (tensor(5.), tensor(3.))
    """
    name = "linalg.matrix_norm"
    if A.ndim < 2:
        raise ShapeError(f"{name}: A has shape {tuple(A.shape)}, expected matrices (..., M, N); use linalg.vector_norm")
    axes = normalize_dims(dim, A.ndim)
    if len(axes) != 2:
        raise ArgumentError(f"{name}: dim={dim} names {len(axes)} dims, expected 2: those of a matrix")
    A = _converted(name, A, dtype)
    if ord == "fro":
        return norm_over(A, 2, axes, keepdim)
    if ord not in ("nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise ArgumentError(f"{name}: ord={ord!r} is unknown: expected 'fro', 'nuc', inf, 1, 2 or their negatives")
    matrices = movedim(A, axes, (-2, -1))
    last = matrices.ndim - 2
    if ord in ("nuc", 2, -2):
        parts = svdvals(matrices)
    else:
        parts = reduce_sum(abs(matrices), axis=(last if ord in (1, -1) else last + 1,))
    if ord == "nuc" or not parts.shape[-1]:  # an empty matrix has the norm 0
        out = reduce_sum(parts, axis=(last,))
    else:
        out = (reduce_max if ord in (1, 2, math.inf) else reduce_min)(parts, axis=(last,))
    if keepdim:
        out = movedim(unsqueeze(unsqueeze(out, -1), -1), (-2, -1), axes)
    return out


def norm(
    A: Array, ord: Order = None, dim: int | Sequence[int] | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Array:
    """Return a norm of vectors or of matrices.

    *dim*: one dim for vectors, a pair for matrices.  Without *dim*, all elements are one vector if *ord* is None; else
    *A* is itself a vector or a matrix.  *ord* is that of ``vector_norm``, 2 by default, or of ``matrix_norm``.

    >>> ag.linalg.norm(ag.tensor([[3.0, 4.0], [0.0, 0.0]])), ag.linalg.norm(ag.ones(2, 3), 1)
    (tensor(5.), tensor(2.))
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        if A.ndim not in (1, 2):
            raise ShapeError(
                f"linalg.norm: A has shape {tuple(A.shape)}, expected a vector or a matrix, since ord={ord!r} and dim=None; "
                "give dim"
            )
        dim = range(A.ndim)
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) > 2:
        raise ArgumentError(f"linalg.norm: dim={dims} names {len(dims)} dims, expected 1 or 2, since ord={ord!r}")
    if len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise ArgumentError(
            f"linalg.norm: ord={ord!r} is a norm of matrices, but dim={dims}: give a pair, or a number as ord"
        )
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


def cond(A: Array, p: Order = None) -> Array:
    """Return the condition of matrices (..., M, N): how much a relative error may grow in ``solve``.

    *p* None or 2: the largest singular value over the smallest; -2: the smallest over the largest.  Other *p*, names or
    numbers of ``matrix_norm``: norm(A) * norm(inv(A)) of square matrices, infinite for singular ones.

    >>> ag.linalg.cond(ag.tensor([[2.0, 0.0], [0.0, 8.0]]))
    tensor(4.)
    """
    if p in (None, 2, -2):
        check_matrices("linalg.cond", A=A)
        values = svdvals(A)
        if not values.shape[-1]:
            return reduce_sum(values, axis=(values.ndim - 1,))
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    check_square("linalg.cond", A=A)
    assert p is not None
    if not A.shape[-1]:
        return reduce_sum(A, axis=(A.ndim - 2, A.ndim - 1))
    inverted, info = inverse(A)
    singular = ne(reshape_to(info, shape=(*info.shape, 1, 1)), constant(0, info.dtype))
    inverted = choose(singular, constant(math.inf, A.dtype), inverted)
    return matrix_norm(A, p) * matrix_norm(inverted, p)
