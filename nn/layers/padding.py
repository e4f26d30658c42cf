"""Padding: places added around signals, pictures and volumes; negative numbers crop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Padding = int | Sequence[int]


class _Pad(Module):
    """What all layers here have: an int for all sides, or (before, after) of the last dim, then of the one before it."""

    dims: ClassVar[int]

    def __init__(self, padding: Padding) -> None:
        super().__init__()
        sides = 2 * self.dims
        each = tuple(padding) if isinstance(padding, Sequence) else (padding,) * sides
        if len(each) != sides or not all(isinstance(p, int) for p in each):
            raise ag.errors.ArgumentError(
                f"{self._get_name()}: padding={padding!r}, expected an int, or {sides} of them, (before, after) of the last "
                "dim first"
            )
        self.padding = each

    def extra_repr(self) -> str:
        return f"{self.padding}"


# ------------------------------------------------------------------------------------------------------- with a constant


class _ConstantPad(_Pad):
    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        name = self._get_name()
        expect.array(name, input)
        if input.ndim < self.dims:
            raise expect.shape_error(name, input, f"at least {self.dims} dims", "unsqueeze it")
        return ag.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """Add *value* at the ends of the last dim: (N, C, L) gives (N, C, L + before + after); any other dims are kept.

    *padding* is an int, or (before, after).

    >>> import nn
    >>> nn.ConstantPad1d((1, 2), 9.0)(ag.tensor([[1.0, 2.0]])).tolist()
    [[9.0, 1.0, 2.0, 9.0, 9.0]]
    """

    dims = 1


class ConstantPad2d(_ConstantPad):
    """Put *value* around the last two dims, as ``ConstantPad1d`` does; *padding* is (left, right, top, bottom).

    >>> import nn
    >>> nn.ConstantPad2d((1, 0, 0, 1), 9.0)(ag.ones(1, 1, 1)).tolist()
    [[[9.0, 1.0], [9.0, 9.0]]]
    """

    dims = 2


class ConstantPad3d(_ConstantPad):
    """Put *value* around the last three dims, as ``ConstantPad1d`` does; *padding* is (left, right, top, bottom, front, back).

    >>> import nn
    >>> nn.ConstantPad3d(1, 9.0)(ag.zeros(1, 1, 2, 3, 4)).shape
    (1, 1, 4, 5, 6)
    """

    dims = 3


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """Add zeros at the ends of the last dim; *padding* is an int, or (before, after).

    >>> import nn
    >>> nn.ZeroPad1d(1)(ag.tensor([[1.0, 2.0]])).tolist()
    [[0.0, 1.0, 2.0, 0.0]]
    """


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """Put zeros around the last two dims; *padding* is an int, or (left, right, top, bottom).

    >>> import nn
    >>> nn.ZeroPad2d((1, 0, 0, 1))(ag.ones(1, 1, 1)).tolist()
    [[[0.0, 1.0], [0.0, 0.0]]]
    """


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """Put zeros around the last three dims; *padding* is an int, or (left, right, top, bottom, front, back).

    >>> import nn
    >>> nn.ZeroPad3d(1)(ag.zeros(1, 1, 2, 3, 4)).shape
    (1, 1, 4, 5, 6)
    """


# -------------------------------------------------------------------------------------------------- with what is there


class _EdgePad(_Pad):
    mode: ClassVar[str]

    def forward(self, input: Tensor) -> Tensor:
        expect.spatial(self._get_name(), input, self._least(), "pad less, or give larger inputs")
        return ag.pad(input, self.padding, self.mode)

    def _least(self) -> tuple[int, ...]:
        """Return the size that each spatial dim must have."""
        sides = [self.padding[2 * i : 2 * i + 2] for i in reversed(range(self.dims))]
        return tuple(max(1, self._reach(max(a, b, 0))) for a, b in sides)

    def _reach(self, places: int) -> int:
        """Return the size that a dim must have so that *places* on one side repeat what is there."""
        return places


class _ReflectionPad(_EdgePad):
    mode = "reflect"

    def _reach(self, places: int) -> int:
        return places + 1


class ReflectionPad1d(_ReflectionPad):
    """Mirror the last dim of (N, C, L) or (C, L) at its ends, which are not repeated; *padding* is below L.

    *padding* is an int, or (before, after).

    >>> import nn
    >>> nn.ReflectionPad1d((2, 1))(ag.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]]
    """

    dims = 1


class ReflectionPad2d(_ReflectionPad):
    """Mirror (N, C, H, W) or (C, H, W) at the edges, as ``ReflectionPad1d`` does; *padding* is (left, right, top, bottom).

    >>> import nn
    >>> nn.ReflectionPad2d((1, 0, 0, 1))(ag.tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
    [[[2.0, 1.0, 2.0], [4.0, 3.0, 4.0], [2.0, 1.0, 2.0]]]
    """

    dims = 2


class ReflectionPad3d(_ReflectionPad):
    """Mirror (N, C, D, H, W) or (C, D, H, W) at the faces; *padding* is (left, right, top, bottom, front, back).

    >>> import nn
    >>> nn.ReflectionPad3d(1)(ag.zeros(1, 1, 2, 3, 4)).shape
    (1, 1, 4, 5, 6)
    """

    dims = 3


class _ReplicationPad(_EdgePad):
    mode = "replicate"

    def _reach(self, places: int) -> int:
        return 1


class ReplicationPad1d(_ReplicationPad):
    """Repeat the ends of the last dim of (N, C, L) or (C, L); *padding* is an int, or (before, after).

    >>> import nn
    >>> nn.ReplicationPad1d((2, 1))(ag.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 1.0, 1.0, 2.0, 3.0, 3.0]]
    """

    dims = 1


class ReplicationPad2d(_ReplicationPad):
    """Repeat the edges of (N, C, H, W) or (C, H, W); *padding* is an int, or (left, right, top, bottom).

    >>> import nn
    >>> nn.ReplicationPad2d((1, 0, 0, 1))(ag.tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
    [[[1.0, 1.0, 2.0], [3.0, 3.0, 4.0], [3.0, 3.0, 4.0]]]
    """

    dims = 2


class ReplicationPad3d(_ReplicationPad):
    """Repeat the faces of (N, C, D, H, W) or (C, D, H, W); *padding* is (left, right, top, bottom, front, back).

    >>> import nn
    >>> nn.ReplicationPad3d(1)(ag.zeros(1, 1, 2, 3, 4)).shape
    (1, 1, 4, 5, 6)
    """

    dims = 3


class _CircularPad(_EdgePad):
    mode = "circular"


class CircularPad1d(_CircularPad):
    """Continue the last dim of (N, C, L) or (C, L) at its other end; *padding* is at most L.

    *padding* is an int, or (before, after).

    >>> import nn
    >>> nn.CircularPad1d((2, 1))(ag.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[2.0, 3.0, 1.0, 2.0, 3.0, 1.0]]
    """

    dims = 1


class CircularPad2d(_CircularPad):
    """Continue (N, C, H, W) or (C, H, W) at the opposite edges, as ``CircularPad1d`` does.

    *padding* is an int, or (left, right, top, bottom).

    >>> import nn
    >>> nn.CircularPad2d((1, 0, 0, 1))(ag.tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
    [[[2.0, 1.0, 2.0], [4.0, 3.0, 4.0], [2.0, 1.0, 2.0]]]
    """

    dims = 2


class CircularPad3d(_CircularPad):
    """Continue (N, C, D, H, W) or (C, D, H, W) at the opposite faces; *padding* is (left, right, top, bottom, front, back).

    >>> import nn
    >>> nn.CircularPad3d(1)(ag.zeros(1, 1, 2, 3, 4)).shape
    (1, 1, 4, 5, 6)
    """

    dims = 3
