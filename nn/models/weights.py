"""Weights that ship with the package, what pictures must go through for them, and the names of their classes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import init
from ..data.embedded import read_embedded
from ..data.transforms import CenterCrop, Compose, Images, Lambda, Normalize, Resize, ToDtype
from ..module import Module

__all__ = ["Weights", "initialised", "weights_of"]

Model = TypeVar("Model", bound=Module)


@dataclass(frozen=True)
class Weights:
    """Weights of one model, inside the package.

    *transform* takes pictures (3, H, W) or (N, 3, H, W) of red, green and blue from 0 to 255, and gives what the network was
    trained on.

    >>> import nn
    >>> weights = nn.models.weights_of("squeezenet1_1")
    >>> weights.title, weights.transform(np.zeros((3, 300, 451), np.uint8)).shape, weights.classes[281]
    ('SqueezeNet 1.1, trained on ImageNet (ILSVRC 2012)', (3, 227, 227), 'tabby')
    """

    model: str
    name: str
    title: str
    licence: str
    homepage: str
    file: str
    sha256: str
    class_file: str
    class_sha256: str
    transform: Compose

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the outputs."""
        content, _ = read_embedded("nn.models", self.class_file, self.class_sha256)
        return tuple(content.decode().splitlines())

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights by the keys of the model, in float32; DataError if the file is missing or damaged."""
        content, _ = read_embedded("nn.models", self.file, self.sha256)
        state: dict[str, Tensor] = ag.load(io.BytesIO(content))
        return state


def reverse_channels(images: Images) -> Images:
    """Turn red, green, blue into blue, green, red, which Caffe's networks expect."""
    return images[:, ::-1]


_WEIGHTS = {
    ("squeezenet1_1", "imagenet"): Weights(
        model="squeezenet1_1",
        name="imagenet",
        title="SqueezeNet 1.1, trained on ImageNet (ILSVRC 2012)",
        licence="BSD-2-Clause; MIT",
        homepage="https://github.com/forresti/SqueezeNet",
        file="squeezenet1_1_imagenet.npz",
        sha256="099abf38e72c5f7d67deaa9ffddfac9bb7d58f55bf913307fdca25ba43c21173",
        class_file="imagenet_classes.txt",
        class_sha256="0b0f9fee7c952f257418d62aa701f023a9da13b443a14f5c4291e5724d92967c",
        transform=Compose(
            [
                ToDtype(np.float32),
                Resize(227),
                CenterCrop(227),
                Lambda(reverse_channels),
                Normalize(mean=(103.939, 116.779, 123.68), std=(1.0, 1.0, 1.0)),
            ]
        ),
    )
}


def weights_of(model: str, name: str = "imagenet") -> Weights:
    """Return the weights *name* of *model*; ArgumentError if the package has none.

    >>> weights_of("squeezenet1_1").transform.transforms[-1]
    Normalize(mean=(103.939, 116.779, 123.68), std=(1.0, 1.0, 1.0))
    """
    if (model, name) not in _WEIGHTS:
        there = ", ".join(f"{name!r} of {model}" for model, name in _WEIGHTS)
        raise ag.errors.ArgumentError(
            f"there are no weights {name!r} of {model} in the package, only {there}; load others from a file: "
            "model.load_state_dict(ag.load(path))"
        )
    return _WEIGHTS[model, name]


def initialised(
    make: Callable[..., Model], model: str, weights: Weights | str | None, options: dict[str, Any]
) -> Model:
    """Return ``make(**options)``, the model of that name: with fresh parameters, or with *weights*.

    Raises ArgumentError for weights that there are not, or of another model.
    """
    if weights is None:
        return make(**options)
    chosen = weights if isinstance(weights, Weights) else weights_of(model, weights)
    if chosen.model != model:
        raise ag.errors.ArgumentError(f"weights={chosen.title!r} are of {chosen.model}, not of {model}")
    with init.skipped():  # no draw: every number is replaced
        made = make(**options)
    made.load_state_dict(chosen.state_dict())
    return made
