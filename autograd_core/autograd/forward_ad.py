"""Forward derivatives beside values, under the names of ``torch.autograd.forward_ad``: tensors that carry a tangent.

A dual tensor remembers its tangent; that of a result is J v, taken by two backward passes when it is asked for.  So what
lies between must be recorded: under ``no_grad`` a tangent ends.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple

from ..dtypes import is_floating
from ..errors import DtypeError, GraphError, ShapeError
from ..graph import leads_to
from ..modes import enable_grad
from ..tensor import Tensor
from .products import Push

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

_level: ContextVar[dual_level | None] = ContextVar("dual level", default=None)


def _open(name: str) -> dual_level:
    level = _level.get()
    if level is None:
        raise GraphError(f"{name}: no dual level is open; put it into a with dual_level() block")
    return level


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent, None where it has none.

    >>> UnpackedDualTensor(ag.tensor(1.0), None)
    UnpackedDualTensor(primal=tensor(1.), tangent=None)
    """

    primal: Tensor
    tangent: Tensor | None


class dual_level:
    """In this ``with`` block tensors carry tangents; behind it they are gone.  One at a time, and for each thread its own.

    >>> with dual_level():
    ...     x = make_dual(ag.tensor(3.0), ag.tensor(1.0))
    ...     unpack_dual(x * x)
    UnpackedDualTensor(primal=tensor(9.), tangent=tensor(6.))
    """

    def __init__(self) -> None:
        self.duals: list[tuple[Tensor, Tensor]] = []  # tensors that were made dual, and their tangents

    def __enter__(self) -> dual_level:
        if _level.get() is not None:
            raise GraphError("dual_level: another one is open; nested forward derivatives are there in func.jvp")
        _level.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _level.set(None)
        self.duals.clear()


def enter_dual_level() -> int:
    """Open a dual level, until ``exit_dual_level``; return 0, its number.

    >>> enter_dual_level()
    0
    >>> exit_dual_level()
    """
    dual_level().__enter__()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the dual level, whose number is 0: the tangents made in it are gone.

    >>> _ = enter_dual_level()
    >>> exit_dual_level(level=0)
    """
    if level not in (None, 0):
        raise GraphError(f"exit_dual_level: level={level} is not open: only level 0 can be")
    _open("exit_dual_level").__exit__()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """Return a view of *tensor* that carries *tangent*, of its shape and dtype.

    >>> with dual_level():
    ...     unpack_dual(make_dual(ag.tensor(3.0), ag.tensor(2.0)).exp()).tangent
    tensor(40.1711)
    """
    here = _open("make_dual")
    if not is_floating(tensor.dtype) or tangent.dtype != tensor.dtype:
        raise DtypeError(
            f"make_dual: the tensor is {tensor.dtype} and the tangent {tangent.dtype}: expected one floating dtype; use .to()"
        )
    if tangent.shape != tensor.shape:
        raise ShapeError(
            f"make_dual: the tangent has shape {tangent.shape}: expected that of the tensor, {tensor.shape}"
        )
    with enable_grad():
        dual = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()
    here.duals.append((dual, tangent))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """Return the value of *tensor* and its tangent: None where no dual tensor is in its history.

    The tangent can be differentiated where the dual tensors were made of tensors that require gradients.

    >>> with dual_level():
    ...     unpack_dual(ag.tensor(3.0))
    UnpackedDualTensor(primal=tensor(3.), tangent=None)
    """
    here = _open("unpack_dual")
    for dual, tangent in here.duals:
        if dual is tensor:
            return UnpackedDualTensor(dual.detach(), tangent)
    xs, vs = [dual for dual, _ in here.duals], [tangent for _, tangent in here.duals]
    if tensor.node is None or not leads_to([tensor.node], {x.node for x in xs}.__contains__):
        return UnpackedDualTensor(tensor, None)
    differentiable = any(not x.is_leaf or v.requires_grad for x, v in here.duals)
    with enable_grad():
        (found,) = Push([tensor], xs)(vs, create_graph=differentiable)
    return UnpackedDualTensor(tensor if differentiable else tensor.detach(), found)
