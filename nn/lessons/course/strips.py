"""Rows of pictures, each row under its title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import figures

__all__ = ["strips"]

TITLE, CAPTION, GAP = 0.3, 0.2, 0.06  # inches


def strips(
    rows: Mapping[str, Sequence[NDArray[Any]]],
    captions: Mapping[str, Sequence[str]] | None = None,
    *,
    width: float = figures.WIDTH,
    **shown: Any,
) -> Any:
    """Return a figure with a row of pictures for each title; *captions*, by the same titles, stand above the pictures.

    *shown* goes to ``imshow``.  A title that is empty or begins with a blank takes no room.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    columns = max(map(len, rows.values()))
    heights = []
    for title, pictures in rows.items():
        shape = np.shape(pictures[0])
        height = width / columns * shape[0] / shape[1] + GAP
        heights.append(height + TITLE * bool(title.strip()) + CAPTION * bool(captions and title in captions))
    tight = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    figure = Figure(figsize=(width, sum(heights)), layout=tight)
    parts = figure.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (title, pictures) in zip(parts, rows.items(), strict=True):
        if title.strip():
            part.suptitle(title, x=0.004, ha="left", fontsize=10, fontweight="bold", color=figures.PAPER.ink)
        texts = (captions or {}).get(title, [""] * columns)
        for i, axes in enumerate(part.subplots(1, columns, squeeze=False)[0]):
            axes.set_axis_off()
            if i < len(pictures):
                axes.imshow(pictures[i], **shown)
                if texts[i]:
                    axes.set_title(texts[i], fontsize=8, fontweight="normal", loc="center", pad=2)
    return figure
