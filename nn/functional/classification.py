"""Losses between scores and classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .reduction import check_pair, check_reduction, nothing_to_average, reduced

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge_embedding_loss",
    "kl_div",
    "multi_margin_loss",
    "nll_loss",
]

# ------------------------------------------------------------------------------------------------- one class among many


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the mean of -log softmax(input)[target]: how surprised the scores are by the true classes.

    *input* holds logits, not probabilities: (N, C), (C,), or (N, C, d1, ...).  *target* holds class indices (N,), (), or
    (N, d1, ...), or probabilities of the shape and dtype of *input*.  *weight* (C,) scales each class, and a mean is then
    a weighted one; rows whose target is *ignore_index* count for nothing; *label_smoothing* mixes that much of the uniform
    distribution into the target (Szegedy et al. 2016).  Raises ShapeError, DtypeError, and IndexError for an unknown class.

    >>> import nn.functional as F
    >>> F.cross_entropy(ag.zeros(2, 4), ag.tensor([3, 0]))
    tensor(1.3863)
    """
    name = "cross_entropy"
    check_reduction(name, reduction)
    if not 0 <= label_smoothing <= 1:
        raise ag.errors.ArgumentError(f"{name}: label_smoothing={label_smoothing}, expected a number from 0 to 1")
    _check_scores(name, input, target, weight)
    _warn_if_made_by("softmax", name, input, "takes logits and applies log_softmax itself; leave the softmax out")
    if target.dtype.kind == "f":
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    fused = reduction != "none" and not label_smoothing
    labels, kept, scale, total = _labels(name, input, target, weight, ignore_index, check_range=not fused)
    rows = _rows(input)
    if reduction == "mean":
        if total == 0:
            return nothing_to_average(name, rows)
        if scale is kept:
            kept = scale = kept * (1 / total)
        else:
            kept, scale = kept / total, scale / total
    if fused:
        return ag.softmax_cross_entropy(rows, labels, scale)
    if not label_smoothing:
        return _picked(ag.log_softmax(rows, 1), labels, scale).reshape(target.shape)
    shares = np.multiply.outer(kept * (label_smoothing / rows.shape[1]), np.ones(rows.shape[1], rows.dtype))
    if weight is not None:
        shares *= weight.data
    shares[np.arange(labels.size), labels] += (1 - label_smoothing) * scale
    if reduction != "none":
        return ag.soft_cross_entropy(rows, ag.from_numpy(shares))
    each = ag.where(ag.from_numpy(shares != 0), -ag.log_softmax(rows, 1) * ag.from_numpy(shares), 0.0)
    return each.sum(1).reshape(target.shape)


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Return the mean of -input[target], *input* being log-probabilities, as ``log_softmax`` gives them.

    Shapes, *weight* and *ignore_index* are those of ``cross_entropy``.

    >>> import nn.functional as F
    >>> F.nll_loss(ag.log_softmax(ag.zeros(2, 4), dim=1), ag.tensor([3, 0]))
    tensor(1.3863)
    """
    name = "nll_loss"
    check_reduction(name, reduction)
    _check_scores(name, input, target, weight)
    _warn_if_made_by(
        "softmax", name, input, "takes log-probabilities; use log_softmax instead, or cross_entropy on logits"
    )
    labels, _, scale, total = _labels(name, input, target, weight, ignore_index)
    if reduction == "mean":
        if total == 0:
            return nothing_to_average(name, input)
        scale = scale / total
    losses = _picked(_rows(input), labels, scale)
    return losses.reshape(target.shape) if reduction == "none" else losses.sum()


def _class_dim(input: Tensor) -> int:
    return min(1, input.ndim - 1)


def _rows(input: Tensor) -> Tensor:
    """Logits as (rows, C): a row for each decision."""
    if input.ndim == 2:
        return input
    return input.reshape(1, -1) if input.ndim == 1 else ag.movedim(input, 1, -1).reshape(-1, input.shape[1])


def _check_scores(name: str, input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    expect.tensor(name, input)
    expect.tensor(name, target, "target")
    if input.dtype.kind != "f":
        raise expect.dtype_error(name, input, "floating scores as input", "convert them with input.float()")
    if input.ndim == 0:
        raise expect.shape_error(
            name, input, "input of (N, C), (C,) or (N, C, d1, ...)", "give one score for each class"
        )
    classes = input.shape[_class_dim(input)]
    expect.factor(name, "weight", weight, input)
    if weight is not None and weight.shape != (classes,):
        raise expect.shape_error(name, weight, f"weight of ({classes},), one for each class", "mend its length")


def _labels(
    name: str, input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, check_range: bool = True
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], float]:
    """For each row its class (0 if it is ignored), 1 or 0 for whether it is kept, and its weight; the weights' sum."""
    expect.indices(name, target, "target")
    expected = tuple(input.shape[:1] + input.shape[2:]) if input.ndim > 1 else ()
    if target.shape != expected:
        cure = f"one class index is needed for each row of input {tuple(input.shape)}"
        if target.shape == input.shape:
            cure = f"for one-hot rows pass target.argmax({_class_dim(input)}), for probabilities a floating target"
        elif target.numel() == math.prod(expected):
            cure = f"use target.reshape{expected}"
        raise expect.shape_error(name, target, f"target of {expected}", cure)
    labels = target.data.reshape(-1)
    wanted = labels != ignore_index
    count = np.count_nonzero(wanted)
    if count < labels.size:
        labels = np.where(wanted, labels, 0)
    if check_range or weight is not None:
        cure = "check the labels, the number of outputs, and ignore_index"
        expect.in_range(name, labels, input.shape[_class_dim(input)], "target", "classes", cure)
    kept = wanted.astype(input.dtype)
    if weight is None:
        return labels, kept, kept, float(count)
    scale = kept * weight.data[labels]
    return labels, kept, scale, float(scale.sum())


def _picked(log_p: Tensor, labels: NDArray[Any], scale: NDArray[Any]) -> Tensor:
    """-scale * log_p[label] of each row; 0 for rows of scale 0, even where log_p is infinite."""
    chosen = ag.gather(log_p, 1, ag.from_numpy(labels).long().unsqueeze(1)).squeeze(1)
    return ag.where(ag.from_numpy(scale != 0), -chosen * ag.from_numpy(scale), 0.0)


def _soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    """Return the cross-entropy against probabilities."""
    name, dim = "cross_entropy", _class_dim(input)
    if target.shape != input.shape:
        expected = tuple(input.shape[:1] + input.shape[2:]) if input.ndim > 1 else ()
        cure = f"for probabilities use the shape of input {tuple(input.shape)}"
        if tuple(target.shape) == expected:
            cure = "convert class indices with target.long()"
        raise expect.dtype_error(name, target, f"integers as target of shape {tuple(target.shape)}", cure)
    if target.dtype != input.dtype:
        raise expect.dtype_error(
            name, target, f"a target of {input.dtype}", f"convert it with target.to(ag.{input.dtype})"
        )
    if ignore_index >= 0:
        raise ag.errors.ArgumentError(
            f"{name}: ignore_index={ignore_index} has no meaning for probabilities; zero those rows of target instead"
        )
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.shape[dim]
    if weight is not None:
        target = target * weight.reshape(-1, *[1] * (input.ndim - 1 - dim))
    if reduction == "none":
        return -(ag.log_softmax(input, dim) * target).sum(dim)
    rows = _rows(input)
    if reduction == "mean" and not len(rows):
        return nothing_to_average(name, input)
    total = ag.soft_cross_entropy(rows, _rows(target))
    return total / len(rows) if reduction == "mean" else total


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    """Return the multi-class hinge loss: the mean over rows of sum over j != y of max(0, margin - x[y] + x[j])^p / C.

    *input* (N, C) or (C,) holds scores, *target* (N,) or () classes; *weight* (C,) scales the rows of each class.  The
    support vector machine of most lectures leaves out the division by C: multiply by C for its numbers.  Source: Crammer
    & Singer 2001.

    >>> import nn.functional as F
    >>> F.multi_margin_loss(ag.tensor([[3.0, 2.5, -1.0]]), ag.tensor([0]))
    tensor(0.1667)
    """
    name = "multi_margin_loss"
    check_reduction(name, reduction)
    if p not in (1, 2):
        raise ag.errors.ArgumentError(f"{name}: p={p}, expected 1 or 2")
    _check_scores(name, input, target, weight)
    if input.ndim > 2:
        raise expect.shape_error(name, input, "input of (N, C) or (C,)", "flatten it to rows of scores")
    labels, _, scale, _ = _labels(name, input, target, weight, ignore_index=-1 - input.shape[-1])
    rows, classes = _rows(input), input.shape[-1]
    y = ag.from_numpy(labels).long().unsqueeze(1)
    short = ag.relu(margin - ag.gather(rows, 1, y) + rows)
    others = ag.where(ag.arange(classes) == y, 0.0, short if p == 1 else ag.square(short))
    losses = others.sum(1) * ag.from_numpy(scale) / classes
    return reduced(name, losses.reshape(target.shape) if reduction == "none" else losses, reduction)


# ------------------------------------------------------------------------------------------------------------ yes or no


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
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Return the mean of -(t log x + (1 - t) log(1 - x)), *input* x being probabilities, *target* t numbers from 0 to 1.

    Logarithms are taken to be -100 at least, so that the loss stays finite.  *weight* scales the elements.  Raises
    ArgumentError for an input outside 0 to 1.

    >>> import nn.functional as F
    >>> F.binary_cross_entropy(ag.tensor([0.5, 0.0]), ag.tensor([1.0, 1.0]), reduction="none")
    tensor([  0.6931, 100.0000])
    """
    name = "binary_cross_entropy"
    check_reduction(name, reduction)
    check_pair(name, input, target, floating_target=True)
    expect.factor(name, "weight", weight, input)
    x = input.data
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
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return ``binary_cross_entropy(sigmoid(input), target)``, computed without rounding to 0 or 1 on the way.

    *pos_weight* scales the part of positive targets: above 1 it favours recall, below 1 precision.

    >>> import nn.functional as F
    >>> F.binary_cross_entropy_with_logits(ag.tensor([0.0, 200.0]), ag.tensor([1.0, 0.0]), reduction="none")
    tensor([  0.6931, 200.0000])
    """
    name = "binary_cross_entropy_with_logits"
    check_reduction(name, reduction)
    check_pair(name, input, target, floating_target=True)
    expect.factor(name, "weight", weight, input)
    expect.factor(name, "pos_weight", pos_weight, input)
    _warn_if_made_by("sigmoid", name, input, "takes logits and applies sigmoid itself; leave the sigmoid out")
    positive = -ag.logsigmoid(input)
    if pos_weight is not None:
        positive = positive * (1 + (pos_weight - 1) * target)
    losses = (1 - target) * input + positive
    return reduced(name, losses if weight is None else losses * weight, reduction)


# ------------------------------------------------------------------------------------------------ distributions, margins


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Return the Kullback-Leibler divergence of *target*, probabilities, from *input*, log-probabilities.

    Each element is ``t (log t - input)``, with 0 log 0 = 0; *log_target* says that *target* holds logarithms too.
    reduction="batchmean" divides the sum by the number of rows: that is the divergence of the textbooks.  "mean", the
    default, divides by the number of elements, and warns.

    >>> import nn.functional as F
    >>> p = ag.tensor([[0.5, 0.5]])
    >>> F.kl_div(ag.log(ag.tensor([[0.25, 0.75]])), p, reduction="batchmean")
    tensor(0.1438)
    """
    name = "kl_div"
    check_reduction(name, reduction, ("none", "mean", "sum", "batchmean"))
    check_pair(name, input, target, floating_target=True)
    if reduction == "mean":
        expect.warn(
            f"{expect.place(name)}: reduction='mean' divides by the number of elements, which is not the divergence; use "
            "reduction='batchmean' to divide by the number of rows"
        )
    if log_target:
        each = ag.exp(target) * (target - input)
    else:
        present = target > 0
        entropy = target * ag.log(ag.where(present, target, 1.0))
        each = ag.where(present | ag.isnan(target), entropy, 0.0) - target * input
    if reduction != "batchmean":
        return reduced(name, each, reduction)
    return each.sum() / input.shape[0] if each.numel() else nothing_to_average(name, each)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """Return the mean of *input*, a distance, where *target* is 1, and of max(0, margin - input) where it is -1.

    >>> import nn.functional as F
    >>> F.hinge_embedding_loss(ag.tensor([0.5, 0.25]), ag.tensor([1, -1]), reduction="none")
    tensor([0.5000, 0.7500])
    """
    name = "hinge_embedding_loss"
    check_reduction(name, reduction)
    check_pair(name, input, target)
    apart = ag.where(target != 1, ag.clamp(margin - input, min=0), 0.0)
    return reduced(name, apart + ag.where(target != -1, input, 0.0), reduction)


def _warn_if_made_by(operation: str, name: str, input: Tensor, advice: str) -> None:
    node = input.grad_fn
    if node is not None and node.prim.name == operation:
        expect.warn(f"{expect.place(name)}: input is the output of {operation}, but it {advice}")
