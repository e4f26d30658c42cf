"""Pictures composed of smaller ones on textured grounds: every pixel's class, and every box, are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .transforms import Resize

__all__ = ["Scenes", "compose_scenes"]

TRIES = 50  # places tried for one object; it is left out where none is free


@dataclass(frozen=True)
class Scenes:
    """Composed pictures (N, 1, S, S) of bytes, and what is where in them.

    *masks* (N, S, S) has the class of each pixel: 0 for the ground, 1 + label for an object.  *boxes* has for each picture
    (K, 4) corners (x1, y1, x2, y2) in pixels, as tight as the object's pixels, x2 and y2 behind the last; *labels* (K,)
    are the labels of the pictures that were used, from 0.

    >>> scenes = compose_scenes(np.full((1, 4, 4), 255, np.uint8), np.array([7]), 2, size=16, sizes=(6, 6), objects=(1, 1))
    >>> len(scenes), scenes.labels[0].tolist(), (scenes.boxes[0][:, 2:] - scenes.boxes[0][:, :2]).tolist()
    (2, [7], [[6.0, 6.0]])
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.int64]
    boxes: list[NDArray[np.float32]]
    labels: list[NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.images)

    def inputs(self) -> ag.Tensor:
        """Return the pictures as float32, from -1 to 1."""
        return ag.from_numpy(self.images.astype(np.float32) / 127.5 - 1)


def compose_scenes(
    pictures: NDArray[np.uint8],
    labels: NDArray[Any],
    count: int,
    *,
    size: int = 128,
    objects: tuple[int, int] = (1, 4),
    sizes: tuple[int, int] = (32, 64),
    generator: ag.Generator | None = None,
) -> Scenes:
    """Compose *count* scenes of *size* x *size* pixels from *pictures* (P, H, W), bright things on black, with *labels* (P,).

    Each scene has *objects* (fewest, most) of them, drawn with replacement, resized to a side within *sizes*, mirrored or
    not, and put where their boxes do not meet those before them; one that finds no place is left out, but for the first.
    A pixel belongs to an object where its picture is brighter than 0.1.  The ground is a mean, three gratings of random
    direction and wavelength, a stain and noise of every pixel, all weaker or stronger from scene to scene.

    Raises ArgumentError for sizes that do not fit, and ShapeError for pictures and labels that do not.

    >>> import nn
    >>> clothes = nn.data.load("fashion-mnist").train
    >>> scenes = compose_scenes(clothes.images[:, 0], clothes.labels, 3, size=64, generator=ag.Generator(0))
    >>> scenes.images.shape, scenes.masks.shape, len(scenes.boxes)
    ((3, 1, 64, 64), (3, 64, 64), 3)
    """
    _check(pictures, labels, count, size, objects, sizes)
    draws = (generator or ag.default_generator).numpy
    images = np.empty((count, 1, size, size), np.uint8)
    masks = np.zeros((count, size, size), np.int64)
    found_boxes, found_labels = [], []
    for n in range(count):
        scene = _ground(size, draws)
        boxes: list[tuple[int, int, int, int]] = []
        own_labels = []
        for _ in range(draws.integers(objects[0], objects[1], endpoint=True)):
            chosen = int(draws.integers(len(pictures)))
            thing, mask, (height, width) = _thing(pictures[chosen], sizes, draws)
            place = _free_place(height, width, size, boxes, draws)
            if place is None:
                continue
            top, left = place
            window = np.s_[top : top + height, left : left + width]
            scene[window][mask] = thing[mask]
            masks[n][window][mask] = 1 + labels[chosen]
            boxes.append((left, top, left + width, top + height))
            own_labels.append(labels[chosen])
        images[n, 0] = np.rint(scene * 255)
        found_boxes.append(np.array(boxes, np.float32).reshape(-1, 4))
        found_labels.append(np.array(own_labels, np.int64))
    return Scenes(images, masks, found_boxes, found_labels)


def _check(pictures: Any, labels: Any, count: int, size: int, objects: Sequence[int], sizes: Sequence[int]) -> None:
    if pictures.ndim != 3 or not len(pictures) or pictures.dtype != np.uint8 or labels.shape != pictures.shape[:1]:
        raise ag.errors.ShapeError(
            f"compose_scenes: pictures are {pictures.shape} of {pictures.dtype} and labels {labels.shape}, expected uint8 "
            "(P, H, W) and (P,) with one picture or more; of (P, 1, H, W) take pictures[:, 0]"
        )
    if count < 0:
        raise ag.errors.ArgumentError(f"compose_scenes: count={count}, expected 0 or more")
    if len(objects) != 2 or not 1 <= objects[0] <= objects[1]:
        raise ag.errors.ArgumentError(f"compose_scenes: objects={objects!r}, expected (fewest, most), 1 or more each")
    if len(sizes) != 2 or not 4 <= sizes[0] <= sizes[1] <= size:
        raise ag.errors.ArgumentError(
            f"compose_scenes: sizes={sizes!r}, expected (smallest, largest) from 4 to size={size}; make the scenes larger"
        )


def _thing(
    picture: NDArray[np.uint8], sizes: tuple[int, int], draws: np.random.Generator
) -> tuple[NDArray[Any], NDArray[np.bool_], tuple[int, int]]:
    """Return a resized object from 0 to 1, cut to its box, where it is, and its height and width."""
    side = int(draws.integers(sizes[0], sizes[1], endpoint=True))
    grown = Resize((side, side))(picture[None].astype(np.float32) / 255)[0]
    if draws.random() < 0.5:
        grown = grown[:, ::-1]
    mask = grown > 0.1
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        raise ag.errors.ArgumentError("compose_scenes: a picture is black; leave pictures without an object out")
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return grown[box], mask[box], mask[box].shape


def _free_place(
    height: int, width: int, size: int, boxes: list[tuple[int, int, int, int]], draws: np.random.Generator
) -> tuple[int, int] | None:
    """Return the top and left of a box that meets no other one, if there is a place."""
    for _ in range(TRIES):
        top, left = int(draws.integers(size - height, endpoint=True)), int(draws.integers(size - width, endpoint=True))
        if all(x2 <= left or left + width <= x1 or y2 <= top or top + height <= y1 for x1, y1, x2, y2 in boxes):
            return top, left
    return None


def _ground(size: int, draws: np.random.Generator) -> NDArray[Any]:
    """Return a textured ground, from 0 to 1."""
    y, x = np.mgrid[:size, :size].astype(np.float64)
    ground = np.full((size, size), draws.uniform(0.15, 0.6))
    for _ in range(3):
        angle, wavelength, phase = draws.uniform(0, np.pi), draws.uniform(5, 40), draws.uniform(0, 2 * np.pi)
        along = x * np.cos(angle) + y * np.sin(angle)
        ground += draws.uniform(0.02, 0.1) * np.sin(2 * np.pi * along / wavelength + phase)
    (a, b), width = draws.uniform(0, size, 2), draws.uniform(0.15, 0.5) * size
    ground += draws.uniform(-0.25, 0.25) * np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * width**2))
    ground += draws.uniform(0.02, 0.08) * draws.standard_normal((size, size))
    return np.clip(ground, 0, 1)
