"""Backward one contribution at a time, over sums of its own: no ``.grad``, no hook, and no node of the graph is touched.

The formulas are called as the backward walk calls them, in its order, and their results are added in its order, so that the
sums are those of ``backward()`` to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..errors import AutogradError
from ..graph import Custom, Node, check_writes, fit, stand_in
from ..modes import no_grad
from ..primitive import Primitive
from .values import declaration

__all__ = ["Contribution", "Walk"]


class Contribution(NamedTuple):
    """What one edge carries: from the operand *place* of the call *node*, into the sum of *parent*."""

    node: Node
    place: int  # among node.parents
    parent: Node
    arriving: Any  # the gradient of the result; None for a call with several results
    contribution: Any  # what the formula gives
    fitted: Any  # that, summed to the operand's shape and in its dtype
    before: Any  # the sum so far, or None
    after: Any


class Walk:
    """The backward pass from *seeds*, pairs of a node and its gradient; ``steps()`` makes it, ``sums`` has the gradients.

    *stopped* says why it could not go to the end, if so: values freed by an earlier ``backward()``, or written in place.
    """

    def __init__(
        self, calls: Sequence[Node], seeds: Sequence[tuple[Node, Any]], reads: Mapping[Node, Mapping[str, Any]]
    ) -> None:
        self.calls, self.reads = calls, reads
        self.sums: dict[Node, Any] = {}
        self.stopped: str | None = None
        self._owned: set[Node] = set()  # sums that this walk made: what is added keeps their layout in memory
        for node, seed in seeds:
            self.sums[node] = seed if node not in self.sums else self.sums[node] + seed

    def steps(self) -> Iterator[Contribution]:
        """Yield each contribution, those of the newest call first, as ``backward()`` does."""
        for node in self.calls:  # newest first: all uses of a result are younger than its call
            if (g := self.sums.get(node)) is None:
                continue
            try:
                found = self._pulled(node, g)
            except AutogradError as error:
                self.stopped = str(error)
                return
            arriving = (
                None if isinstance(g, dict) and len(g) > 1 else next(iter(g.values())) if isinstance(g, dict) else g
            )
            for place, contribution, fitted in found:
                parent = node.parents[place]
                assert parent is not None  # nothing is pulled to who wants nothing
                before = self.sums.get(parent)
                after = self.sums[parent] = self._sum(node, parent, before, fitted)
                yield Contribution(node, place, parent, arriving, contribution, fitted, before, after)

    def _pulled(self, node: Node, g: Any) -> list[tuple[int, Any, Any]]:
        if node not in self.reads:
            node.revive()  # says why there is nothing to read
        if type(node.saved) is tuple:
            check_writes(node)
        with no_grad():
            prim = declaration(node)
            return (
                _by_code(prim, node, g) if isinstance(prim, Custom) else _by_formulas(node, prim, g, self.reads[node])
            )

    def _sum(self, node: Node, parent: Node, before: Any, d: Any) -> Any:
        if before is None:
            return d
        if isinstance(d, dict):  # of several results, each its own
            return {**before, **d}
        by_formulas = isinstance(node.prim, Primitive)  # what code adds, it adds anew
        if by_formulas and parent in self._owned:
            return np.add(before, d, out=np.empty_like(before))
        after = before + d
        if by_formulas and type(after) is ndarray:
            self._owned.add(parent)
        else:
            self._owned.discard(parent)
        return after


def _by_formulas(node: Node, prim: Primitive, g: Any, reads: Mapping[str, Any]) -> list[tuple[int, Any, Any]]:
    known = dict(reads)
    names = prim.operands * len(node.parents) if prim.variadic else prim.live
    fused = None
    if prim.fused is not None and None not in node.parents:
        fused = prim.fused.formula(g, *(known[name] for name in prim.fused.reads))
    found = []
    for i, (name, parent) in enumerate(zip(names, node.parents, strict=True)):
        rule = prim.rules[name]
        if parent is None or rule is None:
            continue
        known["i"], known[f"{name}_shape"] = i, parent.shape
        d = rule.formula(g, *(known[n] for n in rule.reads)) if fused is None else fused[i]
        found.append((i, d, fit(d, parent, node)))
    return found


def _by_code(prim: Custom, node: Node, g: Any) -> list[tuple[int, Any, Any]]:
    """Run the backward of a Function on a node that stands beside the graph's."""
    beside = stand_in(node)
    beside.prim, beside.saved, beside.seq, beside.scope, beside.hooks = prim, node.saved, node.seq, node.scope, None
    beside.code, beside.lasti = node.code, node.lasti
    beside.parents = tuple(None if p is None else stand_in(p) for p in node.parents)
    prim.pull(beside, g)
    ds = [None if p is None else p.pending for p in beside.parents]
    return [(i, d, d) for i, d in enumerate(ds) if d is not None]
