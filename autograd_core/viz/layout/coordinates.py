"""Coordinates across the layers: long edges and the borders of clusters straight, boxes under the middle of their sources.

After Brandes and Koepf, "Fast and simple horizontal coordinate assignment" (Graph Drawing 2001): nodes are aligned with
their median neighbours to blocks, greedily from each of four corners, each time the blocks are packed, and a node comes to
the mean of the middle two of its four places.  All that holds in each of the four, distances and straight borders, holds in
the mean.  The two borders of a cluster take part as chains of nodes, whose segments none may be aligned across.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from .layers import Pairs
from .order import ROOT, Nesting, Woven

__all__ = ["Frame", "across"]


@dataclass(frozen=True)
class Frame:
    """What a cluster needs across the layers: room before and after its members, and in all."""

    before: float
    after: float
    least: float


@dataclass
class _Bordered:
    """The rows with the borders in them, the distance from each node to the next, and what is linked to what."""

    rows: list[list[int]]
    gaps: list[list[float]]
    borders: dict[int, tuple[list[int], list[int]]]  # cluster: its left and right nodes, from layer to layer
    segments: list[Pairs]  # by the layer of the upper end, those that may be aligned
    count: int


def across(
    rows: list[list[int]], graph: Woven, nesting: Nesting, widths: Sequence[float], frames: Sequence[Frame], gap: float
) -> tuple[list[float], dict[int, tuple[float, float]]]:
    """The centre of each node, and where each cluster begins and ends."""
    bordered = _with_borders(rows, graph, nesting, widths, frames, gap)
    runs = [_run(bordered, frames, up, right) for up in (False, True) for right in (False, True)]
    spans = [(min(run, default=0.0), max(run, default=0.0)) for run in runs]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    shifted = [
        [x + (high - end if i % 2 else low - start) for x in run]
        for i, (run, (start, end)) in enumerate(zip(runs, spans))
    ]
    x = [sum(sorted(places)[1:3]) / 2 for places in zip(*shifted)]
    return x, _shrunk(x, graph, nesting, widths, frames, bordered)


def _shrunk(
    x: list[float],
    graph: Woven,
    nesting: Nesting,
    widths: Sequence[float],
    frames: Sequence[Frame],
    bordered: _Bordered,
) -> dict[int, tuple[float, float]]:
    """Each cluster as narrow as its members allow, inside its borders."""
    ends: dict[int, tuple[float, float]] = {}
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    for node, home in enumerate(graph.homes):
        if home != ROOT:
            low[home] = min(low.get(home, x[node]), x[node] - widths[node] / 2)
            high[home] = max(high.get(home, x[node]), x[node] + widths[node] / 2)
    for cluster in reversed(nesting.members):
        lefts, rights = bordered.borders[cluster]
        frame, left, right = frames[cluster], x[lefts[0]], x[rights[0]]
        start, end = low[cluster] - frame.before, high[cluster] + frame.after
        missing = frame.least - (end - start)
        if missing > 0:
            start = max(left, min(start - missing / 2, right - frame.least))
            end = start + frame.least
        ends[cluster] = start, end
        parent = nesting.parents[cluster]
        if parent != ROOT:
            low[parent] = min(low.get(parent, start), start)
            high[parent] = max(high.get(parent, end), end)
    return ends


def _with_borders(
    rows: list[list[int]], graph: Woven, nesting: Nesting, widths: Sequence[float], frames: Sequence[Frame], gap: float
) -> _Bordered:
    count = len(graph.layer)
    home: dict[int, int] = {}  # of the borders: their cluster
    side: dict[int, int] = {}  # and which one of the two
    borders: dict[int, tuple[list[int], list[int]]] = {cluster: ([], []) for cluster in nesting.members}
    full: list[list[int]] = []

    def border(cluster: int, which: int) -> int:
        nonlocal count
        home[count], side[count] = cluster, which
        borders[cluster][which].append(count)
        count += 1
        return count - 1

    for row in rows:
        out: list[int] = []
        open_: tuple[int, ...] = ()
        for node in [*row, -1]:
            way = nesting.way(graph.homes[node]) if node >= 0 else ()
            kept = 0
            while kept < min(len(open_), len(way)) and open_[kept] == way[kept]:
                kept += 1
            out += [border(cluster, 1) for cluster in reversed(open_[kept:])]
            out += [border(cluster, 0) for cluster in way[kept:]]
            open_ = way
            if node >= 0:
                out.append(node)
        full.append(out)

    def distance(a: int, b: int) -> float:
        half = sum(widths[node] / 2 for node in (a, b) if node not in home)
        first, last = side.get(a) == 0, side.get(b) == 1
        if first or last:
            return half + first * frames[home.get(a, 0)].before + last * frames[home.get(b, 0)].after
        lines = sum(graph.boxes <= node < len(graph.layer) for node in (a, b))
        return half + gap * (1.0, 0.8, 0.6)[lines]

    strong: list[Pairs] = [[] for _ in full]
    place = {node: i for row in full for i, node in enumerate(row)}
    for cluster, pair in borders.items():
        for chain in pair:
            for i, segment in enumerate(pairwise(chain)):
                strong[nesting.first[cluster] + i].append(segment)
    inner: list[Pairs] = [[] for _ in full]
    weak: list[Pairs] = [[] for _ in full]
    for upper, lower in graph.segments:
        (inner if upper >= graph.boxes and lower >= graph.boxes else weak)[graph.layer[upper]].append((upper, lower))
    usable = []
    for i in range(len(full)):
        inner_here = _beside(strong[i], inner[i], place)
        usable.append(strong[i] + inner_here + _beside(strong[i] + inner_here, weak[i], place))
    gaps = [[distance(a, b) for a, b in pairwise(row)] for row in full]
    return _Bordered(full, gaps, borders, usable, count)


def _beside(strong: Pairs, weak: Pairs, place: dict[int, int]) -> Pairs:
    """Those of *weak* that cross none of *strong*."""
    lines = sorted((place[a], place[b]) for a, b in strong)
    starts = [a for a, _ in lines]
    before = list(accumulate((b for _, b in lines), max, initial=-1))
    after = list(accumulate((b for _, b in reversed(lines)), min, initial=len(place)))[::-1]
    return [
        (a, b)
        for a, b in weak
        if before[bisect_left(starts, place[a])] <= place[b] <= after[bisect_right(starts, place[a])]
    ]


def _run(bordered: _Bordered, frames: Sequence[Frame], up: bool, right: bool) -> list[float]:
    """The places when nodes are aligned from the first layer, or the last, and from the left, or the right."""
    rows, gaps = bordered.rows, bordered.gaps
    if right:
        rows, gaps = [row[::-1] for row in rows], [row[::-1] for row in gaps]
    place = [0] * bordered.count
    for row in rows:
        for i, node in enumerate(row):
            place[node] = i
    beside: list[list[int]] = [[] for _ in range(bordered.count)]
    for segments in bordered.segments:
        for upper, lower in segments:
            beside[upper if up else lower].append(lower if up else upper)
    root = _blocks(rows[::-1] if up else rows, beside, place)
    after: list[dict[int, float]] = [{} for _ in range(bordered.count)]
    for row, distances in zip(rows, gaps):
        for a, b, distance in zip(row, row[1:], distances):
            later = after[root[a]]
            later[root[b]] = max(later.get(root[b], 0.0), distance)
    far = set()
    for cluster, (lefts, rights) in bordered.borders.items():
        a, b = (rights[0], lefts[0]) if right else (lefts[0], rights[0])
        later = after[root[a]]
        later[root[b]] = max(later.get(root[b], 0.0), frames[cluster].least)
        far.add(root[b])
    x = _packed(root, after, far)
    return [-at for at in x] if right else x


def _blocks(rows: list[list[int]], beside: list[list[int]], place: list[int]) -> list[int]:
    """The first node of each node's block: it joins the median of its neighbours in the row before that is still free."""
    root = list(range(len(place)))
    taken = [False] * len(place)
    for row in rows:
        reached = -1
        for node in row:
            others = sorted(beside[node], key=place.__getitem__)
            for i in dict.fromkeys(((len(others) - 1) // 2, len(others) // 2)) if others else ():
                other = others[i]
                if not taken[other] and reached < place[other]:
                    taken[other] = True
                    root[node] = root[other]
                    reached = place[other]
                    break
    return root


def _packed(root: list[int], after: list[dict[int, float]], far: set[int]) -> list[float]:
    """Each block as far to the left as it goes, then up to its right neighbours, but not the right border of a cluster."""
    waiting = [0] * len(root)
    for later in after:
        for block in later:
            waiting[block] += 1
    order = [node for node in range(len(root)) if root[node] == node and not waiting[node]]
    x = [0.0] * len(root)
    for block in order:  # grows while it is read
        for other, distance in after[block].items():
            x[other] = max(x[other], x[block] + distance)
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for block in reversed(order):
        if after[block] and block not in far:
            x[block] = max(x[block], min(x[other] - distance for other, distance in after[block].items()))
    return [x[block] for block in root]
