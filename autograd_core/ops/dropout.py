"""Dropout: elements, or whole channels, set to zero at random, and the rest scaled so that the mean stays."""

from __future__ import annotations

import numpy as np

from .. import backend
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from ..random import Generator, default_generator
from .elementwise import mul
from .shape import plain


@primitive(name="dropout")
def drop(x: Array, *, key: int, p: float) -> Array:
    """Return x / (1 - p), and 0 with probability p; *key* decides where, and its derivative draws the same again."""
    return backend.of(x).kernels.dropout(x, key=key, p=p)


drop.vjp(x=lambda g, key, p: drop(g, key=key, p=p))


def _check(name: str, input: Array, p: float) -> None:
    if not 0 <= p <= 1:
        raise ArgumentError(f"{name}: p={p} is no probability: expected 0 (keep all) to 1 (drop all)")
    if input.dtype.kind != "f":
        raise DtypeError(f"{name}: input has dtype {input.dtype}, expected floating; use input.float()")


def dropout(input: Array, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Array:
    """Return *input* with each element 0 with probability *p*, and divided by 1 - p otherwise.

    Unless *training*, *input* is returned.  Raises ArgumentError unless *p* is from 0 to 1.

    Srivastava et al., "Dropout", 2014, in the inverted form, which needs no change at test time.

    >>> ag.dropout(ag.ones(4), p=0.5, training=False)
    tensor([1., 1., 1., 1.])
    """
    _check("dropout", input, p)
    if not training or p == 0:
        return input
    return drop(input, key=(generator or default_generator).key(), p=p)


def feature_dropout(input: Array, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Array:
    """Return *input* (N, C, ...) with whole channels 0 with probability *p*, and divided by 1 - p otherwise.

    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    >>> ag.feature_dropout(ag.ones(2, 3, 4, 4), p=1.0).sum()
    tensor(0.)
    """
    if input.ndim < 2:
        raise ShapeError(f"feature_dropout: input has shape {tuple(input.shape)}, expected (N, C, ...); use dropout()")
    _check("feature_dropout", input, p)
    if not training or p == 0:
        return input
    channels = plain(input)[(..., *[slice(1)] * (input.ndim - 2))]  # one element of each
    return mul(input, drop(np.ones_like(channels), key=(generator or default_generator).key(), p=p))
