"""Layers that multiply by a matrix, or by nothing."""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from ..module import Module
from ..parameter import Parameter

__all__ = ["Identity", "Linear"]


class Identity(Module):
    """Return the input; any arguments are accepted and ignored, so that it can stand in for any layer.

    >>> import nn
    >>> nn.Identity(54, unused=True)(ag.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """Compute ``input @ weight.T + bias``: (..., in_features) gives (..., out_features).

    *weight* (out_features, in_features) and *bias* (out_features,) start uniform within 1 / sqrt(in_features).

    >>> import nn
    >>> nn.Linear(4, 2)(ag.ones(3, 4)).shape
    (3, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        expect.size("Linear", in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = in_features, out_features
        self.weight = self._parameter(out_features, in_features, device=device, dtype=dtype)
        self.register_parameter("bias", self._parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        weight = self.weight  # read once: a parametrization computes it
        expect.same_dtype("Linear", input, weight)
        if input.shape[-1:] != (self.in_features,):
            raise expect.shape_error("Linear", input, f"(..., {self.in_features})", self._cure(input))
        return ag.linear(input, weight, self.bias)

    def _cure(self, input: Tensor) -> str:
        if not input.ndim:
            return "give it a vector or rows of features"
        if math.prod(input.shape[1:]) == self.in_features:
            return "flatten it first: nn.Flatten(), or input.flatten(1)"
        return f"make this layer Linear({input.shape[-1]}, {self.out_features}), or mend what comes before"

    def multiply_adds(self, output: Tensor) -> int:
        return output.numel() * self.in_features

    def _label(self) -> str:
        return f"{self._get_name()} {self.in_features}->{self.out_features}"

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
