"""Copies by whole vectors, into the order in which tiles read: rows, or parts of them, and squares that are turned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numpy import ndarray

from ..vector import Vectors, choose, emitted_by, integer, loop, subroutine

__all__ = ["STRANDS", "copy_rows", "transpose_tile", "weave_rows"]

Value: TypeAlias = Any  # an ir.Value, of a library without types

# ------------------------------------------------------------------------------------------------------------------ rows

STRANDS = 2
STEPS = (1, 2, 4)  # the strides along a row for which vectors are loaded side by side and thinned out


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
def copy_rows(
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


# ---------------------------------------------------------------------------------------------------------- woven rows


def _emit_weave_rows(
    b: ir.IRBuilder, v: Vectors, y: Value, y0: Value, y_pitch: Value, x: Value, x0: Value, x_pitch: Value, apart: Value,
    strands: Value, n: Value, rows: Value,
) -> None:  # fmt: skip
    arguments = [b.gep(y, [y0]), y_pitch, b.gep(x, [x0]), x_pitch, apart, n, rows]

    def case(count: int) -> Callable[[], None]:
        body = lambda inside, *values: _woven(inside, Vectors(inside, v.element), count, *values)
        return lambda: subroutine(b, f"woven_{count}_{v.suffix}", arguments, body)

    choose(b, b.sub(strands, integer(1)), [case(count) for count in range(1, STRANDS + 1)])


def _woven(
    b: ir.IRBuilder, v: Vectors, strands: int, y: Value, y_pitch: Value, x: Value, x_pitch: Value, apart: Value, n: Value,
    rows: Value,
) -> None:  # fmt: skip
    def store(vector: Value, target: Value, first: Value) -> None:
        address, left = b.gep(target, [first]), b.sub(n, first)
        with b.if_else(b.icmp_signed(">=", left, integer(v.lanes))) as (whole, part):
            with whole:
                v.store(vector, address)
            with part:
                v.store_where(v.below(left), vector, address)

    def row(r: Value, _: Any) -> list[Value]:
        source, target = b.gep(x, [b.mul(r, x_pitch)]), b.gep(y, [b.mul(r, y_pitch)])

        def vector(i: Value, _: Any) -> list[Value]:
            start = b.mul(i, integer(v.lanes))
            found = [v.load(b.gep(source, [b.add(start, b.mul(apart, integer(s)))])) for s in range(strands)]
            for j, part in enumerate(v.interleave(*found) if strands == 2 else found):
                store(part, target, b.add(b.mul(start, integer(strands)), integer(j * v.lanes)))
            return []

        loop(b, vectors, [], vector)
        return []

    step = strands * v.lanes
    vectors = b.sdiv(b.add(n, integer(step - 1)), integer(step))
    loop(b, rows, [], row)


@emitted_by(_emit_weave_rows)
def weave_rows(
    y: ndarray, y0: int, y_pitch: int, x: ndarray, x0: int, x_pitch: int, apart: int, strands: int, n: int, rows: int
) -> None:
    """y[y0 + r y_pitch + i] = x[x0 + r x_pitch + i // strands + (i % strands) apart], for r < rows and i < n.

    There may be up to STRANDS strands.  Each is read beyond its end, up to a vector.
    """
    i = np.arange(n)
    for r in range(rows):
        start = y0 + r * y_pitch
        y[start : start + n] = x[x0 + r * x_pitch + i // strands + i % strands * apart]


# -------------------------------------------------------------------------------------------------------- squares


def _emit_transpose_tile(
    b: ir.IRBuilder, v: Vectors, y: Value, y0: Value, y_step: Value, x: Value, x0: Value, x_step: Value, rows: Value,
    columns: Value,
) -> None:  # fmt: skip
    arguments = [b.gep(y, [y0]), y_step, b.gep(x, [x0]), x_step, rows, columns]
    body = lambda inside, *values: _transposed(inside, Vectors(inside, v.element), *values)
    subroutine(b, f"transposed_{v.suffix}", arguments, body)


def _transposed(
    b: ir.IRBuilder, v: Vectors, y: Value, y_step: Value, x: Value, x_step: Value, rows: Value, columns: Value
) -> None:
    within, wanted = v.below(columns), v.below(rows)
    lines = []
    for i in range(v.lanes):
        mask = b.select(b.icmp_signed("<", integer(i), rows), within, v.nowhere())
        lines.append(v.load_where(mask, b.gep(x, [b.mul(x_step, integer(i))])))
    for j, line in enumerate(v.transpose(lines)):
        with b.if_then(b.icmp_signed("<", integer(j), columns)):
            v.store_where(wanted, line, b.gep(y, [b.mul(y_step, integer(j))]))


@emitted_by(_emit_transpose_tile)
def transpose_tile(y: ndarray, y0: int, y_step: int, x: ndarray, x0: int, x_step: int, rows: int, columns: int) -> None:
    """y[y0 + j y_step + i] = x[x0 + i x_step + j], for i < rows and j < columns, each at most a vector's lanes.

    Nothing else is read or written.
    """
    i, j = np.ogrid[:rows, :columns]
    y[y0 + j * y_step + i] = x[x0 + i * x_step + j]
