"""Whole training steps: forget the gradients, forward, loss, backward, SGD with momentum, read the loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import networks
from ..case import Case, Group, Program, training
from ..libraries import Library, seed

STEP = "step"
TARGETS = {1: 1.5, 2: 1.3}
CLOSE = 1e-3
DEEP = 2e-2  # rounding decides which of two nearly equal numbers is the larger: PyTorch's own gradients are 5e-3 from float64


def step(build: Callable[[Library], Any], size: tuple[int, ...], painted: bool, library: Library) -> Program:
    """Return the step of a network on random pictures of *size*, to be classified, or *painted* again."""
    rng = np.random.default_rng(0)
    model = build(library)
    seed(library, model)
    x = library.tensor(rng.random(size, np.float32))
    y = x if painted else library.tensor(rng.integers(0, 10, size[0]))
    criterion = library.nn.MSELoss() if painted else library.nn.CrossEntropyLoss()
    parameters = list(model.parameters())
    optimizer = library.optim.SGD(parameters, lr=1e-3, momentum=0.9)
    return training(library, model, lambda: criterion(model(x), y), optimizer, parameters)


def case(
    name: str,
    build: Callable[[Library], Any],
    *size: int,
    painted: bool = False,
    speedup: float | None = None,
    tolerance: float = CLOSE,
    needs: tuple[str, ...] = (),
) -> Case:
    make = lambda library: step(build, size, painted, library)
    return Case(f"{name}, batch {size[0]}", STEP, make, TARGETS, speedup, tolerance=tolerance, needs=needs)


VGG11 = case("VGG-11", networks.vgg11, 32, 3, 32, 32, speedup=1.7, tolerance=DEEP)
SMALL_CNN = case("small CNN", networks.small_cnn, 64, 1, 28, 28)

GROUP = Group(
    "steps",
    "Whole training steps",
    [
        case("LeNet-5", networks.lenet5, 64, 1, 28, 28),
        SMALL_CNN,
        VGG11,
        case("ResNet-18", networks.resnet18, 32, 3, 32, 32, speedup=1.7, tolerance=DEEP),
        case("inception block", networks.inception, 32, 192, 28, 28),
        case("autoencoder", networks.autoencoder, 64, 1, 28, 28, painted=True, needs=("nn.ConvTranspose2d",)),
        case("LSTM", networks.lstm, 64, 28, 28, needs=("nn.LSTM",)),
    ],
    {STEP: {1: 2.0, 2: 1.7}},
)
