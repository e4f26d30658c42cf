"""The graph up to where something failed, read from the frames of an error's traceback.

Nothing is kept for this while a program runs: an error holds its traceback, and that the operands.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType
from typing import Any

from ..autograd.watching import Watchers
from ..errors import ArgumentError
from ..graph import Node, walk
from ..modes import Scope
from ..position import outside
from ..tensor import Tensor
from .building import Builder
from .names import Known, variables
from .schema import Trace, TraceEdge, TraceNode
from .source import source
from .values import Copies

__all__ = ["failed"]

Stop = tuple[FrameType, int]  # where a frame was when the error passed it
UNWRITTEN = "<autograd seed of "  # the files of primitives before their first call: arguments have no names there


def failed(error: BaseException) -> Trace:
    """Return the graph of what had been computed when *error* was raised, the failed call in it, with its ``error``.

    For a call that failed: its operands, and all that they come from.  For a NaN that ``detect_anomaly`` found, and for a
    backward pass that could not go on: the graph, and the call where it was.

    Raises ArgumentError where the error has no traceback, or no tensor was on the way.

    >>> import autograd_core as ag
    >>> from autograd_core.viz.failed import failed
    >>> x, w = ag.ones(2, 3, requires_grad=True), ag.ones(2, 3)
    >>> try:
    ...     x.exp() @ w
    ... except ag.errors.ShapeError as error:
    ...     made = failed(error)
    >>> [str(node) for node in made.nodes], made.nodes[-1].error[:26]
    (['x', 'x.exp()', 'w', 'x.exp() @ w'], 'matmul: input of shape (2,')
    """
    stops = list(_stops(error))
    if not stops:
        raise ArgumentError(
            f"draw: this {type(error).__name__} has no traceback: expected one that was raised; catch it with `except ... as "
            "error` and draw it there"
        )
    known = Known()
    for frame, _ in stops:
        if outside(frame) is frame:
            known.add(variables(frame))
    return _backward(error, stops, known) or _forward(error, stops, known)


def _stops(error: BaseException) -> Iterator[Stop]:
    """Yield the frames that *error* has passed, the outermost first."""
    at = error.__traceback__
    while at is not None:
        yield at.tb_frame, at.tb_lasti
        at = at.tb_next


def _said(error: BaseException) -> str:
    """Return the message with the names of files instead of their paths: a picture may be published."""
    return re.sub(
        r"(?:[A-Za-z]:)?[\w.~-]*[/\\](?:[^\s`:/\\]+[/\\])*([^\s`:/\\]+\.py)", r"\1", str(error).partition("\n")[0]
    )


def _locals(frame: FrameType) -> dict[str, Any]:
    """Return the local variables of a frame."""
    return {name: value for name, value in variables(frame).items() if name in frame.f_code.co_varnames}


# --------------------------------------------------------------------------------------------------------- backward passes


def _backward(error: BaseException, stops: list[Stop], known: Known) -> Trace | None:
    """Return the graph of a backward pass that *error* ended, or None where there was none."""
    start = max((i for i, (frame, _) in enumerate(stops) if frame.f_code is walk.__code__), default=-1)
    if start < 0:
        return None
    at = [found for frame, _ in stops[start:] if isinstance(found := _locals(frame).get("node"), Node)]
    if not at:
        return None
    roots = [(node, getattr(g, "array", g)) for node, g in _locals(stops[start][0])["roots"]]
    builder = Builder(roots, [], known, Copies(), None, None)
    builder.errors[at[-1]] = _said(error)
    return builder.build()


# ---------------------------------------------------------------------------------------------------------------- calls


class _Call:
    """A call that failed: what it is named, its operands by name, and the module that it ran in."""

    def __init__(self, frame: FrameType, stops: list[Stop]) -> None:
        code, around = frame.f_code, _locals(frame)
        count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)
        self.operands = [pair for name in code.co_varnames[:count] for pair in _tensors(name, around.get(name))]
        self.scope = _scope(stops)
        self.name = code.co_name.removeprefix("__").removesuffix("__")
        own = getattr(around.get("self"), "_scope", None)
        if isinstance(own, Scope) and own is self.scope:
            self.name = own.label


def _forward(error: BaseException, stops: list[Stop], known: Known) -> Trace:
    """Return the graph up to the call that raised *error*."""
    made = _result(stops)
    if made is not None and made.node is not None and made.node.prim is not None:
        builder = Builder([(made.node, made.array)], [made], known, Copies(), None, None)
        builder.errors[made.node] = _said(error)
        return replace(builder.build(), seeds=[], steps=[], stopped="")
    call = _call(stops)
    if call is None:
        raise ArgumentError(
            f"draw: this {type(error).__name__} was raised by no call with tensors, so there is no graph that leads to it; its "
            f"message is all there is: {_said(error)}"
        )
    return _up_to(call, error, stops, known, None if made is None else made.shape)


def _result(stops: list[Stop]) -> Tensor | None:
    """Return the result of a call that went well, and was found wanting by what watches."""
    place = next((i for i, (frame, _) in enumerate(stops) if frame.f_code is Watchers.after_call.__code__), 0)
    made = _locals(stops[place - 1][0]).get("t") if place else None
    return made if isinstance(made, Tensor) else None


def _call(stops: list[Stop]) -> _Call | None:
    """Return the call that the program, or a module, made and that did not return; else the module; None without tensors."""
    found = None
    for i in range(len(stops) - 1, -1, -1):
        frame, _ = stops[i]
        name = frame.f_code.co_name
        if outside(frame) is frame:
            break
        of_module = name == "forward" and _scope(stops[i : i + 1]) is not None
        private = name.startswith("_") and not name.endswith("__")
        nameless = found is not None and bool(frame.f_code.co_flags & inspect.CO_NESTED)  # it stands for several
        if of_module and found is not None:
            break
        if private or nameless or frame.f_code.co_filename.startswith(UNWRITTEN):
            continue
        call = _Call(frame, stops[: i + 1])
        found = call if call.operands else found
        if of_module:
            break
    return found


def _tensors(name: str, value: Any) -> list[tuple[str, Tensor]]:
    if isinstance(value, list | tuple):
        return [(f"{name}[{i}]", t) for i, t in enumerate(value) if isinstance(t, Tensor)]
    return [(name, value)] if isinstance(value, Tensor) else []


def _up_to(call: _Call, error: BaseException, stops: list[Stop], known: Known, shape: tuple[int, ...] | None) -> Trace:
    """Return the graph of the operands of a call, and behind them the call."""
    graph = [t for _, t in call.operands if t.node is not None]
    last = max(i for i, (frame, _) in enumerate(stops) if outside(frame) is frame)
    frame, lasti = stops[last]
    nested = sum(f.f_code.co_name == "forward" for f, _ in stops[last + 1 :]) > 1  # a part of what the program called
    here = (frame.f_code, lasti) if nested else None
    builder = Builder([(t.node, t.array) for t in graph if t.node], graph, known, Copies(), None, here)
    made = builder.build()
    module = builder.module(call.scope)
    starts = [_start(t, builder, made, known) for _, t in call.operands]
    end = TraceNode(
        len(made.nodes), "operation", call.name, None, module, shape, None, True, source(frame.f_code, lasti), None, None,
        {}, whole=not nested, error=_said(error),
    )  # fmt: skip
    made.nodes.append(end)
    for place, ((name, _), start) in enumerate(zip(call.operands, starts, strict=True)):
        edge = TraceEdge(len(made.edges), start, end, name, place, start.value)
        made.edges.append(edge)
        made.into.setdefault(end.id, []).append(edge)
    modules = sorted(builder.modules.values(), key=lambda m: m.id)
    return replace(made, modules=modules, seeds=[], steps=[], stopped="")


def _start(t: Tensor, builder: Builder, made: Trace, known: Known) -> TraceNode:
    """Return the node of an operand; a constant is added, unless it is there."""
    if t.node is not None:
        return builder.of[t.node]
    copy = builder.copies.of(t.array)
    there = next((n for n in made.nodes if n.value is copy), None)
    if there is not None:
        return there
    kind = "parameter" if id(t.array) in known.parameters else "input"
    name = known.of(None, t.array)
    node = TraceNode(len(made.nodes), kind, "input", name, None, t.shape, t.dtype.name, False, None, copy, None, {})
    made.nodes.append(node)
    return node


def _scope(stops: list[Stop]) -> Scope | None:
    """Return the innermost module that was running."""
    for frame, _ in reversed(stops):
        found = getattr(_locals(frame).get("self"), "_scope", None)
        if isinstance(found, Scope) and frame.f_code.co_name in ("__call__", "forward"):
            return found
    return None
