"""Shapes: views of the same numbers, copies that join and reverse, and the public functions composed from them.

Primitives take complete static shapes and non-negative axes.  The public functions below them have PyTorch's signatures
and accept -1 and negative dims.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

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


@primitive(name="cat")
def join(*xs: Array, dim: int) -> Array:
    return np.concatenate(xs, dim)


def _join_part(g: Array, i: int, xs_shapes: tuple[Shape, ...], dim: int) -> Array:
    start = sum([shape[dim] for shape in xs_shapes[:i]])
    return _along(g, dim, slice(start, start + xs_shapes[i][dim]))


def _join_parts(g: Array, xs_shapes: tuple[Shape, ...], dim: int) -> list[Array]:
    bounds = accumulate([shape[dim] for shape in xs_shapes], initial=0)
    return [_along(g, dim, slice(start, stop)) for start, stop in pairwise(bounds)]


join.vjp(xs=_join_part)
join.fuse(_join_parts)  # each part alone has to count those before it


@primitive(name="stack")
def join_anew(*xs: Array, dim: int) -> Array:
    """All operands have one shape, and *dim* is new."""
    if dim == 0:
        return np.concatenate([x[None] for x in xs])
    column = (*xs[0].shape[:dim], 1, *xs[0].shape[dim:])
    return np.concatenate([x.reshape(column) for x in xs], dim)


join_anew.vjp(xs=lambda g, i, dim: _along(g, dim, i))


@primitive(name="flip")
def reverse(x: Array, *, axes: Shape) -> Array:
    return x[tuple([slice(None, None, -1 if i in axes else 1) for i in range(x.ndim)])].copy()


reverse.vjp(x=lambda g, axes: reverse(g, axes=axes))


@primitive(name="roll")
def roll_by(x: Array, *, shifts: Shape, axes: Shape) -> Array:
    return np.roll(x, shifts, axes)


roll_by.vjp(x=lambda g, shifts, axes: roll_by(g, shifts=tuple([-s for s in shifts]), axes=axes))


# ----------------------------------------------------------------------------------------------------- views, regrouped


def _sizes(sizes: tuple[Any, ...]) -> Shape:
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
    return reshape_to(input, shape=_complete(_sizes(shape), input.shape, "reshape"))


def view(input: Array, *shape: Any) -> Array:
    """Return a view of *input* in another shape; like reshape, but never a copy.

    Raises ShapeError where the strides of *input* do not allow it.

    >>> ag.arange(6).view(3, 2).shape
    (3, 2)
    """
    sizes = _complete(_sizes(shape), input.shape, "view")
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


def plain(x: Array) -> Any:
    """Return the array of a tensor, or the array itself."""
    return x if isinstance(x, _PLAIN) else x.data


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
        input, shape=(*shape[:d], *_complete(_sizes((sizes,)), (shape[d],), "unflatten"), *shape[d + 1 :])
    )


def squeeze(input: Array, dim: int | Sequence[int] | None = None) -> Array:
    """Remove dims of size 1: all of them, or those of *dim*; dims of other sizes stay.

    >>> ag.squeeze(ag.zeros(2, 1, 3, 1)).shape, ag.squeeze(ag.zeros(2, 1, 3, 1), -1).shape
    ((2, 3), (2, 1, 3))
    """
    if dim is not None:
        dim = _sizes(tuple(dim)) if isinstance(dim, Iterable) else operator.index(dim)
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


# ---------------------------------------------------------------------------------------------------- views, axes moved


def permute(input: Array, *dims: Any) -> Array:
    """Return a view whose dim i is *input*'s ``dims[i]``.

    Raises ShapeError unless *dims* name each dim once.

    >>> ag.permute(ag.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    order, ndim = _sizes(dims), len(input.shape)
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
    return expand_to(input, shape=_expanded(_sizes(sizes), input.shape))


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


# ----------------------------------------------------------------------------------------------------- joins and splits


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


def narrow(input: Array, dim: int, start: int, length: int) -> Array:
    """Return a view of *length* places of *dim*, from *start*.

    >>> ag.narrow(ag.arange(6), 0, 2, 3).tolist()
    [2, 3, 4]
    """
    d = normalize_dim(dim, len(input.shape))
    size = input.shape[d]
    first = start + size if start < 0 else start
    if not 0 <= first <= size:
        raise IndexError(f"narrow: start={start} is out of range for dim {dim} of size {size}; use {-size} to {size}")
    if length < 0 or first + length > size:
        raise ShapeError(
            f"narrow: start={start} and length={length} exceed dim {dim} of size {size}; use a length of 0 to "
            f"{size - first}"
        )
    return _along(input, d, slice(first, first + length))


def _along(x: Array, dim: int, index: Any) -> Array:
    return x[(slice(None),) * dim + (index,)]


def split(tensor: Array, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Array, ...]:
    """Split into views along *dim*: of one size (the last may be smaller), or of the given sizes.

    >>> [x.tolist() for x in ag.split(ag.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    d = normalize_dim(dim, len(tensor.shape))
    size = tensor.shape[d]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step < 0 or (step == 0 and size):
            raise ArgumentError(f"split: split_size={step} must be positive for dim {dim} of size {size}")
        starts = list(range(0, max(size, 1), step or 1))
        return tuple([_along(tensor, d, slice(start, start + step)) for start in starts])
    sections = list(split_size_or_sections)
    if sum(sections) != size or any(n < 0 for n in sections):
        raise ShapeError(f"split: sections {sections} must be 0 or more and sum to {size}, the size of dim {dim}")
    starts = [sum(sections[:i]) for i in range(len(sections))]
    return tuple([_along(tensor, d, slice(start, start + n)) for start, n in zip(starts, sections)])


def chunk(input: Array, chunks: int, dim: int = 0) -> tuple[Array, ...]:
    """Split into at most *chunks* views of ceil(size / chunks) each; the last may be smaller, and fewer may come out.

    >>> [len(x) for x in ag.chunk(ag.arange(7), 3)]
    [3, 3, 1]
    """
    if chunks < 1:
        raise ArgumentError(f"chunk: chunks={chunks} must be 1 or more")
    size = input.shape[normalize_dim(dim, len(input.shape))]
    return split(input, -(-size // chunks), dim) if size else split(input, [0] * chunks, dim)


def unbind(input: Array, dim: int = 0) -> tuple[Array, ...]:
    """Return a view of each place along *dim*, without that dim.

    >>> [x.tolist() for x in ag.unbind(ag.arange(4).reshape(2, 2))]
    [[0, 1], [2, 3]]
    """
    d = normalize_dim(dim, len(input.shape))
    return tuple([_along(input, d, i) for i in range(input.shape[d])])


# ------------------------------------------------------------------------------------------- reversed, rolled, repeated


def flip(input: Array, *dims: Any) -> Array:
    """Return a copy with the order of each of *dims* reversed.

    >>> ag.flip(ag.arange(3), 0).tolist()
    [2, 1, 0]
    """
    order = _sizes(dims)
    return reverse(input, axes=tuple(normalize_dims(order, len(input.shape))))


def roll(input: Array, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Array:
    """Shift the places of *dims*, or of the flat input, by *shifts*; those that leave at one end enter at the other.

    >>> ag.roll(ag.arange(4), 1).tolist()
    [3, 0, 1, 2]
    """
    steps = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    shape = tuple(input.shape)
    if dims is None:
        if len(steps) != 1:
            raise ArgumentError(f"roll: shifts={shifts} without dims; give one shift, or dims for each")
        return reshape_to(roll_by(reshape_to(input, shape=(math.prod(shape),)), shifts=steps, axes=(0,)), shape=shape)
    places = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(steps) != len(places):
        raise ArgumentError(f"roll: shifts={shifts} and dims={dims} differ in length; give one shift for each dim")
    return roll_by(input, shifts=steps, axes=tuple([normalize_dim(d, len(shape)) for d in places]))


def repeat(input: Array, *repeats: Any) -> Array:
    """Repeat *input* the given number of times along each dim; more numbers than dims add dims in front.

    >>> ag.tensor([1, 2]).repeat(2, 2).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    times, shape = _sizes(repeats), tuple(input.shape)
    lead = len(times) - len(shape)
    if lead < 0 or any(r < 0 for r in times):
        raise ShapeError(
            f"repeat: repeats={times} must have a number of 0 or more for each dim of input, which has shape {shape}"
        )
    full = (1,) * lead + shape
    pairs = reshape_to(input, shape=tuple([m for n in full for m in (1, n)]))
    tiled = expand_to(pairs, shape=tuple([m for r, n in zip(times, full) for m in (r, n)]))
    made = reshape_to(tiled, shape=tuple([r * n for r, n in zip(times, full)]))
    return made if any(r != 1 for r in times) else clone(made)  # else NumPy need not copy, and it would be a view


def tile(input: Array, *dims: Any) -> Array:
    """Repeat *input*; like ``repeat``, but missing numbers are 1.

    >>> ag.tile(ag.arange(2), (2,)).tolist()
    [0, 1, 0, 1]
    """
    times = _sizes(dims)
    return repeat(input, (1,) * (len(input.shape) - len(times)) + times)
