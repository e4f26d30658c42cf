"""Convolution with windows of 3 x 3, stride 1 and dilation 1, with fewer multiplications: Winograd's F(m x m, 3 x 3).

Tiles of (m + 2)^2 elements of x, which overlap by 2, give m^2 elements of y each.  Transformed, with the channels as lanes,
a tile has (m + 2)^2 places xi, and at each of them the sum over channels is a matrix product over tiles t::

    M[xi, t, o] = sum_c V[xi, t, c] U[xi, c, o]           with 4 multiplications for an element of y at m = 2, and 9/4 at 4

The adjoint to x is the same with the weights turned around.  That to the weights runs all steps backwards:
S[xi, o, c] = sum_t M'[xi, t, o] V[xi, t, c], where M' is y through the adjoint of the output's transform.

The sums are of transformed numbers, which are larger than their result, so the rounding is too: in float32 the largest
error, compared to the largest element of the result, is about 5e-7 with F(2, 3) and 3e-6 with F(4, 3), where direct sums
give 3e-7.
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
from ...threads import get_num_threads, parallel
from ...vector import lanes
from ..copies import transpose_tile
from ..tiles import CHANNEL_TILES, channel_tile
from .sizes import Sizes
from .transforms import FILTER, FILTER_ADJOINT, INPUT, LEVELS, OUTPUT, OUTPUT_ADJOINT, sandwich

__all__ = ["best_level", "convolve", "convolve_input", "convolve_weight", "fits"]

TILE = min(i for i, (rows, vectors) in enumerate(CHANNEL_TILES) if vectors == 2)  # the one for products of transforms
STRIP = 64  # tiles that a strip of rows has at least, if there are as many: weights are read once for each strip
APART = 16  # elements between the matrices of two places, so that they do not compete for the same lines of the cache
BATCH = 8 << 20  # bytes of transforms of x and y at a time, for the adjoint to the weights

PLAN = record(
    "images groups inputs outputs input_pitch output_pitch height width out_height out_width top left m places kinds "
    "tiles_h tiles_w strip_rows strips bundle panel tile_rows lanes row_pitch image tiles "
    "transformed_input transformed_output filters input_space output_space tile_table channel_table"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One pass made ready for the kernels."""

    plan: ndarray
    table: ndarray
    tasks: int
    filters: int  # elements of all transformed weights
    scratch: int  # elements of workspace for a thread
    work: float  # nanoseconds on one core


def fits(s: Sizes) -> bool:
    """Return whether a convolution is of the kind that is done here."""
    return (
        s.window == (1, 3, 3)
        and s.stride == s.dilation == (1, 1, 1)
        and s.size[0] == 1 == s.places[0]
        and (s.before[0] == 0 and max(s.before) <= 2 and min(s.places) >= 1)
    )


@lru_cache(maxsize=1024)
def best_level(s: Sizes, most: int, weight: bool) -> int:
    """Return the m that takes the least time, at most *most*; 0 if direct sums take less."""
    _, height, width = s.places
    n = 16  # only the ratios of what follows matter
    pairs, channels = s.x_group * s.y_group / n, (s.x_group + s.y_group) / n
    costs = {0: s.images * (height * width if weight else _up(height * width, n)) * 9 * pairs}
    for m in LEVELS:
        if m <= most:
            tiles = s.images * -(-height // m) * -(-width // m)
            costs[m] = 1.1 * tiles * (m + 2) ** 2 * pairs + tiles * channels * TILE_COST[m] + pairs * FILTER_COST[m]
    return min(costs, key=lambda m: costs[m])


TILE_COST = {2: 100.0, 4: 300.0}  # for a vector of channels, in multiplications: transforms, transposition
FILTER_COST = {2: 120.0, 4: 300.0}  # for a vector of weights: transforms


def convolve(
    x: ndarray, w: ndarray, bias: ndarray | None, s: Sizes, y: ndarray, relu: bool = False, level: int = 4
) -> None:
    """Write conv(x, w) + bias to y, or its positive part; all arrays are contiguous."""
    _correlate(_forward(s, x.dtype, level, get_num_threads()), x, w, bias, y, relu, False)


def convolve_input(g: ndarray, w: ndarray, s: Sizes, x: ndarray, level: int = 4) -> None:
    """Write the adjoint of ``x -> conv(x, w)`` at g to x; all arrays are contiguous."""
    _correlate(_backward(s, g.dtype, level, get_num_threads()), g, w, None, x, False, True)


def _correlate(p: Plan, x: ndarray, w: ndarray, bias: ndarray | None, y: ndarray, relu: bool, turned: bool) -> None:
    filters = memory.workspace(p.filters, w.dtype)
    record = p.plan[0]
    panels = int(record["groups"] * record["output_pitch"] // record["panel"])
    parallel(_share_filters, panels, w.reshape(-1), filters, turned, p, work=0.2 * p.filters)
    start = np.zeros(record["groups"] * record["outputs"] if bias is not None else 0, y.dtype)
    if bias is not None:
        start[:] = bias
    floor = y.dtype.type(0 if relu else -np.inf)
    parallel(_share, p.tasks, x.reshape(-1), filters, y.reshape(-1), start, floor, p, work=p.work)


def _share_filters(start: int, stop: int, w: ndarray, filters: ndarray, turned: bool, p: Plan) -> None:
    transform_filters(start, stop, w, filters, memory.workspace(9 * int(p.plan["panel"][0]), w.dtype), turned, p.plan)


def _share(start: int, stop: int, x: ndarray, u: ndarray, y: ndarray, bias: ndarray, floor: Any, p: Plan) -> None:
    correlate(start, stop, x, u, y, bias, floor, memory.workspace(p.scratch, x.dtype), p.plan, p.table)


@lru_cache(maxsize=256)
def _forward(s: Sizes, dtype: np.dtype[Any], m: int, threads: int) -> Plan:
    return _plan(s.images, s.groups, s.x_group, s.y_group, s.size[1:], s.places[1:], s.before[1:], dtype, m, threads)


@lru_cache(maxsize=256)
def _backward(s: Sizes, dtype: np.dtype[Any], m: int, threads: int) -> Plan:
    before = (2 - s.before[1], 2 - s.before[2])
    return _plan(s.images, s.groups, s.y_group, s.x_group, s.places[1:], s.size[1:], before, dtype, m, threads)


Pair = tuple[int, int]


def _plan(
    images: int,
    groups: int,
    inputs: int,
    outputs: int,
    size: Pair,
    out: Pair,
    before: Pair,
    dtype: np.dtype[Any],
    m: int,
    threads: int,
) -> Plan:
    n = lanes(dtype)
    rows, vectors = CHANNEL_TILES[TILE]
    panel, places = vectors * n, (m + 2) ** 2
    input_pitch, output_pitch = (_up(_up(channels, rows), panel) for channels in (inputs, outputs))
    tiles_h, tiles_w = (-(-length // m) for length in out)
    strip = min(tiles_h, -(-STRIP // tiles_w))
    strips = -(-tiles_h // strip)
    share = -(-images // (2 * threads))  # of the images, so that each thread gets two
    bundle = min(share, max(1, STRIP // (tiles_h * tiles_w))) if strips == 1 else 1
    row_pitch = (tiles_w * m + 2) * input_pitch
    image = (strip * m + 2) * row_pitch
    tiles = _up(bundle * strip * tiles_w, rows)
    transformed_input, transformed_output = tiles * input_pitch + APART, tiles * output_pitch + APART
    filters = inputs * output_pitch + APART
    input_space = _up(bundle * image, 16)
    output_space = _up(bundle * strip * m * tiles_w * m * output_pitch, 16)
    bundles = -(-images // bundle)
    values = {
        "images": images, "groups": groups, "inputs": inputs, "outputs": outputs, "input_pitch": input_pitch,
        "output_pitch": output_pitch, "height": size[0], "width": size[1], "out_height": out[0], "out_width": out[1],
        "top": before[0], "left": before[1], "m": m, "places": places, "kinds": 5 * LEVELS.index(m), "tiles_h": tiles_h,
        "tiles_w": tiles_w, "strip_rows": strip, "strips": strips, "bundle": bundle, "panel": panel, "tile_rows": rows,
        "lanes": n, "row_pitch": row_pitch, "image": image, "tiles": tiles, "transformed_input": transformed_input,
        "transformed_output": transformed_output, "filters": filters, "input_space": input_space,
        "output_space": output_space, "tile_table": 0, "channel_table": rows,
    }  # fmt: skip
    products = images * groups * tiles_h * tiles_w * places * inputs * outputs
    return Plan(
        records(PLAN, values),
        np.concatenate([np.arange(rows) * input_pitch, np.arange(inputs)]),
        bundles * groups * strips,
        groups * places * filters,
        input_space + output_space + places * (transformed_input + transformed_output),
        0.025 * products,
    )


def _up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


@kernel
def transform_filters(start: int, stop: int, w: Any, u: Any, scratch: Any, turned: bool, plan: Any) -> None:
    """u[group, xi, panel, c, lane] = (G w[o, c] G^T)[xi] for the panels *start* to *stop*, o = panel lanes + lane.

    *turned* is for the adjoint: w[c, o] with its last tap first.
    """
    p = plan[0]
    panels = p.output_pitch // p.panel
    for task in range(start, stop):
        group, panel = task // panels, task % panels
        for c in range(p.inputs):
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
                p.kinds + FILTER, scratch, 0, 3 * p.panel, p.panel, u,
                group * p.places * p.filters + (panel * p.inputs + c) * p.panel, (p.m + 2) * p.filters, p.filters, p.panel,
            )  # fmt: skip


@kernel
def correlate(
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
        transform_input(x, first, images, group, row, rows, scratch, scratch, v, 0, p)
        for xi in range(p.places):
            for panel in range(p.output_pitch // p.panel):
                filters = (group * p.places + xi) * p.filters + panel * p.inputs * p.panel
                for t in range(0, tiles, p.tile_rows):
                    channel_tile(
                        TILE, scratch, v + xi * p.transformed_input + t * p.input_pitch, table, p.tile_table,
                        p.channel_table, p.inputs, u, filters, p.panel, scratch,
                        m + xi * p.transformed_output + t * p.output_pitch + panel * p.panel, p.output_pitch, True,
                    )  # fmt: skip
        transform_output(y, first, images, group, row, rows, bias, floor, scratch, m, p)


@kernel
def transform_input(
    x: Any, first: int, images: int, group: int, row: int, rows: int, scratch: Any, v: Any, v0: int, tile: int, p: Any
) -> None:
    """v[v0 + xi, tile ..., c] = B^T d B for the tiles d of some images, *rows* rows of tiles from *row* on."""
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
                    (p.m + 2) * p.transformed_input, p.transformed_input, p.inputs,
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
    y: Any,
    first: int,
    images: int,
    group: int,
    row: int,
    rows: int,
    bias: Any,
    floor: Any,
    scratch: Any,
    m: int,
    p: Any,
) -> None:
    """Write A^T M A + bias, or *floor* if that is larger, to the rows of y that *rows* rows of tiles cover."""
    tile, pitch = 0, p.output_pitch
    line = p.tiles_w * p.m * pitch
    height = min(rows * p.m, p.out_height - row * p.m)
    for i in range(images):
        for r in range(rows):
            for c in range(p.tiles_w):
                sandwich(
                    p.kinds + OUTPUT, scratch, m + tile * pitch, (p.m + 2) * p.transformed_output, p.transformed_output,
                    scratch, p.input_space + r * p.m * line + c * p.m * pitch, line, pitch, p.outputs,
                )  # fmt: skip
                tile += 1
        if bias.size or floor == 0:
            for q in range(height * p.tiles_w * p.m):
                place = p.input_space + q * pitch
                for o in range(p.outputs):
                    value = scratch[np.uint64(place + o)]
                    if bias.size:
                        value += bias[np.uint64(group * p.outputs + o)]
                    scratch[np.uint64(place + o)] = floor if value < floor else value
        for o in range(0, p.outputs, p.lanes):
            channel = ((first + i) * p.groups + group) * p.outputs + o
            wanted = min(p.lanes, p.outputs - o)
            for r in range(height):
                target = (channel * p.out_height + row * p.m + r) * p.out_width
                source = p.input_space + r * line + o
                for q in range(0, p.out_width, p.lanes):
                    transpose_tile(
                        y, target + q, p.out_height * p.out_width, scratch, source + q * pitch, pitch,
                        min(p.lanes, p.out_width - q), wanted,
                    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ adjoint to the weights


def convolve_weight(g: ndarray, x: ndarray, s: Sizes, w: ndarray, level: int = 4) -> None:
    """Write the adjoint of ``w -> conv(x, w)`` at g to w; all arrays are contiguous.

    The transforms of a batch of images are made first, image by image, and then multiplied, place by place: so threads
    share nothing that they write, and each sum is made in one order.
    """
    p = _forward(s, x.dtype, level, get_num_threads())
    record = p.plan[0]
    tiles = int(record["tiles_h"] * record["tiles_w"])
    channels = int(record["input_pitch"] + record["output_pitch"])
    sums_size = int(record["groups"] * record["places"] * (record["output_pitch"] * record["input_pitch"] + APART))
    image = s.groups * int(record["places"]) * tiles * channels
    batch = max(1, min(s.images, max(BATCH // x.itemsize, sums_size) // image))
    transforms = memory.workspace(batch * image + s.groups * int(record["places"]) * 2 * APART, x.dtype)
    sums = memory.workspace(sums_size, x.dtype)
    flat_x, flat_g = x.reshape(-1), g.reshape(-1)
    for start in range(0, s.images, batch):
        images = min(batch, s.images - start)
        parallel(_transform_pair, images, flat_x, flat_g, transforms, start, images, p, work=1.5 * image * images)
        places = s.groups * int(record["places"])
        parallel(_multiply_pair, places, transforms, sums, images, start == 0, p, work=p.work * images / s.images)
    parallel(_finish, s.groups * s.y_group, sums, w.reshape(-1), p, work=0.5 * sums_size)


def _transform_pair(
    start: int, stop: int, x: ndarray, y: ndarray, transforms: ndarray, first: int, images: int, p: Plan
) -> None:
    record = p.plan[0]
    line = int((record["tiles_w"] * record["m"] + 2) * max(record["input_pitch"], record["output_pitch"]))
    scratch = memory.workspace(int(record["strip_rows"] * record["m"] + 2) * line, x.dtype)
    transform_pair(start, stop, x, y, transforms, scratch, first, images, p.plan)


def _multiply_pair(start: int, stop: int, transforms: ndarray, sums: ndarray, images: int, anew: bool, p: Plan) -> None:
    record = p.plan[0]
    rows = int(record["tile_rows"])
    tiles = images * int(record["tiles_h"] * record["tiles_w"])
    table = np.concatenate([np.arange(rows), np.arange(tiles) * record["output_pitch"]])
    multiply_pair(start, stop, transforms, sums, tiles, anew, p.plan, table)


def _finish(start: int, stop: int, sums: ndarray, w: ndarray, p: Plan) -> None:
    scratch = memory.workspace(9 * int(p.plan["input_pitch"][0]), w.dtype)
    finish_filters(start, stop, sums, w, scratch, p.plan)


@kernel
def transform_pair(
    start: int, stop: int, x: Any, y: Any, transforms: Any, scratch: Any, first: int, images: int, plan: Any
) -> None:
    """transforms[group, xi] = V[t, c], M'[t, o] for the tiles of the images *start* to *stop*, counted from *first* on."""
    p = plan[0]
    each = p.tiles_h * p.tiles_w
    v, m = images * each * p.input_pitch + APART, images * each * p.output_pitch + APART
    line = p.tiles_w * p.m * p.output_pitch
    for i in range(start, stop):
        for group in range(p.groups):
            base = group * p.places * (v + m)
            for row in range(0, p.tiles_h, p.strip_rows):
                rows = min(p.strip_rows, p.tiles_h - row)
                spread_channels(
                    scratch, 0, p.row_pitch, p.input_pitch, x, ((first + i) * p.groups + group) * p.inputs, p.inputs,
                    p.height, p.width, row * p.m - p.top, rows * p.m + 2, -p.left, p.tiles_w * p.m + 2, p.lanes,
                )  # fmt: skip
                for r in range(rows):
                    for c in range(p.tiles_w):
                        tile = i * each + (row + r) * p.tiles_w + c
                        sandwich(
                            p.kinds + INPUT, scratch, r * p.m * p.row_pitch + c * p.m * p.input_pitch, p.row_pitch,
                            p.input_pitch, transforms, base + tile * p.input_pitch, (p.m + 2) * v, v, p.inputs,
                        )  # fmt: skip
                spread_channels(
                    scratch, 0, line, p.output_pitch, y, ((first + i) * p.groups + group) * p.outputs, p.outputs,
                    p.out_height, p.out_width, row * p.m, rows * p.m, 0, p.tiles_w * p.m, p.lanes,
                )  # fmt: skip
                for r in range(rows):
                    for c in range(p.tiles_w):
                        tile = i * each + (row + r) * p.tiles_w + c
                        sandwich(
                            p.kinds + OUTPUT_ADJOINT, scratch, r * p.m * line + c * p.m * p.output_pitch, line,
                            p.output_pitch, transforms, base + p.places * v + tile * p.output_pitch, (p.m + 2) * m, m,
                            p.outputs,
                        )  # fmt: skip


@kernel
def multiply_pair(
    start: int, stop: int, transforms: Any, sums: Any, tiles: int, anew: bool, plan: Any, table: Any
) -> None:
    """sums[group, xi, o, c] += sum_t M'[t, o] V[t, c] for the places *start* to *stop* of all groups."""
    p = plan[0]
    v, m = tiles * p.input_pitch + APART, tiles * p.output_pitch + APART
    size = p.output_pitch * p.input_pitch + APART
    for place in range(start, stop):
        group, xi = place // p.places, place % p.places
        base = group * p.places * (v + m)
        for panel in range(p.input_pitch // p.panel):
            for o in range(0, p.outputs, p.tile_rows):
                channel_tile(
                    TILE, transforms, base + p.places * v + xi * m + o, table, 0, p.tile_rows, tiles, transforms,
                    base + xi * v + panel * p.panel, p.input_pitch, sums,
                    place * size + o * p.input_pitch + panel * p.panel, p.input_pitch, anew,
                )  # fmt: skip


@kernel
def finish_filters(start: int, stop: int, sums: Any, w: Any, scratch: Any, plan: Any) -> None:
    """w[o, c] = G^T sums[:, o, c] G for the outputs *start* to *stop* of all groups."""
    p = plan[0]
    size = p.output_pitch * p.input_pitch + APART
    for output in range(start, stop):
        group, o = output // p.outputs, output % p.outputs
        source = group * p.places * size + o * p.input_pitch
        sandwich(
            p.kinds + FILTER_ADJOINT, sums, source, (p.m + 2) * size, size, scratch, 0, 3 * p.input_pitch, p.input_pitch,
            p.inputs,
        )  # fmt: skip
        for c in range(0, p.inputs, p.lanes):
            for tap in range(0, 9, p.lanes):
                transpose_tile(
                    w, (output * p.inputs + c) * 9 + tap, 9, scratch, tap * p.input_pitch + c, p.input_pitch,
                    min(p.lanes, 9 - tap), min(p.lanes, p.inputs - c),
                )  # fmt: skip
