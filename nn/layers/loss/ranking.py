"""Losses that compare examples with one another, as modules."""

from __future__ import annotations

from collections.abc import Callable

from autograd_core import Tensor

from ... import functional as F
from ...functional.ranking import check_margin
from ..distance import PairwiseDistance
from .base import Loss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class HingeEmbeddingLoss(Loss):
    """The mean of *input*, a distance, where *target* is 1, and of max(0, margin - input) where it is -1.

    >>> import autograd_core as ag, nn
    >>> nn.HingeEmbeddingLoss()(ag.tensor([0.5, 0.25]), ag.tensor([1, -1]))
    tensor(0.6250)
    """

    def __init__(
        self, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(Loss):
    """The mean of 1 - cos(input1, input2) where *target* is 1, and of max(0, cos - margin) where it is -1.

    >>> import autograd_core as ag, nn
    >>> a, b = ag.tensor([[1.0, 0.0], [1.0, 0.0]]), ag.tensor([[0.0, 2.0], [3.0, 0.0]])
    >>> nn.CosineEmbeddingLoss(margin=0.5)(a, b, ag.tensor([1, -1]))
    tensor(0.7500)
    """

    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class MarginRankingLoss(Loss):
    """The mean of max(0, margin - target (input1 - input2)), where *target* is 1, or -1 if *input2* ought to be larger.

    >>> import autograd_core as ag, nn
    >>> nn.MarginRankingLoss()(ag.tensor([2.0, 2.0]), ag.tensor([1.0, 1.0]), ag.tensor([1, -1]))
    tensor(0.5000)
    """

    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class TripletMarginLoss(Loss):
    """The mean of max(0, d(anchor, positive) - d(anchor, negative) + margin), where d is ``PairwiseDistance(p, eps)``.

    *swap* takes d(positive, negative) in place of d(anchor, negative) where it is smaller (Balntas et al. 2016).

    >>> import autograd_core as ag, nn
    >>> nn.TripletMarginLoss()(ag.tensor([[0.0, 0.0]]), ag.tensor([[3.0, 4.0]]), ag.tensor([[0.0, 2.5]]))
    tensor(3.5000)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        check_margin(self._get_name(), margin)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )


class TripletMarginWithDistanceLoss(Loss):
    """``TripletMarginLoss`` with a distance of your own, a function of two Tensors or a module.

    >>> import autograd_core as ag, nn
    >>> loss = nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: ag.abs(a - b).sum(-1), margin=0.5)
    >>> loss(ag.tensor([0.0]), ag.tensor([3.0]), ag.tensor([2.0]))
    tensor(1.5000)
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        check_margin(self._get_name(), margin)
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
