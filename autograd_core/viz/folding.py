"""Equal modules in a row: found by what is in them and how they are fed, never by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .schema import Trace

__all__ = ["Fold", "around", "find_folds"]

RUN = 3  # modules from which on a row of equal ones is a fold


@dataclass(frozen=True, slots=True)
class Fold:
    """Three or more sibling modules in a row, each fed by the one before, of one structure."""

    modules: tuple[int, ...]


def find_folds(made: Trace) -> tuple[Fold, ...]:
    """Return the rows of three or more sibling modules that are equal in all but the numbers in their parameters.

    Equal are: the classes of a module and of those in it, their operations with attributes and shapes, and how these are
    connected.  Each follows the one before without an operation in between, gets its result, and from elsewhere what that
    one also gets.

    >>> import nn
    >>> from autograd_core.viz import trace
    >>> from autograd_core.viz.folding import find_folds
    >>> net = nn.Sequential(nn.Linear(2, 4), *[nn.Linear(4, 4) for _ in range(3)])
    >>> find_folds(trace(net, ag.ones(1, 2)))
    (Fold(modules=(2, 3, 4)),)
    """
    contents = _contents(made)
    calls = {n.id: i for i, n in enumerate(n for n in made.nodes if n.kind in ("operation", "function"))}
    siblings: dict[int | None, list[int]] = {}
    spans: dict[int, tuple[int, int]] = {}
    for m in made.modules:
        places = [calls[n] for n in contents[m.id] if n in calls]
        if places and places[-1] - places[0] == len(places) - 1:  # else it is called in several places
            spans[m.id] = places[0], places[-1]
            siblings.setdefault(m.parent, []).append(m.id)
    structures: dict[int, Any] = {}

    def structure(m: int) -> Any:
        if m not in structures:
            structures[m] = _structure(made, m, contents[m])
        return structures[m]

    found: list[Fold] = []
    for modules in siblings.values():
        modules.sort(key=spans.__getitem__)
        run = modules[:1]
        entered: Any = None  # how the results of the one before, and others, come into the newest
        for a, b in pairwise([*modules, -1]):
            how = None
            if b >= 0 and spans[a][1] + 1 == spans[b][0] and structure(a)[0] == structure(b)[0]:
                how = _entries(made, structure(a)[1], structure(b)[1], contents[b])
            if how is not None and (how == entered if len(run) > 1 else _same_from_elsewhere(made, how, contents[a])):
                run.append(b)
            else:
                found += [Fold(tuple(run))] if len(run) >= RUN else []
                run = [b]
            entered = how
    return tuple(_outermost(made, found))


def _contents(made: Trace) -> list[list[int]]:
    """Return the nodes of each module, with those of the modules in it, in order."""
    found: list[list[int]] = [[] for _ in made.modules]
    for node in made.nodes:
        m = node.module
        while m is not None:
            found[m].append(node.id)
            m = made.modules[m].parent
    return found


def _structure(made: Trace, module: int, nodes: list[int]) -> tuple[Any, dict[int, int]]:
    """Return all that makes a module equal to another, and the place in it of each of its nodes."""
    place = {number: i for i, number in enumerate(nodes)}
    inner: dict[int | None, int] = {module: 0}
    classes: list[Any] = [made.modules[module].label]
    parts = []
    for number in nodes:
        n = made.nodes[number]
        for m in reversed(list(around(made, n.module))):
            parent = made.modules[m].parent
            if m not in inner and parent in inner:
                inner[m] = len(inner)
                classes.append((inner[parent], made.modules[m].path.rpartition(".")[2], made.modules[m].label))
        operands = [(e.argument, place.get(e.start.id, -1)) for e in made.into.get(number, ())]
        alone = () if n.value is None or n.shape != () or n.kind != "input" else n.value.item()
        about = (n.kind, n.op, n.shape, n.dtype, n.needs_grad, inner[n.module], n.error, repr(n.attributes))
        parts.append((about, alone, operands))
    return (classes, parts), place


def _entries(made: Trace, before: dict[int, int], places: dict[int, int], nodes: list[int]) -> Any:
    """Return which operands of a module come from where: from the one before, by place there, or from another node.

    None where nothing comes from the one before.
    """
    found, chained = [], False
    for number in nodes:
        for e in made.into.get(number, ()):
            if e.start.id in places:
                continue
            from_before = e.start.id in before
            chained = chained or from_before
            source = ("before", before[e.start.id]) if from_before else ("elsewhere", e.start.id)
            found.append((places[number], e.place, source))
    return found if chained else None


def _same_from_elsewhere(made: Trace, entries: Any, first: list[int]) -> bool:
    """Return whether the first module of a row gets from elsewhere what the second does: a mask, say."""
    for place, operand, (whence, source) in entries:
        if whence == "elsewhere" and made.into[first[place]][operand].start.id != source:
            return False
    return True


def _outermost(made: Trace, folds: list[Fold]) -> Iterator[Fold]:
    """Yield the folds that are not inside another."""
    folded = {m for f in folds for m in f.modules}
    for f in sorted(folds, key=lambda f: f.modules[0]):
        parent = made.modules[f.modules[0]].parent
        while parent is not None and parent not in folded:
            parent = made.modules[parent].parent
        if parent is None:
            yield f


def around(made: Trace, module: int | None) -> Iterator[int]:
    """Yield *module* and the modules around it, outwards."""
    while module is not None:
        yield module
        module = made.modules[module].parent
