"""Caffe's layers, as layers of ``nn``: one builder for each type that LeNet, AlexNet and CaffeNet use."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import functional as F
from .. import init, layers
from ..module import Module
from .prototxt import Message

__all__ = ["BUILDERS", "fill"]

Shape = tuple[int, ...]
FANS = ("FAN_IN", "FAN_OUT", "AVERAGE")


def fill(parameter: Tensor, filler: Message) -> None:
    r"""Draw *parameter* as its *filler* says: constant (0 by default), uniform, gaussian, xavier or msra.

    With n the fan in (or the fan out, or their mean: *variance_norm*), xavier is even within :math:`\sqrt{3/n}`, msra normal
    with deviation :math:`\sqrt{2/n}`.

    >>> import nn
    >>> weight = ag.zeros(2, 3)
    >>> fill(weight, nn.caffe.parse('type: "constant" value: 0.5'))
    >>> weight.sum().item()
    3.0
    """
    kind = filler.choice("type", ("constant", "uniform", "gaussian", "xavier", "msra"), "constant")
    with ag.no_grad():
        if kind == "constant":
            parameter.fill_(float(filler.number("value", 0.0)))
        elif kind == "uniform":
            low, high = filler.number("min", 0.0), filler.number("max", 1.0)
            if high < low:
                filler.fail(f"max: {high}, expected at least min, {low}", filler.line_of("max"))
            init.uniform_(parameter, float(low), float(high))
        elif kind == "gaussian":
            mean, std = filler.number("mean", 0.0), filler.number("std", 1.0, least=0)
            init.normal_(parameter, float(mean), float(std))
        else:
            outputs = parameter.shape[0]
            area = math.prod(parameter.shape[2:])
            fan_in, fan_out = parameter.numel() / outputs, float(outputs * area)
            of = dict(zip(FANS, (fan_in, fan_out, (fan_in + fan_out) / 2), strict=True))
            fan = of[filler.choice("variance_norm", FANS, "FAN_IN")]
            if kind == "xavier":
                init.uniform_(parameter, -math.sqrt(3 / fan), math.sqrt(3 / fan))
            else:
                init.normal_(parameter, 0.0, math.sqrt(2 / fan))
    filler.done()


def _filled(layer: Any, parameters: Message) -> Any:
    fill(layer.weight, parameters.block("weight_filler"))
    bias = parameters.block("bias_filler")
    if layer.bias is not None:
        fill(layer.bias, bias)
    parameters.ignore("engine")
    parameters.done()
    return layer


def _sizes(message: Message, name: str, default: int | None, least: int) -> tuple[int, int]:
    """Return height and width of kernel_size, pad or stride: one number, two, or NAME_h and NAME_w."""
    short = name.removesuffix("_size")
    if f"{short}_h" in message or f"{short}_w" in message:
        if name in message:
            message.fail(f"{name} stands beside {short}_h or {short}_w; keep one way", message.line_of(name))
        return message.count(f"{short}_h", least=least), message.count(f"{short}_w", least=least)
    given = message.counts(name, least=least)
    if len(given) > 2 or (not given and default is None):
        message.fail(
            f"{message.what} has {len(given)} {name}, expected one, or height and width", message.line_of(name)
        )
    first = given[0] if given else default
    assert first is not None
    return first, given[-1] if given else first


def _spatial(message: Message, shape: Shape) -> None:
    if len(shape) != 4:
        message.fail(f"its bottom has the shape {shape}, expected (N, C, H, W): pictures")


def _convolution(message: Message, shape: Shape) -> Module:
    _spatial(message, shape)
    p = message.block("convolution_param")
    outputs, group = p.count("num_output", least=1), p.count("group", 1, least=1)
    if shape[1] % group or outputs % group:
        p.fail(f"group: {group} divides not both {shape[1]} channels and num_output, {outputs}", p.line_of("group"))
    kernel, padding, stride, dilation = (
        _sizes(p, name, default, least)
        for name, default, least in (("kernel_size", None, 1), ("pad", 0, 0), ("stride", 1, 1), ("dilation", 1, 1))
    )
    bias = p.flag("bias_term", True)
    return _filled(layers.Conv2d(shape[1], outputs, kernel, stride, padding, dilation, group, bias), p)


def _pooling(message: Message, shape: Shape) -> Module:
    _spatial(message, shape)
    p = message.block("pooling_param")
    kind = p.choice("pool", ("MAX", "AVE"), "MAX")
    p.ignore("engine")
    if p.flag("global_pooling", False):
        kernel, padding, stride = shape[2:], (0, 0), (1, 1)
    else:
        kernel, padding, stride = _sizes(p, "kernel_size", None, 1), _sizes(p, "pad", 0, 0), _sizes(p, "stride", 1, 1)
    p.done()
    if any(2 * pad > size for pad, size in zip(padding, kernel, strict=True)):
        p.fail(f"pad: {padding}, expected at most half of kernel_size, {kernel}", p.line_of("pad"))
    # Caffe rounds the size up, so that the last window may hang over the edge
    make = layers.MaxPool2d if kind == "MAX" else layers.AvgPool2d
    return make(kernel, stride, padding, ceil_mode=True)


def _inner_product(message: Message, shape: Shape) -> Module:
    p = message.block("inner_product_param")
    if p.count("axis", 1) != 1 or p.flag("transpose", False):
        p.fail("axis and transpose, expected 1 and false: nothing else is supported", p.line_of("axis"))
    outputs, bias = p.count("num_output", least=1), p.flag("bias_term", True)
    return layers.Sequential(layers.Flatten(), _filled(layers.Linear(math.prod(shape[1:]), outputs, bias), p))


def _relu(message: Message, shape: Shape) -> Module:
    p = message.block("relu_param")
    slope = float(p.number("negative_slope", 0.0))
    p.ignore("engine")
    p.done()
    return layers.LeakyReLU(slope) if slope else layers.ReLU()


def _lrn(message: Message, shape: Shape) -> Module:
    p = message.block("lrn_param")
    size = p.count("local_size", 5, least=1)
    if size % 2 == 0:
        p.fail(f"local_size: {size}, expected an odd number of channels", p.line_of("local_size"))
    alpha, beta, k = (float(p.number(name, default)) for name, default in (("alpha", 1.0), ("beta", 0.75), ("k", 1.0)))
    p.choice("norm_region", ("ACROSS_CHANNELS",), "ACROSS_CHANNELS")
    p.ignore("engine")
    p.done()
    return layers.LocalResponseNorm(size, alpha, beta, k)


def _dropout(message: Message, shape: Shape) -> Module:
    p = message.block("dropout_param")
    ratio = float(p.number("dropout_ratio", 0.5, least=0))
    if not ratio < 1:
        p.fail(f"dropout_ratio: {ratio}, expected a number below 1", p.line_of("dropout_ratio"))
    p.done()
    return layers.Dropout(ratio)


def _softmax(message: Message, shape: Shape) -> Module:
    p = message.block("softmax_param")
    axis = p.count("axis", 1)
    p.ignore("engine")
    p.done()
    return layers.Softmax(axis)


class SoftmaxWithLoss(Module):
    """The mean cross entropy of scores (N, C) and labels (N,), times *weight*; labels of *ignored* do not count."""

    def __init__(self, weight: float, ignored: int | None) -> None:
        super().__init__()
        self.weight, self.ignored = weight, ignored

    def forward(self, input: Tensor, labels: Tensor) -> Tensor:
        return self.weight * F.cross_entropy(input, labels, ignore_index=-100 if self.ignored is None else self.ignored)


def _softmax_with_loss(message: Message, shape: Shape) -> Module:
    p = message.block("loss_param")
    ignored = p.number("ignore_label", None)
    p.choice("normalization", ("VALID",), "VALID")
    p.done()
    weights = message.numbers("loss_weight")
    message.block("softmax_param")
    return SoftmaxWithLoss(float(weights[0]) if weights else 1.0, None if ignored is None else int(ignored))


class Accuracy(Module):
    """The share of rows of scores (N, C) whose label is among the *top_k* highest."""

    def __init__(self, top_k: int) -> None:
        super().__init__()
        self.top_k = top_k

    def forward(self, input: Tensor, labels: Tensor) -> Tensor:
        with ag.no_grad():
            own = input.gather(1, labels.unsqueeze(1))
            return ((input > own).sum(1) < self.top_k).float().mean()


def _accuracy(message: Message, shape: Shape) -> Module:
    p = message.block("accuracy_param")
    top = p.count("top_k", 1, least=1)
    p.done()
    return Accuracy(top)


def _plain(make: Callable[[], Module]) -> Callable[[Message, Shape], Module]:
    return lambda message, shape: make()


BUILDERS: dict[str, Callable[[Message, Shape], Module]] = {
    "Accuracy": _accuracy,
    "Convolution": _convolution,
    "Dropout": _dropout,
    "Flatten": _plain(layers.Flatten),
    "InnerProduct": _inner_product,
    "LRN": _lrn,
    "Pooling": _pooling,
    "ReLU": _relu,
    "Sigmoid": _plain(layers.Sigmoid),
    "Softmax": _softmax,
    "SoftmaxWithLoss": _softmax_with_loss,
    "TanH": _plain(layers.Tanh),
}
