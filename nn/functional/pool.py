"""Power-average pooling."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import autograd_core as ag
from autograd_core import Tensor

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]

Size = int | Sequence[int]


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: int, stride: int | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the *norm_type*-norm of each window of *input* (N, C, L) or (C, L).

    All that ``lp_pool2d`` says holds for one dim.

    >>> import nn.functional as F
    >>> F.lp_pool1d(ag.tensor([[3.0, 4.0, 6.0, 8.0]]), 2, 2)
    tensor([[ 5., 10.]])
    """
    return _lp_pool(ag.avg_pool1d, 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the *norm_type*-norm of each window: (sum x^p)^(1/p), with p = 1 the sum.

    A window that sticks out in *ceil_mode* has the mean of its x^p, times the size of a whole window, in place of the
    sum.  Where the sum is 0 the gradient is 0.  Shapes: those of ``avg_pool2d``.

    >>> import nn.functional as F
    >>> F.lp_pool2d(ag.ones(1, 2, 2), 2, 2).item()
    2.0
    """
    return _lp_pool(ag.avg_pool2d, 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Tensor:
    """Return the *norm_type*-norm of each window of *input* (N, C, D, H, W) or (C, D, H, W).

    All that ``lp_pool2d`` says holds for three dims.

    >>> import nn.functional as F
    >>> F.lp_pool3d(ag.ones(1, 2, 2, 2), 3, 2).item()
    2.0
    """
    return _lp_pool(ag.avg_pool3d, 3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(
    avg_pool: Callable[..., Tensor],
    dims: int,
    input: Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None,
    ceil_mode: bool,
) -> Tensor:
    if not norm_type > 0:
        raise ag.errors.ArgumentError(f"lp_pool{dims}d: norm_type={norm_type!r}, expected a number above 0")
    means = avg_pool(input**norm_type, kernel_size, stride, 0, ceil_mode)
    elements = kernel_size**dims if isinstance(kernel_size, int) else math.prod(kernel_size)
    zero = means == 0
    roots = ag.where(zero, 1, means * elements) ** (1 / norm_type)  # of 1 instead of 0, where the slope is infinite
    return ag.where(zero, 0, roots)
