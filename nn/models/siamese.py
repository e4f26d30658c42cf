"""Siamese networks: one network for both of a pair, and the loss that brings like to like."""

from __future__ import annotations

from typing import Literal

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..functional.ranking import check_margin
from ..functional.reduction import check_reduction, reduced
from ..module import Module

__all__ = ["Siamese", "contrastive_loss"]


class Siamese(Module):
    r"""Return the distance :math:`\lVert f(x_1) - f(x_2) \rVert` of each pair; f is *branch*, the same for both.

    There is one set of weights, used twice: the gradients of both uses add up in it.  (N, ...) and (N, ...) give (N,);
    *branch* makes (N, features) of each.  ``siamese.branch(x)`` is the embedding of single examples.  Source: Bromley et
    al., "Signature Verification using a Siamese Time Delay Neural Network", 1993.

    >>> import nn
    >>> pair = nn.models.Siamese(nn.Linear(4, 2))
    >>> x = ag.ones(3, 4)
    >>> pair(x, x).shape, pair(x, x).max().item() < 1e-5, len(list(pair.parameters()))
    ((3,), True, 2)
    """

    def __init__(self, branch: Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        if first.shape != second.shape:
            raise expect.shape_error(
                self._get_name(),
                second,
                f"{tuple(first.shape)}, as the first has",
                "give both of each pair in one shape",
            )
        one, two = self.branch(first), self.branch(second)
        if one.ndim != 2:
            raise expect.shape_error(
                self._get_name(), one, "(N, features) from the branch", "end the branch with nn.Flatten()"
            )
        # the root has no slope at 0: a pair of equals would get a gradient that is not finite
        return ((one - two).square().sum(1) + 1e-12).sqrt()


def contrastive_loss(
    distance: Tensor, alike: Tensor, margin: float = 1.0, reduction: Literal["none", "mean", "sum"] = "mean"
) -> Tensor:
    r"""Return the mean of :math:`\frac12 d^2` over pairs that are alike, and :math:`\frac12 \max(0, m - d)^2` over others.

    *distance* (N,) is floating, *alike* (N,) true or 1 for pairs of one class.  Pairs that are not alike push each other away
    until they are *margin* apart.  Raises ShapeError if the shapes differ.  Source: Hadsell, Chopra & LeCun,
    "Dimensionality Reduction by Learning an Invariant Mapping", 2006.

    >>> contrastive_loss(ag.tensor([2.0, 0.5, 3.0]), ag.tensor([1, 0, 0]), reduction="none").tolist()
    [2.0, 0.125, 0.0]
    """
    name = "contrastive_loss"
    expect.tensor(name, distance, "distance")
    expect.tensor(name, alike, "alike")
    check_margin(name, margin)
    if not distance.is_floating_point():
        raise expect.dtype_error(name, distance, "a floating distance", "convert it with distance.float()")
    if distance.shape != alike.shape:
        raise ag.errors.ShapeError(
            f"{name}: distance has shape {tuple(distance.shape)}, alike {tuple(alike.shape)}: expected one distance and one "
            "answer for each pair"
        )
    same = alike.to(distance.dtype)
    losses = (same * distance.square() + (1 - same) * (margin - distance).clamp(min=0).square()) / 2
    return reduced(name, losses, check_reduction(name, reduction))
