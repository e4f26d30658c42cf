"""Convolution and transposed convolution, in one to three dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from ..module import Module
from ..parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}

Shape = tuple[int, ...]
Size = int | Sequence[int]


class _Window(Module):
    """What all layers here have: channels, a window that moves over the spatial dims, weight and bias."""

    dims: ClassVar[int]  # how many spatial dims there are
    padding_mode: str
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Size, stride: Size, dilation: Size, groups: int
    ) -> None:
        super().__init__()
        name = self._get_name()
        expect.size(name, groups=groups, in_channels=in_channels, out_channels=out_channels)
        if in_channels % groups or out_channels % groups:
            raise ag.errors.ArgumentError(
                f"{name}: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}"
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = expect.per_dim(name, "kernel_size", kernel_size, 1, self.dims)
        self.stride = expect.per_dim(name, "stride", stride, 1, self.dims)
        self.dilation = expect.per_dim(name, "dilation", dilation, 1, self.dims)

    def _make_parameters(self, bias: bool, device: Any, dtype: Any) -> None:
        self.weight = self._parameter(*self._weight_shape(), device=device, dtype=dtype)
        self.register_parameter(
            "bias", self._parameter(self.out_channels, device=device, dtype=dtype) if bias else None
        )
        self.reset_parameters()

    def _weight_shape(self) -> Shape:
        raise NotImplementedError

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound)

    def _check(self, input: Tensor, weight: Tensor) -> None:
        """Raise unless *input* has the dtype of *weight*, and (N, in_channels, ...) or (in_channels, ...)."""
        name, channels = self._get_name(), self.in_channels
        expect.same_dtype(name, input, weight)
        if input.ndim not in (self.dims + 1, self.dims + 2) or input.shape[-self.dims - 1] != channels:
            size = ", ".join(expect.axes(self.dims))
            raise expect.shape_error(name, input, f"(N, {channels}, {size}) or ({channels}, {size})", self._cure(input))

    def _cure(self, input: Tensor) -> str:
        if input.ndim in (self.dims + 1, self.dims + 2) and input.shape[-1] == self.in_channels:
            return f"put the channels first: input.movedim(-1, {-self.dims - 1})"
        if input.ndim == self.dims + 1 and self.in_channels == 1:
            return "add the channel dim: input.unsqueeze(1)"
        return "mend in_channels, or the input's dims"

    def _label(self) -> str:
        return f"{self._get_name()} {self.in_channels}->{self.out_channels} {'x'.join(map(str, self.kernel_size))}"

    def extra_repr(self) -> str:
        none = (0,) * self.dims
        usual = {"padding": none, "dilation": (1,) * self.dims, "output_padding": none, "groups": 1}
        said = [
            (name, getattr(self, name, value)) for name, value in usual.items() if getattr(self, name, value) != value
        ]
        said += [] if self.bias is not None else [("bias", False)]
        said += [] if self.padding_mode == "zeros" else [("padding_mode", self.padding_mode)]
        more = "".join(f", {name}={value}" for name, value in said)
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}{more}"


# --------------------------------------------------------------------------------------------------------- convolution


class _Conv(_Window):
    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation, groups)
        name = self._get_name()
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ag.errors.ArgumentError(
                f"{name}: padding={padding!r}, expected 'same', 'valid', an int, or {expect.NUMBERS[self.dims]} ints"
            )
        if padding_mode not in PADDING_MODES:
            known = ", ".join(map(repr, PADDING_MODES))
            raise ag.errors.ArgumentError(f"{name}: padding_mode={padding_mode!r} is unknown; use one of {known}")
        if padding == "same" and padding_mode != "zeros" and set(self.stride) != {1}:
            raise ag.errors.ArgumentError(
                f"{name}: padding='same' with padding_mode={padding_mode!r} needs stride=1, got {stride}; give numbers"
            )
        self.padding = padding if isinstance(padding, str) else expect.per_dim(name, "padding", padding, 0, self.dims)
        self.padding_mode = padding_mode
        self._make_parameters(bias, device, dtype)

    def _weight_shape(self) -> Shape:
        return self.out_channels, self.in_channels // self.groups, *self.kernel_size

    def forward(self, input: Tensor, *, relu: bool = False) -> Tensor:
        """Return the convolution of *input*, or its positive part, which costs no more."""
        weight = self.weight  # read once: a parametrization computes it
        self._check(input, weight)
        pads = self._pads()
        if self.padding != "same":
            before = tuple(first for first, _ in pads)
            expect.window(self._get_name(), input, self.kernel_size, before, self.dilation)
        padding: str | Shape = self.padding
        if self.padding_mode != "zeros" and any(map(any, pads)):
            last_dim_first = [n for pair in reversed(pads) for n in pair]
            input = ag.pad(input, last_dim_first, PADDING_MODES[self.padding_mode])
            padding = "valid"
        convolve = type(self).function
        return convolve(input, weight, self.bias, self.stride, padding, self.dilation, self.groups, relu=relu)

    def _pads(self) -> list[tuple[int, int]]:
        """What is added (before, after) each spatial dim; for "same" with a stride of 1."""
        if self.padding == "same":
            totals = (d * (k - 1) for k, d in zip(self.kernel_size, self.dilation, strict=True))
            return [(n // 2, n - n // 2) for n in totals]
        return [(p, p) for p in ((0,) * self.dims if isinstance(self.padding, str) else self.padding)]

    def multiply_adds(self, output: Tensor) -> int:
        return output.numel() * math.prod(self.weight.shape[1:])


class Conv1d(_Conv):
    """Slide *out_channels* learned windows over sequences (N, in_channels, L): (N, out_channels, L').

    All that ``Conv2d`` says holds for one dim.  A time series (N, L, C) comes as ``input.movedim(-1, -2)``.

    >>> import nn
    >>> nn.Conv1d(2, 6, 3, padding="same")(ag.zeros(4, 2, 50)).shape
    (4, 6, 50)
    """

    dims = 1
    function = ag.conv1d


class Conv2d(_Conv):
    """Slide *out_channels* learned windows over pictures (N, in_channels, H, W): (N, out_channels, H', W').

    H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.  Sizes are an int for all dims, or one each.
    *padding* may be "same" or "valid"; *padding_mode* says what is padded: "zeros", "reflect", "replicate" or "circular".
    *weight* (O, C / groups, KH, KW) and *bias* (O,) start uniform within 1 / sqrt(C / groups KH KW).

    Raises ArgumentError for arguments, DtypeError and ShapeError for an input that does not fit.

    >>> import nn
    >>> nn.Conv2d(1, 6, 5, padding=2)(ag.zeros(3, 1, 28, 28)).shape
    (3, 6, 28, 28)
    """

    dims = 2
    function = ag.conv2d


class Conv3d(_Conv):
    """Slide *out_channels* learned windows over volumes (N, in_channels, D, H, W): (N, out_channels, D', H', W').

    All that ``Conv2d`` says holds for three dims.

    >>> import nn
    >>> nn.Conv3d(1, 2, (1, 3, 3), stride=(1, 2, 2))(ag.zeros(1, 1, 4, 9, 9)).shape
    (1, 2, 4, 4, 4)
    """

    dims = 3
    function = ag.conv3d


# ---------------------------------------------------------------------------------------------- transposed convolution


class _ConvTranspose(_Window):
    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation, groups)
        name = self._get_name()
        if padding_mode != "zeros":
            raise ag.errors.ArgumentError(
                f"{name}: padding_mode={padding_mode!r}, expected 'zeros': here padding is what the result is cropped by"
            )
        self.padding_mode = padding_mode
        self.padding = expect.per_dim(name, "padding", padding, 0, self.dims)
        self.output_padding = expect.per_dim(name, "output_padding", output_padding, 0, self.dims)
        sizes = zip(self.output_padding, self.stride, self.dilation, strict=True)
        if any(m >= max(s, d) for m, s, d in sizes):
            raise ag.errors.ArgumentError(
                f"{name}: output_padding={output_padding} must be smaller than stride={stride} or dilation={dilation}; "
                "a larger result takes a larger stride, or ag.pad"
            )
        self._make_parameters(bias, device, dtype)

    def _weight_shape(self) -> Shape:
        return self.in_channels, self.out_channels // self.groups, *self.kernel_size

    def forward(self, input: Tensor, output_size: Size | None = None) -> Tensor:
        """Return the transposed convolution; *output_size*, of the spatial dims, replaces what output_padding chooses."""
        weight = self.weight  # read once: a parametrization computes it
        self._check(input, weight)
        more = self.output_padding if output_size is None else self._more(input, output_size)
        edges = zip(self._reach(), more, self.stride, strict=True)
        least = tuple(1 - (reach + m - 1) // s for reach, m, s in edges)  # for a result of at least one element
        expect.spatial(self._get_name(), input, least, "use less padding, or larger inputs")
        function = type(self).function
        return function(input, weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _reach(self) -> Shape:
        """How far one element of the input reaches: H' = (H - 1) stride + reach + output_padding."""
        windows = zip(self.kernel_size, self.dilation, self.padding, strict=True)
        return tuple(d * (k - 1) + 1 - 2 * p for k, d, p in windows)

    def _more(self, input: Tensor, output_size: Size) -> Shape:
        """Return the output_padding that makes *output_size*, an int, the spatial dims, or the whole shape."""
        given = tuple(output_size) if isinstance(output_size, Sequence) else (output_size,) * self.dims
        size = given[-self.dims :] if len(given) == input.ndim else given
        edges = zip(input.shape[-self.dims :], self.stride, self._reach(), strict=True)
        ranges = [((n - 1) * s + reach, (n - 1) * s + reach + s - 1) for n, s, reach in edges]
        if len(size) != self.dims or not all(low <= n <= high for n, (low, high) in zip(size, ranges, strict=True)):
            name = self._get_name()
            possible = ", ".join(
                f"{axis} of {low} to {high}" for axis, (low, high) in zip(expect.axes(self.dims), ranges)
            )
            raise ag.errors.ArgumentError(
                f"{expect.place(name)}: output_size={output_size!r}, expected {possible} for an input of "
                f"{tuple(input.shape)}; change the stride for other sizes"
            )
        return tuple(n - low for n, (low, _) in zip(size, ranges, strict=True))

    def multiply_adds(self, output: Tensor) -> int:
        edges = zip(output.shape[-self.dims :], self._reach(), self.output_padding, self.stride, strict=True)
        places = math.prod((n - reach) // s - m // s + 1 for n, reach, m, s in edges)
        images = math.prod(output.shape[: -self.dims - 1])
        return images * places * math.prod(self.weight.shape)


class ConvTranspose1d(_ConvTranspose):
    """Spread each element of sequences (N, in_channels, L) over a learned window: (N, out_channels, L').

    All that ``ConvTranspose2d`` says holds for one dim.

    >>> import nn
    >>> nn.ConvTranspose1d(6, 2, 4, stride=2, padding=1)(ag.zeros(4, 6, 25)).shape
    (4, 2, 50)
    """

    dims = 1
    function = ag.conv_transpose1d


class ConvTranspose2d(_ConvTranspose):
    """Spread each element of pictures (N, in_channels, H, W) over a learned window: (N, out_channels, H', W').

    H' = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1: the sizes that ``Conv2d`` of the same
    arguments would bring to H.  There are *stride* of them; *output_padding* chooses one, or ``output_size`` in the call.
    *weight* (C, O / groups, KH, KW) and *bias* (O,) start uniform within 1 / sqrt(O / groups KH KW).

    Raises ArgumentError for arguments, DtypeError and ShapeError for an input that does not fit.
    Source: Zeiler et al., "Deconvolutional Networks", 2010.

    >>> import nn
    >>> layer = nn.ConvTranspose2d(6, 1, 3, stride=2, padding=1)
    >>> layer(ag.zeros(3, 6, 14, 14)).shape, layer(ag.zeros(3, 6, 14, 14), output_size=(28, 28)).shape
    ((3, 1, 27, 27), (3, 1, 28, 28))
    """

    dims = 2
    function = ag.conv_transpose2d


class ConvTranspose3d(_ConvTranspose):
    """Spread each element of volumes (N, in_channels, D, H, W) over a learned window: (N, out_channels, D', H', W').

    All that ``ConvTranspose2d`` says holds for three dims.

    >>> import nn
    >>> nn.ConvTranspose3d(2, 1, 2, stride=2)(ag.zeros(1, 2, 4, 5, 5)).shape
    (1, 1, 8, 10, 10)
    """

    dims = 3
    function = ag.conv_transpose3d
