"""What stands in the boxes of a drawing: names, formulas, shapes, values, gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy import ndarray

from ..calls import OPERATIONS
from ..names import period
from ..schema import Trace, TraceNode
from ..visible import REST, Visible, VisibleBox, VisibleCluster
from .letters import clipped, width, wrapped

__all__ = ["PADDING", "SIZES", "SPARKLINE", "Content", "Line", "Role", "content", "module_title"]

Role = Literal["name", "title", "detail", "value", "gradient", "error"]
Grads = Literal["norm", "values"] | None

SIZES: dict[Role, float] = {"name": 13, "title": 13, "detail": 11, "value": 11, "gradient": 11, "error": 11}
WIDEST = 260.0  # pixels that a line may take
PADDING = 9.0
ENTRIES = 24  # of an array, up to which it is written out
COLUMNS = 6
SPARKLINE = 26.0  # its height
NOT_COMPUTED = "not computed"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a box; its role says how it looks."""

    text: str
    role: Role

    @property
    def height(self) -> float:
        """How far the next line is below."""
        return SIZES[self.role] + (4 if self.role in ("name", "title") else 3)

    @property
    def mono(self) -> bool:
        """Whether all letters are equally wide, as in columns of numbers."""
        return self.role in ("value", "gradient")

    @property
    def width(self) -> float:
        """At most, in any font."""
        return width(self.text, SIZES[self.role], self.role == "name", self.mono)


@dataclass(frozen=True, slots=True)
class Content:
    """All that a box says: its lines from top to bottom.

    ``hollow``: no gradient flows to it.  ``output``: the backward pass starts here.  ``norms``: of a fold, those of the
    gradients of its copies' parameters, None where there is none.
    """

    lines: tuple[Line, ...]
    spoken: str
    hollow: bool = False
    output: bool = False
    failed: bool = False
    norms: tuple[float | None, ...] = ()

    @property
    def size(self) -> tuple[float, float]:
        """The width and the height that the text needs, with room around it."""
        across = max((line.width for line in self.lines), default=0.0)
        down = sum(line.height for line in self.lines)
        if self.norms:
            across, down = max(across, 96.0), down + SPARKLINE
        return math.ceil(across) + 2 * PADDING, math.ceil(down) + 2 * PADDING - 3

    @property
    def title(self) -> str:
        """The line that says what it is."""
        return next((line.text for line in self.lines if line.role in ("name", "title")), "")

    @property
    def details(self) -> list[str]:
        """The lines below the title, without numbers."""
        return [line.text for line in self.lines if line.role in ("detail", "error")]


def content(made: Trace, shown: Visible, box: VisibleBox, values: bool = False, grads: Grads = None) -> Content:
    """Return what stands in *box*."""
    if box.id[0] == "n":
        frame = next((c.module for c in shown.clusters if c.id == box.cluster), None)
        return _of_node(made, box, frame, values, grads)
    return _of_modules(made, box, values, grads)


# ------------------------------------------------------------------------------------------------------------- one tensor


def _of_node(made: Trace, box: VisibleBox, frame: int | None, values: bool, grads: Grads) -> Content:
    node = made.nodes[int(box.id[1:])]
    if node.kind == "input" and len(box.nodes) > 1:
        return _of_constants([made.nodes[n] for n in box.nodes])
    call = node.kind in OPERATIONS
    lines = _value_lines(node.value, "=") if values else []
    said = _inside(made, node, frame) or _plain_text(node)
    size = _shape(node.shape)
    if call:
        lines.append(_line(said, "name" if node.name else "title"))
        about = [_arrows(node.op)] if said != _arrows(node.op) else []
        about += ["own backward"] if node.kind == "function" else []
    else:
        lines.append(_line(said or _argument(made, node), "name" if node.name else "title"))
        about = ["frozen"] if node.kind == "parameter" and not node.needs_grad else []
    if node.error is None:
        about += [size] if size else []
        about += [] if node.value is not None or call else ["not kept"]
    lines += [_line(" · ".join(about), "detail")] if about else []
    if call and box.module is not None and frame != box.module:
        lines.append(_line(made.modules[box.module].path, "detail"))
    if node.error is not None:
        lines += _failure(made, node)
    elif grads and node.needs_grad:
        lines += _gradient_lines(made.gradient(node.id), grads)
    output = any(node is seed for seed, _ in made.seeds)
    return Content(
        tuple(lines), _spoken(lines, node.kind), not node.needs_grad and node.error is None, output, node.error is not None
    )  # fmt: skip


def _plain_text(node: TraceNode) -> str:
    if node.kind in OPERATIONS:
        return node.text or _arrows(node.op)
    return node.name or ""


def _of_constants(nodes: list[TraceNode]) -> Content:
    first, last = nodes[0], nodes[-1]
    if None in {first.name, last.name} or "[" not in f"{last.name}":
        lines = [_line(f"{len(nodes)} constants", "title")]
    else:
        lines = [_line(f"{first.name} … {last.name}", "name")]
    lines.append(_line(f"{_shape(first.shape) or 'one number'} each", "detail"))
    return Content(tuple(lines), _spoken(lines, "input"), True)


def _argument(made: Trace, node: TraceNode) -> str:
    """Return what a constant without a name is for its call, where the call says more than a letter."""
    names = {e.argument for e in made.edges if e.start is node}
    return min(names) if len(names) == 1 and len(min(names)) > 2 else "constant"


def _inside(made: Trace, node: TraceNode, frame: int | None) -> str | None:
    """Return the name of a parameter without the path of the module that it is drawn in."""
    if node.kind != "parameter" or frame is None or node.name is None:
        return None
    parts = made.modules[frame].path.split(".")
    for i in range(len(parts)):
        around = ".".join(parts[i:]) + "."
        if node.name.startswith(around):
            return node.name.removeprefix(around)
    return None


def _failure(made: Trace, node: TraceNode) -> list[Line]:
    """Return the operands of a call that failed, with their shapes, and what was raised."""
    operands = [
        f"{e.argument}: {e.start}" + ("" if e.start.shape is None else f" of shape {e.start.shape}")
        for e in made.into.get(node.id, ())
    ]
    said = wrapped(node.error or "", 44, 5)
    return [*(_line(text, "detail") for text in operands), *(_line(text, "error") for text in said)]


# ----------------------------------------------------------------------------------------------------- modules, and folds


def _of_modules(made: Trace, box: VisibleBox, values: bool, grads: Grads) -> Content:
    results = _results(made, box)
    calls = [made.nodes[n] for n in box.nodes if made.nodes[n].kind in OPERATIONS]
    parameters = [made.nodes[n] for n in box.nodes if made.nodes[n].kind == "parameter"]
    lines = _value_lines(results[0].value, "=") if values and len(results) == 1 else []
    if box.id == REST:
        lines += [_line(f"{len(calls)} operations", "title"), _line("left out", "detail")]
    else:
        assert box.module is not None
        first = made.modules[box.module]
        lines.append(_line(_arrows(first.label) + (f" × {len(box.copies)}" if box.copies else ""), "name"))
        last = made.modules[box.copies[-1]] if box.copies else first
        path = first.path if last is first else f"{first.path} to {last.path}"
        lines.append(_line(path + _call(box), "detail"))
        once = period([(n.op, n.shape, n.module, n.source) for n in calls])
        if once < len(calls):
            lines.append(_line(f"{once} operation{'' if once == 1 else 's'}, {len(calls) // once} times", "detail"))
    count = sum(math.prod(p.shape) for p in parameters if p.shape is not None)
    frozen = bool(parameters) and not any(p.needs_grad for p in parameters)
    about = [f"{count:,} {'parameter' if count == 1 else 'parameters'}"] if count else []
    about += ["frozen"] if frozen else []
    shapes = {_shape(n.shape) for n in results}
    lines += [_line(", ".join(about), "detail")] if about else []
    lines += [_line(shape, "detail") for shape in shapes if shape and len(shapes) == 1]
    wrong = next((n for n in calls if n.error is not None), None)
    own = [p for p in parameters if p.needs_grad]
    if wrong is not None:
        lines += _failure(made, wrong)
    elif grads and own and not box.copies:
        norm = _norm_of(made, own)
        lines.append(_line("G " + (NOT_COMPUTED if norm is None else f"norm {norm:.3g}"), "gradient"))
    norms = tuple(_norm_of(made, _parameters(made, box, m)) for m in box.copies)
    norms = norms if any(n is not None for n in norms) else ()
    output = any(seed.id in box.nodes for seed, _ in made.seeds)
    return Content(tuple(lines), _spoken(lines, box.kind), frozen, output, wrong is not None, norms)


def _results(made: Trace, box: VisibleBox) -> list[TraceNode]:
    """Return the nodes whose values leave the box."""
    inside = set(box.nodes)
    out = {e.start.id for e in made.edges if e.start.id in inside and e.end.id not in inside}
    out |= {seed.id for seed, _ in made.seeds if seed.id in inside}
    return [made.nodes[n] for n in sorted(out) if made.nodes[n].kind in OPERATIONS]


def _parameters(made: Trace, box: VisibleBox, module: int) -> list[TraceNode]:
    found = []
    for number in box.nodes:
        m = made.nodes[number].module
        while m is not None and m != module:
            m = made.modules[m].parent
        if m == module and made.nodes[number].kind in ("parameter", "leaf") and made.nodes[number].needs_grad:
            found.append(made.nodes[number])
    return found


def _norm_of(made: Trace, nodes: Iterable[TraceNode]) -> float | None:
    """Return the norm of the gradients of *nodes* together, or None where none was computed."""
    found = [g for n in nodes if (g := made.gradient(n.id)) is not None]
    return math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in found)) if found else None


def module_title(made: Trace, cluster: VisibleCluster) -> str:
    """Return the title of an open module."""
    m = made.modules[cluster.module]
    title = f"{m.path} · {_arrows(m.label)}{_call(cluster)}"
    return clipped(title, WIDEST, SIZES["detail"], bold=True)


def _call(of: VisibleBox | VisibleCluster) -> str:
    k, n = of.call
    return f", call {k} of {n}" if n > 1 else ""


def _arrows(label: str) -> str:
    return label.replace("->", "→")


# ---------------------------------------------------------------------------------------------------------------- numbers


def _shape(shape: tuple[int, ...] | None) -> str:
    if not shape:
        return ""
    return "×".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]} number{'' if shape[0] == 1 else 's'}"


def _gradient_lines(g: ndarray | None, grads: Grads) -> list[Line]:
    if g is None:
        return [_line(f"G {NOT_COMPUTED}", "gradient")]
    if grads == "norm":
        norm = float(np.linalg.norm(g.astype(np.float64).ravel()))
        return [_line(f"G {g.item():.4g}" if g.size == 1 else f"G norm {norm:.3g}", "gradient")]
    return [_line(text, "gradient") for text in _written(g, "G")]


def _value_lines(a: ndarray | None, sign: str) -> list[Line]:
    return [] if a is None else [_line(text, "value") for text in _written(a, sign)]


def _written(a: ndarray, sign: str) -> list[str]:
    """Return an array as lines: its entries in columns where they are few, else its norm and its range."""
    if a.size == 1:
        return [f"{sign} {_number(a)}"]
    if 0 < a.size <= ENTRIES and a.ndim <= 2 and a.shape[-1] <= COLUMNS:
        rows = a.reshape(-1, a.shape[-1])
        texts = _columns(rows)
        return [f"{sign if i == 0 else ' '} {row}".replace(" ", "\N{NO-BREAK SPACE}") for i, row in enumerate(texts)]
    if not a.size:
        return [f"{sign} empty"]
    if a.dtype.kind != "f":
        return [f"{sign} {a.min()} to {a.max()}"]
    fine = a[np.isfinite(a)].astype(np.float64)
    bad = a.size - fine.size
    range_ = f"{fine.min():.3g} to {fine.max():.3g}" if fine.size else ""
    return [f"{sign} {range_}", f"  {bad} not finite"] if bad else [f"{sign} norm {np.linalg.norm(fine):.3g}, {range_}"]


def _number(a: ndarray) -> str:
    value = a.item()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _columns(rows: ndarray) -> list[str]:
    if rows.dtype.kind != "f" or (np.array_equal(rows, np.round(rows)) and np.abs(rows).max() < 1e5):
        texts = [[str(int(v)) for v in row] for row in rows.tolist()]
    else:
        fine = np.abs(rows[np.isfinite(rows)])
        top = float(fine.max()) if fine.size else 0.0
        digits = 2 - math.floor(math.log10(top)) if top else 0
        form = f".{min(max(digits, 0), 4)}f" if -2 <= digits <= 5 else ".1e"
        texts = [[f"{v:{form}}" for v in row] for row in rows.tolist()]
    wide = max(len(text) for row in texts for text in row)
    return ["  ".join(text.rjust(wide) for text in row) for row in texts]


def _line(text: str, role: Role) -> Line:
    return Line(clipped(text, WIDEST, SIZES[role], role == "name", role in ("value", "gradient")), role)


def _spoken(lines: Sequence[Line], kind: str) -> str:
    return f"{kind} " + ", ".join(line.text.replace("\N{NO-BREAK SPACE}", " ").strip() for line in lines)
