"""The transforms of one pass: weights, and tiles of pictures, in the layouts that products read and write."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....jit import kernel
from ...copies import transpose_tile
from .transforms import FILTER, INPUT, OUTPUT, sandwich

__all__ = ["spread_channels", "transform_filters", "transform_input", "transform_output"]


@kernel
def transform_filters(
    u: Any, u0: int, place: int, w: Any, group: int, panel: int, first: int, count: int, scratch: Any, turned: bool, p: Any
) -> None:  # fmt: skip
    """u[u0 + xi place + (c - first) panel + lane] = (G w[o, c] G^T)[xi] for *count* inputs c and a panel of outputs o.

    *turned* is for the adjoint: w[c, o] with its last tap first.
    """
    for c in range(first, first + count):
        for lane in range(0, p.panel, p.lanes):
            o = panel * p.panel + lane
            wanted = min(p.lanes, p.outputs - o)
            if turned:
                source, step = ((group * p.inputs + c) * p.outputs + o) * 9, 9
                target, pitch = 8 * p.panel + lane, -p.panel
            else:
                source, step = ((group * p.outputs + o) * p.inputs + c) * 9, p.inputs * 9
                target, pitch = lane, p.panel
            for tap in range(0, 9 if wanted > 0 else 0, p.lanes):
                transpose_tile(
                    scratch, target + tap * pitch, pitch, w, source + tap, step, wanted, min(9 - tap, p.lanes)
                )
        sandwich(
            p.kinds + FILTER, scratch, 0, 3 * p.panel, p.panel, u, u0 + (c - first) * p.panel, (p.m + 2) * place, place,
            p.panel,
        )  # fmt: skip


@kernel
def transform_input(
    x: Any, first: int, images: int, group: int, row: int, rows: int, scratch: Any, v: Any, v0: int, place: int, tile: int,
    p: Any,
) -> None:  # fmt: skip
    """v[v0 + xi place, tile ..., c] = B^T d B for the tiles d of some images, *rows* rows of tiles from *row* on."""
    for i in range(images):
        spread_channels(
            scratch, i * p.image, p.row_pitch, p.input_pitch, x, ((first + i) * p.groups + group) * p.inputs, p.inputs,
            p.height, p.width, row * p.m - p.top, rows * p.m + 2, -p.left, p.tiles_w * p.m + 2, p.lanes,
        )  # fmt: skip
        for r in range(rows):
            for c in range(p.tiles_w):
                source = i * p.image + r * p.m * p.row_pitch + c * p.m * p.input_pitch
                sandwich(
                    p.kinds + INPUT, scratch, source, p.row_pitch, p.input_pitch, v, v0 + tile * p.input_pitch,
                    (p.m + 2) * place, place, p.inputs,
                )  # fmt: skip
                tile += 1


@kernel
def spread_channels(
    y: Any, y0: int, row_pitch: int, pitch: int, x: Any, channel: int, channels: int, height: int, width: int, row: int,
    rows: int, column: int, columns: int, lanes: int,
) -> None:  # fmt: skip
    """y[y0 + r row_pitch + q pitch + c] = x[channel + c, row + r, column + q], or 0 outside of x's planes."""
    low = min(columns, max(0, -column))
    high = max(low, min(columns, width - column))
    for r in range(rows):
        i, line = row + r, y0 + r * row_pitch
        inside = 0 <= i < height
        if not inside or low > 0:
            y[line : line + (low if inside else columns) * pitch] = 0
        if inside:
            for c in range(0, channels, lanes):
                wanted = min(lanes, channels - c)
                source = ((channel + c) * height + i) * width + column
                for q in range(low, high, lanes):
                    transpose_tile(
                        y, line + q * pitch + c, pitch, x, source + q, height * width, wanted, min(lanes, high - q)
                    )
            y[line + high * pitch : line + columns * pitch] = 0


@kernel
def transform_output(
    y: Any, first: int, images: int, group: int, row: int, rows: int, channel: int, channels: int, bias: Any, floor: Any,
    scratch: Any, m: int, place: int, pitch: int, space: int, p: Any,
) -> None:  # fmt: skip
    """Write A^T M A + bias, or *floor* if that is larger, to *rows* rows of tiles of *channels* of a group's outputs.

    M is scratch[m + xi place + tile pitch + channel].  The rows of an image are put together at *space*.
    """
    tile = 0
    line = p.tiles_w * p.m * pitch
    height = min(rows * p.m, p.out_height - row * p.m)
    for i in range(images):
        for r in range(rows):
            for c in range(p.tiles_w):
                sandwich(
                    p.kinds + OUTPUT, scratch, m + tile * pitch, (p.m + 2) * place, place, scratch,
                    space + r * p.m * line + c * p.m * pitch, line, pitch, channels,
                )  # fmt: skip
                tile += 1
        if bias.size or floor == 0:
            for q in range(height * p.tiles_w * p.m):
                for o in range(channels):
                    value = scratch[np.uint64(space + q * pitch + o)]
                    if bias.size:
                        value += bias[np.uint64(group * p.outputs + channel + o)]
                    scratch[np.uint64(space + q * pitch + o)] = floor if value < floor else value
        for o in range(0, channels, p.lanes):
            plane = ((first + i) * p.groups + group) * p.outputs + channel + o
            wanted = min(p.lanes, channels - o)
            for r in range(height):
                target = (plane * p.out_height + row * p.m + r) * p.out_width
                source = space + r * line + o
                for q in range(0, p.out_width, p.lanes):
                    transpose_tile(
                        y, target + q, p.out_height * p.out_width, scratch, source + q * pitch, pitch,
                        min(p.lanes, p.out_width - q), wanted,
                    )  # fmt: skip
