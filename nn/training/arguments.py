"""What the loop says of arguments that it cannot use, before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd_core as ag

from ..module import Module
from .callbacks import Callback
from .metrics import Metric
from .protocols import Loader, Optimizer

__all__ = [
    "check_callbacks",
    "check_count",
    "check_criterion",
    "check_loader",
    "check_metrics",
    "check_model",
    "check_optimizer",
]


def check_model(model: Any) -> None:
    """Raise TypeError unless *model* is a module."""
    if not isinstance(model, Module):
        raise TypeError(f"model is a {type(model).__name__}: expected an nn.Module")


def check_loader(name: str, loader: Any) -> None:
    """Raise TypeError unless *loader* gives batches again and again, ArgumentError if it gives none."""
    if not isinstance(loader, Loader):
        raise TypeError(
            f"{name} is a {type(loader).__name__}: expected something with len() that gives batches again in each "
            "epoch, such as nn.data.DataLoader or a list of batches"
        )
    if not len(loader):
        raise ag.errors.ArgumentError(
            f"{name} is empty: it gives no batch; look at its data set, and at drop_last with a batch_size larger than "
            "the data set"
        )


def check_criterion(criterion: Any) -> None:
    """Raise TypeError unless *criterion* can be called."""
    if not callable(criterion):
        raise TypeError(
            f"criterion is a {type(criterion).__name__}: expected a function of (outputs, targets), "
            "such as nn.CrossEntropyLoss()"
        )


def check_optimizer(optimizer: Any) -> None:
    """Raise TypeError unless *optimizer* has what the loop calls."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"optimizer is a {type(optimizer).__name__}: expected one such as optim.SGD(model.parameters(), lr=0.1)"
        )


def check_count(name: str, value: Any) -> None:
    """Raise TypeError unless *value* is a whole number, ArgumentError unless it is at least 1."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}: expected a whole number")
    if value < 1:
        raise ag.errors.ArgumentError(f"{name} is {value}: expected at least 1")


def check_metrics(metrics: Sequence[Any]) -> None:
    """Raise TypeError unless all are metrics."""
    for metric in metrics:
        if isinstance(metric, type) or not isinstance(metric, Metric):
            raise TypeError(f"metrics holds {metric!r}: expected objects such as nn.training.Accuracy()")


def check_callbacks(callbacks: Sequence[Any]) -> None:
    """Raise TypeError unless all are callbacks."""
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise TypeError(f"callbacks holds {callback!r}: expected objects of subclasses of nn.training.Callback")
