"""What all pooling asks of its arguments, and the windows that they describe."""

from __future__ import annotations

from typing import NamedTuple

from ...dtypes import is_floating
from ...errors import ArgumentError, DtypeError, ShapeError
from ...primitive import Array
from ..spatial import Shape, Size, batch, letters, per_dim


class Windows(NamedTuple):
    """Where windows lie; each has an entry for each spatial dim."""

    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    ceil_mode: bool


def pictures(function: str, dims: int, input: Array) -> Array:
    """Return *input* as (N, C, *size)."""
    if not is_floating(input.dtype):
        raise DtypeError(f"{function}: input has dtype {input.dtype}: expected floating; use input.float()")
    if len(input.shape) not in (dims + 1, dims + 2):
        size = ", ".join(letters(dims))
        raise ShapeError(
            f"{function}: input {tuple(input.shape)}: expected (N, C, {size}) or (C, {size}); reshape or unsqueeze it"
        )
    return batch(dims, input)


def windows(
    function: str, dims: int, input: Array, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size,
    ceil_mode: bool,
) -> Windows:  # fmt: skip
    """Return the windows that the arguments of *function* describe, if they fit *input*."""
    kernels = per_dim(function, "kernel_size", kernel_size, 1, dims)
    strides = kernels if stride is None else per_dim(function, "stride", stride, 1, dims)
    pads = per_dim(function, "padding", padding, 0, dims)
    if any(p > k // 2 for p, k in zip(pads, kernels)):
        raise ArgumentError(
            f"{function}: padding={padding!r} with kernel_size={kernel_size!r}: pad should be at most half of kernel "
            f"size, here {tuple(k // 2 for k in kernels)}; pad the input first if you need more"
        )
    made = Windows(kernels, strides, pads, per_dim(function, "dilation", dilation, 1, dims), bool(ceil_mode))
    _check_fit(function, dims, input, made)
    return made


def _check_fit(function: str, dims: int, input: Array, how: Windows) -> None:
    for axis, n, k, s, p, d in zip(letters(dims), input.shape[-dims:], *how[:4]):
        room = n + 2 * p - d * (k - 1) - 1
        starts = range(-p, room - p + (s if how.ceil_mode else 1), s)  # ceil mode drops those in the padding at the end
        if n == 0 or not starts:
            raise ShapeError(
                f"{function}: along {axis} the window covers {d * (k - 1) + 1} elements, but the padded input has "
                f"{n + 2 * p}: input {tuple(input.shape)}, kernel_size={how.kernel}, padding={how.padding}, "
                f"dilation={how.dilation}; use a smaller window, or a larger input"
            )
        if any(start < 0 and start % d >= n for start in starts[:p]):
            raise ShapeError(
                f"{function}: along {axis} a window of dilation={how.dilation} sees padding only: input "
                f"{tuple(input.shape)}, kernel_size={how.kernel}, padding={how.padding}; use less padding, or less "
                "dilation"
            )
