"""The layer that multiplies two inputs with each other."""

from __future__ import annotations

import math
from typing import Any

from autograd_core import Tensor

from .. import expect, init
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = ["Bilinear"]


class Bilinear(Module):
    """Compute x1^T W_o x2 + bias_o for each output o: (..., in1_features) and (..., in2_features) give (..., out_features).

    *weight* (out_features, in1_features, in2_features) and *bias* (out_features,) start uniform within
    1 / sqrt(in1_features).

    >>> import autograd_core as ag, nn
    >>> nn.Bilinear(4, 3, 2)(ag.ones(5, 4), ag.ones(5, 3)).shape
    (5, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        expect.size("Bilinear", in1_features=in1_features, in2_features=in2_features, out_features=out_features)
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = self._parameter(out_features, in1_features, in2_features, device=device, dtype=dtype)
        self.register_parameter("bias", self._parameter(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        for x in (input1, input2):
            expect.same_dtype("Bilinear", x, self.weight)
        return F.bilinear(input1, input2, self.weight, self.bias)

    def multiply_adds(self, output: Tensor) -> int:
        return output.numel() * (self.in1_features + 1) * self.in2_features

    def _label(self) -> str:
        return f"{self._get_name()} {self.in1_features}, {self.in2_features}->{self.out_features}"

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )
