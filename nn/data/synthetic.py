"""Tiny data sets that are made, not read: for lessons and tests."""

from __future__ import annotations

import numpy as np

import autograd_core as ag

from .dataset import TensorDataset

__all__ = ["two_moons", "xor"]


def xor() -> TensorDataset:
    """Return the four rows of exclusive or: inputs (2,) and targets (1,), both float32.

    No linear model separates them; a network with one hidden layer does (Minsky and Papert, "Perceptrons", 1969).

    >>> [(inputs.tolist(), target.item()) for inputs, target in xor()]
    [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
    """
    inputs = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    return TensorDataset(ag.tensor(inputs), ag.tensor([[float(a != b)] for a, b in inputs]))


def two_moons(n: int = 200, noise: float = 0.1, generator: ag.Generator | None = None) -> TensorDataset:
    """Return *n* points (2,) float32 on two interleaved half circles, with their class, 0 or 1, as int64.

    Every second point belongs to the lower moon; *noise* is the standard deviation of what is added to both
    coordinates.

    >>> import autograd_core as ag
    >>> point, label = two_moons(100, generator=ag.Generator(0))[1]
    >>> tuple(point.shape), label.item()
    ((2,), 1)
    """
    if n < 2 or noise < 0:
        raise ag.errors.ArgumentError(
            f"two_moons: n must be 2 or more and noise not negative, got n={n!r}, noise={noise!r}"
        )
    draws = (generator or ag.default_generator).numpy
    labels = np.arange(n) % 2
    angles = draws.uniform(0, np.pi, n)
    upper = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (n, 2)
    points = np.where(labels[:, None] == 0, upper, [1.0, 0.5] - upper)
    points += noise * draws.standard_normal(points.shape)
    return TensorDataset(ag.from_numpy(points.astype(np.float32)), ag.from_numpy(labels))
