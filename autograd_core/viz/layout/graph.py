"""What a layout is made from, and what it is: boxes of fixed sizes in nested clusters, and where they lie."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ...errors import ArgumentError

__all__ = ["Box", "Cluster", "Direction", "Edge", "Graph", "Layout", "Point", "Rectangle", "Route"]

Direction = Literal["TB", "LR"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A box to place.  Its size is that of the text in it, which no engine changes."""

    id: str
    width: float
    height: float
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A rectangle around boxes and other clusters, with a title on its upper edge."""

    id: str
    parent: str | None = None
    padding: float = 12.0
    title_width: float = 0.0
    title_height: float = 18.0


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between boxes, which may stand for several: ``count``."""

    source: str
    target: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Graph:
    """What to lay out.

    ``direction`` is where arrows lead: "TB" from top to bottom, "LR" from left to right.  ``layer_gap`` lies between one
    step in that direction and the next, ``box_gap`` between neighbours across it.

    Raises ArgumentError for an id that is there twice, an edge or cluster that names something unknown, clusters that
    contain themselves, and sizes that are no sizes.

    >>> from autograd_core.viz.layout import Box, Edge, Graph
    >>> graph = Graph((Box("x", 40, 20), Box("y", 40, 20)), (Edge("x", "y"),))
    >>> graph.direction
    'TB'
    """

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    direction: Direction = "TB"
    layer_gap: float = 36.0
    box_gap: float = 20.0

    def __post_init__(self) -> None:
        if self.direction not in get_args(Direction):
            raise ArgumentError(f"direction is {self.direction!r}; expected 'TB' (top to bottom) or 'LR': choose one")
        for name in ("layer_gap", "box_gap"):
            _size(f"Graph.{name}", getattr(self, name), above=True)
        boxes = _unique("box", [box.id for box in self.boxes])
        clusters = _unique("cluster", [cluster.id for cluster in self.clusters])
        for box in self.boxes:
            _size(f"width of box {box.id!r}", box.width, above=True)
            _size(f"height of box {box.id!r}", box.height, above=True)
            _known(f"box {box.id!r} lies in cluster", box.cluster, clusters, "Graph.clusters")
        for cluster in self.clusters:
            for name in ("padding", "title_width", "title_height"):
                _size(f"{name} of cluster {cluster.id!r}", getattr(cluster, name))
            _known(f"cluster {cluster.id!r} lies in cluster", cluster.parent, clusters, "Graph.clusters")
        for edge in self.edges:
            for end, name in (("from", edge.source), ("to", edge.target)):
                _known(f"the edge {edge.source!r} -> {edge.target!r} goes {end} box", name, boxes, "Graph.boxes")
        self._check_nesting()

    def _check_nesting(self) -> None:
        parent = {cluster.id: cluster.parent for cluster in self.clusters}
        ends: set[str | None] = {None}
        for start in parent:
            path: dict[str | None, None] = {}
            at: str | None = start
            while at not in ends:
                if at in path:
                    raise ArgumentError(f"cluster {at!r} contains itself; expected a tree: let one parent be None")
                path[at] = None
                at = parent[at] if at is not None else None
            ends.update(path)


def _unique(what: str, ids: list[str]) -> set[str]:
    found: set[str] = set()
    for name in ids:
        if name in found:
            raise ArgumentError(f"the id {name!r} of a {what} is there twice; expected one: rename the second {what}")
        found.add(name)
    return found


def _known(said: str, name: str | None, there: Collection[str], where: str) -> None:
    if name is not None and name not in there:
        raise ArgumentError(f"{said} {name!r}, which is not in {where}; add it there, or name one of {len(there)}")


def _size(what: str, value: float, above: bool = False) -> None:
    if not math.isfinite(value) or value < 0 or (above and value == 0):
        expected = "more than 0" if above else "0 or more"
        raise ArgumentError(f"the {what} is {value!r}; expected a finite number, {expected}: measure the text again")


@dataclass(frozen=True, slots=True)
class Rectangle:
    """``x`` and ``y`` are its upper left corner; y grows downwards, as in SVG."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Route:
    """The way of an edge: a chain of cubic Bezier curves, the arrow's tip at its end.

    ``points`` are a start and three for each curve, as SVG's ``M p0 C p1 p2 p3 ...`` takes them.  The first lies on the
    border of the source, the last on that of the target.
    """

    source: str
    target: str
    count: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies, whichever engine found it; nothing has coordinates below 0.

    ``routes`` are in the order of the graph's edges.  A cluster without a box in it has no rectangle.  ``skipped`` says of
    each engine that was asked before why it gave no layout.
    """

    engine: str
    direction: Direction
    boxes: dict[str, Rectangle]
    clusters: dict[str, Rectangle]
    routes: tuple[Route, ...]
    width: float
    height: float
    skipped: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        engine: str,
        graph: Graph,
        boxes: dict[str, Rectangle],
        clusters: dict[str, Rectangle],
        ways: Sequence[Sequence[Point]],
    ) -> Layout:
        """What an engine found, moved so that it begins at 0; *ways* are the points of the routes."""
        every = [*boxes.values(), *clusters.values()]
        ends = [point for way in ways for point in way]
        x = min([*(at.x for at in every), *(a for a, _ in ends)], default=0.0)
        y = min([*(at.y for at in every), *(b for _, b in ends)], default=0.0)

        def moved(of: dict[str, Rectangle]) -> dict[str, Rectangle]:
            return {name: Rectangle(at.x - x, at.y - y, at.width, at.height) for name, at in of.items()}

        return cls(
            engine,
            graph.direction,
            moved(boxes),
            moved(clusters),
            tuple(
                Route(edge.source, edge.target, edge.count, tuple((a - x, b - y) for a, b in way))
                for edge, way in zip(graph.edges, ways)
            ),
            max([*(at.right for at in every), *(a for a, _ in ends)], default=x) - x,
            max([*(at.bottom for at in every), *(b for _, b in ends)], default=y) - y,
        )

    def as_dict(self) -> dict[str, Any]:
        """The layout as JSON has it, to a hundredth of a pixel."""

        def numbers(*values: float) -> list[float]:
            return [round(value, 2) for value in values]

        def rectangles(of: dict[str, Rectangle]) -> dict[str, list[float]]:
            return {name: numbers(at.x, at.y, at.width, at.height) for name, at in of.items()}

        return {
            "engine": self.engine,
            "direction": self.direction,
            "size": numbers(self.width, self.height),
            "boxes": rectangles(self.boxes),
            "clusters": rectangles(self.clusters),
            "edges": [
                {
                    "from": route.source,
                    "to": route.target,
                    "count": route.count,
                    "points": [numbers(*point) for point in route.points],
                }
                for route in self.routes
            ],
        }
