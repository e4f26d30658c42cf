"""Scenes of clothes on textured grounds, for the lessons that look for things in pictures."""

from __future__ import annotations

import numpy as np

import autograd_core as ag

from ... import data
from ...data import Scenes

__all__ = ["KINDS", "NAMES", "clothes_scenes"]

KINDS = (0, 1, 7, 8, 9)  # the labels in Fashion-MNIST: five that even small pictures tell apart
NAMES = ("shirt", "trousers", "sneaker", "bag", "boot")


def clothes_scenes(
    part: str, count: int, *, size: int, objects: tuple[int, int], sizes: tuple[int, int], generator: ag.Generator
) -> Scenes:
    """Compose *count* scenes from the clothes of the "train" or of the "test" *part*, with labels from 0 to 4."""
    clothes = getattr(data.load("fashion-mnist"), part)
    chosen = np.isin(clothes.labels, KINDS)
    labels = np.searchsorted(KINDS, clothes.labels[chosen])
    return data.compose_scenes(
        clothes.images[chosen, 0], labels, count, size=size, objects=objects, sizes=sizes, generator=generator
    )
