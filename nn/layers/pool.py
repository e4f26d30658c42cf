"""Pooling: one number for each window of a picture."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module

__all__ = ["AdaptiveAvgPool2d", "AvgPool2d", "MaxPool2d"]

Size = int | tuple[int, int]


class MaxPool2d(Module):
    """Return the largest number of each window: (N, C, H, W) gives (N, C, H', W').

    H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1, or its ceiling with *ceil_mode*; *stride* is
    *kernel_size* by default.  With *return_indices* the places of the numbers in their planes (H W) are returned too.

    >>> import nn
    >>> nn.MaxPool2d(2)(ag.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride
        self.return_indices, self.ceil_mode = return_indices, ceil_mode
        self._window = (
            expect.pair("MaxPool2d", "kernel_size", kernel_size, 1),
            expect.pair("MaxPool2d", "padding", padding, 0),
            expect.pair("MaxPool2d", "dilation", dilation, 1),
        )
        expect.pair("MaxPool2d", "stride", self.stride, 1)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        expect.window("MaxPool2d", input, *self._window)
        return ag.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """Return the mean of each window: (N, C, H, W) gives (N, C, H', W').

    H' = floor((H + 2 padding - kernel_size) / stride) + 1, or its ceiling with *ceil_mode*; *stride* is *kernel_size* by
    default.  Padding counts as zeros unless *count_include_pad* is False; *divisor_override* replaces the divisor.

    >>> import nn
    >>> nn.AvgPool2d(2)(ag.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride
        self.ceil_mode, self.count_include_pad, self.divisor_override = ceil_mode, count_include_pad, divisor_override
        self._window = (
            expect.pair("AvgPool2d", "kernel_size", kernel_size, 1),
            expect.pair("AvgPool2d", "padding", padding, 0),
            (1, 1),
        )
        expect.pair("AvgPool2d", "stride", self.stride, 1)

    def forward(self, input: Tensor) -> Tensor:
        expect.window("AvgPool2d", input, *self._window)
        return ag.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """Return the means over an *output_size* grid of regions, whatever the size of the picture.

    >>> import nn
    >>> nn.AdaptiveAvgPool2d((1, 2))(ag.zeros(2, 3, 5, 7)).shape
    (2, 3, 1, 2)
    """

    def __init__(self, output_size: int | tuple[int | None, int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"
