"""Linear probes: how well a straight line reads the class from each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from .layers import Layer, activations
from .scores import check_input, check_number

__all__ = ["Probe", "linear_probes"]

BATCH = 256


@dataclass(frozen=True)
class Probe:
    """What a probe reads from one layer: the accuracy on the two sets, and how many features it saw.

    >>> Probe(train=1.0, test=0.5, features=64).test
    0.5
    """

    train: float
    test: float
    features: int


def linear_probes(
    model: Module,
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    layers: Sequence[Layer] | None = None,
    *,
    pool: int = 4,
    penalty: float = 0.01,
) -> dict[str, Probe]:
    r"""Return how well a linear classifier reads the classes from what each layer gives, by path; "input" is the input itself.

    *train* and *test* are (inputs, labels); the model is not trained, and is left as it was.  *layers* as of ``activations``.
    Maps are averaged down to *pool* x *pool* places at most, features are standardised, and the classifier is the
    least-squares fit of one-hot labels with the ridge ``penalty * n``, which has a closed form:
    :math:`W = (X^T X + \lambda I)^{-1} X^T Y`.  Source: Alain & Bengio, "Understanding Intermediate Layers Using Linear
    Classifier Probes", 2016, who use logistic regression.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> data = (ag.randn(40, 4), ag.randint(0, 2, (40,)))
    >>> list(linear_probes(model, data, data))
    ['input', '0', '1', '2']
    """
    expect.size("linear_probes", pool=pool)
    check_number("linear_probes", "penalty", penalty, above=0)
    for argument, pair in (("train", train), ("test", test)):
        check_input("linear_probes", pair[0])
        expect.indices("linear_probes", pair[1], f"{argument}[1]")
        if pair[1].shape != (len(pair[0]),):
            raise expect.shape_error(
                "linear_probes", pair[1], f"{argument}[1] of shape ({len(pair[0])},), a label each", "give both alike"
            )
    seen, unseen = _features(model, train[0], layers, pool), _features(model, test[0], layers, pool)
    labels, other = train[1].array, test[1].array
    probes = {}
    for path, x in seen.items():
        scores, unseen_scores = _fit(x, labels, unseen[path], penalty)
        probes[path] = Probe(
            float((scores.argmax(1) == labels).mean()), float((unseen_scores.argmax(1) == other).mean()), x.shape[1]
        )
    return probes


def _features(model: Module, inputs: Tensor, layers: Sequence[Layer] | None, pool: int) -> dict[str, NDArray[Any]]:
    """Return the features (N, n) of each layer, batch by batch."""
    parts: dict[str, list[NDArray[Any]]] = {}
    for first in range(0, len(inputs), BATCH):
        batch = inputs[first : first + BATCH]
        for path, value in {"input": batch.detach(), **activations(model, batch, layers)}.items():
            if value.ndim == 4 and path != "input" and max(value.shape[2:]) > pool:
                value = F.adaptive_avg_pool2d(value, tuple(min(pool, n) for n in value.shape[2:]))
            parts.setdefault(path, []).append(value.flatten(1).array)
    return {path: np.concatenate(values) for path, values in parts.items()}


def _fit(
    x: NDArray[Any], labels: NDArray[Any], unseen: NDArray[Any], penalty: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the scores of both sets by the ridge fit to the first, in the cheaper of its two forms."""
    mean, std = x.mean(0), x.std(0)
    scale = np.where(std > 1e-6, std, 1) * np.sqrt(x.shape[1])
    x, unseen = (np.asarray((a - mean) / scale, np.float64) for a in (x, unseen))
    y = np.eye(int(labels.max()) + 1)[labels]
    share = y.mean(0)
    n, features = x.shape
    if features <= n:
        w = np.linalg.solve(x.T @ x + penalty * n * np.eye(features) / features, x.T @ (y - share))
    else:
        w = x.T @ np.linalg.solve(x @ x.T + penalty * n * np.eye(n) / features, y - share)
    return x @ w + share, unseen @ w + share
