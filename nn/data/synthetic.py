"""Tiny data sets that are made, not read: for lessons and tests."""

from __future__ import annotations

import itertools
import operator

import numpy as np

import autograd_core as ag

from .dataset import TensorDataset

__all__ = ["logic", "recall", "two_moons", "xor"]

LOGIC = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}


def logic(name: str) -> TensorDataset:
    """Return the four rows of "and", "or" or "xor": inputs (2,) and targets (1,), both float32.

    >>> [int(target.item()) for _, target in logic("or")]
    [0, 1, 1, 1]
    """
    if name not in LOGIC:
        raise ag.errors.ArgumentError(f"logic: name={name!r} is unknown; use one of {', '.join(LOGIC)}")
    rows = list(itertools.product((0, 1), repeat=2))
    targets = [[float(LOGIC[name](a, b))] for a, b in rows]
    return TensorDataset(ag.tensor(rows, dtype=ag.float32), ag.tensor(targets))


def xor() -> TensorDataset:
    """Return the four rows of exclusive or: inputs (2,) and targets (1,), both float32.

    No linear model separates them; a network with one hidden layer does (Minsky and Papert, "Perceptrons", 1969).

    >>> [(inputs.tolist(), target.item()) for inputs, target in xor()]
    [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
    """
    return logic("xor")


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


def recall(n: int, length: int, symbols: int = 4, generator: ag.Generator | None = None) -> TensorDataset:
    """Return *n* sequences of tokens 1 .. *symbols*, (length,) int64, and what is to be remembered: the first, less 1.

    All that follows the first token is noise, so only a network that carries it through *length* - 1 steps can answer; the
    shortest form of the task of Bengio, Simard & Frasconi, 1994.

    >>> tokens, answer = recall(3, 10)[0]
    >>> tuple(tokens.shape), bool(answer == tokens[0] - 1)
    ((10,), True)
    """
    if n < 1 or length < 1 or symbols < 2:
        raise ag.errors.ArgumentError(
            f"recall: n={n!r}, length={length!r}, symbols={symbols!r}, expected 1, 1 and 2 or more"
        )
    draws = (generator or ag.default_generator).numpy
    tokens = draws.integers(1, symbols + 1, (n, length))
    return TensorDataset(ag.from_numpy(tokens), ag.from_numpy(tokens[:, 0] - 1))
