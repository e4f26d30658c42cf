"""What of a trace is shown: some modules open, others as one box each, equal ones in a row as one box together.

Nothing is lost on the way: each tensor of the trace is in one box, each operand inside a box or in one edge between two.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ArgumentError
from .calls import OPERATIONS, Place, Places, find_places
from .folding import Fold, find_folds
from .schema import Trace, TraceModule, TraceNode

__all__ = [
    "READABLE",
    "REST",
    "SIZE_LIMIT",
    "Visible",
    "VisibleBox",
    "VisibleCluster",
    "VisibleEdge",
    "depths",
    "readable",
    "visible",
]

SIZE_LIMIT = 400
TOGETHER = 3  # constants of one kind from which on they are one box
READABLE = 20  # boxes that are taken in at one look
REST = "f"  # the id of the box of all that is left out


@dataclass(frozen=True, slots=True)
class VisibleBox:
    """One box: a tensor, a call of a module, or several modules folded.

    Their ids are ``n12``; ``m3``, and ``m3.2`` for the second call; ``f3``.  ``kind`` is that of the node, "module", or
    "fold"; ``nodes`` are those of the trace, with the constants that have no box of their own.  ``module`` is the module
    itself, the first of a fold, or where the node is; ``cluster`` the open module around the box; ``call`` which call of the
    module it is, and of how many; ``copies`` are the modules of a fold, ``inside`` edges of the trace.
    """

    id: str
    kind: str
    nodes: tuple[int, ...]
    module: int | None
    cluster: str | None
    inside: tuple[int, ...] = ()
    copies: tuple[int, ...] = ()
    call: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class VisibleCluster:
    """An open module, or one of its calls (``c3``, ``c3.2``), in the ``parent``, another cluster."""

    id: str
    module: int
    parent: str | None
    call: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class VisibleEdge:
    """What goes from one box to another: all the ``edges`` of the trace that do."""

    source: str
    target: str
    edges: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Visible:
    """What ``visible`` returns: boxes in the order of computation, open modules, outer before inner ones, and edges.

    ``depth`` is the one that is shown, None for all; ``says`` tells what was folded or left out, or is "".
    """

    depth: int | None
    boxes: tuple[VisibleBox, ...]
    clusters: tuple[VisibleCluster, ...]
    edges: tuple[VisibleEdge, ...]
    says: str = ""


def visible(made: Trace, depth: int | None = None, fold: bool = True, size_limit: int = SIZE_LIMIT) -> Visible:
    """Return the boxes, the open modules around them and the edges to show of a trace.

    A module deeper than *depth*, or without modules in it, is one box: with 0 each outermost module, with None none.  A module
    that is called in several places is a box in each.  With *fold*, three or more equal modules in a row are one box.  While
    there are more than *size_limit* boxes, the depth is reduced; where that is not enough, the middle of the computation
    becomes one box.

    Raises ArgumentError for a negative depth, and a limit below 3.

    >>> import nn
    >>> from autograd_core.viz import trace
    >>> from autograd_core.viz.visible import visible
    >>> net = nn.Sequential(*[nn.Linear(4, 4) for _ in range(5)])
    >>> made = trace(net, ag.ones(1, 4))
    >>> [(box.id, box.kind) for box in visible(made, 1).boxes]
    [('n0', 'input'), ('f1', 'fold')]
    >>> visible(made, 1).says
    'Linear 4->4 x 5 is one box.'
    """
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise ArgumentError(
            f"depth is {depth!r}: expected 0 or more modules inside each other, or None for all of them"
        )
    if size_limit < 3:
        raise ArgumentError(f"size_limit is {size_limit!r}: expected at least 3 boxes; the default is {SIZE_LIMIT}")
    folds = find_folds(made) if fold else ()
    found = _at(made, depth, folds)
    wanted = len(found.boxes)
    if wanted > size_limit:
        ahead = (d for d in reversed(depths(made)) if d is not None and (depth is None or d < depth))
        for d in ahead:
            found = _at(made, d, folds)
            if len(found.boxes) <= size_limit:
                break
    said = [f"{made.modules[f.modules[0]].label} x {len(f.modules)} is one box." for f in folds if _shows(found, f)]
    if found.depth != depth:
        said.append(f"Depth {found.depth} is shown, where there would be {wanted} boxes: the limit is {size_limit}.")
    if len(found.boxes) > size_limit:
        found, count = _without_the_middle(made, found, size_limit)
        said.append(f"{count} operations in the middle are one box: there are more than {size_limit}.")
    return replace(found, says=" ".join(said))


def depths(made: Trace) -> list[int | None]:
    """Return the depths at which a trace looks different: 0, 1, ... and None, where every operation is shown."""
    deepest = max(_levels(made.modules), default=0)
    return [*range(deepest), None]


def readable(made: Trace, fold: bool = True) -> int | None:
    """Return the depth that reads best: the largest with few boxes; else the least at which there is more than one module.

    >>> import nn
    >>> from autograd_core.viz import trace
    >>> from autograd_core.viz.visible import readable
    >>> readable(trace(nn.Linear(2, 1), ag.ones(1, 2))) is None
    True
    """
    folds = find_folds(made) if fold else ()
    shown = [_at(made, depth, folds) for depth in depths(made)]
    telling = [s for s in shown if s.depth != 0 or sum(box.kind in ("module", "fold") for box in s.boxes) > 1]
    few = [s.depth for s in telling if len(s.boxes) <= READABLE]
    return few[-1] if few else telling[0].depth


# ------------------------------------------------------------------------------------------------------- what is in what


def _levels(modules: list[TraceModule]) -> list[int]:
    """Return how deep each module is; the outermost are at 1.  A module's parent comes before it."""
    levels: list[int] = []
    for m in modules:
        levels.append(1 if m.parent is None else levels[m.parent] + 1)
    return levels


def _at(made: Trace, depth: int | None, folds: tuple[Fold, ...]) -> Visible:
    """Return what is shown at one depth."""
    places = find_places(made)
    fold_of = {m: f for f in folds for m in f.modules}
    closed = _closed(made, depth, fold_of)
    box_of: list[str] = []
    about: dict[str, VisibleBox] = {}
    for node in made.nodes:
        place = places.of[node.id]
        whole = None if place is None else closed[place.module]
        if whole is None:
            cluster = None if place is None else f"c{place.key}"
            box = VisibleBox(f"n{node.id}", node.kind, (), node.module, cluster)
        else:
            box = _module_box(places, places.up_to(place, whole), fold_of.get(whole))
        box_of.append(box.id)
        about.setdefault(box.id, box)
    _join(made, box_of, about)
    nodes: dict[str, list[int]] = {}
    for number, name in enumerate(box_of):
        nodes.setdefault(name, []).append(number)
    inside: dict[str, list[int]] = {}
    between: dict[tuple[str, str], list[int]] = {}
    for e in made.edges:
        a, b = box_of[e.start.id], box_of[e.end.id]
        if a == b:
            inside.setdefault(a, []).append(e.id)
        else:
            between.setdefault((a, b), []).append(e.id)
    boxes = [replace(about[name], nodes=tuple(of), inside=tuple(inside.get(name, ()))) for name, of in nodes.items()]
    boxes, clusters = _clustered(places, boxes)
    return Visible(
        depth, tuple(boxes), clusters, tuple(VisibleEdge(*ends, tuple(ids)) for ends, ids in between.items())
    )


def _closed(made: Trace, depth: int | None, fold_of: dict[int, Fold]) -> list[int | None]:
    """Return of each module the one that it is drawn as, itself or one around it, or None where it is open."""
    outer = {m.parent for m in made.modules}
    found: list[int | None] = []
    for m, level in zip(made.modules, _levels(made.modules), strict=True):
        if m.parent is not None and found[m.parent] is not None:
            found.append(found[m.parent])
        else:
            alone = depth is not None and (level > depth or m.id not in outer)
            found.append(m.id if alone or m.id in fold_of else None)
    return found


def _module_box(places: Places, place: Place | None, fold: Fold | None) -> VisibleBox:
    assert place is not None
    around = places.outer[place]
    cluster = None if around is None else f"c{around.key}"
    if fold is not None:
        return VisibleBox(f"f{fold.modules[0]}", "fold", (), fold.modules[0], cluster, copies=fold.modules)
    call = place.call + 1, places.calls[place.module]
    return VisibleBox(f"m{place.key}", "module", (), place.module, cluster, call=call)


def _join(made: Trace, box_of: list[str], about: dict[str, VisibleBox]) -> None:
    """Put constants that need no boxes of their own into others.

    Numbers, which the call's formula names, and what joins the computation later without a name, such as a mask that a
    function makes for itself, go to the call, if it is their only one.  Three or more of one shape, without names or from a
    list, with the same uses, go together, as the inputs of a recurrent network, of which a variable may have the last.
    """
    uses: dict[int, list[TraceNode]] = {}
    later = set()
    for e in made.edges:
        uses.setdefault(e.start.id, []).append(e.end)
        if e.start.kind in OPERATIONS:
            later.add(e.end.id)
    alike: dict[Any, list[int]] = {}
    for number, users in uses.items():
        n, (user, *others) = made.nodes[number], users
        if n.kind != "input" or box_of[number] != f"n{number}":
            continue
        own = n.name is None and user.id in later and (n.dtype is None or "int" not in n.dtype)  # labels are given
        minor = n.shape == () or own
        if minor and not others and box_of[user.id] == f"n{user.id}" and user.error is None:
            box_of[number] = box_of[user.id]
        else:
            targets = frozenset(box_of[u.id] for u in users)
            alike.setdefault((n.shape, targets, about[box_of[number]].cluster), []).append(number)
    for numbers in alike.values():
        names = [made.nodes[number].name for number in numbers]
        if sum(name is None or name.endswith("]") for name in names) >= TOGETHER:
            for number in numbers:
                box_of[number] = f"n{numbers[0]}"


def _clustered(places: Places, boxes: list[VisibleBox]) -> tuple[list[VisibleBox], tuple[VisibleCluster, ...]]:
    """Return the boxes in their clusters, and those: the ones with more in them than one operation."""
    clusters: dict[str, VisibleCluster] = {}
    for place, outer in places.outer.items():
        parent = None if outer is None else f"c{outer.key}"
        call = place.call + 1, places.calls[place.module]
        clusters[f"c{place.key}"] = VisibleCluster(f"c{place.key}", place.module, parent, call)
    things = Counter(box.cluster for box in boxes)
    for name in reversed(clusters):  # outer ones come before inner ones
        if things[name]:
            things[clusters[name].parent] += 1
    plain = {box.cluster for box in boxes if box.kind in OPERATIONS and box.cluster and things[box.cluster] == 1}
    boxes = [replace(b, cluster=clusters[b.cluster].parent) if b.cluster in plain and b.cluster else b for b in boxes]
    return boxes, tuple(c for name, c in clusters.items() if things[name] and name not in plain)


def _shows(found: Visible, fold: Fold) -> bool:
    return any(box.copies == fold.modules for box in found.boxes)


# --------------------------------------------------------------------------------------------------------- leaving out


def _without_the_middle(made: Trace, found: Visible, size_limit: int) -> tuple[Visible, int]:
    """Return the beginning and the end of what is shown, all between as one box, and how many operations that has.

    What lies between, in the order of computation, feeds only later boxes and is fed by earlier ones: no circle arises.
    """
    order = sorted(found.boxes, key=lambda box: box.nodes[-1])
    head = (size_limit - 1) // 2
    middle = order[head : len(order) - (size_limit - 1 - head)]
    gone = {box.id for box in middle}
    nodes = tuple(sorted(n for box in middle for n in box.nodes))
    inside = [e for box in middle for e in box.inside]
    between: dict[tuple[str, str], list[int]] = {}
    for edge in found.edges:
        ends = tuple(REST if end in gone else end for end in (edge.source, edge.target))
        if ends == (REST, REST):
            inside += edge.edges
        else:
            between.setdefault((ends[0], ends[1]), []).extend(edge.edges)
    rest = VisibleBox(REST, "fold", nodes, None, None, tuple(sorted(inside)))
    boxes = [rest if box is middle[0] else box for box in order if box is middle[0] or box.id not in gone]
    used = {box.cluster for box in boxes}
    for cluster in reversed(found.clusters):
        if cluster.id in used:
            used.add(cluster.parent)
    clusters = tuple(c for c in found.clusters if c.id in used)
    edges = tuple(VisibleEdge(*ends, tuple(sorted(ids))) for ends, ids in between.items())
    count = sum(made.nodes[n].kind in OPERATIONS for n in nodes)
    return replace(found, boxes=tuple(boxes), clusters=clusters, edges=edges), count
