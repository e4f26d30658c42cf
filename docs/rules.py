"""The page of all derivative rules: ``make docs-rules`` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograd_core import PRIMITIVES
from autograd_core.primitive import Primitive
from autograd_core.viz import rule
from autograd_core.viz.told import FUNCTIONS

from .families import title

__all__ = ["PATH", "page"]

PATH = Path(__file__).with_suffix(".md")
ABOUT = """\
<!-- `make docs-rules` writes this page: change the formulas, autograd_core/viz/told or docs/rules.py instead -->
# Derivative rules

What each operand of each primitive gets of the gradient that arrives at the result. The rules are read from the formulas
that the engine runs, or told by hand where those are long; tests evaluate each of them beside the engine, and beside
differences of the primitive, so that what stands here is what is computed. In a program, `autograd_core.viz.rule("matmul",
"input")` has the same as text, LaTeX and MathML.

- `G` is the gradient that arrives, of the shape of the result; `out` is the result; all other names are operands,
  parameters of the call, or what forward keeps beside the result.
- Where an operand was broadcast, what it gets is summed to its own shape afterwards. No rule says so.
- `sum` and `mean` keep the axes that they go over, with length 1. `*` goes element by element, `@` is the product of
  matrices, `x.T` exchanges the last two axes, and a condition such as `x == y` counts as 1 or 0.
- Conditions are meant for numbers; what happens at NaN is told by each function itself.
- A quotient of 0 by 0 that forward itself guards against, such as the slope of a norm at 0, is 0.

"""


def page() -> str:
    """Return the page as text."""
    files: dict[str, list[Primitive]] = {}
    for primitive in sorted(PRIMITIVES.values(), key=_place):
        module = primitive.forward.__module__
        if module.startswith("autograd_core.ops."):
            files.setdefault(module, []).append(primitive)
    sections = [_section(module, primitives) for module, primitives in files.items()]
    constant = sorted(p.name for primitives in files.values() for p in primitives if not p.live)
    text = ABOUT + "\n".join(section for section in sections if section)
    text += (
        "\n## Without a derivative\n\nThe results of these are indices, conditions or steps, constant for the graph: "
    )
    text += ", ".join(f"`{name}`" for name in constant) + ".\n"
    text += "\n## Functions in rules\n\n" + _table(
        "function | meaning", ([f"`{n}`", w] for n, w in sorted(FUNCTIONS.items()))
    )
    return text


def _place(primitive: Primitive) -> tuple[str, int]:
    return primitive.forward.__module__, primitive.forward.__code__.co_firstlineno


def _section(module: str, primitives: Iterable[Primitive]) -> str:
    rows = []
    for primitive in primitives:
        for operand in primitive.live:
            shown = rule(primitive.name, operand)
            rows.append([f"`{primitive.name}`", f"`{operand}`", f"`{shown.text}`", f"$`{shown.latex}`$", shown.words])
    if not rows:
        return ""
    return f"## {title(module)}\n\n{_table('primitive | for | rule | in mathematics | in words', rows)}"


def _table(head: str, rows: Iterable[list[str]]) -> str:
    lines = [head, " | ".join("---" for _ in head.split(" | ")), *(" | ".join(row).rstrip() for row in rows)]
    return "".join(f"| {line.rstrip(' |')} |\n" for line in lines)


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
