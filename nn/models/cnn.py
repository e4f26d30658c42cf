"""A small modern convolutional network."""

from __future__ import annotations

from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential
from ..module import Module

__all__ = ["SmallCNN"]


class SmallCNN(Module):
    """Blocks of 3x3 convolution, batch normalisation, ReLU and 2x2 max pooling, then two linear layers with dropout.

    Pictures ``(N, in_channels, *size)`` give (N, num_classes) logits; each block halves the size.  164,402 parameters as it
    stands, for 28x28 pictures of one channel.

    >>> import nn
    >>> nn.models.SmallCNN()(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        size: tuple[int, int] = (28, 28),
        channels: Sequence[int] = (24, 48, 96),
        hidden: int = 128,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        height, width = (n >> len(channels) for n in size)
        if not channels or not height or not width:
            raise ag.errors.ArgumentError(
                f"channels={tuple(channels)}: expected one number or more, and few enough that halving {size[0]}x{size[1]} "
                "so often leaves a pixel"
            )
        self.in_channels, self.size = in_channels, tuple(size)
        blocks: list[Module] = []
        for n, m in zip((in_channels, *channels), channels, strict=False):
            blocks += [Conv2d(n, m, 3, padding=1, bias=False), BatchNorm2d(m), ReLU(), MaxPool2d(2)]
        self.features = Sequential(*blocks)
        self.classifier = Sequential(
            Flatten(),
            Dropout(dropout),
            Linear(channels[-1] * height * width, hidden),
            ReLU(),
            Dropout(dropout),
            Linear(hidden, num_classes),
        )

    def forward(self, input: Tensor) -> Tensor:
        if input.shape[1:] != (self.in_channels, *self.size):
            expected = f"(N, {self.in_channels}, {self.size[0]}, {self.size[1]})"
            raise expect.shape_error(
                self._get_name(), input, expected, "build it with in_channels and size of the input"
            )
        return self.classifier(self.features(input))
