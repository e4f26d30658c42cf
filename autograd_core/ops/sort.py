"""Order along a dim: sorting, the element of a rank, the most frequent one, and places in what is sorted.

NaN counts as the largest, and equal elements keep their order.  Each element that is chosen gets its own gradient; the
median of all elements shares it among those that are equal to it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .. import backend
from ..dtypes import int32, is_floating
from ..errors import ArgumentError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim, numpy_names
from .elementwise import cast
from .extrema import Chosen, chosen, shared_by_all
from .index import gather, pick
from .reduce import check_filled
from .shape import reshape_to

FEW = 10  # elements that are found in one sweep; of more, a partition of the row is faster whatever their order

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="argsort")
def order_along(x: Array, *, axis: int, descending: bool) -> Array:
    """Return the places that put *axis* in order."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    return x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


order_along.vjp(x=None)


@primitive(name="topk")
def extremes_along(x: Array, *, k: int, axis: int, largest: bool) -> Array:
    """Return the places of the *k* largest or smallest, in order."""
    size = x.shape[axis]
    if k == 0 or size == 0:
        return np.zeros((*x.shape[:axis], k, *x.shape[axis + 1 :]), np.int64)
    if k <= FEW and x.dtype.kind == "f":
        return backend.of(x).kernels.extremes(x, k, axis, largest=largest)
    cut = size - k if largest else k - 1  # all that lies beyond it, or before, belongs to them
    parts = np.argpartition(x, cut, axis)
    found = np.sort(np.take(parts, np.arange(cut, size) if largest else np.arange(k), axis), axis)
    order = order_along(np.take_along_axis(x, found, axis), axis=axis, descending=largest)
    return np.take_along_axis(found, order, axis)


extremes_along.vjp(x=None)


def _place_of_rank(x: Any, rank: int, axis: int) -> Any:
    return np.take(np.argpartition(x, rank, axis), [rank], axis)


@primitive(name="argkthvalue")
def index_of_rank(x: Array, *, rank: int, axis: int, keepdims: bool) -> Array:
    """Return the place of the element that *rank* others come before."""
    place = _place_of_rank(x, rank, axis)
    return place if keepdims else place.squeeze(axis)


index_of_rank.vjp(x=None)


@primitive(name="argmedian")
def index_of_median(x: Array, *, axis: int, keepdims: bool, skip_nan: bool) -> Array:
    """Return the place of the lower median; the first NaN, if there is one, or with *skip_nan* none if that can be."""
    size = x.shape[axis]
    nan = np.isnan(x)
    if not nan.any():
        place = _place_of_rank(x, (size - 1) // 2, axis)
    elif skip_nan:
        numbers = size - nan.sum(axis, keepdims=True)
        place = np.take_along_axis(np.argsort(x, axis, kind="stable"), np.maximum(numbers - 1, 0) // 2, axis)
    else:
        first = nan.argmax(axis, keepdims=True)
        place = np.where(nan.any(axis, keepdims=True), first, _place_of_rank(x, (size - 1) // 2, axis))
    return place if keepdims else place.squeeze(axis)


index_of_median.vjp(x=None)


@primitive(name="argmode")
def index_of_mode(x: Array, *, axis: int, keepdims: bool) -> Array:
    """Return the last place of the element that comes most often, of several the smallest."""
    x = np.moveaxis(x, axis, -1)
    order = np.argsort(x, -1, kind="stable")
    ordered = np.take_along_axis(x, order, -1)
    new = np.ones(x.shape, bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    ranks = np.arange(x.shape[-1])
    length = ranks - np.maximum.accumulate(np.where(new, ranks, 0), -1)  # of the run of equals, so far
    place = np.moveaxis(np.take_along_axis(order, length.argmax(-1, keepdims=True), -1), -1, axis)
    return place if keepdims else place.squeeze(axis)


index_of_mode.vjp(x=None)


@primitive(name="median")
def middle(x: Array, *, skip_nan: bool) -> Array:
    """Return the lower median of all elements; NaN of none."""
    if x.size == 0:
        return np.array(np.nan, x.dtype)
    flat = x.reshape(-1)
    return flat[index_of_median(flat, axis=0, keepdims=False, skip_nan=skip_nan)]


middle.vjp(x=shared_by_all)


@primitive(name="searchsorted")
def insertion_places(rows: Array, x: Array, *, right: bool) -> Array:
    """Return how many elements of the last dim of *rows*, which is sorted, come before each x; with *right* equals do."""
    return backend.of(rows, x).kernels.insertion_places(rows, x, right=right)


insertion_places.vjp(rows=None, x=None)

# --------------------------------------------------------------------------------------------------------------- sorting


@numpy_names
def argsort(input: Array, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Array:
    """Return the places that put *dim* in order.  Equal elements always keep theirs; NaN counts as the largest.

    >>> ag.argsort(ag.tensor([3, 1, 2])).tolist()
    [1, 2, 0]
    """
    axis = normalize_dim(dim, input.ndim)
    if input.ndim:
        return order_along(input, axis=axis, descending=descending)
    return reshape_to(order_along(reshape_to(input, shape=(1,)), axis=0, descending=descending), shape=())


@numpy_names
def sort(input: Array, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Chosen:
    """Return (values, indices) of *dim* in order.  Equal elements always keep theirs; NaN counts as the largest.

    >>> values, indices = ag.sort(ag.tensor([3.0, 1.0, 2.0]))
    >>> values.tolist(), indices.tolist()
    ([1.0, 2.0, 3.0], [1, 2, 0])
    """
    indices = argsort(input, dim, descending)
    return Chosen(gather(input, dim, indices), indices)


def msort(input: Array) -> Array:
    """Return *input* in order along its first dim.

    >>> ag.msort(ag.tensor([[3, 1], [2, 4]])).tolist()
    [[2, 1], [3, 4]]
    """
    return sort(input, 0).values


@numpy_names
def topk(input: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Chosen:
    """Return (values, indices) of the *k* largest, or smallest, of *dim*; always in order, from the most extreme on.

    >>> ag.topk(ag.tensor([3.0, 1.0, 2.0]), 2).indices.tolist()
    [0, 2]
    """
    axis = normalize_dim(dim, input.ndim)
    size = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= size:
        raise ArgumentError(f"topk: k={k} is out of range for dim {dim} of size {size}: expected 0 to {size}")
    if input.ndim == 0:
        line = topk(reshape_to(input, shape=(1,)), k)
        return Chosen(*line) if k == 0 else Chosen(*[reshape_to(x, shape=()) for x in line])
    indices = extremes_along(input, k=k, axis=axis, largest=largest)
    return Chosen(pick(input, indices, axis=axis), indices)


# ------------------------------------------------------------------------------------------------------ one of the order


@numpy_names
def kthvalue(input: Array, k: int, dim: int = -1, keepdim: bool = False) -> Chosen:
    """Return (values, indices) of the *k*-th smallest element along *dim*, counted from 1.

    Which of several equals is chosen is not said.  Raises ArgumentError for a *k* that *dim* does not have.

    >>> ag.kthvalue(ag.tensor([3.0, 1.0, 2.0]), 2).values
    tensor(2.)
    """
    size = input.shape[normalize_dim(dim, input.ndim)] if input.ndim else 1
    if not 1 <= k <= size:
        raise ArgumentError(f"kthvalue: k={k} is out of range for dim {dim} of size {size}: expected 1 to {size}")
    return chosen("kthvalue", functools.partial(index_of_rank, rank=k - 1), input, dim, keepdim)


@numpy_names
def median(input: Array, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median of all elements, or along *dim* the pair (values, indices): of an even number the lower one.

    It is NaN where there is one, and of nothing.  Of all, the gradient is shared by the elements that are equal to it;
    along *dim* it goes to the element at ``indices``, and which of several equals that is is not said.  Raises ShapeError
    where *dim* is empty, and where there are no integers.

    >>> ag.median(ag.tensor([4.0, 1.0, 3.0, 2.0])), ag.median(ag.tensor([[3.0, 1.0, 2.0]]), dim=1).indices
    (tensor(2.), tensor([2]))
    """
    return _median("median", input, dim, keepdim, False)


@numpy_names
def nanmedian(input: Array, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median of what is not NaN, as ``median`` does; NaN where all is.

    >>> ag.nanmedian(ag.tensor([4.0, float("nan"), 3.0, 2.0]))
    tensor(3.)
    """
    return _median("nanmedian", input, dim, keepdim, True)


def _median(name: str, input: Array, dim: int | None, keepdim: bool, skip_nan: bool) -> Any:
    if dim is None:
        if not is_floating(input.dtype):
            check_filled(name, input, None)
        return middle(input, skip_nan=skip_nan)
    return chosen(name, functools.partial(index_of_median, skip_nan=skip_nan), input, dim, keepdim)


@numpy_names
def mode(input: Array, dim: int = -1, keepdim: bool = False) -> Chosen:
    """Return (values, indices) of the element that comes most often along *dim*, of several the smallest.

    The index is that of its last place, where the gradient goes.

    >>> ag.mode(ag.tensor([2.0, 1.0, 2.0, 1.0, 3.0]))
    Chosen(values=tensor(1.), indices=tensor(3))
    """
    return chosen("mode", index_of_mode, input, dim, keepdim)


# --------------------------------------------------------------------------------------------------- places in an order


def searchsorted(
    sorted_sequence: Array,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Array | None = None,
) -> Array:
    """Return where *input* would be put into the last dim of *sorted_sequence*: before equals, or after with *right*.

    *input* is a number, or a tensor; *sorted_sequence* has one dim, or the dims of *input* but for the last.  *side* is
    another word for *right*: "left" or "right".  With *sorter*, what is sorted is ``sorted_sequence[..., sorter]``.
    Raises ShapeError for shapes that do not fit.

    >>> ag.searchsorted(ag.tensor([1, 3, 5]), ag.tensor([3, 6])).tolist()
    [1, 3]
    """
    if side not in (None, "left", "right"):
        raise ArgumentError(f"searchsorted: side={side!r} is unknown: expected 'left' or 'right'")
    if side == "left" and right:
        raise ArgumentError("searchsorted: side='left' and right=True contradict each other: give one of them")
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape:
            raise ShapeError(
                f"searchsorted: sorter of shape {tuple(sorter.shape)} does not fit sorted_sequence of shape "
                f"{tuple(sorted_sequence.shape)}: expected the same; use argsort()"
            )
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    return _search("searchsorted", "sorted_sequence", sorted_sequence, input, right or side == "right", out_int32)


def bucketize(input: Any, boundaries: Array, *, out_int32: bool = False, right: bool = False) -> Array:
    """Return between which of the *boundaries*, a sorted vector, each element of *input* lies: i for [i-1] < x <= [i].

    With *right*, i is for [i-1] <= x < [i].  *input* is a number or a tensor.

    >>> ag.bucketize(ag.tensor([0.5, 3.0, 9.0]), ag.tensor([1.0, 3.0, 5.0])).tolist()
    [0, 1, 3]
    """
    if boundaries.ndim != 1:
        raise ShapeError(f"bucketize: boundaries has shape {tuple(boundaries.shape)}, expected a vector; flatten() it")
    return _search("bucketize", "boundaries", boundaries, input, right, out_int32)


def _search(name: str, of: str, rows: Array, input: Any, right: bool, out_int32: bool) -> Array:
    x = input if hasattr(input, "dtype") else np.asarray(input)
    if rows.ndim != 1 and (rows.ndim == 0 or rows.shape[:-1] != x.shape[:-1] or x.ndim != rows.ndim):
        raise ShapeError(
            f"{name}: {of} of shape {tuple(rows.shape)} and input of shape {tuple(x.shape)} do not fit: expected a vector, "
            "or equal sizes in all dims but the last"
        )
    places = insertion_places(rows, x, right=right)
    return cast(places, dtype=int32) if out_int32 else places
