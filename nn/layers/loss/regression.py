"""Losses between numbers, as modules."""

from __future__ import annotations

from autograd_core import Tensor

from ... import functional as F
from .base import Loss

__all__ = ["HuberLoss", "L1Loss", "MSELoss", "SmoothL1Loss"]


class MSELoss(Loss):
    """The mean of (input - target)^2.

    >>> import autograd_core as ag, nn
    >>> nn.MSELoss()(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The mean of ``|input - target|``.

    >>> import autograd_core as ag, nn
    >>> nn.L1Loss()(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """The mean of ``d^2 / (2 beta)`` where ``|d| < beta``, else ``|d| - beta / 2``; d = input - target (Girshick 2015).

    >>> import autograd_core as ag, nn
    >>> nn.SmoothL1Loss(reduction="none")(ag.tensor([0.5, 3.0]), ag.zeros(2))
    tensor([0.1250, 2.5000])
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """The mean of ``d^2 / 2`` where ``|d| < delta``, else ``delta (|d| - delta / 2)``; d = input - target (Huber 1964).

    >>> import autograd_core as ag, nn
    >>> nn.HuberLoss(reduction="none", delta=2.0)(ag.tensor([0.5, 3.0]), ag.zeros(2))
    tensor([0.1250, 4.0000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, self.reduction, self.delta)
