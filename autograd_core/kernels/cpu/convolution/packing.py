"""Copies into the order in which tiles read: padded planes, and weights in blocks of a tile's rows."""

from __future__ import annotations

from typing import Any

from ...jit import kernel
from ..copies import copy_rows

__all__ = ["copy_plane", "pack_weights"]


@kernel
def _within(offset: int, step: int, size: int, n: int) -> tuple[int, int]:
    """Return the range of i, within 0..n-1, for which 0 <= offset + i step < size."""
    low = min(n, max(0, -(offset // step)))
    return low, max(low, min(n, (size - offset - 1) // step + 1))


@kernel
def copy_plane(
    y: Any, y0: int, pitch: int, x: Any, x0: int, height: int, width: int, row: int, row_step: int, rows: int,
    column: int, column_step: int, n: int,
) -> None:  # fmt: skip
    """y[y0 + r pitch + j] = plane[row + r row_step, column + j column_step] or 0 outside, for r < rows and j < n.

    The plane is x[x0:] as (height, width).  The last row is overrun by up to a vector.
    """
    low, high = _within(column, column_step, width, n)
    top, bottom = _within(row, row_step, height, rows)
    if low == high:
        bottom = top
    for r in range(top):
        y[y0 + r * pitch : y0 + r * pitch + n] = 0
    start, target = x0 + (row + top * row_step) * width + column, y0 + top * pitch
    which = 0 if column_step == 1 else 1 if column_step == 2 else 2 if column_step == 4 else -1
    if which >= 0:
        copy_rows(which, y, target, pitch, x, start, row_step * width, low, high, n, bottom - top)
    else:
        for r in range(bottom - top):
            source = start + r * row_step * width
            y[target : target + low] = 0
            for j in range(low, high):
                y[target + j] = x[source + j * column_step]
            y[target + high : target + n] = 0
            target += pitch
    for r in range(bottom, rows):
        y[y0 + r * pitch : y0 + r * pitch + n] = 0


@kernel
def pack_weights(packed: Any, w: Any, plan: Any, stages: Any, table: Any) -> None:
    """packed[g, stage, block, k, r] = w[g weight_group + channel weight_channel + offset_k], channel = first + block R + r.

    The rows beyond the last channel are 0.
    """
    p = plan[0]
    for g in range(p.groups):
        for s in range(len(stages)):
            stage = stages[s]
            rows, k = stage.rows, stage.k
            target = g * p.group_weights + stage.weights
            for block in range(stage.blocks):
                first = stage.channel + block * rows
                source = g * p.weight_group + first * p.weight_channel
                filled = min(rows, p.target_channels - first)
                for i in range(k):
                    offset = source + table[stage.weight_offsets + i]
                    for r in range(filled):
                        packed[target + r] = w[offset + r * p.weight_channel]
                    for r in range(filled, rows):
                        packed[target + r] = 0
                    target += rows
