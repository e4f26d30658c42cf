"""Losses between scores and answers of yes or no, as modules."""

from __future__ import annotations

from autograd_core import Tensor

from ... import functional as F
from .base import Loss, WeightedLoss

__all__ = ["BCELoss", "BCEWithLogitsLoss", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "SoftMarginLoss"]


class BCELoss(WeightedLoss):
    """The mean of -(t log x + (1 - t) log(1 - x)) for probabilities x; logarithms are -100 at least.

    >>> import autograd_core as ag, nn
    >>> nn.BCELoss()(ag.tensor([0.5]), ag.tensor([1.0]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(WeightedLoss):
    """``BCELoss`` of sigmoid(input), without rounding on the way; *pos_weight* scales the part of positive targets.

    >>> import autograd_core as ag, nn
    >>> nn.BCEWithLogitsLoss()(ag.tensor([0.0]), ag.tensor([1.0]))
    tensor(0.6931)
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class SoftMarginLoss(Loss):
    """The mean of log(1 + exp(-target input)), where *target* holds 1 and -1.

    >>> import autograd_core as ag, nn
    >>> nn.SoftMarginLoss(reduction="none")(ag.tensor([0.0, 100.0]), ag.tensor([1, -1]))
    tensor([  0.6931, 100.0000])
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """The mean over rows of the mean over classes of ``BCEWithLogitsLoss``; *weight* (C,) scales each class.

    >>> import autograd_core as ag, nn
    >>> nn.MultiLabelSoftMarginLoss()(ag.tensor([[0.0, 200.0]]), ag.tensor([[1.0, 0.0]]))
    tensor(100.3466)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """The hinge loss of scores (N, C) and several true classes in each row, (N, C), where -1 ends the list.

    >>> import autograd_core as ag, nn
    >>> nn.MultiLabelMarginLoss()(ag.tensor([[0.1, 0.2, 0.4, 0.8]]), ag.tensor([[3, 0, -1, 1]]))
    tensor(0.8500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)
