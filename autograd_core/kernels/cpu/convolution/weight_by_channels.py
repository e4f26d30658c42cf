"""The adjoint of convolution to the weights, by channel tiles: the channels of y are the lanes.

    w[o, c, a] = sum_np y[n, o, p] x[n, c, p s + a d - padding]

Some rows of y are transposed, so that the channels of a place are neighbours, and x is padded.  A row of a tile is one
(c, a); its scalar for the place p is x at one offset for (c, a) and one for p.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import kernel
from ...record import record, records
from ...threads import parallel
from ...vector import lanes
from ..copies import transpose_tile
from ..tiles import CHANNEL_TILES, channel_tile
from .packing import copy_plane
from .sizes import Sizes, up

__all__ = ["convolve_weight"]

PARTS = 8  # sums over images are made in so many parts, and added in order, however many threads there are
SLICES = 8  # or each sum is complete, and the rows (c, a) are divided: where the sums take more memory than
LARGE = 1 << 17  # elements
PACKED = 3 << 20  # bytes of packed x and y at a time
PLACES = 1024  # places that are summed at a time, when images are small

PLAN = record(
    "images groups x_channels y_channels depth height width y_depth y_height y_width "
    "bundle bundles strips strip_rows depth_table depth_taps window row_step top left column_step "
    "packed_rows pitch channel image rows rows_used tile_rows tile_lanes tile panels row_table place_table "
    "y_packed parts slices lanes"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The adjoint made ready for the kernels."""

    plan: ndarray  # one PLAN
    table: ndarray
    tasks: int
    scratch: int  # elements of workspace for a thread
    sums: tuple[int, int, int]  # parts, rows (c, a) of all groups, channels
    work: float  # nanoseconds on one core


def convolve_weight(g: ndarray, x: ndarray, s: Sizes, w: ndarray) -> None:
    """Write the adjoint of ``w -> conv(x, w)`` at g to w; all arrays are contiguous."""
    p = _plan(s, x.dtype)
    sums = memory.workspace(int(np.prod(p.sums)), x.dtype)
    parallel(_share, p.tasks, x.reshape(-1), g.reshape(-1), sums, p, work=p.work)
    finish(w.reshape(-1), sums, p.plan)


def _share(start: int, stop: int, x: ndarray, y: ndarray, sums: ndarray, p: Plan) -> None:
    accumulate(start, stop, x, y, sums, memory.workspace(p.scratch, x.dtype), p.plan, p.table)


@lru_cache(maxsize=256)
def _plan(s: Sizes, dtype: np.dtype[Any]) -> Plan:
    n = lanes(dtype)
    tile_rows, tile_vectors = min(CHANNEL_TILES, key=lambda tile: _waste(s.y_group, n, *tile))
    panel = tile_vectors * n
    panels = -(-s.y_group // panel)
    taps = s.window[0] * s.window[1] * s.window[2]
    used = s.x_group * taps
    rows = up(used, tile_rows)
    planes = s.x_group * s.window[0]
    _, oh, ow = s.places
    pitch = (ow - 1) * s.stride[2] + (s.window[2] - 1) * s.dilation[2] + 1

    def packed_rows(strip: int) -> int:
        return (strip - 1) * s.stride[1] + (s.window[1] - 1) * s.dilation[1] + 1

    def elements(strip: int, bundle: int) -> int:
        return bundle * (planes * packed_rows(strip) * pitch + panels * panel * strip * ow)

    strip, bundle = oh, 1
    while strip > 4 and elements(strip, 1) * dtype.itemsize > PACKED:
        strip = -(-strip // 2)
    bundles = s.images
    if strip == oh:
        while 2 * bundle * oh * ow <= PLACES and elements(oh, 2 * bundle) * dtype.itemsize <= PACKED:
            if 2 * bundle * min(PARTS, s.images) > s.images:
                break
            bundle *= 2
        bundles = -(-s.images // bundle)
    image = packed_rows(strip) * pitch
    channel = bundle * image + n
    row_offsets = [
        plane * channel + a * s.dilation[1] * pitch + b * s.dilation[2]
        for plane in range(planes)
        for a in range(s.window[1])
        for b in range(s.window[2])
    ]
    places = [
        i * image + p * s.stride[1] * pitch + q * s.stride[2]
        for i in range(bundle)
        for p in range(strip)
        for q in range(ow)
    ]
    columns = panels * panel
    is_large = s.groups * rows * columns > LARGE
    parts = 1 if is_large else min(PARTS, bundles)
    slices = min(SLICES, rows // tile_rows) if is_large else 1
    x_packed = up(planes * channel + 2 * n, 16)
    y_packed = up(panels * bundle * strip * ow * panel + n, 16)
    flat = np.concatenate(
        [np.ravel(part).astype(np.int64) for part in (row_offsets + [0] * (rows - used), places, s.depths_seen)]
    )
    values = {
        "images": s.images, "groups": s.groups, "x_channels": s.x_group, "y_channels": s.y_group, "depth": s.size[0],
        "height": s.size[1], "width": s.size[2], "y_depth": s.places[0], "y_height": oh, "y_width": ow, "bundle": bundle,
        "bundles": bundles, "strips": -(-oh // strip), "strip_rows": strip, "depth_table": rows + len(places),
        "depth_taps": s.window[0], "window": s.window[1] * s.window[2], "row_step": s.stride[1], "top": s.before[1],
        "left": s.before[2], "column_step": s.stride[2], "packed_rows": packed_rows(strip), "pitch": pitch,
        "channel": channel, "image": image, "rows": rows, "rows_used": used, "tile_rows": tile_rows,
        "tile_lanes": panel, "tile": CHANNEL_TILES.index((tile_rows, tile_vectors)), "panels": panels, "row_table": 0,
        "place_table": rows, "y_packed": x_packed, "parts": parts, "slices": slices,
        "lanes": n,
    }  # fmt: skip
    return Plan(
        records(PLAN, values),
        flat,
        parts * slices,
        x_packed + y_packed,
        (parts, s.groups * rows, columns),
        0.02 * s.products,
    )


def _waste(channels: int, n: int, rows: int, vectors: int) -> tuple[float, int]:
    """Return how much a tile computes for nothing, and for each channel reads, and prefer wide ones."""
    computed = up(channels, vectors * n)
    return computed * (1 + 1 / rows + 1 / (rows * vectors)), -vectors


@kernel
def accumulate(start: int, stop: int, x: Any, y: Any, sums: Any, scratch: Any, plan: Any, table: Any) -> None:
    """Compute the sums of tasks *start* to *stop*: of some rows (c, a) of all groups, over the images of one part."""
    p = plan[0]
    columns = p.panels * p.tile_lanes
    blocks = p.rows // p.tile_rows
    for task in range(start, stop):
        part, piece = task // p.slices, task % p.slices
        low, high = blocks * piece // p.slices * p.tile_rows, blocks * (piece + 1) // p.slices * p.tile_rows
        first, last = p.bundles * part // p.parts, p.bundles * (part + 1) // p.parts
        for group in range(p.groups):
            begin = (part * p.groups + group) * p.rows * columns
            sums[begin + low * columns : begin + high * columns] = 0
            for bundle in range(first, last):
                for depth in range(p.y_depth):
                    for strip in range(p.strips):
                        add_strip(x, y, sums, begin, scratch, group, bundle, depth, strip, low, high, p, table)


@kernel
def add_strip(
    x: Any, y: Any, sums: Any, begin: int, scratch: Any, group: int, bundle: int, depth: int, strip: int, low: int,
    high: int, p: Any, table: Any,
) -> None:  # fmt: skip
    """Add what some rows of y, at one depth of a bundle of images, give to the rows *low* to *high* of the sums."""
    n0 = bundle * p.bundle
    images = min(p.bundle, p.images - n0)
    row = strip * p.strip_rows
    rows = min(p.strip_rows, p.y_height - row)
    first_plane, last_plane = low // p.window, (min(high, p.rows_used) - 1) // p.window
    for plane in range(first_plane, last_plane + 1):
        channel = group * p.x_channels + plane // p.depth_taps
        seen = table[p.depth_table + depth * p.depth_taps + plane % p.depth_taps]
        height = p.height if seen >= 0 else 0  # a depth in the padding has no rows
        for i in range(images):
            source = (((n0 + i) * p.groups * p.x_channels + channel) * p.depth + seen) * p.height * p.width
            copy_plane(
                scratch, plane * p.channel + i * p.image, p.pitch, x, source, height, p.width, row * p.row_step - p.top, 1,
                p.packed_rows - (p.strip_rows - rows) * p.row_step, -p.left, 1, p.pitch,
            )  # fmt: skip
    transpose_places(scratch, y, n0, images, group, depth, row, rows, p)
    count, columns = images * rows * p.y_width, p.panels * p.tile_lanes
    for panel in range(p.panels):
        vectors = p.y_packed + panel * count * p.tile_lanes
        for r in range(low, high, p.tile_rows):
            channel_tile(
                p.tile, scratch, 0, table, p.row_table + r, p.place_table, count, scratch, vectors, p.tile_lanes,
                sums, begin + r * columns + panel * p.tile_lanes, columns, False,
            )  # fmt: skip


@kernel
def transpose_places(
    packed: Any, y: Any, n0: int, images: int, group: int, depth: int, row: int, rows: int, p: Any
) -> None:
    """packed[panel, (image, place), lane] = y[n0 + image, group, panel lanes + lane, depth, row ..., place]."""
    n = p.lanes
    size, count = p.y_height * p.y_width, rows * p.y_width
    for i in range(images):
        for o in range(0, p.y_channels, n):
            panel, lane = o // p.tile_lanes, o % p.tile_lanes
            target = p.y_packed + (panel * images + i) * count * p.tile_lanes + lane
            channel = ((n0 + i) * p.groups + group) * p.y_channels + o
            source = (channel * p.y_depth + depth) * size + row * p.y_width
            channels = min(n, p.y_channels - o)
            for q in range(0, count, n):
                transpose_tile(
                    packed, target + q * p.tile_lanes, p.tile_lanes, y, source + q, p.y_depth * size, channels,
                    min(n, count - q),
                )  # fmt: skip


@kernel
def finish(w: Any, sums: Any, plan: Any) -> None:
    """w[group, o, (c, a)] = the sum over parts of sums[part, group, (c, a), o]."""
    p = plan[0]
    n = p.lanes
    columns = p.panels * p.tile_lanes
    size = p.groups * p.rows * columns
    for part in range(1, p.parts):
        for i in range(size):
            sums[np.uint64(i)] += sums[np.uint64(part * size + i)]
    for group in range(p.groups):
        for o in range(0, p.y_channels, n):
            for r in range(0, p.rows_used, n):
                transpose_tile(
                    w, (group * p.y_channels + o) * p.rows_used + r, p.rows_used, sums,
                    (group * p.rows + r) * columns + o, columns, min(n, p.rows_used - r), min(n, p.y_channels - o),
                )  # fmt: skip
