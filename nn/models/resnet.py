"""Residual networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import autograd_core as ag
from autograd_core import Tensor

from .. import init
from ..layers import AdaptiveAvgPool2d, BatchNorm2d, Conv2d, GroupNorm, Identity, Linear, MaxPool2d, ReLU, Sequential
from ..module import Module
from .weights import Weights, initialised

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "resnet18", "resnet34", "resnet50"]

Norm = Callable[[int], Module]


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> Conv2d:
    """Return a 3x3 convolution without bias that keeps the size, but for the stride."""
    return Conv2d(in_planes, out_planes, 3, stride, dilation, dilation, groups, bias=False)


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> Conv2d:
    """Return a 1x1 convolution without bias."""
    return Conv2d(in_planes, out_planes, 1, stride, bias=False)


class BasicBlock(Module):
    """Two 3x3 convolutions and a way around them: relu(f(x) + x).

    *downsample* brings x to the shape of f(x) where they differ.  Source: He et al. 2015, figure 5, left.

    >>> import nn
    >>> nn.models.BasicBlock(64, 64)(ag.zeros(2, 64, 8, 8)).shape
    (2, 64, 8, 8)
    """

    expansion: ClassVar[int] = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or BatchNorm2d
        if (groups, base_width, dilation) != (1, 64, 1):
            raise ag.errors.ArgumentError(
                f"BasicBlock: groups={groups}, base_width={base_width}, dilation={dilation}, expected 1, 64, 1; "
                "a Bottleneck takes others"
            )
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = ReLU()
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample

    def forward(self, input: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(input)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (input if self.downsample is None else self.downsample(input)))


class Bottleneck(Module):
    """1x1 to fewer channels, 3x3, and 1x1 to four times as many, with a way around them.

    The stride is that of the 3x3 convolution, as in torchvision; in the paper it is the first one's.  Source: He et al. 2015,
    figure 5, right; *groups* and *base_width* are of Xie et al. 2017 (ResNeXt).

    >>> import nn
    >>> nn.models.Bottleneck(256, 64)(ag.zeros(2, 256, 8, 8)).shape
    (2, 256, 8, 8)
    """

    expansion: ClassVar[int] = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or BatchNorm2d
        width = planes * base_width // 64 * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = ReLU()
        self.downsample = downsample

    def forward(self, input: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(input)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (input if self.downsample is None else self.downsample(input)))


class ResNet(Module):
    """Four stages of residual blocks, *layers* of them in each, for pictures (N, in_channels, H, W); 224x224 is usual.

    ``resnet18``, ``resnet34`` and ``resnet50`` make the published ones.  Names and arguments are torchvision's:
    *zero_init_residual* lets every block begin as the identity, *replace_stride_with_dilation* keeps the size of the last
    three stages, and *norm_layer* makes what normalises a number of channels.  *small_input* is for small pictures, such as
    28x28 and 32x32: the first convolution is 3x3 with stride 1, and the max pooling is left out.

    Source: He, Zhang, Ren & Sun, "Deep Residual Learning for Image Recognition", 2015.

    >>> import nn
    >>> model = nn.models.ResNet(nn.models.BasicBlock, (1, 1, 1, 1), num_classes=10, in_channels=1, small_input=True)
    >>> model(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
        *,
        in_channels: int = 3,
        small_input: bool = False,
    ) -> None:
        super().__init__()
        dilated = (False, False, False) if replace_stride_with_dilation is None else tuple(replace_stride_with_dilation)
        if len(dilated) != 3:
            raise ag.errors.ArgumentError(
                f"ResNet: replace_stride_with_dilation={replace_stride_with_dilation!r}, expected None or three booleans, one "
                "for each stage after the first"
            )
        if len(layers) != 4 or min(layers) < 1:
            raise ag.errors.ArgumentError(f"ResNet: layers={layers!r}, expected four numbers of blocks, each 1 or more")
        self._norm: Norm = norm_layer or BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = 64, 1, groups, width_per_group
        if small_input:
            self.conv1 = conv3x3(in_channels, 64)
        else:
            self.conv1 = Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm(64)
        self.relu = ReLU()
        self.maxpool: Module = Identity() if small_input else MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(block, 64, layers[0], 1, False)
        self.layer2 = self._stage(block, 128, layers[1], 2, dilated[0])
        self.layer3 = self._stage(block, 256, layers[2], 2, dilated[1])
        self.layer4 = self._stage(block, 512, layers[3], 2, dilated[2])
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(512 * block.expansion, num_classes)
        self.reset_parameters(zero_init_residual)

    def _stage(
        self, block: type[BasicBlock] | type[Bottleneck], planes: int, blocks: int, stride: int, dilate: bool
    ) -> Sequential:
        """Return *blocks* blocks, the first with *stride*, or, if *dilate*, those after it with that more dilation."""
        before = self.dilation
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        out, downsample = planes * block.expansion, None
        if stride != 1 or self.inplanes != out:
            downsample = Sequential(conv1x1(self.inplanes, out, stride), self._norm(out))
        width = self.groups, self.base_width
        made: list[Module] = [block(self.inplanes, planes, stride, downsample, *width, before, self._norm)]
        made += [block(out, planes, 1, None, *width, self.dilation, self._norm) for _ in range(blocks - 1)]
        self.inplanes = out
        return Sequential(*made)

    def reset_parameters(self, zero_init_residual: bool = False) -> None:
        """Draw new convolutions, He et al. by fan-out; the last layer is left as it is."""
        for layer in self.modules():
            if isinstance(layer, Conv2d):
                init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(layer, BatchNorm2d | GroupNorm):
                layer.reset_parameters()
        for block in self.modules() if zero_init_residual else ():
            if isinstance(block, BasicBlock | Bottleneck):
                init.zeros_((block.bn3 if isinstance(block, Bottleneck) else block.bn2).get_parameter("weight"))

    def forward(self, input: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(input))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def _resnet(
    name: str,
    block: type[BasicBlock] | type[Bottleneck],
    layers: Sequence[int],
    weights: Weights | str | None,
    options: dict[str, Any],
) -> ResNet:
    return initialised(ResNet, name, weights, {"block": block, "layers": layers, **options})


def resnet18(*, weights: Weights | str | None = None, **options: Any) -> ResNet:
    """Return ResNet-18; *options* are the arguments of ``ResNet`` but for *block* and *layers*.

    >>> import nn
    >>> sum(p.numel() for p in nn.models.resnet18().parameters())
    11689512
    """
    return _resnet("resnet18", BasicBlock, (2, 2, 2, 2), weights, options)


def resnet34(*, weights: Weights | str | None = None, **options: Any) -> ResNet:
    """Return ResNet-34; *options* are the arguments of ``ResNet`` but for *block* and *layers*.

    >>> import nn
    >>> sum(p.numel() for p in nn.models.resnet34().parameters())
    21797672
    """
    return _resnet("resnet34", BasicBlock, (3, 4, 6, 3), weights, options)


def resnet50(*, weights: Weights | str | None = None, **options: Any) -> ResNet:
    """Return ResNet-50; *options* are the arguments of ``ResNet`` but for *block* and *layers*.

    >>> import nn
    >>> sum(p.numel() for p in nn.models.resnet50().parameters())
    25557032
    """
    return _resnet("resnet50", Bottleneck, (3, 4, 6, 3), weights, options)
