"""Semi-supervised learning: labels that a model gives itself."""

from __future__ import annotations

from typing import NamedTuple

import autograd_core as ag
from autograd_core import Tensor

from .. import functional as F
from ..module import Module
from .arguments import check_count, check_model
from .evaluation import modes_kept

__all__ = ["PseudoLabels", "consistency_loss", "pseudo_labels"]


class PseudoLabels(NamedTuple):
    """Which inputs got a label, *indices* (n,), their *labels* (n,), and the probability (n,) that the model gave each.

    >>> PseudoLabels(ag.tensor([3]), ag.tensor([0]), ag.tensor([0.99])).labels.tolist()
    [0]
    """

    indices: Tensor
    labels: Tensor
    confidence: Tensor


@ag.no_grad()
def pseudo_labels(
    model: Module, inputs: Tensor, threshold: float = 0.95, *, per_class: int | None = None, batch_size: int = 256
) -> PseudoLabels:
    r"""Return the classes that *model* gives the unlabelled *inputs* (N, ...), where it is sure enough.

    The label is :math:`\arg\max_c p(c | x)`, kept where that probability, the softmax of the scores, is at least *threshold*;
    with *per_class* only the surest so many of each class, which keeps the classes balanced.  Add them to the labelled set and
    train on; a model that errs with confidence teaches itself its errors, so test on labels that are true.  The model computes
    in eval mode and is left as it was.  Source: Lee, "Pseudo-Label", 2013; Yarowsky, 1995, for words.

    >>> import nn
    >>> model = nn.Linear(2, 2, bias=False)
    >>> with ag.no_grad():
    ...     _ = model.weight.copy_(ag.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    >>> pseudo_labels(model, ag.tensor([[3.0, 0.0], [0.1, 0.0], [-3.0, 0.0]])).indices.tolist()
    [0, 2]
    """
    check_model(model)
    check_count("batch_size", batch_size)
    if not 0 <= threshold <= 1:
        raise ag.errors.ArgumentError(f"threshold={threshold!r}: expected a probability, from 0 to 1")
    if per_class is not None:
        check_count("per_class", per_class)
    if not len(inputs):
        raise ag.errors.ArgumentError("inputs is empty: there is nothing to label; give at least one")
    with modes_kept(model):
        model.eval()
        parts = [model(inputs[i : i + batch_size]) for i in range(0, len(inputs), batch_size)]
    scores = ag.cat(parts)
    if scores.ndim != 2 or len(scores) != len(inputs):
        raise ag.errors.ShapeError(
            f"pseudo_labels: the model returned shape {scores.shape}: expected scores (N, classes) for N={len(inputs)}"
        )
    confidence, labels = scores.softmax(1).max(1)
    kept = (confidence >= threshold).nonzero().squeeze(1)
    if per_class is not None:
        surest = kept[confidence[kept].argsort(descending=True)]
        chosen = [surest[labels[surest] == c][:per_class] for c in range(scores.shape[1])]
        kept = ag.cat(chosen).sort().values
    return PseudoLabels(kept, labels[kept], confidence[kept])


def consistency_loss(weak: Tensor, strong: Tensor, threshold: float = 0.95) -> Tensor:
    r"""Return the cross entropy of the scores *strong* for the classes that the scores *weak* are sure of.

    .. math:: \frac1N \sum_n [\max_c p_{nc} \ge t] \; H(\arg\max_c p_{nc}, \mathrm{softmax}(s_n)),
        \quad p = \mathrm{softmax}(weak)

    Both are (N, classes), of the same unlabelled examples: *weak* changed little or not at all, *strong* changed much, so that
    the model learns to give both one answer.  No gradient flows to *weak*.  Add it to the loss of the labelled examples.
    Source: Sohn et al., "FixMatch", 2020; with ``strong`` in both places and threshold 0, Lee, "Pseudo-Label", 2013.

    >>> sure, unsure = [9.0, 0.0], [0.1, 0.0]
    >>> consistency_loss(ag.tensor([sure, unsure]), ag.tensor([[0.0, 0.0], [5.0, 0.0]]))
    tensor(0.3466)
    """
    if weak.shape != strong.shape or weak.ndim != 2 or not len(weak):
        raise ag.errors.ShapeError(
            f"consistency_loss: weak has shape {weak.shape} and strong {strong.shape}: expected scores (N, classes) of the "
            "same examples, not empty"
        )
    if not 0 <= threshold <= 1:
        raise ag.errors.ArgumentError(f"consistency_loss: threshold={threshold!r}, expected a probability, from 0 to 1")
    confidence, labels = weak.detach().softmax(1).max(1)
    sure = (confidence >= threshold).to(strong.dtype)
    return (F.cross_entropy(strong, labels, reduction="none") * sure).mean()
