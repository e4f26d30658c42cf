"""How each model is trained unless the user says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import unknown

__all__ = ["RECIPES", "Recipe", "recipe"]


@dataclass(frozen=True)
class Recipe:
    """A model's defaults.  *noise* is the standard deviation of what a denoising autoencoder has to remove."""

    title: str
    network: str
    task: Literal["classify", "reconstruct"] = "classify"
    batch_size: int = 64
    optimizer: str = "adam"
    lr: float = 2e-3
    weight_decay: float = 0.0
    schedule: str = "cosine"
    augment: bool = False
    noise: float = 0.0


RECIPES = {
    "lenet": Recipe("LeNet-5", "lenet5", augment=False),
    "cnn": Recipe("Small CNN", "cnn", augment=True),
    "mlp": Recipe("Multi-layer perceptron", "mlp"),
    "autoencoder": Recipe("Autoencoder", "autoencoder", task="reconstruct"),
    "denoising-autoencoder": Recipe("Denoising autoencoder", "autoencoder", task="reconstruct", noise=0.3),
}


def recipe(model: str) -> Recipe:
    """Return the recipe of *model*, or raise UsageError with the nearest names.

    >>> recipe("lenet").title
    'LeNet-5'
    """
    if model not in RECIPES:
        raise unknown("model", model, RECIPES)
    return RECIPES[model]
