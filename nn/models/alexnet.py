"""AlexNet, with one tower and with two."""

from __future__ import annotations

from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from ..layers import AdaptiveAvgPool2d, Conv2d, Dropout, Linear, LocalResponseNorm, MaxPool2d, ReLU, Sequential
from ..module import Module
from .weights import Weights, initialised

__all__ = ["AlexNet", "alexnet"]

ONE_TOWER, TWO_TOWERS = (64, 192, 384, 256, 256), (96, 256, 384, 384, 256)


class AlexNet(Module):
    """Five convolutions and three linear layers, for pictures (N, in_channels, H, W) from 63x63; 224x224 is usual.

    With ``groups=1`` it is torchvision's, which has its names: 61,100,840 parameters for 1,000 classes.  With ``groups=2``
    it is the network of the paper, whose towers sat on two GPUs: wider, with local response normalisation, and the second,
    fourth and fifth convolution grouped; 60,965,224 parameters, "60 million" there.

    *small_input* is for pictures from 15x15, such as 28x28 and 32x32: the first convolution is 5x5 with stride 1, and
    the features are pooled to 2x2 instead of 6x6.

    Sources: Krizhevsky, Sutskever & Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012; with one
    tower, Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.

    >>> import nn
    >>> nn.models.AlexNet(num_classes=10, in_channels=1, small_input=True)(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        dropout: float = 0.5,
        *,
        groups: int = 1,
        in_channels: int = 3,
        small_input: bool = False,
    ) -> None:
        super().__init__()
        if groups not in (1, 2):
            raise ag.errors.ArgumentError(f"AlexNet: groups={groups!r}, expected 1, or 2 for the towers of the paper")
        a, b, c, d, e = ONE_TOWER if groups == 1 else TWO_TOWERS

        def norm() -> list[Module]:
            # The paper adds alpha times the sum of squares; this layer, like PyTorch's, alpha times their mean.
            return [] if groups == 1 else [LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)]

        first = Conv2d(in_channels, a, 5, padding=2) if small_input else Conv2d(in_channels, a, 11, stride=4, padding=2)
        self.features = Sequential(
            first, ReLU(), *norm(), MaxPool2d(3, 2),
            Conv2d(a, b, 5, padding=2, groups=groups), ReLU(), *norm(), MaxPool2d(3, 2),
            Conv2d(b, c, 3, padding=1), ReLU(),
            Conv2d(c, d, 3, padding=1, groups=groups), ReLU(),
            Conv2d(d, e, 3, padding=1, groups=groups), ReLU(), MaxPool2d(3, 2),
        )  # fmt: skip
        size = 2 if small_input else 6
        self.avgpool = AdaptiveAvgPool2d((size, size))
        self.classifier = Sequential(
            Dropout(dropout), Linear(e * size * size, 4096), ReLU(),
            Dropout(dropout), Linear(4096, 4096), ReLU(),
            Linear(4096, num_classes),
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(input)).flatten(1))


def alexnet(*, weights: Weights | str | None = None, **options: Any) -> AlexNet:
    """Return an ``AlexNet``; *options* are its arguments.

    >>> import nn
    >>> sum(p.numel() for p in nn.models.alexnet().parameters())
    61100840
    """
    return initialised(AlexNet, "alexnet", weights, options)
