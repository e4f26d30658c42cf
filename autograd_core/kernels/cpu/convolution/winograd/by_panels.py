"""Panel by panel of weights: transform it, multiply all tiles with it, transform the sums.

For layers with many channels and few pixels, whose transformed weights are much more than all else: each of them is made in
the cache, used there, and forgotten.
"""

from __future__ import annotations

from typing import Any

from numpy import ndarray

from .... import memory
from ....jit import kernel
from ....threads import parallel
from ...tiles import channel_tile
from .pictures import transform_filters, transform_input, transform_output
from .plan import APART, TILE, Plan

__all__ = ["correlate_by_panels"]

CHUNK = 128  # inputs whose weights are transformed at a time: for all places they stay in the second cache


def correlate_by_panels(p: Plan, x: ndarray, w: ndarray, bias: ndarray, y: ndarray, floor: Any, turned: bool) -> None:
    """Write the correlation to y; arrays are flat."""
    record = p.plan[0]
    images, groups, batch = (int(record[name]) for name in ("images", "groups", "bundle"))
    transforms = memory.workspace(int(groups * record["places"] * record["transformed_input"]), x.dtype)
    panels = int(groups * record["output_pitch"] // record["panel"])
    for first in range(0, images, batch):
        count = min(batch, images - first)
        part = count / images
        parallel(_share_images, count, x, transforms, first, p, work=0.1 * p.work * part)
        args = w, transforms, y, first, count, bias, floor, turned, p
        parallel(_share_panels, panels, *args, work=p.work * part)


def _share_images(start: int, stop: int, x: ndarray, v: ndarray, first: int, p: Plan) -> None:
    _transform(start, stop, x, v, first, memory.workspace(int(p.plan["image"][0]), x.dtype), p.plan)


@kernel
def _transform(start: int, stop: int, x: Any, v: Any, first: int, scratch: Any, plan: Any) -> None:
    """v[group, xi, tile, c] = B^T d B for the tiles d of the images *start* to *stop*, counted from *first* on."""
    p = plan[0]
    for i in range(start, stop):
        for group in range(p.groups):
            v0, tile = group * p.places * p.transformed_input, i * p.tiles_h * p.tiles_w
            transform_input(x, first + i, 1, group, 0, p.tiles_h, scratch, v, v0, p.transformed_input, tile, p)


def _share_panels(start: int, stop: int, w: ndarray, v: ndarray, y: ndarray, first: int, *args: Any) -> None:
    *_, p = args
    record = p.plan[0]
    panel, places = int(record["panel"]), int(record["places"])
    weights, sums = CHUNK * panel + APART, int(record["tiles"]) * panel + APART
    space = int(record["tiles_h"] * record["tiles_w"] * record["m"] ** 2) * panel
    scratch = memory.workspace(9 * panel + places * (weights + sums) + space, w.dtype)
    _correlate(start, stop, w, v, y, first, *args[:-1], scratch, p.plan, p.table)  # type: ignore[call-arg]


@kernel
def _correlate(
    start: int, stop: int, w: Any, v: Any, y: Any, first: int, images: int, bias: Any, floor: Any, turned: bool,
    scratch: Any, plan: Any, table: Any,
) -> None:  # fmt: skip
    """M[xi, t, o] = sum_c V[xi, t, c] U[xi, c, o] for the outputs o of some panels, then y = A^T M A."""
    p = plan[0]
    weights, sums = CHUNK * p.panel + APART, p.tiles * p.panel + APART
    u = 9 * p.panel
    m = u + p.places * weights
    space = m + p.places * sums
    panels, tiles = p.output_pitch // p.panel, images * p.tiles_h * p.tiles_w
    for task in range(start, stop):
        group, panel = task // panels, task % panels
        channel = panel * p.panel
        for c in range(0, p.inputs, CHUNK):
            count = min(CHUNK, p.inputs - c)
            transform_filters(scratch, u, weights, w, group, panel, c, count, scratch, turned, p)
            for xi in range(p.places):
                source = (group * p.places + xi) * p.transformed_input + c
                for t in range(0, tiles, p.tile_rows):
                    channel_tile(
                        TILE, v, source + t * p.input_pitch, table, p.tile_table, p.channel_table, count, scratch,
                        u + xi * weights, p.panel, scratch, m + xi * sums + t * p.panel, p.panel, c == 0,
                    )  # fmt: skip
        if channel < p.outputs:
            transform_output(
                y, first, images, group, 0, p.tiles_h, channel, min(p.panel, p.outputs - channel), bias, floor, scratch, m,
                sums, p.panel, space, p,
            )  # fmt: skip
