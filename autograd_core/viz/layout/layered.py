"""The engine that is always there: layers, few crossings, straight lines (after Sugiyama, Tagawa and Toda, 1981).

Every edge runs through a free place in each layer that it passes and bends only between layers, so no edge touches a box
that is not its own.  Everything here has two axes, ``along`` the edges and ``across``; only the last step knows x and y.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .coordinates import Frame, across
from .graph import Cluster, Graph, Layout, Point, Rectangle
from .layers import in_layers, without_cycles
from .order import ROOT, Nesting, Woven, ordered, woven

__all__ = ["layered"]

PORTS = 0.35  # edges end within this part of a box's width on both sides of its middle
PORT_GAP = 10.0


def layered(graph: Graph) -> Layout:
    """Lay *graph* out; the same graph gives the same layout."""
    name = {box.id: i for i, box in enumerate(graph.boxes)}
    cluster = {one.id: i for i, one in enumerate(graph.clusters)}
    parents = [ROOT if one.parent is None else cluster[one.parent] for one in graph.clusters]
    homes = [ROOT if box.cluster is None else cluster[box.cluster] for box in graph.boxes]
    edges = [(name[edge.source], name[edge.target]) for edge in graph.edges]
    forward = without_cycles(len(homes), edges)

    layer = in_layers(forward, homes, parents)
    nesting = Nesting(parents, homes, layer)
    net = woven(forward, layer, homes, nesting)
    rows = ordered(net, nesting)

    down = graph.direction == "TB"
    widths = [box.width if down else box.height for box in graph.boxes] + [0.0] * (len(net.layer) - len(homes))
    lengths = [box.height if down else box.width for box in graph.boxes]
    u, spans = across(rows, net, nesting, widths, [_frame(one, down) for one in graph.clusters], graph.box_gap)
    bands, ranges = _along(rows, nesting, lengths, graph.clusters, down, graph.layer_gap)

    boxes = [
        _Span(u[i] - widths[i] / 2, u[i] + widths[i] / 2, middle - lengths[i] / 2, middle + lengths[i] / 2)
        for i, middle in enumerate(sum(bands[layer[i]]) / 2 for i in range(len(homes)))
    ]
    found = iter(_routes(net, u, boxes, bands))
    ways = []
    for source, target in edges:
        points = _loop(boxes[source], graph.box_gap / 2) if source == target else next(found)
        if layer[source] > layer[target]:  # it was turned round
            points.reverse()
        ways.append([point if down else point[::-1] for point in points])
    clusters = {i: _Span(*spans[i], *ranges[i]) for i in sorted(nesting.members)}

    def rectangle(at: _Span) -> Rectangle:
        width, height = at.end - at.start, at.bottom - at.top
        return Rectangle(at.start, at.top, width, height) if down else Rectangle(at.top, at.start, height, width)

    return Layout.of(
        "layered",
        graph,
        {box.id: replace(rectangle(at), width=box.width, height=box.height) for box, at in zip(graph.boxes, boxes)},
        {graph.clusters[i].id: rectangle(at) for i, at in clusters.items()},
        ways,
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """A rectangle as the layers see it: from ``start`` to ``end`` across, from ``top`` to ``bottom`` along."""

    start: float
    end: float
    top: float
    bottom: float


def _frame(cluster: Cluster, down: bool) -> Frame:
    pad, title = cluster.padding, cluster.title_height
    return Frame(pad, pad, cluster.title_width + 2 * pad) if down else Frame(pad + title, pad, 0.0)


def _along(
    rows: list[list[int]],
    nesting: Nesting,
    lengths: list[float],
    clusters: tuple[Cluster, ...],
    down: bool,
    gap: float,
) -> tuple[list[tuple[float, float]], dict[int, tuple[float, float]]]:
    """Where each layer begins and ends, and each cluster: frames fit into the gaps between layers."""
    size = [max((lengths[node] for node in row if node < len(lengths)), default=0.0) for row in rows]
    extra = [0.0] * len(rows)  # after each layer, for titles that are longer than what they stand over
    before: dict[int, float] = {}
    after: dict[int, float] = {}
    above, below = [0.0] * len(rows), [0.0] * len(rows)
    for i in reversed(nesting.members):
        inner = [j for j in before if nesting.parents[j] == i]
        first, last = nesting.first[i], nesting.last[i]
        pad = clusters[i].padding
        nested = max((before[j] for j in inner if nesting.first[j] == first), default=0.0)
        before[i] = nested + pad + (clusters[i].title_height if down else 0.0)
        after[i] = pad + max((after[j] for j in inner if nesting.last[j] == last), default=0.0)
        above[first], below[last] = max(above[first], before[i]), max(below[last], after[i])
        if not down:
            there = sum(size[first : last + 1]) + sum(extra[first:last]) + gap * (last - first)
            missing = clusters[i].title_width + 2 * pad - there - before[i] - after[i]
            if missing > 0 and first == last:
                size[first] += missing
            elif missing > 0:
                extra[first] += missing
    bands: list[tuple[float, float]] = []
    at = 0.0
    for i, length in enumerate(size):
        at += above[i]
        bands.append((at, at + length))
        at += length + below[i] + gap + extra[i]
    ranges = {
        i: (bands[nesting.first[i]][0] - before[i], bands[nesting.last[i]][1] + after[i]) for i in nesting.members
    }
    return bands, ranges


def _routes(net: Woven, u: list[float], boxes: list[_Span], bands: list[tuple[float, float]]) -> list[list[Point]]:
    """The way of each edge from the bottom of one box to the top of another."""
    leaving: dict[int, dict[tuple[int, int], float]] = {}
    entering: dict[int, dict[tuple[int, int], float]] = {}
    keys = []
    met: dict[tuple[int, int], int] = {}
    for path in net.paths:
        number = 0  # edges that would be one line get places side by side
        if len(path) == 2:
            number = met[path[0], path[1]] = met.get((path[0], path[1]), -1) + 1
        out, into = (path[1], number), (path[-2], number)
        leaving.setdefault(path[0], {})[out] = u[path[1]]
        entering.setdefault(path[-1], {})[into] = u[path[-2]]
        keys.append((out, into))
    leaves = {box: _ports(boxes[box], wanted) for box, wanted in leaving.items()}
    enters = {box: _ports(boxes[box], wanted) for box, wanted in entering.items()}
    routes = []
    for path, (out, into) in zip(net.paths, keys):
        source, target = path[0], path[-1]
        start, end = leaves[source][out], enters[target][into]
        stops = [(start, boxes[source].bottom), (start, bands[net.layer[source]][1])]
        for node in path[1:-1]:
            stops += [(u[node], band) for band in bands[net.layer[node]]]
        stops += [(end, bands[net.layer[target]][0]), (end, boxes[target].top)]
        routes.append(_curve(stops))
    return routes


def _ports(box: _Span, wanted: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """Where edges meet a side of a box: towards their other ends, in their order, and apart."""
    middle = (box.start + box.end) / 2
    reach = PORTS * (box.end - box.start)
    gap = min(PORT_GAP, 2 * reach / max(len(wanted) - 1, 1))
    order = sorted(wanted, key=lambda key: (wanted[key], key))
    places: list[float] = []
    for i, key in enumerate(order):
        low = middle - reach if not i else places[-1] + gap
        places.append(max(low, min(wanted[key], middle + reach)))
    high = middle + reach
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], high)
        high = places[i] - gap
    return dict(zip(order, places))


def _curve(stops: Iterable[Point]) -> list[Point]:
    """Straight where two stops lie one under the other, else bent so that it leaves and arrives along the edges."""
    first, *rest = dict.fromkeys(stops)
    pieces: list[tuple[Point, Point]] = []
    at = first
    for stop in rest:
        if pieces and abs(pieces[-1][0][0] - at[0]) < 1e-6 and abs(at[0] - stop[0]) < 1e-6:
            pieces[-1] = pieces[-1][0], stop
        else:
            pieces.append((at, stop))
        at = stop
    points = [first]
    for (a, b), (c, d) in pieces:
        straight = abs(a - c) < 1e-6
        bend = (d - b) / (3 if straight else 2)
        points += [(a, b + bend), (c, d - bend), (c, d)]
    return points


def _loop(box: _Span, out: float) -> list[Point]:
    quarter = (box.bottom - box.top) / 4
    low, high = box.top + quarter, box.bottom - quarter
    return [(box.end, high), (box.end + out, high), (box.end + out, low), (box.end, low)]
