"""A scene as PNG or PDF, drawn by Matplotlib: the same picture as the SVG."""

from __future__ import annotations

import io
from typing import Any

from .scene import PALETTES, STYLES, Path, Rect, Scene, Text

__all__ = ["raster"]

POINT = 0.75  # of a pixel
CURVE = 0.5522847498  # how far the handles of a quarter of a circle reach, in radii


def raster(scene: Scene, kind: str, dark: bool = False, scale: float = 2.0) -> bytes:
    """Return *scene* as the bytes of a file of a *kind*, "png" or "pdf"; a PNG has *scale* pixels for one of the SVG.

    Raises ImportError, with the line that installs it, where Matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path as Outline
        from matplotlib.patheffects import withStroke
    except ImportError as error:
        raise ImportError(
            f"a {kind.upper()} is drawn by Matplotlib, which is not installed: pip install 'autograd-core[train]'; or save the "
            "drawing as .svg, which needs nothing"
        ) from error
    colour = PALETTES["dark" if dark else "light"]
    figure = Figure(figsize=(scene.width * POINT / 72, scene.height * POINT / 72), facecolor=colour["paper"])
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    axes.set_axis_off()

    def add(points: Any, codes: Any, style_name: str, order: int) -> None:
        style = STYLES[style_name]
        patch = PathPatch(
            Outline(points, codes),
            facecolor=colour[style.fill] if style.fill else "none",
            edgecolor=colour[style.stroke] if style.stroke else "none",
            linewidth=style.width * POINT if style.stroke else 0,
            linestyle=(0, [d / style.width for d in style.dash]) if style.dash else "solid",
            zorder=order,
        )
        axes.add_patch(patch)

    for order, shape in enumerate(scene.shapes()):
        if isinstance(shape, Rect):
            add(*_rounded(shape, Outline), shape.style, order)
        elif isinstance(shape, Path):
            step = Outline.CURVE4 if shape.curved else Outline.LINETO
            points, codes = list(shape.points), [Outline.MOVETO, *[step] * (len(shape.points) - 1)]
            if shape.closed:
                points, codes = [*points, points[0]], [*codes, Outline.CLOSEPOLY]
            add(points, codes, shape.style, order)
        elif isinstance(shape, Text):
            style = STYLES[shape.style]
            axes.text(
                shape.x,
                shape.y,
                shape.text,
                color=colour[style.fill or "ink"],
                fontsize=style.size * POINT,
                fontfamily="DejaVu Sans Mono" if style.mono else "DejaVu Sans",
                fontweight="bold" if style.bold else "normal",
                ha="center" if shape.anchor == "middle" else "left",
                va="baseline",
                parse_math=False,
                zorder=order,
                path_effects=[withStroke(linewidth=4 * POINT, foreground=colour[style.stroke])] if style.stroke else [],
            )
    out = io.BytesIO()
    # Without a date the same picture gives the same file.
    about = {"Title": scene.title, "CreationDate": None} if kind == "pdf" else {"Title": scene.title, "Software": None}
    figure.savefig(out, format=kind, dpi=96 * scale, facecolor=colour["paper"], metadata=about)
    return out.getvalue()


def _rounded(r: Rect, outline: Any) -> tuple[list[tuple[float, float]], list[int]]:
    radius = min(r.radius, r.width / 2, r.height / 2)
    x, y, right, bottom, c = r.x, r.y, r.x + r.width, r.y + r.height, radius * (1 - CURVE)
    points = [
        (x + radius, y), (right - radius, y), (right - c, y), (right, y + c), (right, y + radius),
        (right, bottom - radius), (right, bottom - c), (right - c, bottom), (right - radius, bottom),
        (x + radius, bottom), (x + c, bottom), (x, bottom - c), (x, bottom - radius),
        (x, y + radius), (x, y + c), (x + c, y), (x + radius, y), (x + radius, y),
    ]  # fmt: skip
    corner = [outline.LINETO, *[outline.CURVE4] * 3]
    return points, [outline.MOVETO, *corner * 4, outline.CLOSEPOLY]
