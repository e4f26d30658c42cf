"""Losses between numbers."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .reduction import check_pair, check_reduction, reduced

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean of (input - target)^2; *reduction* may also be "sum" or "none".

    *weight*, of the shape of *input*, scales each square, and a mean is then divided by its sum.

    >>> import nn.functional as F
    >>> F.mse_loss(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(2.)
    """
    reduction = check_reduction("mse_loss", reduction, size_average, reduce)
    check_pair("mse_loss", input, target)
    return _weighted_mean("mse_loss", input, ag.square(input - target), weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean of ``|input - target|``; *reduction* may also be "sum" or "none".

    *weight*, of the shape of *input*, scales each distance, and a mean is then divided by its sum.

    >>> import nn.functional as F
    >>> F.l1_loss(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(1.)
    """
    reduction = check_reduction("l1_loss", reduction, size_average, reduce)
    check_pair("l1_loss", input, target)
    return _weighted_mean("l1_loss", input, ag.abs(input - target), weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return the mean of ``d^2 / (2 beta)`` where ``|d| < beta``, else ``|d| - beta / 2``; d = input - target (Girshick 2015).

    *beta* = 0 is the L1 loss.

    >>> import nn.functional as F
    >>> F.smooth_l1_loss(ag.tensor([0.5, 3.0]), ag.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    reduction = check_reduction("smooth_l1_loss", reduction, size_average, reduce)
    if not beta >= 0:
        raise ag.errors.ArgumentError(f"smooth_l1_loss: beta={beta}, expected a number of at least 0")
    check_pair("smooth_l1_loss", input, target)
    apart = input - target
    return reduced("smooth_l1_loss", _huber(apart, beta) / beta if beta else ag.abs(apart), reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Return the mean of ``d^2 / 2`` where ``|d| < delta``, else ``delta (|d| - delta / 2)``; d = input - target (Huber 1964).

    *weight*, of the shape of *input*, scales each element; a mean is divided by their number all the same, as in PyTorch.

    >>> import nn.functional as F
    >>> F.huber_loss(ag.tensor([0.5, 3.0]), ag.zeros(2), reduction="none", delta=2.0)
    tensor([0.1250, 4.0000])
    """
    check_reduction("huber_loss", reduction)
    if not delta > 0:
        raise ag.errors.ArgumentError(f"huber_loss: delta={delta}, expected a positive number")
    check_pair("huber_loss", input, target)
    losses = _huber(input - target, delta)
    return reduced(
        "huber_loss", losses if weight is None else _weighted("huber_loss", input, losses, weight), reduction
    )


def _huber(apart: Tensor, delta: float) -> Tensor:
    near = ag.clamp(apart, -delta, delta)
    return near * (apart - near / 2)


def _weighted(name: str, input: Tensor, losses: Tensor, weight: Tensor) -> Tensor:
    expect.factor(name, "weight", weight, input)
    if weight.shape != input.shape:
        raise expect.shape_error(
            name, weight, f"weight of {tuple(input.shape)}, the shape of input", "use .expand_as(input)"
        )
    return losses * weight


def _weighted_mean(name: str, input: Tensor, losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Return the losses reduced, with a weighted mean where there is a *weight*."""
    if weight is None:
        return reduced(name, losses, reduction)
    losses = _weighted(name, input, losses, weight)
    if reduction == "mean" and losses.numel():
        return losses.sum() / weight.sum()
    return reduced(name, losses, reduction)
