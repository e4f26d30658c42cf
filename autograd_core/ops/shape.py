"""Shapes: views of the same numbers, and the public functions composed from them.

Primitives take complete static shapes and non-negative axes.  The public functions below them have PyTorch's signatures
and accept -1 and negative dims.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..backend import of
from ..errors import ArgumentError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim, normalize_dims

Shape = tuple[int, ...]

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="reshape", view=True)
def reshape_to(x: Array, *, shape: Shape) -> Array:
    return x.reshape(shape)


reshape_to.vjp(x=lambda g, x_shape: reshape_to(g, shape=x_shape))


@primitive(name="permute", view=True)
def permute_axes(x: Array, *, axes: Shape | None) -> Array:
    """*axes* None reverses them all."""
    return x.transpose(axes)


@lru_cache(1024)
def _inverse(axes: Shape) -> Shape:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


permute_axes.vjp(x=lambda g, axes: permute_axes(g, axes=None if axes is None else _inverse(axes)))


@primitive(name="expand", view=True)
def expand_to(x: Array, *, shape: Shape) -> Array:
    """A read-only view in which size-1 and missing leading axes repeat with stride 0."""
    if x.flags.c_contiguous:  # made by hand: np.broadcast_to takes five times as long
        out = np.ndarray(shape, x.dtype, x, 0, _expanded_strides(x.shape, x.itemsize, shape))
        out.flags.writeable = False
        return out
    return np.broadcast_to(x, shape)


@lru_cache(4096)
def _expanded_strides(old: Shape, itemsize: int, new: Shape) -> Shape:
    lead = len(new) - len(old)
    if lead < 0 or any(n not in (1, m) for n, m in zip(old, new[lead:])):
        raise ShapeError(
            f"a tensor of shape {old} does not expand to {new}: each size must be equal or 1, from the right"
        )
    strides, stride = [0] * len(new), itemsize
    for i in reversed(range(len(old))):
        strides[lead + i] = 0 if old[i] == 1 else stride
        stride *= old[i]
    return tuple(strides)


@primitive
def sum_to(x: Array, *, shape: Shape) -> Array:
    """Sum over the axes that broadcasting *shape* to x's shape repeats: the partner of ``expand_to``."""
    lead = x.ndim - len(shape)
    if lead:
        x = np.add.reduce(x, 0) if lead == 1 else np.add.reduce(x, tuple(range(lead)))
    if x.shape != shape:
        x = np.add.reduce(x, tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1), keepdims=True)
    return x


expand_to.vjp(x=lambda g, x_shape: sum_to(g, shape=x_shape))
sum_to.vjp(x=lambda g, x_shape: expand_to(g, shape=x_shape))


@primitive
def clone(x: Array) -> Array:
    """Return a copy of x with its own memory; gradients flow through it.

    >>> ag.clone(ag.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    return x.copy()


clone.vjp(x=lambda g: g)


@primitive(name="as_strided", view=True)
def strided(x: Array, *, shape: Shape, strides: Shape, offset: int) -> Array:
    """Return ``out[i, j] = x.ravel()[offset + i * strides[0] + j * strides[1]]``, and so on for other dims.

    A view where x is contiguous, read-only where one element serves several places.
    """
    steps = tuple([n * x.itemsize for n in strides])
    out = np.ndarray(shape, x.dtype, np.ascontiguousarray(x), offset * x.itemsize, steps)
    if not x.flags.writeable or _overlaps(shape, strides):
        out.flags.writeable = False
    return out


@primitive
def strided_sum(x: Array, *, shape: Shape, strides: Shape, offset: int) -> Array:
    """Return zeros of *shape* with x added where ``strided`` reads: its partner."""
    places = np.full((1,) * x.ndim, offset)
    for axis, (n, step) in enumerate(zip(x.shape, strides)):
        places = places + (np.arange(n) * step).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    out = np.zeros(shape, x.dtype)
    of(out).kernels.scatter_add_rows(out.reshape(-1, 1), places.reshape(-1), x.reshape(-1, 1))
    return out


strided.vjp(
    x=lambda g, strides, offset, x_shape: strided_sum(g, shape=x_shape, strides=strides, offset=offset),
)
strided_sum.vjp(x=lambda g, strides, offset, x_shape: strided(g, shape=x_shape, strides=strides, offset=offset))


@lru_cache(1024)
def _overlaps(shape: Shape, strides: Shape) -> bool:
    """Return whether places may share an element: whether a step is no longer than all shorter ones together."""
    reach = 0
    for step, n in sorted(zip(strides, shape)):
        if n > 1:
            if step <= reach:
                return True
            reach += step * (n - 1)
    return False


# ----------------------------------------------------------------------------------------------------- views, regrouped


def sizes_of(sizes: tuple[Any, ...]) -> Shape:
    """The sizes of ``f(x, 2, 3)`` or ``f(x, (2, 3))``."""
    several = len(sizes) == 1 and isinstance(sizes[0], (tuple, list))  # a union would be built at each call
    return tuple(map(operator.index, sizes[0] if several else sizes))


@lru_cache(1024)
def _complete(shape: Shape, sizes: Shape, name: str) -> Shape:
    """*shape* with its one -1 computed; an error unless it holds as many elements as *sizes*."""
    numel = math.prod(sizes)
    if (unknown := shape.count(-1)) == 0:
        if math.prod(shape) == numel and (not shape or min(shape) >= 0):
            return shape
    elif unknown == 1 and min(shape) == -1:
        known = -math.prod(shape)
        if known and numel % known == 0:
            return tuple([numel // known if n == -1 else n for n in shape])
        if known == 0 and numel == 0:
            raise ShapeError(f"{name}: the -1 in shape {list(shape)} is ambiguous for an empty input; give that size")
    elif unknown > 1:
        raise ShapeError(f"{name}: only one size may be -1, but shape is {list(shape)}; give the others")
    if shape and min(shape) < -1:
        raise ShapeError(
            f"{name}: shape {list(shape)} has a negative size; sizes are 0 or more, or -1 for one to be computed"
        )
    raise ShapeError(
        f"{name}: shape {list(shape)} is invalid for input of size {numel}; the product of the sizes must be {numel}"
    )


def reshape(input: Array, *shape: Any) -> Array:
    """Return *input*'s elements in the given shape: a view where possible, otherwise a copy.

    One size may be -1 and is computed.  Sizes may be given one by one or as a tuple.  Raises ShapeError where the
    number of elements differs.

    >>> ag.reshape(ag.arange(6), (2, -1)).shape
    (2, 3)
    """
    return reshape_to(input, shape=_complete(sizes_of(shape), input.shape, "reshape"))


def view(input: Array, *shape: Any) -> Array:
    """Return a view of *input* in another shape; like reshape, but never a copy.

    Raises ShapeError where the strides of *input* do not allow it.

    >>> ag.arange(6).view(3, 2).shape
    (3, 2)
    """
    sizes = _complete(sizes_of(shape), input.shape, "view")
    out = reshape_to(input, shape=sizes)
    source = plain(input)
    if not source.flags.c_contiguous and 0 not in sizes and not np.may_share_memory(plain(out), source):
        raise ShapeError(
            f"view: a tensor of shape {tuple(input.shape)} and these strides has no view of shape {list(sizes)}; use "
            "reshape(), which copies"
        )
    return out


def view_as(input: Array, other: Array) -> Array:
    """Return ``input.view(other.shape)``.

    >>> ag.arange(4).view_as(ag.zeros(2, 2)).shape
    (2, 2)
    """
    return view(input, tuple(other.shape))


def reshape_as(input: Array, other: Array) -> Array:
    """Return ``input.reshape(other.shape)``.

    >>> ag.arange(4).reshape_as(ag.zeros(2, 2)).shape
    (2, 2)
    """
    return reshape(input, tuple(other.shape))


def contiguous(input: Array) -> Array:
    """Return *input* laid out row by row in memory; itself when it is already.

    >>> ag.contiguous(ag.zeros(2, 3).T).is_contiguous()
    True
    """
    return input if plain(input).flags.c_contiguous else clone(input)


def plain(x: Array) -> Any:
    """Return the array of a tensor, or the array itself."""
    return x if isinstance(x, _PLAIN) else x.array


_PLAIN = (np.ndarray, np.generic)


def flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    """Merge the dims from *start_dim* to *end_dim*, both included, into one.

    A 0-d input gives one element in one dim.  Raises IndexError for a dim out of range.

    >>> ag.flatten(ag.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    shape = input.shape
    merged = _flattened(shape, operator.index(start_dim), operator.index(end_dim))
    return input if merged == shape else reshape_to(input, shape=merged)


@lru_cache(1024)
def _flattened(shape: Shape, start_dim: int, end_dim: int) -> Shape:
    if not shape:
        normalize_dim(start_dim, 1), normalize_dim(end_dim, 1)
        return (1,)
    start, end = normalize_dim(start_dim, len(shape)), normalize_dim(end_dim, len(shape))
    if start > end:
        raise ArgumentError(
            f"flatten: start_dim={start_dim} comes after end_dim={end_dim} of {len(shape)} dims; swap them"
        )
    return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


def ravel(input: Array) -> Array:
    """Return *input* in one dim.

    >>> ag.ravel(ag.zeros(2, 3)).shape
    (6,)
    """
    return flatten(input)


def unflatten(input: Array, dim: int, sizes: Sequence[int]) -> Array:
    """Split *dim* into *sizes*, one of which may be -1.

    >>> ag.unflatten(ag.zeros(2, 12), 1, (3, -1)).shape
    (2, 3, 4)
    """
    shape = tuple(input.shape)
    d = normalize_dim(dim, len(shape))
    return reshape_to(
        input, shape=(*shape[:d], *_complete(sizes_of((sizes,)), (shape[d],), "unflatten"), *shape[d + 1 :])
    )


def squeeze(input: Array, dim: int | Sequence[int] | None = None) -> Array:
    """Remove dims of size 1: all of them, or those of *dim*; dims of other sizes stay.

    >>> ag.squeeze(ag.zeros(2, 1, 3, 1)).shape, ag.squeeze(ag.zeros(2, 1, 3, 1), -1).shape
    ((2, 3), (2, 1, 3))
    """
    if dim is not None:
        dim = sizes_of(tuple(dim)) if isinstance(dim, Iterable) else operator.index(dim)
    return reshape_to(input, shape=_squeezed(input.shape, dim))


@lru_cache(1024)
def _squeezed(shape: Shape, dim: int | Shape | None) -> Shape:
    dims = normalize_dims(dim, len(shape)) if shape else ()
    return tuple([n for i, n in enumerate(shape) if n != 1 or i not in dims])


def unsqueeze(input: Array, dim: int) -> Array:
    """Insert a dim of size 1 at *dim*, which may be -(ndim + 1) to ndim.

    >>> ag.unsqueeze(ag.zeros(3), 0).shape
    (1, 3)
    """
    shape = input.shape
    d = normalize_dim(dim, len(shape) + 1)
    return reshape_to(input, shape=(*shape[:d], 1, *shape[d:]))


def atleast_1d(*tensors: Array) -> Any:
    """Return a tensor with at least one dim; of several tensors, or a list, a tuple of such.

    >>> ag.atleast_1d(ag.tensor(5.0))
    tensor([5.])
    """
    return _each(tensors, lambda x: x if x.ndim else reshape_to(x, shape=(1,)))


def atleast_2d(*tensors: Array) -> Any:
    """Return a tensor with at least two dims, missing ones in front; of several tensors, or a list, a tuple of such.

    >>> ag.atleast_2d(ag.tensor([1.0, 2.0]))
    tensor([[1., 2.]])
    """
    return _each(tensors, lambda x: x if x.ndim > 1 else reshape_to(x, shape=(1, math.prod(x.shape))))


def atleast_3d(*tensors: Array) -> Any:
    """Return a tensor with at least three dims: a vector becomes (1, N, 1), a matrix (M, N, 1); several a tuple of such.

    >>> ag.atleast_3d(ag.zeros(2)).shape, ag.atleast_3d(ag.zeros(2, 3)).shape
    ((1, 2, 1), (2, 3, 1))
    """
    return _each(tensors, _in_three_dims)


def _in_three_dims(x: Array) -> Array:
    if x.ndim > 2:
        return x
    return reshape_to(x, shape=(*x.shape, 1) if x.ndim == 2 else (1, math.prod(x.shape), 1))


def _each(tensors: tuple[Any, ...], function: Callable[[Array], Array]) -> Any:
    """Return *function* of one tensor, or the tuple of it of several, given one by one or as a list."""
    if len(tensors) == 1 and not isinstance(tensors[0], tuple | list):
        return function(tensors[0])
    return tuple([function(x) for x in (tensors[0] if len(tensors) == 1 else tensors)])


# ---------------------------------------------------------------------------------------------------- views, axes moved


def permute(input: Array, *dims: Any) -> Array:
    """Return a view whose dim i is *input*'s ``dims[i]``.

    Raises ShapeError unless *dims* name each dim once.

    >>> ag.permute(ag.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    order, ndim = sizes_of(dims), len(input.shape)
    if len(order) != ndim:
        raise ShapeError(f"permute: dims={order} names {len(order)} dims, but input has {ndim}; name each of them once")
    return permute_axes(input, axes=tuple(normalize_dims(order, ndim)))


def transpose(input: Array, dim0: int, dim1: int) -> Array:
    """Return a view with two dims exchanged.

    >>> ag.transpose(ag.zeros(2, 3, 4), 0, -1).shape
    (4, 3, 2)
    """
    axes = _exchanged(input.ndim, operator.index(dim0), operator.index(dim1))
    return permute_axes(input, axes=axes) if axes else input


@lru_cache(1024)
def _exchanged(ndim: int, dim0: int, dim1: int) -> Shape:
    a, b = normalize_dim(dim0, ndim), normalize_dim(dim1, ndim)
    axes = list(range(ndim))
    if axes:
        axes[a], axes[b] = b, a
    return tuple(axes)


swapaxes = swapdims = transpose


def t(input: Array) -> Array:
    """Transpose a matrix; a vector or a scalar is returned as it is.

    >>> ag.t(ag.zeros(2, 3)).shape
    (3, 2)
    """
    if (ndim := len(input.shape)) > 2:
        raise ShapeError(
            f"t: input has {ndim} dims of shape {tuple(input.shape)}, expected at most 2; use .mT or permute()"
        )
    return permute_axes(input, axes=(1, 0)) if ndim == 2 else input


def adjoint(input: Array) -> Array:
    """Return a view with the last two dims exchanged: real numbers are their own conjugates.

    >>> ag.adjoint(ag.zeros(2, 3, 4)).shape
    (2, 4, 3)
    """
    return transpose(input, -2, -1)


def movedim(input: Array, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """Move the dims *source* to the positions *destination*; the others keep their order.

    >>> ag.movedim(ag.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    ndim = len(input.shape)
    starts, ends = (normalize_dims(d, ndim) for d in (source, destination))
    if len(starts) != len(ends):
        raise ShapeError(
            f"movedim: source={source} and destination={destination} differ in length; give a position for each dim"
        )
    order = [d for d in range(ndim) if d not in starts]
    for end, start in sorted(zip(ends, starts)):
        order.insert(end, start)
    return permute_axes(input, axes=tuple(order))


moveaxis = movedim


# ------------------------------------------------------------------------------------------------------ views, repeated


def expand(input: Array, *sizes: Any) -> Array:
    """Return a read-only view in which dims of size 1 are repeated to *sizes*.

    -1 keeps a size, and dims may be added in front.  Raises ShapeError where a size other than 1 would change.

    >>> ag.zeros(3, 1).expand(2, -1, 4).shape
    (2, 3, 4)
    """
    return expand_to(input, shape=_expanded(sizes_of(sizes), input.shape))


@lru_cache(1024)
def _expanded(want: Shape, shape: Shape) -> Shape:
    lead = len(want) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand: sizes={want} has fewer dims than input of shape {shape}; give a size, or -1, for each dim"
        )
    full = tuple([shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(want)])
    for i, n in enumerate(full):
        if n < 0:
            raise ShapeError(
                f"expand: sizes={want} has {n} for a new dim {i}; -1 is for dims that input of shape {shape} has, give "
                "the size"
            )
        if i >= lead and shape[i - lead] not in (1, n):
            raise ShapeError(
                f"expand: size {n} at dim {i} of sizes={want} does not match {shape[i - lead]} of input of shape "
                f"{shape}; only a size of 1 can grow"
            )
    return full


def broadcast_to(input: Array, shape: Sequence[int]) -> Array:
    """Return ``input.expand(shape)``.

    >>> ag.broadcast_to(ag.zeros(3), (2, 3)).shape
    (2, 3)
    """
    return expand(input, tuple(shape))


def expand_as(input: Array, other: Array) -> Array:
    """Return ``input.expand(other.shape)``.

    >>> ag.zeros(3).expand_as(ag.zeros(2, 3)).shape
    (2, 3)
    """
    return expand(input, tuple(other.shape))


def sum_to_size(input: Array, *size: Any) -> Array:
    """Return *input* summed over the dims that broadcasting *size* to its shape repeats: what undoes ``expand``.

    Raises ShapeError where *size* does not broadcast to that shape.

    >>> ag.ones(2, 3).sum_to_size(3)
    tensor([2., 2., 2.])
    """
    sizes, shape = sizes_of(size), tuple(input.shape)
    if len(sizes) > len(shape) or any(n not in (1, m) for n, m in zip(sizes[::-1], shape[::-1])):
        raise ShapeError(
            f"sum_to_size: size {sizes} does not broadcast to the shape {shape} of input; give one that does"
        )
    return input if sizes == shape else sum_to(input, shape=sizes)


def broadcast_shapes(*shapes: Sequence[int]) -> Shape:
    """Return the shape that tensors of *shapes* broadcast to.

    >>> ag.broadcast_shapes((3, 1), (2,))
    (3, 2)
    """
    out = [1] * max((len(s) for s in shapes), default=0)
    for shape in shapes:
        for i in range(-len(shape), 0):
            if shape[i] != 1:
                if out[i] not in (1, shape[i]):
                    raise ShapeError(
                        f"shapes {', '.join(str(tuple(s)) for s in shapes)} do not broadcast: "
                        f"sizes {out[i]} and {shape[i]} at dim {i} differ and neither is 1"
                    )
                out[i] = shape[i]
    return tuple(out)


def broadcast_tensors(*tensors: Array) -> tuple[Array, ...]:
    """Return each of *tensors* expanded to the shape of all.

    >>> [x.shape for x in ag.broadcast_tensors(ag.zeros(3, 1), ag.zeros(2))]
    [(3, 2), (3, 2)]
    """
    shape = broadcast_shapes(*(x.shape for x in tensors))
    return tuple([expand_to(x, shape=shape) for x in tensors])


def meshgrid(*tensors: Array, indexing: str = "ij") -> tuple[Array, ...]:
    """Return the coordinates of a grid over vectors, each of shape (len(tensors[0]), len(tensors[1]), ...).

    With *indexing* "xy" the first two dims are exchanged, as in plots.

    >>> [x.tolist() for x in ag.meshgrid(ag.arange(2), ag.arange(3))]
    [[[0, 0, 0], [1, 1, 1]], [[0, 1, 2], [0, 1, 2]]]
    """
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tuple(tensors[0])
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f'meshgrid: indexing={indexing!r} is unknown; use "ij" or "xy"')
    for i, x in enumerate(tensors):
        if len(x.shape) > 1:
            raise ShapeError(f"meshgrid: tensor {i} has shape {tuple(x.shape)}, expected one dim; flatten() it")
    sizes = [math.prod(x.shape) for x in tensors]
    count = len(tensors)
    axes = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    shape = tuple([sizes[a] for a in axes])
    columns = [reshape_to(x, shape=tuple([sizes[i] if a == i else 1 for a in axes])) for i, x in enumerate(tensors)]
    return tuple([expand_to(x, shape=shape) for x in columns])


# ------------------------------------------------------------------------------------------------------- views, overlaid


def unfold(input: Array, dimension: int, size: int, step: int) -> Array:
    """Return all windows of *size* places of a dim, each *step* after the one before, as one more dim at the end.

    Of n places there are (n - size) // step + 1 windows.  A view of a contiguous input, read-only where windows overlap,
    and a copy of any other; where windows overlap their gradients add up.

    >>> ag.arange(5).unfold(0, 3, 1).tolist()
    [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    """
    shape = tuple(input.shape) or (1,)
    axis = normalize_dim(dimension, len(shape))
    if not 0 <= size <= shape[axis] or step < 1:
        raise ArgumentError(
            f"unfold: size={size} and step={step} do not fit dim {dimension} of size {shape[axis]}; use a size of 0 to "
            f"{shape[axis]}, and a step of 1 or more"
        )
    if not input.ndim:
        return strided(input, shape=(size,), strides=(1,), offset=0)
    strides = [math.prod(shape[i:]) for i in range(1, len(shape) + 1)]
    windows = (*shape[:axis], (shape[axis] - size) // step + 1, *shape[axis + 1 :], size)
    steps = (*strides[:axis], strides[axis] * step, *strides[axis + 1 :], strides[axis])
    return strided(input, shape=windows, strides=steps, offset=0)


def as_strided(input: Array, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Array:
    """Return a view ``out[i, j] = memory[storage_offset + i * stride[0] + j * stride[1]]`` of a contiguous *input*.

    *storage_offset* counts from the first element of the memory that *input* looks into, by default it is that of *input*.
    The view is read-only where an element serves several places.  Raises ShapeError where a place lies outside *input*, or
    *input* is not contiguous.

    >>> ag.as_strided(ag.arange(6), (2, 2), (3, 1)).tolist()
    [[0, 1], [3, 4]]
    """
    shape, strides, array = sizes_of((tuple(size),)), sizes_of((tuple(stride),)), plain(input)
    if not array.flags.c_contiguous:
        raise ShapeError(
            f"as_strided: input of shape {array.shape} is not contiguous; use contiguous(), which copies it"
        )
    if len(shape) != len(strides) or min((*shape, *strides), default=0) < 0:
        raise ShapeError(f"as_strided: size={shape} and stride={strides} must be as many, and not negative")
    offset = 0 if storage_offset is None else storage_offset - memory_offset(array)
    last = offset + sum([(n - 1) * step for n, step in zip(shape, strides)])
    if 0 not in shape and not 0 <= offset <= last < array.size:
        raise ShapeError(
            f"as_strided: size={shape}, stride={strides} and storage_offset={storage_offset} reach elements {offset} to "
            f"{last} of an input that has {array.size}; keep within it"
        )
    return strided(input, shape=shape, strides=strides, offset=0 if 0 in shape else offset)


def memory_offset(array: np.ndarray) -> int:
    """Return how many elements of the memory that *array* looks into come before its first."""
    owner = array
    while type(owner.base) is np.ndarray:
        owner = owner.base
    return (array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]) // array.itemsize
