"""The network that knows photographs, and the way from a photograph to its input and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor
from autograd_core.commands import UsageError

from ... import models
from ...data import Compose
from ...data.transforms import CenterCrop, Resize
from ...models import SqueezeNet

__all__ = ["BOUNDS", "as_input", "as_picture", "classes", "read_photograph", "squeezenet", "whole_input"]

WEIGHTS = models.weights_of("squeezenet1_1")
NORMALIZE: Any = WEIGHTS.transform.transforms[-1]
MEAN = np.asarray(NORMALIZE.mean, np.float32).reshape(1, 3, 1, 1)  # blue, green, red
BOUNDS = ag.from_numpy(0 - MEAN), ag.from_numpy(255 - MEAN)  # of the network's inputs: black and white


def squeezenet() -> SqueezeNet:
    """Return SqueezeNet 1.1 with its ImageNet weights, in eval mode."""
    return models.squeezenet1_1(weights="imagenet").eval()


def classes() -> tuple[str, ...]:
    """Return the names of the 1,000 classes."""
    return WEIGHTS.classes


def as_input(photograph: NDArray[np.uint8], size: int | None = None) -> Tensor:
    """Return a photograph (3, H, W) as the network's input (1, 3, h, w), uncropped, its shorter side *size* pixels long."""
    steps = [t for t in WEIGHTS.transform.transforms if not isinstance(t, Resize | CenterCrop)]
    if size is not None:
        steps.insert(1, Resize(size))
    return ag.from_numpy(np.ascontiguousarray(Compose(steps)(photograph[None])))


def as_picture(x: Tensor) -> NDArray[np.uint8]:
    """Return the first input of (N, 3, h, w) as a picture (h, w, 3)."""
    pixels = (x.detach().array + MEAN)[0, ::-1].transpose(1, 2, 0)
    return np.asarray(np.clip(np.round(pixels), 0, 255), np.uint8)


def whole_input(photograph: NDArray[np.uint8]) -> Tensor:
    """Return a photograph as the network was trained on, (1, 3, 227, 227): resized and cropped."""
    return ag.from_numpy(np.ascontiguousarray(WEIGHTS.transform(photograph)[None]))


def read_photograph(path: Path) -> NDArray[np.uint8]:
    """Return the picture in a file as (3, H, W); UsageError if it is none that pillow can read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise UsageError(f"{path}: not a picture that can be read ({error}); give a JPEG or PNG file") from error
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
