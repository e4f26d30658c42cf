"""Extrema: the largest and smallest elements, over dims, and their places.

Over dims (``amax``, ``amin``, ``aminmax``) and of all elements, ties share the gradient evenly.  Along one dim ``max`` and
``min`` choose an element, the first of several, and it gets the whole.  NaN is larger and smaller than any number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..dtypes import zero
from ..primitive import Array, primitive
from .axes import Dim, normalize_dim, numpy_names
from .compare import ne
from .index import pick
from .reduce import Axis, axes_over, check_filled, kept, spread
from .selection import gate, maximum, minimum
from .shape import expand_to, reshape_to


class Chosen(NamedTuple):
    """Elements that were chosen along a dim, and their places there."""

    values: Array
    indices: Array


class MinMax(NamedTuple):
    """What ``aminmax`` returns."""

    min: Array
    max: Array


# ----------------------------------------------------------------------------------------------------------- primitives


@primitive
def ties(x: Array, best: Array, *, axis: Axis, nan: bool = False) -> Array:
    """Return how a choice over *axis* shares its gradient: 1 over the number of ties where x is *best*, elsewhere 0.

    *best* has the shape of x.  Where it is NaN, so are the shares; with *nan* those that are NaN share.
    """
    hit = np.equal(x, best)
    if nan:
        hit |= np.isnan(x) & np.isnan(best)
    shares = hit.astype(x.dtype)
    return shares / shares.sum(axis, keepdims=True)


ties.vjp(x=None, best=None)


def _extremum_x(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool, x_shape: tuple[int, ...]) -> Array:
    best = spread(out, axis, keepdims, x_shape)
    return spread(g, axis, keepdims, x_shape) * ties(x, best, axis=axis)


@primitive(name="amax")
def reduce_max(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the largest element over *axis*."""
    return x.max(axis, keepdims=keepdims)


@primitive(name="amin")
def reduce_min(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the smallest element over *axis*."""
    return x.min(axis, keepdims=keepdims)


reduce_max.vjp(x=_extremum_x)
reduce_min.vjp(x=_extremum_x)


@primitive(name="max")
def largest(x: Array) -> Array:
    """Return the largest of all elements."""
    return x.max()


@primitive(name="min")
def smallest(x: Array) -> Array:
    """Return the smallest of all elements."""
    return x.min()


def shared_by_all(g: Array, x: Array, out: Array, x_shape: tuple[int, ...]) -> Array:
    """Return the gradient of *out*, one of all elements of x: those that are equal to it share g, NaN included."""
    shares = ties(x, expand_to(out, shape=x_shape), axis=None, nan=True)
    return gate(expand_to(g, shape=x_shape) * shares, ne(shares, zero(g.dtype)))


largest.vjp(x=shared_by_all)
smallest.vjp(x=shared_by_all)


@primitive(name="argmax")
def index_of_max(x: Array, *, axis: int | None, keepdims: bool) -> Array:
    """Return the index of the largest element along *axis*, the first of several; None: of the flattened x."""
    return x.argmax(axis, keepdims=keepdims)


@primitive(name="argmin")
def index_of_min(x: Array, *, axis: int | None, keepdims: bool) -> Array:
    """Return the index of the smallest element along *axis*, the first of several; None: of the flattened x."""
    return x.argmin(axis, keepdims=keepdims)


index_of_max.vjp(x=None)
index_of_min.vjp(x=None)

# ------------------------------------------------------------------------------------------------------------ over dims


@numpy_names
def amax(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return the largest element over *dim*: one dim, several, or all; NaN wins, and ties share the gradient evenly.

    Raises ShapeError where there is nothing to reduce.

    >>> ag.amax(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=(0, 1))
    tensor(7.)
    """
    axis = axes_over(dim, input)
    check_filled("amax", input, axis)
    return reduce_max(input, axis=axis, keepdims=keepdim)


@numpy_names
def amin(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Return the smallest element over *dim*: one dim, several, or all; NaN wins, and ties share the gradient evenly.

    Raises ShapeError where there is nothing to reduce.

    >>> ag.amin(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1)
    tensor([1., 3.])
    """
    axis = axes_over(dim, input)
    check_filled("amin", input, axis)
    return reduce_min(input, axis=axis, keepdims=keepdim)


@numpy_names
def aminmax(input: Array, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """Return the pair (min, max) of the smallest and the largest element along *dim*, or of all.

    NaN is both, and ties share the gradient evenly.  Raises ShapeError where there is nothing to reduce.

    >>> ag.aminmax(ag.tensor([3.0, 1.0, 2.0]))
    MinMax(min=tensor(1.), max=tensor(3.))
    """
    axis = axes_over(dim, input)
    check_filled("aminmax", input, axis)
    return MinMax(*[reduce(input, axis=axis, keepdims=keepdim) for reduce in (reduce_min, reduce_max)])


@numpy_names
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return the int64 index of the largest element along *dim*, the first of several.

    Without *dim* it is that of the flattened input.  Raises ShapeError where there is nothing to choose from.

    >>> ag.argmax(ag.tensor([[1.0, 5.0], [7.0, 3.0]])), ag.argmax(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1)
    (tensor(2), tensor([1, 0]))
    """
    return _index("argmax", index_of_max, input, dim, keepdim)


@numpy_names
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return the int64 index of the smallest element along *dim*, the first of several.

    Without *dim* it is that of the flattened input.  Raises ShapeError where there is nothing to choose from.

    >>> ag.argmin(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=0)
    tensor([0, 1])
    """
    return _index("argmin", index_of_min, input, dim, keepdim)


def _index(name: str, index_of: Callable[..., Array], input: Array, dim: int | None, keepdim: bool) -> Array:
    axis = None if dim is None or input.ndim == 0 else normalize_dim(dim, input.ndim)
    check_filled(name, input, None if axis is None else (axis,))
    return index_of(input, axis=axis, keepdims=keepdim)


# ---------------------------------------------------------------------------------------------- of all, or along a dim


@numpy_names
def max(input: Array, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the largest element of all, or along *dim* the pair (values, indices).

    Of all, ties share the gradient evenly; along *dim* it goes to the element at ``indices``, the first of several.
    With a tensor in place of *dim*, this is ``maximum``.  Raises ShapeError where there is nothing to choose from.

    >>> ag.max(ag.tensor([[1.0, 5.0], [7.0, 3.0]])), ag.max(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1).indices
    (tensor(7.), tensor([1, 0]))
    """
    if hasattr(dim, "dtype"):
        return maximum(input, dim)
    if dim is None:
        return _of_all("max", largest, input, keepdim)
    return chosen("max", index_of_max, input, dim, keepdim)


@numpy_names
def min(input: Array, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the smallest element of all, or along *dim* the pair (values, indices).

    Of all, ties share the gradient evenly; along *dim* it goes to the element at ``indices``, the first of several.
    With a tensor in place of *dim*, this is ``minimum``.  Raises ShapeError where there is nothing to choose from.

    >>> ag.min(ag.tensor([[1.0, 5.0], [7.0, 3.0]])), ag.min(ag.tensor([[1.0, 5.0], [7.0, 3.0]]), dim=1).values
    (tensor(1.), tensor([1., 3.]))
    """
    if hasattr(dim, "dtype"):
        return minimum(input, dim)
    if dim is None:
        return _of_all("min", smallest, input, keepdim)
    return chosen("min", index_of_min, input, dim, keepdim)


def _of_all(name: str, extremum: Callable[[Array], Array], input: Array, keepdim: bool) -> Array:
    check_filled(name, input, None)
    found = extremum(input)
    return reshape_to(found, shape=kept(input.shape, None)) if keepdim else found


def chosen(name: str, index_of: Callable[..., Array], input: Array, dim: int, keepdim: bool) -> Chosen:
    """Return the elements whose places along *dim* are ``index_of(x, axis=axis, keepdims=True)``; each gets its gradient."""
    axis, shape = normalize_dim(dim, input.ndim), tuple(input.shape)
    x = input if shape else reshape_to(input, shape=(1,))
    check_filled(name, x, (axis,))
    indices = index_of(x, axis=axis, keepdims=True)
    values = pick(x, indices, axis=axis)
    if shape and keepdim:
        return Chosen(values, indices)
    reduced = shape[:axis] + shape[axis + 1 :]
    return Chosen(reshape_to(values, shape=reduced), reshape_to(indices, shape=reduced))
