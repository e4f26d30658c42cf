"""The same boxes and open modules for Graphviz, for who wants to lay out, style or include them otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import graphviz

from ..layout import Direction
from ..schema import Trace
from ..visible import Visible, VisibleBox
from .contents import Content, module_title
from .scene import PALETTES

__all__ = ["digraph"]

COLOUR = PALETTES["light"]


def digraph(made: Trace, shown: Visible, contents: Mapping[str, Content], direction: Direction) -> graphviz.Digraph:
    """Return what is shown as a Digraph: nodes are named as boxes are, clusters ``cluster_c`` and the module's number.

    Neither record shapes nor ``splines=ortho``: both crash Graphviz on some graphs.
    """
    graph = graphviz.Digraph("graph", graph_attr={"rankdir": direction}, node_attr={"shape": "box", "fontsize": "11"})
    inner: dict[str | None, list[graphviz.Digraph]] = {}
    boxes: dict[str | None, list[VisibleBox]] = {}
    for box in shown.boxes:
        boxes.setdefault(box.cluster, []).append(box)
    for c in reversed(shown.clusters):  # outer ones come first: inner ones are finished here before them
        part = graphviz.Digraph(f"cluster_{c.id}", graph_attr={"label": graphviz.escape(module_title(made, c))})
        part.attr(style="rounded", color=COLOUR["frame"])
        _fill(part, boxes.get(c.id, ()), contents)
        for one in reversed(inner.get(c.id, ())):
            part.subgraph(one)
        inner.setdefault(c.parent, []).append(part)
    _fill(graph, boxes.get(None, ()), contents)
    for one in reversed(inner.get(None, ())):
        graph.subgraph(one)
    for e in shown.edges:
        graph.edge(e.source, e.target, label=f"×{len(e.edges)}" if len(e.edges) > 1 else None)
    return graph


def _fill(
    graph: graphviz.Digraph, boxes: list[VisibleBox] | tuple[VisibleBox, ...], contents: Mapping[str, Content]
) -> None:
    for box in boxes:
        content = contents[box.id]
        text = "\n".join(graphviz.escape(line.text) for line in content.lines)
        style = {"style": "rounded,dashed"} if content.hollow else {"style": "rounded"}
        if content.failed:
            style |= {"color": COLOUR["error"], "penwidth": "2"}
        graph.node(box.id, text, peripheries="2" if content.output or box.kind == "fold" else "1", **style)
