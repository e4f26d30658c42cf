"""Convolution and its adjoint to the input by pixel tiles: pack a strip of the source, then multiply."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import kernel
from ...threads import get_num_threads, parallel
from ..copies import STRANDS, weave_rows
from ..tiles import pixel_tile
from .correlation import adjoint, convolution
from .packing import copy_plane, pack_weights
from .plan import Plan, make_plan
from .sizes import Sizes

__all__ = ["convolve", "convolve_input"]


def convolve(x: ndarray, w: ndarray, bias: ndarray | None, s: Sizes, y: ndarray, relu: bool = False) -> None:
    """Write conv(x, w) + bias to y, or its positive part; all arrays are contiguous."""
    _correlate(_forward(s, x.dtype, get_num_threads()), x, w, bias, y, relu)


def convolve_input(g: ndarray, w: ndarray, s: Sizes, x: ndarray) -> None:
    """Write the adjoint of ``x -> conv(x, w)`` at g to x; all arrays are contiguous."""
    for plan in _backward(s, g.dtype, get_num_threads()):
        _correlate(plan, g, w, None, x, False)


@lru_cache(maxsize=256)
def _forward(s: Sizes, dtype: np.dtype[Any], threads: int) -> Plan:
    return make_plan(convolution(s), dtype, threads)


@lru_cache(maxsize=256)
def _backward(s: Sizes, dtype: np.dtype[Any], threads: int) -> tuple[Plan, ...]:
    return tuple(make_plan(c, dtype, threads) for c in adjoint(s))


def _correlate(p: Plan, x: ndarray, w: ndarray, bias: ndarray | None, y: ndarray, relu: bool) -> None:
    packed = memory.workspace(p.weights, w.dtype)
    pack_weights(packed, w.reshape(-1), p.plan, p.stages, p.table)
    channels = int(p.plan["groups"][0] * p.plan["target_channels"][0])
    start = np.zeros(channels + AROUND, y.dtype)
    if bias is not None:
        start[:channels] = bias
    floor = y.dtype.type(0 if relu else -np.inf)
    parallel(_share, p.tasks, x.reshape(-1), packed, y.reshape(-1), start, floor, p, work=p.work)


AROUND = 8  # channels beyond the last that a tile of more rows than are left names, and does not store


def _share(start: int, stop: int, x: ndarray, w: ndarray, y: ndarray, bias: ndarray, floor: Any, p: Plan) -> None:
    scratch = memory.workspace(p.scratch, x.dtype)
    correlate(start, stop, x, w, y, bias, floor, scratch, p.plan, p.stages, p.table)


@kernel
def correlate(
    start: int,
    stop: int,
    x: Any,
    w: Any,
    y: Any,
    bias: Any,
    floor: Any,
    scratch: Any,
    plan: Any,
    stages: Any,
    table: Any,
) -> None:
    """Compute tasks *start* to *stop*: a share of the channels of one strip of one group, at one depth of some images."""
    p = plan[0]
    for task in range(start, stop):
        rest, split = task // p.splits, task % p.splits
        rest, strip = rest // p.strips, rest % p.strips
        rest, group = rest // p.groups, rest % p.groups
        first, depth = rest // p.depths * p.bundle, rest % p.depths
        seen = p.depth_table + depth * (p.depth_taps + 1)  # in the table: the target's depth, and what it sees
        images = min(p.bundle, p.images - first)
        row = strip * p.strip_rows
        rows = min(p.strip_rows, p.places_h - row)
        channel = (first * p.groups + group) * p.source_channels
        origin = 0
        if p.is_raw:
            source = x
            origin = ((channel * p.source_depth + table[seen + 1]) * p.source_height + row) * p.source_width
        else:
            source = scratch
            for i in range(images):
                pack_strip(
                    scratch, i * p.image, x, channel + i * p.groups * p.source_channels, row, rows, seen, p, table
                )
        vectors = p.vectors if rows == p.strip_rows else p.last_vectors
        count = images * (p.vector_count if rows == p.strip_rows else p.last_vector_count)
        target = (first * p.groups + group) * p.target_channels * p.target_depth + table[seen]
        for s in range(0, len(stages), p.strands):
            stage = stages[s]
            begin, end = stage.blocks * split // p.splits, stage.blocks * (split + 1) // p.splits
            if p.is_direct:
                y0 = target * p.target_height * p.target_width + row * p.target_width
                weights = group * p.group_weights + stage.weights
                multiply(
                    source, origin, w, weights, y, y0, bias, group, floor, begin, end, vectors, count, p, stage, table
                )
                continue
            for block in range(begin, end):
                for strand in range(p.strands):
                    one = stages[s + strand]
                    weights = group * p.group_weights + one.weights
                    multiply(
                        source, origin, w, weights, scratch, p.buffer + strand * p.strand, bias, group, floor, block,
                        block + 1, vectors, count, p, one, table,
                    )  # fmt: skip
                place_block(y, target, scratch, block, images, row, rows, p, stage)


@kernel
def pack_strip(
    packed: Any, start: int, x: Any, channel: int, row: int, rows: int, seen: int, p: Any, table: Any
) -> None:
    """Pack what *rows* rows of results from *row* on need: [channel, depth, copy for columns, for rows, row, column]."""
    size = p.source_height * p.source_width
    for c in range(p.source_channels):
        for z in range(p.depth_taps):
            depth = table[seen + 1 + z]
            plane = ((channel + c) * p.source_depth + depth) * size
            height = p.source_height if depth >= 0 else 0  # a depth in the padding has no rows
            for copy in range(p.columns):
                column = table[p.column_table + copy]
                for phase in range(p.row_phases):
                    first = row * p.row_step + table[p.row_table + phase]
                    copy_plane(
                        packed, start, p.pitch, x, plane, height, p.source_width, first, p.row_step,
                        rows + p.packed_rows - p.strip_rows, column, p.column_step, p.pitch,
                    )  # fmt: skip
                    start += p.packed_rows * p.pitch


@kernel
def multiply(
    x: Any, x0: int, w: Any, weights: int, y: Any, y0: int, bias: Any, group: int, floor: Any, begin: int, end: int,
    vectors: int, count: int, p: Any, stage: Any, table: Any,
) -> None:  # fmt: skip
    """Compute the blocks of channels *begin* to *end* of a stage, for *count* vectors of results.

    Many weights should not be read again for each few pixels, nor many pixels for each few weights: whichever loop is the
    inner one, what it goes through stays in the cache.
    """
    if p.is_direct:
        pitch = p.target_depth * p.target_height * p.target_width
    else:
        pitch, y0 = p.buffer_pitch, y0 - begin * stage.rows * p.buffer_pitch - stage.channel * p.buffer_pitch
    outer, inner = end - begin, -(-count // stage.vectors)
    if p.by_pixels:
        outer, inner = inner, outer
    for i in range(outer):
        for j in range(inner):
            block, vector = (begin + j, i * stage.vectors) if p.by_pixels else (begin + i, j * stage.vectors)
            left = count - vector
            channel = stage.channel + block * stage.rows
            pixel_tile(
                table[stage.tails + min(left, stage.vectors)], x, x0, table, vectors + 3 * vector, left, stage.taps,
                stage.k, w, weights + block * stage.rows * stage.k, y, y0 + channel * pitch, pitch,
                p.target_channels - channel, bias, group * p.target_channels + channel, floor,
            )  # fmt: skip


@kernel
def place_block(
    y: Any, target: int, scratch: Any, block: int, images: int, row: int, rows: int, p: Any, stage: Any
) -> None:
    """Weave the phases along a row, which lie apart in the buffer: y[v strands + strand] = results[strand, v]."""
    size = p.target_height * p.target_width
    channel = stage.channel + block * stage.rows
    line = row * p.step_h + stage.first_row
    lines = min(rows, (p.target_height - line + p.step_h - 1) // p.step_h)
    pitch = p.step_h * p.target_width
    for r in range(min(stage.rows, p.target_channels - channel)):
        for i in range(images):
            start = (target + (i * p.groups * p.target_channels + channel + r) * p.target_depth) * size
            start += line * p.target_width
            results = p.buffer + r * p.buffer_pitch + i * p.results
            if p.strands <= STRANDS:
                weave_rows(y, start, pitch, scratch, results, p.pitch, p.strand, p.strands, p.target_width, lines)
                continue
            for u in range(lines):
                for v in range(p.target_width):
                    source = results + v % p.strands * p.strand + u * p.pitch + v // p.strands
                    y[np.uint64(start + u * pitch + v)] = scratch[np.uint64(source)]
