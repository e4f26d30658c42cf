"""Small trainings to record."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import autograd_core as ag
import nn
import optim
from autograd_core.viz import Record, record

Batch = tuple[ag.Tensor, ag.Tensor]


def batches(count: int, inputs: int = 6, classes: int = 3, size: int = 16, image: bool = False) -> list[Batch]:
    r = np.random.default_rng(5)
    x = r.normal(size=(count, size, inputs)).astype(np.float32)
    y = x[:, :, :classes].argmax(axis=2)
    x = x.reshape(count, size, 1, 6, 6) if image else x
    return [(ag.from_numpy(x[i]), ag.from_numpy(y[i])) for i in range(count)]


def mlp(*sizes: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers[:-1])


def train(
    model: nn.Module,
    optimizer: Any,
    data: list[Batch],
    steps: int,
    criterion: Any = None,
    sink: list[float] | None = None,
) -> None:
    criterion = criterion or nn.CrossEntropyLoss()
    for i in range(steps):
        x, y = data[i % len(data)]
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if sink is not None:
            sink.append(loss.item())


def kinds(r: Record) -> list[str]:
    return [flag.kind for flag in r.flags]


def dropout() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))


def run_flags(model: nn.Module, lr: float, steps: int = 40, every: int = 4, optimizer: Any = optim.SGD) -> Record:
    with record(every=every) as r:
        train(model, optimizer(model.parameters(), lr=lr), batches(4, inputs=16, classes=4), steps)
    return r
