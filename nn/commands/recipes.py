"""How each model is trained unless the user says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autograd_core.commands import unknown

__all__ = ["RECIPES", "Recipe", "recipe"]


@dataclass(frozen=True)
class Recipe:
    """A model's title, what it is for, and its defaults.

    *masked* is the share of pixels that a denoising autoencoder has to do without.  A *general* network is made for other
    pictures: it is told of the channels, the classes and the small size of these.  One with *auxiliary* heads learns from
    all of them.
    """

    title: str
    task: Literal["classify", "reconstruct"] = "classify"
    batch_size: int = 64
    optimizer: str = "adam"
    lr: float = 2e-3
    weight_decay: float = 0.0
    schedule: str = "cosine"
    augment: bool = False
    masked: float = 0.0
    general: bool = False
    auxiliary: bool = False


RECIPES = {
    "lenet": Recipe("LeNet-5", lr=4e-3),
    "cnn": Recipe("Small CNN", augment=True),
    "mlp": Recipe("Multi-layer perceptron"),
    "autoencoder": Recipe("Autoencoder", task="reconstruct"),
    "denoising-autoencoder": Recipe("Denoising autoencoder", task="reconstruct", masked=0.3),
    "alexnet": Recipe("AlexNet", general=True, lr=5e-4),
    "googlenet": Recipe("GoogLeNet", general=True, auxiliary=True, lr=1e-3),
    "resnet18": Recipe("ResNet-18", general=True, lr=1e-3),
    "resnet34": Recipe("ResNet-34", general=True, lr=1e-3),
    "resnet50": Recipe("ResNet-50", general=True, lr=1e-3),
    "squeezenet1_0": Recipe("SqueezeNet 1.0", general=True, lr=5e-4),
    "squeezenet1_1": Recipe("SqueezeNet 1.1", general=True, lr=5e-4),
    **{
        f"vgg{depth}{suffix}": Recipe(f"VGG-{depth}{title}", general=True, lr=5e-4)
        for depth in (11, 13, 16, 19)
        for suffix, title in (("", ""), ("_bn", " with batch normalisation"))
    },
}


def recipe(model: str) -> Recipe:
    """Return the recipe of *model*, or raise UsageError with the nearest names.

    >>> recipe("lenet").title
    'LeNet-5'
    """
    if model not in RECIPES:
        raise unknown("unknown model", model, RECIPES)
    return RECIPES[model]
