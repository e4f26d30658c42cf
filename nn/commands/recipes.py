"""How each model is trained unless the user says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import unknown

__all__ = ["RECIPES", "Recipe", "recipe"]


@dataclass(frozen=True)
class Recipe:
    """A model's title, what it is for, and its defaults.

    *masked* is the share of pixels that a denoising autoencoder has to do without.
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


RECIPES = {
    "lenet": Recipe("LeNet-5", lr=4e-3),
    "cnn": Recipe("Small CNN", augment=True),
    "mlp": Recipe("Multi-layer perceptron"),
    "autoencoder": Recipe("Autoencoder", task="reconstruct"),
    "denoising-autoencoder": Recipe("Denoising autoencoder", task="reconstruct", masked=0.3),
}


def recipe(model: str) -> Recipe:
    """Return the recipe of *model*, or raise UsageError with the nearest names.

    >>> recipe("lenet").title
    'LeNet-5'
    """
    if model not in RECIPES:
        raise unknown("model", model, RECIPES)
    return RECIPES[model]
