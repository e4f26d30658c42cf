"""GoogLeNet, with its auxiliary heads, and the loss that trains it."""

from __future__ import annotations

from typing import Any, NamedTuple

import autograd_core as ag
from autograd_core import Tensor

from .. import functional as F
from .. import init
from ..layers import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    CrossEntropyLoss,
    Dropout,
    Identity,
    Linear,
    MaxPool2d,
    Sequential,
)
from ..module import Module
from .weights import Weights, initialised

__all__ = ["AuxiliaryLoss", "GoogLeNet", "GoogLeNetOutputs", "googlenet"]


class GoogLeNetOutputs(NamedTuple):
    """What GoogLeNet returns while it trains with auxiliary heads: three scores (N, num_classes).

    >>> GoogLeNetOutputs("main", "of the second head", "of the first head").logits
    'main'
    """

    logits: Tensor
    aux_logits2: Tensor
    aux_logits1: Tensor


class BasicConv2d(Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, padding: int = 0
    ) -> None:
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
        self.bn = BatchNorm2d(out_channels, eps=0.001)

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(input)))


class Inception(Module):
    """Four branches over the same input, side by side in the channels: 1x1, 3x3, larger, and max pooling.

    Those with large windows, and the pooling, are made affordable by 1x1 convolutions.  The third is 5x5 in the paper, and
    3x3 here, as in torchvision, whose weights have that shape.
    """

    def __init__(
        self, in_channels: int, ch1x1: int, ch3x3red: int, ch3x3: int, ch5x5red: int, ch5x5: int, pool_proj: int
    ) -> None:
        super().__init__()
        self.branch1 = BasicConv2d(in_channels, ch1x1, 1)
        self.branch2 = Sequential(BasicConv2d(in_channels, ch3x3red, 1), BasicConv2d(ch3x3red, ch3x3, 3, padding=1))
        self.branch3 = Sequential(BasicConv2d(in_channels, ch5x5red, 1), BasicConv2d(ch5x5red, ch5x5, 3, padding=1))
        self.branch4 = Sequential(
            MaxPool2d(3, stride=1, padding=1, ceil_mode=True), BasicConv2d(in_channels, pool_proj, 1)
        )

    def forward(self, input: Tensor) -> Tensor:
        return ag.cat([branch(input) for branch in (self.branch1, self.branch2, self.branch3, self.branch4)], 1)


class InceptionAux(Module):
    """A classifier on features half-way up, so that a gradient of its own reaches the layers below."""

    def __init__(self, in_channels: int, num_classes: int, dropout: float = 0.7) -> None:
        super().__init__()
        self.conv = BasicConv2d(in_channels, 128, 1)
        self.fc1 = Linear(2048, 1024)
        self.fc2 = Linear(1024, num_classes)
        self.dropout = Dropout(dropout)

    def forward(self, input: Tensor) -> Tensor:
        features = self.conv(F.adaptive_avg_pool2d(input, (4, 4))).flatten(1)
        return self.fc2(self.dropout(F.relu(self.fc1(features))))


class GoogLeNet(Module):
    """GoogLeNet (Inception v1), for pictures (N, in_channels, H, W) from 15x15; 224x224 is usual.

    13,004,888 parameters for 1,000 classes with the auxiliary heads, 6,624,904 without.  The names are torchvision's, and
    so are batch normalisation and the 3x3 windows that the paper does not have.

    With *aux_logits*, ``train`` makes it return ``GoogLeNetOutputs`` (train it with ``AuxiliaryLoss``); ``eval`` gives the
    scores of the main head alone.  *transform_input* changes pictures normalised by the mean and deviation of ImageNet
    into ones normalised by 0.5 and 0.5.  *small_input* is for small pictures, such as 28x28 and 32x32: the first
    convolution is 3x3 with stride 1, and the first max pooling is left out.

    Source: Szegedy et al., "Going Deeper with Convolutions", 2014.

    >>> import nn
    >>> model = nn.models.GoogLeNet(num_classes=10, small_input=True)
    >>> [scores.shape for scores in model(ag.zeros(2, 3, 28, 28))], model.eval()(ag.zeros(2, 3, 28, 28)).shape
    ([(2, 10), (2, 10), (2, 10)], (2, 10))
    """

    aux1: InceptionAux | None
    aux2: InceptionAux | None

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        transform_input: bool = False,
        init_weights: bool = True,
        dropout: float = 0.2,
        dropout_aux: float = 0.7,
        *,
        in_channels: int = 3,
        small_input: bool = False,
    ) -> None:
        super().__init__()
        if transform_input and in_channels != 3:
            raise ag.errors.ArgumentError(
                f"GoogLeNet: transform_input is for 3 channels, got in_channels={in_channels}; leave it False"
            )
        self.aux_logits, self.transform_input = aux_logits, transform_input
        stem = (3, 1, 1) if small_input else (7, 2, 3)  # window, stride, padding
        self.conv1 = BasicConv2d(in_channels, 64, *stem)
        self.maxpool1 = Identity() if small_input else MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = BasicConv2d(64, 64, 1)
        self.conv3 = BasicConv2d(64, 192, 3, padding=1)
        self.maxpool2 = MaxPool2d(3, 2, ceil_mode=True)

        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)
        self.maxpool3 = MaxPool2d(3, 2, ceil_mode=True)

        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)
        self.maxpool4 = MaxPool2d(2, 2, ceil_mode=True)

        self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128)

        self.aux1 = InceptionAux(512, num_classes, dropout_aux) if aux_logits else None
        self.aux2 = InceptionAux(528, num_classes, dropout_aux) if aux_logits else None
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.dropout = Dropout(dropout)
        self.fc = Linear(1024, num_classes)
        if init_weights:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, normal with 0.01; biases are left as they are."""
        for layer in self.modules():
            if isinstance(layer, Conv2d | Linear):
                init.trunc_normal_(layer.weight, 0.0, 0.01, -2, 2)
            elif isinstance(layer, BatchNorm2d):
                layer.reset_parameters()

    def forward(self, input: Tensor) -> Tensor | GoogLeNetOutputs:
        x = _by_half(input) if self.transform_input else input
        x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))  # (N, 192, 28, 28) of 224x224
        x = self.maxpool3(self.inception3b(self.inception3a(x)))  # (N, 480, 14, 14)
        low = self.inception4a(x)
        middle = self.inception4d(self.inception4c(self.inception4b(low)))
        x = self.maxpool4(self.inception4e(middle))  # (N, 832, 7, 7)
        x = self.avgpool(self.inception5b(self.inception5a(x))).flatten(1)
        scores: Tensor = self.fc(self.dropout(x))
        if self.training and self.aux1 is not None and self.aux2 is not None:
            return GoogLeNetOutputs(scores, self.aux2(middle), self.aux1(low))
        return scores


def _by_half(input: Tensor) -> Tensor:
    """Turn (x - mean) / std with the statistics of ImageNet into (x - 0.5) / 0.5."""
    mean, std = (ag.tensor(values, dtype=input.dtype).reshape(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return input * (std / 0.5) + (mean - 0.5) / 0.5


IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of red, green, blue, from 0 to 1


class AuxiliaryLoss(Module):
    r"""Add the losses of auxiliary heads to that of the main one, :math:`L + w (L_1 + L_2)`.

    It takes ``GoogLeNetOutputs``, or the scores of one head alone, as in ``eval``.  *criterion* is the loss of one head,
    cross entropy by default; *weight* is that of the paper, Szegedy et al. 2014.

    >>> import nn
    >>> scores, loss = ag.zeros(1, 4), nn.models.AuxiliaryLoss()
    >>> target = ag.tensor([2])
    >>> ratio = loss(nn.models.GoogLeNetOutputs(scores, scores, scores), target) / loss(scores, target)
    >>> round(ratio.item(), 4)
    1.6
    """

    def __init__(self, criterion: Module | None = None, weight: float = 0.3) -> None:
        super().__init__()
        if not weight >= 0:
            raise ag.errors.ArgumentError(f"AuxiliaryLoss: weight={weight!r}, expected a number of at least 0")
        self.criterion = CrossEntropyLoss() if criterion is None else criterion
        self.weight = weight

    def forward(self, outputs: GoogLeNetOutputs | Tensor, target: Tensor) -> Tensor:
        if isinstance(outputs, Tensor):
            return self.criterion(outputs, target)
        loss = self.criterion(outputs.logits, target)
        auxiliary = self.criterion(outputs.aux_logits1, target) + self.criterion(outputs.aux_logits2, target)
        return loss + self.weight * auxiliary

    def extra_repr(self) -> str:
        return f"weight={self.weight}"


def googlenet(*, weights: Weights | str | None = None, **options: Any) -> GoogLeNet:
    """Return a ``GoogLeNet``; *options* are its arguments.

    >>> import nn
    >>> sum(p.numel() for p in nn.models.googlenet(aux_logits=False).parameters())
    6624904
    """
    return initialised(GoogLeNet, "googlenet", weights, options)
