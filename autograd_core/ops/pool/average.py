"""Average pooling: linear, with its adjoint as a primitive too."""

from __future__ import annotations

from ... import backend
from ...errors import ArgumentError
from ...primitive import Array, primitive
from ..spatial import Shape, Size, unbatch
from .windows import Windows, pictures, windows

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="avg_pool")
def window_mean(x: Array, *, windows: Windows, count_include_pad: bool, divisor: int | None) -> Array:
    """Return the sum of each window of x (N, C, *size) over its size, or over the divisor."""
    return backend.of(x).kernels.avg_pool(x, windows=windows, count_include_pad=count_include_pad, divisor=divisor)


@primitive(name="avg_pool_input")
def window_mean_input(
    y: Array, *, shape: Shape, windows: Windows, count_include_pad: bool, divisor: int | None
) -> Array:
    """Return the adjoint of ``window_mean`` at y, for x of *shape*."""
    spread = backend.of(y).kernels.avg_pool_input
    return spread(y, shape=shape, windows=windows, count_include_pad=count_include_pad, divisor=divisor)


window_mean.vjp(
    x=lambda g, x_shape, windows, count_include_pad, divisor: window_mean_input(
        g, shape=x_shape, windows=windows, count_include_pad=count_include_pad, divisor=divisor
    )
)
window_mean_input.vjp(
    y=lambda g, windows, count_include_pad, divisor: window_mean(
        g, windows=windows, count_include_pad=count_include_pad, divisor=divisor
    )
)

# ------------------------------------------------------------------------------------------------- the public functions


def avg_pool1d(
    input: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Return the mean of each window of *input* (N, C, L) or (C, L).

    All that ``avg_pool2d`` says holds for one dim.

    >>> ag.avg_pool1d(ag.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
    tensor([[2.5000, 2.5000]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the mean of each window.

    y[n, c, p, q] = sum_{a,b} x[n, c, p s + a, q s + b] / m, where x is padded with 0 and the stride s is *kernel_size*
    by default.  m is *divisor_override*, or the number of elements in the window: with its padding, unless
    *count_include_pad* is False, but without what reaches beyond the padding in *ceil_mode*.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W') with H' = floor((H + 2 padding - k) / s) + 1.
    With *ceil_mode* the fraction is rounded up, as long as the last window starts in the input or in the padding
    before it.
    Any floating dtype.  Raises ShapeError, DtypeError or ArgumentError for what does not fit.

    >>> ag.avg_pool2d(ag.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    divisor = divisor_override
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)


def avg_pool3d(
    input: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the mean of each window of *input* (N, C, D, H, W) or (C, D, H, W).

    All that ``avg_pool2d`` says holds for three dims.

    >>> ag.avg_pool3d(ag.arange(8.0).reshape(1, 1, 2, 2, 2), 2).item()
    3.5
    """
    divisor = divisor_override
    return _avg_pool("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)


def _avg_pool(
    function: str, dims: int, input: Array, kernel_size: Size, stride: Size | None, padding: Size, ceil_mode: bool,
    count_include_pad: bool, divisor: int | None,
) -> Array:  # fmt: skip
    if divisor is not None and (not isinstance(divisor, int) or not divisor):
        raise ArgumentError(
            f"{function}: divisor_override={divisor!r}: expected an int that is not 0, or None for the size"
        )
    x = pictures(function, dims, input)
    how = windows(function, dims, input, kernel_size, stride, padding, 1, ceil_mode)
    y = window_mean(x, windows=how, count_include_pad=bool(count_include_pad), divisor=divisor)
    return unbatch(y, input)
