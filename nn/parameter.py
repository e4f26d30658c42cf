"""Parameter: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

import autograd_core as ag

__all__ = ["Parameter"]


class Parameter(ag.Tensor):
    """A tensor that a Module registers when it is assigned as an attribute, and that an optimizer updates.

    It shares the memory of *data*, a Tensor or an array.  What is computed from it are plain Tensors.

    >>> import nn
    >>> nn.Parameter(ag.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        made = super().__new__(cls)
        made.data = ag.empty(0).data if data is None else ag.as_tensor(data).data
        made.grad = made.node = made.alias = None
        made.requires_grad_(requires_grad)
        return made

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
