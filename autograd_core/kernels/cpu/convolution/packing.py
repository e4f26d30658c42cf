"""Copies into the order in which tiles read: padded planes, and weights in blocks of a tile's rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numpy import ndarray

from ...jit import kernel
from ...vector import Vectors, choose, emitted_by, integer, loop, subroutine

__all__ = ["copy_plane", "pack_weights"]

STEPS = (1, 2, 4)  # the strides along a row for which vectors are loaded side by side and thinned out
Value: TypeAlias = Any  # an ir.Value, of a library without types


def _emit_copy_rows(
    b: ir.IRBuilder, v: Vectors, which: Value, y: Value, y0: Value, y_pitch: Value, x: Value, x0: Value, x_pitch: Value,
    low: Value, high: Value, n: Value, rows: Value,
) -> None:  # fmt: skip
    arguments = [b.gep(y, [y0]), y_pitch, b.gep(x, [x0]), x_pitch, low, high, n, rows]

    def case(step: int) -> Callable[[], None]:
        body = lambda inside, *values: _rows(inside, Vectors(inside, v.element), step, *values)
        return lambda: subroutine(b, f"rows_{step}_{v.suffix}", arguments, body)

    choose(b, which, [case(step) for step in STEPS])


def _rows(
    b: ir.IRBuilder, v: Vectors, step: int, y: Value, y_pitch: Value, x: Value, x_pitch: Value, low: Value, high: Value,
    n: Value, rows: Value,
) -> None:  # fmt: skip
    first, stop = b.mul(low, integer(step)), b.add(b.mul(b.sub(high, integer(1)), integer(step)), integer(1))

    def masks(j: Value) -> list[Value]:
        """Of the vectors that hold x[j step ...], side by side, the elements to be read."""
        starts = [b.add(b.mul(j, integer(step)), integer(part * v.lanes)) for part in range(step)]
        return [v.between(b.sub(first, start), b.sub(stop, start)) for start in starts]

    def thinned(address: Value, masks: list[Value]) -> Value:
        parts = [v.load_where(mask, b.gep(address, [integer(i * v.lanes)])) for i, mask in enumerate(masks)]
        while len(parts) > 1:
            parts = [v.every_second(*pair) for pair in zip(parts[::2], parts[1::2])]
        return parts[0]

    def one_vector(r: Value, _: Any) -> list[Value]:
        v.store(thinned(b.gep(x, [b.mul(r, x_pitch)]), once), b.gep(y, [b.mul(r, y_pitch)]))
        return []

    def many_vectors(r: Value, _: Any) -> list[Value]:
        source, target = b.gep(x, [b.mul(r, x_pitch)]), b.gep(y, [b.mul(r, y_pitch)])

        def vector(i: Value, _: Any) -> list[Value]:
            j = b.mul(i, integer(v.lanes))
            v.store(thinned(b.gep(source, [b.mul(j, integer(step))]), masks(j)), b.gep(target, [j]))
            return []

        loop(b, vectors, [], vector)
        return []

    vectors = b.sdiv(b.add(n, integer(v.lanes - 1)), integer(v.lanes))
    with b.if_else(b.icmp_signed("<=", n, integer(v.lanes))) as (narrow, wide):
        with narrow:
            once = masks(integer(0))
            loop(b, rows, [], one_vector)
        with wide:
            loop(b, rows, [], many_vectors)


@emitted_by(_emit_copy_rows)
def _copy_rows(
    which: int,
    y: ndarray,
    y0: int,
    y_pitch: int,
    x: ndarray,
    x0: int,
    x_pitch: int,
    low: int,
    high: int,
    n: int,
    rows: int,
) -> None:
    """y[y0 + r y_pitch + j] = x[x0 + r x_pitch + j STEPS[which]] if low <= j < high else 0, for r < rows and j < n.

    The last vector of a row is written whole, beyond n: rows must lie in ascending order.
    """
    for r in range(rows):
        for j in range(n):
            y[y0 + r * y_pitch + j] = x[x0 + r * x_pitch + j * STEPS[which]] if low <= j < high else 0


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
        _copy_rows(which, y, target, pitch, x, start, row_step * width, low, high, n, bottom - top)
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
