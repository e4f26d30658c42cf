"""Pooling to a given output size."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["adaptive_avg_pool2d"]

Size = int | tuple[int | None, int | None] | None


def adaptive_avg_pool2d(input: Tensor, output_size: Size) -> Tensor:
    """Return the means of *input* (N, C, H, W) over an *output_size* grid of regions that cover it evenly: (N, C, OH, OW).

    Region i of n spans floor(i H / n) to ceil((i + 1) H / n).  None keeps a size.

    >>> import nn.functional as F
    >>> F.adaptive_avg_pool2d(ag.arange(9.0).reshape(1, 1, 3, 3), 1).item()
    4.0
    """
    if input.ndim not in (3, 4):
        raise expect.shape_error("adaptive_avg_pool2d", input, "(N, C, H, W) or (C, H, W)", "add or merge dims")
    height, width = input.shape[-2:]
    rows, columns = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    rows, columns = height if rows is None else rows, width if columns is None else columns
    if rows < 1 or columns < 1:
        raise ag.errors.ArgumentError(f"adaptive_avg_pool2d: output_size={output_size!r}, expected sizes of at least 1")
    if height and width and height % rows == 0 and width % columns == 0:
        return ag.avg_pool2d(input, (height // rows, width // columns))
    return _averaging(rows, height, input) @ input @ _averaging(columns, width, input).mT


def _averaging(regions: int, size: int, like: Tensor) -> Tensor:
    """The matrix (regions, size) whose product with a vector gives the means over the regions."""
    place, region = ag.arange(size), ag.arange(regions).unsqueeze(1)
    inside = (place >= region * size // regions) & (place < -((region + 1) * -size // regions))
    weight = inside.to(like.dtype)
    return weight / weight.sum(1, keepdim=True)
