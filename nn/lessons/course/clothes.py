"""Fashion-MNIST in small balanced sets, and as a network of photographs takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from ... import data
from ...data import Compose, Resize, ToDtype
from ...models import LogisticRegression, weights_of

__all__ = ["Clothes", "balanced", "clothes", "fitted_accuracy", "three_channels"]


@dataclass(frozen=True)
class Clothes:
    """Pictures (N, 1, 28, 28) of bytes and their labels, to learn from and to test on."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    classes: tuple[str, ...]


def clothes(train: int, test: int) -> Clothes:
    """Return the first pictures of the embedded set, as many of each class, the classes taking turns."""
    splits = data.load("fashion-mnist")
    learned, tested = (balanced(part.labels, n) for part, n in ((splits.train, train), (splits.test, test)))
    return Clothes(
        splits.train.images[learned],
        splits.train.labels[learned].astype(np.int64),
        splits.test.images[tested],
        splits.test.labels[tested].astype(np.int64),
        splits.classes,
    )


def balanced(labels: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return the places of *count* examples: the first of each class, then the second of each, and so on."""
    turns = np.zeros(len(labels), np.int64)  # how many of its class come before each
    for label in np.unique(labels):
        own = labels == label
        turns[own] = np.arange(own.sum())
    return np.lexsort((labels, turns))[:count]


def three_channels(size: int) -> Compose:
    """Return what makes grey pictures fit SqueezeNet: larger, the same in all channels, and minus the means."""
    normalize = weights_of("squeezenet1_1").transform.transforms[-1]
    return Compose([ToDtype(np.float32), Resize(size), lambda images: images.repeat(3, axis=1), normalize])


def fitted_accuracy(
    features: NDArray[Any],
    labels: NDArray[Any],
    test_features: NDArray[Any],
    test_labels: NDArray[Any],
    penalty: float,
    standardize: bool = True,
) -> float:
    """Return the accuracy on the test features of a logistic regression fitted to the others."""
    model = LogisticRegression(features.shape[1], int(max(labels.max(), test_labels.max())) + 1)
    model.fit(ag.from_numpy(features), ag.from_numpy(labels), penalty=penalty, standardize=standardize, iterations=200)
    with ag.no_grad():
        answers = model(ag.from_numpy(test_features)).array.argmax(1)
    return float((answers == test_labels).mean())
