"""The names under which the command line and configuration files know the models."""

from __future__ import annotations

import difflib
from typing import Any

import autograd_core as ag

from ..module import Module
from .autoencoder import Autoencoder, DenoisingAutoencoder
from .cnn import SmallCNN
from .lenet import LeNet5
from .mlp import MLP

__all__ = ["create", "names"]

MODELS: dict[str, type[Module]] = {
    "autoencoder": Autoencoder,
    "cnn": SmallCNN,
    "denoising-autoencoder": DenoisingAutoencoder,
    "lenet": LeNet5,
    "mlp": MLP,
}


def names() -> list[str]:
    """Return the names that ``create`` knows."""
    return sorted(MODELS)


def create(name: str, **options: Any) -> Module:
    """Make the model *name*; *options* are the arguments of its class.  Raises ArgumentError for an unknown name.

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
