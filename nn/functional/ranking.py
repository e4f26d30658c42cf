"""Losses that compare examples with one another: pairs that belong together or not, orders, triplets."""

from __future__ import annotations

from collections.abc import Callable

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .distance import pairwise_distance
from .reduction import check_pair, check_reduction, reduced

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]

Distance = Callable[[Tensor, Tensor], Tensor]

# ---------------------------------------------------------------------------------------------------------------- pairs


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of *input*, a distance, where *target* is 1, and of max(0, margin - input) where it is -1.

    >>> import nn.functional as F
    >>> F.hinge_embedding_loss(ag.tensor([0.5, 0.25]), ag.tensor([1, -1]), reduction="none")
    tensor([0.5000, 0.7500])
    """
    name = "hinge_embedding_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    check_pair(name, input, target)
    apart = ag.where(target != 1, ag.clamp(margin - input, min=0), 0.0)
    return reduced(name, apart + ag.where(target != -1, input, 0.0), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of 1 - cos(input1, input2) where *target* is 1, and of max(0, cos - margin) where it is -1.

    *input1* and *input2* are (N, D), with *target* (N,), or (D,), with *target* ().  Sensible margins are 0 to 0.5.

    >>> import nn.functional as F
    >>> a, b = ag.tensor([[1.0, 0.0], [1.0, 0.0]]), ag.tensor([[0.0, 2.0], [3.0, 0.0]])
    >>> F.cosine_embedding_loss(a, b, ag.tensor([1, -1]), reduction="none")
    tensor([1., 1.])
    """
    name = "cosine_embedding_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    check_pair(name, input1, input2, ("input1", "input2"))
    expect.tensor(name, target, "target")
    expected = tuple(ag.broadcast_shapes(input1.shape, input2.shape)[:-1])
    if input1.ndim not in (1, 2) or input1.ndim != input2.ndim:
        raise expect.shape_error(
            name, input1, "input1 and input2 of (N, D) or (D,)", "give it rows, one for each vector"
        )
    if target.shape != expected:
        raise expect.shape_error(
            name, target, f"target of {expected}", "one 1 or -1 is needed for each pair of vectors"
        )
    product = (input1 * input2).sum(-1)
    squares = (ag.square(input1).sum(-1) + 1e-12) * (ag.square(input2).sum(-1) + 1e-12)
    cosine = product / ag.sqrt(squares)
    together = ag.where(target == 1, 1 - cosine, 0.0)
    return reduced(name, together + ag.where(target == -1, ag.clamp(cosine - margin, min=0), 0.0), reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of max(0, margin - target (input1 - input2)).

    Where *target* is 1, *input1* ought to be larger by *margin* at least, and where it is -1, *input2*.

    >>> import nn.functional as F
    >>> F.margin_ranking_loss(ag.tensor([2.0, 2.0]), ag.tensor([1.0, 1.0]), ag.tensor([1, -1]), reduction="none")
    tensor([0., 1.])
    """
    name = "margin_ranking_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    _check_dims(name, input1=input1, input2=input2, target=target)
    check_pair(name, input1, input2, ("input1", "input2"))
    check_pair(name, input1, target, ("input1", "target"))
    return reduced(name, ag.clamp(margin - target * (input1 - input2), min=0), reduction)


# ------------------------------------------------------------------------------------------------------------- triplets


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of max(0, d(anchor, positive) - d(anchor, negative) + margin), where d is ``pairwise_distance``.

    The three are (N, D) or (D,); *p* and *eps* are those of the distance.  *swap* takes d(positive, negative) in place of
    d(anchor, negative) where it is smaller.  Raises ArgumentError unless *margin* is positive.

    Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses", 2016.

    >>> import nn.functional as F
    >>> F.triplet_margin_loss(ag.tensor([[0.0, 0.0]]), ag.tensor([[3.0, 4.0]]), ag.tensor([[0.0, 2.5]]))
    tensor(3.5000)
    """
    name = "triplet_margin_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    _check_dims(name, anchor=anchor, positive=positive, negative=negative)
    check_pair(name, anchor, positive, ("anchor", "positive"), floating_target=True)
    check_pair(name, anchor, negative, ("anchor", "negative"), floating_target=True)
    return _triplets(
        name, anchor, positive, negative, lambda a, b: pairwise_distance(a, b, p, eps), margin, swap, reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Return ``triplet_margin_loss`` with a distance of your own, a function of two Tensors.

    The three may have any shape that it takes, but equally many dims.

    >>> import nn.functional as F
    >>> x = ag.tensor([[0.0], [3.0], [2.0]])
    >>> F.triplet_margin_with_distance_loss(*x, distance_function=lambda a, b: ag.abs(a - b).sum(-1), margin=0.5)
    tensor(1.5000)
    """
    name = "triplet_margin_with_distance_loss"
    check_reduction(name, reduction)
    _check_dims(name, anchor=anchor, positive=positive, negative=negative)
    return _triplets(name, anchor, positive, negative, distance_function or pairwise_distance, margin, swap, reduction)


def _triplets(
    name: str,
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Distance,
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    check_margin(name, margin)
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ag.minimum(far, distance(positive, negative))
    return reduced(name, ag.clamp(margin + near - far, min=0), reduction)


def check_margin(name: str, margin: float) -> None:
    """Raise ArgumentError unless *margin* is positive."""
    if not margin > 0:
        raise ag.errors.ArgumentError(f"{expect.place(name)}: margin={margin}, expected a positive number")


def _check_dims(name: str, **tensors: Tensor) -> None:
    """Raise ShapeError unless all have equally many dims."""
    for argument, tensor in tensors.items():
        expect.tensor(name, tensor, argument)
    if len({tensor.ndim for tensor in tensors.values()}) > 1:
        shapes = ", ".join(f"{argument} {tuple(tensor.shape)}" for argument, tensor in tensors.items())
        raise ag.errors.ShapeError(
            f"{expect.place(name)}: expects equally many dims, got {shapes}; use reshape or unsqueeze"
        )
