"""Backward passes of a program, caught as they begin: while the graph is whole, and before an optimizer changes weights."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from operator import is_
from types import CodeType, FrameType
from typing import Any

from ...graph import Node, leads_to
from ...position import outside
from ...tensor import Tensor
from ..names import variables
from ..schema import Trace
from ..trace import trace

__all__ = ["Caught", "Passes", "looked_up"]


class Caught(BaseException):
    """The backward pass that was asked for has been traced: the program need not go on.

    No Exception, so that a program's own handlers let it through.
    """


class Passes:
    """Traces each ``backward()`` of a program that goes through a tensor; an attendant, see ``autograd.watching``.

    *place* finds the tensor in the variables of the running functions, or is None for what ``backward()`` is called on.
    With *stop_at* only that pass is traced, and Caught raised; else each, and the last trace is kept.
    """

    def __init__(self, place: CodeType | None, stop_at: int | None) -> None:
        self.place, self.stop_at = place, stop_at
        self.count = 0
        self.trace: Trace | None = None
        self.node: Node | None = None  # of the tensor that was traced

    def backward_begins(self, outputs: Sequence[Any], gradients: Sequence[Any]) -> None:
        """Look for the tensor, and trace it; the engine calls this."""
        traced = (
            [y for y in outputs if isinstance(y, Tensor)]
            if self.place is None
            else self._found(outside(sys._getframe(1)), outputs)
        )
        if not traced:
            return
        self.count += 1
        if self.stop_at is not None and self.count != self.stop_at:
            return
        given = {id(y): g for y, g in zip(outputs, gradients, strict=True)}
        self.trace = trace(*traced, gradient=[given.get(id(y)) for y in traced])
        self.node = traced[0].node
        if self.stop_at is not None:
            raise Caught

    def backward_ended(self) -> None:
        """Look at nothing: what counts was there before."""

    def _found(self, frame: FrameType | None, outputs: Sequence[Any]) -> list[Tensor]:
        """Return the tensor, from the innermost running function that knows one, if this pass goes through it."""
        roots = [y.node for y in outputs]
        while frame is not None and self.place is not None:
            found = looked_up(self.place, variables(frame))
            if isinstance(found, Tensor) and found.node is not None and leads_to(roots, partial(is_, found.node)):
                return [found]
            frame = frame.f_back
        return []


def looked_up(place: CodeType, names: Mapping[str, Any]) -> Any:
    """Return what a name, ``model.loss`` or ``losses[-1]`` stands for among *names*, or None."""
    try:
        return eval(place, {}, dict(names))
    except Exception:  # the program's own classes may raise anything here
        return None
