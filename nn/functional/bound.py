"""A bound that gradients do not see."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

__all__ = ["at_least"]


def at_least(values: Tensor, bound: float) -> Tensor:
    """Return *values*, or *bound* where they are below it, with a slope of 1 also there.

    This is how PyTorch keeps a divisor from 0 where it says that a clamp is not to be differentiated.
    """
    return ag.where(values < bound, values - values.detach() + bound, values)
