"""Reading and writing through a view: a chain of view primitives, each with its static parameters, from a tensor inwards."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from ..dtypes import zero
from ..primitive import Array, Primitive, primitive
from .shape import expand_to

Chain: TypeAlias = tuple[tuple[Primitive, dict[str, Any]], ...]


def _positions(shape: tuple[int, ...], chain: Chain) -> Array:
    """Return the flat positions, in an array of *shape*, of the region that *chain* selects.

    Positions are independent of how an array lies in memory, where a reshape may be a view of one array and a copy of another.
    """
    at = np.arange(int(np.prod(shape))).reshape(shape)
    for prim, params in chain:
        at = prim.forward(at, **params)
    return at


@primitive
def take_region(x: Array, *, chain: Chain) -> Array:
    return x.reshape(-1)[_positions(x.shape, chain)]


@primitive
def put_region(x: Array, y: Array, *, chain: Chain) -> Array:
    """Return x with y in the region: what an in-place write to a view makes of the tensor it looks into."""
    out = x.flatten()
    out[_positions(x.shape, chain)] = y
    return out.reshape(x.shape)


take_region.vjp(x=lambda g, chain, x_shape: put_region(expand_to(zero(g.dtype), shape=x_shape), g, chain=chain))
put_region.vjp(
    x=lambda g, chain: put_region(g, zero(g.dtype), chain=chain),
    y=lambda g, chain: take_region(g, chain=chain),
)
