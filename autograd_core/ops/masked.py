"""Elements chosen by a condition or a mask: read, filled, and written from another tensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array
from .elementwise import cast
from .index import nonzero, put_at, take_at
from .selection import choose
from .shape import broadcast_shapes, expand_to, flatten, plain


def where(condition: Array, input: Array = None, other: Array = None) -> Any:
    """Return *input* where *condition* holds, else *other*; both may be numbers, and all shapes broadcast.

    Each gets the gradient of the places where it was chosen, and exactly 0 elsewhere; but 0 times infinity is NaN in
    what comes before it: see that the branch not taken is finite, as in ``where(x > 0, log(where(x > 0, x, 1)), 0)``.
    With *condition* alone, return its places as ``nonzero(condition, as_tuple=True)``.  Raises DtypeError unless
    *condition* is boolean.

    >>> ag.where(ag.tensor([True, False]), ag.tensor([1.0, 2.0]), 0)
    tensor([1., 0.])
    >>> ag.where(ag.tensor([True, False, True]))
    (tensor([0, 2]),)
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise ArgumentError("where: of input and other, one is missing; give both, or condition alone")
    if condition.dtype.kind != "b":
        raise DtypeError(f"where: condition has dtype {condition.dtype}: expected bool; compare, as in condition != 0")
    return choose(condition, input, other)


def masked_select(input: Array, mask: Array) -> Array:
    """Return the elements where *mask* is true, in one dim; both broadcast.

    >>> ag.masked_select(ag.tensor([1, 2, 3]), ag.tensor([True, False, True])).tolist()
    [1, 3]
    """
    wide, places = _over_one_shape("masked_select", input, mask)
    return take_at(wide, index=(places,))


def masked_fill(input: Array, mask: Array, value: Any) -> Array:
    """Return *input* with *value*, a number or 0-d tensor, where *mask* is true; both broadcast.

    >>> ag.masked_fill(ag.tensor([1.0, 2.0]), ag.tensor([True, False]), -1)
    tensor([-1.,  2.])
    """
    _check_mask("masked_fill", mask)
    v = value if hasattr(value, "dtype") else np.asarray(value)
    if v.ndim:
        raise ShapeError(
            f"masked_fill: value has shape {tuple(v.shape)}, expected a number; use where(mask, value, input)"
        )
    if v.dtype.kind == "f" and input.dtype.kind != "f":
        raise DtypeError(f"masked_fill: value {value} does not fit input of dtype {input.dtype}; use input.float()")
    return choose(mask, v if v.dtype == input.dtype else cast(v, dtype=input.dtype), input)


def masked_scatter(input: Array, mask: Array, source: Array) -> Array:
    """Return *input* with the first elements of *source*, in order, where *mask* is true; input and mask broadcast.

    Raises ShapeError where *source* has too few elements, and DtypeError where its dtype is another.

    >>> ag.masked_scatter(ag.zeros(3), ag.tensor([True, False, True]), ag.tensor([1.0, 2.0, 3.0]))
    tensor([1., 0., 2.])
    """
    wide, places = _over_one_shape("masked_scatter", input, mask)
    if source.dtype != input.dtype:
        raise DtypeError(
            f"masked_scatter: source has dtype {source.dtype}, input has {input.dtype}; use source.to(input.dtype)"
        )
    count, given = np.count_nonzero(places), math.prod(source.shape)
    if given < count:
        raise ShapeError(
            f"masked_scatter: source has {given} elements for {count} places where mask is true; give as many"
        )
    return put_at(wide, flatten(source)[:count], index=(places,))


def _over_one_shape(name: str, input: Array, mask: Array) -> tuple[Array, Any]:
    """Return *input* and the array of *mask*, expanded to the shape that they broadcast to."""
    _check_mask(name, mask)
    shape = broadcast_shapes(input.shape, mask.shape)
    return expand_to(input, shape=shape), np.broadcast_to(plain(mask), shape)


def _check_mask(name: str, mask: Array) -> None:
    if mask.dtype.kind != "b":
        raise DtypeError(f"{name}: mask has dtype {mask.dtype}: expected bool; compare, as in mask != 0")
