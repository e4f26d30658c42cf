"""Normalisation over the trailing dims of each example: of mean and variance, or of the mean square alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from ..module import Module
from ..parameter import Parameter

__all__ = ["LayerNorm", "RMSNorm"]


class LayerNorm(Module):
    """Normalise over the trailing dims *normalized_shape*, for each example by itself.

    (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance.  Source: Ba, Kiros & Hinton 2016.

    >>> import nn
    >>> nn.LayerNorm(2)(ag.tensor([[1.0, 3.0]])).round(decimals=3).tolist()
    [[-1.0, 1.0]]
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        for size in shape or (0,):
            expect.size("LayerNorm", normalized_shape=size)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine

        def parameter(wanted: bool) -> Parameter | None:
            return self._parameter(*shape, device=device, dtype=dtype) if wanted else None

        self.register_parameter("weight", parameter(elementwise_affine))
        self.register_parameter("bias", parameter(elementwise_affine and bias))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again from scale 1 and shift 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if self.weight is not None:
            expect.same_dtype("LayerNorm", input, self.weight)
        if tuple(input.shape[-len(self.normalized_shape) :]) != self.normalized_shape:
            expected = f"(..., {', '.join(map(str, self.normalized_shape))})"
            cure = "make normalized_shape the last dims of the input"
            raise expect.shape_error("LayerNorm", input, expected, cure)
        return ag.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def _label(self) -> str:
        return f"{self._get_name()} {'x'.join(map(str, self.normalized_shape))}"

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divide by the root of the mean square over the trailing dims *normalized_shape*, and scale.

    x / sqrt(mean(x^2) + eps) * weight, with the smallest *eps* that changes 1 unless it is given.  Source: Zhang &
    Sennrich 2019.

    >>> import nn
    >>> nn.RMSNorm(4)(ag.tensor([[3.0, 4.0, 0.0, 0.0]])).detach()
    tensor([[1.2000, 1.6000, 0.0000, 0.0000]])
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        for size in shape or (0,):
            expect.size("RMSNorm", normalized_shape=size)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.register_parameter(
            "weight", self._parameter(*shape, device=device, dtype=dtype) if elementwise_affine else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again from scale 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        if self.weight is not None:
            expect.same_dtype("RMSNorm", input, self.weight)
        if tuple(input.shape[-len(self.normalized_shape) :]) != self.normalized_shape:
            expected = f"(..., {', '.join(map(str, self.normalized_shape))})"
            cure = "make normalized_shape the last dims of the input"
            raise expect.shape_error("RMSNorm", input, expected, cure)
        return ag.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def _label(self) -> str:
        return f"{self._get_name()} {'x'.join(map(str, self.normalized_shape))}"

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
