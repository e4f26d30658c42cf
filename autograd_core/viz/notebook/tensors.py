"""What a notebook shows of a tensor: what it is, its numbers as a heat map, its text, and the graph that made it."""

from __future__ import annotations

import sys
from html import escape

import numpy as np
from numpy import ndarray

from ...errors import ShapeError
from ...graph import Custom, Node, reachable
from ...position import expression
from ...tensor import Tensor
from ..draw import draw
from ..names import Known
from ..trace import trace_known
from ..values import statistics
from .heat import heat_map
from .markup import folded, image

__all__ = ["has_numbers", "html_of_tensor"]

LINES, HEIGHT = 20, 500  # of text, and in pixels of a picture, above which it is folded away at first
OPERATIONS, ENTRIES = 60, 1_000_000  # of a graph that is drawn without being asked: it is computed again for that


def html_of_tensor(t: Tensor) -> str:
    """Return the HTML of a tensor."""
    if not has_numbers(t):
        return f"<pre><code>{escape(repr(t))}</code></pre>"
    parts = [f"<div>{_heading(t)}</div>"]
    if type(t.array) is ndarray:
        parts += [_numbers("Values", t.array)]
        if t.grad is not None and type(t.grad.array) is ndarray:
            parts += [_numbers("Gradient", t.grad.array)]
    return "".join([*parts, _text(t), _graph(t)])


def has_numbers(t: Tensor) -> bool:
    """Return whether *t* has a shape and numbers: parameters of lazy modules get theirs with the first input."""
    try:
        return t.array is not None
    except ShapeError:
        return False


def _heading(t: Tensor) -> str:
    shape = " × ".join(map(str, t.shape)) or "one number"
    said = [f"<b>{type(t).__name__}</b> {shape}", f"{t.dtype}"]
    if t.node is not None and t.node.prim is not None:
        text = expression(t.node.code, t.node.lasti)
        made = f" in <code>{escape(text)}</code>" if 0 < len(text) <= 80 and "\n" not in text else ""
        said.append(f"made by <code>{escape(t.node.name())}</code>{made}")
    elif t.requires_grad:
        said.append("requires a gradient" + (", none computed yet" if t.grad is None else ""))
    return ", ".join(said)


def _numbers(title: str, a: ndarray) -> str:
    """Return statistics and a heat map; of one number, and of none, the text alone says all."""
    if a.size < 2:
        return ""
    found = statistics(a.astype(np.float64) if a.dtype == np.bool_ else a)
    facts = [f"{name} {found[name]:.4g}" for name in ("min", "mean", "max", "norm") if found[name] is not None]
    facts += [f"<b>{found['nonfinite']} not finite</b>"] if found["nonfinite"] else []
    svg, says = heat_map(a)
    map_ = image(svg, f"{title}. {says}; green is above 0, purple with a dash below")
    return f"<p>{title}: {', '.join(facts)}<br>{map_}</p>"


def _text(t: Tensor) -> str:
    text = repr(t)
    shown = f"<pre><code>{escape(text)}</code></pre>"
    return shown if text.count("\n") < LINES else folded("As text", shown, is_open=False)


def _graph(t: Tensor) -> str:
    if t.node is None or t.node.prim is None:
        return ""
    calls, _ = reachable([t.node])
    count = f"{len(calls)} operation{'' if len(calls) == 1 else 's'}"
    if not _is_small(calls):
        return f"<p>The graph has {count}: <code>draw(...)</code> shows it, <code>step(...)</code> goes through it.</p>"
    known = Known()
    known.add(vars(sys.modules["__main__"]))  # a notebook's variables
    picture = draw(trace_known([t], known), values=True)
    drawn = image(picture.svg, picture.scene.title)
    return folded(f"How it was computed: {count}", drawn, is_open=picture.scene.height <= HEIGHT)


def _is_small(calls: list[Node]) -> bool:
    """Return whether a graph may be computed again unasked: it is short, and none of it is code of the program's own."""
    entries = sum(int(np.prod(n.shape)) for n in calls)
    own = any(isinstance(n.prim, Custom) or not isinstance(n.saved, tuple | None) for n in calls)
    return len(calls) <= OPERATIONS and entries <= ENTRIES and not own
