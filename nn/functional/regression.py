"""Losses between numbers."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .reduction import check_pair, check_reduction, reduced

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the mean of (input - target)^2; *reduction* may also be "sum" or "none".

    >>> import nn.functional as F
    >>> F.mse_loss(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(2.)
    """
    check_reduction("mse_loss", reduction)
    check_pair("mse_loss", input, target)
    return reduced("mse_loss", ag.square(input - target), reduction)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Return the mean of |input - target|; *reduction* may also be "sum" or "none".

    >>> import nn.functional as F
    >>> F.l1_loss(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(1.)
    """
    check_reduction("l1_loss", reduction)
    check_pair("l1_loss", input, target)
    return reduced("l1_loss", ag.abs(input - target), reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Return the mean of d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, with d = input - target (Girshick 2015).

    *beta* = 0 is the L1 loss.

    >>> import nn.functional as F
    >>> F.smooth_l1_loss(ag.tensor([0.5, 3.0]), ag.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    check_reduction("smooth_l1_loss", reduction)
    if not beta >= 0:
        raise ag.errors.ArgumentError(f"smooth_l1_loss: beta={beta}, expected a number of at least 0")
    check_pair("smooth_l1_loss", input, target)
    distance = ag.abs(input - target)
    return reduced("smooth_l1_loss", _huber(distance, beta) / beta if beta else distance, reduction)


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Return the mean of d^2 / 2 where |d| < delta, else delta (|d| - delta / 2), with d = input - target (Huber 1964).

    >>> import nn.functional as F
    >>> F.huber_loss(ag.tensor([0.5, 3.0]), ag.zeros(2), reduction="none", delta=2.0)
    tensor([0.1250, 4.0000])
    """
    check_reduction("huber_loss", reduction)
    if not delta > 0:
        raise ag.errors.ArgumentError(f"huber_loss: delta={delta}, expected a positive number")
    check_pair("huber_loss", input, target)
    return reduced("huber_loss", _huber(ag.abs(input - target), delta), reduction)


def _huber(distance: Tensor, delta: float) -> Tensor:
    near = ag.clamp(distance, max=delta)
    return near * (distance - near / 2)
