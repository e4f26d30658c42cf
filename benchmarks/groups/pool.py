"""Pooling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..case import BACKWARD, FORWARD, Case, Group, Operation, Targets, operation
from ..libraries import Library

EVEN = {1: 1.0, 2: 1.0}
AIM = {FORWARD: {1: 5.0, 2: 3.0}, BACKWARD: EVEN}
MEAN = {FORWARD: EVEN, BACKWARD: EVEN}  # reading the input once is all there is to do, and PyTorch does no more


def pool(
    name: str, size: tuple[int, ...], function: Callable[[Any, Any], Any], targets: Mapping[str, Targets] = AIM
) -> list[Case]:
    """*function* takes ``nn.functional`` and the pictures."""

    def make(library: Library) -> Operation:
        x = library.tensor(np.random.default_rng(0).standard_normal(size, np.float32), requires_grad=True)
        return Operation(lambda: function(library.nn.functional, x), [x])

    return operation(f"{name}, {','.join(map(str, size))}", make, targets)


GROUP = Group(
    "pool",
    "Pooling",
    [
        *pool("max 2x2 /2", (32, 64, 32, 32), lambda f, x: f.max_pool2d(x, 2)),
        *pool("max 3x3 /2", (16, 64, 56, 56), lambda f, x: f.max_pool2d(x, 3, 2, 1)),
        *pool("max 3x3 /1", (32, 192, 28, 28), lambda f, x: f.max_pool2d(x, 3, 1, 1)),
        *pool("average 2x2 /2", (32, 64, 32, 32), lambda f, x: f.avg_pool2d(x, 2)),
        *pool("adaptive to 5x5", (32, 64, 32, 32), lambda f, x: f.adaptive_avg_pool2d(x, 5)),
        *pool("global average", (32, 512, 8, 8), lambda f, x: f.adaptive_avg_pool2d(x, 1), MEAN),
    ],
)
