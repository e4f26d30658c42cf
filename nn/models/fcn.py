"""Fully convolutional networks: a classifier of pictures made into one of pixels."""

from __future__ import annotations

import copy
import math

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from .. import functional as F
from ..layers import Conv2d, ConvTranspose2d, Flatten, Linear, MaxPool2d, ModuleList, Sequential
from ..module import Module

__all__ = ["FCN", "bilinear_upsampling", "convolutionalize", "fcn8s", "fcn16s", "fcn32s"]


def convolutionalize(classifier: Sequential, channels: int) -> Sequential:
    """Return the layers of *classifier* with every Linear as a convolution of the same weights.

    The classifier takes maps of *channels* x k x k, flattened.  Its first Linear becomes a k x k convolution, padded so
    that the size of the maps stays, and the others become 1 x 1 ones: larger maps (N, channels, H, W) then give a score at
    each place, and the middle of k x k ones gives the scores of the classifier.  k has to be odd.  The parameters are
    copies; a Flatten is left out.

    Source: Long, Shelhamer & Darrell, 2015, section 3.1.

    >>> import nn
    >>> head = convolutionalize(nn.Sequential(nn.Flatten(), nn.Linear(8 * 9, 5), nn.ReLU(), nn.Linear(5, 2)), 8)
    >>> head[0].kernel_size, head(ag.zeros(1, 8, 6, 7)).shape
    ((3, 3), (1, 2, 6, 7))
    """
    layers: list[Module] = []
    inputs: int | None = None  # channels that reach the next Linear; None before the first
    for layer in classifier:
        if isinstance(layer, Flatten):
            continue
        if not isinstance(layer, Linear):
            layers.append(copy.deepcopy(layer))
            continue
        size = 1 if inputs is not None else math.isqrt(layer.in_features // channels)
        before = channels if inputs is None else inputs
        if before * size * size != layer.in_features or size % 2 == 0:
            raise ag.errors.ArgumentError(
                f"convolutionalize: the first Linear has in_features={layer.in_features}, expected channels={channels} times "
                "an odd square, such as 1, 9 or 49; give the classifier's pictures a size that leaves such maps"
            )
        factory = {"bias": layer.bias is not None, "dtype": layer.weight.dtype}
        with init.skipped():  # the parameters are those of the classifier
            new = Conv2d(before, layer.out_features, size, padding=size // 2, **factory)
        with ag.no_grad():
            new.weight.copy_(layer.weight.reshape(new.weight.shape))
            if new.bias is not None and layer.bias is not None:
                new.bias.copy_(layer.bias)
        layers.append(new)
        inputs = layer.out_features
    if inputs is None:
        raise ag.errors.ArgumentError("convolutionalize: classifier has no Linear; give the layers after the features")
    return Sequential(*layers)


def bilinear_upsampling(channels: int, factor: int, fixed: bool = False) -> ConvTranspose2d:
    """Return a transposed convolution that makes maps *factor* times larger, and starts as bilinear interpolation.

    Its kernel of 2 factor x 2 factor is the product of two triangles, ``1 - |i - (factor - 1/2)| / factor``, one for each
    channel, without a bias; *factor* is even.  With *fixed* it does not learn.  Away from the borders it then does what
    ``interpolate(mode="bilinear")`` does; outside the maps it sees zeros.

    Source: Long, Shelhamer & Darrell, 2015, section 3.3.

    >>> up = bilinear_upsampling(1, 2)
    >>> up.weight[0, 0, 0].tolist()
    [0.0625, 0.1875, 0.1875, 0.0625]
    >>> up(ag.ones(1, 1, 3, 3))[0, 0, 2].tolist()
    [0.75, 1.0, 1.0, 1.0, 1.0, 0.75]
    """
    expect.size("bilinear_upsampling", channels=channels, factor=factor)
    if factor % 2:
        raise ag.errors.ArgumentError(f"bilinear_upsampling: factor={factor}, expected an even number; use interpolate")
    up = ConvTranspose2d(channels, channels, 2 * factor, factor, padding=factor // 2, groups=channels, bias=False)
    triangle = 1 - np.abs(np.arange(2 * factor) - (factor - 0.5)) / factor
    kernel = np.outer(triangle, triangle).astype(up.weight.dtype)
    with ag.no_grad():
        up.weight.copy_(ag.from_numpy(np.broadcast_to(kernel, up.weight.shape).copy()))
    up.weight.requires_grad_(not fixed)
    return up


class FCN(Module):
    """Give each pixel of pictures (N, C, H, W) scores (N, num_classes, H, W), by the features of a trained *classifier*.

    *classifier* has ``features``, a Sequential whose MaxPool2d halve the maps, and ``classifier``, a Sequential of Linear
    layers, of which the last is replaced: ``VGG`` and ``SmallCNN`` are such models.  All is copied.  The scores are as coarse
    as the last maps.  With *skips* they are made twice as large, that often, and scores read from the maps of the pooling
    before are added.  A fixed bilinear upsampling does the rest.  A VGG has five poolings, so it makes with 0, 1 and 2
    skips the paper's FCN-32s, FCN-16s and FCN-8s.

    Whatever is new is zero at first, but for the upsampling, which is bilinear.  Pictures of any size are padded with
    zeros to a multiple of the coarsest step, and the scores are cut to theirs.  Features that are frozen (see ``freeze``)
    stay in eval mode in ``train()``, so that batch normalisation is frozen too.

    The paper's loss is the sum over all pixels, ``CrossEntropyLoss(reduction="sum")``, which it calls unnormalised.

    Source: Long, Shelhamer & Darrell, "Fully Convolutional Networks for Semantic Segmentation", 2015.

    >>> import nn
    >>> classifier = nn.models.SmallCNN(10, size=(24, 24), channels=(4, 8, 8))
    >>> FCN(classifier, 11, skips=1)(ag.zeros(2, 1, 40, 50)).shape
    (2, 11, 40, 50)
    """

    def __init__(self, classifier: Module, num_classes: int, skips: int = 0) -> None:
        super().__init__()
        expect.size("FCN", num_classes=num_classes)
        features, top = getattr(classifier, "features", None), getattr(classifier, "classifier", None)
        if not isinstance(features, Sequential) or not isinstance(top, Sequential):
            raise ag.errors.ArgumentError(
                f"FCN: classifier is a {type(classifier).__name__}, expected a model with features and classifier, both "
                "Sequential; use a VGG or a SmallCNN"
            )
        widths, pools = _widths_at_pools(features)
        if not 0 <= skips < len(pools):
            raise ag.errors.ArgumentError(
                f"FCN: skips={skips!r}, expected 0 to {len(pools) - 1}: the features have {len(pools)} poolings"
            )
        self.num_classes, self.skips, self.step = num_classes, skips, 2 ** len(pools)
        self.features = copy.deepcopy(features)
        linears = [place for place, layer in enumerate(top) if isinstance(layer, Linear)]
        if not linears:
            raise ag.errors.ArgumentError("FCN: classifier.classifier has no Linear; expected one or more")
        hidden = top[: linears[-1]]
        self.head = convolutionalize(hidden, widths[-1]) if len(linears) > 1 else Sequential()
        last = top[linears[-1]]
        assert isinstance(last, Linear)
        self.score = Conv2d(last.in_features if len(linears) > 1 else widths[-1], num_classes, 1)
        read = list(zip(pools, widths, strict=True))[
            -2 : -2 - skips : -1
        ]  # the poolings before the last, deepest first
        self.read_at = [place for place, _ in read]
        self.skip_scores = ModuleList(Conv2d(width, num_classes, 1) for _, width in read)
        self.upsample = ModuleList(bilinear_upsampling(num_classes, 2) for _ in read)
        self.last_upsample = bilinear_upsampling(num_classes, self.step >> skips, fixed=True)
        with ag.no_grad():
            for layer in (self.score, *self.skip_scores):
                assert isinstance(layer, Conv2d)
                assert layer.bias is not None
                layer.weight.zero_()
                layer.bias.zero_()

    def train(self, mode: bool = True) -> FCN:
        """Set the mode, train or eval; frozen features stay in eval mode."""
        super().train(mode)
        if not any(p.requires_grad for p in self.features.parameters()):
            self.features.eval()
        return self

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim != 4:
            raise expect.shape_error("FCN", input, "(N, C, H, W)", "a picture alone is picture[None]")
        height, width = input.shape[2:]
        x = F.pad(input, (0, -width % self.step, 0, -height % self.step))
        kept: dict[int, Tensor] = {}
        for place, layer in enumerate(self.features):
            x = layer(x)
            if place in self.read_at:
                kept[place] = x
        scores = self.score(self.head(x))
        for place, score, up in zip(self.read_at, self.skip_scores, self.upsample, strict=True):
            scores = up(scores) + score(kept[place])
        return self.last_upsample(scores)[:, :, :height, :width]


def _widths_at_pools(features: Sequential) -> tuple[list[int], list[int]]:
    """Return the channels at each pooling, and the places of the poolings; raise for layers that shift or shrink maps."""
    widths, pools, channels = [], [], 0
    for place, layer in enumerate(features):
        if isinstance(layer, Conv2d):
            channels = layer.out_channels
            pads = layer.padding
            kept = set(layer.stride) == {1} and (
                pads == "same"
                if isinstance(pads, str)
                else all(2 * p == d * (k - 1) for k, p, d in zip(layer.kernel_size, pads, layer.dilation, strict=True))
            )
            if not kept:
                raise ag.errors.ArgumentError(
                    f"FCN: features.{place} is {layer}, expected convolutions that keep the size of their maps, and poolings "
                    "that halve it; use a VGG or a SmallCNN"
                )
        elif isinstance(layer, MaxPool2d):
            if (layer.kernel_size, layer.stride, layer.padding) not in ((2, 2, 0), ((2, 2), (2, 2), 0)):
                raise ag.errors.ArgumentError(
                    f"FCN: features.{place} is {layer}, expected MaxPool2d(2), which halves the maps"
                )
            widths.append(channels)
            pools.append(place)
    if not pools:
        raise ag.errors.ArgumentError("FCN: features have no MaxPool2d, expected one or more; use a VGG or a SmallCNN")
    return widths, pools


def fcn32s(classifier: Module, num_classes: int) -> FCN:
    """Return ``FCN(classifier, num_classes)``: the paper's coarsest, where *classifier* has five poolings, as a VGG has.

    >>> import nn
    >>> sum(isinstance(layer, nn.ConvTranspose2d) for layer in fcn32s(nn.models.SmallCNN(), 2).modules())
    1
    """
    return FCN(classifier, num_classes)


def fcn16s(classifier: Module, num_classes: int) -> FCN:
    """Return ``FCN(classifier, num_classes, skips=1)``, which reads the fourth of five poolings too.

    >>> import nn
    >>> sum(isinstance(layer, nn.ConvTranspose2d) for layer in fcn16s(nn.models.SmallCNN(), 2).modules())
    2
    """
    return FCN(classifier, num_classes, skips=1)


def fcn8s(classifier: Module, num_classes: int) -> FCN:
    """Return ``FCN(classifier, num_classes, skips=2)``, which reads the third and the fourth of five poolings too.

    >>> import nn
    >>> sum(isinstance(layer, nn.ConvTranspose2d) for layer in fcn8s(nn.models.SmallCNN(), 2).modules())
    3
    """
    return FCN(classifier, num_classes, skips=2)
