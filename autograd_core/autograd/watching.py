"""Who looks on in a thread: at operations, what hunts for NaN, packs saved tensors or draws; at backward passes, records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from ..call_text import WATCHED
from ..graph import Node
from ..modes import attending, watching
from ..primitive import rewrite
from ..tensor import Tensor

__all__ = ["Attendant", "Watchers", "attend", "current", "watch"]

STAYS = "packing was on once"  # among WATCHED: the line for watchers stays written


class Watchers(NamedTuple):
    """The watchers of a thread, and what the engine tells them.

    *strict*: a gradient of zero stays one.  *recorder* remembers what a graph does not keep, for a drawing.
    """

    anomaly: Any = None
    packing: Any = None
    strict: bool = False
    recorder: Any = None

    def after_call(self, prim: Any, out: Tensor, operands: tuple[Any, ...]) -> None:
        """Look at a result; the engine calls this after each call of a primitive."""
        if self.anomaly is not None:
            self.anomaly.after_call(prim, out, operands)
        if self.recorder is not None:
            self.recorder.after_call(prim, out, operands)
        if out.node is not None and out.node.prim is prim:
            self.after_record(out.node)

    def after_record(self, node: Node) -> None:
        """Look at a new node."""
        if self.packing is not None:
            self.packing.after_record(node)

    def after_pull(self, node: Node, g: Any) -> None:
        """Look at the gradients of a node's operands; the engine calls this after each step of a backward walk."""
        if self.anomaly is not None:
            self.anomaly.after_pull(node, g)


def current() -> Watchers:
    """Return the watchers of this thread."""
    return watching.get() or Watchers()


def watch(new: Watchers) -> None:
    """Have *new* watch this thread; the written functions have a line for it as long as any thread is watched.

    Once tensors have been packed the line stays: packing is switched on and off in each iteration, and to write functions
    anew takes longer than to run them.
    """
    before, any_before = watching.get(), bool(WATCHED)
    there = new != Watchers()
    watching.set(new if there else None)
    if before in WATCHED:
        WATCHED.remove(before)
    if there:
        WATCHED.append(new)
    if new.packing is not None and STAYS not in WATCHED:
        WATCHED.append(STAYS)
    if bool(WATCHED) != any_before:
        rewrite()


class Attendant(Protocol):
    """What is told of each ``backward()`` of a thread, of ``grad()`` not; of one that another runs inside itself neither."""

    def backward_begins(self, outputs: Sequence[Any], gradients: Sequence[Any]) -> None:
        """Look at the graph of *outputs*, and at what the walk starts from, before the walk, which frees the graph."""

    def backward_ended(self) -> None:
        """Look at ``.grad`` of the leaves; after a walk that failed the engine does not call this."""


@contextmanager
def attend(attendant: Attendant) -> Iterator[None]:
    """Have *attendant* told of the backward passes of a ``with`` block, beside those that are told already."""
    attending.set((*attending.get(), attendant))
    try:
        yield
    finally:
        attending.set(tuple(a for a in attending.get() if a is not attendant))
