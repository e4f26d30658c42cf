"""Tensors joined, along a dim that they have or a new one, and taken apart again."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..primitive import Array, primitive
from .axes import along, normalize_dim
from .shape import Shape, atleast_1d, atleast_2d, atleast_3d, clone, plain, reshape_to

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="cat")
def join(*xs: Array, dim: int) -> Array:
    return np.concatenate(xs, dim)


def _join_part(g: Array, i: int, xs_shapes: tuple[Shape, ...], dim: int) -> Array:
    start = sum([shape[dim] for shape in xs_shapes[:i]])
    return g[along(dim, slice(start, start + xs_shapes[i][dim]))]


def _join_parts(g: Array, xs_shapes: tuple[Shape, ...], dim: int) -> list[Array]:
    bounds = accumulate([shape[dim] for shape in xs_shapes], initial=0)
    return [g[along(dim, slice(start, stop))] for start, stop in pairwise(bounds)]


join.vjp(xs=_join_part)
join.fuse(_join_parts)  # each part alone has to count those before it


@primitive(name="stack")
def join_anew(*xs: Array, dim: int) -> Array:
    """All operands have one shape, and *dim* is new."""
    if dim == 0:
        return np.concatenate([x[None] for x in xs])
    column = (*xs[0].shape[:dim], 1, *xs[0].shape[dim:])
    return np.concatenate([x.reshape(column) for x in xs], dim)


join_anew.vjp(xs=lambda g, i, dim: g[along(dim, i)])


# ---------------------------------------------------------------------------------------------------------------- joins


def cat(tensors: Sequence[Array], dim: int = 0) -> Array:
    """Join *tensors* along *dim*; all other sizes must be equal.

    Empty tensors of shape (0,) are passed over, as in PyTorch.  Raises ShapeError for shapes that do not fit.

    >>> ag.cat([ag.zeros(2, 3), ag.ones(1, 3)]).shape
    (3, 3)
    """
    xs = tuple(tensors)
    if not xs:
        raise ArgumentError("cat: tensors is empty; give at least one tensor")
    shapes = [x.shape for x in xs]
    if (0,) in shapes:
        xs = tuple([x for x in xs if x.shape != (0,)]) or xs[:1]
    d = normalize_dim(dim, xs[0].ndim)
    try:
        return join(*xs, dim=d)
    except ValueError as error:
        listed = ", ".join(map(str, shapes))
        if () in shapes:
            raise ShapeError(
                f"cat: a 0-d tensor among shapes {listed} has no dim to join along; use stack()"
            ) from error
        raise ShapeError(f"cat: all sizes but that of dim {dim} must be equal, but the shapes are {listed}") from error


concat = concatenate = cat


def stack(tensors: Sequence[Array], dim: int = 0) -> Array:
    """Join *tensors* of one shape along a new dim.

    >>> ag.stack([ag.zeros(3), ag.ones(3)], dim=1).shape
    (3, 2)
    """
    xs = tuple(tensors)
    if not xs:
        raise ArgumentError("stack: tensors is empty; give at least one tensor")
    shape = xs[0].shape
    for i, x in enumerate(xs):
        if x.shape != shape:
            raise ShapeError(f"stack: tensor {i} has shape {tuple(x.shape)}, the first has {shape}; all must be equal")
    return join_anew(*xs, dim=normalize_dim(dim, len(shape) + 1))


def hstack(tensors: Sequence[Array]) -> Array:
    """Join *tensors* side by side: vectors end to end, others along their second dim.

    >>> ag.hstack([ag.tensor([1, 2]), ag.tensor([3])]).tolist()
    [1, 2, 3]
    """
    xs = _given("hstack", tensors, atleast_1d)
    return cat(xs, 0 if xs[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Array]) -> Array:
    """Join *tensors* one below the other: along the first dim, vectors as rows.

    >>> ag.vstack([ag.tensor([1, 2]), ag.tensor([3, 4])]).tolist()
    [[1, 2], [3, 4]]
    """
    return cat(_given("vstack", tensors, atleast_2d))


row_stack = vstack


def dstack(tensors: Sequence[Array]) -> Array:
    """Join *tensors* one behind the other: along the third dim, vectors (N,) as (1, N, 1) and matrices as (M, N, 1).

    >>> ag.dstack([ag.tensor([1, 2]), ag.tensor([3, 4])]).tolist()
    [[[1, 3], [2, 4]]]
    """
    return cat(_given("dstack", tensors, atleast_3d), 2)


def column_stack(tensors: Sequence[Array]) -> Array:
    """Join *tensors* along the second dim, vectors as columns.

    >>> ag.column_stack([ag.tensor([1, 2]), ag.tensor([3, 4])]).tolist()
    [[1, 3], [2, 4]]
    """
    column = lambda xs: tuple([x if x.ndim > 1 else reshape_to(x, shape=(*x.shape, 1)) for x in atleast_1d(xs)])
    return cat(_given("column_stack", tensors, column), 1)


def _given(name: str, tensors: Sequence[Array], prepared: Callable[[Any], Any]) -> tuple[Array, ...]:
    """Return what *prepared* makes of *tensors*, if there are any."""
    xs = tuple(tensors)
    if not xs:
        raise ArgumentError(f"{name}: tensors is empty; give at least one tensor")
    made: tuple[Array, ...] = prepared(xs)
    return made


# ---------------------------------------------------------------------------------------------------------------- parts


def narrow(input: Array, dim: int, start: int, length: int) -> Array:
    """Return a view of *length* places of *dim*, from *start*.

    >>> ag.narrow(ag.arange(6), 0, 2, 3).tolist()
    [2, 3, 4]
    """
    if not input.ndim:
        raise ShapeError("narrow: input is 0-d, and has no dim to take a part of; use reshape(1)")
    d, start, length = normalize_dim(dim, input.ndim), operator.index(start), operator.index(length)
    size = input.shape[d]
    first = start + size if start < 0 else start
    if not 0 <= first <= size:
        raise IndexError(f"narrow: start={start} is out of range for dim {dim} of size {size}; use {-size} to {size}")
    if length < 0 or first + length > size:
        raise ShapeError(
            f"narrow: start={start} and length={length} exceed dim {dim} of size {size}; use a length of 0 to "
            f"{size - first}"
        )
    return input[along(d, slice(first, first + length))]


def narrow_copy(input: Array, dim: int, start: int, length: int) -> Array:
    """Return what ``narrow`` does, as a copy.

    >>> ag.narrow_copy(ag.arange(6), 0, 2, 3).tolist()
    [2, 3, 4]
    """
    return clone(narrow(input, dim, start, length))


def split(tensor: Array, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Array, ...]:
    """Split into views along *dim*: of one size (the last may be smaller), or of the given sizes.

    >>> [x.tolist() for x in ag.split(ag.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    d = _dim_to_split("split", dim, tensor)
    size = tensor.shape[d]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step < 0 or (step == 0 and size):
            raise ArgumentError(f"split: split_size={step} must be positive for dim {dim} of size {size}")
        starts = list(range(0, max(size, 1), step or 1))
        return tuple([tensor[along(d, slice(start, start + step))] for start in starts])
    sections = [operator.index(n) for n in split_size_or_sections]
    if sum(sections) != size or any(n < 0 for n in sections):
        raise ShapeError(f"split: sections {sections} must be 0 or more and sum to {size}, the size of dim {dim}")
    bounds = accumulate(sections, initial=0)
    return tuple([tensor[along(d, slice(start, stop))] for start, stop in pairwise(bounds)])


def _dim_to_split(name: str, dim: int, input: Array) -> int:
    if not input.ndim:
        raise ShapeError(f"{name}: the tensor is 0-d, and has no dim to split; use reshape(1)")
    return normalize_dim(dim, input.ndim)


def split_with_sizes(input: Array, split_sizes: Sequence[int], dim: int = 0) -> tuple[Array, ...]:
    """Split into views along *dim*, of the given sizes, which sum to its size.

    >>> [x.tolist() for x in ag.split_with_sizes(ag.arange(5), [2, 3])]
    [[0, 1], [2, 3, 4]]
    """
    return split(input, list(split_sizes), dim)


def tensor_split(input: Array, indices_or_sections: Any, dim: int = 0) -> tuple[Array, ...]:
    """Split into views along *dim*: before each of the given places, or into that many parts, the first ones larger by 1.

    Places are numbers as in slices; they and the number of parts may also be a tensor.

    >>> [x.tolist() for x in ag.tensor_split(ag.arange(5), 2)], [x.tolist() for x in ag.tensor_split(ag.arange(5), (1, 3))]
    ([[0, 1, 2], [3, 4]], [[0], [1, 2], [3, 4]])
    """
    d = _dim_to_split("tensor_split", dim, input)
    given = plain(indices_or_sections).tolist() if hasattr(indices_or_sections, "dtype") else indices_or_sections
    if isinstance(given, Sequence):
        bounds = [None, *map(operator.index, given), None]
        return tuple([input[along(d, slice(start, stop))] for start, stop in pairwise(bounds)])
    sections = operator.index(given)
    if sections < 1:
        raise ArgumentError(f"tensor_split: indices_or_sections={sections} must be 1 or more, or a sequence of places")
    part, longer = divmod(input.shape[d], sections)
    return split(input, [part + (i < longer) for i in range(sections)], d)


def hsplit(input: Array, indices_or_sections: Any) -> tuple[Array, ...]:
    """Split into columns: equal parts of the second dim, of a vector its only one, or parts before the given places.

    >>> [x.tolist() for x in ag.hsplit(ag.arange(4).reshape(2, 2), 2)]
    [[[0], [2]], [[1], [3]]]
    """
    return _split_evenly("hsplit", input, indices_or_sections, 1 if input.ndim > 1 else 0, 1)


def vsplit(input: Array, indices_or_sections: Any) -> tuple[Array, ...]:
    """Split into rows: equal parts of the first dim of at least two, or parts before the given places.

    >>> [x.tolist() for x in ag.vsplit(ag.arange(4).reshape(2, 2), 2)]
    [[[0, 1]], [[2, 3]]]
    """
    return _split_evenly("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Array, indices_or_sections: Any) -> tuple[Array, ...]:
    """Split in depth: equal parts of the third dim, or parts before the given places.

    >>> [x.shape for x in ag.dsplit(ag.zeros(2, 3, 4), 2)]
    [(2, 3, 2), (2, 3, 2)]
    """
    return _split_evenly("dsplit", input, indices_or_sections, 2, 3)


def _split_evenly(name: str, input: Array, indices_or_sections: Any, dim: int, ndim: int) -> tuple[Array, ...]:
    if input.ndim < ndim:
        raise ShapeError(f"{name}: input has shape {tuple(input.shape)}, expected at least {ndim} dims")
    if isinstance(indices_or_sections, int) and (indices_or_sections < 1 or input.shape[dim] % indices_or_sections):
        raise ShapeError(
            f"{name}: dim {dim} of size {input.shape[dim]} has no {indices_or_sections} equal parts; use tensor_split()"
        )
    return tensor_split(input, indices_or_sections, dim)


def chunk(input: Array, chunks: int, dim: int = 0) -> tuple[Array, ...]:
    """Split into at most *chunks* views of ceil(size / chunks) each; the last may be smaller, and fewer may come out.

    >>> [len(x) for x in ag.chunk(ag.arange(7), 3)]
    [3, 3, 1]
    """
    if chunks < 1:
        raise ArgumentError(f"chunk: chunks={chunks} must be 1 or more")
    size = input.shape[_dim_to_split("chunk", dim, input)]
    return split(input, -(-size // chunks), dim) if size else split(input, [0] * chunks, dim)


def unbind(input: Array, dim: int = 0) -> tuple[Array, ...]:
    """Return a view of each place along *dim*, without that dim.

    >>> [x.tolist() for x in ag.unbind(ag.arange(4).reshape(2, 2))]
    [[0, 1], [2, 3]]
    """
    d = _dim_to_split("unbind", dim, input)
    return tuple([input[along(d, i)] for i in range(input.shape[d])])
