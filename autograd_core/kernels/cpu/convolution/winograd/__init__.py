"""Convolution with windows of 3 x 3, stride 1 and dilation 1, with fewer multiplications: Winograd's F(m x m, 3 x 3).

Tiles of (m + 2)^2 elements of x, which overlap by 2, give m^2 elements of y each.  Transformed, with the channels as lanes,
a tile has (m + 2)^2 places xi, and at each of them the sum over channels is a matrix product over tiles t::

    M[xi, t, o] = sum_c V[xi, t, c] U[xi, c, o]           with 4 multiplications for an element of y at m = 2, and 9/4 at 4

The adjoint to x is the same with the weights turned around.  That to the weights runs all steps backwards:
S[xi, o, c] = sum_t M'[xi, t, o] V[xi, t, c], where M' is y through the adjoint of the output's transform.

The sums are of transformed numbers, which are larger than their result, so the rounding is too: in float32 the largest
error, compared to the largest element of the result, is about 5e-7 with F(2, 3) and 3e-6 with F(4, 3), where direct sums
give 3e-7.

Reading order: ``transforms`` (the matrices), ``plan``, ``pictures`` (what is transformed from where to where), ``by_strips``,
``by_panels``, ``weight``.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy import ndarray

from ....threads import get_num_threads
from ..sizes import Sizes, up
from .by_panels import correlate_by_panels
from .by_strips import correlate_by_strips
from .plan import Plan, adjoint_plan, forward_plan
from .transforms import LEVELS
from .weight import correlate_pair

__all__ = ["LEVELS", "best_level", "convolve", "convolve_input", "convolve_weight", "fits"]


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
    costs = {0: s.images * (height * width if weight else up(height * width, n)) * 9 * pairs}
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
    _correlate(forward_plan(s, x.dtype, level, get_num_threads()), x, w, bias, y, relu, False)


def convolve_input(g: ndarray, w: ndarray, s: Sizes, x: ndarray, level: int = 4) -> None:
    """Write the adjoint of ``x -> conv(x, w)`` at g to x; all arrays are contiguous."""
    _correlate(adjoint_plan(s, g.dtype, level, get_num_threads()), g, w, None, x, False, True)


def convolve_weight(g: ndarray, x: ndarray, s: Sizes, w: ndarray, level: int = 4) -> None:
    """Write the adjoint of ``w -> conv(x, w)`` at g to w; all arrays are contiguous."""
    plan = forward_plan(s, x.dtype, level, get_num_threads())
    correlate_pair(plan, g.reshape(-1), x.reshape(-1), w.reshape(-1))


def _correlate(p: Plan, x: ndarray, w: ndarray, bias: ndarray | None, y: ndarray, relu: bool, turned: bool) -> None:
    record = p.plan[0]
    start = np.zeros(record["groups"] * record["outputs"] if bias is not None else 0, y.dtype)
    if bias is not None:
        start[:] = bias
    floor = y.dtype.type(0 if relu else -np.inf)
    correlate = correlate_by_panels if record["by_panels"] else correlate_by_strips
    correlate(p, x.reshape(-1), w.reshape(-1), start, y.reshape(-1), floor, turned)
