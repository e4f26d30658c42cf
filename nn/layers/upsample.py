"""Signals, pictures and volumes brought to another size."""

from __future__ import annotations

from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]

Size = int | Sequence[int]
Factor = float | Sequence[float]


class Upsample(Module):
    """Bring (N, C, L), (N, C, H, W) or (N, C, D, H, W) to the spatial *size*, or to *scale_factor* times its own.

    *mode*: "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear" or "area"; see
    ``nn.functional.interpolate``.

    >>> import nn
    >>> nn.Upsample(scale_factor=2, mode="bilinear")(ag.zeros(1, 3, 4, 5)).shape
    (1, 3, 8, 10)
    """

    def __init__(
        self,
        size: Size | None = None,
        scale_factor: Factor | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        if (size is None) == (scale_factor is None):
            raise ag.errors.ArgumentError(
                f"{self._get_name()}: size={size} and scale_factor={scale_factor}; give one of them"
            )
        self.size, self.mode, self.align_corners = size, mode, align_corners
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, Sequence):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = None if scale_factor is None else float(scale_factor)
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        name = self._get_name()
        expect.array(name, input)
        if input.ndim not in (3, 4, 5):
            expected = "(N, C, L), (N, C, H, W) or (N, C, D, H, W)"
            raise expect.shape_error(name, input, expected, "add or merge dims with unsqueeze or reshape")
        return ag.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        how = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{how}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Bring pictures (N, C, H, W) to another size by repeating elements, as ``Upsample`` does with mode "nearest".

    >>> import nn
    >>> nn.UpsamplingNearest2d(scale_factor=2)(ag.tensor([[[[1.0, 2.0]]]])).tolist()
    [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]
    """

    def __init__(self, size: Size | None = None, scale_factor: Factor | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Bring pictures (N, C, H, W) to another size by bilinear interpolation, with align_corners=True.

    >>> import nn
    >>> nn.UpsamplingBilinear2d(size=(1, 3))(ag.tensor([[[[1.0, 2.0]]]])).tolist()
    [[[[1.0, 1.5, 2.0]]]]
    """

    def __init__(self, size: Size | None = None, scale_factor: Factor | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
