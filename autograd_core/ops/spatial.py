"""Spatial dims, behind those of the batch and of the channels: their names, what is given for each, and the batch of one."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

from ..errors import ArgumentError
from ..primitive import Array
from .shape import reshape_to

Shape: TypeAlias = tuple[int, ...]
Size: TypeAlias = int | Sequence[int]

AXES = "DHW"
NUMBERS = {1: "one int", 2: "a pair of ints", 3: "three ints"}


def letters(dims: int) -> str:
    """Return the names of the spatial dims, a letter for each."""
    return "L" if dims == 1 else AXES[-dims:]


def per_dim(function: str, name: str, value: Any, least: int, dims: int) -> Shape:
    """Return *value*, an int for all spatial dims or one for each, as *dims* ints of at least *least*."""
    try:
        values = [operator.index(v) for v in (value if isinstance(value, Sequence) and value else (value,))]
    except TypeError:
        values = []
    if len(values) not in (1, dims) or min(values) < least:
        raise ArgumentError(f"{function}: {name}={value!r}: expected an int, or {NUMBERS[dims]}, of at least {least}")
    return tuple(values) if len(values) == dims else (values[0],) * dims


def batch(dims: int, input: Array) -> Array:
    """Return *input*, (N, C, *size) or (C, *size), as (N, C, *size)."""
    return input if len(input.shape) == dims + 2 else reshape_to(input, shape=(1, *input.shape))


def unbatch(y: Array, input: Array) -> Array:
    """Return y, (N, C, *size), with as many dims as *input*."""
    return y if len(y.shape) == len(input.shape) else reshape_to(y, shape=tuple(y.shape[1:]))
