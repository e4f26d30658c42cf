"""Losses between scores and answers of yes or no: one for each example, or several at once."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .reduction import check_pair, check_reduction, reduced, warn_if_made_by

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]

# ------------------------------------------------------------------------------------------------------- each by itself


class BinaryCrossEntropy(ag.Function):
    """-(t log x + (1 - t) log(1 - x)), with logarithms no less than -100 and a slope that stays finite at x = 0 and 1."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, t: Tensor) -> Tensor:
        ctx.save_for_backward(x, t)
        return -(t * _bounded_log(x) + (1 - t) * _bounded_log(1 - x))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        (g,), (x, t) = gradients, ctx.saved_tensors
        for_x, for_t = ctx.needs_input_grad
        slope = g * (x - t) / ag.clamp(x * (1 - x), min=1e-12) if for_x else None
        return slope, g * (_bounded_log(1 - x) - _bounded_log(x)) if for_t else None


def _bounded_log(x: Tensor) -> Tensor:
    """Return max(log x, -100)."""
    zero = x <= 0
    return ag.where(zero, -100.0, ag.clamp(ag.log(ag.where(zero, 1.0, x)), min=-100.0))


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of -(t log x + (1 - t) log(1 - x)), *input* x being probabilities, *target* t numbers from 0 to 1.

    Logarithms are taken to be -100 at least, so that the loss stays finite.  *weight* scales the elements.  Raises
    ArgumentError for an input outside 0 to 1, and ShapeError unless *target* has the shape of *input*.

    >>> import nn.functional as F
    >>> F.binary_cross_entropy(ag.tensor([0.5, 0.0]), ag.tensor([1.0, 1.0]), reduction="none")
    tensor([  0.6931, 100.0000])
    """
    name = "binary_cross_entropy"
    reduction = check_reduction(name, reduction, size_average, reduce)
    check_pair(name, input, target, floating_target=True, broadcast=False)
    expect.factor(name, "weight", weight, input)
    x = input.array
    wrong = (x < 0) | (x > 1)
    if wrong.any():
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: input holds {x[wrong][0]}, expected probabilities from 0 to 1"
            f"{expect.maker(input)}; apply sigmoid to it, or use binary_cross_entropy_with_logits"
        )
    losses = BinaryCrossEntropy.apply(input, target)
    return reduced(name, losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return ``binary_cross_entropy(sigmoid(input), target)``, computed without rounding to 0 or 1 on the way.

    *pos_weight* scales the part of positive targets: above 1 it favours recall, below 1 precision.  Both weights broadcast.
    Raises ShapeError unless *target* has the shape of *input*.

    >>> import nn.functional as F
    >>> F.binary_cross_entropy_with_logits(ag.tensor([0.0, 200.0]), ag.tensor([1.0, 0.0]), reduction="none")
    tensor([  0.6931, 200.0000])
    """
    name = "binary_cross_entropy_with_logits"
    reduction = check_reduction(name, reduction, size_average, reduce)
    check_pair(name, input, target, floating_target=True, broadcast=False)
    expect.factor(name, "weight", weight, input)
    expect.factor(name, "pos_weight", pos_weight, input)
    warn_if_made_by("sigmoid", name, input, "takes logits and applies sigmoid itself; leave the sigmoid out")
    positive = -ag.logsigmoid(input)
    if pos_weight is not None:
        positive = positive * (1 + (pos_weight - 1) * target)
    losses = (1 - target) * input + positive
    return reduced(name, losses if weight is None else losses * weight, reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """Return the mean of log(1 + exp(-target input)), where *target* holds 1 and -1; no score is too large for it.

    >>> import nn.functional as F
    >>> F.soft_margin_loss(ag.tensor([0.0, 100.0]), ag.tensor([1, -1]), reduction="none")
    tensor([  0.6931, 100.0000])
    """
    name = "soft_margin_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    check_pair(name, input, target)
    return reduced(name, -ag.logsigmoid(target * input), reduction)


# ------------------------------------------------------------------------------------------------------ several at once


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean over rows of the mean over classes of ``binary_cross_entropy_with_logits``.

    *input* (..., C) holds logits and *target*, of the same shape, 0 and 1; *weight* (C,) scales each class.

    >>> import nn.functional as F
    >>> F.multilabel_soft_margin_loss(ag.tensor([[0.0, 200.0]]), ag.tensor([[1.0, 0.0]]), reduction="none")
    tensor([100.3466])
    """
    name = "multilabel_soft_margin_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    check_pair(name, input, target)
    expect.factor(name, "weight", weight, input)
    if not input.ndim:
        raise expect.shape_error(name, input, "input of (..., C)", "give one score for each class")
    warn_if_made_by("sigmoid", name, input, "takes logits and applies sigmoid itself; leave the sigmoid out")
    losses = (1 - target) * input - ag.logsigmoid(input)
    if weight is not None:
        losses = losses * weight
    return reduced(name, losses.sum(-1) / input.shape[-1], reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """Return the hinge loss of several true classes: the mean over rows of sum over y, j of max(0, 1 - x[y] + x[j]) / C.

    *input* x is (N, C) or (C,), scores of classes, and *target* holds integers and has the same shape: each row names the
    true classes y, and -1 ends the list.  j runs over the classes that are not named.  Raises ShapeError, DtypeError, and
    IndexError for an unknown class.

    >>> import nn.functional as F
    >>> F.multilabel_margin_loss(ag.tensor([0.1, 0.2, 0.4, 0.8]), ag.tensor([3, 0, -1, 1]))
    tensor(0.8500)
    """
    name = "multilabel_margin_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    expect.indices(name, target, "target")
    check_pair(name, input, target, broadcast=False)
    if input.ndim not in (1, 2) or not input.shape[-1]:
        raise expect.shape_error(name, input, "input of (N, C) or (C,)", "give one score for each class")
    classes = input.shape[-1]
    rows, labels = input.reshape(-1, classes), target.array.reshape(-1, classes)
    known = np.where(labels == -1, 0, labels)
    expect.in_range(name, known, classes, "target", "classes", "check the labels; -1 ends a list")
    named = np.logical_and.accumulate(labels >= 0, axis=1)
    is_named = np.zeros(rows.shape, bool)
    is_named[np.nonzero(named)[0], labels[named]] = True
    most = int(named.sum(1).max(initial=0))
    named, labels = named[:, :most], np.where(named, labels, 0)[:, :most]
    scores = rows.gather(1, ag.from_numpy(labels).long())
    short = ag.relu(1 - scores.unsqueeze(2) + rows.unsqueeze(1))  # (N, named, C)
    counts = ag.from_numpy(named[:, :, None] & ~is_named[:, None])
    losses = ag.where(counts, short, 0.0).sum((1, 2)) / classes
    return reduced(name, losses.reshape(target.shape[:-1]), reduction)
