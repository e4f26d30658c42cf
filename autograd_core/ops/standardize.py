"""The first derivatives of normalisation, y = (x - mean) rstd w + b with rstd = 1 / sqrt(var + eps), as primitives.

All normalisations share them; they differ in what a mean is over.  For derivatives of derivatives, x is seen in four dims,
and ``Layout`` says which of them a mean is over.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .. import backend
from ..primitive import Array, primitive
from .elementwise import rsqrt
from .reduce import kept, reduce_mean, reduce_sum, reduce_var
from .shape import Shape, reshape_to

# -------------------------------------------------------------------------------------------------------------- layouts


class Layout(NamedTuple):
    """How x, its moments and w look in four dims, so that they broadcast: and the axes that a mean is over."""

    x: Shape
    axis: Shape
    w: Shape
    members: int | None  # channels that share a statistic; 0: all samples of one channel do; None: rows
    centred: bool = True

    @property
    def moments(self) -> Shape:
        """The shape of mean and rstd, which are kept in one dim otherwise."""
        return kept(self.x, self.axis)


def by_channel(x: Array) -> Layout:
    """Return the layout of x (N, C, ...) with moments of each channel."""
    n, c, *rest = x.shape
    return Layout((n, c, 1, math.prod(rest)), (0, 2, 3), (1, c, 1, 1), 0)


def by_group(x: Array, groups: int) -> Layout:
    """Return the layout of x (N, C, ...) with moments of each of *groups* groups of channels in each sample."""
    n, c, *rest = x.shape
    members = c // groups
    return Layout((n, groups, members, math.prod(rest)), (2, 3), (1, groups, members, 1), members)


def by_row(x: Array, w: Array, centred: bool = True) -> Layout:
    """Return the layout of x with moments over the trailing dims that w has."""
    size = math.prod(w.shape)
    rows = math.prod(x.shape[: x.ndim - w.ndim])
    return Layout((rows, 1, 1, size), (3,), (1, 1, 1, size), None, centred)


def mean_over(x: Array, layout: Layout) -> Array:
    """Return the mean of each statistic, in one dim."""
    return reshape_to(reduce_mean(reshape_to(x, shape=layout.x), axis=layout.axis), shape=(-1,))


def rstd_over(x: Array, layout: Layout, eps: float) -> Array:
    """Return 1 / sqrt(var + eps) of each statistic, in one dim."""
    x = reshape_to(x, shape=layout.x)
    if layout.centred:
        var = reduce_var(x, axis=layout.axis, keepdims=False, correction=0)
    else:
        var = reduce_mean(x * x, axis=layout.axis)
    return reshape_to(rsqrt(var + eps), shape=(-1,))


# ------------------------------------------------------------------------------------------------- the first derivatives


@primitive
def normalized_x(dy: Array, x: Array, w: Array, mean: Array, rstd: Array, *, layout: Layout) -> Array:
    """Return the gradient of a normalisation for x: (h - m(h) - (x - mean) rstd^2 m(h (x - mean))) rstd.

    h is dy w, and m the mean over the axes of *layout*.
    """
    return pull(dy, x, w, mean, rstd, layout.members, layout.centred)[0]


@primitive
def normalized_w(dy: Array, x: Array, mean: Array, rstd: Array, *, layout: Layout, shape: Shape) -> Array:
    """Return the gradient of a normalisation for w of *shape*: the sum of dy (x - mean) rstd."""
    return pull(dy, x, np.ones(shape, x.dtype), mean, rstd, layout.members, layout.centred)[1]


def pull(
    dy: Any, x: Any, w: Any, mean: Any, rstd: Any, members: int | None, centred: bool = True
) -> tuple[Any, Any, Any]:
    """Return the gradients for x, w and b, which one kernel computes together."""
    kernels = backend.of(dy, x).kernels
    if members is None:
        gradients: tuple[Any, Any, Any] = kernels.normalize_rows_pull(dy, x, w, mean, rstd, centred=centred)
    else:
        gradients = kernels.normalize_planes_pull(dy, x, w, mean, rstd, members=members)
    return gradients


def _in_four(layout: Layout, x: Array, mean: Array, rstd: Array, *others: Array) -> tuple[Array, ...]:
    """Return x less its mean, rstd, and *others* of the shape of x, in four dims."""
    apart = reshape_to(x, shape=layout.x) - reshape_to(mean, shape=layout.moments)
    return apart, reshape_to(rstd, shape=layout.moments), *[reshape_to(y, shape=layout.x) for y in others]


def _mean(y: Array, layout: Layout) -> Array:
    return reduce_mean(y, axis=layout.axis, keepdims=True)


def _moments(y: Array, layout: Layout) -> Array:
    """Return the sum of y over the axes of a mean, in one dim."""
    return reshape_to(reduce_sum(y, axis=layout.axis), shape=(math.prod(layout.moments),))


def _turned(g: Array, x: Array, w: Array, mean: Array, rstd: Array, layout: Layout) -> Array:
    """Return, in four dims, what ``normalized_x`` makes of g for w = 1: as a matrix it is symmetric."""
    return reshape_to(normalized_x(g, x, np.ones(w.shape, w.dtype), mean, rstd, layout=layout), shape=layout.x)


def _through_apart(g: Array, dy: Array, x: Array, w: Array, mean: Array, rstd: Array, layout: Layout) -> Array:
    apart, rstd, g, dy = _in_four(layout, x, mean, rstd, g, dy)
    h = dy * reshape_to(w, shape=layout.w)
    return -(g * _mean(h * apart, layout) + h * _mean(g * apart, layout)) * (rstd * rstd * rstd)


def _through_rstd(g: Array, dy: Array, x: Array, w: Array, mean: Array, rstd: Array, layout: Layout) -> Array:
    apart, rstd, g, dy = _in_four(layout, x, mean, rstd, g, dy)
    h = dy * reshape_to(w, shape=layout.w)
    moved = h - _mean(h, layout) if layout.centred else h
    return _moments(g * (moved - apart * (_mean(h * apart, layout) * rstd * rstd * 3)), layout)


def _for_w(y: Array, layout: Layout, shape: Shape) -> Array:
    """Return the sum of y, in four dims, over all axes that w of *shape* does not have."""
    return reshape_to(reduce_sum(y, axis=tuple([i for i, n in enumerate(layout.w) if n == 1])), shape=shape)


normalized_x.vjp(
    dy=lambda g, x, w, mean, rstd, layout, dy_shape: reshape_to(
        _turned(g, x, w, mean, rstd, layout) * reshape_to(w, shape=layout.w), shape=dy_shape
    ),
    x=lambda g, dy, x, w, mean, rstd, layout, x_shape: reshape_to(
        _through_apart(g, dy, x, w, mean, rstd, layout), shape=x_shape
    ),
    w=lambda g, dy, x, w, mean, rstd, layout, w_shape: _for_w(
        _turned(g, x, w, mean, rstd, layout) * reshape_to(dy, shape=layout.x), layout, w_shape
    ),
    mean=lambda g, dy, x, w, mean, rstd, layout: -_moments(_through_apart(g, dy, x, w, mean, rstd, layout), layout),
    rstd=_through_rstd,
)


def _w_for_x(g: Array, dy: Array, rstd: Array, layout: Layout) -> Array:
    return reshape_to(g, shape=layout.w) * reshape_to(dy, shape=layout.x) * reshape_to(rstd, shape=layout.moments)


def _w_for_dy(g: Array, x: Array, mean: Array, rstd: Array, layout: Layout) -> Array:
    apart, rstd = _in_four(layout, x, mean, rstd)
    return reshape_to(g, shape=layout.w) * apart * rstd


normalized_w.vjp(
    dy=lambda g, x, mean, rstd, layout, dy_shape: reshape_to(_w_for_dy(g, x, mean, rstd, layout), shape=dy_shape),
    x=lambda g, dy, rstd, layout, x_shape: reshape_to(_w_for_x(g, dy, rstd, layout), shape=x_shape),
    mean=lambda g, dy, rstd, layout: -_moments(_w_for_x(g, dy, rstd, layout), layout),
    rstd=lambda g, dy, x, mean, rstd, layout: _moments(
        _w_for_x(g, dy, np.ones(rstd.shape, rstd.dtype), layout)
        * (reshape_to(x, shape=layout.x) - reshape_to(mean, shape=layout.moments)),
        layout,
    ),
)
