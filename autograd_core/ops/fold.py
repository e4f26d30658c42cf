"""Windows of a picture side by side as columns, and columns added up to a picture: each the other's adjoint."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..primitive import Array, primitive
from .pool.windows import Windows
from .shape import Shape, reshape_to
from .spatial import AXES, Size, batch, per_dim

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="im2col")
def windows_to_columns(x: Array, *, windows: Windows) -> Array:
    """Return the windows of x (N, C, *size), each as a column, (N, C elements, places)."""
    n, c, *size = x.shape
    places = _places(tuple(size), windows)
    padded = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in windows.padding]])
    columns = np.empty((n, c, *windows.kernel, *places), x.dtype)
    for a in np.ndindex(windows.kernel):
        columns[:, :, *a] = padded[:, :, *_seen(a, places, windows)]
    return columns.reshape(n, c * math.prod(windows.kernel), math.prod(places))


@primitive(name="col2im")
def columns_to_windows(columns: Array, *, shape: Shape, windows: Windows) -> Array:
    """Return zeros of *shape* (N, C, *size) with each element of *columns* added where it was in its window."""
    n, c, *size = shape
    places = _places(tuple(size), windows)
    parts = columns.reshape(n, c, *windows.kernel, *places)
    padded: Any = np.zeros((n, c, *[m + 2 * p for m, p in zip(size, windows.padding)]), columns.dtype)
    for a in np.ndindex(windows.kernel):
        padded[:, :, *_seen(a, places, windows)] += parts[:, :, *a]
    inside = padded[:, :, *[slice(p, p + m) for m, p in zip(size, windows.padding)]]
    return inside if inside.shape == padded.shape else inside.copy()


def _seen(a: Shape, places: Shape, windows: Windows) -> tuple[slice, ...]:
    """Return where in the padded picture the element *a* of every window is."""
    axes = zip(a, places, windows.dilation, windows.stride)
    return tuple(slice(i * d, i * d + (m - 1) * s + 1, s) for i, m, d, s in axes)


def _places(size: Shape, windows: Windows) -> Shape:
    """Return how many windows there are along each axis of a picture of *size*; below 1 where none fits."""
    axes = zip(size, windows.padding, windows.dilation, windows.kernel, windows.stride)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, p, d, k, s in axes)


windows_to_columns.vjp(x=lambda g, x_shape, windows: columns_to_windows(g, shape=x_shape, windows=windows))
columns_to_windows.vjp(columns=lambda g, windows: windows_to_columns(g, windows=windows))


# ------------------------------------------------------------------------------------------------- the public functions


def unfold(input: Array, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Array:
    """Return the windows of *input*, which slide over it, side by side as columns.

    out[n, c KH KW + a KW + b, p W' + q] = x[n, c, p s + a d, q s + b d], where x is padded with 0, s is the stride and d the
    dilation: a convolution is a product of its flat weights with these columns.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C KH KW, H' W') or (C KH KW, H' W') with
    H' = floor((H + 2 padding - d (KH - 1) - 1) / s) + 1.  Any dtype.  Raises ShapeError or ArgumentError for what does not
    fit.  It is ``ag.im2col`` and ``nn.functional.unfold``.

    >>> ag.im2col(ag.arange(6).reshape(1, 2, 3), 2).tolist()
    [[0, 1], [1, 2], [3, 4], [4, 5]]
    """
    how = _windows("unfold", kernel_size, dilation, padding, stride)
    if len(input.shape) not in (3, 4) or min(input.shape[-3:]) < 1:
        raise ShapeError(
            f"unfold: input {tuple(input.shape)}: expected (N, C, H, W) or (C, H, W) with C, H and W of at least 1; reshape it"
        )
    places = _places(tuple(input.shape[-2:]), how)
    for axis, n, m, p, k, d in zip(AXES[-2:], input.shape[-2:], places, how.padding, how.kernel, how.dilation):
        if m < 1:
            raise ShapeError(
                f"unfold: along {axis} the window covers {d * (k - 1) + 1} elements, but the padded input has {n + 2 * p}: "
                f"input {tuple(input.shape)}, kernel_size={how.kernel}, padding={how.padding}, dilation={how.dilation}; "
                "use a smaller window, or more padding"
            )
    y = windows_to_columns(batch(2, input), windows=how)
    return y if len(input.shape) == 4 else reshape_to(y, shape=tuple(y.shape[1:]))


def fold(
    input: Array, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Array:
    """Add up columns, the windows of a picture of *output_size*, where they overlap: the adjoint of ``unfold``.

    What ``unfold`` made of a picture comes back with each element times the number of windows that saw it.

    Shapes: (N, C KH KW, H' W') or (C KH KW, H' W') to (N, C, H, W) or (C, H, W), of any dtype; see ``unfold``.
    Raises ShapeError or ArgumentError for what does not fit.  It is ``ag.col2im`` and ``nn.functional.fold``.

    >>> ag.col2im(ag.im2col(ag.ones(1, 2, 3), 2), (2, 3), 2).tolist()
    [[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]]
    """
    how = _windows("fold", kernel_size, dilation, padding, stride)
    size = per_dim("fold", "output_size", output_size, 1, 2)
    places, elements = _places(size, how), math.prod(how.kernel)
    if min(places) < 1:
        raise ShapeError(
            f"fold: no window of kernel_size={how.kernel}, dilation={how.dilation} fits into output_size={size} with "
            f"padding={how.padding}; use the arguments of the unfold that made the columns"
        )
    shape, count = tuple(input.shape), math.prod(places)
    if len(shape) not in (2, 3) or shape[-1] != count or not shape[-2] or shape[-2] % elements:
        raise ShapeError(
            f"fold: input {shape}: expected (N, C * {elements}, {count}) or (C * {elements}, {count}), since "
            f"kernel_size={how.kernel} has {elements} elements and output_size={size} has {places[0]} x {places[1]} windows; "
            "use the arguments of the unfold that made the columns"
        )
    columns = input if len(shape) == 3 else reshape_to(input, shape=(1, *shape))
    n, rows, _ = columns.shape
    y = columns_to_windows(columns, shape=(n, rows // elements, *size), windows=how)
    return y if columns is input else reshape_to(y, shape=tuple(y.shape[1:]))


def _windows(function: str, kernel_size: Size, dilation: Size, padding: Size, stride: Size) -> Windows:
    return Windows(
        per_dim(function, "kernel_size", kernel_size, 1, 2),
        per_dim(function, "stride", stride, 1, 2),
        per_dim(function, "padding", padding, 0, 2),
        per_dim(function, "dilation", dilation, 1, 2),
        ceil_mode=False,
    )
