"""Variable, which tensors were wrapped in before they could require gradients themselves."""

from __future__ import annotations

from typing import Any

from ..creation import as_tensor
from ..tensor import Tensor

__all__ = ["Variable"]


class VariableMeta(type):
    """Every tensor is an instance of Variable."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)

    def __call__(cls, data: Any, requires_grad: bool = False) -> Tensor:
        return as_tensor(data).detach().requires_grad_(requires_grad)


class Variable(metaclass=VariableMeta):
    """Return a tensor over the memory of *data*, a leaf, that may want gradients: PyTorch's name of old.

    >>> x = ag.autograd.Variable(ag.ones(2), requires_grad=True)
    >>> x, isinstance(x, ag.autograd.Variable)
    (tensor([1., 1.], requires_grad=True), True)
    """
