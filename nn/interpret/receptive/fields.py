"""Receptive fields by one-hot backpropagation: a 1 at one place of a map, and what of it arrives at the pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from ... import expect
from ...module import Module
from ..layers import Layer, module_at, recorded
from ..scores import at_rest, check_input
from .page import Shown, page_of, picture_of

__all__ = ["ReceptiveField", "ReceptiveFields", "receptive_fields"]


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive fields of all places of one layer's maps.

    *maps* (h, w) is what is computed there, *strengths* (h, w, H, W) how much each pixel counts for each place: the absolute
    derivative, summed over the picture's channels.

    >>> field = ReceptiveField("0", np.zeros((1, 1)), np.array([[[[0.0, 2.0, 1.0], [0.0, 0.0, 0.0]]]]))
    >>> field.boxes.tolist(), field.size
    ([[[0, 1, 1, 3]]], (1, 2))
    """

    layer: str
    maps: NDArray[Any]
    strengths: NDArray[Any]

    @property
    def boxes(self) -> NDArray[np.int64]:
        """(h, w, 4): top, left, bottom and right of the pixels that count, bottom and right behind the last; 0 for none."""
        ends = []
        for other in (3, 2):  # a row counts where a pixel of it does, and so does a column
            alive: NDArray[np.bool_] = np.logical_or.reduce(self.strengths > 0, axis=other)
            some = np.logical_or.reduce(alive, axis=2)
            last = alive.shape[2] - alive[:, :, ::-1].argmax(2)
            ends.append((some * alive.argmax(2), some * last))
        (top, bottom), (left, right) = ends
        return np.stack([top, left, bottom, right], -1)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the largest field, which no border cuts off where the picture is large enough."""
        boxes = self.boxes
        rows, columns = (boxes[..., 2:] - boxes[..., :2]).reshape(-1, 2).max(0).tolist()
        return rows, columns


class ReceptiveFields:
    """Receptive fields of several layers by their paths; in a notebook, a page to point at, for which pillow is needed.

    >>> import nn
    >>> fields = receptive_fields(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3)), ag.rand(1, 1, 9, 9), ["0", "1"])
    >>> fields
    ReceptiveFields of a picture of 9 x 9 pixels
      0: 7 x 7 places, each sees 3 x 3 pixels
      1: 5 x 5 places, each sees 5 x 5 pixels
    >>> fields["1"].boxes[0, 4].tolist()
    [0, 4, 5, 9]
    """

    def __init__(self, picture: NDArray[Any], fields: Sequence[ReceptiveField]) -> None:
        self.picture = picture  # (C, H, W)
        self.fields = tuple(fields)

    def __getitem__(self, layer: str) -> ReceptiveField:
        for field in self.fields:
            if field.layer == layer:
                return field
        raise KeyError(f"{layer!r}: expected one of {', '.join(repr(field.layer) for field in self.fields)}")

    def __repr__(self) -> str:
        rows, columns = self.picture.shape[1:]
        lines = [f"ReceptiveFields of a picture of {rows} x {columns} pixels"]
        for field in self.fields:
            h, w = field.maps.shape
            lines.append(f"  {field.layer}: {h} x {w} places, each sees {field.size[0]} x {field.size[1]} pixels")
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write the page, one HTML file that loads nothing, and return its path."""
        path = Path(path)
        path.write_text(page_of(self._shown()), encoding="utf-8")
        return path

    def _shown(self) -> Shown:
        return Shown.of(self.picture, [(f.layer, f.maps, f.strengths, f.boxes) for f in self.fields])

    def _repr_html_(self) -> str:
        from autograd_core.viz import framed

        shown = self._shown()
        return framed(page_of(shown), picture_of(shown), shown.title, save="fields.save('fields.html')", height=490)


def receptive_fields(
    model: Module, input: Tensor, layers: Sequence[Layer], *, unit: int | None = None
) -> ReceptiveFields:
    r"""Return which pixels of a picture reach each place of the maps of *layers*, and how much each counts.

    :math:`S_{ij}(p, q) = \sum_c |\partial A_{ij} / \partial x_{cpq}|`, by backpropagation from a map that is 1 at (i, j) and 0
    elsewhere, once for each place.

    *input* is one picture, (1, C, H, W); *layers* are paths, or modules, that give maps (1, K, h, w), of which A is the one of
    *unit*, or the sum of all.  Where a pixel has no derivative at this picture, such as behind a ReLU that is shut or in a
    maximum that another one won, it does not count.  The model computes in eval mode and is left as it was.  Source: Luo et
    al., "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks", 2016.

    >>> import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Tanh(), nn.AvgPool2d(2))
    >>> receptive_fields(model, ag.rand(1, 1, 12, 12), ["0", "2"])["2"].size
    (6, 6)
    """
    check_input("receptive_fields", input)
    if input.ndim != 4 or len(input) != 1:
        raise expect.shape_error("receptive_fields", input, "one picture (1, C, H, W)", "take one: input[:1]")
    if isinstance(layers, str | Module) or not layers:
        raise ag.errors.ArgumentError(
            f"receptive_fields: layers={layers!r}, expected one path or more in a list, such as ['features.0']"
        )
    paths = {id(module): path for path, module in model.named_modules()}
    chosen = [module_at("receptive_fields", model, layer) for layer in layers]
    x = input.detach().requires_grad_()
    with at_rest(model), recorded({paths[id(module)]: module for module in chosen}) as found, ag.enable_grad():
        model(x)
    fields = [_field(paths[id(module)], found, x, unit) for module in chosen]
    return ReceptiveFields(input.array[0].copy(), fields)


def _field(path: str, found: Mapping[str, Tensor], x: Tensor, unit: int | None) -> ReceptiveField:
    if path not in found or f"{path} #2" in found:
        times = "did not run" if path not in found else "ran more than once"
        raise ag.errors.ArgumentError(f"receptive_fields: layer {path!r} {times}: expected one that runs once")
    maps = found[path]
    if maps.ndim != 4:
        raise ag.errors.ShapeError(
            f"receptive_fields: layer {path!r} gives shape {maps.shape}: expected maps (N, K, h, w); use a convolution"
        )
    units, h, w = maps.shape[1:]
    if unit is not None and not (isinstance(unit, int) and 0 <= unit < units):
        raise ag.errors.ArgumentError(f"receptive_fields: unit={unit!r}, expected 0 to {units - 1}, as {path} has them")
    chosen = slice(None) if unit is None else unit
    strengths = np.zeros((h, w, *x.shape[2:]), x.dtype)
    for i, j in np.ndindex(h, w) if maps.requires_grad else ():
        one_hot = np.zeros(maps.shape, maps.dtype)
        one_hot[0, chosen, i, j] = 1
        (gradient,) = ag.grad(maps, [x], ag.from_numpy(one_hot), retain_graph=True, allow_unused=True)
        if gradient is not None:
            strengths[i, j] = np.abs(gradient.array[0]).sum(0)
    return ReceptiveField(path, maps.array[0, chosen].reshape(-1, h, w).mean(0), strengths)
