"""What a report tells, gathered from a model and its test pictures; how it is shown is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ...module import Module
from ...summary import summary
from ..evaluation import modes_kept
from ..history import History
from ..protocols import Loader

__all__ = [
    "Example",
    "Findings",
    "Layer",
    "confusions",
    "first_filters",
    "mistakes",
    "probabilities",
    "reconstructions",
]

Picture = NDArray[np.float32]  # (H, W), or (H, W, 3)
Show = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True)
class Layer:
    """One layer as the report draws it: its name in the model, its class, the shape it gives, its parameters."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Example:
    """A test picture whose class was not recognised."""

    picture: Picture
    true: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Findings:
    """All that one report shows.  What is empty is left out."""

    title: str
    lead: str
    command: str
    headline: Mapping[str, str]
    settings: Mapping[str, Any]
    history: History
    source: tuple[int, ...]  # the shape of one input
    layers: Sequence[Layer] = ()
    classes: Sequence[str] = ()
    confusion: NDArray[np.int64] | None = None
    filters: NDArray[Any] | None = None  # (filters, H, W)
    mistakes: Sequence[Example] = ()
    reconstructions: Sequence[tuple[Picture, ...]] = ()  # input, output, and the clean picture where it differs
    record: Sequence[str] | None = None  # what looks ill in record.html; None where there is no record
    notes: Sequence[str] = ()


def layers(model: Module, source: tuple[int, ...]) -> list[Layer]:
    """Return the layers of *model*, which takes inputs of shape *source*, as far as they are called.

    Modules that only hold others are left out.
    """
    rows = summary(model, (1, *source)).rows
    holders = {row.path.rpartition(".")[0] for row in rows if row.path}
    return [
        Layer(row.path or "model", row.name, row.output_shape[1:], row.parameters)
        for row in rows
        if row.output_shape is not None and (row.parameters or row.path not in holders)
    ]


def probabilities(scores: NDArray[Any]) -> NDArray[Any]:
    """Return the softmax of *scores* ``(N, classes)``.

    >>> probabilities(np.zeros((1, 2)))
    array([[0.5, 0.5]])
    """
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[Any] = e / e.sum(axis=1, keepdims=True)
    return shares


def picture(image: NDArray[Any]) -> Picture:
    """Return an image ``(C, H, W)`` as ``(H, W)`` or ``(H, W, 3)``, from 0 to 1; what lies outside is cut off."""
    pixels = image[0] if len(image) != 3 else image.transpose(1, 2, 0)
    return np.asarray(np.clip(pixels, 0, 1), np.float32)


@ag.no_grad()
def mistakes(model: Module, loader: Loader, show: Show = np.asarray, most: int = 24) -> list[Example]:
    """Return the test pictures that *model* classifies wrongly with the highest probability, worst first.

    *show* turns what the loader gives into pictures from 0 to 1: it undoes a normalisation.
    """
    found: list[Example] = []
    with modes_kept(model):
        model.eval()
        for images, labels in loader:
            shares, true = probabilities(model(images).numpy()), labels.numpy()
            predicted = shares.argmax(axis=1)
            wrong = np.flatnonzero(predicted != true)
            pixels = show(images.numpy())
            found += [
                Example(picture(pixels[i]), int(true[i]), int(predicted[i]), float(shares[i, predicted[i]]))
                for i in wrong
            ]
            found = sorted(found, key=lambda example: -example.probability)[:most]
    return found


@ag.no_grad()
def reconstructions(model: Module, loader: Loader, most: int = 12) -> list[tuple[Picture, ...]]:
    """Return what went into an autoencoder and what came out, for the first pictures of *loader*.

    Where inputs and targets differ, as for a denoising autoencoder, the target comes third.
    """
    inputs, targets = next(iter(loader))
    with modes_kept(model):
        made = model.eval()(inputs).reshape(inputs.shape)
    rows = [inputs.numpy(), made.numpy(), targets.numpy()]
    if np.array_equal(rows[0], rows[2]):
        del rows[2]
    return [tuple(picture(row[i]) for row in rows) for i in range(min(most, len(inputs)))]


def first_filters(model: Module, most: int = 64) -> NDArray[Any] | None:
    """Return the weights of the first layer as pictures ``(filters, H, W)``, or None where they are no pictures.

    Those of a convolution are shown by the mean over its input channels; those of a linear layer when the inputs of a
    unit form a square.
    """
    for _, p in model.named_parameters():
        weight = p.detach().numpy()
        if weight.ndim == 4:
            return np.asarray(weight.mean(axis=1)[:most])
        if weight.ndim == 2:
            side = round(weight.shape[1] ** 0.5)
            return weight[:most].reshape(-1, side, side) if side * side == weight.shape[1] else None
    return None


def confusions(matrix: NDArray[np.int64]) -> list[tuple[float, int | None, int]]:
    """Return for each class: the share recognised, the class it is most often taken for (or None), and how often.

    >>> confusions(np.array([[3, 1], [0, 2]]))
    [(0.75, 1, 1), (1.0, None, 0)]
    """
    rows: list[tuple[float, int | None, int]] = []
    for own, row in enumerate(matrix):
        others = row.copy()
        others[own] = 0
        other = int(others.argmax())
        share = float(row[own] / max(row.sum(), 1))
        rows.append((share, other if others[other] else None, int(others[other])))
    return rows
