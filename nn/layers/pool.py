"""Pooling: one number for each window of a signal, a picture or a volume."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]

Size = int | Sequence[int]
OutputSize = int | Sequence[int | None] | None


class _Layer(Module):
    """What all layers here have: a function of as many spatial dims as their name says."""

    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]

    def _check(self, input: Tensor, least: tuple[int, ...], cure: str) -> None:
        """Raise unless *input* is (N, C, *size) or (C, *size), with each size of at least *least*, and floating."""
        name = self._get_name()
        expect.spatial(name, input, least, cure)
        if input.dtype.kind != "f":
            raise expect.dtype_error(name, input, "a floating dtype", "convert it with input.float()")


class _Pool(_Layer):
    """What all layers here have whose windows lie evenly; arguments are kept as they were given."""

    def __init__(
        self, kernel_size: Size, stride: Size | None, padding: Size = 0, dilation: Size = 1, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        name, dims = self._get_name(), self.dims
        kernels = expect.per_dim(name, "kernel_size", kernel_size, 1, dims)
        strides = expect.per_dim(name, "stride", self.stride, 1, dims)
        pads = expect.per_dim(name, "padding", padding, 0, dims)
        dilations = expect.per_dim(name, "dilation", dilation, 1, dims)
        self._least = tuple(  # in ceil mode less than a stride may be missing
            max(1, d * (k - 1) + 1 - 2 * p - (s - 1 if ceil_mode else 0))
            for k, s, p, d in zip(kernels, strides, pads, dilations)
        )

    def _check_room(self, input: Tensor) -> None:
        self._check(input, self._least, "use a smaller window, more padding, or larger pictures")

    def extra_repr(self) -> str:
        shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        return ", ".join(f"{name}={getattr(self, name)}" for name in shown if hasattr(self, name))


# --------------------------------------------------------------------------------------------------------- max pooling


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode)
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        self._check_room(input)
        made: Tensor | tuple[Tensor, Tensor] = type(self).function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )
        return made


class MaxPool1d(_MaxPool):
    """Return the largest number of each window: (N, C, L) gives (N, C, L').

    All that ``MaxPool2d`` says holds for one dim.

    >>> import nn
    >>> nn.MaxPool1d(2)(ag.arange(4.0).reshape(1, 1, 4)).tolist()
    [[[1.0, 3.0]]]
    """

    dims = 1
    function = ag.max_pool1d


class MaxPool2d(_MaxPool):
    """Return the largest number of each window: (N, C, H, W) gives (N, C, H', W').

    H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1, or its ceiling with *ceil_mode*; *stride*
    is *kernel_size* by default.  With *return_indices* the places of the numbers in their planes (H W) are returned too.

    >>> import nn
    >>> nn.MaxPool2d(2)(ag.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """

    dims = 2
    function = ag.max_pool2d


class MaxPool3d(_MaxPool):
    """Return the largest number of each window: (N, C, D, H, W) gives (N, C, D', H', W').

    All that ``MaxPool2d`` says holds for three dims.

    >>> import nn
    >>> nn.MaxPool3d(2)(ag.arange(8.0).reshape(1, 1, 2, 2, 2)).item()
    7.0
    """

    dims = 3
    function = ag.max_pool3d


class _MaxUnpool(_Pool):
    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__(kernel_size, stride, padding)
        self.padding = padding

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        name = self._get_name()
        self._check(input, (0,) * self.dims, "give what the max pool returned")
        expect.indices(name, indices, "indices")
        if tuple(indices.shape) != tuple(input.shape):
            raise expect.shape_error(
                name,
                indices,
                f"an index for each element of input {tuple(input.shape)}",
                "give both as the max pool returned them",
            )
        made: Tensor = type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)
        return made


class MaxUnpool1d(_MaxUnpool):
    """Put numbers back to where ``MaxPool1d`` with return_indices=True found them, with zeros between.

    >>> import nn
    >>> found = nn.MaxPool1d(2, return_indices=True)(ag.arange(4.0).reshape(1, 1, 4))
    >>> nn.MaxUnpool1d(2)(*found).tolist()
    [[[0.0, 1.0, 0.0, 3.0]]]
    """

    dims = 1
    function = ag.max_unpool1d


class MaxUnpool2d(_MaxUnpool):
    """Put numbers back to where ``MaxPool2d`` with return_indices=True found them, with zeros between.

    (N, C, H', W') gives (N, C, H, W) with H = (H' - 1) stride - 2 padding + kernel_size, or the *output_size* that the
    call names: several H are pooled to one H'.

    >>> import nn
    >>> found = nn.MaxPool2d(2, return_indices=True)(ag.arange(4.0).reshape(1, 1, 2, 2))
    >>> nn.MaxUnpool2d(2)(*found).tolist()
    [[[[0.0, 0.0], [0.0, 3.0]]]]
    """

    dims = 2
    function = ag.max_unpool2d


class MaxUnpool3d(_MaxUnpool):
    """Put numbers back to where ``MaxPool3d`` with return_indices=True found them, with zeros between.

    >>> import nn
    >>> found = nn.MaxPool3d(2, return_indices=True)(ag.arange(8.0).reshape(1, 1, 2, 2, 2))
    >>> nn.MaxUnpool3d(2)(*found).shape
    (1, 1, 2, 2, 2)
    """

    dims = 3
    function = ag.max_unpool3d


# ----------------------------------------------------------------------------------------------------- average pooling


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, 1, ceil_mode)
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        self._check_room(input)
        how = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        made: Tensor = type(self).function(input, *how, *self._divisor())
        return made

    def _divisor(self) -> tuple[Any, ...]:
        return (self.divisor_override,)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """Return the mean of each window: (N, C, L) gives (N, C, L').

    All that ``AvgPool2d`` says holds for one dim, but there is no *divisor_override*.

    >>> import nn
    >>> nn.AvgPool1d(2)(ag.arange(4.0).reshape(1, 1, 4)).tolist()
    [[[0.5, 2.5]]]
    """

    dims = 1
    function = ag.avg_pool1d

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)

    def _divisor(self) -> tuple[Any, ...]:
        return ()


class AvgPool2d(_AvgPool):
    """Return the mean of each window: (N, C, H, W) gives (N, C, H', W').

    H' = floor((H + 2 padding - kernel_size) / stride) + 1, or its ceiling with *ceil_mode*; *stride* is *kernel_size*
    by default.  Padding counts as zeros unless *count_include_pad* is False; *divisor_override* replaces the divisor.

    >>> import nn
    >>> nn.AvgPool2d(2)(ag.arange(16.0).reshape(1, 1, 4, 4)).tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """

    dims = 2
    function = ag.avg_pool2d


class AvgPool3d(_AvgPool):
    """Return the mean of each window: (N, C, D, H, W) gives (N, C, D', H', W').

    All that ``AvgPool2d`` says holds for three dims.

    >>> import nn
    >>> nn.AvgPool3d(2)(ag.arange(8.0).reshape(1, 1, 2, 2, 2)).item()
    3.5
    """

    dims = 3
    function = ag.avg_pool3d


class _LPPool(_Pool):
    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__(kernel_size, stride, 0, 1, ceil_mode)
        self.norm_type, self.ceil_mode = norm_type, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        self._check_room(input)
        made: Tensor = type(self).function(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)
        return made

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, {super().extra_repr()}"


class LPPool1d(_LPPool):
    """Return the *norm_type*-norm of each window: (N, C, L) gives (N, C, L').

    >>> import nn
    >>> nn.LPPool1d(2, 2)(ag.tensor([[[3.0, 4.0]]])).item()
    5.0
    """

    dims = 1
    function = F.lp_pool1d


class LPPool2d(_LPPool):
    """Return the *norm_type*-norm of each window, (sum x^p)^(1/p): (N, C, H, W) gives (N, C, H', W').

    >>> import nn
    >>> nn.LPPool2d(2, 2)(ag.ones(1, 1, 2, 2)).item()
    2.0
    """

    dims = 2
    function = F.lp_pool2d


class LPPool3d(_LPPool):
    """Return the *norm_type*-norm of each window: (N, C, D, H, W) gives (N, C, D', H', W').

    >>> import nn
    >>> nn.LPPool3d(3, 2)(ag.ones(1, 1, 2, 2, 2)).item()
    2.0
    """

    dims = 3
    function = F.lp_pool3d


# ---------------------------------------------------------------------------------------------------- adaptive pooling


class _Adaptive(_Layer):
    def __init__(self, output_size: OutputSize) -> None:
        super().__init__()
        self.output_size = output_size

    def _check_room(self, input: Tensor) -> None:
        self._check(input, (1,) * self.dims, "there is nothing to pool")

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPool(_Adaptive):
    def forward(self, input: Tensor) -> Tensor:
        self._check_room(input)
        made: Tensor = type(self).function(input, self.output_size)
        return made


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Return the means over *output_size* regions, whatever the length of the signal.

    >>> import nn
    >>> nn.AdaptiveAvgPool1d(2)(ag.arange(3.0).reshape(1, 1, 3)).tolist()
    [[[0.5, 1.5]]]
    """

    dims = 1
    function = ag.adaptive_avg_pool1d


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Return the means over an *output_size* grid of regions, whatever the size of the picture.

    >>> import nn
    >>> nn.AdaptiveAvgPool2d((1, 2))(ag.zeros(2, 3, 5, 7)).shape
    (2, 3, 1, 2)
    """

    dims = 2
    function = ag.adaptive_avg_pool2d


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Return the means over an *output_size* grid of regions, whatever the size of the volume.

    >>> import nn
    >>> nn.AdaptiveAvgPool3d(1)(ag.ones(2, 3, 4, 5, 6)).shape
    (2, 3, 1, 1, 1)
    """

    dims = 3
    function = ag.adaptive_avg_pool3d


class _AdaptiveMaxPool(_Adaptive):
    def __init__(self, output_size: OutputSize, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        self._check_room(input)
        made: Tensor | tuple[Tensor, Tensor] = type(self).function(input, self.output_size, self.return_indices)
        return made


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Return the largest numbers in *output_size* regions, whatever the length of the signal.

    >>> import nn
    >>> nn.AdaptiveMaxPool1d(2)(ag.arange(3.0).reshape(1, 1, 3)).tolist()
    [[[1.0, 2.0]]]
    """

    dims = 1
    function = ag.adaptive_max_pool1d


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Return the largest numbers in an *output_size* grid of regions; with *return_indices* also where they are.

    >>> import nn
    >>> nn.AdaptiveMaxPool2d((1, 2))(ag.zeros(2, 3, 5, 7)).shape
    (2, 3, 1, 2)
    """

    dims = 2
    function = ag.adaptive_max_pool2d


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Return the largest numbers in an *output_size* grid of regions, whatever the size of the volume.

    >>> import nn
    >>> nn.AdaptiveMaxPool3d(1)(ag.arange(8.0).reshape(1, 1, 2, 2, 2)).item()
    7.0
    """

    dims = 3
    function = ag.adaptive_max_pool3d


# -------------------------------------------------------------------------------------------------- fractional pooling


class _FractionalMaxPool(_Layer):
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name, dims = self._get_name(), self.dims
        if (output_size is None) == (output_ratio is None):
            raise ag.errors.ArgumentError(
                f"{name}: output_size={output_size} and output_ratio={output_ratio}; give one of them"
            )
        self.kernel_size = expect.per_dim(name, "kernel_size", kernel_size, 1, dims)
        self.output_size = None if output_size is None else expect.per_dim(name, "output_size", output_size, 1, dims)
        self.output_ratio = None
        if output_ratio is not None:
            ratios = tuple(output_ratio) if isinstance(output_ratio, Sequence) else (output_ratio,) * dims
            if len(ratios) != dims or not all(0 < r < 1 for r in ratios):
                raise ag.errors.ArgumentError(
                    f"{name}: output_ratio={output_ratio!r}, expected a number between 0 and 1, or {dims} of them"
                )
            self.output_ratio = ratios
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        made = self.output_size or (1,) * self.dims
        least = tuple(k + m - 1 for k, m in zip(self.kernel_size, made, strict=True))
        self._check(input, least, "use a smaller window, a smaller output, or larger pictures")
        pooled: Tensor | tuple[Tensor, Tensor] = type(self).function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )
        return pooled


class FractionalMaxPool2d(_FractionalMaxPool):
    """Return the largest numbers of windows at random, nearly even steps, which bring pictures to any smaller size.

    Give *output_size*, or *output_ratio*, between 0 and 1, of the input's size.  With *return_indices* the places of the
    numbers in their planes (H W) are returned too.  Source: Graham, "Fractional Max-Pooling", 2014.

    >>> import nn
    >>> nn.FractionalMaxPool2d(2, output_ratio=0.7)(ag.zeros(1, 3, 10, 20)).shape
    (1, 3, 7, 14)
    """

    dims = 2
    function = ag.fractional_max_pool2d


class FractionalMaxPool3d(_FractionalMaxPool):
    """Return the largest numbers of windows at random steps, which bring volumes to any smaller size.

    All that ``FractionalMaxPool2d`` says holds for three dims.

    >>> import nn
    >>> nn.FractionalMaxPool3d(2, output_size=(2, 3, 4))(ag.zeros(1, 3, 4, 5, 6)).shape
    (1, 3, 2, 3, 4)
    """

    dims = 3
    function = ag.fractional_max_pool3d
