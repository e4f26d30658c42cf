"""What builds a trace from the nodes of a graph: first what is known of values, then nodes and edges, then the steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy import ndarray

from ..errors import AutogradError
from ..graph import Custom, Node, reachable
from ..modes import Scope
from ..primitive import Primitive
from ..tensor import Tensor
from .names import Known, last_calls, numbered, outermost
from .schema import Step, Trace, TraceEdge, TraceModule, TraceNode
from .source import literal, operand_texts, source, stored_in
from .steps import Contribution, Walk
from .values import Copies, declaration, find_values, operands_of, parameters_of, saved_operands, try_again

__all__ = ["Builder", "Recorder"]

Placed = tuple[int, Node, int, Node | None, str, int, ndarray | None]  # an edge, before there are nodes


class Recorder:
    """Remembers the operands and the result of each recorded call."""

    def __init__(self, copies: Copies) -> None:
        self.copies = copies
        self.results: dict[Node, ndarray] = {}
        self.operands: dict[Node, list[tuple[Any, ndarray]]] = {}  # each array, and its copy

    def after_call(self, prim: Any, out: Tensor, operands: tuple[Any, ...]) -> None:
        """Look at a call; the engine calls this."""
        node = out.node
        if node is not None and node.prim is prim:
            self.operands[node] = [(a, self.copies.of(a)) for a in operands]
            self.results[node] = self.copies.of(out.array)


@contextmanager
def _readable(calls: Sequence[Node]) -> Iterator[dict[Node, Mapping[str, Any]]]:
    """Give what the formulas of *calls* read, where it is to be had; what was packed away is packed away again after it."""
    away = [(n, n.saved) for n in calls if n.saved is not None and type(n.saved) is not tuple]
    reads: dict[Node, Mapping[str, Any]] = {}
    try:
        for n in calls:
            try:
                reads[n] = n.reads()
            except AutogradError:
                continue  # freed, or not to be had again: the walk will say so when it comes here
        yield reads
    finally:
        for n, saved in away:
            n.saved = saved


class Builder:
    """Builds one trace: ``build()`` does."""

    def __init__(
        self,
        seeds: Sequence[tuple[Node, Any]],
        outputs: Sequence[Tensor],
        known: Known,
        copies: Copies,
        recorder: Recorder | None,
        here: tuple[CodeType, int] | None,
    ) -> None:
        self.seeds, self.known, self.copies, self.recorder = seeds, known, copies, recorder
        self.here = here  # where trace was called with a model: what the model does is not said there
        newest_first, self.leaves = reachable(node for node, _ in seeds)
        self.calls = newest_first[::-1]
        self.values = {} if recorder is None else dict(recorder.results)
        for y in outputs:
            if y.node is not None:
                self.values[y.node] = copies.of(y.array)
        self.nodes: list[TraceNode] = []
        self.edges: list[TraceEdge] = []
        self.of: dict[Node, TraceNode] = {}
        self.modules: dict[Scope, TraceModule] = {}
        roots = {outermost(call.scope) for call in self.calls if call.scope is not None}
        self.has_several_models = len(roots) > 1 or known.has_several_models
        self.errors: dict[Node, str] = {}  # what was raised, of calls that are to be shown as failed
        self.into: dict[int, list[TraceEdge]] = {}
        self.edge_at: dict[tuple[Node, int], TraceEdge] = {}
        self.ends, self.whole = last_calls([call for call in self.calls if (call.code, call.lasti) != here])
        # A Function with one result is one node, though the graph has two: the call, and the result.
        results = [n for n in self.calls if n.whole is not n]
        count = Counter(n.whole for n in results)
        self.alone = {n: n.whole for n in results if count[n.whole] == 1}

    def build(self) -> Trace:
        """Return the trace."""
        with _readable(self.calls) as reads:
            self.operands = {call: self._operands(call, reads.get(call, {})) for call in self.calls}
            known = {call: [copy for _, copy in operands] for call, operands in self.operands.items()}
            find_values(self.calls, self.leaves, known, reads, self.known.results, self.values, self.copies)
            for call in self.calls:
                self._find_variables(call, reads.get(call, {}))
            self._make_nodes(reads)
            walk = Walk(self.calls[::-1], self.seeds, reads)
            steps = self._steps([self._frozen(c) for c in walk.steps() if c.node not in self.alone])
        trace_of: WeakKeyDictionary[Node, int] = WeakKeyDictionary({node: made.id for node, made in self.of.items()})
        seeds = [(self.of[node], self.copies.of(g)) for node, g in self.seeds]
        modules = sorted(self.modules.values(), key=lambda m: m.id)
        return Trace(self.nodes, self.edges, modules, steps, seeds, walk.stopped or "", self.into, trace_of)

    # ------------------------------------------------------------------------------------------------ nodes and edges

    def _make_nodes(self, reads: Mapping[Node, Mapping[str, Any]]) -> None:
        plans: list[dict[str, Any]] = []
        users: dict[int, list[Scope | None]] = {}
        edges: list[Placed] = []
        numbers: dict[Node, int] = {}
        constants: dict[int, int] = {}

        def add(node: Node | None, **fields: Any) -> int:
            plans.append({"id": len(plans), "node": node, **fields})
            return len(plans) - 1

        for call in self.calls:
            if call in self.alone:
                numbers[call] = numbers[self.alone[call]]
                plans[numbers[call]] |= {
                    "name": self._name(call),
                    "written": call in self.ends,
                    "value": self.values.get(call),
                }
                continue
            texts, ends = self._texts(call), []
            for place, (argument, parent) in enumerate(operands_of(call)):
                text = texts[place] if texts else None
                copy = self.operands[call][place][1]
                if parent is None:
                    key = id(copy) if copy is not None and copy.ndim else -len(plans)  # numbers are not shared
                    if key not in constants:
                        constants[key] = self._plan_constant(add, call, place, text)
                    number = constants[key]
                    plans[number]["outside"] &= self._comes_in(call, place)
                elif parent in numbers:
                    number = numbers[parent]
                else:
                    number = numbers[parent] = self._plan_leaf(add, parent, text)
                users.setdefault(number, []).append(call.scope)
                ends.append((number, parent, argument, place, copy if copy is not None else self._value(parent)))
            name = self._name(call)
            number = numbers[call] = add(call, value=self.values.get(call), name=name, written=call in self.ends)
            edges += [(number, call, *end) for end in ends]
        for leaf in self.leaves:
            if leaf not in numbers:  # an output that is a leaf
                numbers[leaf] = self._plan_leaf(add, leaf, None)
        for number in users:
            if plans[number].get("outside"):
                users[number] = []  # it comes from outside the modules that use it
        named = numbered([plan["name"] for plan in plans])
        for plan, name in zip(plans, named, strict=True):
            self.nodes.append(self._node(plan, name, users.get(plan["id"], []), reads))
        self.of = {node: self.nodes[number] for node, number in numbers.items()}
        self._make_edges(edges)

    def _name(self, call: Node) -> str | None:
        return (stored_in(call.code, call.lasti) if call in self.ends else None) or self.known.of(call)

    def _plan_leaf(self, add: Any, leaf: Node, text: str | None) -> int:
        t = leaf.target()
        known = t is not None and id(t.array) in self.known.parameters
        given = t is not None and id(t.array) in self.known.given
        kind, name = "parameter" if known else "leaf", self.known.of(leaf) or text
        number: int = add(leaf, kind=kind, value=self.values.get(leaf), name=name, outside=given and not known)
        return number

    def _plan_constant(self, add: Any, call: Node, place: int, text: str | None) -> int:
        array, copy = self.operands[call][place]
        known = id(array) in self.known.parameters
        name = self.known.of(None, array) or text
        number: int = add(None, kind="parameter" if known else "input", value=copy, name=name, outside=not known)
        return number

    def _comes_in(self, call: Node, place: int) -> bool:
        """Return whether a constant is given to the module of *call*: the program has it, or nothing is computed before it."""
        array, copy = self.operands[call][place]
        first = all(parent is None or parent.prim is None for _, parent in operands_of(call))
        return id(array) in self.known.given or (first and copy is not None and copy.ndim > 0)

    def _operands(self, call: Node, reads: Mapping[str, Any]) -> list[tuple[Any, ndarray | None]]:
        """Return of each operand the array that the call was given, where that is known, and its copy."""
        if self.recorder is not None and call in self.recorder.operands:
            return list(self.recorder.operands[call])
        found = [(a, None if a is None else self.copies.of(a)) for a in saved_operands(call, reads)]
        for place, text in enumerate(self._texts(call)):
            if (
                found[place][1] is None
                and operands_of(call)[place][1] is None
                and (number := literal(text)) is not None
            ):
                found[place] = number, self.copies.of(np.asarray(number, call.dtype))
        return found

    def _texts(self, call: Node) -> tuple[str, ...]:
        """Return how the program writes the operands of *call*, where its expression is that call alone."""
        if call not in self.whole:
            return ()
        parents = [parent for _, parent in operands_of(call)]
        texts = operand_texts(source(call.code, call.lasti).expression, len(parents))
        if texts and self.known.is_package(texts[0]):  # a function was called that has more operands, not a method
            return ()
        if call.name() in ("add", "mul") and len(texts) == 2 and self._turned(texts, parents):
            return texts[::-1]
        return texts

    def _turned(self, texts: Sequence[str], parents: Sequence[Node | None]) -> bool:
        """Return whether it was the right operand that made the call, as in ``2 * x``: it is then the first."""
        first, second = parents
        return literal(texts[0]) is not None or (
            second is None and first is not None and self.known.of(first) == texts[1]
        )

    def _find_variables(self, call: Node, reads: Mapping[str, Any]) -> None:
        """Look for constants that the call did not keep among the variables, and take those that give its result."""
        out, operands = self.values.get(call), self.operands[call]
        unknown = [i for i, (_, p) in enumerate(operands_of(call)) if p is None and operands[i][1] is None]
        texts = self._texts(call)
        if len(unknown) != 1 or not texts or out is None or not isinstance(declaration(call), Primitive):
            return
        (place,) = unknown
        given = [
            self._value(p) if p is not None else a for (_, p), (a, _) in zip(operands_of(call), operands, strict=True)
        ]
        given[place] = array = self.known.array(texts[place])
        if any(a is None for a in given):
            return
        again = try_again(call, given, reads)
        if again is not None and np.array_equal(again, out, equal_nan=True):
            operands[place] = array, self.copies.of(array)

    def _value(self, node: Node | None) -> ndarray | None:
        return None if node is None else self.values.get(node)

    def _make_edges(self, plans: Sequence[Placed]) -> None:
        for number, call, start, parent, argument, place, value in plans:
            edge = TraceEdge(len(self.edges), self.nodes[start], self.nodes[number], argument, place, value)
            self.edges.append(edge)
            self.into.setdefault(number, []).append(edge)
            if parent is not None:
                self.edge_at[call, self._place_among_parents(call, place)] = edge

    @staticmethod
    def _place_among_parents(call: Node, place: int) -> int:
        """Return which parent of *call* the operand at *place* is: operands without a formula are none."""
        prim = declaration(call)
        if isinstance(prim, Primitive):
            return place if prim.variadic else prim.live.index(prim.operands[place])
        return [i for i, p in enumerate(call.parents) if p is not None][place]

    def _node(
        self, plan: Mapping[str, Any], name: str | None, users: Sequence[Scope | None], reads: Mapping[Node, Any]
    ) -> TraceNode:
        node, value = plan["node"], plan["value"]
        if node is None:
            shape, dtype = (None, None) if value is None else (value.shape, value.dtype.name)
            scope = self.module(_common(users))
            return TraceNode(
                plan["id"], plan["kind"], "input", name, scope, shape, dtype, False, None, value, None, {}, 0, None
            )
        if node.prim is None:
            t = node.target()
            grad = None if t is None or t.grad is None else self.copies.of(t.grad.array)
            return TraceNode(
                plan["id"], plan["kind"], "leaf", name, self.module(_common(users)), node.shape, node.dtype.name, True,
                None, value, grad, {}, _hooks(node), None,
            )  # fmt: skip
        prim = declaration(node)
        function = isinstance(prim, Custom)
        place = None if (node.code, node.lasti) == self.here else source(node.code, node.lasti)
        return TraceNode(
            plan["id"], "function" if function else "operation", prim.name, name, self.module(node.scope), node.shape,
            node.dtype.name, True, place, value, None, parameters_of(prim, reads.get(node, {})),
            _hooks(node), None if function else prim, plan["written"], self.errors.get(node),
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------------------- modules

    def module(self, scope: Scope | None) -> int | None:
        """Return the number of the module with this scope."""
        if scope is None:
            return None
        chain = [scope]
        while (outer := chain[-1].outer) is not None and chain[-1] not in self.modules:
            chain.append(outer)
        for s in reversed(chain):
            if s not in self.modules:
                parent = None if s.outer is None else self.modules[s.outer].id
                self.modules[s] = self._made_module(s, parent)
        return self.modules[scope].id

    def _made_module(self, scope: Scope, parent: int | None) -> TraceModule:
        module = self.known.modules.get(scope)
        cls, own, total = scope.label.partition(" ")[0], None, None
        if module is not None:
            cls = type(module).__name__
            own, total = (sum(p.array.size for p in module.parameters(recurse)) for recurse in (False, True))
        root, path = outermost(scope), scope.path
        if root in self.known.roots and self.has_several_models:  # else it is "model", whatever its name
            path = self.known.roots[root] + path.removeprefix(root.path)
        return TraceModule(len(self.modules), path, cls, scope.label, parent, own, total)

    # ---------------------------------------------------------------------------------------------------------- steps

    def _frozen(self, c: Contribution) -> tuple[Node, int, list[ndarray | None]]:
        arrays = [c.arriving, c.contribution, c.fitted, c.before, c.after]
        if isinstance(c.fitted, dict):  # from one of several results to the call: nothing is added
            (g,) = c.fitted.values()
            arrays = [c.arriving, g, g, None, g]
        return c.node, c.place, [None if a is None else self.copies.of(a) for a in arrays]

    def _steps(self, found: Sequence[tuple[Node, int, list[Any]]]) -> list[Step]:
        many = Counter(self.edge_at[node, place].start.id for node, place, _ in found)
        seen: Counter[int] = Counter()
        steps: list[Step] = []
        for node, place, (arriving, contribution, fitted, before, after) in found:
            edge = self.edge_at[node, place]
            to, operands = edge.start.id, tuple(self.into[edge.end.id])
            seen[to] += 1
            steps.append(
                Step(len(steps), edge, arriving, contribution, fitted, before, after, seen[to], many[to], operands)
            )
        return steps


def _hooks(node: Node) -> int:
    """Return how many hooks of the program's own a node has, before its formulas and behind them."""
    return sum(key != "retain_grad" for key in node.hooks or ()) + len(getattr(node.prim, "hooks", ()))


def _common(scopes: Sequence[Scope | None]) -> Scope | None:
    """Return the innermost scope that has all of *scopes* in it."""
    if not scopes or scopes[0] is None:
        return None
    shared: Scope | None = scopes[0]
    for other in scopes[1:]:
        around = set()
        while other is not None:
            around.add(other)
            other = other.outer
        while shared is not None and shared not in around:
            shared = shared.outer
    return shared
