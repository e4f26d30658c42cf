"""One differentiation, alone or inside others."""

from __future__ import annotations

from typing import Any

from ..dtypes import is_floating
from ..errors import DtypeError
from ..graph import Node, leads_to
from ..modes import enable_grad, recording
from ..tensor import Tensor
from .tree import leaves, like, tensors

__all__ = ["Level"]


class Level:
    """Who is differentiated with respect to: tensors that stand in for the inputs and that nobody else has.

    Identity tells one differentiation from those around it, so none takes another's derivative for its own.  ``leave`` cuts
    results off from the stand-ins; it keeps their history where it leads to something outside.
    """

    def __init__(self) -> None:
        self.outer = recording.get()
        self.own: set[Node | None] = set()

    def enter(self, tree: Any, what: str) -> Any:
        """Return *tree* with a stand-in for each tensor."""
        return like(tree, [self._stand_in(x, what) for x in tensors(tree, what)])

    def _stand_in(self, x: Tensor, what: str) -> Tensor:
        if not is_floating(x.dtype):
            raise DtypeError(f"{what} is {x.dtype}: only floating tensors have derivatives; use .float() first")
        if self.outer and x.requires_grad:
            with enable_grad():
                return x.view_as(x)
        stand_in = x.detach().requires_grad_()
        self.own.add(stand_in.node)
        return stand_in

    def surrounded(self, *results: Any) -> bool:
        """Return whether *results* depend on something outside that requires gradients."""
        if not self.outer:
            return False
        roots = [t.node for t in results if isinstance(t, Tensor) and t.node is not None]
        return leads_to(roots, lambda node: node.prim is None and node not in self.own)

    def leave(self, result: Any) -> Any:
        """Return a result, or any other value, as those outside may have it."""
        if not isinstance(result, Tensor) or result.node is None or self.surrounded(result):
            return result
        return result.detach()

    def leave_tree(self, tree: Any) -> Any:
        """Return the results in *tree* as those outside may have them."""
        return like(tree, [self.leave(t) for t in leaves(tree)])
