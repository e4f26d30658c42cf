"""Convolution and its adjoint to the input as *correlations*: sums over taps, each a weight times a source that is moved.

    y[n, m, t, i, j] = sum_czk w[m, c, z, k] x[n, c, depth(t, z), u s_h + row_k + top, v s_w + column_k + left]

*Convolution* has i = u, j = v, and a tap k for each place of its window.

*Its adjoint* gives each place of x what it gave to y: with stride s and dilation d, the place i takes from the places u
with u s + a d = i + padding.  Places i of one *phase*, i + padding modulo s, have the same taps; from one of them to the
next u goes up by one, so the correlation itself has stride 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from .sizes import Sizes

__all__ = ["Correlation", "Phase", "Tap", "adjoint", "convolution"]


class Tap(NamedTuple):
    """A row and a column of the packed source, and where in the window its weight is."""

    row: int
    column: int
    weight: int


class Phase(NamedTuple):
    """Places of the target that have the same taps: every *step*-th row and column from the first on."""

    taps: tuple[Tap, ...]
    first: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Correlation:
    """What is computed, whatever the way: sizes are of one group's channels (C, D, H, W)."""

    images: int
    groups: int
    source: tuple[int, int, int, int]
    target: tuple[int, int, int, int]
    depths: tuple[tuple[int, tuple[int, ...]], ...]  # a target depth, and the source depths it sees; -1 is padding
    depth_weights: tuple[int, ...]  # where the weights of each of them are in the window
    stride: tuple[int, int]
    origin: tuple[int, int]  # row and column of the source at which the taps (0, 0) of the first place lie
    places: tuple[int, int]  # rows and columns of each phase, the largest one's
    phases: tuple[Phase, ...]
    step: tuple[int, int]  # from one place of a phase to the next
    weight_strides: tuple[int, int, int]  # of a group, of a target channel, of a source channel


def convolution(s: Sizes) -> Correlation:
    """Return y = conv(x, w) as a correlation."""
    window = s.window[0] * s.window[1] * s.window[2]
    taps = [
        Tap(a * s.dilation[1], b * s.dilation[2], a * s.window[2] + b) for a, b in np.ndindex(s.window[1], s.window[2])
    ]
    return Correlation(
        images=s.images,
        groups=s.groups,
        source=(s.x_group, *s.size),
        target=(s.y_group, *s.places),
        depths=tuple(enumerate(s.depths_seen)),
        depth_weights=tuple(a * s.window[1] * s.window[2] for a in range(s.window[0])),
        stride=s.stride[1:],
        origin=(-s.before[1], -s.before[2]),
        places=s.places[1:],
        phases=(Phase(tuple(taps), (0, 0)),),
        step=(1, 1),
        weight_strides=(s.y_group * s.x_group * window, s.x_group * window, window),
    )


class Along(NamedTuple):
    """A phase of the adjoint along one axis: its first place, and (how far back it sees y, from which weight)."""

    first: int
    taps: tuple[tuple[int, int], ...]


def _along(s: Sizes, axis: int) -> list[Along]:
    """Return the phases of the places i of x: i + padding = u stride + phase takes from y at u - (a d - phase) / stride."""
    stride, dilation, before = s.stride[axis], s.dilation[axis], s.before[axis]
    phases = []
    for first in range(min(stride, s.size[axis])):
        phase, u = (first + before) % stride, (first + before) // stride
        taps = [
            (u - (a * dilation - phase) // stride, a)
            for a in range(s.window[axis])
            if (a * dilation - phase) % stride == 0
        ]
        phases.append(Along(first, tuple(taps)))
    return phases


def adjoint(s: Sizes) -> Iterator[Correlation]:
    """Yield x = conv(., w)^T y as correlations, one for each phase of the depth."""
    window = s.window[0] * s.window[1] * s.window[2]
    rows, columns = _along(s, 1), _along(s, 2)
    top = min((u for along in rows for u, _ in along.taps), default=0)
    left = min((u for along in columns for u, _ in along.taps), default=0)
    phases = [
        Phase(
            tuple(Tap(u - top, v - left, a * s.window[2] + b) for (u, a), (v, b) in product(row.taps, column.taps)),
            (row.first, column.first),
        )
        for row, column in product(rows, columns)
    ]
    for depth in _along(s, 0):
        targets = range(depth.first, s.size[0], s.stride[0])
        seen = [[u + t for u, _ in depth.taps] for t in range(len(targets))]
        yield Correlation(
            images=s.images,
            groups=s.groups,
            source=(s.y_group, *s.places),
            target=(s.x_group, *s.size),
            depths=tuple(
                (i, tuple(u if 0 <= u < s.places[0] else -1 for u in us)) for i, us in zip(targets, seen, strict=True)
            ),
            depth_weights=tuple(a * s.window[1] * s.window[2] for _, a in depth.taps),
            stride=(1, 1),
            origin=(top, left),
            places=(-(-s.size[1] // s.stride[1]), -(-s.size[2] // s.stride[2])),
            phases=tuple(phases),
            step=s.stride[1:],
            weight_strides=(s.y_group * s.x_group * window, window, s.x_group * window),
        )
