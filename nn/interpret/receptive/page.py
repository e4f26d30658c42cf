"""The page of receptive fields: a layer's map, and the picture in which the pixels that reach the chosen place light up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...training.report.pictures import data_uri

__all__ = ["Shown", "page_of", "picture_of"]

SIDE = 64  # pixels of the shown picture, at most; larger ones are shown as means of blocks
LEVELS = 8  # of strength
LIGHT, EDGE = "#e69f00", "#d55e00"  # of pixels that count, and of the frame around them


@dataclass(frozen=True)
class ShownLayer:
    """One layer: its path and map, and of each place the box of its field and the strengths in it, as digits of 0 to 8."""

    path: str
    shape: tuple[int, int]
    map: str
    boxes: list[int]
    levels: list[str]


@dataclass(frozen=True)
class Shown:
    """What the page shows; boxes are in the pixels of the picture, of which *block* x *block* are one that is shown."""

    picture: str
    size: tuple[int, int]
    block: int
    layers: list[ShownLayer]

    @classmethod
    def of(
        cls, picture: NDArray[Any], fields: Sequence[tuple[str, NDArray[Any], NDArray[Any], NDArray[np.int64]]]
    ) -> Shown:
        """Return what is shown of a picture (C, H, W) and, for each layer, its path, map, strengths and boxes."""
        block = math.ceil(max(picture.shape[1:]) / SIDE)
        small = _blocks(picture, block).mean((0, 2, 4))  # grey: the order of channels is the network's own affair
        rows, columns = picture.shape[1:]
        layers = [_layer(*field, block) for field in fields]
        return cls(data_uri(_gray(small)), (rows, columns), block, layers)

    @property
    def title(self) -> str:
        """Say what it is, in words."""
        names = ", ".join(layer.path for layer in self.layers)
        return f"Receptive fields of {names} in a picture of {self.size[0]} x {self.size[1]} pixels"


def _layer(path: str, maps: NDArray[Any], strengths: NDArray[Any], boxes: NDArray[np.int64], block: int) -> ShownLayer:
    h, w = maps.shape
    coarse = _blocks(strengths.reshape(h * w, *strengths.shape[2:]), block).mean((2, 4))
    most = coarse.max((1, 2), keepdims=True)
    # The root lets the weak ones be seen; a pixel that counts at all has level 1 at least.
    levels = np.ceil(np.sqrt(coarse / np.where(most > 0, most, 1)) * LEVELS).astype(int)
    flat = boxes.reshape(-1, 4)
    cuts = [(top // block, left // block, -(-bottom // block), -(-right // block)) for top, left, bottom, right in flat]
    texts = [
        "".join(map(str, one[top:bottom, left:right].ravel()))
        for one, (top, left, bottom, right) in zip(levels, cuts, strict=True)
    ]
    return ShownLayer(path, (h, w), data_uri(_gray(maps)), flat.ravel().tolist(), texts)


def _blocks(a: NDArray[Any], block: int) -> NDArray[Any]:
    """Return (N, H, W) as (N, H / block, block, W / block, block), the last blocks filled up by the border."""
    n, rows, columns = a.shape
    filled = np.pad(a, ((0, 0), (0, -rows % block), (0, -columns % block)), mode="edge")
    return filled.reshape(n, -(-rows // block), block, -(-columns // block), block)


def _gray(a: NDArray[Any]) -> NDArray[np.uint8]:
    low, high = float(a.min()), float(a.max())
    return np.asarray(np.round((a - low) / ((high - low) or 1.0) * 255), np.uint8)


def page_of(shown: Shown) -> str:
    """Return the page: one HTML file that loads nothing, with its data and script inside."""
    from autograd_core.viz import one_file

    layers = [
        {
            "path": layer.path,
            "shape": layer.shape,
            "map": layer.map,
            "boxes": layer.boxes,
            "levels": "".join(layer.levels),
        }
        for layer in shown.layers
    ]
    here = files(__package__)
    tabs = "".join(
        f'<button type="button" aria-pressed="{str(i == len(layers) - 1).lower()}">{escape(layer.path)}</button>'
        for i, layer in enumerate(shown.layers)
    )
    map_, picture = _drawings(shown)
    return one_file(
        (here / "page.html").read_text("utf-8"),
        shown.title,
        f"{(here / 'page.css').read_text('utf-8')}\n{_style()}",
        (here / "page.js").read_text("utf-8"),
        {"block": shown.block, "layers": layers},
        markup={"tabs": tabs, "map": map_, "picture": picture, "said": _said(shown)},
    )


def picture_of(shown: Shown) -> str:
    """Return, as an SVG, what the page shows at first: the field of the place in the middle of the last layer."""
    map_, picture = _drawings(shown)
    place = 'width="300" height="300"'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="660" height="345" font-family="sans-serif" font-size="14">'
        f"<style>{_style()}</style>"
        '<rect width="660" height="345" fill="#fff"/>'
        f'<svg x="15" y="5" {place}{map_[4:]}<svg x="345" y="5" {place}{picture[4:]}'
        f'<text x="330" y="330" text-anchor="middle" fill="#222">{_said(shown)}</text></svg>'
    )


def _style() -> str:
    return (
        "image{image-rendering:pixelated}"
        f".light{{stroke:{LIGHT}}}.field,.place{{fill:none;stroke:{EDGE};vector-effect:non-scaling-stroke;stroke-width:2.5}}"
    )


def _middle(layer: ShownLayer) -> tuple[int, int, int]:
    h, w = layer.shape
    return h // 2, w // 2, h // 2 * w + w // 2


def _said(shown: Shown) -> str:
    layer = shown.layers[-1]
    i, j, place = _middle(layer)
    top, left, bottom, right = layer.boxes[4 * place : 4 * place + 4]
    if bottom == top:
        return f"{escape(layer.path)}, row {i}, column {j}: no pixel reaches it"
    return (
        f"{escape(layer.path)}, row {i}, column {j}: {bottom - top} x {right - left} pixels reach it, "
        f"rows {top} to {bottom - 1}, columns {left} to {right - 1}"
    )


def _drawings(shown: Shown) -> tuple[str, str]:
    """Return two SVGs, which the script goes on drawing: the map of the last layer, and the picture."""
    layer = shown.layers[-1]
    (h, w), (i, j, place) = layer.shape, _middle(layer)
    map_ = (
        f'<svg viewBox="0 0 {w} {h}"><image width="{w}" height="{h}" href="{layer.map}" preserveAspectRatio="none"/>'
        f'<rect class="place" x="{j}" y="{i}" width="1" height="1"/></svg>'
    )
    top, left, bottom, right = layer.boxes[4 * place : 4 * place + 4]
    block = shown.block
    columns = -(-right // block) - left // block
    strokes = [""] * (LEVELS + 1)
    for n, level in enumerate(layer.levels[place]):
        strokes[int(level)] += f"M{left // block + n % columns} {top // block + n // columns + 0.5:g}h1"
    lights = "".join(
        f'<path class="light" stroke-opacity="{level / LEVELS:g}" d="{strokes[level]}"/>'
        for level in range(1, LEVELS + 1)
    )
    rows, columns = (-(-n // block) for n in shown.size)
    picture = (
        f'<svg viewBox="0 0 {columns} {rows}"><rect width="{columns}" height="{rows}"/>'
        f'<image width="{columns}" height="{rows}" href="{shown.picture}" opacity=".45"/>{lights}'
        f'<rect class="field" x="{left / block:g}" y="{top / block:g}" width="{(right - left) / block:g}" '
        f'height="{(bottom - top) / block:g}"/></svg>'
    )
    return map_, picture
