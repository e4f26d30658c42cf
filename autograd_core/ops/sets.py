"""Tensors as sets: their distinct elements, membership, combinations and products.  NaN equals nothing, not even NaN."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim, numpy_names
from .index import take_along
from .shape import meshgrid, reshape_to
from .stacking import stack

NOTHING = np.empty(0, np.int64)

# ------------------------------------------------------------------------------------------------------ distinct elements


@primitive(name="unique", aux=("inverse", "counts"))
def distinct(x: Array, *, axis: int | None, more: bool) -> tuple[Array, Array, Array]:
    """Return what is distinct along *axis*, in order; with *more* where each element is in that, and how often each comes."""
    if not more:
        return np.unique(x, axis=axis, equal_nan=False), NOTHING, NOTHING
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    return values, inverse.reshape(x.shape if axis is None else -1), counts


@primitive(name="unique_consecutive", aux=("inverse", "counts"))
def distinct_runs(x: Array, *, axis: int | None, more: bool) -> tuple[Array, Array, Array]:
    """Return the first of each run of equals along *axis*; with *more* the run of each element, and how long each run is."""
    line, along = (x.reshape(-1), 0) if axis is None else (x, axis)
    n = line.shape[along]
    rows = np.moveaxis(line, along, 0)
    new = np.ones(n, bool)
    differ = np.not_equal(rows[1:], rows[:-1])
    new[1:] = differ.any(tuple(range(1, rows.ndim))) if rows.ndim > 1 else differ
    starts = np.flatnonzero(new)
    values = line.take(starts, along)
    if not more:
        return values, NOTHING, NOTHING
    inverse = np.cumsum(new) - 1
    return values, inverse.reshape(x.shape if axis is None else -1), np.diff(starts, append=n)


distinct.vjp(x=None)
distinct_runs.vjp(x=None)


@numpy_names
def unique(
    input: Array,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Return the distinct elements, or slices along *dim*, always in order; without derivative.

    With *return_inverse* also where each element of *input* is in them, and with *return_counts* how often each comes.

    >>> values, counts = ag.unique(ag.tensor([3, 1, 3]), return_counts=True)
    >>> values.tolist(), counts.tolist()
    ([1, 3], [1, 2])
    """
    return _distinct(distinct, "unique", input, dim, return_inverse, return_counts)


@numpy_names
def unique_consecutive(
    input: Array, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Return the first of each run of equal elements, or of equal slices along *dim*; without derivative.

    With *return_inverse* also in which run each element of *input* is, and with *return_counts* how long each is.

    >>> ag.unique_consecutive(ag.tensor([3, 3, 1, 3])).tolist()
    [3, 1, 3]
    """
    return _distinct(distinct_runs, "unique_consecutive", input, dim, return_inverse, return_counts)


def _distinct(find: Any, name: str, input: Array, dim: int | None, return_inverse: bool, return_counts: bool) -> Any:
    axis = None if dim is None or input.ndim == 0 else normalize_dim(dim, input.ndim)
    if axis is not None and 0 in (*input.shape[:axis], *input.shape[axis + 1 :]):
        raise ShapeError(
            f"{name}: input of shape {tuple(input.shape)} has slices without elements along dim {dim}, which cannot be told "
            "apart; choose another dim"
        )
    values, inverse, counts = find(input, axis=axis, more=return_inverse or return_counts)
    wanted = (values, *([inverse] if return_inverse else []), *([counts] if return_counts else []))
    return wanted if len(wanted) > 1 else values


@primitive(name="isin")
def member(x: Array, y: Array, *, invert: bool) -> Array:
    """Return where x is an element of y, or is not with *invert*."""
    return np.isin(x, y, invert=invert)


member.vjp(x=None, y=None)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Array:
    """Return where *elements* is one of *test_elements*, or with *invert* where it is none; one of them may be a number.

    >>> ag.isin(ag.tensor([1, 2, 3]), ag.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    x, y = [a if hasattr(a, "dtype") else np.asarray(a) for a in (elements, test_elements)]
    return member(x, y, invert=invert)


# -------------------------------------------------------------------------------------------------- combined with others


def combinations(input: Array, r: int = 2, with_replacement: bool = False) -> Array:
    """Return the combinations of *r* elements of a vector (n,), one a row: (n! / r! / (n-r)!, r), in order of place.

    *with_replacement* an element may come several times.  Raises ShapeError unless *input* has one dim.

    >>> ag.combinations(ag.tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    if input.ndim != 1:
        raise ShapeError(f"combinations: input has shape {tuple(input.shape)}, expected a vector; flatten() it")
    if r < 0:
        raise ArgumentError(f"combinations: r={r} is negative: expected a number of elements")
    n = input.shape[0]
    if r == 0:
        return input[:0]
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = math.comb(n + r - 1, r) if with_replacement and n else math.comb(n, r)
    places = np.fromiter(itertools.chain.from_iterable(choose(range(n), r)), np.int64, rows * r)
    return take_along(input, places.reshape(rows, r), axis=0)


def cartesian_prod(*tensors: Array) -> Array:
    """Return all rows of one element of each vector: (n1 n2 ..., number of vectors); of one vector itself.

    >>> ag.cartesian_prod(ag.tensor([1, 2]), ag.tensor([5, 6])).tolist()
    [[1, 5], [1, 6], [2, 5], [2, 6]]
    """
    if not tensors:
        raise ArgumentError("cartesian_prod: tensors is empty; give at least one vector")
    for i, x in enumerate(tensors):
        if x.ndim != 1:
            raise ShapeError(f"cartesian_prod: tensor {i} has shape {tuple(x.shape)}, expected a vector; flatten() it")
    if len(tensors) == 1:
        return tensors[0]
    grid = stack(meshgrid(*tensors), dim=-1)
    return reshape_to(grid, shape=(math.prod(grid.shape[:-1]), len(tensors)))
