"""Normalisation of channels: mean 0 and variance 1, then a learned scale and shift."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
]


class _ChannelNorm(Module):
    """(x - mean) / sqrt(var + eps) * weight + bias for each channel, with running statistics where wanted."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    shapes: ClassVar[dict[int, str]]  # the inputs that fit, by their number of dims

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        expect.size(self._get_name(), num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        factory = {"device": device, "dtype": dtype}
        self.register_parameter("weight", self._parameter(num_features, **factory) if affine else None)
        self.register_parameter("bias", self._parameter(num_features, **factory) if affine and bias else None)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, self._buffer(num_features, **factory) if track_running_stats else None)
        self.register_buffer(
            "num_batches_tracked", ag.tensor(0, dtype=ag.int64, device=device) if track_running_stats else None
        )
        self.reset_parameters()

    def _buffer(self, *shape: int, device: Any = None, dtype: Any = None) -> Tensor:
        """Return a buffer whose values ``reset_parameters`` will set; that of a lazy layer has no shape yet."""
        return ag.empty(*shape, device=device, dtype=dtype)

    def reset_running_stats(self) -> None:
        """Forget the statistics: mean 0, variance 1, no batches."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the statistics, and start again from scale 1 and shift 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _label(self) -> str:
        return f"{self._get_name()} {self.num_features}"

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ChannelNorm):
    """Normalise each channel over the batch and all other dims."""

    def forward(self, input: Tensor) -> Tensor:
        name, like = self._get_name(), self.weight if self.weight is not None else self.running_mean
        if like is not None:
            expect.same_dtype(name, input, like)
        if input.ndim not in self.shapes or input.shape[1] != self.num_features:
            expected = " or ".join(self.shapes.values()).replace("C", str(self.num_features))
            fits = input.ndim in self.shapes
            cure = "make num_features the number of channels" if fits else "use the BatchNorm for its number of dims"
            raise expect.shape_error(name, input, expected, cure)
        of_batch = self.training or self.running_mean is None
        if of_batch and math.prod(input.shape) == self.num_features:
            raise expect.shape_error(
                name,
                input,
                "more than 1 value per channel when training",
                "use larger batches (drop_last=True drops a last batch of 1), or model.eval()",
            )
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean of all batches
                momentum = 1 / self.num_batches_tracked.item()
        moving = not self.training or self.track_running_stats
        return ag.batch_norm(
            input,
            self.running_mean if moving else None,
            self.running_var if moving else None,
            self.weight,
            self.bias,
            of_batch,
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Normalise each feature of (N, C), or each channel of (N, C, L), over the batch.

    Training uses the mean and the (biased) variance of the batch, and moves *running_mean* and *running_var* (unbiased)
    towards them by *momentum*, or to the mean of all batches with None; ``eval`` uses those.  Source: Ioffe & Szegedy 2015.

    >>> import nn
    >>> nn.BatchNorm1d(1, affine=False)(ag.tensor([[1.0], [3.0]])).round(decimals=3).tolist()
    [[-1.0], [1.0]]
    """

    shapes: ClassVar[dict[int, str]] = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of pictures (N, C, H, W) over the batch and all pixels, as ``BatchNorm1d`` does.

    >>> import nn
    >>> nn.BatchNorm2d(3)(ag.zeros(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    shapes: ClassVar[dict[int, str]] = {4: "(N, C, H, W)"}


class BatchNorm3d(_BatchNorm):
    """Normalise each channel of volumes (N, C, D, H, W) over the batch and all places, as ``BatchNorm1d`` does.

    >>> import nn
    >>> nn.BatchNorm3d(3)(ag.zeros(2, 3, 2, 4, 4)).shape
    (2, 3, 2, 4, 4)
    """

    shapes: ClassVar[dict[int, str]] = {5: "(N, C, D, H, W)"}


class _InstanceNorm(_ChannelNorm):
    """Normalise each channel of each sample by itself."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        name, like = self._get_name(), self.weight if self.weight is not None else self.running_mean
        if like is not None:
            expect.same_dtype(name, input, like)
        unbatched = input.ndim == min(self.shapes)
        if input.ndim not in self.shapes or input.shape[0 if unbatched else 1] != self.num_features:
            expected = " or ".join(self.shapes.values()).replace("C", str(self.num_features))
            fits = input.ndim in self.shapes
            cure = "make num_features the number of channels" if fits else "use the InstanceNorm for its number of dims"
            raise expect.shape_error(name, input, expected, cure)
        out = ag.instance_norm(
            input.unsqueeze(0) if unbatched else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out.squeeze(0) if unbatched else out


class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each sample of (N, C, L), or of one sample (C, L).

    As in PyTorch, there is no *weight* and no *bias* unless *affine*, and ``eval`` uses the sample's own mean and variance
    unless *track_running_stats*.  Source: Ulyanov, Vedaldi & Lempitsky 2016.

    >>> import nn
    >>> nn.InstanceNorm1d(1)(ag.tensor([[[1.0, 3.0]]])).round(decimals=3).tolist()
    [[[-1.0, 1.0]]]
    """

    shapes: ClassVar[dict[int, str]] = {2: "(C, L)", 3: "(N, C, L)"}


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each picture of (N, C, H, W), or of one (C, H, W), as ``InstanceNorm1d`` does.

    >>> import nn
    >>> nn.InstanceNorm2d(3)(ag.zeros(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    shapes: ClassVar[dict[int, str]] = {3: "(C, H, W)", 4: "(N, C, H, W)"}


class InstanceNorm3d(_InstanceNorm):
    """Normalise each channel of each volume of (N, C, D, H, W), or of one (C, D, H, W), as ``InstanceNorm1d`` does.

    >>> import nn
    >>> nn.InstanceNorm3d(3)(ag.zeros(3, 2, 4, 4)).shape
    (3, 2, 4, 4)
    """

    shapes: ClassVar[dict[int, str]] = {4: "(C, D, H, W)", 5: "(N, C, D, H, W)"}


class GroupNorm(Module):
    """Normalise each of *num_groups* groups of neighbouring channels of (N, C, ...), for each sample by itself.

    (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance; *weight* and *bias* are for each channel.
    Source: Wu & He 2018.

    >>> import nn
    >>> nn.GroupNorm(2, 4)(ag.tensor([[1.0, 3.0, 10.0, 30.0]])).round(decimals=3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        expect.size("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ag.errors.ArgumentError(
                f"GroupNorm: num_groups={num_groups} does not divide num_channels={num_channels}; choose a divisor"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        factory = {"device": device, "dtype": dtype}
        self.register_parameter("weight", self._parameter(num_channels, **factory) if affine else None)
        self.register_parameter("bias", self._parameter(num_channels, **factory) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again from scale 1 and shift 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if self.weight is not None:
            expect.same_dtype("GroupNorm", input, self.weight)
        if input.ndim < 2 or input.shape[1] != self.num_channels:
            cure = "make num_channels the number of channels"
            raise expect.shape_error("GroupNorm", input, f"(N, {self.num_channels}, ...)", cure)
        return ag.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def _label(self) -> str:
        return f"{self._get_name()} {self.num_groups}x{self.num_channels // self.num_groups}"

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
