"""Drawing what a network makes of the points of a plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .. import figures

__all__ = ["draw_points", "draw_regions", "grid_points"]


def grid_points(low: float, high: float, steps: int = 201) -> tuple[NDArray[Any], NDArray[Any], ag.Tensor]:
    """Return the coordinates of a square grid, and its points as rows (steps^2, 2)."""
    x, y = np.meshgrid(*[np.linspace(low, high, steps)] * 2)
    return x, y, ag.tensor(np.stack([x.ravel(), y.ravel()], axis=1), dtype=ag.float32)


def draw_regions(
    axes: Any, low: float, high: float, score: Callable[[ag.Tensor], ag.Tensor], edge: float = 0.0, shade: bool = True
) -> None:
    """Shade the plane by whether *score* is above *edge*, and draw the boundary; without *shade*, only that, dashed."""
    x, y, points = grid_points(low, high)
    with ag.no_grad():
        level = score(points).array.reshape(x.shape).astype(np.float64) - edge
    if shade:
        axes.contourf(x, y, level, levels=[-np.inf, 0, np.inf], colors=[figures.BLUE, figures.ORANGE], alpha=0.18)
    if level.min() < 0 < level.max():
        colour, dashes = (figures.PAPER.ink, "solid") if shade else (figures.GREY, "dashed")
        axes.contour(x, y, level, levels=[0], colors=[colour], linewidths=1.6, linestyles=dashes)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal", xticks=(0, 1), yticks=(0, 1))
    axes.grid(visible=False)


def draw_points(axes: Any, points: NDArray[Any], classes: NDArray[Any], names: tuple[str, str] = ("0", "1")) -> None:
    """Draw the points of two classes, told apart by colour and by shape."""
    for value, colour, marker in ((0, figures.BLUE, "o"), (1, figures.ORANGE, "s")):
        own = points[classes == value]
        axes.scatter(
            *own.T, s=90, c=colour, marker=marker, edgecolors="black", linewidths=0.8, label=names[value], zorder=3
        )
