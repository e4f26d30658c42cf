"""The network as a few boxes: what has parameters, and where ways meet; everything else belongs to the box before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...graph import Node
from ..drawing.letters import clipped, width
from ..layout import Box, Edge, Graph, lay_out
from .frames import Parameter

__all__ = ["network", "placed"]

MOST = 32  # boxes: beyond that, modules deep inside others are one box with them
SIZE, TITLE_SIZE, ROOM = 11, 13, 150  # pixels: of letters, and of the width of a box at most
HEIGHT, PAD = 64.0, 10.0
WIDEST = "0.000123"  # what a box has to have room for


def network(calls: Sequence[Node], rows: Mapping[Node, Parameter]) -> dict[str, Any] | None:
    """Return the boxes and edges of a graph: its *calls*, oldest first, and the *rows* of its leaves.

    A box has the layers in it: all whose modules are in one module, if otherwise there were too many.  None where there are
    too many even so, or no layer at all.
    """
    at: dict[str, str] = {}  # of each layer the module in which it is used first
    for call in calls:
        for parent in call.parents:
            if parent is not None and parent in rows:
                at.setdefault(rows[parent].layer, "" if call.scope is None else call.scope.path)
    labels = {row.layer: row.label for row in rows.values()}
    for depth in range(max((path.count(".") + 1 for path in at.values()), default=0), -1, -1):
        holders = {path: _outer(path, depth) for path in at.values() if path}
        boxes: dict[str, dict[str, Any]] = {}
        for layer, path in at.items():
            key = holders.get(path, layer)
            box = boxes.setdefault(key, {"id": key, "title": layer, "label": labels[layer], "layers": []})
            box["layers"].append(layer)
            if len(box["layers"]) > 1:
                box |= {"title": key.partition(".")[2] or key, "label": f"{len(box['layers'])} layers"}
        if len(boxes) <= MOST:
            edges = _edges(calls, rows, set(holders.values()), boxes)
            if boxes and len(boxes) <= 2 * MOST:
                return {"boxes": list(boxes.values()), "edges": edges}
    return None


def _outer(path: str, depth: int) -> str:
    return ".".join(path.split(".")[: depth + 1])


def _edges(
    calls: Sequence[Node], rows: Mapping[Node, Parameter], holders: set[str], boxes: dict[str, dict[str, Any]]
) -> list[list[str]]:
    """Return the pairs of boxes between which values go, and add a box where several ways meet."""
    of: dict[Node, str | None] = {}
    meetings: dict[Any, str] = {}
    edges: dict[tuple[str, str], None] = {}
    for call in calls:
        before = [b for p in call.parents if p is not None and p.prim is not None and (b := of.get(p)) is not None]
        own = None if call.scope is None else _holder(call.scope.path, holders)
        if own is None and call.scope is None:
            own = next((rows[p].layer for p in call.parents if p is not None and p in rows), None)
        if own is None and len(set(before)) > 1:
            place = (
                call.name(),
                call.code,
                call.lasti,
                call.scope and call.scope.path,
            )  # one box for all turns of a loop
            own = meetings.setdefault(place, f"{call.name()} #{len(meetings) + 1}")
            boxes.setdefault(own, {"id": own, "title": call.name(), "label": "", "layers": []})
        of[call] = own if own is not None else (before[0] if before else None)
        edges.update({(b, own): None for b in before if own is not None and b != own})
    return [list(edge) for edge in edges]


def _holder(path: str, holders: set[str]) -> str | None:
    """Return the innermost of the boxes' modules that *path* is, or is in."""
    while path not in holders:
        if "." not in path:
            return None
        path = path.rpartition(".")[0]
    return path


def placed(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a network with coordinates, from left to right, and in each box which of *rows*, a record's JSON, are its own."""
    boxes = []
    for box in found["boxes"]:
        title = clipped(box["title"], ROOM, TITLE_SIZE, bold=True)
        label = clipped(box["label"], ROOM, SIZE)
        members = [i for i, row in enumerate(rows) if row["layer"] in box["layers"]]
        wide = max(width(title, TITLE_SIZE, bold=True), width(label, SIZE), width(WIDEST, SIZE) if members else 0)
        boxes.append((Box(box["id"], wide + 2 * PAD, HEIGHT if members else HEIGHT / 2), title, label, members))
    graph = Graph(
        tuple(box for box, *_ in boxes), tuple(Edge(a, b) for a, b in found["edges"]), direction="LR", layer_gap=26.0
    )
    layout = lay_out(graph).as_dict()
    return {
        "size": layout["size"],
        "boxes": [
            {"at": layout["boxes"][box.id], "title": title, "label": label, "members": members}
            for box, title, label, members in boxes
        ],
        "edges": [edge["points"] for edge in layout["edges"]],
    }
