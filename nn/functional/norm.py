"""Normalisation composed of the engine's functions."""

from __future__ import annotations

import math

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["local_response_norm"]


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Return x / (k + alpha / size * sum x^2)^beta, the sum being over *size* neighbouring channels of (N, C, ...).

    They are size // 2 channels before, (size - 1) // 2 behind and the one itself; beyond the first and the last there are
    zeros.  Source: Krizhevsky, Sutskever & Hinton 2012.

    >>> import nn.functional as F
    >>> F.local_response_norm(ag.ones(1, 2, 1), 2, alpha=2.0, beta=1.0).flatten().tolist()
    [0.5, 0.3333333432674408]
    """
    expect.size("local_response_norm", size=size)
    if input.ndim < 3:
        raise expect.shape_error("local_response_norm", input, "(N, C, ...) of at least 3 dims", "unsqueeze it")
    n, c, *rest = input.shape
    if input.numel() == 0:
        return input
    rows = (input * input).reshape(n, 1, c, math.prod(rest))
    padded = ag.pad(rows, (0, 0, size // 2, (size - 1) // 2))
    means = ag.avg_pool2d(padded, (size, 1), stride=1).reshape(input.shape)
    return input / (means * alpha + k) ** beta
