"""``layouts``: where everything of a trace lies, at every depth, for a page that draws it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .drawing.contents import Content, Line, content, module_title
from .drawing.picture import placed
from .layout import Direction
from .layout.ladder import LADDER
from .schema import Trace
from .visible import SIZE_LIMIT, Visible, VisibleBox, visible
from .visible import depths as every_depth

__all__ = ["layouts"]


def layouts(
    made: Trace,
    depths: Iterable[int | None] | None = None,
    direction: Direction = "TB",
    engines: Sequence[str] = LADDER,
    size_limit: int = SIZE_LIMIT,
) -> dict[str, Any]:
    """Return the ``layouts`` of a trace's JSON: by depth, as text, the boxes, clusters and edges with their coordinates.

    A box has room for a line above its title, the value, and one below, the gradient: a page writes them as it steps.

    *depths* are those to lay out, None among them for all operations, which are then not folded; by default every depth at
    which something else is shown.  *engines* are asked in turn, see ``layout.lay_out``.

    >>> from autograd_core.viz import layouts, trace
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> found = layouts(trace(x * x), engines=["layered"])
    >>> [(box["id"], box["title"]) for box in found["all"]["boxes"]], found["all"]["edges"][0]["count"]
    ([('n0', 'x'), ('n1', 'x * x')], 2)
    """
    found = {}
    for depth in every_depth(made) if depths is None else depths:
        shown = visible(made, depth, fold=depth is not None, size_limit=size_limit)
        found["all" if depth is None else str(depth)] = _as_dict(made, shown, direction, engines)
    return found


def _as_dict(made: Trace, shown: Visible, direction: Direction, engines: Sequence[str]) -> dict[str, Any]:
    uses = Counter(step.to.id for step in made.steps)
    contents = {box.id: _with_room(content(made, shown, box), box, uses) for box in shown.boxes}
    layout = placed(made, shown, contents, direction, engines)
    at = layout.as_dict()
    return {
        "engine": at["engine"],
        "direction": at["direction"],
        "size": at["size"],
        "says": shown.says,
        "boxes": [
            {
                "id": box.id, "kind": box.kind, "nodes": list(box.nodes), "module": box.module, "at": at["boxes"][box.id],
                "title": contents[box.id].title, "lines": contents[box.id].details,
            }
            for box in shown.boxes
        ],
        "clusters": [
            {"module": c.module, "at": at["clusters"][c.id], "title": module_title(made, c)} for c in shown.clusters
        ],
        "edges": [{**way, "edges": list(e.edges)} for e, way in zip(shown.edges, at["edges"], strict=True)],
    }  # fmt: skip


def _with_room(found: Content, box: VisibleBox, uses: Counter[int]) -> Content:
    if found.failed:
        return found
    tensor = box.id[0] == "n"
    lines = [Line("0" * len("norm 0.0123"), "value")] if tensor else []
    lines += found.lines
    if not found.hollow:
        said = "norm 0.0123 (1 of 2)" if tensor and uses[int(box.id[1:])] > 1 else "not computed"
        lines.append(Line("0" * (len(said) + 2), "gradient"))  # the mark in front is as wide as two
    return replace(found, lines=tuple(lines))
