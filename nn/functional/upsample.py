"""PyTorch's older names of ``interpolate``."""

from __future__ import annotations

from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

__all__ = ["upsample", "upsample_bilinear", "upsample_nearest"]

Size = int | Sequence[int]
Factor = float | Sequence[float]


def upsample(
    input: Tensor,
    size: Size | None = None,
    scale_factor: Factor | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Return ``interpolate(input, size, scale_factor, mode, align_corners)``, which has more arguments.

    >>> import nn.functional as F
    >>> F.upsample(ag.tensor([[[1.0, 2.0]]]), scale_factor=2).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    """
    return ag.interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Size | None = None, scale_factor: Factor | None = None) -> Tensor:
    """Return ``interpolate`` of *input* with mode "nearest".

    >>> import nn.functional as F
    >>> F.upsample_nearest(ag.ones(1, 1, 2, 2), scale_factor=3).shape
    (1, 1, 6, 6)
    """
    return ag.interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Size | None = None, scale_factor: Factor | None = None) -> Tensor:
    """Return ``interpolate`` of *input* (N, C, H, W) with mode "bilinear" and align_corners=True.

    >>> import nn.functional as F
    >>> F.upsample_bilinear(ag.tensor([[[[1.0, 2.0]]]]), size=(1, 3)).tolist()
    [[[[1.0, 1.5, 2.0]]]]
    """
    return ag.interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
