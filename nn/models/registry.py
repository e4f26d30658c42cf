"""The names under which the command line and configuration files know the models."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import autograd_core as ag

from ..module import Module
from .alexnet import alexnet
from .autoencoder import Autoencoder, DenoisingAutoencoder
from .cnn import SmallCNN
from .googlenet import googlenet
from .lenet import LeNet5
from .mlp import MLP
from .resnet import resnet18, resnet34, resnet50
from .squeezenet import squeezenet1_0, squeezenet1_1
from .vgg import vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn

__all__ = ["create", "names"]

MODELS: dict[str, Callable[..., Module]] = {
    "alexnet": alexnet,
    "autoencoder": Autoencoder,
    "cnn": SmallCNN,
    "denoising-autoencoder": DenoisingAutoencoder,
    "googlenet": googlenet,
    "lenet": LeNet5,
    "mlp": MLP,
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "squeezenet1_0": squeezenet1_0,
    "squeezenet1_1": squeezenet1_1,
    "vgg11": vgg11,
    "vgg11_bn": vgg11_bn,
    "vgg13": vgg13,
    "vgg13_bn": vgg13_bn,
    "vgg16": vgg16,
    "vgg16_bn": vgg16_bn,
    "vgg19": vgg19,
    "vgg19_bn": vgg19_bn,
}


def names() -> list[str]:
    """Return the names that ``create`` knows.

    >>> names()[:3]
    ['alexnet', 'autoencoder', 'cnn']
    """
    return sorted(MODELS)


def create(name: str, **options: Any) -> Module:
    """Make the model *name*; *options* are the arguments of its class or function.  Raises ArgumentError for an unknown name.

    >>> import nn
    >>> nn.models.create("mlp", sizes=(4, 8, 2))
    MLP(
      (layers): Sequential(
        (0): Linear(in_features=4, out_features=8, bias=True)
        (1): ReLU()
        (2): Linear(in_features=8, out_features=2, bias=True)
      )
    )
    """
    if name not in MODELS:
        near = difflib.get_close_matches(str(name).lower(), MODELS, n=3, cutoff=0.4)
        advice = f"did you mean {' or '.join(map(repr, near))}?" if near else "use one of these"
        raise ag.errors.ArgumentError(f"name={name!r} is no model; {advice}; the models: {', '.join(names())}")
    return MODELS[name](**options)
