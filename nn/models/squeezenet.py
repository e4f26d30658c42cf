"""SqueezeNet 1.0 and 1.1."""

from __future__ import annotations

from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import init
from ..layers import AdaptiveAvgPool2d, Conv2d, Dropout, Identity, MaxPool2d, ReLU, Sequential
from ..module import Module
from .weights import Weights, initialised

__all__ = ["SqueezeNet", "squeezenet1_0", "squeezenet1_1"]


class Fire(Module):
    """Squeeze to few channels by 1x1, then expand by 1x1 and by 3x3, side by side; ReLU after each."""

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.squeeze = Conv2d(inplanes, squeeze_planes, 1)
        self.squeeze_activation = ReLU()
        self.expand1x1 = Conv2d(squeeze_planes, expand1x1_planes, 1)
        self.expand1x1_activation = ReLU()
        self.expand3x3 = Conv2d(squeeze_planes, expand3x3_planes, 3, padding=1)
        self.expand3x3_activation = ReLU()

    def forward(self, input: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(input))
        return ag.cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(Module):
    """AlexNet's accuracy with a fiftieth of its parameters, for pictures (N, in_channels, H, W) from 21x21; 224x224 is usual.

    *version* "1_0" is that of the paper, 1,248,424 parameters for 1,000 classes; "1_1" has 1,235,496 and needs less than
    half the computation.  The names are torchvision's.  The last layer is a convolution, whose maps are averaged.
    *small_input* is for small pictures, such as 28x28 and 32x32: the first convolution is 3x3 with stride 1, and the first
    max pooling is left out.

    Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size", 2016.

    >>> import nn
    >>> nn.models.SqueezeNet("1_1", num_classes=10, in_channels=1, small_input=True)(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(
        self,
        version: str = "1_0",
        num_classes: int = 1000,
        dropout: float = 0.5,
        *,
        in_channels: int = 3,
        small_input: bool = False,
    ) -> None:
        super().__init__()
        if version not in ("1_0", "1_1"):
            raise ag.errors.ArgumentError(f"SqueezeNet: version={version!r} is unknown; use '1_0' or '1_1'")
        self.num_classes = num_classes
        width, window = (96, 7) if version == "1_0" else (64, 3)
        first = (
            Conv2d(in_channels, width, 3, padding=1) if small_input else Conv2d(in_channels, width, window, stride=2)
        )
        fires = [
            Fire(width, 16, 64, 64), Fire(128, 16, 64, 64),
            Fire(128, 32, 128, 128), Fire(256, 32, 128, 128),
            Fire(256, 48, 192, 192), Fire(384, 48, 192, 192),
            Fire(384, 64, 256, 256), Fire(512, 64, 256, 256),
        ]  # fmt: skip
        layers: list[Module] = [first, ReLU(), Identity() if small_input else _pool()]
        for place, fire in enumerate(fires):
            layers.append(fire)
            if place in ((2, 6) if version == "1_0" else (1, 3)):
                layers.append(_pool())
        self.features = Sequential(*layers)
        self.classifier = Sequential(Dropout(dropout), Conv2d(512, num_classes, 1), ReLU(), AdaptiveAvgPool2d((1, 1)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters: He et al. for convolutions, normal with 0.01 for the last one, biases 0."""
        for layer in self.modules():
            if isinstance(layer, Conv2d):
                if layer is self.classifier[1]:
                    init.normal_(layer.weight, 0.0, 0.01)
                else:
                    init.kaiming_uniform_(layer.weight)
                if layer.bias is not None:
                    init.zeros_(layer.bias)

    def forward(self, input: Tensor) -> Tensor:
        return self.classifier(self.features(input)).flatten(1)


def _pool() -> MaxPool2d:
    return MaxPool2d(3, 2, ceil_mode=True)


def squeezenet1_0(*, weights: Weights | str | None = None, **options: Any) -> SqueezeNet:
    """Return SqueezeNet 1.0; *options* are the arguments of ``SqueezeNet`` but for *version*.

    >>> import nn
    >>> sum(p.numel() for p in nn.models.squeezenet1_0().parameters())
    1248424
    """
    return initialised(SqueezeNet, "squeezenet1_0", weights, {"version": "1_0", **options})


def squeezenet1_1(*, weights: Weights | str | None = None, **options: Any) -> SqueezeNet:
    """Return SqueezeNet 1.1; *options* are the arguments of ``SqueezeNet`` but for *version*.

    ``weights="imagenet"`` gives it what it learned from 1.2 million photographs; ``weights_of("squeezenet1_1")`` has the
    transform that pictures must go through, and the names of the 1,000 classes.

    >>> import nn
    >>> model = nn.models.squeezenet1_1(weights="imagenet").eval()
    >>> weights = nn.models.weights_of("squeezenet1_1")
    >>> coffee = weights.transform(nn.data.photographs()["coffee"])
    >>> weights.classes[model(ag.from_numpy(coffee[None])).argmax().item()]
    'espresso'
    """
    return initialised(SqueezeNet, "squeezenet1_1", weights, {"version": "1_1", **options})
