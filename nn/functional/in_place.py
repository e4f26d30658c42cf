"""Activation functions that write their result into the memory of their input, by names of their own.

Each is the function without the underscore with ``inplace=True``: gradients stay right, and no memory is saved.
"""

from __future__ import annotations

from autograd_core import Tensor

from . import activation

__all__ = ["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_", "threshold_"]


def relu_(input: Tensor) -> Tensor:
    """Do what ``relu`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> x = ag.tensor([-1.0, 2.0])
    >>> F.relu_(x) is x, x
    (True, tensor([0., 2.]))
    """
    return activation.relu(input, inplace=True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Do what ``leaky_relu`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> F.leaky_relu_(ag.tensor([-1.0, 2.0]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return activation.leaky_relu(input, negative_slope, inplace=True)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """Do what ``rrelu`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> F.rrelu_(ag.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    return activation.rrelu(input, lower, upper, training, inplace=True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """Do what ``threshold`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> F.threshold_(ag.tensor([0.1, 2.0]), 0.5, -1.0)
    tensor([-1.,  2.])
    """
    return activation.threshold(input, threshold, value, inplace=True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Do what ``hardtanh`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> F.hardtanh_(ag.tensor([-2.0, 0.5, 2.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    return activation.hardtanh(input, min_val, max_val, inplace=True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Do what ``elu`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> F.elu_(ag.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return activation.elu(input, alpha, inplace=True)


def selu_(input: Tensor) -> Tensor:
    """Do what ``selu`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> F.selu_(ag.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return activation.selu(input, inplace=True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Do what ``celu`` does, in the memory of *input*, and return that.

    >>> import nn.functional as F
    >>> F.celu_(ag.tensor([-2.0, 2.0]), alpha=2.0)
    tensor([-1.2642,  2.0000])
    """
    return activation.celu(input, alpha, inplace=True)
