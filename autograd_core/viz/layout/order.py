"""Who stands beside whom in each layer: few crossings, each cluster in one piece and on one side of the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from .layers import Pairs

__all__ = ["ROOT", "Nesting", "Woven", "crossings", "ordered", "woven"]

ROOT = -1  # the cluster of what is in no cluster
SWEEPS = 12
PATIENCE = 3  # sweeps that may bring nothing


class Nesting:
    """The tree of clusters and the layers that each one spans; ``members`` are those with boxes in them, outer ones first."""

    def __init__(self, parents: Sequence[int], homes: Sequence[int], layer: Sequence[int]) -> None:
        self.parents = parents
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}
        self._ways: dict[int, tuple[int, ...]] = {ROOT: ()}
        for node, home in enumerate(homes):
            for cluster in self.way(home):
                self.first[cluster] = min(self.first.get(cluster, layer[node]), layer[node])
                self.last[cluster] = max(self.last.get(cluster, layer[node]), layer[node])
        self.members = sorted(self.first, key=lambda cluster: (len(self.way(cluster)), cluster))

    def way(self, cluster: int) -> tuple[int, ...]:
        """The clusters around, from the outermost to *cluster* itself."""
        new = []
        at = cluster
        while at not in self._ways:
            new.append(at)
            at = self.parents[at]
        for inner in reversed(new):
            self._ways[inner] = (*self._ways[self.parents[inner]], inner)
        return self._ways[cluster]

    def between(self, source: int, target: int, layer: int) -> int:
        """The cluster that an edge from a box in *source* to one in *target* is in where it passes *layer*.

        It leaves a cluster through the end and enters through the start, and only where both lie side by side it is
        between them.
        """
        a, b = self.way(source), self.way(target)
        shared = 0
        while shared < min(len(a), len(b)) and a[shared] == b[shared]:
            shared += 1
        leaving = [cluster for cluster in a[shared:] if layer <= self.last[cluster]]
        entering = [cluster for cluster in b[shared:] if layer >= self.first[cluster]]
        if leaving and not entering:
            return leaving[-1]
        if entering and not leaving:
            return entering[-1]
        return a[shared - 1] if shared else ROOT


class Woven:
    """The graph with a node in each layer that an edge passes: every segment joins two neighbouring layers.

    Edges of one source share these nodes, so a weight with many uses is one line with branches.  ``paths[edge]`` are the
    nodes of an edge from source to target; ``homes`` and ``layer`` are those of all nodes.
    """

    def __init__(self, layer: list[int], homes: list[int], paths: list[list[int]], boxes: int) -> None:
        self.layer, self.homes, self.paths, self.boxes = layer, homes, paths, boxes
        self.above: list[list[int]] = [[] for _ in layer]
        self.below: list[list[int]] = [[] for _ in layer]
        self.segments = list(dict.fromkeys(pair for path in paths for pair in pairwise(path)))
        for upper, lower in self.segments:
            self.below[upper].append(lower)
            self.above[lower].append(upper)


def woven(edges: Pairs, layer: list[int], homes: list[int], nesting: Nesting) -> Woven:
    boxes = len(layer)
    layer, homes = list(layer), list(homes)
    there: dict[tuple[int, int, int], int] = {}
    paths = []
    for source, target in edges:
        path = [source]
        for at in range(layer[source] + 1, layer[target]):
            key = source, at, nesting.between(homes[source], homes[target], at)
            if key not in there:
                there[key] = len(layer)
                layer.append(at)
                homes.append(key[2])
            path.append(there[key])
        paths.append([*path, target])
    present = {(cluster, at) for at, home in zip(layer, homes) for cluster in nesting.way(home)}
    for cluster in reversed(nesting.members):  # a node of its own where a cluster has none, so that it keeps its place
        for at in range(nesting.first[cluster], nesting.last[cluster] + 1):
            if (cluster, at) not in present:
                present.update((outer, at) for outer in nesting.way(cluster))
                layer.append(at)
                homes.append(cluster)
    return Woven(layer, homes, paths, boxes)


def ordered(graph: Woven, nesting: Nesting) -> list[list[int]]:
    """The nodes of each layer from left to right, by medians, in sweeps down and up; the best order that was seen.

    Within a sweep a cluster has one key in all its layers, so clusters side by side never change sides.
    """
    rows: list[list[int]] = [[] for _ in range(max(graph.layer, default=-1) + 1)]
    for node in _by_search(graph):
        rows[graph.layer[node]].append(node)
    at = [0.0] * len(graph.layer)
    _place(rows, at)
    best, fewest, since = rows, -1, 0
    for sweep in range(SWEEPS):
        prefixes = _prefixes(graph, nesting, at)
        down = sweep % 2 == 0
        beside = graph.above if down else graph.below
        rows = [row[:] for row in rows]
        for row in rows if down else reversed(rows):
            key = {node: _median([at[other] for other in beside[node]], at[node]) for node in row}
            row.sort(key=lambda node: (*prefixes[graph.homes[node]], key[node], -1, at[node]))
            _place([row], at)
        _swap(rows, graph, at)
        count = crossings(rows, graph)
        if fewest < 0 or count < fewest:
            best, fewest, since = rows, count, 0
        else:
            since += 1
        if not count or since == PATIENCE:
            break
    return best


def _by_search(graph: Woven) -> list[int]:
    """All nodes as a search in depth meets them, so that what belongs together starts together."""
    seen = [False] * len(graph.layer)
    found = []
    for start in sorted(range(len(graph.layer)), key=lambda node: graph.layer[node]):
        stack = [start]
        while stack:
            node = stack.pop()
            if not seen[node]:
                seen[node] = True
                found.append(node)
                stack += reversed(graph.above[node] + graph.below[node])
    return found


def _place(rows: Iterable[list[int]], at: list[float]) -> None:
    for row in rows:
        middle = (len(row) - 1) / 2
        for i, node in enumerate(row):
            at[node] = i - middle


def _median(values: list[float], otherwise: float) -> float:
    if not values:
        return otherwise
    values.sort()
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _prefixes(graph: Woven, nesting: Nesting, at: list[float]) -> dict[int, tuple[float, ...]]:
    """What the key of a node begins with: for each cluster around it where that wants to be, and a number of its own."""
    wanted: dict[int, list[float]] = {cluster: [] for cluster in nesting.members}
    inside: dict[int, list[float]] = {cluster: [] for cluster in nesting.members}
    for node, home in enumerate(graph.homes):
        for cluster in nesting.way(home):
            inside[cluster].append(at[node])
    for upper, lower in graph.segments:
        a, b = nesting.way(graph.homes[upper]), nesting.way(graph.homes[lower])
        if a != b:
            for cluster in set(a).difference(b):
                wanted[cluster].append(at[lower])
            for cluster in set(b).difference(a):
                wanted[cluster].append(at[upper])
    prefixes: dict[int, tuple[float, ...]] = {ROOT: ()}
    for cluster in nesting.members:
        values = wanted[cluster] or inside[cluster]
        prefixes[cluster] = (*prefixes[nesting.parents[cluster]], sum(values) / len(values), cluster)
    return prefixes


def _swap(rows: list[list[int]], graph: Woven, at: list[float]) -> None:
    """Exchanges neighbours of one cluster where that saves crossings."""
    for row in rows:
        for i in range(len(row) - 1):
            a, b = row[i], row[i + 1]
            if graph.homes[a] == graph.homes[b]:
                saved = 0
                for beside in (graph.above, graph.below):
                    for left in beside[a]:
                        for right in beside[b]:
                            saved += (at[left] > at[right]) - (at[left] < at[right])
                if saved > 0:
                    row[i], row[i + 1] = b, a
                    at[a], at[b] = at[b], at[a]


def crossings(rows: list[list[int]], graph: Woven) -> int:
    """How often two segments cross."""
    place = {node: i for row in rows for i, node in enumerate(row)}
    count = 0
    for row in rows:
        ends: list[int] = []  # of the segments so far, sorted
        for node in row:
            lower = sorted(place[other] for other in graph.below[node])
            for end in lower:
                count += len(ends) - bisect_left(ends, end + 1)
            for end in lower:
                ends.insert(bisect_left(ends, end), end)
    return count
