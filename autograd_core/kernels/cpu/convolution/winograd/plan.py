"""What the kernels of one pass need to know: sizes, and where everything is in their workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from ....record import record, records
from ....vector import lanes
from ...tiles import CHANNEL_TILES
from ..sizes import Sizes, up
from .transforms import LEVELS

__all__ = ["APART", "TILE", "Plan", "adjoint_plan", "forward_plan"]

TILE = min(i for i, (rows, vectors) in enumerate(CHANNEL_TILES) if vectors == 2)  # the one for products of transforms
STRIP = 64  # tiles that a strip of rows has at least, if there are as many: weights are read once for each strip
APART = 16  # elements between the matrices of two places, so that they do not compete for the same lines of the cache
MANY = 1 << 22  # bytes of transformed weights that come from main memory when they are read again
BATCH = 128  # tiles whose sums of a panel of channels stay in the cache, beside some of the weights

PLAN = record(
    "images groups inputs outputs input_pitch output_pitch height width out_height out_width top left m places kinds "
    "tiles_h tiles_w strip_rows strips bundle panel tile_rows lanes row_pitch image tiles by_panels "
    "transformed_input transformed_output filters input_space output_space tile_table channel_table"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One pass made ready for the kernels."""

    plan: ndarray
    table: ndarray
    tasks: int
    filters: int  # elements of all transformed weights
    scratch: int  # elements of workspace for a thread
    work: float  # nanoseconds on one core


@lru_cache(maxsize=256)
def forward_plan(s: Sizes, dtype: np.dtype[Any], m: int, threads: int) -> Plan:
    """Return the plan of y = conv(x, w)."""
    return _plan(s.images, s.groups, s.x_group, s.y_group, s.size[1:], s.places[1:], s.before[1:], dtype, m, threads)


@lru_cache(maxsize=256)
def adjoint_plan(s: Sizes, dtype: np.dtype[Any], m: int, threads: int) -> Plan:
    """Return the plan of its adjoint to x: the same with the window turned around."""
    before = (2 - s.before[1], 2 - s.before[2])
    return _plan(s.images, s.groups, s.y_group, s.x_group, s.places[1:], s.size[1:], before, dtype, m, threads)


Pair = tuple[int, int]


def _plan(
    images: int,
    groups: int,
    inputs: int,
    outputs: int,
    size: Pair,
    out: Pair,
    before: Pair,
    dtype: np.dtype[Any],
    m: int,
    threads: int,
) -> Plan:
    n = lanes(dtype)
    rows, vectors = CHANNEL_TILES[TILE]
    panel, places = vectors * n, (m + 2) ** 2
    input_pitch, output_pitch = (up(up(channels, rows), panel) for channels in (inputs, outputs))
    tiles_h, tiles_w = (-(-length // m) for length in out)
    strip = min(tiles_h, -(-STRIP // tiles_w))
    by_panels = places * inputs * output_pitch * dtype.itemsize > MANY and tiles_h * tiles_w <= BATCH
    if by_panels:
        strip, bundle = tiles_h, min(images, BATCH // (tiles_h * tiles_w))
    elif strip < tiles_h:
        bundle = 1
    else:
        share = -(-images // (2 * threads))  # of the images, so that each thread gets two
        bundle = min(share, max(1, STRIP // (tiles_h * tiles_w)))
    strips = -(-tiles_h // strip)
    row_pitch = (tiles_w * m + 2) * input_pitch
    image = (strip * m + 2) * row_pitch
    tiles = up(bundle * strip * tiles_w, rows)
    transformed_input, transformed_output = tiles * input_pitch + APART, tiles * output_pitch + APART
    filters = inputs * output_pitch + APART
    input_space = up(bundle * image, 16)
    output_space = up(strip * m * tiles_w * m * output_pitch, 16)
    bundles = -(-images // bundle)
    values = {
        "images": images, "groups": groups, "inputs": inputs, "outputs": outputs, "input_pitch": input_pitch,
        "output_pitch": output_pitch, "height": size[0], "width": size[1], "out_height": out[0], "out_width": out[1],
        "top": before[0], "left": before[1], "m": m, "places": places, "kinds": 5 * LEVELS.index(m), "tiles_h": tiles_h,
        "tiles_w": tiles_w, "strip_rows": strip, "strips": strips, "bundle": bundle, "panel": panel, "tile_rows": rows,
        "lanes": n, "row_pitch": row_pitch, "image": image, "tiles": tiles, "by_panels": by_panels,
        "transformed_input": transformed_input,
        "transformed_output": transformed_output, "filters": filters, "input_space": input_space,
        "output_space": output_space, "tile_table": 0, "channel_table": rows,
    }  # fmt: skip
    products = images * groups * tiles_h * tiles_w * places * inputs * outputs
    return Plan(
        records(PLAN, values),
        np.concatenate([np.arange(rows) * input_pitch, np.arange(inputs)]),
        bundles * groups * strips,
        groups * places * filters,
        input_space + output_space + places * (transformed_input + transformed_output),
        0.025 * products,
    )
