"""Triangles and diagonals: parts of matrices, read, cut out and written.

A diagonal's *offset* is 0 for the main one, positive to the right of it, negative below.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim
from .index import put_at
from .reduce import reduce_sum
from .shape import Shape, flatten, reshape_to
from .stacking import cat

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive
def triangle(x: Array, *, lower: bool, offset: int) -> Array:
    """Return x (..., M, N) with zeros above, or below, the diagonal that lies *offset* to the right of the main one."""
    return np.tril(x, offset) if lower else np.triu(x, offset)


triangle.vjp(x=lambda g, lower, offset: triangle(g, lower=lower, offset=offset))


@primitive(name="diagonal", view=True)
def diagonal_view(x: Array, *, offset: int, axes: tuple[int, int]) -> Array:
    out = x.diagonal(offset, *axes)
    out.flags.writeable = x.flags.writeable  # NumPy's is read-only for historical reasons
    return out


@primitive
def diagonal_into(x: Array, *, offset: int, axes: tuple[int, int], shape: Shape) -> Array:
    """Return zeros of *shape* with x on a diagonal: the partner of ``diagonal_view``."""
    out = np.zeros(shape, x.dtype)
    line = out.diagonal(offset, *axes)
    line.flags.writeable = True
    line[...] = x
    return out


diagonal_view.vjp(x=lambda g, offset, axes, x_shape: diagonal_into(g, offset=offset, axes=axes, shape=x_shape))
diagonal_into.vjp(x=lambda g, offset, axes: diagonal_view(g, offset=offset, axes=axes))


# ------------------------------------------------------------------------------------------------------------ triangles


def tril(input: Array, diagonal: int = 0) -> Array:
    """Return the lower triangle of matrices (..., M, N), up to *diagonal* (1 is right of the main one); zeros above.

    >>> ag.tril(ag.ones(2, 2)).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return _triangle("tril", input, True, diagonal)


def triu(input: Array, diagonal: int = 0) -> Array:
    """Return the upper triangle of matrices (..., M, N), from *diagonal* (1 is right of the main one); zeros below.

    >>> ag.triu(ag.ones(2, 2)).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    return _triangle("triu", input, False, diagonal)


def _triangle(name: str, input: Array, lower: bool, diagonal: int) -> Array:
    if input.ndim < 2:
        raise ShapeError(f"{name}: input has shape {tuple(input.shape)}, expected at least 2 dims")
    return triangle(input, lower=lower, offset=diagonal)


# ------------------------------------------------------------------------------------------------------------ diagonals


def diagonal(input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """Return a view of a diagonal of the dims *dim1* and *dim2*, as the last dim; *offset* 1 is right of the main one.

    >>> ag.diagonal(ag.arange(4).reshape(2, 2)).tolist()
    [0, 3]
    """
    return diagonal_view(input, offset=offset, axes=two_dims("diagonal", dim1, dim2, input.ndim))


def two_dims(name: str, dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    """Return two dims counted from the front; an error where they are the same."""
    axes = normalize_dim(dim1, ndim), normalize_dim(dim2, ndim)
    if axes[0] == axes[1]:
        raise ArgumentError(f"{name}: dim1={dim1} and dim2={dim2} are the same dim of {ndim}; give two different ones")
    return axes


def diag(input: Array, diagonal: int = 0) -> Array:
    """Return the diagonal of a matrix, or a matrix with a vector on its diagonal.

    >>> ag.diag(ag.tensor([1, 2])).tolist()
    [[1, 0], [0, 2]]
    """
    if input.ndim == 2:
        return diagonal_view(input, offset=diagonal, axes=(0, 1))
    if input.ndim != 1:
        raise ShapeError(f"diag: input has shape {tuple(input.shape)}, expected a vector or a matrix; use diagonal()")
    return diag_embed(input, diagonal)


def diag_embed(input: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Return matrices with the last dim of *input* on a diagonal, zeros elsewhere; their dims are *dim1* and *dim2*.

    Of input (..., N) the result is (..., N + abs(offset), N + abs(offset)), with the two new dims where they are asked
    for.  The partner of ``diagonal``.

    >>> ag.diag_embed(ag.tensor([[1, 2], [3, 4]])).tolist()
    [[[1, 0], [0, 2]], [[3, 0], [0, 4]]]
    """
    if input.ndim == 0:
        raise ShapeError("diag_embed: input is 0-d, expected at least one dim; use reshape(1)")
    axes = two_dims("diag_embed", dim1, dim2, input.ndim + 1)
    shape = list(input.shape[:-1])
    for axis in sorted(axes):
        shape.insert(axis, input.shape[-1] + abs(offset))
    return diagonal_into(input, offset=offset, axes=axes, shape=tuple(shape))


def diagflat(input: Array, offset: int = 0) -> Array:
    """Return a matrix with all elements of *input*, in order, on a diagonal.

    >>> ag.diagflat(ag.tensor([[1], [2]])).tolist()
    [[1, 0], [0, 2]]
    """
    return diag_embed(flatten(input), offset)


def trace(input: Array) -> Array:
    """Return the sum of the diagonal of a matrix.

    >>> ag.trace(ag.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    if input.ndim != 2:
        raise ShapeError(
            f"trace: input has shape {tuple(input.shape)}, expected a matrix; use linalg.diagonal().sum(-1)"
        )
    return reduce_sum(diagonal(input))


def block_diag(*tensors: Array) -> Array:
    """Return a matrix with *tensors* along its diagonal, one after the other, and zeros elsewhere.

    They are matrices, vectors, which are rows, or numbers.  Dtypes are promoted.  Raises ArgumentError without any.

    >>> ag.block_diag(ag.tensor([[1], [2]]), ag.tensor([3, 4])).tolist()
    [[1, 0, 0], [2, 0, 0], [0, 3, 4]]
    """
    if not tensors:
        raise ArgumentError("block_diag: there are no tensors; give at least one")
    blocks = []
    for i, x in enumerate(tensors):
        if x.ndim > 2:
            raise ShapeError(
                f"block_diag: tensor {i} has shape {tuple(x.shape)}, expected at most 2 dims; reshape() it"
            )
        blocks.append(x if x.ndim == 2 else reshape_to(x, shape=(1, math.prod(x.shape))))
    widths = [x.shape[1] for x in blocks]
    rows = []
    for i, x in enumerate(blocks):
        before, after = (np.zeros((x.shape[0], sum(part)), x.dtype) for part in (widths[:i], widths[i + 1 :]))
        rows.append(cat([before, x, after], 1))
    return cat(rows, 0)


def fill_diagonal(input: Array, fill_value: Any, wrap: bool = False) -> Array:
    """Return *input* with *fill_value* where all indices are equal; with *wrap* a tall matrix starts again after a gap.

    More than two dims must be of one size.

    >>> ag.zeros(2, 2).fill_diagonal_(5).tolist()
    [[5.0, 0.0], [0.0, 5.0]]
    """
    shape = tuple(input.shape)
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
        raise ShapeError(f"fill_diagonal: input has shape {shape}, expected two dims, or more of one size")
    step = sum([math.prod(shape[i:]) for i in range(1, len(shape) + 1)])  # from one element of the diagonal to the next
    places = slice(None, None if wrap else min(shape) * step, step)
    return reshape_to(put_at(flatten(input), np.asarray(fill_value, input.dtype), index=(places,)), shape=shape)
