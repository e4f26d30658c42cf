"""Tiles: the innermost loops of convolutions and matrix products, which keep a block of sums in the vector registers.

A tile of R x V sums needs, for each step of its loop, R scalars and V vectors, and does R V multiplications: what it reads
falls behind what it computes as the tile grows, until the registers are full.  Each tile here is written once, for any R
and V; which are compiled is up to ``PIXEL_TILES``, ``CHANNEL_TILES`` and ``PLACE_TILES``, and a kernel chooses among them
by number.

Above each tile are the instructions that it stands for; its own text says the same in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numpy import ndarray

from ..vector import Vectors, choose, emitted_by, integer, lanes, loop, registers, subroutine

__all__ = ["CHANNEL_TILES", "PIXEL_TILES", "PLACE_TILES", "channel_tile", "pixel_tile", "place_tile"]

Tiles = tuple[
    tuple[int, int], ...
]  # (rows, vectors): rows * vectors sums, and the operands of a step, fit the registers
Value: TypeAlias = Any  # an ir.Value, of a library without types

MANY = registers().number >= 32
PIXEL_TILES: Tiles = (
    ((8, 3), (8, 2), (8, 1), (6, 4), (6, 2), (4, 6), (4, 3), (4, 1), (2, 8), (2, 4), (1, 8), (1, 4))
    if MANY
    else ((6, 2), (6, 1), (4, 3), (4, 2), (4, 1), (2, 5), (2, 2), (1, 6), (1, 3))
)
CHANNEL_TILES: Tiles = ((6, 4), (8, 2), (8, 1)) if MANY else ((4, 3), (6, 2), (6, 1))
PLACE_TILES: Tiles = ((6, 3), (4, 5), (2, 9), (1, 12), (1, 3)) if MANY else ((3, 3), (2, 4), (1, 6), (1, 3))


def _one_of(
    b: ir.IRBuilder, v: Vectors, which: Value, tiles: Tiles, body: Any, arguments: list[Value], unroll: bool
) -> None:
    """Call the tile number *which* of *tiles*: ``body(builder, vectors, rows, width, *arguments)``."""

    def case(rows: int, width: int) -> Callable[[], None]:
        def written(inside: ir.IRBuilder, *values: Value) -> None:
            body(inside, Vectors(inside, v.element), rows, width, *values)

        name = f"{body.__name__}_{rows}x{width}_{v.suffix}"
        return lambda: subroutine(b, name, arguments, written, unroll=unroll)

    choose(b, which, [case(*tile) for tile in tiles])


def _at(b: ir.IRBuilder, array: Value, i: Value) -> Value:
    return b.gep(array, [i])


def _entry(b: ir.IRBuilder, table: Value, i: int) -> Value:
    return b.load(b.gep(table, [integer(i)]))


# ------------------------------------------------------------------------------------------------------------ pixel tile


def _emit_pixel_tile(
    b: ir.IRBuilder, v: Vectors, which: Value, x: Value, x0: Value, table: Value, places: Value, count: Value, taps: Value,
    k: Value, w: Value, w0: Value, y: Value, y0: Value, pitch: Value, rows: Value, bias: Value, b0: Value, floor: Value,
) -> None:  # fmt: skip
    arguments = [
        _at(b, x, x0), _at(b, table, places), count, _at(b, table, taps), k, _at(b, w, w0), _at(b, y, y0), pitch, rows,
        _at(b, bias, b0), floor,
    ]  # fmt: skip
    _one_of(b, v, which, PIXEL_TILES, _pixels, arguments, unroll=True)


def _pixels(
    b: ir.IRBuilder, v: Vectors, height: int, width: int, x: Value, places: Value, count: Value, taps: Value, k: Value,
    w: Value, y: Value, pitch: Value, rows: Value, bias: Value, floor: Value,
) -> None:  # fmt: skip
    sources, targets, stored = [], [], []
    for j in range(width):  # a vector beyond the count reads what the first reads, and stores nothing
        used = b.icmp_signed("<", integer(j), count)
        first = b.gep(places, [b.select(used, integer(3 * j), integer(0))])
        sources.append(b.gep(x, [_entry(b, first, 0)]))
        targets.append(_entry(b, first, 1))
        stored.append(b.select(used, _entry(b, first, 2), integer(0)))

    def step(k: Value, sums: list[Value]) -> list[Value]:
        tap, weights = b.load(b.gep(taps, [k])), b.gep(w, [b.mul(k, integer(height))])
        vectors = [v.load(b.gep(source, [tap])) for source in sources]
        scalars = [v.splat(_entry(b, weights, r)) for r in range(height)]
        return [v.fma(s, vectors[j], sums[r * width + j]) for r, s in enumerate(scalars) for j in range(width)]

    start = [v.splat(_entry(b, bias, r)) for r in range(height)]
    least = v.splat(floor)
    sums = [v.at_least(s, least) for s in loop(b, k, [s for s in start for _ in range(width)], step)]
    full = b.icmp_signed(">=", rows, integer(height))
    for n in stored:
        full = b.and_(full, b.icmp_signed(">=", n, integer(v.lanes)))
    lines = [b.gep(y, [b.mul(pitch, integer(r))]) for r in range(height)]
    with b.if_else(full) as (all_of_it, some_of_it):
        with all_of_it:
            for r, line in enumerate(lines):
                for j, target in enumerate(targets):
                    v.store(sums[r * width + j], b.gep(line, [target]))
        with some_of_it:
            for r, line in enumerate(lines):
                with b.if_then(b.icmp_signed("<", integer(r), rows)):
                    for j, target in enumerate(targets):
                        v.store_where(v.below(stored[j]), sums[r * width + j], b.gep(line, [target]))


@emitted_by(_emit_pixel_tile)
def pixel_tile(
    which: int, x: ndarray, x0: int, table: ndarray, places: int, count: int, taps: int, k: int, w: ndarray, w0: int,
    y: ndarray, y0: int, pitch: int, rows: int, bias: ndarray, b0: int, floor: Any,
) -> None:  # fmt: skip
    """Compute V vectors of neighbouring pixels in R rows (output channels) of y; *which* numbers (R, V) in PIXEL_TILES.

    y[y0 + r pitch + to + lane] = max(floor, bias[b0 + r] + sum_k w[w0 + k R + r] x[x0 + tap_k + from + lane])

    Three numbers at *places* of the table belong to each vector: from, to, and how many lanes are stored; of the V
    vectors only *count* are, and of the R rows only *rows*.  The k offsets tap_k are at *taps* of the table.
    """
    height, width = PIXEL_TILES[which]
    tap = table[taps : taps + k]
    for r in range(min(height, rows)):
        for j in range(min(width, count)):
            source, target, n = table[places + 3 * j : places + 3 * j + 3]
            vectors = x[np.add.outer(x0 + tap + source, np.arange(n))]
            total = bias[b0 + r] + w[w0 + r : w0 + r + k * height : height] @ vectors
            start = y0 + r * pitch + target
            y[start : start + n] = np.where(total < floor, floor, total)


# ---------------------------------------------------------------------------------------------------------- channel tile


def _emit_channel_tile(
    b: ir.IRBuilder, v: Vectors, which: Value, x: Value, x0: Value, table: Value, rows: Value, taps: Value, k: Value,
    c: Value, c0: Value, step: Value, y: Value, y0: Value, pitch: Value, anew: Value,
) -> None:  # fmt: skip
    arguments = [
        _at(b, x, x0),
        _at(b, table, rows),
        _at(b, table, taps),
        k,
        _at(b, c, c0),
        step,
        _at(b, y, y0),
        pitch,
        anew,
    ]
    _one_of(b, v, which, CHANNEL_TILES, _channels, arguments, unroll=False)


def _channels(
    b: ir.IRBuilder, v: Vectors, height: int, width: int, x: Value, rows: Value, taps: Value, k: Value, c: Value,
    stride: Value, y: Value, pitch: Value, anew: Value,
) -> None:  # fmt: skip
    sources = [b.gep(x, [_entry(b, rows, r)]) for r in range(height)]
    places = [
        b.gep(y, [b.add(b.mul(pitch, integer(r)), integer(j * v.lanes))]) for r in range(height) for j in range(width)
    ]

    def step(k: Value, sums: list[Value]) -> list[Value]:
        tap, first = b.load(b.gep(taps, [k])), b.gep(c, [b.mul(k, stride)])
        vectors = [v.load(b.gep(first, [integer(j * v.lanes)])) for j in range(width)]
        scalars = [v.splat(b.load(b.gep(source, [tap]))) for source in sources]
        return [v.fma(s, vectors[j], sums[r * width + j]) for r, s in enumerate(scalars) for j in range(width)]

    sums = loop(b, k, [v.constant(0.0)] * len(places), step)
    for total, place in zip(sums, places):
        v.store(b.select(anew, total, b.fadd(total, v.load(place))), place)


@emitted_by(_emit_channel_tile)
def channel_tile(
    which: int, x: ndarray, x0: int, table: ndarray, rows: int, taps: int, k: int, c: ndarray, c0: int, step: int,
    y: ndarray, y0: int, pitch: int, anew: bool,
) -> None:  # fmt: skip
    """Add to V vectors of neighbouring channels in R rows of y; *which* numbers (R, V) in CHANNEL_TILES.

    y[y0 + r pitch + lane] += sum_k x[x0 + row_r + tap_k] c[c0 + k step + lane], for V vectors of lanes

    The R offsets row_r are at *rows* of the table, the k offsets tap_k at *taps*.  If *anew*, y is taken to be 0.
    """
    height, width = CHANNEL_TILES[which]
    n = width * lanes(y.dtype)
    for r in range(height):
        scalars = x[x0 + table[rows + r] + table[taps : taps + k]]
        total = scalars @ c[np.add.outer(c0 + np.arange(k) * step, np.arange(n))]
        line = y[y0 + r * pitch : y0 + r * pitch + n]
        line[:] = total if anew else line + total


# ------------------------------------------------------------------------------------------------------------ place tile


def _emit_place_tile(
    b: ir.IRBuilder, v: Vectors, which: Value, a: Value, a0: Value, pitch: Value, rows: Value, x: Value, x0: Value,
    table: Value, columns: Value, places: Value, y: Value, y0: Value,
) -> None:  # fmt: skip
    arguments = [_at(b, a, a0), pitch, rows, _at(b, x, x0), _at(b, table, columns), places, _at(b, y, y0)]
    _one_of(b, v, which, PLACE_TILES, _places, arguments, unroll=False)


def _places(
    b: ir.IRBuilder, v: Vectors, height: int, width: int, a: Value, pitch: Value, rows: Value, x: Value, columns: Value,
    places: Value, y: Value,
) -> None:  # fmt: skip
    lines = []
    for r in range(height):
        row = b.select(b.icmp_signed("<", integer(r), rows), integer(r), integer(0))
        lines.append(b.gep(a, [b.mul(pitch, row)]))
    sources = [b.gep(x, [_entry(b, columns, c)]) for c in range(width)]
    targets = [b.gep(y, [integer(i * v.lanes)]) for i in range(height * width)]

    def add(k: Value, sums: list[Value], load: Callable[[Value], Value]) -> list[Value]:
        place = b.mul(k, integer(v.lanes))
        right = [load(b.gep(source, [place])) for source in sources]
        new = []
        for r, line in enumerate(lines):
            left = load(b.gep(line, [place]))
            new += [v.fma(left, right[c], sums[r * width + c]) for c in range(width)]
        return new

    whole, rest = b.sdiv(places, integer(v.lanes)), b.srem(places, integer(v.lanes))
    mask, partial = v.below(rest), b.zext(b.icmp_signed(">", rest, integer(0)), rest.type)
    sums = loop(b, whole, [v.load(target) for target in targets], lambda k, sums: add(k, sums, v.load))
    sums = loop(b, partial, sums, lambda _, sums: add(whole, sums, lambda address: v.load_where(mask, address)))
    for total, target in zip(sums, targets):
        v.store(total, target)


@emitted_by(_emit_place_tile)
def place_tile(
    which: int, a: ndarray, a0: int, pitch: int, rows: int, x: ndarray, x0: int, table: ndarray, columns: int, places: int,
    y: ndarray, y0: int,
) -> None:  # fmt: skip
    """Add to R C vectors of y, for R rows of a and C columns of x; *which* numbers (R, C) in PLACE_TILES.

    y[y0 + (r C + c) lanes + lane] += sum_k a[a0 + r pitch + k lanes + lane] x[x0 + column_c + k lanes + lane]

    The lanes are *places*, of which the last vector may hold only some.  The offsets column_c are at *columns* of the
    table.  Rows from *rows* on are not read, and their sums mean nothing.
    """
    height, width = PLACE_TILES[which]
    n = lanes(y.dtype)
    for r in range(min(height, rows)):
        for c in range(width):
            left, right = a0 + r * pitch, x0 + table[columns + c]
            products = np.zeros(-(-places // n) * n, y.dtype)
            products[:places] = a[left : left + places] * x[right : right + places]
            target = y0 + (r * width + c) * n
            y[target : target + n] += products.reshape(-1, n).sum(0)
