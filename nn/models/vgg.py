"""The VGG networks."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from autograd_core import Tensor

from .. import init
from ..layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Dropout, Identity, Linear, MaxPool2d, ReLU, Sequential
from ..module import Module
from .weights import Weights, initialised

__all__ = ["VGG", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"]

STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # convolutions in each
WIDTHS = (64, 128, 256, 512, 512)


def vgg_features(depth: int, batch_norm: bool, in_channels: int, small_input: bool) -> Sequential:
    """Return the convolutions of VGG-*depth*: five stages, each followed by a max pooling."""
    layers: list[Module] = []
    channels = in_channels
    for stage, width in zip(STAGES[depth], WIDTHS, strict=True):
        for _ in range(stage):
            layers.append(Conv2d(channels, width, 3, padding=1))
            layers += [BatchNorm2d(width), ReLU()] if batch_norm else [ReLU()]
            channels = width
        layers.append(MaxPool2d(2, 2))
    if small_input:
        layers[-1] = Identity()
    return Sequential(*layers)


class VGG(Module):
    """Stages of 3x3 convolutions (*features*), and three linear layers, for pictures (N, C, H, W) from 32x32; 224x224 is usual.

    ``vgg11``, ``vgg13``, ``vgg16`` and ``vgg19`` make the published ones, of 132,863,336, 133,047,848, 138,357,544 and
    143,667,240 parameters ("133, 133, 138, 144 million" in table 2 of the paper); those with ``_bn`` normalise each
    convolution.  The names are torchvision's.  With *small_input* the features are pooled to 1x1 instead of 7x7; the
    functions leave out their last max pooling too.

    Source: Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014.

    >>> import autograd_core as ag, nn
    >>> model = nn.models.vgg11(num_classes=10, in_channels=1, small_input=True)
    >>> model(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(
        self,
        features: Module,
        num_classes: int = 1000,
        init_weights: bool = True,
        dropout: float = 0.5,
        *,
        small_input: bool = False,
    ) -> None:
        super().__init__()
        size = 1 if small_input else 7
        self.features = features
        self.avgpool = AdaptiveAvgPool2d((size, size))
        with init.skipped() if init_weights else nullcontext():  # else 100 million numbers are drawn twice
            self.classifier = Sequential(
                Linear(512 * size * size, 4096), ReLU(), Dropout(dropout),
                Linear(4096, 4096), ReLU(), Dropout(dropout),
                Linear(4096, num_classes),
            )  # fmt: skip
        if init_weights:
            self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters: He et al. by fan-out for convolutions, normal with 0.01 for linear layers, biases 0."""
        for layer in self.modules():
            if isinstance(layer, Conv2d):
                init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(layer, Linear):
                init.normal_(layer.weight, 0, 0.01)
            elif isinstance(layer, BatchNorm2d):
                layer.reset_parameters()
            if isinstance(layer, Conv2d | Linear) and layer.bias is not None:
                init.zeros_(layer.bias)

    def forward(self, input: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(input)).flatten(1))


def _vgg(name: str, weights: Weights | str | None, options: dict[str, Any]) -> VGG:
    depth, batch_norm = int(name[3:5]), name.endswith("_bn")

    def made(*, in_channels: int = 3, small_input: bool = False, **options: Any) -> VGG:
        features = vgg_features(depth, batch_norm, in_channels, small_input)
        return VGG(features, small_input=small_input, **options)

    return initialised(made, name, weights, options)


def vgg11(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-11, configuration A, eight convolutions; *options* are the arguments of ``VGG`` but for *features*.

    Two more are *in_channels*, 3 unless given, and *small_input*, for pictures from 16x16, such as 28x28 and 32x32: the last
    max pooling is left out, and the features are pooled to 1x1.

    >>> import nn
    >>> sum(isinstance(layer, nn.Conv2d) for layer in nn.models.vgg11(num_classes=10, small_input=True).features)
    8
    """
    return _vgg("vgg11", weights, options)


def vgg11_bn(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-11 with batch normalisation after each convolution; arguments as of ``vgg11``.

    >>> import nn
    >>> sum(isinstance(layer, nn.BatchNorm2d) for layer in nn.models.vgg11_bn(num_classes=10, small_input=True).features)
    8
    """
    return _vgg("vgg11_bn", weights, options)


def vgg13(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-13, configuration B, ten convolutions; arguments as of ``vgg11``.

    >>> import nn
    >>> sum(isinstance(layer, nn.Conv2d) for layer in nn.models.vgg13(num_classes=10, small_input=True).features)
    10
    """
    return _vgg("vgg13", weights, options)


def vgg13_bn(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-13 with batch normalisation after each convolution; arguments as of ``vgg11``.

    >>> import nn
    >>> sum(isinstance(layer, nn.BatchNorm2d) for layer in nn.models.vgg13_bn(num_classes=10, small_input=True).features)
    10
    """
    return _vgg("vgg13_bn", weights, options)


def vgg16(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-16, configuration D, thirteen convolutions; arguments as of ``vgg11``.

    >>> import nn
    >>> sum(isinstance(layer, nn.Conv2d) for layer in nn.models.vgg16(num_classes=10, small_input=True).features)
    13
    """
    return _vgg("vgg16", weights, options)


def vgg16_bn(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-16 with batch normalisation after each convolution; arguments as of ``vgg11``.

    >>> import nn
    >>> sum(isinstance(layer, nn.BatchNorm2d) for layer in nn.models.vgg16_bn(num_classes=10, small_input=True).features)
    13
    """
    return _vgg("vgg16_bn", weights, options)


def vgg19(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-19, configuration E, sixteen convolutions; arguments as of ``vgg11``.

    >>> import nn
    >>> sum(isinstance(layer, nn.Conv2d) for layer in nn.models.vgg19(num_classes=10, small_input=True).features)
    16
    """
    return _vgg("vgg19", weights, options)


def vgg19_bn(*, weights: Weights | str | None = None, **options: Any) -> VGG:
    """Return VGG-19 with batch normalisation after each convolution; arguments as of ``vgg11``.

    >>> import nn
    >>> sum(isinstance(layer, nn.BatchNorm2d) for layer in nn.models.vgg19_bn(num_classes=10, small_input=True).features)
    16
    """
    return _vgg("vgg19_bn", weights, options)
