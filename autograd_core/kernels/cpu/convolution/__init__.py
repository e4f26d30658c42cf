"""Convolution in one to three dimensions, and its two adjoints: which of the ways to compute them is taken when.

With stride s, dilation d, and x padded to x', all written for one axis::

    y[n, o, p]  = sum_ca w[o, c, a] x'[n, c, p s + a d]          conv
    x'[n, c, i] = sum_oa w[o, c, a] y[n, o, p]                   conv_input: the p with p s + a d = i
    w[o, c, a]  = sum_np y[n, o, p] x'[n, c, p s + a d]          conv_weight

Arrays are float32 or float64, all of one dtype, with any strides.  x is (N, C, *size), w is (O, C / groups, *window), and
y is (N, O, *places).  The channels of a group are neighbours.  Padding is a pair (before, after) for each axis.

Reading order: ``cpu.tiles`` (the innermost loops), ``correlation`` (what is computed), ``plan`` (how), ``direct``,
``weight_by_channels`` and ``weight_by_places``; then ``transforms`` and ``winograd``.  ``columns`` needs no compiler.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

import numpy as np
from numpy import ndarray

from ... import memory
from ...jit import at_warm_up
from ...layout import compact
from ...vector import is_available, lanes
from . import columns, direct, weight_by_channels, weight_by_places, winograd
from .sizes import Padding, Shape, Sizes
from .winograd.transforms import LEVELS

__all__ = [
    "are_deterministic_algorithms_enabled",
    "conv",
    "conv_input",
    "conv_weight",
    "get_winograd",
    "set_winograd",
    "use_deterministic_algorithms",
]

_winograd = 4


def get_winograd() -> int:
    """Return the level of Winograd's algorithm: 0, 2 or 4.

    >>> ag.get_winograd()
    4
    """
    return _winograd


def set_winograd(level: int) -> None:
    """Let float32 convolutions of 3 x 3 use Winograd's algorithm up to F(*level*, 3): 4 by default, 2, or 0 for never.

    Compared to the largest element of the result, the largest error is about 3e-7 without it, 5e-7 with F(2, 3), and 3e-6
    with F(4, 3), the fastest.  float64 never uses it, and nothing does after ``use_deterministic_algorithms(True)``.  Raises
    ValueError for another level.

    Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.

    >>> ag.set_winograd(0)
    >>> ag.set_winograd(4)
    """
    global _winograd  # noqa: PLW0603
    if level not in {0, *LEVELS}:
        raise ValueError(f"level is {level!r}: expected 0 (off), 2 or 4")
    _winograd = level


_direct_only = False


def are_deterministic_algorithms_enabled() -> bool:
    """Return what was last given to ``use_deterministic_algorithms``, False by default.

    >>> ag.are_deterministic_algorithms_enabled()
    False
    """
    return _direct_only


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Use only algorithms whose rounding errors are those of plain sums, if *mode*: Winograd's is off then.

    Results are the same bits from run to run, and for any number of threads, with either *mode*.  *warn_only* is accepted
    as PyTorch does; there is nothing to warn of.  Raises TypeError unless *mode* is a bool.

    >>> ag.use_deterministic_algorithms(True)
    >>> ag.use_deterministic_algorithms(False)
    """
    global _direct_only  # noqa: PLW0603
    if not isinstance(mode, bool):
        raise TypeError(f"mode is {mode!r}: expected True or False")
    _direct_only = mode


def conv(
    x: ndarray,
    w: ndarray,
    bias: ndarray | None = None,
    *,
    stride: Shape,
    padding: Padding,
    dilation: Shape,
    groups: int,
    relu: bool = False,
) -> ndarray:
    """Return x convolved with w, plus bias, or the positive part of that."""
    s = Sizes.of(x.shape, w.shape, stride, padding, dilation, groups)
    y = memory.empty((s.images, s.outputs, *s.places[3 - len(stride) :]), x.dtype)
    if y.size:
        level = _level(s, x.dtype)
        if level:
            winograd.convolve(compact(x, x.shape), compact(w, w.shape), bias, s, y, relu, level=level)
        else:
            _way().convolve(compact(x, x.shape), compact(w, w.shape), bias, s, y, relu)
    return y


def conv_input(
    g: ndarray,
    w: ndarray,
    *,
    shape: Shape,
    stride: Shape,
    padding: Padding,
    dilation: Shape,
    groups: int,
) -> ndarray:
    """Return the adjoint of ``x -> conv(x, w)`` at g, for x of *shape*."""
    s = Sizes.of(shape, w.shape, stride, padding, dilation, groups)
    x = memory.empty(shape, g.dtype)
    if x.size:
        level = _level(s, g.dtype)
        if level:
            winograd.convolve_input(compact(g, g.shape), compact(w, w.shape), s, x, level=level)
        else:
            _way().convolve_input(compact(g, g.shape), compact(w, w.shape), s, x)
    return x


def conv_weight(
    g: ndarray,
    x: ndarray,
    *,
    shape: Shape,
    stride: Shape,
    padding: Padding,
    dilation: Shape,
    groups: int,
) -> ndarray:
    """Return the adjoint of ``w -> conv(x, w)`` at g, for w of *shape*."""
    s = Sizes.of(x.shape, shape, stride, padding, dilation, groups)
    if not g.size or not x.size:
        return np.zeros(shape, x.dtype)
    w = np.empty(shape, x.dtype)
    level = _level(s, x.dtype, weight=True)
    if level:
        winograd.convolve_weight(compact(g, g.shape), compact(x, x.shape), s, w, level=level)
    elif _way() is columns:
        columns.convolve_weight(compact(g, g.shape), compact(x, x.shape), s, w)
    else:
        _weight_way(s, x.dtype).convolve_weight(compact(g, g.shape), compact(x, x.shape), s, w)
    return w


def _way() -> ModuleType:
    """Return the way for any sizes: ``columns`` where vector instructions cannot be compiled."""
    return direct if is_available() else columns


@functools.lru_cache(maxsize=1024)
def _weight_way(s: Sizes, dtype: np.dtype[Any]) -> ModuleType:
    """Return what computes the adjoint to the weights: few channels leave lanes empty that places fill."""
    n = lanes(dtype)
    filled = s.y_group / (-(-s.y_group // n) * n)
    return weight_by_channels if filled > FILLED else weight_by_places


FILLED = 0.65  # of the lanes: place tiles reach about so much of the speed of channel tiles


def _level(s: Sizes, dtype: np.dtype[Any], weight: bool = False) -> int:
    if _direct_only or not _winograd or dtype != np.float32 or not winograd.fits(s) or _way() is columns:
        return 0
    return winograd.best_level(s, _winograd, weight)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    how: dict[str, Any] = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    for images, channels, size in ((1, 1, 16), (1, 64, 16), (8, 256, 4)):
        x, w = np.zeros((images, channels, size, size), dtype), np.zeros((channels, channels, 3, 3), dtype)
        conv_input(conv(x, w, **how), w, shape=x.shape, **how)
        conv_weight(x, x, shape=w.shape, **how)
    x, w = np.zeros((1, 1, 4, 4), dtype), np.zeros((64, 1, 3, 3), dtype)
    conv_weight(conv(x, w, **how), x, shape=w.shape, **how)
