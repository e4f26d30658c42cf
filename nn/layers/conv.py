"""Convolution."""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from ..module import Module
from ..parameter import Parameter

__all__ = ["Conv2d"]

PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


class Conv2d(Module):
    """Slide *out_channels* learned windows over pictures (N, in_channels, H, W): (N, out_channels, H', W').

    H' = floor((H + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1.  Sizes are an int for both dims, or two.
    *padding* may be "same" or "valid"; *padding_mode* says what is padded: "zeros", "reflect", "replicate" or "circular".
    *weight* (O, C / groups, KH, KW) and *bias* (O,) start uniform within 1 / sqrt(C / groups KH KW).

    >>> import nn
    >>> nn.Conv2d(1, 6, 5, padding=2)(ag.zeros(3, 1, 28, 28)).shape
    (3, 6, 28, 28)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        expect.size("Conv2d", in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ag.errors.ArgumentError(
                f"Conv2d: groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}"
            )
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ag.errors.ArgumentError(f"Conv2d: padding={padding!r}, expected 'same', 'valid', an int, or two ints")
        if padding_mode not in PADDING_MODES:
            known = ", ".join(map(repr, PADDING_MODES))
            raise ag.errors.ArgumentError(f"Conv2d: padding_mode={padding_mode!r} is unknown; use one of {known}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = expect.pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = expect.pair("Conv2d", "stride", stride, 1)
        self.dilation = expect.pair("Conv2d", "dilation", dilation, 1)
        self.padding = padding if isinstance(padding, str) else expect.pair("Conv2d", "padding", padding, 0)
        self.padding_mode = padding_mode
        if padding == "same" and padding_mode != "zeros" and self.stride != (1, 1):
            raise ag.errors.ArgumentError(
                f"Conv2d: padding='same' with padding_mode={padding_mode!r} needs stride=1, got {stride}; give numbers"
            )
        self.weight = Parameter(ag.empty(out_channels, in_channels // groups, *self.kernel_size, dtype=dtype))
        self.register_parameter("bias", Parameter(ag.empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        expect.same_dtype("Conv2d", input, self.weight)
        (top, bottom), (left, right) = pads = self._pads()
        if input.ndim not in (3, 4) or input.shape[-3] != self.in_channels:
            raise expect.shape_error(
                "Conv2d", input, f"(N, {self.in_channels}, H, W) or ({self.in_channels}, H, W)", self._cure(input)
            )
        if self.padding != "same":
            expect.window("Conv2d", input, self.kernel_size, (top, left), self.dilation)
        padding: str | tuple[int, int] = self.padding
        if self.padding_mode != "zeros" and any(map(any, pads)):
            input = ag.pad(input, (left, right, top, bottom), PADDING_MODES[self.padding_mode])
            padding = (0, 0)
        return ag.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _pads(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """What is added (top, bottom), (left, right); for "same" with a stride of 1."""
        if self.padding == "same":
            totals = (d * (k - 1) for k, d in zip(self.kernel_size, self.dilation, strict=True))
            (top, bottom), (left, right) = ((n // 2, n - n // 2) for n in totals)
            return (top, bottom), (left, right)
        h, w = (0, 0) if isinstance(self.padding, str) else self.padding
        return (h, h), (w, w)

    def _cure(self, input: Tensor) -> str:
        if input.ndim in (3, 4) and input.shape[-1] == self.in_channels:
            return "put the channels first: input.movedim(-1, -3)"
        if input.ndim == 3 and self.in_channels == 1:
            return "add the channel dim: input.unsqueeze(1)"
        return "mend in_channels, or the input's dims"

    def multiply_adds(self, output: Tensor) -> int:
        return output.numel() * math.prod(self.weight.shape[1:])

    def _label(self) -> str:
        height, width = self.kernel_size
        return f"{self._get_name()} {self.in_channels}->{self.out_channels} {height}x{width}"

    def extra_repr(self) -> str:
        said = {
            "padding": None if self.padding == (0, 0) else self.padding,
            "dilation": None if self.dilation == (1, 1) else self.dilation,
            "groups": None if self.groups == 1 else self.groups,
            "bias": None if self.bias is not None else False,
            "padding_mode": None if self.padding_mode == "zeros" else self.padding_mode,
        }
        more = "".join(f", {name}={value}" for name, value in said.items() if value is not None)
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}{more}"
