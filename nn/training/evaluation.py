"""Evaluation: what a model is worth on a set of batches, without changing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import autograd_core as ag

from ..module import Module
from .arguments import check_loader, check_metrics, check_model
from .metrics import Mean, Metric
from .protocols import Criterion, Loader, Prepare

__all__ = ["evaluate", "modes_kept", "number", "pair"]


@ag.no_grad()
def evaluate(
    model: Module,
    loader: Loader,
    criterion: Criterion | None = None,
    metrics: Sequence[Metric] = (),
    prepare: Prepare | None = None,
) -> dict[str, Any]:
    """Return the mean loss (when there is a *criterion*) and the *metrics* of *model* over *loader*, by name.

    The model computes in eval mode, without a graph, and is left in the mode in which it came.

    >>> import nn
    >>> evaluate(nn.Flatten(), [(ag.ones(4, 2), ag.zeros(4, 2))], nn.MSELoss())
    {'loss': 1.0}
    """
    check_model(model)
    check_loader("loader", loader)
    check_metrics(metrics)
    mean = Mean("loss")
    for metric in metrics:
        metric.reset()
    with modes_kept(model):
        model.eval()
        for batch in loader:
            inputs, targets = (prepare or pair)(batch)
            outputs = model(inputs)
            if criterion is not None:
                mean.add(number(criterion(outputs, targets)), len(inputs))
            for metric in metrics:
                metric.update(outputs, targets)
    return ({} if criterion is None else {"loss": mean.compute()}) | {
        metric.name: metric.compute() for metric in metrics
    }


def pair(batch: Any) -> tuple[ag.Tensor, ag.Tensor]:
    """Return *batch* as ``(inputs, targets)``, or say that it is none."""
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        given = (
            f"{type(batch).__name__} of {len(batch)}"
            if isinstance(batch, (tuple, list, dict))
            else type(batch).__name__
        )
        raise ag.errors.ArgumentError(
            f"the loader gave a {given}: expected (inputs, targets); pass prepare= to turn a batch into that"
        )
    return batch[0], batch[1]


def number(loss: ag.Tensor) -> float:
    """Return the loss of a batch as a number, or say what is wrong with it."""
    if not isinstance(loss, ag.Tensor) or loss.numel() != 1:
        given = f"shape {tuple(loss.shape)}" if isinstance(loss, ag.Tensor) else f"a {type(loss).__name__}"
        raise ag.errors.ShapeError(
            f"criterion returned {given}: expected a tensor of one number, the mean over the batch; "
            "use reduction='mean'"
        )
    return float(loss.item())


@contextmanager
def modes_kept(model: Module) -> Iterator[None]:
    """Leave each module of *model* in the mode, train or eval, in which it came."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
