"""Indices: views of regions, lookups, and the sums and writes that undo them.

``x[index]`` is taken apart as PyTorch does it: numbers, slices, None and ``...`` give a view first, then index arrays
and masks look up in that.  Lookups along one dim have the index as an operand; the general lookup has it as a static
parameter.  The gradient of a lookup is a sum into zeros, where what was read twice gets both gradients.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import of
from ..dtypes import zero
from ..errors import DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import along, normalize_dim
from .elementwise import cast
from .selection import gate
from .shape import Shape, broadcast_shapes, expand_to, flatten, plain, reshape_to
from .stacking import unbind

Index = tuple[Any, ...]


# --------------------------------------------------------------------------------------------------- regions and writes


@primitive(name="slice", view=True)
def slice_view(x: Array, *, index: Index) -> Array:
    """*index* holds numbers, slices, None and one ``...``, with which even a single element is a view."""
    return x[index]


@primitive
def slice_into(x: Array, *, index: Index, shape: Shape) -> Array:
    """Return zeros of *shape* with x in the region: the partner of ``slice_view``."""
    out = np.zeros(shape, x.dtype)
    out[index] = x
    return out


slice_view.vjp(x=lambda g, index, x_shape: slice_into(g, index=index, shape=x_shape))
slice_into.vjp(x=lambda g, index: slice_view(g, index=index))


@primitive(name="put")
def put_at(x: Array, v: Array, *, index: Index) -> Array:
    """Return a copy of x with v at *index*; of values for one place the last stays."""
    out = x.copy()
    out[index] = v
    return out


def _put_at_v(g: Array, index: Index) -> Array:
    if not _may_repeat(index):
        return g[index]
    stamps = np.empty(g.shape, np.int64)
    order = np.arange(stamps[index].size).reshape(stamps[index].shape)
    stamps[index] = order
    return gate(g[index], stamps[index] == order)  # what was written over has no influence


put_at.vjp(x=lambda g, index: put_at(g, zero(g.dtype), index=index), v=_put_at_v)


def _may_repeat(index: Index) -> bool:
    return any(type(i) is np.ndarray and i.dtype.kind != "b" for i in index)


# -------------------------------------------------------------------------------------------------------------- lookups


@primitive(name="index")
def take_at(x: Array, *, index: Index) -> Array:
    """*index* holds index arrays, masks and full slices."""
    return x[index]


@primitive
def add_at(x: Array, *, index: Index, shape: Shape) -> Array:
    """Return zeros of *shape* with x added at *index*: the partner of ``take_at``."""
    out = np.zeros(shape, x.dtype)
    if _may_repeat(index):
        places = np.arange(out.size).reshape(shape)[index]
        of(out).kernels.scatter_add_rows(out.reshape(-1, 1), places.reshape(-1), x.reshape(-1, 1))
    else:
        out[index] = x
    return out


take_at.vjp(x=lambda g, index, x_shape: add_at(g, index=index, shape=x_shape))
add_at.vjp(x=lambda g, index: take_at(g, index=index))


@primitive(name="index_select")
def take_along(x: Array, index: Array, *, axis: int) -> Array:
    """Return the places *index*, an array of any shape, of one axis, which its dims replace."""
    return x.take(index, axis)


@primitive
def add_along(x: Array, index: Array, *, axis: int, shape: Shape) -> Array:
    """Return zeros of *shape* with x added at the places *index* of one axis: the partner of ``take_along``."""
    out = np.zeros(shape, x.dtype)
    lead, size, rest = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
    rows = np.where(index < 0, index + size, index).reshape(-1)
    if lead != 1:  # out as (lead * size, rest)
        rows = (np.arange(lead)[:, None] * size + rows).reshape(-1)
    of(out).kernels.scatter_add_rows(out.reshape(lead * size, rest), rows, x.reshape(rows.size, rest))
    return out


take_along.vjp(x=lambda g, index, axis, x_shape: add_along(g, index, axis=axis, shape=x_shape), index=None)
add_along.vjp(x=lambda g, index, axis: take_along(g, index, axis=axis), index=None)


@primitive(name="gather")
def pick(x: Array, index: Array, *, axis: int) -> Array:
    """Return x at places that differ in one axis only: ``out[i, j] = x[i, index[i, j]]`` for axis 1 of 2."""
    return of(x).kernels.gather_along(x, index, axis)


@primitive
def add_picked(x: Array, index: Array, *, axis: int, shape: Shape) -> Array:
    """Return zeros of *shape* with x added at the places that ``pick`` reads."""
    return of(x).kernels.scatter_add_along(x, index, axis, shape)


pick.vjp(x=lambda g, index, axis, x_shape: add_picked(g, index, axis=axis, shape=x_shape), index=None)
add_picked.vjp(x=lambda g, index, axis: pick(g, index, axis=axis), index=None)


def grid(index: Any, axis: int) -> Index:
    """Return the index of every dim, so that they broadcast to the shape of *index*, which is that of *axis*."""
    ndim = index.ndim
    places: list[Any] = [np.arange(n).reshape((-1,) + (1,) * (ndim - 1 - d)) for d, n in enumerate(index.shape)]
    places[axis] = index
    return tuple(places)


# ------------------------------------------------------------------------------------------------ indexing as in x[...]


def parts(index: Any, ndim: int) -> tuple[Index, Index | None]:
    """Take *index* apart: the numbers, slices and new dims, and what then looks up in that view, if anything does."""
    items, arrays, ellipses = [], False, 0
    for i in index if type(index) is tuple else (index,):
        item = i if type(i) in _BASIC else _item(i)
        items.append(item)
        if item is Ellipsis:
            ellipses += 1
        elif type(item) is np.ndarray:
            arrays = True
    if not ellipses:
        items.append(Ellipsis)
    elif ellipses > 1:
        raise IndexError(f"index {index!r} has more than one ...; keep one")
    if not arrays:
        return tuple(items), None
    used = sum(1 if type(i) in (int, slice) else i.ndim if _is_mask(i) else 1 for i in items if _consumes(i))
    if used > ndim:
        raise IndexError(f"too many indices: {used} for a tensor of {ndim} dimensions")
    view: list[Any] = []
    lookup: list[Any] = []
    for i in items:
        if type(i) is np.ndarray:
            view += [slice(None)] * i.ndim if _is_mask(i) and i.ndim else [None if _is_mask(i) else slice(None)]
            lookup.append(i if i.ndim else i.reshape(1))  # a single True or False is a mask over a new dim
        elif i is Ellipsis:
            view += [slice(None)] * (ndim - used)
            lookup += [slice(None)] * (ndim - used)
        else:
            view.append(i)
            lookup += [] if type(i) is int else [slice(None)]
    while type(lookup[-1]) is slice:
        lookup.pop()
    return tuple(view), tuple(lookup)


def is_basic(index: Any) -> bool:
    """Return whether *index* holds numbers, slices, None and ``...`` only, so that what it names is a view."""
    if type(index) in _BASIC:
        return True
    items = index if type(index) is tuple else (index,)
    return not any(type(i) not in _BASIC and type(_item(i)) is np.ndarray for i in items)


_BASIC = frozenset({int, slice, type(None), type(Ellipsis)})


def _consumes(item: Any) -> bool:
    return item is not None and item is not Ellipsis


def _is_mask(item: Any) -> bool:
    return type(item) is np.ndarray and item.dtype.kind == "b"


def _item(item: Any) -> Any:
    """Return one part of an index as an int, a slice, None, ``...`` or an array of integers or booleans."""
    if type(item) is int or type(item) is slice or item is None or item is Ellipsis:
        return item
    if isinstance(item, list | range) and not len(item):
        return np.zeros(0, np.int64)
    array = np.asarray(plain(item) if hasattr(item, "data") else item)
    if array.dtype.kind not in "bui":
        raise IndexError(
            f"an index of type {type(item).__name__} and dtype {array.dtype} names no place: use integers, slices, "
            "None, "
            "..., or tensors of integers or booleans"
        )
    return int(array) if array.ndim == 0 and array.dtype.kind != "b" else array


def getitem(input: Array, index: Any) -> Array:
    """Return ``input[index]``: a view for numbers, slices, None and ``...``; a copy for tensors, lists and masks.

    Slices may have negative steps.  Numbers beside tensors select first, as in PyTorch.  Raises IndexError for a place
    that *input* does not have.

    >>> x = ag.arange(6).reshape(2, 3)
    >>> x[1, ::2].tolist(), x[:, [2, 0]].tolist(), x[x > 3].tolist()
    ([3, 5], [[2, 0], [5, 3]], [4, 5])
    """
    if type(index) is int or type(index) is slice:
        return slice_view(input, index=(index, ...))
    if type(index) not in _BASIC and type(index) is not tuple and input.ndim:
        places = _item(index)
        if type(places) is np.ndarray and places.ndim and places.dtype.kind != "b":
            return take_along(input, places, axis=0)
    view, lookup = parts(index, input.ndim)
    if lookup is None:
        return slice_view(input, index=view)
    x = input if is_everything(view) else slice_view(input, index=view)
    if type(lookup[-1]) is np.ndarray and lookup[-1].dtype.kind != "b" and all(type(i) is slice for i in lookup[:-1]):
        return take_along(x, lookup[-1], axis=len(lookup) - 1)
    return take_at(x, index=lookup)


def is_everything(view: Index) -> bool:
    return all(type(i) is slice and i == slice(None) for i in view)


def setitem(input: Array, value: Any, *, index: Any) -> Array:
    """Return a copy of *input* with *value* at ``[index]``: what ``input[index] = value`` makes of it.

    *value* broadcasts to the shape of ``input[index]``, and gets the dtype of *input*.  Where *index* names a place
    twice, the last value stays.

    >>> setitem(ag.zeros(4), 1, index=slice(1, 3))
    tensor([0., 1., 1., 0.])
    """
    v = value if hasattr(value, "dtype") else np.asarray(value, input.dtype)
    if v.dtype != input.dtype:
        v = cast(v, dtype=input.dtype)
    view, lookup = parts(index, input.ndim)
    if lookup is None:
        return _put(input, v, view)
    if is_everything(view):
        return _put(input, v, lookup)
    return put_at(input, _put(slice_view(input, index=view), v, lookup), index=view)


def _put(x: Array, v: Array, index: Index) -> Array:
    if v.ndim > 1:
        v = without_leading_ones(v, plain(x)[index].ndim)
    return put_at(x, v, index=index)


def without_leading_ones(value: Any, ndim: int) -> Any:
    """Return *value* with no more than *ndim* dims, as far as those in front are 1: ``x[0] = ones(1, 3)`` is meant to fit."""
    extra = getattr(value, "ndim", 0) - ndim
    if extra > 0 and all(n == 1 for n in value.shape[:extra]):
        return reshape_to(value, shape=tuple(value.shape[extra:]))
    return value


# ----------------------------------------------------------------------------------------------------- lookups by index


def check_index(name: str, index: Array, size: int, dim: int) -> None:
    """Raise unless *index* holds integers from 0 to size - 1."""
    if index.dtype.kind not in "ui":
        raise DtypeError(f"{name}: index has dtype {index.dtype}: expected integers; use index.long()")
    places = plain(index)
    if (wrong := of(places).kernels.first_outside(places, size)) >= 0:
        raise IndexError(
            f"{name}: index {places.flat[wrong]} is out of bounds for dim {dim} with size {size}: expected 0 to {size - 1}"
        )


def check_pick(name: str, input: Array, dim: int, index: Array) -> int:
    """Return *dim* counted from the front, if *index* fits *input*."""
    axis = normalize_dim(dim, input.ndim)
    sizes, shape = index.shape, input.shape
    fits = len(sizes) == len(shape) and (
        sizes == shape or all(m <= n for a, (m, n) in enumerate(zip(sizes, shape)) if a != axis)
    )
    if not fits:
        raise ShapeError(
            f"{name}: index of shape {tuple(index.shape)} does not fit input of shape {tuple(input.shape)}: it needs "
            "as many "
            f"dims, and no larger sizes except at dim {dim}; expand() or slice it"
        )
    check_index(name, index, input.shape[axis], dim)
    return axis


def gather(input: Array, dim: int, index: Array) -> Array:
    """Return ``out[i, j] = input[i, index[i, j]]`` for *dim* 1 of 2, and so on for other dims.

    The result has the shape of *index*.  Raises ShapeError where *index* is larger than *input* in another dim, and
    IndexError for a place outside.

    >>> ag.gather(ag.tensor([[1, 2], [3, 4]]), 1, ag.tensor([[0, 0], [1, 0]])).tolist()
    [[1, 1], [4, 3]]
    """
    if input.ndim == 0 and index.ndim == 0:
        line = gather(reshape_to(input, shape=(1,)), dim, reshape_to(index, shape=(1,)))
        return reshape_to(line, shape=())
    return pick(input, index, axis=check_pick("gather", input, dim, index))


def take_along_dim(input: Array, indices: Array, dim: int | None = None) -> Array:
    """Return what ``gather`` does, with *input* and *indices* broadcast outside *dim*; flat without *dim*.

    >>> x = ag.tensor([[3, 1], [2, 4]])
    >>> ag.take_along_dim(x, ag.argsort(x), 1).tolist()
    [[1, 3], [2, 4]]
    """
    if dim is None:
        return gather(flatten(input), 0, flatten(indices))
    if input.ndim != indices.ndim:
        raise ShapeError(
            f"take_along_dim: indices of shape {tuple(indices.shape)} and input of shape {tuple(input.shape)} differ "
            "in the "
            "number of dims; unsqueeze() one"
        )
    axis = normalize_dim(dim, input.ndim)
    common = list(broadcast_shapes(*[[1 if a == axis else n for a, n in enumerate(x.shape)] for x in (input, indices)]))
    wide, places = ((*common[:axis], x.shape[axis], *common[axis + 1 :]) for x in (input, indices))
    return gather(expand_to(input, shape=wide), axis, expand_to(indices, shape=places))


def index_select(input: Array, dim: int, index: Array) -> Array:
    """Return the places *index*, a vector of integers, of *dim*.

    >>> ag.index_select(ag.arange(6).reshape(2, 3), 1, ag.tensor([2, 0])).tolist()
    [[2, 0], [5, 3]]
    """
    axis = normalize_dim(dim, input.ndim)
    if index.ndim > 1:
        raise ShapeError(
            f"index_select: index has shape {tuple(index.shape)}, expected a vector; use input[..., index]"
        )
    check_index("index_select", index, input.shape[axis], dim)
    return take_along(input, index if index.ndim else reshape_to(index, shape=(1,)), axis=axis)


def select(input: Array, dim: int, index: int) -> Array:
    """Return a view of the place *index* of *dim*, without that dim.

    >>> ag.select(ag.arange(6).reshape(2, 3), 1, -1).tolist()
    [2, 5]
    """
    return slice_view(input, index=(*along(*check_place("select", input, dim, index)), ...))


def check_place(name: str, input: Array, dim: int, index: int) -> tuple[int, int]:
    """Return *dim* and *index*, a place of it, both counted from the front."""
    if input.ndim == 0:
        raise IndexError(f"{name}: input is 0-d, and has no dim to choose a place of; use reshape(1)")
    axis, place = normalize_dim(dim, input.ndim), operator.index(index)
    size = input.shape[axis]
    if not -size <= place < size:
        raise IndexError(
            f"{name}: index {place} is out of range for dim {dim} of size {size}: expected {-size} to {size - 1}"
        )
    return axis, place % size


def take(input: Array, index: Array) -> Array:
    """Return the elements of the flat *input* at *index*, integers of any shape, which the result has too.

    Negative ones count from the end.  Raises IndexError for a place that *input* does not have.

    >>> ag.take(ag.tensor([[4, 3, 5], [6, 7, 8]]), ag.tensor([0, 2, -1])).tolist()
    [4, 5, 8]
    """
    return take_along(flatten(input), from_the_front("take", index, math.prod(input.shape), -1), axis=0)


def from_the_front(name: str, index: Array, size: int, dim: int) -> Any:
    """Return the array of *index* with its negative places counted from the front; an error where one is not there."""
    places = plain(index)
    if places.dtype.kind == "i":
        places = places.astype(np.int64)
        places[(places < 0) & (places >= -size)] += size
    check_index(name, places, size, dim)
    return places


# --------------------------------------------------------------------------------------------------------------- places


@primitive(name="nonzero")
def places_of(x: Array) -> Array:
    return np.argwhere(x)


places_of.vjp(x=None)


def nonzero(input: Array, *, as_tuple: bool = False) -> Any:
    """Return the places of the elements that are not zero: one row each, or with *as_tuple* one tensor for each dim.

    >>> ag.nonzero(ag.tensor([0, 5, 6])).tolist()
    [[1], [2]]
    """
    if as_tuple:
        return unbind(places_of(input if input.ndim else reshape_to(input, shape=(1,))), 1)
    return places_of(input)


def argwhere(input: Array) -> Array:
    """Return the places of the elements that are not zero, one row each.

    >>> ag.argwhere(ag.tensor([0, 5, 6])).tolist()
    [[1], [2]]
    """
    return places_of(input)


def unravel_index(indices: Array, shape: int | Sequence[int]) -> tuple[Array, ...]:
    """Return the places, one tensor for each dim of *shape*, of elements that are counted row by row.

    Negative *indices* count from the end.  Raises IndexError for an element that *shape* does not have.

    >>> rows, columns = ag.unravel_index(ag.tensor([1, 5]), (2, 3))
    >>> rows.tolist(), columns.tolist()
    ([0, 1], [1, 2])
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size < 0 for size in sizes):
        raise ShapeError(f"unravel_index: shape={shape} has a negative size; give the sizes of a tensor")
    from_the_front("unravel_index", indices, math.prod(sizes), -1)  # raises
    steps = [math.prod(sizes[dim + 1 :]) for dim in range(len(sizes))]
    return tuple([indices // (step or 1) % (size or 1) for step, size in zip(steps, sizes)])  # of no elements, nothing
