"""Which layer each box is in: every edge leads at least one layer on, and as few layers as can be had."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Pairs", "in_layers", "without_cycles"]

Pairs = list[tuple[int, int]]


def without_cycles(count: int, edges: Pairs) -> Pairs:
    """The edges, those turned round that would close a cycle; loops are left out."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    done = [0] * count  # 0 not seen, 1 on the way, 2 left
    back: set[tuple[int, int]] = set()
    for start in range(count):
        if done[start]:
            continue
        done[start] = 1
        way = [(start, iter(following[start]))]
        while way:
            at, rest = way[-1]
            for target in rest:
                if done[target] == 1:
                    back.add((at, target))
                elif not done[target]:
                    done[target] = 1
                    way.append((target, iter(following[target])))
                    break
            else:
                done[at] = 2
                way.pop()
    return [(t, s) if (s, t) in back else (s, t) for s, t in edges if s != t]


def in_layers(edges: Pairs, homes: Sequence[int], parents: Sequence[int]) -> list[int]:
    """The layer of each node, from 0; *edges* have no cycle, ``homes[node]`` is its cluster and -1 none.

    A node comes right after the last of its sources (the longest path), and a cluster begins after what it reads has ended,
    unless that reads the cluster in turn.  What feeds a later node and nothing else, as a weight does, then moves there with
    all that it is made from: its edges get shorter, and no others longer.
    """
    count = len(homes)
    ahead, size = _constraints(edges, homes, parents)
    sources: list[list[int]] = [[] for _ in range(count)]
    targets: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    waiting = [0] * size
    for row in ahead:
        for later in row:
            waiting[later] += 1
    order = [node for node in range(size) if not waiting[node]]
    layer = [0] * size
    for node in order:  # grows while it is read
        for later, steps in ahead[node].items():
            layer[later] = max(layer[later], layer[node] + steps)
            waiting[later] -= 1
            if not waiting[later]:
                order.append(later)
    boxes = [node for node in order if node < count]
    free = [True] * count
    for node in boxes:
        free[node] = all(free[source] and len(targets[source]) == 1 for source in sources[node])
    for node in reversed(boxes):
        if targets[node] and (free[node] or len(targets[node]) > len(sources[node])):
            layer[node] = min(layer[later] - steps for later, steps in ahead[node].items())
    place = {used: i for i, used in enumerate(sorted(set(layer[:count])))}
    return [place[at] for at in layer[:count]]


def _constraints(edges: Pairs, homes: Sequence[int], parents: Sequence[int]) -> tuple[list[dict[int, int]], int]:
    """How many layers one thing is ahead of others, at least: of nodes, then of the starts and the ends of clusters."""
    n, k = len(homes), len(parents)
    ahead: list[dict[int, int]] = [{} for _ in range(n + 2 * k)]
    around = [n + home if home >= 0 else -1 for home in (*homes, *parents)]  # of nodes, then of clusters
    for item, outer in enumerate(around):
        if outer >= 0:
            ahead[outer][item] = 0
            ahead[item if item < n else item + k][outer + k] = 0
    depth = [0] * (n + k)
    order = _from_outside(around)
    for item in order:
        depth[item] = depth[around[item]] + 1 if around[item] >= 0 else 0
    sides = []
    for source, target in edges:
        ahead[source][target] = 1
        a, b = source, target
        while around[a] != around[b]:
            if depth[a] >= depth[b]:
                a = around[a]
            else:
                b = around[b]
        if a != b:
            sides.append((a, b))
    group = _components(n + k, sides)
    members = [0] * (n + k)
    for item in range(n + k):
        members[group[item]] += 1
    apart = [True] * (n + k)  # neither it nor a cluster around it is read by what it reads
    for item in order:
        outer = around[item]
        apart[item] = members[group[item]] == 1 and (outer < 0 or apart[outer])
    for a, b in sides:
        if group[a] != group[b] and (around[a] < 0 or apart[around[a]]):
            ahead[a if a < n else a + k][b] = 1
    return ahead, n + 2 * k


def _from_outside(around: list[int]) -> list[int]:
    inner: list[list[int]] = [[] for _ in around]
    order: list[int] = []
    for item, outer in enumerate(around):
        (inner[outer] if outer >= 0 else order).append(item)
    for item in order:  # grows while it is read
        order += inner[item]
    return order


def _components(count: int, edges: Pairs) -> list[int]:
    """A number for each node, the same for those that reach each other (Kosaraju's two searches)."""
    ahead: list[list[int]] = [[] for _ in range(count)]
    behind: list[list[int]] = [[] for _ in range(count)]
    for source, target in dict.fromkeys(edges):
        ahead[source].append(target)
        behind[target].append(source)
    seen = [False] * count
    left: list[int] = []  # in the order in which the first search leaves them
    for start in range(count):
        stack = [start]
        while stack:
            node = stack.pop()
            if node < 0:
                left.append(~node)
            elif not seen[node]:
                seen[node] = True
                stack.append(~node)
                stack += ahead[node]
    group = [-1] * count
    for start in reversed(left):
        stack = [start]
        while stack:
            node = stack.pop()
            if group[node] < 0:
                group[node] = start
                stack += behind[node]
    return group
