"""The look of the lessons' figures: one style, colours that the colour-blind tell apart, day and night.

A lesson draws with matplotlib's own methods.  What it says nothing about (ink, grid, fonts, the cycle of colours) comes
from here: the style is set while it runs.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ..training.report.figures import PAPER, STYLE, Colours

__all__ = [
    "BLUE",
    "COLOURS",
    "DIVERGING",
    "DPI",
    "GREEN",
    "GREY",
    "ON_DARK",
    "ON_LIGHT",
    "ORANGE",
    "PAPER",
    "PINK",
    "SEQUENTIAL",
    "SKY",
    "VERMILION",
    "day",
    "new",
    "night",
    "style",
]

DPI, WIDTH = 160, 8.0  # 1280 pixels: the width of a projector

# The colours of Okabe & Ito, "Color Universal Design", 2008, but for black and yellow, which a page hides.
COLOURS = BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, GREY = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8a8f98",
)
SEQUENTIAL, DIVERGING = "cividis", "RdBu_r"  # both are told apart by the colour-blind

ON_LIGHT, ON_DARK = "#000000", "#fefefe"  # text on a picture, which is the same by day and by night

DARK = Colours("#e9ebee", "#a8b0bc", "#3a3f47", PAPER.train, PAPER.test)
FACE = {"white": "#ffffff", "dark": "#1b1e22"}  # of a card of the page


def style() -> dict[Any, Any]:
    """Return the style, for ``matplotlib.rc_context``."""
    return STYLE | {
        "axes.axisbelow": True,
        "axes.edgecolor": PAPER.muted,
        "axes.grid": True,
        "axes.labelcolor": PAPER.ink,
        "axes.prop_cycle": f"cycler('color', {list(COLOURS)})",
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": PAPER.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "figure.facecolor": FACE["white"],
        "axes.facecolor": "none",
        "font.size": 10,
        "grid.color": PAPER.line,
        "grid.linewidth": 0.8,
        "image.cmap": SEQUENTIAL,
        "image.interpolation": "nearest",
        "legend.frameon": False,
        "legend.labelcolor": PAPER.ink,
        "lines.linewidth": 2.0,
        "savefig.dpi": DPI,
        "savefig.facecolor": "auto",
        "text.color": PAPER.ink,
        "xtick.color": PAPER.muted,
        "ytick.color": PAPER.muted,
    }


def new(
    rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float = 4.5, **options: Any
) -> tuple[Any, Any]:
    """Return a figure of *width* by *height* inches, and its axes, or an array of them, as ``Figure.subplots`` gives them.

    At the usual width it fills a projector of 1280 pixels, and text of 10 points is 22 pixels high.

    >>> figure, axes = new(1, 2, sharey=True)
    >>> axes.shape
    (2,)
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def day(figure: Any) -> bytes:
    """Return *figure* as a PNG for a light page."""
    return _png(figure)


def night(figure: Any) -> bytes:
    """Return *figure* as a PNG for a dark page: its ink, axes, grid and paper change, its other colours stay."""
    from matplotlib.colors import to_hex

    swapped = {getattr(PAPER, name): getattr(DARK, name) for name in ("ink", "muted", "line")}
    swapped[FACE["white"]] = FACE["dark"]
    for artist in figure.findobj():
        for part in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            read, write = (getattr(artist, f"{verb}_{part}", None) for verb in ("get", "set"))
            if read is None or write is None:
                continue
            colour = read()
            if isinstance(colour, np.ndarray):  # a collection has a colour for each of its points, or one for all
                colour = tuple(colour.ravel()) if colour.size == 4 else "none"
            if isinstance(colour, str | tuple) and colour != "none" and to_hex(colour) in swapped:
                write(swapped[to_hex(colour)])
    return _png(figure)


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
