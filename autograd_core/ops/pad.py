"""Padding: places added around the last dims, constant or taken from the values there."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..primitive import Array, primitive
from .shape import Shape, clone

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="pad")
def pad_constant(x: Array, *, before: Shape, after: Shape, value: float) -> Array:
    """*before* and *after* are the numbers of places added on each axis; none is negative."""
    shape = tuple([a + n + b for a, n, b in zip(before, x.shape, after)])
    out = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    out[_interior(before, x.shape)] = x
    return out


pad_constant.vjp(x=lambda g, before, x_shape: g[_interior(before, x_shape)])


def _interior(before: Shape, shape: Shape) -> tuple[slice, ...]:
    return tuple([slice(a, a + n) for a, n in zip(before, shape)])


@primitive
def pad_from_edges(x: Array, *, before: Shape, after: Shape, mode: str) -> Array:
    """Return x with places added on each axis that repeat values of x: mirrored, of the edge, or of the other end."""
    out: Any = np.empty([a + n + b for a, n, b in zip(before, x.shape, after)], x.dtype)
    region = [slice(a, a + n) for a, n in zip(before, x.shape)]
    out[tuple(region)] = x
    for axis, (a, n, b) in enumerate(zip(before, x.shape, after)):  # what earlier axes have added is carried along
        lead, rest = region[:axis], region[axis + 1 :]
        for added, source in _edges(a, n, b, mode):
            out[(*lead, added, *rest)] = out[(*lead, source, *rest)]
        region[axis] = slice(None)
    return out


@primitive
def fold_edges(x: Array, *, before: Shape, after: Shape, mode: str) -> Array:
    """Return the interior of x with the values of its edges added where they came from: the partner of the above."""
    shape = [n - a - b for a, n, b in zip(before, x.shape, after)]
    out: Any = x.copy()
    region = [slice(None)] * x.ndim
    for axis in reversed(range(x.ndim)):
        lead, rest = region[:axis], region[axis + 1 :]
        for added, source in _edges(before[axis], shape[axis], after[axis], mode):
            values = out[(*lead, added, *rest)]
            out[(*lead, source, *rest)] += values.sum(axis, keepdims=True) if mode == "replicate" else values
        region[axis] = slice(before[axis], before[axis] + shape[axis])
    return out[tuple(region)].copy()


def _edges(a: int, n: int, b: int, mode: str) -> list[tuple[slice, slice]]:
    """Return the *a* places before and the *b* places after n, with those of these n that they repeat."""
    end = a + n
    low, high = slice(0, a), slice(end, end + b)
    if mode == "reflect":
        stop = end - 2 - b
        sources = slice(2 * a, a, -1), slice(end - 2, stop if stop >= 0 else None, -1)
    elif mode == "replicate":
        sources = slice(a, a + 1), slice(end - 1, end)
    else:
        sources = slice(n, end), slice(a, a + b)
    return [(added, source) for added, source, count in zip((low, high), sources, (a, b)) if count]


pad_from_edges.vjp(x=lambda g, before, after, mode: fold_edges(g, before=before, after=after, mode=mode))
fold_edges.vjp(x=lambda g, before, after, mode: pad_from_edges(g, before=before, after=after, mode=mode))


# -------------------------------------------------------------------------------------------------- the public function


def pad(input: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    """Pad the last dims of *input*: *pad* is (before, after) of the last dim, then of the one before it, and so on.

    *mode*: "constant" (with *value*, 0 by default; a negative number crops), "reflect" (mirrored without the edge),
    "replicate" (the edge repeated), "circular" (from the other end).  Raises ShapeError where the input is too small.

    >>> ag.pad(ag.tensor([1, 2, 3]), (2, 1), mode="reflect").tolist()
    [3, 2, 1, 2, 3, 2]
    """
    shape = tuple(input.shape)
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        raise ShapeError(
            f"pad: pad={tuple(pad)} must hold (before, after) for at most the {len(shape)} dims of input of shape "
            f"{shape}"
        )
    before, after = [0] * len(shape), [0] * len(shape)
    for i in range(len(pad) // 2):
        before[-1 - i], after[-1 - i] = operator.index(pad[2 * i]), operator.index(pad[2 * i + 1])
    for d, (a, n, b) in enumerate(zip(before, shape, after)):
        if a + n + b < 0 or -a > n or -b > n:
            raise ShapeError(f"pad: pad={tuple(pad)} crops more than dim {d} of input of shape {shape} has")
    if mode not in ("constant", *_LEAST):
        raise ArgumentError(f'pad: mode={mode!r} is unknown; use "constant", "reflect", "replicate" or "circular"')
    if mode == "circular":  # the other modes may repeat what is cropped
        input = _crop(input, before, after)
        before, after = [max(a, 0) for a in before], [max(b, 0) for b in after]
    if mode != "constant":
        _check_edges(mode, value, pad, list(zip(before, input.shape, after)))
    low, high = tuple([max(a, 0) for a in before]), tuple([max(b, 0) for b in after])
    if not (any(low) or any(high)):
        return clone(_crop(input, before, after))  # never a view
    if mode == "constant":
        padded = pad_constant(input, before=low, after=high, value=0 if value is None else value)
    else:
        padded = pad_from_edges(input, before=low, after=high, mode=mode)
    return _crop(padded, before, after)


def _crop(x: Array, before: Sequence[int], after: Sequence[int]) -> Array:
    """Return x without as many places, before and after, as negative numbers say."""
    if min(before, default=0) >= 0 and min(after, default=0) >= 0:
        return x
    return x[tuple([slice(max(-a, 0), n - max(-b, 0)) for a, n, b in zip(before, x.shape, after)])]


_LEAST: dict[str, Callable[[int], int]] = {  # the size that a dim must have for n places on either side
    "reflect": lambda n: n + 1,
    "replicate": lambda n: 1,
    "circular": lambda n: n,
}


def _check_edges(mode: str, value: float | None, pad: Sequence[int], sizes: list[tuple[int, int, int]]) -> None:
    """Raise unless each dim, of places before, size and places after, is large enough for what *mode* repeats."""
    if value:
        raise ArgumentError(
            f'pad: value={value} has no meaning with mode={mode!r}; leave it out, or use mode="constant"'
        )
    for d, (a, n, b) in enumerate(sizes):
        least = _LEAST[mode](max(a, b))
        if (a or b) and n < least:
            raise ShapeError(
                f"pad: mode={mode!r} with pad={tuple(pad)} needs a size of {least} at dim {d}, input has shape "
                f"{tuple([size for _, size, _ in sizes])}"
            )
