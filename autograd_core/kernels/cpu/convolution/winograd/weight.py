"""The adjoint to the weights: the transforms of pictures first, then their products, then the weights.

S[xi, o, c] = sum_t M'[xi, t, o] V[xi, t, c].  These sums are four times the weights: where they would go to main memory,
they are made for a few weights at a time, and transformed there and then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from .... import memory
from ....jit import kernel
from ....threads import parallel
from ...copies import transpose_tile
from ...tiles import channel_tile
from .pictures import spread_channels, transform_input
from .plan import APART, MANY, TILE, Plan
from .transforms import FILTER_ADJOINT, OUTPUT_ADJOINT, sandwich

__all__ = ["correlate_pair"]

BATCH = 8 << 20  # bytes of transforms of x and y at a time
BLOCK = 64  # outputs whose sums, with those of a panel of inputs, stay in the second cache


def correlate_pair(p: Plan, g: ndarray, x: ndarray, w: ndarray) -> None:
    """Write the adjoint of ``w -> conv(x, w)`` at g to w; arrays are flat.

    The transforms of a batch of images are made first, image by image, and then multiplied: so threads share nothing that
    they write, and each sum is made in one order.
    """
    record = p.plan[0]
    all_images, groups, places = (int(record[name]) for name in ("images", "groups", "places"))
    tiles = int(record["tiles_h"] * record["tiles_w"])
    channels = int(record["input_pitch"] + record["output_pitch"])
    sums_size = groups * places * int(record["output_pitch"] * record["input_pitch"] + APART)
    image = groups * places * tiles * channels
    batch = max(1, min(all_images, max(BATCH // x.itemsize, sums_size) // image))
    transforms = memory.workspace(batch * image + groups * places * 2 * APART, x.dtype)
    if batch == all_images and sums_size * x.itemsize > MANY:
        parallel(_share_images, batch, x, g, transforms, 0, batch, p, work=1.5 * image * batch)
        blocks = groups * -(-int(record["outputs"]) // BLOCK) * int(record["input_pitch"] // record["panel"])
        parallel(_share_blocks, blocks, transforms, w, batch, p, work=p.work)
        return
    sums = memory.workspace(sums_size, x.dtype)
    for start in range(0, all_images, batch):
        images = min(batch, all_images - start)
        parallel(_share_images, images, x, g, transforms, start, images, p, work=1.5 * image * images)
        work = p.work * images / all_images
        parallel(_share_places, groups * places, transforms, sums, images, start == 0, p, work=work)
    parallel(_share_outputs, groups * int(record["outputs"]), sums, w, p, work=0.5 * sums_size)


def _share_images(
    start: int, stop: int, x: ndarray, y: ndarray, transforms: ndarray, first: int, images: int, p: Plan
) -> None:
    record = p.plan[0]
    line = int((record["tiles_w"] * record["m"] + 2) * max(record["input_pitch"], record["output_pitch"]))
    scratch = memory.workspace(int(record["strip_rows"] * record["m"] + 2) * line, x.dtype)
    transform_pair(start, stop, x, y, transforms, scratch, first, images, p.plan)


def _table(images: int, p: Plan) -> ndarray:
    """Return where the outputs of a tile are in M', and where its tiles are."""
    record = p.plan[0]
    tiles = images * int(record["tiles_h"] * record["tiles_w"])
    return np.concatenate([np.arange(int(record["tile_rows"])), np.arange(tiles) * record["output_pitch"]])


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
                tile = i * each + row * p.tiles_w
                transform_input(x, first + i, 1, group, row, rows, scratch, transforms, base, v, tile, p)
                spread_channels(
                    scratch, 0, line, p.output_pitch, y, ((first + i) * p.groups + group) * p.outputs, p.outputs,
                    p.out_height, p.out_width, row * p.m, rows * p.m, 0, p.tiles_w * p.m, p.lanes,
                )  # fmt: skip
                for r in range(rows):
                    for c in range(p.tiles_w):
                        sandwich(
                            p.kinds + OUTPUT_ADJOINT, scratch, r * p.m * line + c * p.m * p.output_pitch, line,
                            p.output_pitch, transforms, base + p.places * v + tile * p.output_pitch, (p.m + 2) * m, m,
                            p.outputs,
                        )  # fmt: skip
                        tile += 1


# ------------------------------------------------------------------------------------------------- place by place of all


def _share_places(start: int, stop: int, transforms: ndarray, sums: ndarray, images: int, anew: bool, p: Plan) -> None:
    tiles = images * int(p.plan["tiles_h"][0] * p.plan["tiles_w"][0])
    multiply_pair(start, stop, transforms, sums, tiles, anew, p.plan, _table(images, p))


def _share_outputs(start: int, stop: int, sums: ndarray, w: ndarray, p: Plan) -> None:
    finish_filters(start, stop, sums, w, memory.workspace(9 * int(p.plan["input_pitch"][0]), w.dtype), p.plan)


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
    """Transform the sums of the outputs *start* to *stop* of all groups."""
    p = plan[0]
    size = p.output_pitch * p.input_pitch + APART
    for output in range(start, stop):
        source = output // p.outputs * p.places * size + output % p.outputs * p.input_pitch
        transform_sums(w, output * p.inputs, p.inputs, sums, source, size, scratch, 0, p.input_pitch, p)


@kernel
def transform_sums(
    w: Any, first: int, count: int, sums: Any, source: int, place: int, scratch: Any, taps: int, pitch: int, p: Any
) -> None:
    """w[first + c] = G^T S[c] G for *count* inputs c, with S[xi, c] = sums[source + xi place + c]; *pitch* is a tap's."""
    sandwich(p.kinds + FILTER_ADJOINT, sums, source, (p.m + 2) * place, place, scratch, taps, 3 * pitch, pitch, count)
    for c in range(0, count, p.lanes):
        for tap in range(0, 9, p.lanes):
            transpose_tile(
                w, (first + c) * 9 + tap, 9, scratch, taps + tap * pitch + c, pitch, min(p.lanes, 9 - tap),
                min(p.lanes, count - c),
            )  # fmt: skip


# ------------------------------------------------------------------------------------------------ block by block of some


def _share_blocks(start: int, stop: int, transforms: ndarray, w: ndarray, images: int, p: Plan) -> None:
    record = p.plan[0]
    panel = int(record["panel"])
    scratch = memory.workspace(9 * panel + int(record["places"]) * (BLOCK * panel + APART), w.dtype)
    tiles = images * int(record["tiles_h"] * record["tiles_w"])
    multiply_blocks(start, stop, transforms, w, scratch, tiles, p.plan, _table(images, p))


@kernel
def multiply_blocks(
    start: int, stop: int, transforms: Any, w: Any, scratch: Any, tiles: int, plan: Any, table: Any
) -> None:
    """Compute the sums of a block of outputs and a panel of inputs, and their weights, in each step."""
    p = plan[0]
    v, m = tiles * p.input_pitch + APART, tiles * p.output_pitch + APART
    place, sums = BLOCK * p.panel + APART, 9 * p.panel
    panels, blocks = p.input_pitch // p.panel, (p.outputs + BLOCK - 1) // BLOCK
    for task in range(start, stop):
        rest, panel = task // panels, task % panels
        group, output = rest // blocks, rest % blocks * BLOCK
        outputs, c = min(BLOCK, p.outputs - output), panel * p.panel
        base = group * p.places * (v + m)
        for xi in range(p.places):
            for o in range(0, outputs, p.tile_rows):
                channel_tile(
                    TILE, transforms, base + p.places * v + xi * m + output + o, table, 0, p.tile_rows, tiles, transforms,
                    base + xi * v + c, p.input_pitch, scratch, sums + xi * place + o * p.panel, p.panel, True,
                )  # fmt: skip
        for o in range(outputs if c < p.inputs else 0):
            first = (group * p.outputs + output + o) * p.inputs + c
            transform_sums(
                w, first, min(p.panel, p.inputs - c), scratch, sums + o * p.panel, place, scratch, 0, p.panel, p
            )
