"""Heat maps as small SVG images: each entry a cell, the stronger in colour the larger, a dash in what is below 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..values import block_means

__all__ = ["LEVELS", "heat_map"]

LEVELS = 8  # of strength on each side of 0
WIDTH, HEIGHT = 320, 160  # at most, in pixels
LARGEST, SMALLEST, SIGN = 18, 3, 8  # of a cell, and from when on a dash can be seen in it
ROWS, COLUMNS = 20, 40  # of cells; more entries are shown as means of blocks
# Dark green, dark purple and red on a ground that is light in both schemes: a notebook's theme is not known to an image.
GROUND, UP, DOWN, BAD = "#f2f4f7", "#0f6b5c", "#7b2d8b", "#b71c26"


def heat_map(a: np.ndarray) -> tuple[str, str]:
    """Return a heat map of an array of numbers as SVG, and what it is in words.

    The last dim goes to the right; the others, one after the other, down.  Entries that are not finite are red.

    >>> from autograd_core.viz.notebook.heat import heat_map
    >>> svg, says = heat_map(np.float32([[1, -2], [0, 4]]))
    >>> says, svg.count("<path")
    ('Heat map of 2 rows of 2', 4)
    """
    if not a.size:
        raise ValueError("heat_map: a has no entries: expected one or more")
    m = np.asarray(a, np.float64).reshape(-1, a.shape[-1] if a.ndim else 1)
    if m.shape[0] > ROWS or m.shape[1] > COLUMNS:
        m = block_means(a.astype(np.float64), ROWS, COLUMNS)
        says = f"Heat map of means of {m.shape[0]} x {m.shape[1]} blocks"
    else:
        says = f"Heat map of {m.shape[0]} row{'' if m.shape[0] == 1 else 's'} of {m.shape[1]}"
    rows, columns = m.shape
    cell = min(LARGEST, max(SMALLEST, min(WIDTH // columns, HEIGHT // rows)))
    fine = np.isfinite(m)
    most = float(np.abs(m[fine]).max(initial=0.0)) or 1.0
    levels = np.where(fine, np.sign(m) * np.ceil(np.abs(np.where(fine, m, 0.0)) / most * LEVELS), 0).astype(int)
    paths = []
    for level in [v for v in range(-LEVELS, LEVELS + 1) if v]:
        if (cells := _cells(levels == level)) != "":
            strength = math.sqrt(abs(level) / LEVELS)
            paths.append(f'<path stroke="{UP if level > 0 else DOWN}" stroke-opacity="{strength:.2f}" d="{cells}"/>')
    if not fine.all():
        paths.append(f'<path stroke="{BAD}" d="{_cells(~fine)}"/>')
    if (levels < 0).any() and cell >= SIGN:
        dashes = _cells(levels < 0, 0.4)
        paths.append(f'<path stroke="#fff" stroke-opacity=".7" stroke-width=".14" d="{dashes}"/>')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * cell}" height="{rows * cell}" '
        f'viewBox="0 0 {columns} {rows}" shape-rendering="crispEdges">'
        f'<rect width="{columns}" height="{rows}" fill="{GROUND}"/>{"".join(paths)}</svg>'
    )
    return svg, says


def _cells(which: Any, length: float = 1.0) -> str:
    """Return strokes through the cells in *which*, of this *length* each; whole neighbours are one stroke."""
    found = []
    for row, marks in enumerate(which.tolist()):
        column = 0
        while column < len(marks):
            end = column
            while end < len(marks) and marks[end] and (length == 1.0 or end == column):
                end += 1
            if end > column:
                found.append(f"M{column + (1 - length) / 2:g} {row + 0.5:g}h{end - column - 1 + length:g}")
            column = max(end, column + 1)
    return "".join(found)
