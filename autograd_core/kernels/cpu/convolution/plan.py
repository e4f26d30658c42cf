"""How a correlation is computed: the layout of its packed source, and the tables that the kernels read.

A vector of neighbouring places v meets one weight, so a tile needs no more of the source than an address for each tap: a
table of offsets says where.  Before that a strip of the source is packed: padded, and with the rows and columns that a
stride skips put aside, so that neighbouring v are neighbours in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ...record import record, records
from ...vector import lanes
from ..tiles import PIXEL_TILES
from .correlation import Correlation
from .sizes import up

__all__ = ["PLAN", "STAGE", "Plan", "make_plan"]

STRIP = 1 << 20  # bytes of packed source at a time: as much as a usual second-level cache
BUNDLE = 3 << 19  # bytes of it when small images are packed together
WEIGHTS = 1 << 18  # bytes of weights from which they should not be read again for each strip of pixels

PLAN = record(
    "images groups source_channels target_channels source_depth source_height source_width target_depth "
    "target_height target_width places_h places_w bundle bundles depths depth_taps depth_table strips strip_rows splits "
    "row_step row_table row_phases reach column_step column_table columns packed_rows pitch plane image "
    "is_raw is_direct by_pixels buffer buffer_pitch results strands strand vectors vector_count last_vectors "
    "last_vector_count step_h weight_group weight_channel group_weights scratch"
)

STAGE = record("rows vectors tails blocks channel weights weight_offsets taps k first_row")


@dataclass(frozen=True, slots=True)
class Plan:
    """A correlation made ready for the kernels."""

    plan: ndarray  # one PLAN
    stages: ndarray  # STAGEs: the taps of one phase, for channels in blocks of one height
    table: ndarray  # int64: offsets, where PLAN and STAGE say
    tasks: int
    weights: int  # how many packed weights there are
    scratch: int  # elements of workspace that a thread needs
    work: float  # nanoseconds on one core


class Layout(NamedTuple):
    """Where a strip of the source goes when it is packed, and where results go.

    The columns that a stride skips are put aside, one copy for each remainder (*shared* by the taps), or each column of
    taps gets a copy of its own, exactly as wide as the results.  The vectors of results follow the rows, or run on over
    their ends.  If what lies between the rows is computed with them, or results do not lie side by side in the target,
    they go through a buffer (not *direct*).  A *raw* source is read where it is.
    """

    raw: bool
    shared: bool
    by_rows: bool
    direct: bool


RAW = Layout(True, True, False, True)


class Strip(NamedTuple):
    """The sizes of a packed strip of some rows of the target, for one image."""

    rows: int  # of the target
    packed_rows: int
    pitch: int
    plane: int  # elements for one channel and depth
    image: int
    vectors: int  # of results
    results: int  # elements between the results of two images in a buffer
    packing: float  # cycles


class Layouts:
    """The layouts that a correlation can have, measured."""

    def __init__(self, c: Correlation, dtype: np.dtype[Any]) -> None:
        self.c, self.lanes, self.itemsize = c, lanes(dtype), dtype.itemsize
        taps = [tap for phase in c.phases for tap in phase.taps]
        self.row_phases = sorted({t.row % c.stride[0] for t in taps}) or [0]
        self.column_phases = sorted({t.column % c.stride[1] for t in taps}) or [0]
        self.columns = sorted({t.column for t in taps}) or [0]
        self.reach = max((t.row for t in taps), default=0)
        self.overhang = max((t.column // c.stride[1] for t in taps), default=0)
        self.planes = c.source[0] * len(c.depth_weights)
        self.k = sum(len(p.taps) for p in c.phases) * self.planes

    def strip(self, layout: Layout, rows: int) -> Strip:
        c, n = self.c, self.lanes
        if layout.raw:
            size = c.source[1] * c.source[2] * c.source[3]
            return Strip(rows, 0, 0, size, c.groups * c.source[0] * size, -(-rows * c.places[1] // n), 0, 0.0)
        copies = len(self.column_phases if layout.shared else self.columns)
        pitch = c.places[1] + (self.overhang if layout.shared else 0)
        packed_rows = rows + self.reach // c.stride[0]
        plane = copies * len(self.row_phases) * packed_rows * pitch
        span = rows * pitch
        vectors = rows * -(-c.places[1] // n) if layout.by_rows else -(-span // n)
        step = c.stride[1]
        row = -(-pitch // n) * 2 * step + 4 if step in (1, 2, 4) else pitch + 10
        packing = self.planes * copies * len(self.row_phases) * packed_rows * row
        if not layout.direct:
            packing += c.target[0] * len(c.phases) * rows * (-(-c.places[1] // n) * 4 + 8)
        return Strip(rows, packed_rows, pitch, plane, self.planes * plane, vectors, up(span, n), packing)

    def candidates(self) -> list[Layout]:
        c = self.c
        h, w = c.places
        alone = len(c.phases) == 1 and c.step == (1, 1)
        same = c.source[2:] == (h, w) and c.origin == (0, 0) and all(seen == (t,) for t, seen in c.depths)
        if alone and same and self.k == c.source[0] and h * w >= self.lanes:
            return [RAW]
        own, flat = Layout(False, False, False, alone), Layout(False, True, False, False)
        return [own, flat, Layout(False, True, True, True)] if alone else [own, flat]

    def rows(self, layout: Layout) -> int:
        """Return how many rows of results a strip has."""
        rows = self.c.places[0]
        while not layout.raw and rows > 4 and self.strip(layout, rows).image * self.itemsize > STRIP:
            rows = -(-rows // 2)
        return rows

    def bundle(self, layout: Layout, strip: Strip, threads: int) -> int:
        """Return how many images are packed together, so that fewer vectors of a tile are left over."""
        if strip.rows < self.c.places[0]:
            return 1
        best, least = 1, self.cost(strip, 1)
        for images in range(2, 17):
            if images * strip.image * self.itemsize > BUNDLE or images * threads > self.c.images:
                break
            if self.cost(strip, images) < 0.985 * least:
                best, least = images, self.cost(strip, images)
        return best

    def cost(self, strip: Strip, images: int) -> float:
        """Return about how many cycles an image takes."""
        vectors = 0.0
        for rows, blocks, _ in sections(self.c.target[0]):
            width = max(n for r, n in PIXEL_TILES if r == rows)
            vectors += rows * blocks * up(strip.vectors * images, width) / images
        strips = -(-self.c.places[0] // strip.rows)
        return strips * (strip.packing + vectors * self.k)

    def best(self, threads: int) -> tuple[Layout, Strip, int]:
        found = []
        for layout in self.candidates():
            strip = self.strip(layout, self.rows(layout))
            bundle = self.bundle(layout, strip, threads)
            found.append((self.cost(strip, bundle), layout, strip, bundle))
        _, layout, strip, bundle = min(found, key=lambda option: option[0])
        return layout, strip, bundle


def sections(channels: int) -> list[tuple[int, int, int]]:
    """Cut channels into blocks of a tile's rows: (rows, how many blocks, first channel), what is left in one of fewer."""
    heights = sorted({rows for rows, _ in PIXEL_TILES})
    tallest = heights[-1]
    blocks, rest = divmod(channels, tallest)
    found = [(tallest, blocks, 0)] if blocks else []
    if rest:
        found.append((next(h for h in heights if h >= rest), 1, blocks * tallest))
    return found


class Table:
    """An array of offsets, put together piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[ndarray] = []
        self.size = 0

    def add(self, values: Any) -> int:
        """Append values, and return where they begin."""
        piece, start = np.asarray(values, np.int64).ravel(), self.size
        self.pieces.append(piece)
        self.size += piece.size
        return start

    def array(self) -> ndarray:
        return np.concatenate(self.pieces)


def make_plan(c: Correlation, dtype: np.dtype[Any], threads: int) -> Plan:
    """Choose a layout, and write down all that it needs."""
    layouts = Layouts(c, dtype)
    layout, strip, bundle = layouts.best(threads)
    table, n = Table(), layouts.lanes
    bundles, strips = -(-c.images // bundle), -(-c.places[0] // strip.rows)
    last = c.places[0] - (strips - 1) * strip.rows
    stages, group_weights = _stages(c, layouts, layout, strip, table)
    blocks = max((stage["blocks"] for stage in stages), default=0)
    units = bundles * len(c.depths) * c.groups * strips
    splits = 1  # of the blocks of channels, where there are too few strips for all threads
    while threads > 1 and units * splits < 4 * threads and units * splits % threads and splits * 2 <= blocks:
        splits *= 2
    packed = 0 if layout.raw else up(bundle * strip.image + 4 * n + layouts.overhang, 16)
    pitch = 0 if layout.direct else up(bundle * strip.results + n, 16)
    strands = len({phase.first[1] for phase in c.phases})
    tallest = max((stage["rows"] for stage in stages), default=0)
    vectors = _vectors(c, layouts, layout, strip, strip.rows, bundle)
    last_vectors = _vectors(c, layouts, layout, strip, last, bundle)
    heavy = group_weights * dtype.itemsize > WEIGHTS and bundle * strip.image * dtype.itemsize > STRIP // 4
    values = {
        "images": c.images, "groups": c.groups, "source_channels": c.source[0], "target_channels": c.target[0],
        "source_depth": c.source[1], "source_height": c.source[2], "source_width": c.source[3],
        "target_depth": c.target[1], "target_height": c.target[2], "target_width": c.target[3],
        "places_h": c.places[0], "places_w": c.places[1], "bundle": bundle, "bundles": bundles, "depths": len(c.depths),
        "depth_taps": len(c.depth_weights),
        "depth_table": table.add([(t, *seen) for t, seen in c.depths]),
        "strips": strips, "strip_rows": strip.rows, "splits": splits,
        "row_step": c.stride[0], "row_phases": len(layouts.row_phases), "reach": layouts.reach,
        "row_table": table.add([c.origin[0] + phase for phase in layouts.row_phases]),
        "column_step": c.stride[1], "columns": len(layouts.column_phases if layout.shared else layouts.columns),
        "column_table": table.add(
            [c.origin[1] + column for column in (layouts.column_phases if layout.shared else layouts.columns)]
        ),
        "packed_rows": strip.packed_rows, "pitch": strip.pitch, "plane": strip.plane, "image": strip.image,
        "is_raw": layout.raw, "is_direct": layout.direct, "by_pixels": heavy and layout.direct,
        "buffer": packed, "buffer_pitch": pitch, "results": strip.results,
        "vectors": table.add(vectors), "vector_count": len(vectors) // bundle,
        "last_vectors": table.add(last_vectors), "last_vector_count": len(last_vectors) // bundle,
        "step_h": c.step[0], "weight_group": c.weight_strides[0],
        "weight_channel": c.weight_strides[1], "group_weights": group_weights,
        "strands": strands, "strand": tallest * pitch, "scratch": packed + strands * tallest * pitch + n,
    }  # fmt: skip
    products = c.images * len(c.depths) * c.groups * c.target[0] * c.places[0] * c.places[1] * layouts.k
    return Plan(
        records(PLAN, values),
        records(STAGE, *stages),
        table.array(),
        units * splits,
        c.groups * group_weights,
        values["scratch"],
        0.02 * products,
    )


def _stages(
    c: Correlation, layouts: Layouts, layout: Layout, strip: Strip, table: Table
) -> tuple[list[dict[str, int]], int]:
    """Return the stages, those of one row of phases and one block of channels side by side, and how many weights they have."""
    stages, weights = [], 0
    _, _, source_stride = c.weight_strides
    planes = [(i, z) for i in range(c.source[0]) for z in range(len(c.depth_weights))]
    read = {}  # phase -> where its weights and its sources are, in the table
    for phase in c.phases:
        offsets = [i * source_stride + c.depth_weights[z] + tap.weight for i, z in planes for tap in phase.taps]
        places = np.array([_place(tap.row, tap.column, c, layouts, layout, strip) for tap in phase.taps], np.int64)
        taps = np.add.outer(np.arange(layouts.planes) * strip.plane, places)
        read[phase.first] = table.add(offsets), table.add(taps), len(offsets)
    for first_row in sorted({phase.first[0] for phase in c.phases}):
        for rows, blocks, channel in sections(c.target[0]):
            widths = sorted(n for r, n in PIXEL_TILES if r == rows)
            tails = [
                PIXEL_TILES.index((rows, next(n for n in widths if n >= left))) for left in range(1, widths[-1] + 1)
            ]
            tails_at = table.add([0, *tails])
            for first, (offsets_at, taps_at, k) in read.items():
                if first[0] == first_row:
                    stages.append(
                        {
                            "rows": rows, "vectors": widths[-1], "tails": tails_at, "blocks": blocks, "channel": channel,
                            "weights": weights, "weight_offsets": offsets_at, "taps": taps_at, "k": k,
                            "first_row": first_row,
                        }
                    )  # fmt: skip
                    weights += rows * blocks * k
    return stages, weights


def _place(row: int, column: int, c: Correlation, layouts: Layouts, layout: Layout, strip: Strip) -> int:
    """Return where in a packed plane the first result finds what it needs for the tap (row, column)."""
    if layout.raw:
        return 0
    if layout.shared:
        copy, shift = layouts.column_phases.index(column % c.stride[1]), column // c.stride[1]
    else:
        copy, shift = layouts.columns.index(column), 0
    phase = layouts.row_phases.index(row % c.stride[0])
    above = (copy * len(layouts.row_phases) + phase) * strip.packed_rows + row // c.stride[0]
    return above * strip.pitch + shift


def _vectors(
    c: Correlation, layouts: Layouts, layout: Layout, strip: Strip, rows: int, bundle: int
) -> list[tuple[int, int, int]]:
    """Return for each vector of results where its source begins, where it goes, and how many of its lanes are stored."""
    n, width = layouts.lanes, c.places[1]
    span = rows * (width if layout.raw else strip.pitch)
    if layout.by_rows:
        one = [(r * strip.pitch + q, r * width + q, min(n, width - q)) for r in range(rows) for q in range(0, width, n)]
    elif layout.raw:  # the last vector ends with the image, and overlaps the one before
        one = [(min(q, span - n), min(q, span - n), n) for q in range(0, span, n)]
    else:
        one = [(q, q, min(n, span - q)) for q in range(0, span, n)]
    image = c.groups * c.target[0] * c.target[1] * c.target[2] * c.target[3] if layout.direct else strip.results
    return [
        (source + i * strip.image, target + i * image, stored) for i in range(bundle) for source, target, stored in one
    ]
