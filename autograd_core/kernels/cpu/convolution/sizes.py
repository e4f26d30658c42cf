"""The sizes of a convolution, and of its two adjoints, in one to three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod

__all__ = ["Padding", "Shape", "Sizes", "up"]

Shape = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]  # (before, after) of each axis
Triple = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """x (N, C, D, H, W), w (O, C / groups, KD, KH, KW) and y (N, O, OD, OH, OW).

    Fewer dimensions are the last of three, whose first ones have one element: a line is a plane of one row.
    """

    images: int
    channels: int
    size: Triple
    outputs: int
    window: Triple
    stride: Triple
    before: Triple  # padding at the front, the top and the left
    dilation: Triple
    groups: int
    places: Triple

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, x: Shape, w: Shape, stride: Shape, padding: Padding, dilation: Shape, groups: int) -> Sizes:
        n, c, *size = x
        o, _, *window = w
        places = [
            (i + sum(p) - d * (k - 1) - 1) // s + 1
            for i, k, s, p, d in zip(size, window, stride, padding, dilation, strict=True)
        ]
        before = [p for p, _ in padding]
        return cls(
            n, c, _triple(size), o, _triple(window), _triple(stride), _triple(before, 0), _triple(dilation), groups,
            _triple(places),
        )  # fmt: skip

    @property
    def x_group(self) -> int:
        """How many channels of x belong to one group."""
        return self.channels // self.groups

    @property
    def y_group(self) -> int:
        """How many channels of y belong to one group."""
        return self.outputs // self.groups

    @property
    def products(self) -> int:
        """How many multiplications there are by definition."""
        return self.images * self.outputs * prod(self.places) * self.x_group * prod(self.window)

    @property
    def depths_seen(self) -> tuple[tuple[int, ...], ...]:
        """For each depth of y, the depths of x that it sees, -1 for padding."""
        seen = (
            [t * self.stride[0] - self.before[0] + a * self.dilation[0] for a in range(self.window[0])]
            for t in range(self.places[0])
        )
        return tuple(tuple(i if 0 <= i < self.size[0] else -1 for i in depths) for depths in seen)

    @property
    def is_pointwise(self) -> bool:
        """Whether each element of y sees one place of x, and that the same one."""
        return self.window == self.stride == (1, 1, 1) and self.before == (0, 0, 0) and self.size == self.places


def _triple(values: Sequence[int], missing: int = 1) -> Triple:
    d, h, w = (*[missing] * (3 - len(values)), *values)
    return d, h, w


def up(n: int, multiple: int) -> int:
    """Return the least multiple of *multiple* that is at least n."""
    return -(-n // multiple) * multiple
