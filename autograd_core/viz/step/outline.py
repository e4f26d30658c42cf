"""The graph as lines of text: modules, the calls in them in the order of the backward pass, and the leaves they use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from ..schema import Trace, TraceModule, TraceNode
from ..source import literal

__all__ = ["Entry", "modules_around", "outline"]


@dataclass(frozen=True)
class Entry:
    """One line: a module, a call or a leaf; *nodes* are those that it stands for, more than one where modules are folded."""

    indent: int
    title: str
    note: str
    nodes: tuple[TraceNode, ...]
    is_module: bool = False


def outline(trace: Trace, depth: int | None = None) -> list[Entry]:
    """Return the lines of a graph, newest first; modules more than *depth* deep are one line each.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import trace
    >>> w = ag.tensor(2.0, requires_grad=True)
    >>> loss = (w * 3 - 1) ** 2
    >>> for entry in outline(trace(loss)):
    ...     print("  " * entry.indent + entry.title, entry.note)
    loss pow
    w * 3 - 1 sub
    w * 3 mul
      w leaf
    """
    entries: list[Entry] = []
    before: list[TraceModule] = []
    shown: set[int] = set()
    for call in reversed([n for n in trace.nodes if n.kind in ("operation", "function")]):
        around = modules_around(trace, call)
        folded = around[depth] if depth is not None and len(around) > depth else None
        around = around[:depth]
        same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(around, before, strict=False)))
        entries += [_module(i, module) for i, module in enumerate(around[same:], same)]
        before = around
        own = (call, *(n for n in _leaves(trace, call) if n.id not in shown))
        shown.update(n.id for n in own)
        indent = len(around)
        if folded is None:
            entries.append(Entry(indent, str(call), call.op if str(call) != call.op else "", (call,)))
            entries += [Entry(indent + 1, str(n), _kind(n), (n,)) for n in own[1:]]
        elif entries and entries[-1].is_module and entries[-1].nodes and entries[-1].title == folded.path:
            entries[-1] = replace(entries[-1], nodes=(*entries[-1].nodes, *own))
        else:
            entries.append(_module(indent, folded, own))
    outputs = dict.fromkeys(n for n, _ in trace.seeds if n.id not in shown)
    return [*(Entry(0, str(n), _kind(n), (n,)) for n in outputs), *entries]


def modules_around(trace: Trace, node: TraceNode) -> list[TraceModule]:
    """Return the modules in which *node* is, the outermost first."""
    found: list[TraceModule] = []
    number = node.module
    while number is not None:
        found.append(trace.modules[number])
        number = trace.modules[number].parent
    return found[::-1]


def _module(indent: int, module: TraceModule, nodes: tuple[TraceNode, ...] = ()) -> Entry:
    return Entry(indent, module.path, module.label, nodes, is_module=True)


def _kind(node: TraceNode) -> str:
    return "constant" if node.kind == "input" else node.kind


def _leaves(trace: Trace, call: TraceNode) -> list[TraceNode]:
    """Return the leaves among the operands of a call, and its constants that have names."""
    operands = dict.fromkeys(e.start for e in trace.into.get(call.id, ()))
    named = [n for n in operands if n.kind == "input" and n.name and literal(n.name) is None]
    return [n for n in operands if n.kind in ("leaf", "parameter") or n in named]
