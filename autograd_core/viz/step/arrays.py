"""Arrays as lines of text: the numbers where they fit, else what they are like and a picture of them in shades."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from ...representation import values
from ..schema import shape_text
from ..values import block_means, statistics
from .styled import Glyphs, Line, Span, line

__all__ = ["described", "entries", "heat_map"]

FULL = 64  # entries up to which all numbers are shown
ROWS, COLUMNS = 8, 20  # of a heat map
CELL = 2  # columns of a screen for a cell: its sign and its shade


def entries(a: ndarray, width: int) -> list[str] | None:
    """Return all numbers of *a* in aligned rows, or None where they are too many or the rows too long.

    >>> entries(np.float32([[1, -2], [0.5, 4]]), 40)
    ['[[ 1.0000, -2.0000],', ' [ 0.5000,  4.0000]]']
    """
    if a.size > FULL:
        return None
    rows = [row for row in values(a, linewidth=width).split("\n") if row]
    return rows if max(map(len, rows)) <= width else None


def described(a: ndarray) -> str:
    """Return what *a* is like, in a line.

    >>> described(np.arange(200.0))
    '200 numbers, norm 1627, from 0 to 199'
    """
    known = statistics(a if a.dtype.kind == "f" else a.astype(np.float64))
    if not known["size"]:
        return f"{shape_text(a.shape)}, empty"
    said = shape_text(a.shape)
    if known["norm"] is not None:
        low, high = known["min"], known["max"]
        said += f", norm {known['norm']:.4g}, " + (f"all {low:.4g}" if low == high else f"from {low:.4g} to {high:.4g}")
    return said + (f", {known['nonfinite']} of {known['size']} not finite" if known["nonfinite"] else "")


def heat_map(a: ndarray, width: int, rows: int, glyphs: Glyphs, style: str) -> list[Line]:
    """Return means of blocks of *a* as shades, the largest the darkest, each with its sign before it.

    >>> from autograd_core.viz.step.styled import ASCII, ansi
    >>> for row in heat_map(np.array([[-2.0, 4.0, 3.0], [-1.0, 0.1, -4.0]]), 40, 8, ASCII, ""):
    ...     print(ansi(row, 0))
    -: # *
    -.  -#
    """
    means = block_means(a, max(rows, 1), max(1, min(COLUMNS, width // CELL)))
    size = np.abs(means)
    largest = float(size[np.isfinite(size)].max(initial=0))
    steps = len(glyphs.shades) - 1

    def cell(v: float) -> str:
        if not np.isfinite(v):
            return " ?"
        shade = glyphs.shades[round(abs(v) / largest * steps) if largest else 0]
        return ("-" if v < 0 and shade != " " else " ") + shade

    return [line(Span("".join(map(cell, row)), style)) for row in means.tolist()]
