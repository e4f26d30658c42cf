"""The bilinear map of two inputs."""

from __future__ import annotations

import math

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["bilinear"]


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return y[..., o] = sum_ij input1[..., i] weight[o, i, j] input2[..., j] + bias[o].

    *input1* (..., I), *input2* (..., J), of equal leading dims, *weight* (O, I, J), *bias* (O,); the result is (..., O).
    Raises ShapeError where they do not fit.

    >>> import nn.functional as F
    >>> F.bilinear(ag.ones(2, 3), ag.ones(2, 4), ag.ones(1, 3, 4)).tolist()
    [[12.0], [12.0]]
    """
    if weight.ndim != 3:
        raise expect.shape_error("bilinear", weight, "weight (O, I, J)", "give it three dims")
    lead = tuple(input1.shape[:-1])
    outputs, rows, columns = weight.shape
    for argument, x, size in (("input1", input1, rows), ("input2", input2, columns)):
        if tuple(x.shape) != (*lead, size):
            expected = (
                f"{argument} {(*lead, size)}, since weight is {tuple(weight.shape)} and input1 {tuple(input1.shape)}"
            )
            raise expect.shape_error("bilinear", x, expected, "mend its shape, or the sizes of the layer")
    if bias is not None and tuple(bias.shape) != (outputs,):
        raise expect.shape_error("bilinear", bias, f"bias ({outputs},)", "give one number for each row of weight")
    many = math.prod(lead)
    by_rows = weight.permute(0, 2, 1).reshape(outputs * columns, rows)
    halfway = ag.linear(input1.reshape(many, rows), by_rows).reshape(many, outputs, columns)
    out = ag.matmul(halfway, input2.reshape(many, columns, 1)).reshape(*lead, outputs)
    return out if bias is None else out + bias
