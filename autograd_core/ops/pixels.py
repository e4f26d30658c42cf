"""Elements moved between channels and places: shapes alone change, and the order in memory."""

from __future__ import annotations

from ..errors import ArgumentError, ShapeError
from ..primitive import Array
from .shape import Shape, clone, permute_axes, reshape_to


def pixel_shuffle(input: Array, upscale_factor: int) -> Array:
    """Make r x r places of r^2 channels: out[c, h r + i, w r + j] = input[c r^2 + i r + j, h, w], r = *upscale_factor*.

    (..., C r^2, H, W) gives (..., C, H r, W r).  Raises ShapeError or ArgumentError for what does not fit.
    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016.

    >>> ag.pixel_shuffle(ag.arange(4).reshape(4, 1, 1), 2).tolist()
    [[[0, 1], [2, 3]]]
    """
    r = _factor("pixel_shuffle", "upscale_factor", upscale_factor, input)
    *lead, c, h, w = input.shape
    if c % (r * r):
        raise ShapeError(
            f"pixel_shuffle: input {tuple(input.shape)} has {c} channels: expected a multiple of {r * r}, the square of "
            f"upscale_factor={r}"
        )
    k = len(lead)
    parts, axes = (*lead, c // (r * r), r, r, h, w), (*range(k), k, k + 3, k + 1, k + 4, k + 2)
    return _moved(input, parts, axes, (*lead, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Array, downscale_factor: int) -> Array:
    """Make r^2 channels of r x r places, r = *downscale_factor*: what undoes ``pixel_shuffle``.

    (..., C, H r, W r) gives (..., C r^2, H, W).  Raises ShapeError or ArgumentError for what does not fit.

    >>> ag.pixel_unshuffle(ag.arange(4).reshape(1, 2, 2), 2).tolist()
    [[[0]], [[1]], [[2]], [[3]]]
    """
    r = _factor("pixel_unshuffle", "downscale_factor", downscale_factor, input)
    *lead, c, h, w = input.shape
    if h % r or w % r:
        raise ShapeError(
            f"pixel_unshuffle: input {tuple(input.shape)} has pictures of {h} x {w}: expected multiples of "
            f"downscale_factor={r}; crop or pad them"
        )
    k = len(lead)
    parts, axes = (*lead, c, h // r, r, w // r, r), (*range(k), k, k + 2, k + 4, k + 1, k + 3)
    return _moved(input, parts, axes, (*lead, c * r * r, h // r, w // r))


def channel_shuffle(input: Array, groups: int) -> Array:
    """Take channels from each of *groups* in turn: out[n, i groups + g] = input[n, g C / groups + i].

    (N, C, ...) gives (N, C, ...).  Raises ShapeError or ArgumentError for what does not fit.
    Source: Zhang et al., "ShuffleNet", 2018.

    >>> ag.channel_shuffle(ag.arange(4).reshape(1, 4, 1), 2).flatten().tolist()
    [0, 2, 1, 3]
    """
    shape = tuple(input.shape)
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ArgumentError(f"channel_shuffle: groups={groups!r}: expected an int of at least 1")
    if len(shape) < 3:
        raise ShapeError(f"channel_shuffle: input {shape}: expected (N, C, ...) of at least 3 dims; unsqueeze() it")
    n, c, *rest = shape
    if c % groups:
        raise ShapeError(f"channel_shuffle: groups={groups} does not divide the {c} channels of input {shape}")
    return _moved(input, (n, groups, c // groups, *rest), (0, 2, 1, *range(3, len(shape) + 1)), shape)


def _moved(x: Array, parts: Shape, axes: Shape, shape: Shape) -> Array:
    """Return x, seen as of shape *parts*, with its axes in another order, and of *shape*; never a view of x."""
    return reshape_to(clone(permute_axes(reshape_to(x, shape=parts), axes=axes)), shape=shape)


def _factor(function: str, name: str, value: int, input: Array) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{function}: {name}={value!r}: expected an int of at least 1")
    if len(input.shape) < 3:
        raise ShapeError(f"{function}: input {tuple(input.shape)}: expected (..., C, H, W); unsqueeze() it")
    return value
