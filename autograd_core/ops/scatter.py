"""Writes at places that an index names: what is there is replaced, or combined with what comes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import constant, zero
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import along, normalize_dim
from .compare import eq
from .diagonal import diagonal_view, two_dims
from .elementwise import cast, floor_divide, mul, plus, quotient
from .index import (
    Index,
    add_along,
    add_at,
    add_picked,
    check_index,
    check_pick,
    check_place,
    from_the_front,
    grid,
    is_everything,
    parts,
    pick,
    put_at,
    setitem,
    slice_into,
    slice_view,
    take_along,
)
from .region import put_region
from .selection import choose
from .shape import Shape, expand_to, flatten, plain, reshape_to
from .stacking import cat

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="scatter_extreme")
def extreme_into(x: Array, src: Array, index: Array, *, axis: int, largest: bool) -> Array:
    """Return x with ``out[i, index[i, j]] = max(that, src[i, j])`` for axis 1 of 2, or min; NaN wins."""
    out = x.copy()
    places = np.arange(out.size).reshape(out.shape)[grid(index, axis)]
    (np.maximum if largest else np.minimum).at(out.reshape(-1), places.reshape(-1), src.reshape(-1))
    return out


def _shared(g: Array, x: Array, src: Array, index: Array, out: Array, axis: int, x_shape: Shape) -> Array:
    """Return *g* over the number of elements that are the extremum: those of src, and that of x."""
    hits = cast(eq(src, pick(out, index, axis=axis)), dtype=g.dtype)
    return g / (eq(x, out) + add_picked(hits, index, axis=axis, shape=x_shape))


extreme_into.vjp(
    x=lambda g, x, src, index, out, axis, x_shape: _shared(g, x, src, index, out, axis, x_shape) * eq(x, out),
    src=lambda g, x, src, index, out, axis: (
        pick(_shared(g, x, src, index, out, axis, tuple(x.shape)), index, axis=axis)
        * eq(src, pick(out, index, axis=axis))
    ),
    index=None,
)


# --------------------------------------------------------------------------------------------- places that differ in one dim


def scatter(
    input: Array, dim: int, index: Array, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Array:
    """Return *input* with ``out[i, index[i, j]] = src[i, j]`` for *dim* 1 of 2: what ``gather`` reads, written.

    *src* is a number, also as *value*, or a tensor at least as large as *index*.  Of values for one place the last
    stays.  With *reduce* "add" or "multiply" they are combined with what is there.

    >>> ag.scatter(ag.zeros(2, 3), 1, ag.tensor([[2], [0]]), 1).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    if (src is None) == (value is None):
        raise ArgumentError("scatter: give either src or value")
    source = src
    if src is None or not hasattr(src, "dtype"):
        number = value if src is None else src
        source = np.broadcast_to(
            np.asarray(plain(number) if hasattr(number, "dtype") else number, input.dtype), index.shape
        )
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise ArgumentError(f'scatter: reduce={reduce!r} is unknown; use "add" or "multiply", or scatter_reduce()')
        return scatter_reduce(input, dim, index, source, "sum" if reduce == "add" else "prod")
    x, places, v, axis = _along_dim("scatter", input, dim, index, source)
    return reshape_to(put_at(x, v, index=grid(plain(places), axis)), shape=tuple(input.shape))


def scatter_add(input: Array, dim: int, index: Array, src: Array) -> Array:
    """Return *input* with ``out[i, index[i, j]] += src[i, j]`` for *dim* 1 of 2; *src* is at least as large as *index*.

    >>> ag.scatter_add(ag.zeros(3), 0, ag.tensor([0, 2, 2]), ag.ones(3))
    tensor([1., 0., 2.])
    """
    x, places, v, axis = _along_dim("scatter_add", input, dim, index, src)
    return reshape_to(_reduced(x, v, places, axis, "sum", True), shape=tuple(input.shape))


def scatter_reduce(
    input: Array, dim: int, index: Array, src: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """Return *input* with all ``src[i, j]`` of one ``index[i, j]`` combined, for *dim* 1 of 2.

    *reduce* is "sum", "prod", "mean" (of integers rounded down), "amax" or "amin"; what *input* has at such a place takes
    part unless *include_self* is False.  Of equal extrema each gets an even share of the gradient.  The gradient of a
    product is right where factors are 0, to every order.

    >>> x, index, src = ag.tensor([1.0, 2.0]), ag.tensor([0, 0, 1]), ag.tensor([3.0, 4.0, 5.0])
    >>> ag.scatter_reduce(x, 0, index, src, "sum"), ag.scatter_reduce(x, 0, index, src, "amax", include_self=False)
    (tensor([8., 7.]), tensor([4., 5.]))
    """
    if reduce not in REDUCTIONS:
        raise ArgumentError(f"scatter_reduce: reduce={reduce!r} is unknown; use one of {', '.join(REDUCTIONS)}")
    x, places, v, axis = _along_dim("scatter_reduce", input, dim, index, src)
    return reshape_to(_reduced(x, v, places, axis, reduce, include_self), shape=tuple(input.shape))


REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def _along_dim(name: str, input: Array, dim: int, index: Array, src: Array) -> tuple[Array, Array, Array, int]:
    """Return *input*, *index* and the part of *src* that has its shape, with at least one dim, and *dim* from the front."""
    x, places, v = (a if a.ndim else reshape_to(a, shape=(1,)) for a in (input, index, src))
    if 0 in places.shape:  # nothing is written, whatever the other sizes are
        places = np.zeros((0,) * x.ndim, np.int64)
        v = reshape_to(flatten(v)[:0], shape=places.shape)
    axis = check_pick(name, x, dim, places)
    if v.shape != places.shape:
        if v.ndim != places.ndim or any(m < n for m, n in zip(v.shape, places.shape)):
            raise ShapeError(
                f"{name}: src of shape {tuple(src.shape)} is smaller than index of shape {tuple(index.shape)}; give it all "
                "that index asks for"
            )
        v = v[tuple([slice(n) for n in places.shape])]
    _check_dtype(name, input, src, "src")
    return x, places, v, axis


def _check_dtype(name: str, input: Array, source: Array, argument: str) -> None:
    if source.dtype != input.dtype:
        raise DtypeError(
            f"{name}: {argument} has dtype {source.dtype}, input has {input.dtype}; use {argument}.to(input.dtype)"
        )


def _reduced(x: Array, v: Array, index: Array, axis: int, reduce: str, include_self: bool) -> Array:
    """Return x combined with v at the places that ``pick`` reads."""
    if not include_self:  # what takes no part becomes what changes nothing
        x = put_at(x, _neutral(reduce, x.dtype), index=grid(plain(index), axis))
    if reduce == "prod":
        return _multiplied(x, v, index, axis)
    if reduce in ("amax", "amin"):
        return extreme_into(x, v, index, axis=axis, largest=reduce == "amax")
    total = plus(x, add_picked(v, index, axis=axis, shape=tuple(x.shape)))
    if reduce == "sum":
        return total
    places = plain(index)
    counts = add_picked(np.ones(places.shape, np.int64), places, axis=axis, shape=tuple(x.shape))
    counts = counts + 1 if include_self else np.maximum(counts, 1)
    return (quotient if x.dtype.kind == "f" else floor_divide)(total, counts.astype(x.dtype))


def _neutral(reduce: str, dtype: np.dtype[Any]) -> Any:
    if reduce == "prod":
        return constant(1, dtype)
    if reduce in ("sum", "mean"):
        return zero(dtype)
    if dtype.kind == "f":
        return constant(-math.inf if reduce == "amax" else math.inf, dtype)
    if dtype.kind == "b":
        return constant(reduce == "amin", dtype)
    return constant(np.iinfo(dtype).min if reduce == "amax" else np.iinfo(dtype).max, dtype)


def _multiplied(x: Array, v: Array, index: Array, axis: int) -> Array:
    """Return x times all of v at its place, by products of two at a time: as exact with zeros as a product is."""
    size = math.prod(x.shape)
    places = np.arange(size).reshape(x.shape)[grid(plain(index), axis)].reshape(-1)
    target = np.concatenate([np.arange(size), places])
    order = np.argsort(target, kind="stable")
    values, target = take_along(cat([flatten(x), flatten(v)]), order, axis=0), target[order]
    while target.size > size:  # halves the number of factors of each place: the first with the second, and so on
        starts = np.flatnonzero(np.diff(target, prepend=-1))
        rank = np.arange(target.size) - np.repeat(starts, np.diff(starts, append=target.size))
        left = np.flatnonzero(rank % 2 == 0)
        right = np.minimum(left + 1, target.size - 1)
        paired = (target[right] == target[left]) & (right > left)
        factors = take_along(values, right, axis=0)
        values = take_along(values, left, axis=0) * choose(paired, factors, constant(1, factors.dtype))
        target = target[left]
    return reshape_to(values, shape=tuple(x.shape))


# --------------------------------------------------------------------------------------------------------- places of one dim


def index_add(input: Array, dim: int, index: Array, source: Array, *, alpha: float = 1) -> Array:
    """Return *input* with ``alpha * source`` added at the places *index*, a vector, of *dim*.

    >>> ag.index_add(ag.zeros(3), 0, ag.tensor([0, 2, 2]), ag.tensor([1.0, 2.0, 3.0]))
    tensor([1., 0., 5.])
    """
    x, places, v, axis = _of_dim("index_add", input, dim, index, source)
    part = add_along(v, places, axis=axis, shape=tuple(x.shape))
    return reshape_to(plus(x, part if alpha == 1 else mul(part, alpha)), shape=tuple(input.shape))


def index_copy(input: Array, dim: int, index: Array, source: Array) -> Array:
    """Return *input* with *source* at the places *index*, a vector, of *dim*; of values for one place the last stays.

    >>> ag.index_copy(ag.zeros(3), 0, ag.tensor([0, 2]), ag.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    x, places, v, axis = _of_dim("index_copy", input, dim, index, source)
    return reshape_to(put_at(x, v, index=along(axis, places)), shape=tuple(input.shape))


def index_reduce(
    input: Array, dim: int, index: Array, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """Return *input* with all parts of *source* of one place of *index*, a vector, combined at that place of *dim*.

    *reduce* is "prod", "mean", "amax" or "amin", as in ``scatter_reduce``; ``index_add`` is the sum.

    >>> x = ag.tensor([1.0, 2.0])
    >>> ag.index_reduce(x, 0, ag.tensor([0, 0]), ag.tensor([3.0, 4.0]), "prod")
    tensor([12.,  2.])
    """
    if reduce not in REDUCTIONS[1:]:
        raise ArgumentError(
            f"index_reduce: reduce={reduce!r} is unknown; use one of {', '.join(REDUCTIONS[1:])}, or index_add()"
        )
    x, places, v, axis = _of_dim("index_reduce", input, dim, index, source)
    column = (-1,) + (1,) * (v.ndim - 1 - axis)
    each = np.broadcast_to(places.reshape(column), v.shape)
    return reshape_to(_reduced(x, v, each, axis, reduce, include_self), shape=tuple(input.shape))


def index_fill(input: Array, dim: int, index: Array, value: Any) -> Array:
    """Return *input* with *value*, a number or 0-d tensor, at the places *index*, a vector, of *dim*.

    Negative places count from the end.

    >>> ag.index_fill(ag.zeros(3), 0, ag.tensor([0, -1]), 7)
    tensor([7., 0., 7.])
    """
    v = value if hasattr(value, "dtype") else np.asarray(value, input.dtype)
    if v.ndim:
        raise ShapeError(f"index_fill: value has shape {tuple(v.shape)}, expected a number; use index_copy()")
    x = input if input.ndim else reshape_to(input, shape=(1,))
    axis = normalize_dim(dim, x.ndim)
    places = from_the_front("index_fill", _vector("index_fill", index), x.shape[axis], dim)
    v = v if v.dtype == x.dtype else cast(v, dtype=x.dtype)
    return reshape_to(put_at(x, v, index=along(axis, places)), shape=tuple(input.shape))


def _of_dim(name: str, input: Array, dim: int, index: Array, source: Array) -> tuple[Array, Any, Array, int]:
    """Return *input* and *source* with at least one dim, the array of *index*, and *dim* from the front, if they fit."""
    x, v = (a if a.ndim else reshape_to(a, shape=(1,)) for a in (input, source))
    axis, places = normalize_dim(dim, x.ndim), _vector(name, index)
    expected = (*x.shape[:axis], places.size, *x.shape[axis + 1 :])
    if v.shape != expected:
        raise ShapeError(
            f"{name}: source has shape {tuple(source.shape)}, expected {expected}: the shape of input, with the "
            f"{places.size} places of index at dim {dim}"
        )
    check_index(name, places, x.shape[axis], dim)
    _check_dtype(name, input, source, "source")
    return x, places, v, axis


def _vector(name: str, index: Array) -> Any:
    """Return the array of *index*, a vector or one number."""
    if index.ndim > 1:
        raise ShapeError(f"{name}: index has shape {tuple(index.shape)}, expected a vector; use index_put()")
    return plain(index).reshape(-1)


# ------------------------------------------------------------------------------------------------------------- any places


def index_put(input: Array, indices: Any, values: Array, accumulate: bool = False) -> Array:
    """Return *input* with *values*, which broadcast, at ``input[indices]``, a tuple of index tensors or None.

    With *accumulate* they are added to what is there, as often as a place is named; otherwise the last value stays.

    >>> ag.index_put(ag.zeros(3), (ag.tensor([0, 0]),), ag.tensor([1.0, 2.0]), accumulate=True)
    tensor([3., 0., 0.])
    """
    _check_dtype("index_put", input, values, "values")
    index = tuple([slice(None) if i is None else i for i in indices])
    if not accumulate:
        return setitem(input, values, index=index)
    view, lookup = parts(index, input.ndim)
    region = input if is_everything(view) else slice_view(input, index=view)
    if lookup is None:
        added = expand_to(values, shape=tuple(region.shape))
    else:
        wide = expand_to(values, shape=plain(region)[lookup].shape)
        added = add_at(wide, index=lookup, shape=tuple(region.shape))
    return plus(input, added if region is input else slice_into(added, index=view, shape=tuple(input.shape)))


def put(input: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    """Return *input* with *source* at the places *index* of the flat input: what ``take`` reads, written.

    *index* and *source* have as many elements.  With *accumulate* they are added to what is there, as often as a place is
    named; otherwise the last value stays.

    >>> ag.put(ag.zeros(2, 2), ag.tensor([1, -1]), ag.tensor([5.0, 6.0])).tolist()
    [[0.0, 5.0], [0.0, 6.0]]
    """
    _check_dtype("put", input, source, "source")
    count, given = math.prod(index.shape), math.prod(source.shape)
    if count != given:
        raise ShapeError(f"put: source has {given} elements and index {count}; give one for each place")
    size = math.prod(input.shape)
    places = from_the_front("put", index, size, -1).reshape(-1)
    flat, v = flatten(input), flatten(source)
    made = plus(flat, add_along(v, places, axis=0, shape=(size,))) if accumulate else put_at(flat, v, index=(places,))
    return reshape_to(made, shape=tuple(input.shape))


# --------------------------------------------------------------------------------------------------------------- regions


def select_scatter(input: Array, src: Array, dim: int, index: int) -> Array:
    """Return *input* with *src* at the place *index* of *dim*: what ``select`` reads, written.

    >>> ag.select_scatter(ag.zeros(2, 2), ag.ones(2), 0, 1).tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    axis, place = check_place("select_scatter", input, dim, index)
    return _put_region("select_scatter", input, src, (*along(axis, place), ...))


def slice_scatter(
    input: Array, src: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    """Return *input* with *src* at the places ``start:end:step`` of *dim*.

    >>> ag.slice_scatter(ag.zeros(4), ag.ones(2), start=1, end=3)
    tensor([0., 1., 1., 0.])
    """
    if step < 1:
        raise ArgumentError(f"slice_scatter: step={step} must be 1 or more")
    return _put_region(
        "slice_scatter", input, src, (*along(normalize_dim(dim, input.ndim), slice(start, end, step)), ...)
    )


def diagonal_scatter(input: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """Return *input* with *src* on a diagonal of two dims: what ``diagonal`` reads, written.

    >>> ag.diagonal_scatter(ag.zeros(2, 2), ag.ones(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    params = {"offset": offset, "axes": two_dims("diagonal_scatter", dim1, dim2, input.ndim)}
    line = diagonal_view(plain(input), **params)
    v = _fitting("diagonal_scatter", src, line.shape, input.dtype)
    return put_region(input, v, chain=((diagonal_view.primitive, params),))


def _put_region(name: str, input: Array, src: Array, index: Index) -> Array:
    return put_at(input, _fitting(name, src, plain(input)[index].shape, input.dtype), index=index)


def _fitting(name: str, src: Array, shape: Shape, dtype: np.dtype[Any]) -> Array:
    """Return *src* in *dtype*, if it has the *shape* of the region that it is written to."""
    if src.shape != shape:
        raise ShapeError(f"{name}: src has shape {tuple(src.shape)}, expected {shape}, that of the region; expand() it")
    return src if src.dtype == dtype else cast(src, dtype=dtype)
