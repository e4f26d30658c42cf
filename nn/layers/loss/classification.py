"""Losses between scores and one true class among many, as modules."""

from __future__ import annotations

import math
from typing import Any

from autograd_core import Tensor

from ... import functional as F
from ..linear import Linear
from .base import WeightedLoss

__all__ = ["CrossEntropyLoss", "LinearCrossEntropyLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d"]


class CrossEntropyLoss(WeightedLoss):
    """The mean of -log softmax(input)[target], *input* being logits (N, C, ...) and *target* classes or probabilities.

    >>> import autograd_core as ag, nn
    >>> nn.CrossEntropyLoss()(ag.zeros(2, 4), ag.tensor([3, 0]))
    tensor(1.3863)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(WeightedLoss):
    """The mean of -input[target], *input* being log-probabilities (N, C, ...) and *target* classes (N, ...).

    >>> import autograd_core as ag, nn
    >>> nn.NLLLoss()(ag.tensor([[-0.5, -2.0]]), ag.tensor([1]))
    tensor(2.)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    """An old name of ``NLLLoss``, from when that was for (N, C) only.

    >>> import autograd_core as ag, nn
    >>> nn.NLLLoss2d()(ag.full((1, 2, 4, 4), -0.5), ag.zeros(1, 4, 4).long())
    tensor(0.5000)
    """


class MultiMarginLoss(WeightedLoss):
    """The multi-class hinge loss of scores (N, C) and classes (N,): rows of sum_j max(0, margin - x[y] + x[j])^p / C.

    >>> import autograd_core as ag, nn
    >>> nn.MultiMarginLoss()(ag.tensor([[3.0, 2.5, -1.0]]), ag.tensor([0]))
    tensor(0.1667)
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.p, self.margin = p, margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class LinearCrossEntropyLoss(WeightedLoss):
    """The ``CrossEntropyLoss`` of a ``Linear`` layer of its own: (N, in_features) and classes, or probabilities of classes.

    With *out_features* (d1, ...) the logits are (N, num_classes, d1, ...).

    >>> import autograd_core as ag, nn
    >>> nn.LinearCrossEntropyLoss(3, 4)(ag.zeros(2, 3), ag.tensor([3, 0]))
    tensor(1.3863, grad_fn=<cross_entropy>)
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.num_classes, self.out_features = num_classes, tuple(out_features)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        self.linear = Linear(
            in_features, math.prod(self.out_features, start=num_classes), bias, device=device, dtype=dtype
        )

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        outputs, bias = (self.num_classes, *self.out_features), self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*outputs, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(outputs),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )
