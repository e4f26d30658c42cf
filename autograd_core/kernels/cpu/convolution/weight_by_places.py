"""The adjoint of convolution to the weights, by place tiles: for few channels of y in a group, the places are the lanes.

    w[o, c, a] = sum_np y[n, o, p] x[n, c, p s + a d - padding]

Both factors are vectors of neighbouring places p.  For that each column of the window has a copy of x of its own, padded,
without the columns that a stride skips, and exactly as wide as y: so vectors run on over the ends of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import kernel
from ...record import record, records
from ...threads import parallel
from ...vector import lanes
from ..tiles import PLACE_TILES, place_tile
from .packing import copy_plane
from .sizes import Sizes

__all__ = ["convolve_weight"]

PARTS = 8  # sums over images are made in so many parts, and added in order, however many threads there are
PACKED = 1 << 18  # bytes of packed x at a time

PLAN = record(
    "images groups x_channels y_channels depth height width y_depth y_height y_width strips strip_rows depth_table "
    "depth_taps row_step top column_step left copies column_dilation row_phases packed_rows copy_size tile tile_rows tile_taps "
    "row_blocks tap_blocks lanes parts"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The adjoint made ready for the kernels."""

    plan: ndarray  # one PLAN
    table: ndarray  # offsets of taps, and source depths
    tasks: int
    scratch: int  # elements of workspace for a thread
    sums: tuple[int, ...]  # parts, groups, blocks of channels of y, blocks of taps, channels, taps, lanes
    work: float  # nanoseconds on one core


def convolve_weight(g: ndarray, x: ndarray, s: Sizes, w: ndarray) -> None:
    """Write the adjoint of ``w -> conv(x, w)`` at g to w; all arrays are contiguous."""
    p = _plan(s, x.dtype)
    sums = memory.workspace(int(np.prod(p.sums)), x.dtype).reshape(p.sums)
    parallel(_share, p.tasks, x.reshape(-1), g.reshape(-1), sums.reshape(-1), p, work=p.work)
    finish(w.reshape(-1), sums, w.size // len(w))


@kernel
def finish(w: Any, sums: Any, taps: int) -> None:
    """w[group, channel, tap] = the sum over parts and lanes of sums[part, group, block, block of taps, channel, tap, lane]."""
    parts, groups, _, _, rows, width, lanes = sums.shape
    channels = w.size // (groups * taps)
    for group in range(groups):
        for channel in range(channels):
            for tap in range(taps):
                total = w.dtype.type(0)
                for part in range(parts):
                    line = sums[part, group, channel // rows, tap // width, channel % rows, tap % width]
                    for lane in range(lanes):
                        total += line[lane]
                w[(group * channels + channel) * taps + tap] = total


def _share(start: int, stop: int, x: ndarray, y: ndarray, sums: ndarray, p: Plan) -> None:
    size = sums.size // p.tasks
    sums[start * size : stop * size] = 0
    accumulate(start, stop, x, y, sums, memory.workspace(p.scratch, x.dtype), p.plan, p.table)


@lru_cache(maxsize=256)
def _plan(s: Sizes, dtype: np.dtype[Any]) -> Plan:
    n, (_, kh, kw), (_, oh, ow) = lanes(dtype), s.window, s.places
    planes = s.x_group * s.window[0]
    phases = min(s.stride[1], (kh - 1) * s.dilation[1] + 1)  # the rows that a stride skips are put aside
    reach = (kh - 1) * s.dilation[1] // s.stride[1]
    strip = oh
    while strip > 1 and planes * kw * phases * (strip + reach) * ow * dtype.itemsize > PACKED:
        strip = -(-strip // 2)
    copy = (strip + reach) * ow
    offsets = [
        ((plane * kw + b) * phases + a * s.dilation[1] % s.stride[1]) * copy + a * s.dilation[1] // s.stride[1] * ow
        for plane in range(planes)
        for a in range(kh)
        for b in range(kw)
    ]
    rows, width = min(PLACE_TILES, key=lambda tile: _cost(s.y_group, len(offsets), *tile))
    blocks = -(-s.y_group // rows), -(-len(offsets) // width)
    parts = min(PARTS, s.images)
    values = {
        "images": s.images, "groups": s.groups, "x_channels": s.x_group, "y_channels": s.y_group, "depth": s.size[0],
        "height": s.size[1], "width": s.size[2], "y_depth": s.places[0], "y_height": oh, "y_width": ow,
        "strips": -(-oh // strip), "strip_rows": strip, "depth_table": blocks[1] * width, "depth_taps": s.window[0],
        "row_step": s.stride[1], "top": s.before[1], "column_step": s.stride[2], "left": s.before[2], "copies": kw,
        "column_dilation": s.dilation[2], "row_phases": phases, "packed_rows": strip + reach, "copy_size": copy,
        "tile": PLACE_TILES.index((rows, width)), "tile_rows": rows, "tile_taps": width, "row_blocks": blocks[0],
        "tap_blocks": blocks[1], "lanes": n, "parts": parts,
    }  # fmt: skip
    return Plan(
        records(PLAN, values),
        np.array([*offsets, *[0] * (blocks[1] * width - len(offsets)), *chain(*s.depths_seen)], np.int64),
        parts * s.groups,
        planes * kw * phases * copy + n,
        (parts, s.groups, *blocks, rows, width, n),
        0.03 * s.products,
    )


def _cost(channels: int, taps: int, rows: int, width: int) -> float:
    """Return how many vectors a tile multiplies and reads for each place."""
    return -(-channels // rows) * -(-taps // width) * (rows * width + (rows + width) / 2)


@kernel
def accumulate(start: int, stop: int, x: Any, y: Any, sums: Any, scratch: Any, plan: Any, table: Any) -> None:
    """Compute tasks *start* to *stop*: the sums of one group over the images of one part."""
    p = plan[0]
    for task in range(start, stop):
        part, group = task // p.groups, task % p.groups
        for n in range(p.images * part // p.parts, p.images * (part + 1) // p.parts):
            for depth in range(p.y_depth):
                for strip in range(p.strips):
                    row = strip * p.strip_rows
                    rows = min(p.strip_rows, p.y_height - row)
                    pack_copies(scratch, x, n * p.groups + group, depth, row, rows, p, table)
                    add_strip(y, sums, task, scratch, n * p.groups + group, depth, row, rows, p, table)


@kernel
def pack_copies(packed: Any, x: Any, image: int, depth: int, row: int, rows: int, p: Any, table: Any) -> None:
    """packed[channel, depth tap, column tap, row phase, r, q] = x at row (row + r) step + phase, column q step + tap."""
    target = 0
    for channel in range(p.x_channels):
        for z in range(p.depth_taps):
            seen = table[p.depth_table + depth * p.depth_taps + z]
            height = p.height if seen >= 0 else 0  # a depth in the padding has no rows
            source = ((image * p.x_channels + channel) * p.depth + seen) * p.height * p.width
            for b in range(p.copies):
                for phase in range(p.row_phases):
                    copy_plane(
                        packed, target, p.y_width, x, source, height, p.width, row * p.row_step + phase - p.top, p.row_step,
                        rows + p.packed_rows - p.strip_rows, b * p.column_dilation - p.left, p.column_step, p.y_width,
                    )  # fmt: skip
                    target += p.copy_size


@kernel
def add_strip(
    y: Any, sums: Any, task: int, packed: Any, image: int, depth: int, row: int, rows: int, p: Any, table: Any
) -> None:
    """Add what some rows of y give to the sums [task, block of channels, block of taps, channel, tap, lane]."""
    plane = p.y_height * p.y_width
    block = p.tile_rows * p.tile_taps * p.lanes
    for i in range(p.row_blocks):
        o = i * p.tile_rows
        first = ((image * p.y_channels + o) * p.y_depth + depth) * plane + row * p.y_width
        for j in range(p.tap_blocks):
            place_tile(
                p.tile, y, first, p.y_depth * plane, p.y_channels - o, packed, 0, table, j * p.tile_taps,
                rows * p.y_width, sums, ((task * p.row_blocks + i) * p.tap_blocks + j) * block,
            )  # fmt: skip
