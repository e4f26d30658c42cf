"""Several objectives with one network: a shared trunk, and a head for each."""

from __future__ import annotations

from collections.abc import Mapping

import autograd_core as ag
from autograd_core import Tensor

from ..layers import ModuleDict
from ..module import Module

__all__ = ["MultiTask", "weighted_sum"]


class MultiTask(Module):
    """Give what each of the *heads* makes of the output of *trunk*, by name.

    Gradients of all objectives meet in the trunk, so that each may learn from what the others need.

    Source: Caruana, "Multitask Learning", 1997.

    >>> import nn
    >>> model = MultiTask(nn.Linear(4, 8), {"what": nn.Linear(8, 3), "where": nn.Linear(8, 2)})
    >>> {name: made.shape for name, made in model(ag.ones(5, 4)).items()}
    {'what': (5, 3), 'where': (5, 2)}
    """

    def __init__(self, trunk: Module, heads: Mapping[str, Module]) -> None:
        super().__init__()
        if not heads:
            raise ag.errors.ArgumentError("MultiTask: heads is empty, expected one head or more by name")
        self.trunk, self.heads = trunk, ModuleDict(heads)

    def forward(self, input: Tensor) -> dict[str, Tensor]:
        shared = self.trunk(input)
        return {name: head(shared) for name, head in self.heads.items()}


def weighted_sum(losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Return sum_i w_i L_i over the objectives; one of weight 0 is left out.

    >>> weighted_sum({"what": ag.tensor(2.0), "where": ag.tensor(3.0)}, {"what": 1.0, "where": 0.5}).item()
    3.5
    """
    if losses.keys() != weights.keys() or not any(weights.values()) or min(weights.values()) < 0:
        raise ag.errors.ArgumentError(
            f"weighted_sum: weights={dict(weights)!r}, expected one for each of {', '.join(losses)}, none negative, not all 0"
        )
    total: Tensor = sum((weights[name] * loss for name, loss in losses.items() if weights[name]), start=ag.tensor(0.0))
    return total
