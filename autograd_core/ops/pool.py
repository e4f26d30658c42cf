"""Two-dimensional pooling.

The derivatives of max pooling are two linear partners, which scatter to and gather from the places of the maxima.
Average pooling is linear itself, and its adjoint is a primitive too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .. import backend
from ..dtypes import is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .conv import Pair, Shape, pair
from .shape import reshape_to

# ----------------------------------------------------------------------------------------------------------- primitives


class MaxGeometry(NamedTuple):
    """Where the windows of max pooling lie; pairs are for height and width."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    ceil_mode: bool


@primitive(name="max_pool2d", aux=("indices",))
def pool_max(x: Array, *, geometry: MaxGeometry) -> tuple[Array, Array]:
    """Return the largest elements, and where they are in the planes (H, W) as seen in one dim."""
    return backend.of(x).kernels.max_pool2d(x, **geometry._asdict())


@primitive
def scatter_planes(y: Array, indices: Array, *, shape: Shape) -> Array:
    """Return zeros of *shape* (N, C, H, W), with y added at *indices* of the planes."""
    return backend.of(y, indices).kernels.scatter_planes(y, indices, shape=shape)


@primitive
def gather_planes(x: Array, indices: Array) -> Array:
    """Return the elements at *indices* of the planes of x."""
    return backend.of(x, indices).kernels.gather_planes(x, indices)


pool_max.vjp(x=lambda g, indices, x_shape: scatter_planes(g, indices, shape=x_shape))
scatter_planes.vjp(y=lambda g, indices: gather_planes(g, indices), indices=None)
gather_planes.vjp(x=lambda g, indices, x_shape: scatter_planes(g, indices, shape=x_shape), indices=None)


class MeanGeometry(NamedTuple):
    """Where the windows of average pooling lie, and what their sums are divided by; pairs are for height and width."""

    kernel: Pair
    stride: Pair
    padding: Pair
    count_include_pad: bool
    divisor: int | None


@primitive(name="avg_pool2d")
def pool_mean(x: Array, *, geometry: MeanGeometry, ceil_mode: bool) -> Array:
    """Return the sum of each window over its size, or over the divisor."""
    return backend.of(x).kernels.avg_pool2d(x, ceil_mode=ceil_mode, **geometry._asdict())


@primitive(name="avg_pool2d_input")
def pool_mean_input(y: Array, *, shape: Shape, geometry: MeanGeometry, ceil_mode: bool) -> Array:
    """Return the adjoint of ``pool_mean`` at y, for x of *shape*.

    *ceil_mode* is for the formula: here the shape of y shows it.
    """
    return backend.of(y).kernels.avg_pool2d_input(y, shape=shape, **geometry._asdict())


pool_mean.vjp(
    x=lambda g, x_shape, geometry, ceil_mode: pool_mean_input(g, shape=x_shape, geometry=geometry, ceil_mode=ceil_mode)
)
pool_mean_input.vjp(y=lambda g, geometry, ceil_mode: pool_mean(g, geometry=geometry, ceil_mode=ceil_mode))

# ------------------------------------------------------------------------------------------------- the public functions


def max_pool2d(
    input: Array,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """Return the largest element of each window; with *return_indices* also where it is, in 0..H*W-1 of its plane.

    y[n, c, p, q] = max_{a,b} x[n, c, p s + a d, q s + b d], where x is padded with -inf, the stride s is *kernel_size*
    by default, and d is the dilation.  Of equal elements the first gets the gradient; a NaN is larger than all else.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W') with
    H' = floor((H + 2 padding - d (k - 1) - 1) / s) + 1.
    With *ceil_mode* the fraction is rounded up, as long as the last window starts in the input or in the padding
    before it.
    Any floating dtype.  Raises ShapeError, DtypeError or ArgumentError for what does not fit.

    >>> ag.max_pool2d(ag.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    kernels, strides, pads = _windows("max_pool2d", kernel_size, stride, padding)
    dilations = pair("max_pool2d", "dilation", dilation, 1)
    x = _batch("max_pool2d", input)
    _check_fit("max_pool2d", input, kernels, strides, pads, dilations, ceil_mode)
    y, indices = pool_max(x, geometry=MaxGeometry(kernels, strides, pads, dilations, bool(ceil_mode)))
    if x is not input:
        y, indices = (reshape_to(a, shape=tuple(a.shape[1:])) for a in (y, indices))
    return (y, indices) if return_indices else y


def avg_pool2d(
    input: Array,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
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
    kernels, strides, pads = _windows("avg_pool2d", kernel_size, stride, padding)
    if divisor_override is not None and (not isinstance(divisor_override, int) or not divisor_override):
        raise ArgumentError(
            f"avg_pool2d: divisor_override={divisor_override!r}: expected an int that is not 0, or None for the size"
        )
    x = _batch("avg_pool2d", input)
    _check_fit("avg_pool2d", input, kernels, strides, pads, (1, 1), ceil_mode)
    geometry = MeanGeometry(kernels, strides, pads, bool(count_include_pad), divisor_override)
    y = pool_mean(x, geometry=geometry, ceil_mode=bool(ceil_mode))
    return y if x is input else reshape_to(y, shape=tuple(y.shape[1:]))


def _windows(
    function: str, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None, padding: int | Sequence[int]
) -> tuple[Pair, Pair, Pair]:
    kernels = pair(function, "kernel_size", kernel_size, 1)
    strides = kernels if stride is None else pair(function, "stride", stride, 1)
    pads = pair(function, "padding", padding, 0)
    if any(p > k // 2 for p, k in zip(pads, kernels)):
        raise ArgumentError(
            f"{function}: padding={padding!r} with kernel_size={kernel_size!r}: pad should be at most half of kernel "
            f"size, here {tuple(k // 2 for k in kernels)}; pad the input first if you need more"
        )
    return kernels, strides, pads


def _batch(function: str, input: Array) -> Array:
    """Return *input* as (N, C, H, W)."""
    if not is_floating(input.dtype):
        raise DtypeError(f"{function}: input has dtype {input.dtype}: expected floating; use input.float()")
    if len(input.shape) not in (3, 4):
        raise ShapeError(
            f"{function}: input {tuple(input.shape)}: expected (N, C, H, W) or (C, H, W); reshape or unsqueeze it"
        )
    return input if len(input.shape) == 4 else reshape_to(input, shape=(1, *input.shape))


def _check_fit(
    function: str, input: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> None:
    for axis, n, k, s, p, d in zip("HW", input.shape[-2:], kernel, stride, padding, dilation):
        room = n + 2 * p - d * (k - 1) - 1
        starts = range(-p, room - p + (s if ceil_mode else 1), s)  # ceil mode drops those in the padding at the end
        if n == 0 or not starts:
            raise ShapeError(
                f"{function}: along {axis} the window covers {d * (k - 1) + 1} elements, but the padded input has "
                f"{n + 2 * p}: input {tuple(input.shape)}, kernel_size={kernel}, padding={padding}, "
                f"dilation={dilation}; use a smaller window, or a larger input"
            )
        if any(start < 0 and start % d >= n for start in starts[:p]):
            raise ShapeError(
                f"{function}: along {axis} a window of dilation={dilation} sees padding only: input "
                f"{tuple(input.shape)}, kernel_size={kernel}, padding={padding}; use less padding, or less dilation"
            )
