"""Strip by strip of tiles: transform it, multiply it with all weights, which were transformed before, transform the sums."""

from __future__ import annotations

from typing import Any

from numpy import ndarray

from .... import memory
from ....jit import kernel
from ....threads import parallel
from ...tiles import channel_tile
from .pictures import transform_filters, transform_input, transform_output
from .plan import TILE, Plan

__all__ = ["correlate_by_strips"]


def correlate_by_strips(p: Plan, x: ndarray, w: ndarray, bias: ndarray, y: ndarray, floor: Any, turned: bool) -> None:
    """Write the correlation to y; arrays are flat."""
    filters, record = memory.workspace(p.filters, w.dtype), p.plan[0]
    panels = int(record["groups"] * record["output_pitch"] // record["panel"])
    parallel(_share_filters, panels, w, filters, turned, p, work=0.2 * p.filters)
    parallel(_share, p.tasks, x, filters, y, bias, floor, p, work=p.work)


def _share_filters(start: int, stop: int, w: ndarray, filters: ndarray, turned: bool, p: Plan) -> None:
    _transform(start, stop, w, filters, memory.workspace(9 * int(p.plan["panel"][0]), w.dtype), turned, p.plan)


@kernel
def _transform(start: int, stop: int, w: Any, u: Any, scratch: Any, turned: bool, plan: Any) -> None:
    """u[group, xi, panel, c, lane] = (G w[o, c] G^T)[xi] for the panels *start* to *stop* of all groups."""
    p = plan[0]
    panels = p.output_pitch // p.panel
    for task in range(start, stop):
        group, panel = task // panels, task % panels
        u0 = group * p.places * p.filters + panel * p.inputs * p.panel
        transform_filters(u, u0, p.filters, w, group, panel, 0, p.inputs, scratch, turned, p)


def _share(start: int, stop: int, x: ndarray, u: ndarray, y: ndarray, bias: ndarray, floor: Any, p: Plan) -> None:
    _correlate(start, stop, x, u, y, bias, floor, memory.workspace(p.scratch, x.dtype), p.plan, p.table)


@kernel
def _correlate(
    start: int, stop: int, x: Any, u: Any, y: Any, bias: Any, floor: Any, scratch: Any, plan: Any, table: Any
) -> None:
    """Compute tasks *start* to *stop*: strips of rows of tiles of one group, of one image or a bundle of small ones."""
    p = plan[0]
    v = p.input_space + p.output_space
    m = v + p.places * p.transformed_input
    for task in range(start, stop):
        rest, strip = task // p.strips, task % p.strips
        bundle, group = rest // p.groups, rest % p.groups
        first, row = bundle * p.bundle, strip * p.strip_rows
        images, rows = min(p.bundle, p.images - first), min(p.strip_rows, p.tiles_h - row)
        tiles = images * rows * p.tiles_w
        transform_input(x, first, images, group, row, rows, scratch, scratch, v, p.transformed_input, 0, p)
        for xi in range(p.places):
            for panel in range(p.output_pitch // p.panel):
                filters = (group * p.places + xi) * p.filters + panel * p.inputs * p.panel
                for t in range(0, tiles, p.tile_rows):
                    channel_tile(
                        TILE, scratch, v + xi * p.transformed_input + t * p.input_pitch, table, p.tile_table,
                        p.channel_table, p.inputs, u, filters, p.panel, scratch,
                        m + xi * p.transformed_output + t * p.output_pitch + panel * p.panel, p.output_pitch, True,
                    )  # fmt: skip
        transform_output(
            y, first, images, group, row, rows, 0, p.outputs, bias, floor, scratch, m, p.transformed_output,
            p.output_pitch, p.input_space, p,
        )  # fmt: skip
