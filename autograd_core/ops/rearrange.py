"""Copies in another arrangement: reversed, turned, rolled, repeated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim, normalize_dims
from .index import take_along
from .shape import Shape, atleast_1d, clone, expand_to, flatten, plain, reshape_to, sizes_of, transpose

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="flip")
def reverse(x: Array, *, axes: Shape) -> Array:
    return x[tuple([slice(None, None, -1 if i in axes else 1) for i in range(x.ndim)])].copy()


reverse.vjp(x=lambda g, axes: reverse(g, axes=axes))


@primitive(name="roll")
def roll_by(x: Array, *, shifts: Shape, axes: Shape) -> Array:
    return np.roll(x, shifts, axes)


roll_by.vjp(x=lambda g, shifts, axes: roll_by(g, shifts=tuple([-s for s in shifts]), axes=axes))


# ---------------------------------------------------------------------------------------------------- reversed, turned


def flip(input: Array, *dims: Any) -> Array:
    """Return a copy with the order of each of *dims* reversed.

    >>> ag.flip(ag.arange(3), 0).tolist()
    [2, 1, 0]
    """
    order = sizes_of(dims)
    return reverse(input, axes=tuple(normalize_dims(order, len(input.shape))))


def fliplr(input: Array) -> Array:
    """Return a copy with the columns, the places of the second dim, in reverse order.

    >>> ag.fliplr(ag.tensor([[1, 2], [3, 4]])).tolist()
    [[2, 1], [4, 3]]
    """
    if input.ndim < 2:
        raise ShapeError(f"fliplr: input has shape {tuple(input.shape)}, expected at least two dims; use flip()")
    return reverse(input, axes=(1,))


def flipud(input: Array) -> Array:
    """Return a copy with the rows, the places of the first dim, in reverse order.

    >>> ag.flipud(ag.tensor([[1, 2], [3, 4]])).tolist()
    [[3, 4], [1, 2]]
    """
    if input.ndim < 1:
        raise ShapeError("flipud: input is 0-d, expected at least one dim")
    return reverse(input, axes=(0,))


def rot90(input: Array, k: int = 1, dims: Sequence[int] = (0, 1)) -> Array:
    """Return a copy turned by *k* quarters, from the first of *dims* towards the second; negative *k* turns back.

    >>> ag.rot90(ag.tensor([[0, 1], [2, 3]])).tolist()
    [[1, 3], [0, 2]]
    """
    axes = normalize_dims(sizes_of((tuple(dims),)), input.ndim)
    if len(axes) != 2:
        raise ArgumentError(f"rot90: dims={tuple(dims)} must name two dims of input of shape {tuple(input.shape)}")
    if k % 4 == 0:
        return clone(input)
    if k % 4 == 2:
        return reverse(input, axes=axes)
    turned = transpose(input, *axes)
    return reverse(turned, axes=axes[:1] if k % 4 == 1 else axes[1:])


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


# ------------------------------------------------------------------------------------------------------------- repeated


def repeat(input: Array, *repeats: Any) -> Array:
    """Repeat *input* the given number of times along each dim; more numbers than dims add dims in front.

    >>> ag.tensor([1, 2]).repeat(2, 2).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    times, shape = sizes_of(repeats), tuple(input.shape)
    lead = len(times) - len(shape)
    if lead < 0 or any(r < 0 for r in times):
        raise ShapeError(
            f"repeat: repeats={times} must have a number of 0 or more for each dim of input, which has shape {shape}"
        )
    full = (1,) * lead + shape
    pairs = reshape_to(input, shape=tuple([m for n in full for m in (1, n)]))
    tiled = expand_to(pairs, shape=tuple([m for r, n in zip(times, full) for m in (r, n)]))
    return _owned(reshape_to(tiled, shape=tuple([r * n for r, n in zip(times, full)])), times, full)


def _owned(made: Array, times: Shape, sizes: Shape) -> Array:
    """Return *made*, in which dims of *sizes* are repeated, with memory of its own: NumPy repeats one place without a copy."""
    return made if any(r > 1 and n > 1 for r, n in zip(times, sizes)) else clone(made)


def tile(input: Array, *dims: Any) -> Array:
    """Repeat *input*; like ``repeat``, but missing numbers are 1.

    >>> ag.tile(ag.arange(2), (2,)).tolist()
    [0, 1, 0, 1]
    """
    times = sizes_of(dims)
    return repeat(input, (1,) * (len(input.shape) - len(times)) + times)


def repeat_interleave(
    input: Array, repeats: Array | int | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Array:
    """Return *input* with each place of *dim*, of the flat input without it, *repeats* times in a row.

    *repeats* is a number, or a vector of one for each place.  Given alone, as *input*, the places themselves are repeated.
    *output_size* is their sum and need not be given; ShapeError is raised where it is another.

    >>> ag.repeat_interleave(ag.tensor([5, 6]), 2).tolist(), ag.repeat_interleave(ag.tensor([2, 0, 1])).tolist()
    ([5, 5, 6, 6], [0, 0, 2])
    """
    if repeats is None:
        if input.ndim != 1:
            raise ShapeError(f"repeat_interleave: repeats has shape {tuple(input.shape)}, expected a vector")
        return repeat_interleave(
            input * 0 + np.arange(input.shape[0], dtype=input.dtype), input, output_size=output_size
        )
    x, axis = (flatten(input), 0) if dim is None else (atleast_1d(input), normalize_dim(dim, input.ndim))
    size = x.shape[axis]
    counts = plain(repeats) if hasattr(repeats, "dtype") else np.asarray(repeats)
    if counts.dtype.kind not in "iu":
        raise DtypeError(f"repeat_interleave: repeats has dtype {counts.dtype}: expected integers; use repeats.long()")
    if counts.ndim > 1 or counts.size not in (1, size):
        raise ShapeError(
            f"repeat_interleave: repeats has shape {counts.shape}, expected a number, or a vector of {size} for the places "
            f"of dim {dim}"
        )
    if (counts < 0).any():
        raise ArgumentError(f"repeat_interleave: repeats has the negative number {counts.min()}; use 0 or more")
    total = int(counts.sum()) if counts.size == size else size * int(counts.item())
    if output_size not in (None, total):
        raise ShapeError(f"repeat_interleave: output_size={output_size}, but repeats sum to {total}; leave it out")
    if counts.size != 1:
        return take_along(x, np.repeat(np.arange(size), counts), axis=axis)
    column, wide = ((*x.shape[: axis + 1], n, *x.shape[axis + 1 :]) for n in (1, counts.item()))
    wider = expand_to(reshape_to(x, shape=column), shape=wide)
    return _owned(reshape_to(wider, shape=(*x.shape[:axis], total, *x.shape[axis + 1 :])), wide[axis + 1 :], (size,))
