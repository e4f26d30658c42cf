"""Figures, drawn by matplotlib: for files, and for a page whose colours the reader's theme decides."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..history import History
from .findings import Example, Picture
from .pictures import diverging

__all__ = ["PAGE", "PAPER", "Colours", "confusion", "curve", "curves", "grid", "norms", "png", "svg"]

Figure = Any  # matplotlib.figure.Figure; matplotlib is optional


@dataclass(frozen=True)
class Colours:
    """Colours of a figure: text, faint text and axes, grid, the training curve, the test curve."""

    ink: str
    muted: str
    line: str
    train: str
    test: str


PAPER = Colours("#1b1e23", "#5c6470", "#e4e6ea", "#2c67d1", "#cf5a1d")
# Stand-ins that no figure uses otherwise: svg() puts the page's own colours in their place.
PAGE = Colours("#010203", "#010204", "#010205", "#010206", "#010207")
THEME = {
    PAGE.ink: "var(--ink)",
    PAGE.muted: "var(--muted)",
    PAGE.line: "var(--line)",
    PAGE.train: "var(--train)",
    PAGE.test: "var(--test)",
}
STYLE: dict[Any, Any] = {"font.size": 10, "font.family": "sans-serif", "svg.fonttype": "none", "svg.hashsalt": "report"}


def curve(history: History, column: str, colours: Colours = PAPER) -> Figure:
    """Return a figure of *column* over the epochs, and of its ``val_`` column if there is one."""
    figure = _figure(4.8, 3.0)
    _draw_curve(figure.subplots(), history, column, colours)
    return figure


def curves(history: History, columns: Sequence[str]) -> Figure:
    """Return one figure with the curve of each column side by side."""
    figure = _figure(4.8 * len(columns), 3.2)
    for axes, column in zip(np.atleast_1d(figure.subplots(1, len(columns))), columns, strict=True):
        _draw_curve(axes, history, column, PAPER)
    return figure


def _draw_curve(axes: Any, history: History, column: str, colours: Colours) -> None:
    from matplotlib.ticker import MaxNLocator

    for name, label, colour in ((column, "training", colours.train), (f"val_{column}", "test", colours.test)):
        if name in history:
            points = [(row["epoch"], row[name]) for row in history if row.get(name) is not None]
            dots = "o" if len(points) <= 30 else ""
            axes.plot(*zip(*points, strict=True), color=colour, marker=dots, markersize=4, linewidth=1.8, label=label)
    axes.set_title(column, loc="left", color=colours.ink, fontsize=11, fontweight="bold", pad=10)
    axes.set_xlabel("epoch", color=colours.muted)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.grid(axis="y", color=colours.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=colours.muted, length=0, pad=6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(colours.line)
    axes.legend(frameon=False, labelcolor=colours.ink, ncols=2, loc="lower right", bbox_to_anchor=(1.02, 1.0))
    axes.set_facecolor("none")


def norms(layers: Sequence[str], columns: dict[str, Sequence[float | None]]) -> Figure:
    """Return a bar for each layer on a logarithmic scale, the first layer on top, one chart for each column."""
    figure = _figure(3.4 * len(columns) + 1.4, 0.9 + 0.24 * len(layers))
    places = range(len(layers))
    charts = np.atleast_1d(figure.subplots(1, len(columns), sharey=True))
    for axes, (title, values) in zip(charts, columns.items(), strict=True):
        shown = [v if v is not None and math.isfinite(v) and v > 0 else math.nan for v in values]
        axes.barh(places, shown, color=PAPER.train, height=0.62)
        if not np.isnan(shown).all():
            axes.set_xscale("log")
        axes.set_yticks(places, layers)
        axes.set_title(title, loc="left", color=PAPER.ink, fontsize=11, fontweight="bold", pad=10)
        axes.grid(axis="x", color=PAPER.line, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=PAPER.muted, length=0, pad=6)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.spines["left"].set_color(PAPER.line)
    charts[0].invert_yaxis()
    return figure


def confusion(matrix: NDArray[np.int64], classes: Sequence[str]) -> Figure:
    """Return the confusion matrix as a figure: a row for each true class, shades by the share of that row."""
    side = 2.2 + 0.48 * len(classes)
    figure = _figure(side, side)
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(matrix):
        if count:
            shade = "white" if shares[i, j] > 0.5 else PAPER.ink
            axes.text(j, i, str(count), ha="center", va="center", fontsize=8, color=shade)
    ticks = range(len(classes))
    axes.set_xticks(ticks, classes, rotation=45, ha="right")
    axes.set_yticks(ticks, classes)
    axes.set_xlabel("predicted class", color=PAPER.muted)
    axes.set_ylabel("true class", color=PAPER.muted)
    axes.tick_params(colors=PAPER.ink, length=0)
    axes.spines[:].set_visible(False)
    return figure


def grid(pictures: Sequence[NDArray[Any]], captions: Sequence[str] = (), columns: int = 8) -> Figure:
    """Return pictures in rows of *columns*, each with its caption."""
    columns = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    figure = _figure(1.25 * columns, (1.6 if captions else 1.2) * rows)
    for i, axes in enumerate(np.ravel(figure.subplots(rows, columns, squeeze=False))):
        axes.set_axis_off()
        if i < len(pictures):
            axes.imshow(pictures[i], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if captions:
                axes.set_title(captions[i], fontsize=7.5, color=PAPER.ink)
    return figure


def filter_grid(filters: NDArray[Any]) -> Figure:
    """Return first-layer filters as a figure: blue below zero, orange above."""
    return grid([diverging(one) for one in filters])


def mistake_grid(examples: Sequence[Example], classes: Sequence[str]) -> Figure:
    """Return mistakes as a figure, each with its true and its predicted class."""
    captions = [f"{classes[e.true]}\nas {classes[e.predicted]} {e.probability:.0%}" for e in examples]
    return grid([e.picture for e in examples], captions, columns=6)


def reconstruction_grid(rows: Sequence[tuple[Picture, ...]]) -> Figure:
    """Return a column for each picture: what went in above what came out."""
    return grid([column[i] for i in range(len(rows[0])) for column in rows], columns=len(rows))


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure as MatplotlibFigure

    return MatplotlibFigure(figsize=(width, height), layout="constrained")


def png(draw: Callable[[], Figure]) -> bytes:
    """Return the figure that *draw* makes as a PNG on white."""
    return _render(draw, format="png", dpi=160, facecolor="white")


def svg_file(draw: Callable[[], Figure]) -> bytes:
    """Return the figure that *draw* makes as an SVG file on white; the same figure gives the same bytes."""
    return _render(draw, format="svg", facecolor="white", metadata={"Date": None})


def svg(draw: Callable[[], Figure], name: str, alt: str) -> str:
    """Return the figure that *draw* makes in ``PAGE`` colours as an SVG to put into a page.

    Its identifiers begin with *name*, so that several can stand in one page; *alt* says what it shows.
    """
    text = _render(draw, format="svg", transparent=True, metadata={"Date": None}).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    for stand_in, colour in THEME.items():
        text = text.replace(stand_in, colour)
    box = re.search(r'viewBox="[^"]*"', text)
    return f'<svg {box.group() if box else ""} role="img" aria-label="{alt}">{text[text.index(">") + 1 :]}'


def _render(draw: Callable[[], Figure], **options: Any) -> bytes:
    from matplotlib import rc_context

    file = io.BytesIO()
    with rc_context(STYLE):
        draw().savefig(file, **options)
    return file.getvalue()
