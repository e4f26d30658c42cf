"""Products of vectors and of matrices beyond ``matmul``, and matrices of powers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ...errors import ArgumentError, DtypeError, ShapeError
from ...primitive import Array
from ..axes import normalize_dim
from ..diagonal import diagonal as diagonal_of
from ..elementwise import pow
from ..linalg import matmul
from ..rearrange import roll_by
from ..reduce import check_floating, reduce_sum
from ..selection import choose
from ..shape import broadcast_shapes, expand_to, reshape_to, unsqueeze
from .checks import check_square
from .solve import inv

__all__ = ["cross", "diagonal", "matrix_power", "multi_dot", "vander", "vecdot"]


def cross(input: Array, other: Array, *, dim: int = -1) -> Array:
    """Return the cross product of vectors of three elements along *dim*; other dims broadcast.

    >>> ag.linalg.cross(ag.tensor([1.0, 0.0, 0.0]), ag.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    if input.ndim != other.ndim or not input.ndim:
        raise ShapeError(
            f"linalg.cross: input of shape {tuple(input.shape)} and other of shape {tuple(other.shape)} differ in the "
            "number of dims, or have none; unsqueeze() one"
        )
    axis = normalize_dim(dim, input.ndim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise ShapeError(
            f"linalg.cross: dim {dim} of input of shape {tuple(input.shape)} and of other of shape {tuple(other.shape)} "
            "must have size 3; choose another dim"
        )
    shape = broadcast_shapes(input.shape, other.shape)
    x, y = expand_to(input, shape=shape), expand_to(other, shape=shape)
    one, two = {"shifts": (-1,), "axes": (axis,)}, {"shifts": (-2,), "axes": (axis,)}
    return roll_by(x, **one) * roll_by(y, **two) - roll_by(x, **two) * roll_by(y, **one)


def vecdot(x: Array, y: Array, *, dim: int = -1) -> Array:
    """Return the inner products of vectors along *dim*; other dims broadcast.

    >>> ag.linalg.vecdot(ag.ones(2, 3), ag.tensor([1.0, 2.0, 3.0]))
    tensor([6., 6.])
    """
    check_floating("linalg.vecdot", x)
    if x.dtype != y.dtype:
        raise DtypeError(f"linalg.vecdot: x is {x.dtype} and y is {y.dtype}: expected one dtype; convert one with to()")
    shape = broadcast_shapes(x.shape, y.shape)
    return reduce_sum(x * y, axis=(normalize_dim(dim, len(shape)),))


def diagonal(A: Array, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Return a view of the diagonals of matrices (..., M, N), as the last dim; *offset* 1 is right of the main one.

    >>> ag.linalg.diagonal(ag.arange(4).reshape(2, 2)).tolist()
    [0, 3]
    """
    return diagonal_of(A, offset, dim1, dim2)


def matrix_power(A: Array, n: int) -> Array:
    """Return square matrices (..., N, N) to the power of an integer, by about 2 log2(n) products; below 0 of the inverse.

    >>> ag.linalg.matrix_power(ag.tensor([[1.0, 1.0], [0.0, 1.0]]), 3).tolist()
    [[1.0, 3.0], [0.0, 1.0]]
    """
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A has shape {tuple(A.shape)}, expected square matrices (..., N, N)")
    if n == 0:
        return choose(np.zeros(A.shape, bool), A, np.eye(A.shape[-1], dtype=A.dtype))
    if n < 0:
        check_square("linalg.matrix_power", A=A)
        A, n = inv(A), -n
    out, square = None, A
    while True:  # the product of A^(2^k) over the bits of n
        if n & 1:
            out = square if out is None else matmul(out, square)
        n >>= 1
        if not n:
            return out
        square = matmul(square, square)


def multi_dot(tensors: Sequence[Array]) -> Array:
    """Return the product of matrices, in the order of multiplications that takes the fewest.

    The first may be a vector, which is a row, and the last, which is a column; the result lacks those dims.

    >>> ag.linalg.multi_dot([ag.ones(2, 3), ag.ones(3, 4), ag.ones(4)])
    tensor([12., 12.])
    """
    xs = list(tensors)
    if len(xs) < 2:
        raise ArgumentError(f"linalg.multi_dot: tensors has {len(xs)} of them, expected at least 2")
    ends = [x.ndim == 1 for x in (xs[0], xs[-1])]
    if ends[0]:
        xs[0] = unsqueeze(xs[0], 0)
    if ends[1]:
        xs[-1] = unsqueeze(xs[-1], -1)
    for i, x in enumerate(xs):
        if x.ndim != 2:
            raise ShapeError(
                f"linalg.multi_dot: tensor {i} has shape {tuple(tensors[i].shape)}, expected a matrix; the first and the "
                "last may be vectors"
            )
        if i and xs[i - 1].shape[1] != x.shape[0]:
            raise ShapeError(
                f"linalg.multi_dot: tensors {i - 1} and {i} have shapes {tuple(tensors[i - 1].shape)} and "
                f"{tuple(tensors[i].shape)}, which do not multiply; transpose one?"
            )
    sizes = (xs[0].shape[0], *[x.shape[1] for x in xs])

    @cache
    def plan(first: int, last: int) -> tuple[int, int]:
        """Return how many multiplications the product of xs[first] to xs[last] takes, and before which to split it."""
        if first == last:
            return 0, first
        return min(
            (plan(first, k - 1)[0] + plan(k, last)[0] + sizes[first] * sizes[k] * sizes[last + 1], k)
            for k in range(first + 1, last + 1)
        )

    def product(first: int, last: int) -> Any:
        k = plan(first, last)[1]
        return xs[first] if first == last else matmul(product(first, k - 1), product(k, last))

    out = product(0, len(xs) - 1)
    return reshape_to(out, shape=tuple([n for n, vector in zip(out.shape, ends) if not vector])) if any(ends) else out


def vander(x: Array, N: int | None = None) -> Array:
    """Return the powers 0 to N - 1 of each element of vectors (..., M), as matrices (..., M, N); N is M by default.

    >>> ag.linalg.vander(ag.tensor([2, 3]), N=3).tolist()
    [[1, 2, 4], [1, 3, 9]]
    """
    vectors = x if x.ndim else reshape_to(x, shape=(1,))
    count = vectors.shape[-1] if N is None else N
    if count < 2:
        raise ArgumentError(f"linalg.vander: N={count} must be 2 or more")
    return pow(unsqueeze(vectors, -1), np.arange(count))
