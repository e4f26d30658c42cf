"""The loss of a sequence whose labels have no known places in time, as a module."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_core import Tensor

from ... import functional as F
from .base import Loss

__all__ = ["CTCLoss"]


class CTCLoss(Loss):
    """Connectionist temporal classification: -log of the probability of labels whose places in time are unknown.

    It takes log-probabilities (T, N, C), labels (N, S) or all of them one after the other, and the lengths of both (N,);
    *blank* is the class of no label.  Losses where no alignment is long enough are infinite, or 0 with *zero_infinity*.

    >>> import autograd_core as ag, nn
    >>> log_probs = ag.log_softmax(ag.zeros(5, 2, 3), -1)
    >>> nn.CTCLoss(reduction="sum")(log_probs, ag.tensor([[1, 2], [1, 1]]), [5, 4], [2, 2])
    tensor(4.7227)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int] | int,
        target_lengths: Tensor | Sequence[int] | int,
    ) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
