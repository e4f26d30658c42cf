"""A small network, batches that it can learn, and a short training of it."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag
import nn
import optim
from nn.training import History, fit

Batches = list[tuple[ag.Tensor, ag.Tensor]]


def batches(count: int = 4, size: int = 8, classes: int = 3, dtype: Any = np.float32) -> Batches:
    """Batches that a linear model can learn: the class is the largest of the first inputs."""
    r = np.random.default_rng(1)
    x = r.normal(size=(count, size, 5)).astype(dtype)
    y = x[:, :, :classes].argmax(axis=2)
    return [(ag.from_numpy(x[i]), ag.from_numpy(y[i])) for i in range(count)]


def network(dtype: Any = ag.float32) -> nn.Module:
    ag.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 3)).to(dtype)


def sgd(model: nn.Module, lr: float = 0.2) -> optim.SGD:
    return optim.SGD(model.parameters(), lr=lr, momentum=0.9)


def train(epochs: int = 2, model: nn.Module | None = None, **options: Any) -> tuple[nn.Module, History]:
    model = model or network()
    options = {"loader": batches(), "criterion": nn.CrossEntropyLoss(), "progress": "none"} | options
    optimizer = options.pop("optimizer", None) or sgd(model)
    return model, fit(model, optimizer=optimizer, epochs=epochs, **options)
