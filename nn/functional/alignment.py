"""The loss of a sequence whose labels have no known places in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .reduction import check_reduction, warn_if_made_by

__all__ = ["ctc_loss"]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int] | int,
    target_lengths: Tensor | Sequence[int] | int,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Return the connectionist temporal classification loss: -log of the probability of the labels over all alignments.

    *log_probs* (T, N, C) comes from ``log_softmax(scores, -1)``; *targets* is (N, S), or holds all labels one after the
    other; the lengths (N,) say how much of each sample is meant.  A sample alone is (T, C), (S,) and two numbers.  "mean"
    divides each loss by its number of labels, and then takes the mean.  ``ag.ctc_losses`` says more of the alignments, of
    the gradient, of *blank* and *zero_infinity*, and of the errors.

    Graves et al., "Connectionist Temporal Classification", 2006.

    >>> import nn.functional as F
    >>> log_probs = F.log_softmax(ag.zeros(5, 2, 3), -1)
    >>> F.ctc_loss(log_probs, ag.tensor([[1, 2], [1, 1]]), [5, 4], [2, 2])
    tensor(1.1807)
    """
    name = "ctc_loss"
    check_reduction(name, reduction)
    expect.tensor(name, log_probs, "log_probs")
    expect.tensor(name, targets, "targets")
    warn_if_made_by("softmax", name, log_probs, "takes log-probabilities; use log_softmax instead")
    losses = ag.ctc_losses(log_probs, targets, input_lengths, target_lengths, blank, zero_infinity)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    counts = np.asarray(target_lengths.array if isinstance(target_lengths, Tensor) else target_lengths)
    return (losses / np.maximum(counts, 1).reshape(losses.shape).astype(losses.dtype)).mean()
