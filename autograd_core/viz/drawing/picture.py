"""From what is shown and where it lies to a scene: boxes, open modules, edges with arrows and counts, a legend."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ..folding import around
from ..layout import Box as LayoutBox
from ..layout import Cluster as LayoutCluster
from ..layout import Direction, Layout, Rectangle, lay_out
from ..layout import Edge as LayoutEdge
from ..layout import Graph as LayoutGraph
from ..schema import Trace
from ..visible import Visible, VisibleBox, VisibleCluster, VisibleEdge
from .contents import PADDING, SIZES, SPARKLINE, Content, module_title
from .letters import clipped, width, wrapped
from .scene import Group, Path, Rect, Scene, Shape, Text

__all__ = ["placed", "scene"]

MARGIN = 14.0
RADIUS = 6.0
STACK = 4.0  # how far the boxes behind a fold stick out
TIP = 7.0  # the length of an arrow's tip
TITLE = 18.0  # the height of a cluster's title
INDENT = 12.0  # of the title from the cluster's left side
LEGEND_WIDTH = 420.0  # at least this much, however narrow the picture is


# --------------------------------------------------------------------------------------------------------------- placing


def placed(
    made: Trace, shown: Visible, contents: Mapping[str, Content], direction: Direction, engines: Iterable[str]
) -> Layout:
    """Return where everything lies."""
    clusters = tuple(
        LayoutCluster(
            c.id, c.parent, title_width=width(module_title(made, c), SIZES["detail"], bold=True), title_height=TITLE
        )
        for c in shown.clusters
    )
    boxes = tuple(LayoutBox(box.id, *_outer(box, contents[box.id]), box.cluster) for box in shown.boxes)
    edges = tuple(LayoutEdge(e.source, e.target, len(e.edges)) for e in shown.edges)
    return lay_out(LayoutGraph(boxes, edges, clusters, direction), tuple(engines))


def _outer(box: VisibleBox, content: Content) -> tuple[float, float]:
    """Return the size of a box with all that sticks out of it."""
    across, down = content.size
    more = 2 * STACK if box.kind == "fold" else 4.0 if content.output else 0.0
    return across + more, down + more


# --------------------------------------------------------------------------------------------------------------- drawing


def scene(made: Trace, shown: Visible, contents: Mapping[str, Content], layout: Layout) -> Scene:
    """Return the picture."""
    frames = [_frame(made, c, layout.clusters[c.id]) for c in shown.clusters]
    titles = [_frame_title(made, c, layout.clusters[c.id]) for c in shown.clusters]
    ways = [_way(made, e, route.points) for e, route in zip(shown.edges, layout.routes, strict=True)]
    boxes = [_box(box, contents[box.id], layout.boxes[box.id]) for box in shown.boxes]
    taken = [*(_grown(at, 1) for at in layout.boxes.values()), *map(_covered, titles)]
    counts = []
    for e, route in zip(shown.edges, layout.routes, strict=True):
        if len(e.edges) > 1:
            counts.append(_count(len(e.edges), route.points, taken))
    across = max(layout.width, min(LEGEND_WIDTH, 2 * layout.width))
    body = _moved([*frames, *ways, *titles, *boxes, *counts], MARGIN + (across - layout.width) / 2, MARGIN)
    foot = _legend(shown, contents, across)
    down = layout.height
    if foot:
        down += MARGIN + foot[1]
        body += _moved([foot[0]], MARGIN, MARGIN + layout.height + MARGIN)
    total = across + 2 * MARGIN, down + 2 * MARGIN
    paper = Group("", "paper", (Rect(0, 0, *total, 0, "paper"),))
    return Scene(*total, _title(made, shown), _description(made, shown, contents), (paper, *body))


def _frame(made: Trace, cluster: VisibleCluster, at: Rectangle) -> Group:
    shape = Rect(at.x, at.y, at.width, at.height, 10, f"tint{_level(made, cluster.module)}")
    return Group(cluster.id, "cluster", (shape,), module_title(made, cluster))


def _frame_title(made: Trace, cluster: VisibleCluster, at: Rectangle) -> Group:
    title = clipped(module_title(made, cluster), at.width - 2 * INDENT, SIZES["detail"], bold=True)
    text = Text(at.x + INDENT, at.y + TITLE, title, f"frame{_level(made, cluster.module)}", "start")
    return Group("", "frame", (text,))


def _covered(title: Group) -> Rectangle:
    """Return where a cluster's title is, which no count may cover."""
    (text,) = title.shapes
    assert isinstance(text, Text)
    return Rectangle(text.x, text.y - SIZES["detail"], width(text.text, SIZES["detail"], bold=True), SIZES["detail"])


def _level(made: Trace, module: int) -> int:
    """Return which of the two tints an open module has: not that of the one around it."""
    return (len(list(around(made, module))) - 1) % 2


def _box(box: VisibleBox, content: Content, outer: Rectangle) -> Group:
    across, down = content.size
    extra = outer.width - across
    at = Rectangle(outer.x, outer.y, across, down)
    shapes: list[Shape] = []
    style = "failed" if content.failed else "hollow" if content.hollow and box.kind != "input" else box.kind
    if box.kind == "fold":
        shapes += [Rect(at.x + i * STACK, at.y + i * STACK, across, down, RADIUS, style) for i in (2, 1)]
    elif content.output:
        shapes.append(Rect(outer.x, outer.y, outer.width, outer.height, RADIUS + 2, "output"))
        at = Rectangle(outer.x + extra / 2, outer.y + extra / 2, across, down)
    if content.hollow:  # hollow, and yet nothing shows through
        shapes.append(Rect(at.x, at.y, across, down, RADIUS, "paper"))
    shapes.append(Rect(at.x, at.y, across, down, 2 if box.kind in ("leaf", "parameter") else RADIUS, style))
    if box.kind in ("leaf", "parameter") and not content.hollow:
        shapes.append(Rect(at.x, at.y, 4, down, 0, "bar"))
    y = at.y + PADDING - 3
    for line in content.lines:
        y += line.height
        if line.mono and any(other is not line and other.role == line.role for other in content.lines):
            wide = max(other.width for other in content.lines if other.role == line.role)
            shapes.append(Text(at.x + (across - wide) / 2, y, line.text, line.role, "start"))
        else:
            shapes.append(Text(at.x + across / 2, y, line.text, line.role))
    if content.norms:
        shapes += _sparkline(content.norms, at.x + PADDING, y + 6, across - 2 * PADDING)
    return Group(box.id, box.kind, tuple(shapes), content.spoken)


def _sparkline(norms: tuple[float | None, ...], x: float, y: float, across: float) -> list[Shape]:
    """Return a bar for each copy, as high as the norm of its gradient; where there is none, no bar."""
    top = max((n for n in norms if n is not None and math.isfinite(n)), default=0.0)
    step = across / len(norms)
    high = SPARKLINE - 8
    shapes: list[Shape] = [Path(((x, y + high), (x + across, y + high)), "base", curved=False)]
    for i, norm in enumerate(norms):
        if norm is not None and top > 0:
            bar = max(1.0, high * min(norm / top, 1.0)) if math.isfinite(norm) else high
            shapes.append(Rect(x + (i + 0.15) * step, y + high - bar, 0.7 * step, bar, 0, "spark"))
    return shapes


def _way(made: Trace, e: VisibleEdge, points: tuple[tuple[float, float], ...]) -> Group:
    flows = any(made.edges[number].start.needs_grad for number in e.edges)
    (x, y), (end_x, end_y) = points[-2], points[-1]
    back = 3
    while (x, y) == (end_x, end_y) and back <= len(points):
        (x, y), back = points[-back], back + 1
    length = math.hypot(end_x - x, end_y - y) or 1.0
    a, b = (end_x - x) / length, (end_y - y) / length
    neck = end_x - a * TIP * 0.8, end_y - b * TIP * 0.8
    tip = (
        (end_x, end_y),
        (end_x - a * TIP - b * TIP * 0.45, end_y - b * TIP + a * TIP * 0.45),
        (end_x - a * TIP + b * TIP * 0.45, end_y - b * TIP - a * TIP * 0.45),
    )
    shapes = (
        Path((*points[:-1], neck), "way" if flows else "still"),
        Path(tip, "tip" if flows else "stilltip", curved=False, closed=True),
    )
    return Group(f"{e.source}-{e.target}", "edge", shapes)


def _count(n: int, points: tuple[tuple[float, float], ...], taken: list[Rectangle]) -> Group:
    """Return the count of an edge at a place on it where it covers no box and no other count."""
    text = f"×{n}"
    across, down = width(text, 11, True) + 4, 14.0
    ways = [points[i : i + 4] for i in range(0, len(points) - 1, 3)]
    spots = [(way, t) for t in (0.5, 0.35, 0.65, 0.2, 0.8) for way in ways[len(ways) // 2 :] + ways[: len(ways) // 2]]
    places = [_on_curve(way, t) for way, t in spots]
    areas = [Rectangle(x - across / 2, y - down / 2, across, down) for x, y in places]
    best = next((area for area in areas if not any(_overlap(area, other) for other in taken)), areas[0])
    taken.append(best)
    return Group("", "count", (Text(best.x + across / 2, best.y + 11, text, "count"),))


def _on_curve(way: tuple[tuple[float, float], ...], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    return sum(w * x for w, (x, _) in zip(weights, way)), sum(w * y for w, (_, y) in zip(weights, way))


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def _grown(at: Rectangle, by: float) -> Rectangle:
    return Rectangle(at.x - by, at.y - by, at.width + 2 * by, at.height + 2 * by)


def _moved(groups: Iterable[Group], x: float, y: float) -> list[Group]:
    def shifted(shape: Shape) -> Shape:
        match shape:
            case Rect():
                return Rect(shape.x + x, shape.y + y, shape.width, shape.height, shape.radius, shape.style)
            case Path():
                return Path(tuple((a + x, b + y) for a, b in shape.points), shape.style, shape.curved, shape.closed)
            case Text():
                return Text(shape.x + x, shape.y + y, shape.text, shape.style, shape.anchor)

    return [Group(g.id, g.kind, tuple(map(shifted, g.shapes)), g.spoken) for g in groups]


# ---------------------------------------------------------------------------------------------------------------- legend


def _legend(shown: Visible, contents: Mapping[str, Content], across: float) -> tuple[Group, float] | None:
    """Return the explanation of what occurs, in rows, and how high it is; None where nothing needs one."""
    entries = _meanings(shown, contents)
    shapes: list[Shape] = []
    x, y = 0.0, 0.0
    for style, text in entries:
        wide = 26 + width(text, 11)
        if x and x + wide > across:
            x, y = 0.0, y + 20
        shapes += _sample(style, x, y)
        shapes.append(Text(x + 26, y + 11, text, "legend", "start"))
        x += wide + 18
    if entries:
        y += 20
    if shown.says:
        for line in wrapped(shown.says, max(30, int(across / 6.6)), 4):
            shapes.append(Text(0, y + 11, line, "legend", "start"))
            y += 16
    return (Group("", "legend", tuple(shapes)), y - 4) if shapes else None


def _meanings(shown: Visible, contents: Mapping[str, Content]) -> list[tuple[str, str]]:
    kinds = {box.kind for box in shown.boxes if not contents[box.id].hollow}
    roles = {line.role for content in contents.values() for line in content.lines}
    found = []
    if "operation" in kinds:
        found.append(("operation", "operation"))
    if "function" in kinds:
        found.append(("function", "function with its own backward"))
    if kinds & {"leaf", "parameter"}:
        found.append(("parameter", "parameter" if "leaf" not in kinds else "gets a gradient"))
    if "module" in kinds:
        found.append(("module", "module"))
    if "fold" in kinds:
        bars = ", bars: gradient norms" if any(content.norms for content in contents.values()) else ""
        found.append(("fold", "equal modules in a row" + bars))
    if any(content.hollow for content in contents.values()):
        found.append(("hollow", "needs no gradient"))
    if any(content.output for content in contents.values()):
        found.append(("output", "backward starts here"))
    if "value" in roles:
        found.append(("value", "value"))
    if "gradient" in roles:
        found.append(("gradient", "gradient of the output"))
    if any(content.failed for content in contents.values()):
        found.append(("failed", "failed"))
    if any(len(e.edges) > 1 for e in shown.edges):
        found.append(("count", "n operands"))
    return found


def _sample(style: str, x: float, y: float) -> list[Shape]:
    if style in ("value", "gradient", "count"):
        return [Text(x + 10, y + 11, {"value": "=", "gradient": "G", "count": "×n"}[style], style)]
    shapes: list[Shape] = []
    if style == "fold":
        shapes.append(Rect(x + 3, y + 3, 17, 11, 3, style))
    if style == "output":
        shapes.append(Rect(x + 2, y + 3, 15, 9, 2, "operation"))
        return [Rect(x, y + 1, 19, 13, 4, style), *shapes]
    shapes.append(Rect(x, y + 1, 19, 12, 1 if style == "parameter" else 3, style))
    if style == "parameter":
        shapes.append(Rect(x, y + 1, 4, 12, 0, "bar"))
    return shapes


# ---------------------------------------------------------------------------------------------------------------- spoken


def _title(made: Trace, shown: Visible) -> str:
    names = ", ".join(str(node) for node, _ in made.seeds)
    failed = next((n for n in made.nodes if n.error is not None), None)
    said = f"Graph up to {failed}, which failed" if failed is not None else f"Graph of {names}"
    return f"{said}: {len(shown.boxes)} boxes, {len(shown.edges)} edges"


def _description(made: Trace, shown: Visible, contents: Mapping[str, Content]) -> str:
    """Return what is fed by what, in the order of computation, as far as it can be listened to."""
    fed: dict[str, list[str]] = {}
    for e in shown.edges:
        fed.setdefault(e.target, []).append(contents[e.source].title)
    said = [f"{contents[box.id].title} from {', '.join(fed[box.id])}" for box in shown.boxes if box.id in fed]
    more = f"; and {len(said) - 40} more" if len(said) > 40 else ""
    return ("; ".join(said[:40]) + more + ". " + shown.says).strip()
