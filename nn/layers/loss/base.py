"""What the losses as modules share."""

from __future__ import annotations

from autograd_core import Tensor

from ...functional.reduction import check_reduction
from ...module import Module

__all__ = ["Loss", "WeightedLoss"]


class Loss(Module):
    """A number that says how far the input is from the target; *reduction* is "mean", "sum" or "none"."""

    _root_name = "loss"
    reductions: tuple[str, ...] = ("none", "mean", "sum")

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(self._get_name(), reduction, size_average, reduce, self.reductions)


class WeightedLoss(Loss):
    """A loss with a *weight* that is not trained, but moves and is saved with the model."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
