"""What a trace consists of, and its form as JSON.

``docs/trace.md`` describes the JSON for who reads it; ``validation`` holds a trace to it.
"""

from __future__ import annotations

import json
import linecache
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import ArgumentError
from ..graph import Node
from ..position import readable
from ..primitive import Primitive
from ..readers import reader
from ..serialization.files import write_atomically
from ..tensor import Tensor
from .folding import find_folds
from .rules import Rule, rule
from .source import Source
from .values import Encoder, json_number

__all__ = ["VERSION", "Check", "Step", "Trace", "TraceEdge", "TraceModule", "TraceNode", "brief"]

VERSION = 1
SHORT = 24  # characters of an expression that stands for its value


@dataclass(frozen=True)
class Check:
    """One entry of a gradient beside its difference quotient, computed in float64 from the forward pass alone.

    *missing* says why there is no quotient, or is "".

    >>> import autograd_core as ag
    >>> from autograd_core.viz import Stepper
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> print(Stepper(x * x * x).check(x))
    entry alone: gradient 12, difference quotient 12: they agree
    """

    index: tuple[int, ...]
    gradient: float
    quotient: float | None
    agrees: bool | None
    missing: str = ""

    def __str__(self) -> str:
        where = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        if self.quotient is None:
            return f"not checked: {self.missing}"
        said = "agree" if self.agrees else "DIFFER"
        return f"entry {where or 'alone'}: gradient {self.gradient:.6g}, difference quotient {self.quotient:.6g}: they {said}"


@dataclass(frozen=True, eq=False)
class TraceModule:
    """A module in which operations ran: ``parameters`` is None where only its path is known.

    >>> import nn
    >>> from autograd_core.viz import trace
    >>> trace(nn.Linear(3, 2), ag.ones(1, 3)).modules[0].total
    8
    """

    id: int
    path: str
    cls: str
    label: str
    parent: int | None
    parameters: int | None = None  # of the module itself
    total: int | None = None  # with those of the modules in it


@dataclass(frozen=True, eq=False)
class TraceNode:
    """One tensor of a graph, and the operation that made it.

    ``kind`` is "operation", "function" (an ``autograd.Function``, or one of its results), "leaf", "parameter" (a leaf that a
    module holds) or "input" (needs no gradient).  ``value`` is None where it is not known: ``missing`` then says why.
    ``grad`` is what ``.grad`` held, or None.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import trace
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> y = x.exp()
    >>> node = trace(y).find("y")
    >>> node.op, node.source.expression
    ('exp', 'x.exp()')
    """

    id: int
    kind: str
    op: str
    name: str | None
    module: int | None
    shape: tuple[int, ...] | None
    dtype: str | None
    needs_grad: bool
    source: Source | None
    value: ndarray | None
    grad: ndarray | None
    attributes: dict[str, Any]
    hooks: int = 0
    primitive: Primitive | None = None
    whole: bool = False  # whether this is the value of the expression at ``source``, not a part on the way to it
    error: str | None = None  # what was raised here: the call failed, or made or lost the values that were needed

    @property
    def text(self) -> str | None:
        """The name, or the expression where it is short."""
        if self.name is None and self.whole and self.source is not None and len(self.source.expression) <= SHORT:
            return " ".join(self.source.expression.split()) or None
        return self.name

    @property
    def missing(self) -> str:
        """Why there is no value, or ""."""
        return "" if self.value is not None else "not kept"

    def __str__(self) -> str:
        return self.text or (f"{self.op} ({self.id})" if self.kind != "input" else f"a constant ({self.id})")


@dataclass(frozen=True, eq=False)
class TraceEdge:
    """An operand: the tensor *start* goes into the call *end*, as its *argument* (``xs[2]``: one of many) at *place*.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import trace
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> y = x * 3
    >>> [(str(e.start), e.argument, str(e.end)) for e in trace(y).edges]
    [('x', 'x', 'y'), ('3', 'y', 'y')]
    """

    id: int
    start: TraceNode
    end: TraceNode
    argument: str
    place: int
    value: ndarray | None  # as the call saw it

    @property
    def operand(self) -> str:
        """The operand as the primitive declares it."""
        return self.argument.partition("[")[0]


@dataclass(frozen=True, eq=False)
class Step:
    """One contribution: the gradient *arriving* at a call, times its rule, added to the sum of one operand.

    *fitted* is the *contribution* summed to the operand's shape, where broadcasting had stretched it.  It is the *k*-th of
    *of* that the operand gets.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import trace
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> y = x * 3
    >>> (step,) = trace(y).steps
    >>> step.rule.text, step.arriving, step.after
    ('3 * G', array(1., dtype=float32), array(3., dtype=float32))
    """

    number: int
    edge: TraceEdge
    arriving: ndarray | None
    contribution: ndarray
    fitted: ndarray
    before: ndarray | None
    after: ndarray
    k: int
    of: int
    operands: tuple[TraceEdge, ...] = ()  # all of the call, this one among them

    @property
    def node(self) -> TraceNode:
        """The call whose rule is used."""
        return self.edge.end

    @property
    def to(self) -> TraceNode:
        """The operand that gets the contribution."""
        return self.edge.start

    @property
    def summed(self) -> str:
        """That the contribution is summed, where broadcasting had stretched the operand; else ""."""
        if self.contribution.size == self.fitted.size:
            return ""
        return f"summed from {shape_text(self.contribution.shape)}, as broadcasting had stretched {self.to}"

    @cached_property
    def rule(self) -> Rule | None:
        """The rule, with the program's names for operands; None for a function with a backward of its own."""
        prim = self.node.primitive
        if prim is None:
            return None
        plain = rule(prim.name, self.edge.operand)
        if prim.variadic:
            return plain
        plain = plain.in_call(self.node.attributes, {e.operand: e.start.shape for e in self.operands})
        return plain.with_names({e.argument: t for e in self.operands if (t := e.start.text) is not None})

    @property
    def formula(self) -> str:
        """The rule in one line, with what broadcasting adds to it."""
        if self.rule is None:
            return "its own backward"
        return f"sum of {self.rule.text}" if self.summed else self.rule.text

    @cached_property
    def reads(self) -> dict[str, ndarray]:
        """The values that the rule reads, as far as they are known, by the rule's own names: G, out, operands, parameters."""
        if self.rule is None:
            return {}
        found: dict[str, Any] = {e.operand: e.value for e in self.operands}
        found |= {name: np.asarray(v) for name, v in self.node.attributes.items() if isinstance(v, int | float)}
        found |= {"G": self.arriving, "out": self.node.value}
        return {s.name: found[s.name] for s in self.rule.symbols if found.get(s.name) is not None}

    def __str__(self) -> str:
        share = f" ({self.k} of {self.of})" if self.of > 1 else ""
        total = "" if self.before is None else f", sum {brief(self.before)} -> {brief(self.after)}"
        return f"{self.number + 1:>3} {self.node} -> {self.to}{share}: {self.formula} = {brief(self.fitted)}{total}"


def brief(a: ndarray | None) -> str:
    """Return an array in a few characters: a number, or its shape and norm.

    >>> from autograd_core.viz.schema import brief
    >>> brief(np.float32(2.5)), brief(np.ones((2, 2))), brief(np.ones(4))
    ('2.5', '2x2 of norm 2', '4 numbers of norm 2')
    """
    if a is None:
        return "several results"
    if a.size == 1:
        return f"{a.item():.4g}"
    return f"{shape_text(a.shape)} of norm {float(np.linalg.norm(a.astype(np.float64).ravel())):.4g}"


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape in words: "one number", "3 numbers" or "2x3".

    >>> from autograd_core.viz.schema import shape_text
    >>> shape_text(()), shape_text((1,)), shape_text((3,)), shape_text((2, 3))
    ('one number', '1 number', '3 numbers', '2x3')
    """
    if len(shape) > 1:
        return "x".join(map(str, shape))
    return f"{shape[0]} number{'' if shape[0] == 1 else 's'}" if shape else "one number"


@dataclass(frozen=True, eq=False)
class Trace:
    """What ``trace`` returns: the graph in the order in which it was computed, and the steps of its backward pass.

    Arrays are read-only copies.  *seeds* are the outputs with the gradients that the backward pass starts from; *stopped*
    says why it could not be followed to the end, or is "".

    >>> import autograd_core as ag
    >>> from autograd_core.viz import trace
    >>> w = ag.tensor(2.0, requires_grad=True)
    >>> t = trace(w.exp())
    >>> [str(node) for node in t.nodes], len(t.steps), sorted(t.as_dict()["nodes"][0])[:2]
    (['w', 'w.exp()'], 1, ['attrs', 'dtype'])
    """

    nodes: list[TraceNode]
    edges: list[TraceEdge]
    modules: list[TraceModule]
    steps: list[Step]
    seeds: list[tuple[TraceNode, ndarray]]
    stopped: str = ""
    into: dict[int, list[TraceEdge]] = field(repr=False, default_factory=dict)  # the operands of each call
    ids: Mapping[Node, int] = field(repr=False, default_factory=dict)  # of the engine's nodes, held weakly

    def find(self, what: Any) -> TraceNode:
        """Return the node of a tensor, of a name or short expression (the first, where there are more), or of a number."""
        if isinstance(what, Tensor):
            number = self.ids.get(what.node) if what.node is not None else None
            if number is None:
                raise ArgumentError(
                    f"find: this tensor of shape {what.shape} is not in the traced graph, or requires no gradient; give one "
                    "that is, or a name"
                )
            return self.nodes[number]
        if isinstance(what, str):
            for node in self.nodes:
                if what in (node.name, node.text) or (node.name or "").partition(" #")[0] == what != "":
                    return node
            names = ", ".join(n.name for n in self.nodes if n.name) or "none"
            raise ArgumentError(f"find: no tensor here is named {what!r}; the names are {names}")
        if isinstance(what, int) and 0 <= what < len(self.nodes):
            return self.nodes[what]
        raise ArgumentError(f"find: {what!r} is no tensor, no name, and no number below {len(self.nodes)}")

    def gradient(self, what: Any) -> ndarray | None:
        """Return the gradient that the backward pass computes for a tensor, a name or a number; None where none arrives.

        >>> import autograd_core as ag
        >>> from autograd_core.viz import trace
        >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> trace((x * x).sum()).gradient("x")
        array([2., 4.], dtype=float32)
        """
        node = self.find(what)
        found = [s.after for s in self.steps if s.to is node]
        return found[-1] if found else self.start(node)

    def __repr__(self) -> str:
        names = ", ".join(str(node) for node, _ in self.seeds)
        return f"<Trace of {names}: {len(self.nodes)} tensors, {len(self.steps)} steps>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return what notebooks show: the page that steps through it."""
        found: dict[str, str] = reader("notebook").of_frontend(self)
        return found

    def start(self, node: TraceNode) -> ndarray | None:
        """Return what the backward pass starts with at *node*, an output; None for others."""
        found = [g for n, g in self.seeds if n is node]
        return sum(found[1:], found[0]) if found else None

    def as_dict(
        self, checks: Mapping[int, Check] | None = None, layouts: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the trace as JSON has it, see docs/trace.md.

        *checks* are those of some steps, by their numbers; *layouts* what the function of that name returns.
        """
        encoder = Encoder()
        sources = _Files()
        folds = {fold.modules[0]: fold.modules for fold in find_folds(self)}
        rules: dict[str, Any] = {}
        for step in self.steps:
            if (key := _rule_key(step)) is not None and key not in rules:
                r = rule(*key.split("/"))
                rules[key] = {"text": r.text, "latex": r.latex, "mathml": r.mathml, "words": r.words}
        return {
            "version": VERSION,
            "engine": "autograd_core",
            "modules": [_module(m, folds.get(m.id)) for m in self.modules],
            "nodes": [_node(n, encoder, sources) for n in self.nodes],
            "edges": [
                {
                    "id": e.id,
                    "from": e.start.id,
                    "to": e.end.id,
                    "arg": e.argument,
                    "place": e.place,
                    "value": encoder.key(e.value),
                }
                for e in self.edges
            ],
            "rules": rules,
            "steps": [_step(s, encoder, (checks or {}).get(s.number)) for s in self.steps],
            "seeds": [{"node": n.id, "gradient": encoder.key(g)} for n, g in self.seeds],
            "stopped": self.stopped,
            "files": sources.files,
            "arrays": encoder.arrays,
            "layouts": dict(layouts or {}),
        }

    def as_json(self, checks: Mapping[int, Check] | None = None, layouts: Mapping[str, Any] | None = None) -> str:
        """Return ``as_dict(checks, layouts)`` as the text of a JSON file."""
        return json.dumps(self.as_dict(checks, layouts), allow_nan=False, separators=(",", ":"))

    def save(
        self,
        path: str | os.PathLike[str],
        checks: Mapping[int, Check] | None = None,
        layouts: Mapping[str, Any] | None = None,
    ) -> None:
        """Write ``as_json(checks, layouts)`` to a file, whole or not at all."""
        write_atomically(Path(path), self.as_json(checks, layouts))


# ---------------------------------------------------------------------------------------------------------------- as JSON


class _Files:
    """The files that a trace quotes: their names, and the lines that it needs."""

    def __init__(self) -> None:
        self.files: list[dict[str, Any]] = []
        self._ids: dict[str, int] = {}

    def place(self, s: Source | None) -> dict[str, Any] | None:
        if s is None:
            return None
        if s.file not in self._ids:
            self._ids[s.file] = len(self.files)
            self.files.append({"id": len(self.files), "path": _shown(s.file), "lines": {}})
        number = self._ids[s.file]
        for line in range(s.line, s.last_line + 1):
            self.files[number]["lines"][str(line)] = linecache.getline(s.file, line).rstrip("\n")
        return {"file": number, **{key: value for key, value in s._asdict().items() if key != "file"}}


def _shown(file: str) -> str:
    """Return a path under the working directory as seen from there, of others the name alone: a trace may be published."""
    path = Path(readable(file))
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.name


def _module(m: TraceModule, fold: tuple[int, ...] | None) -> dict[str, Any]:
    return {
        "id": m.id, "path": m.path, "class": m.cls, "label": m.label, "parent": m.parent, "parameters": m.parameters,
        "total": m.total, "fold": fold and {"first": m.id, "count": len(fold), "of": list(fold)},
    }  # fmt: skip


def _node(n: TraceNode, encoder: Encoder, sources: _Files) -> dict[str, Any]:
    return {
        "id": n.id, "kind": n.kind, "op": n.op, "name": n.name, "text": n.text, "module": n.module,
        "shape": None if n.shape is None else list(n.shape), "dtype": n.dtype, "needs_grad": n.needs_grad,
        "src": sources.place(n.source), "value": encoder.key(n.value), "missing": n.missing, "grad": encoder.key(n.grad),
        "attrs": {name: _plain(value) for name, value in n.attributes.items()}, "hooks": n.hooks,
        "error": n.error,
    }  # fmt: skip


def _step(s: Step, encoder: Encoder, check: Check | None) -> dict[str, Any]:
    return {
        "node": s.node.id, "edge": s.edge.id, "rule": _rule_key(s), "in": encoder.key(s.arriving),
        "contribution": encoder.key(s.contribution), "unbroadcast": encoder.key(s.fitted),
        "before": encoder.key(s.before), "after": encoder.key(s.after), "k": s.k, "of": s.of,
        "check": None if check is None else {
            "index": list(check.index), "gradient": json_number(check.gradient),
            "quotient": json_number(check.quotient), "agrees": check.agrees,
            "missing": check.missing,
        },
    }  # fmt: skip


def _rule_key(s: Step) -> str | None:
    return None if s.node.primitive is None else f"{s.node.primitive.name}/{s.edge.operand}"


def _plain(value: Any) -> Any:
    """Return a static parameter as JSON has it; what has no such form, as text."""
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return json_number(value) if value is None or isinstance(value, bool | int | float | str) else str(value)
