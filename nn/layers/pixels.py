"""Elements moved between channels and places."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module

__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """Make r x r places of r^2 channels, r = *upscale_factor*: (..., C r^2, H, W) gives (..., C, H r, W r).

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016.

    >>> import nn
    >>> nn.PixelShuffle(2)(ag.zeros(1, 12, 4, 5)).shape
    (1, 3, 8, 10)
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        expect.size("PixelShuffle", upscale_factor=upscale_factor)
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        expect.array("PixelShuffle", input)
        squared = self.upscale_factor**2
        if input.ndim < 3 or input.shape[-3] % squared:
            cure = f"make the channels a multiple of {squared}, the square of upscale_factor"
            raise expect.shape_error("PixelShuffle", input, f"(..., C * {squared}, H, W)", cure)
        return ag.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Make r^2 channels of r x r places, r = *downscale_factor*: (..., C, H r, W r) gives (..., C r^2, H, W).

    >>> import nn
    >>> nn.PixelUnshuffle(2)(ag.zeros(1, 3, 8, 10)).shape
    (1, 12, 4, 5)
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        expect.size("PixelUnshuffle", downscale_factor=downscale_factor)
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        expect.array("PixelUnshuffle", input)
        r = self.downscale_factor
        if input.ndim < 3 or input.shape[-2] % r or input.shape[-1] % r:
            raise expect.shape_error("PixelUnshuffle", input, f"(..., C, H * {r}, W * {r})", "crop or pad the pictures")
        return ag.pixel_unshuffle(input, r)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Take channels of (N, C, ...) from each of *groups* in turn, so that grouped convolutions see all of them.

    Source: Zhang et al., "ShuffleNet", 2018.

    >>> import nn
    >>> nn.ChannelShuffle(2)(ag.arange(4).reshape(1, 4, 1)).flatten().tolist()
    [0, 2, 1, 3]
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        expect.size("ChannelShuffle", groups=groups)
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        expect.array("ChannelShuffle", input)
        if input.ndim < 3 or input.shape[1] % self.groups:
            cure = f"make the channels a multiple of groups={self.groups}"
            raise expect.shape_error("ChannelShuffle", input, f"(N, C * {self.groups}, ...) of at least 3 dims", cure)
        return ag.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
