"""The drawings of how_it_works.md, one for each package: ``make docs-architecture`` draws them, with ``tests`` on the path.

Which part imports which is read from the source.  A part stands above all that it imports, so arrows can be left out.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from test_layering import ROOT, Source, sources

from autograd_core.viz.drawing.scene import Group, Rect, Scene, Shape, Text
from autograd_core.viz.drawing.svg import svg

__all__ = ["FOLDER", "PACKAGES", "drawing", "levels"]

FOLDER = Path(__file__).with_name("pictures")
PACKAGES = {
    "autograd_core": "the engine",
    "nn": "networks, data, training",
    "optim": "optimizers and schedules",
}
WIDTH, MARGIN, GAP = 720, 14, 8  # pixels of the picture
HEIGHT, LETTER, PADDING = 26, 7.3, 18  # of a box, of a letter in it, and beside its text
ABOVE = 34  # for the title
LEFT_OUT = {"__init__", "__main__", "version"}  # the face and the command line import everything

Needs = dict[str, set[str]]


@cache
def everything() -> list[Source]:
    """Return every file of the packages, parsed."""
    return sources(ROOT)


@cache
def needs(package: str) -> Needs:
    """Return for each part of *package*, a file or a folder in it, the parts that it imports when it is imported."""
    found: Needs = defaultdict(set)
    files = [file for file in everything() if file.package == package and file.part not in LEFT_OUT]
    parts = {file.part for file in files}
    for file in files:
        found[file.part]  # a part that needs nothing is one too
        for imported in file.imports():
            names = [*imported.module.split("."), imported.name or ""]
            if imported.top == package and names[1] in parts - {file.part} and not imported.for_types_only:
                found[file.part].add(names[1])
    return dict(found)


def levels(package: str) -> list[list[str]]:
    """Return the parts in rows from the bottom up: each imports from lower rows only."""
    wanted = needs(package)
    height: dict[str, int] = {}
    for part in TopologicalSorter(wanted).static_order():
        height[part] = 1 + max((height[other] for other in wanted[part]), default=-1)
    return [sorted(part for part in height if height[part] == level) for level in range(max(height.values()) + 1)]


def said(package: str, part: str) -> str:
    """Return the first line of the docstring of a part, for who points at its box."""
    file = ROOT / package / part
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0]


def drawing(package: str) -> str:
    """Return the picture of *package* as SVG: rows of boxes, what is imported below what imports it."""
    groups: list[Group] = []
    y = float(ABOVE)
    for i, row in enumerate(reversed(levels(package))):
        lines = _broken(row)
        tall = len(lines) * (HEIGHT + GAP) + GAP
        boxes: list[Group] = []
        for n, line in enumerate(lines):
            taken = sum(width for _, width in line) + GAP * (len(line) - 1)
            x, top = (WIDTH - taken) / 2, y + GAP + n * (HEIGHT + GAP)
            for part, width in line:
                folder = (ROOT / package / part).is_dir()
                shapes: tuple[Shape, ...] = (
                    Rect(x, top, width, HEIGHT, 5, "module" if folder else "operation"),
                    Text(x + width / 2, top + 17.5, f"{part}/" if folder else part, "title"),
                )
                boxes.append(Group("", "part", shapes, f"{part}: {said(package, part)}"))
                x += width + GAP
        groups.append(Group("", "row", (Rect(MARGIN, y, WIDTH - 2 * MARGIN, tall, 6, f"tint{i % 2}"),)))
        groups += boxes
        y += tall
    legend = "Each part imports from rows below its own only; folders are blue."
    head = (
        Rect(0, 0, WIDTH, y + 28, 0, "paper"),
        Text(MARGIN, 22, f"{package}: {PACKAGES[package]}", "name", "start"),
        Text(MARGIN, y + 18, legend, "legend", "start"),
    )
    description = "; ".join(", ".join(row) for row in reversed(levels(package)))
    return svg(Scene(WIDTH, y + 28, f"The parts of {package}", description, (Group("", "frame", head), *groups)))


def _broken(row: list[str]) -> list[list[tuple[str, float]]]:
    """Return the boxes of a row with their widths, in as many lines as they take."""
    lines: list[list[tuple[str, float]]] = [[]]
    for part in row:
        width = LETTER * (len(part) + 1) + PADDING
        if lines[-1] and sum(w + GAP for _, w in lines[-1]) + width > WIDTH - 2 * MARGIN - 2 * GAP:
            lines.append([])
        lines[-1].append((part, width))
    return lines


if __name__ == "__main__":
    for name in sys.argv[1:] or PACKAGES:
        (FOLDER / f"parts-{name}.svg").write_text(drawing(name), encoding="utf-8")
