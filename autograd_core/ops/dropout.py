"""Dropout: elements, or whole channels, set to zero at random, and the rest scaled so that the mean stays."""

from __future__ import annotations

from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from ..random import Generator, default_generator
from .shape import Shape


@primitive(name="dropout")
def masked_scale(x: Array, mask: Array, *, scale: float) -> Array:
    """Return x * scale where *mask*, which broadcasts, is true, and 0 elsewhere."""
    out = x * mask
    out *= scale
    return out


masked_scale.vjp(x=lambda g, mask, scale: masked_scale(g, mask, scale=scale), mask=None)


def _drop(name: str, input: Array, p: float, training: bool, generator: Generator | None, shape: Shape) -> Array:
    if not 0 <= p <= 1:
        raise ArgumentError(f"{name}: p={p} is no probability: expected 0 (keep all) to 1 (drop all)")
    if input.dtype.kind != "f":
        raise DtypeError(f"{name}: input has dtype {input.dtype}, expected floating; use input.float()")
    if not training or p == 0:
        return input
    draw = (generator or default_generator).numpy.random(shape, dtype="float32")
    return masked_scale(input, draw >= p, scale=1 / (1 - p) if p < 1 else 0.0)


def dropout(input: Array, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Array:
    """Return *input* with each element 0 with probability *p*, and divided by 1 - p otherwise.

    Unless *training*, *input* is returned.  Raises ArgumentError unless *p* is from 0 to 1.

    Srivastava et al., "Dropout", 2014, in the inverted form, which needs no change at test time.

    >>> ag.dropout(ag.ones(4), p=0.5, training=False)
    tensor([1., 1., 1., 1.])
    """
    return _drop("dropout", input, p, training, generator, tuple(input.shape))


def dropout2d(input: Array, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Array:
    """Return *input* (N, C, ...) with whole channels 0 with probability *p*, and divided by 1 - p otherwise.

    Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    >>> ag.dropout2d(ag.ones(2, 3, 4, 4), p=1.0).sum()
    tensor(0.)
    """
    if input.ndim < 3:
        raise ShapeError(f"dropout2d: input has shape {tuple(input.shape)}, expected (N, C, ...); use dropout()")
    return _drop("dropout2d", input, p, training, generator, (*input.shape[:2], *[1] * (input.ndim - 2)))
