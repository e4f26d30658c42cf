"""Losses between scores and one true class among many."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .reduction import check_reduction, nothing_to_average, reduced, warn_if_made_by

__all__ = ["cross_entropy", "linear_cross_entropy", "multi_margin_loss", "nll_loss"]


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
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
    reduction = check_reduction(name, reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise ag.errors.ArgumentError(f"{name}: label_smoothing={label_smoothing}, expected a number from 0 to 1")
    _check_scores(name, input, target, weight)
    warn_if_made_by("softmax", name, input, "takes logits and applies log_softmax itself; leave the softmax out")
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
        shares *= weight.array
    shares[np.arange(labels.size), labels] += (1 - label_smoothing) * scale
    if reduction != "none":
        return ag.soft_cross_entropy(rows, ag.from_numpy(shares))
    each = ag.where(ag.from_numpy(shares != 0), -ag.log_softmax(rows, 1) * ag.from_numpy(shares), 0.0)
    return each.sum(1).reshape(target.shape)


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return ``cross_entropy(linear(input, linear_weight, linear_bias), target)``.

    *input* is (N, I) or (I,), and *linear_weight* (C, I), or (C, d1, ..., I) for logits (N, C, d1, ...); *linear_bias* lacks
    its last dim.  *ignore_index* None is -100.  The rest is for ``cross_entropy``.  Raises ShapeError where they do not fit.

    >>> import nn.functional as F
    >>> F.linear_cross_entropy(ag.ones(2, 3), ag.zeros(4, 3), ag.tensor([3, 0]))
    tensor(1.3863)
    """
    name = "linear_cross_entropy"
    expect.tensor(name, input)
    expect.tensor(name, linear_weight, "linear_weight")
    if linear_weight.ndim < 2:
        raise expect.shape_error(name, linear_weight, "linear_weight of (C, ..., I)", "give one row for each class")
    *outputs, features = linear_weight.shape
    if input.shape[-1:] != (features,) or input.ndim > 2 or (input.ndim == 1 and len(outputs) > 1):
        rows = f"(N, {features})" if len(outputs) > 1 else f"(N, {features}) or ({features},)"
        raise expect.shape_error(name, input, f"input of {rows}", "its features are those of linear_weight")
    expect.factor(name, "linear_bias", linear_bias, input)
    if linear_bias is not None and list(linear_bias.shape) != outputs:
        raise expect.shape_error(
            name, linear_bias, f"linear_bias of {tuple(outputs)}", "one for each row of linear_weight"
        )
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = ag.linear(input, linear_weight.reshape(-1, features), bias).reshape(*input.shape[:-1], *outputs)
    if ignore_index is None:
        ignore_index = -100
    return cross_entropy(
        logits, target, weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
    )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of -input[target], *input* being log-probabilities, as ``log_softmax`` gives them.

    Shapes, *weight* and *ignore_index* are those of ``cross_entropy``.

    >>> import nn.functional as F
    >>> F.nll_loss(ag.log_softmax(ag.zeros(2, 4), dim=1), ag.tensor([3, 0]))
    tensor(1.3863)
    """
    name = "nll_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    _check_scores(name, input, target, weight)
    warn_if_made_by(
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
    labels = target.array.reshape(-1)
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
    scale = kept * weight.array[labels]
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
    size_average: bool | None = None,
    reduce: bool | None = None,
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
    reduction = check_reduction(name, reduction, size_average, reduce)
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
