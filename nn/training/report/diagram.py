"""The network as a picture: one bar a layer, as wide as the layer's output is large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from .findings import Layer

__all__ = ["diagram"]

WIDTH, BAR_LEAST, BAR_MOST = 400, 150, 270  # of the picture, and of the narrowest and the widest bar
MOST = 60  # layers drawn

KINDS = {
    "conv": ("Conv", "Linear", "Embedding"),
    "pool": ("Pool", "Upsample", "Flatten", "Unflatten"),
    "norm": ("Norm", "Dropout"),
}


def diagram(layers: Sequence[Layer], source: tuple[int, ...]) -> str:
    """Return an SVG of *layers* in the order in which they run, below an input of shape *source*."""
    rows = [Layer("input", "", source, 0), *layers[:MOST]]
    sizes = [math.log(max(math.prod(row.shape), 2)) for row in rows]
    low, high = min(sizes), max(sizes)
    parts: list[str] = []
    y = 4.0
    for row, size in zip(rows, sizes, strict=True):
        width = BAR_LEAST + (BAR_MOST - BAR_LEAST) * (size - low) / max(high - low, 1e-9)
        height = 30 if row.parameters or not row.kind else 22
        if parts:
            parts.append(f'<path class="wire" d="M{BAR_MOST / 2 + 2} {y - 10}v10"/>')
        parts.append(_bar(row, y, width, height))
        y += height + 10
    if len(layers) > MOST:
        parts.append(
            f'<text x="{BAR_MOST / 2 + 2}" y="{y + 8}" text-anchor="middle">and {len(layers) - MOST} more</text>'
        )
        y += 20
    title = f"The network, {len(layers)} layers, from input to output"
    return (
        f'<svg class="diagram" viewBox="0 0 {WIDTH} {y - 4:.0f}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{''.join(parts)}</svg>"
    )


def _bar(row: Layer, y: float, width: float, height: float) -> str:
    x, middle = BAR_MOST / 2 + 2 - width / 2, y + height / 2 + 4
    kind = next((name for name, words in KINDS.items() if any(word in row.kind for word in words)), "other")
    label = row.kind or row.name
    return (
        f'<rect class="{kind if row.kind else "input"}" x="{x:.1f}" y="{y:.1f}" '
        f'width="{width:.1f}" height="{height}" rx="6"/>'
        f'<text class="label" x="{BAR_MOST / 2 + 2}" y="{middle:.1f}" text-anchor="middle">{escape(label)}</text>'
        f'<text class="shape" x="{WIDTH - 2}" y="{middle:.1f}" text-anchor="end">{_shape(row.shape)}</text>'
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
