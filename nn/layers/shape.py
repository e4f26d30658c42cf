"""Layers that only change the shape."""

from __future__ import annotations

from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

from ..module import Module

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Merge the dims from *start_dim* to *end_dim*; by default all but the batch: (N, C, H, W) gives (N, C H W).

    >>> import nn
    >>> nn.Flatten()(ag.zeros(2, 3, 4, 5)).shape
    (2, 60)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return ag.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split *dim* into dims of the sizes *unflattened_size*, of which one may be -1.

    >>> import nn
    >>> nn.Unflatten(1, (3, 4, 5))(ag.zeros(2, 60)).shape
    (2, 3, 4, 5)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        return ag.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
