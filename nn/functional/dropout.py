"""Dropout: the engine's, with PyTorch's *inplace*."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Generator, Tensor

__all__ = ["dropout", "dropout2d"]


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* with each element 0 with probability *p*, and divided by 1 - p otherwise; unchanged unless *training*.

    Source: Srivastava et al. 2014, in the inverted form.

    >>> import nn.functional as F
    >>> F.dropout(ag.ones(3), p=1.0)
    tensor([0., 0., 0.])
    """
    dropped = ag.dropout(input, p, training, generator)
    return input.copy_(dropped) if inplace and dropped is not input else dropped


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* (N, C, H, W) with whole channels 0 with probability *p*, and divided by 1 - p otherwise.

    Source: Tompson et al. 2015.

    >>> import nn.functional as F
    >>> F.dropout2d(ag.ones(1, 1, 1, 2), p=1.0)
    tensor([[[[0., 0.]]]])
    """
    dropped = ag.dropout2d(input, p, training, generator)
    return input.copy_(dropped) if inplace and dropped is not input else dropped
