"""Normalisation, y = (x - mean) rstd w + b with rstd = 1 / sqrt(var + eps), and its first derivatives.

*Rows*: x is (R, K), each row has moments of its own, and w and b are (K,): layer normalisation.  Unless *centred*, the
mean is taken to be 0, and var is the mean square.

*Planes*: x is (P, L), and plane p belongs to channel p mod C of w and b (C,).  A statistic is over all planes of a channel
when *members* is 0: batch normalisation.  Otherwise it is over *members* neighbouring planes: group normalisation.

Moments are computed in two passes, the mean first: the mean square less the squared mean would lose all digits of a small
variance.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from .. import memory
from ..jit import at_warm_up, kernel
from ..layout import compact
from ..threads import parallel
from .reduce import ANY_ORDER, BLOCK, CHUNK, column_totals, products, squares, sum_columns, sum_over, total

__all__ = [
    "normalize_planes",
    "normalize_planes_pull",
    "normalize_rows",
    "normalize_rows_pull",
    "scale_planes",
    "scale_planes_pull",
]

Gradients = tuple[ndarray, ndarray, ndarray]

# ----------------------------------------------------------------------------------------------------------------- rows


@kernel(fastmath=ANY_ORDER)
def _rows(
    start: int, stop: int, x: Any, w: Any, b: Any, y: Any, mean: Any, rstd: Any, eps: float, centred: bool
) -> None:
    """y[r, k] = (x[r, k] - mean[r]) rstd[r] w[k] + b[k]."""
    size = x.shape[1]
    for i in range(start, stop):
        row, out = x[i], y[i]
        m = x.dtype.type(total(row) / size if centred else 0.0)
        r = x.dtype.type(1 / math.sqrt(squares(row, m) / size + eps))
        mean[i], rstd[i] = m, r
        for k in range(size):
            out[k] = (row[k] - m) * r * w[k] + b[k]


@kernel(fastmath=ANY_ORDER)
def _rows_pull(
    start: int, stop: int, g: Any, x: Any, w: Any, mean: Any, rstd: Any, gx: Any, gw: Any, gb: Any, centred: bool
) -> None:
    """gx[i, k] = (h[k] - mean h - a[k] rstd[i]^2 mean(h a)) rstd[i], where h[k] = g[i, k] w[k], a[k] = x[i, k] - mean[i].

    In each step a block of rows: gw[step, k] = sum_i g[i, k] a[k] rstd[i], gb[step, k] = sum_i g[i, k].
    """
    rows, size = x.shape
    for step in range(start, stop):
        for_w, for_b = gw[step], gb[step]
        for_w[:] = 0
        for_b[:] = 0
        for i in range(step * BLOCK, min(step * BLOCK + BLOCK, rows)):
            grad, row, out = g[i], x[i], gx[i]
            m, r = mean[i], rstd[i]
            h = x.dtype.type(0)
            along = x.dtype.type(0)
            for k in range(size):
                h += grad[k] * w[k]
                along += grad[k] * w[k] * (row[k] - m)
            shift = x.dtype.type(h / size if centred else 0.0)
            slope = x.dtype.type(along / size) * r * r
            for k in range(size):
                out[k] = (grad[k] * w[k] - shift - (row[k] - m) * slope) * r
            for k in range(size):  # a loop that writes to three arrays is not vectorised
                for_w[k] += grad[k] * ((row[k] - m) * r)
                for_b[k] += grad[k]


def normalize_rows(
    x: ndarray, w: ndarray, b: ndarray, *, eps: float, centred: bool
) -> tuple[ndarray, ndarray, ndarray]:
    """Return y of the shape of x, whose trailing dims are those of w and b, and mean and rstd (R,)."""
    shape = rows, size = math.prod(x.shape[: x.ndim - w.ndim]), w.size
    y, mean, rstd = memory.empty(x.shape, x.dtype), np.empty(rows, x.dtype), np.empty(rows, x.dtype)
    x, w, b = compact(x, shape), compact(w, (size,)), compact(b, (size,))
    if size:
        parallel(_rows, rows, x, w, b, y.reshape(shape), mean, rstd, eps, centred, work=0.2 * x.size)
    else:
        mean[:] = rstd[:] = math.nan
    return y, mean, rstd


def normalize_rows_pull(
    g: ndarray, x: ndarray, w: ndarray, mean: ndarray, rstd: ndarray, *, centred: bool
) -> Gradients:
    """Return the gradients of ``normalize_rows`` for x, w and b."""
    gx, dims = memory.empty(x.shape, x.dtype), w.shape
    shape = rows, size = mean.size, w.size
    blocks = -(-rows // BLOCK)
    partial = np.empty((2, blocks, size), x.dtype)
    g, x, w = compact(g, shape), compact(x, shape), compact(w, (size,))
    parallel(_rows_pull, blocks, g, x, w, mean, rstd, gx.reshape(shape), *partial, centred, work=0.4 * x.size)
    gw, gb = sums = np.empty((2, size), x.dtype)
    sum_columns(0, 2 * -(-size // CHUNK), partial, sums)
    return gx, gw.reshape(dims), gb.reshape(dims)


# --------------------------------------------------------------------------------------------------------------- planes


@kernel(fastmath=ANY_ORDER)
def _planes(
    start: int, stop: int, x: Any, w: Any, b: Any, y: Any, mean: Any, var: Any, rstd: Any, eps: float, members: int
) -> None:
    """y[p, l] = (x[p, l] - mean[s]) rstd[s] w[c] + b[c], statistic by statistic, while its planes are in the cache."""
    planes, size = x.shape
    first, step, number = (members, 1, members) if members else (1, w.size, planes // w.size)
    for s in range(start, stop):
        sums = 0.0
        for j in range(number):
            sums += total(x[s * first + j * step])
        m = x.dtype.type(sums / (number * size))
        sums = 0.0
        for j in range(number):
            sums += squares(x[s * first + j * step], m)
        v = sums / (number * size)
        r = x.dtype.type(1 / math.sqrt(v + eps))
        mean[s], var[s], rstd[s] = m, v, r
        for j in range(number):
            p = s * first + j * step
            scale, shift = r * w[p % w.size], b[p % w.size]
            plane, out = x[p], y[p]
            for i in range(size):
                out[i] = (plane[i] - m) * scale + shift


@kernel
def _plane_products(start: int, stop: int, g: Any, x: Any, mean: Any, members: int, sums: Any) -> None:
    """sums[p] = sum_l g[p, l] and sum_l g[p, l] (x[p, l] - mean[s])."""
    for p in range(start, stop):
        s = p // members if members else p % mean.size
        sums[p, 0], sums[p, 1] = products(g[p], x[p], mean[s])


@kernel
def _channel_sums(sums: Any, rstd: Any, members: int, gw: Any, gb: Any) -> None:
    """gw[c] = sum g (x - mean[s]) rstd[s] and gb[c] = sum g over all planes of channel c."""
    for p in range(len(sums)):
        c = p % gw.size
        gw[c] += sums[p, 1] * rstd[p // members if members else c]
        gb[c] += sums[p, 0]


@kernel(fastmath=ANY_ORDER, inline=True)
def _plane_x(g: Any, x: Any, mean: Any, scale: Any, shift: Any, slope: Any, gx: Any) -> None:
    """gx[l] = g[l] scale - shift - (x[l] - mean) slope."""
    for i in range(x.size):
        gx[i] = g[i] * scale - shift - (x[i] - mean) * slope


@kernel
def _planes_x(start: int, stop: int, g: Any, x: Any, w: Any, mean: Any, rstd: Any, gw: Any, gb: Any, gx: Any) -> None:
    """gx[p, l] = (g[p, l] - mean g - (x[p, l] - mean[c]) rstd[c]^2 mean(g (x - mean[c]))) w[c] rstd[c], in memory's order.

    The means are gb[c] and gw[c] / rstd[c], over the number of elements in a channel.
    """
    number = x.size // w.size
    for p in range(start, stop):
        c = p % w.size
        scale = w[c] * rstd[c]
        shift, slope = x.dtype.type(gb[c] / number * scale), x.dtype.type(gw[c] / number * scale * rstd[c])
        _plane_x(g[p], x[p], mean[c], scale, shift, slope, gx[p])


@kernel
def _groups_x(
    start: int, stop: int, g: Any, x: Any, w: Any, mean: Any, rstd: Any, members: int, sums: Any, gx: Any
) -> None:
    """gx[p, l] = (h - mean h - (x[p, l] - mean[s]) rstd[s]^2 mean(h (x - mean[s]))) rstd[s], h = g[p, l] w[c].

    A group is done with while its planes are in the cache; sums[p] = sum_l g[p, l] and sum_l g[p, l] (x[p, l] - mean[s]).
    """
    number = members * x.shape[1]
    for s in range(start, stop):
        h, along = 0.0, 0.0
        for p in range(s * members, s * members + members):
            sums[p, 0], sums[p, 1] = products(g[p], x[p], mean[s])
            h += sums[p, 0] * w[p % w.size]
            along += sums[p, 1] * w[p % w.size]
        r = rstd[s]
        shift, slope = x.dtype.type(h / number * r), x.dtype.type(along / number * r * r * r)
        for p in range(s * members, s * members + members):
            _plane_x(g[p], x[p], mean[s], w[p % w.size] * r, shift, slope, gx[p])


@kernel(fastmath=ANY_ORDER)
def _scale_planes(start: int, stop: int, x: Any, scale: Any, mean: Any, b: Any, y: Any) -> None:
    """y[p, l] = (x[p, l] - mean[c]) scale[c] + b[c], c = p mod C."""
    for p in range(start, stop):
        c = p % scale.size
        plane, out, m, factor, shift = x[p], y[p], mean[c], scale[c], b[c]
        for i in range(x.shape[1]):
            out[i] = (plane[i] - m) * factor + shift


def normalize_planes(
    x: ndarray, w: ndarray, b: ndarray, *, eps: float, members: int
) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Return y of the shape of x (N, C, ...), and the mean, var and rstd of each statistic."""
    shape = planes, size = x.shape[0] * x.shape[1], math.prod(x.shape[2:])
    y, number = memory.empty(x.shape, x.dtype), planes // members if members else w.size
    mean, var, rstd = moments = np.empty((3, number), x.dtype)
    w, b = compact(w, w.shape), compact(b, b.shape)
    if not x.size:
        moments[:] = math.nan
    elif size == 1 and not members:
        flat = x.shape[:2]
        parallel(
            _columns, -(-w.size // CHUNK), compact(x, flat), w, b, y.reshape(flat), *moments, eps, work=0.3 * x.size
        )
    else:
        work = 0.3 * x.size
        parallel(_planes, number, compact(x, shape), w, b, y.reshape(shape), *moments, eps, members, work=work)
    return y, mean, var, rstd


def scale_planes(x: ndarray, scale: ndarray, mean: ndarray, b: ndarray) -> ndarray:
    """Return (x - mean) scale + b for x (N, C, ...), the others (C,)."""
    shape = planes, size = x.shape[0] * x.shape[1], math.prod(x.shape[2:])
    if size == 1:  # NumPy's loops are along the channels
        column = (1, -1, *[1] * (x.ndim - 2))
        y: ndarray = (x - mean.reshape(column)) * scale.reshape(column)
        return np.add(y, b.reshape(column), y)
    y = memory.empty(x.shape, x.dtype)
    of_channel = [compact(a, a.shape, x.dtype) for a in (scale, mean, b)]
    parallel(_scale_planes, planes, compact(x, shape), *of_channel, y.reshape(shape), work=0.15 * x.size)
    return y


def scale_planes_pull(g: ndarray, x: ndarray, w: ndarray, mean: ndarray, rstd: ndarray) -> Gradients:
    """Return the gradients of ``scale_planes(x, w rstd, mean, b)`` for x, w and b, where mean and rstd (C,) are constants."""
    gx = scale_planes(g, w * rstd, np.zeros_like(mean), np.zeros_like(w))
    shape = x.shape[0] * x.shape[1], math.prod(x.shape[2:])
    if shape[1] == 1:
        x, g = x.reshape(x.shape[:2]), g.reshape(x.shape[:2])
        gw, gb = (sum_over(y, (0,), keepdims=False) for y in (g * (x - mean), g))
        return gx, gw * rstd, gb
    sums, sums_w, sums_b = np.empty((shape[0], 2)), np.zeros(w.size), np.zeros(w.size)
    of_channel = [compact(a, a.shape, x.dtype) for a in (mean, rstd)]
    arrays = compact(g, shape), compact(x, shape)
    parallel(_plane_products, shape[0], *arrays, of_channel[0], 0, sums, work=0.2 * x.size)
    _channel_sums(sums, of_channel[1], 0, sums_w, sums_b)
    return gx, sums_w.astype(x.dtype), sums_b.astype(x.dtype)


def normalize_planes_pull(
    g: ndarray, x: ndarray, w: ndarray, mean: ndarray, rstd: ndarray, *, members: int
) -> Gradients:
    """Return the gradients of ``normalize_planes`` for x, w and b."""
    gx, shape = memory.empty(x.shape, x.dtype), (x.shape[0] * x.shape[1], math.prod(x.shape[2:]))
    w = compact(w, w.shape)
    if not x.size:
        return gx, np.zeros_like(w), np.zeros_like(w)
    if shape[1] == 1 and not members:
        flat = x.shape[:2]
        gw, gb = np.empty((2, w.size), x.dtype)
        arrays = compact(g, flat), compact(x, flat), w, mean, rstd, gx.reshape(flat), gw, gb
        parallel(_columns_pull, -(-w.size // CHUNK), *arrays, work=0.4 * x.size)
        return gx, gw, gb
    g, x = compact(g, shape), compact(x, shape)
    sums, sums_w, sums_b = np.empty((shape[0], 2)), np.zeros(w.size), np.zeros(w.size)
    planes = gx.reshape(shape)
    if members:
        parallel(_groups_x, rstd.size, g, x, w, mean, rstd, members, sums, planes, work=0.4 * x.size)
    else:
        parallel(_plane_products, shape[0], g, x, mean, members, sums, work=0.2 * x.size)
    _channel_sums(sums, rstd, members, sums_w, sums_b)
    if not members:
        parallel(_planes_x, shape[0], g, x, w, mean, rstd, sums_w, sums_b, planes, work=0.2 * x.size)
    return gx, sums_w.astype(x.dtype), sums_b.astype(x.dtype)


# ----------------------------------------------------------- planes of one element, a statistic for each column of (N, C)


@kernel(fastmath=ANY_ORDER)
def _column_products(g: Any, x: Any, mean: Any, low: int, high: int, partial: Any, out: Any) -> None:
    """out[j] = sum_n g[n, c] (x[n, c] - mean[c]), c = low + j < high; *partial* is scratch, *out* is float64."""
    width, m = high - low, mean[low:high]
    out[:width] = 0
    for block in range(0, x.shape[0], BLOCK):
        partial[:width] = 0
        for n in range(block, min(block + BLOCK, x.shape[0])):
            grad, row = g[n, low:high], x[n, low:high]
            for j in range(width):
                partial[j] += grad[j] * (row[j] - m[j])
        for j in range(width):
            out[j] += partial[j]


@kernel(fastmath=ANY_ORDER)
def _columns(start: int, stop: int, x: Any, w: Any, b: Any, y: Any, mean: Any, var: Any, rstd: Any, eps: float) -> None:
    """y[n, c] = (x[n, c] - mean[c]) rstd[c] w[c] + b[c], for a chunk of columns in each step."""
    rows = x.shape[0]
    partial, sums, scale = np.empty(CHUNK, x.dtype), np.empty(CHUNK, np.float64), np.empty(CHUNK, x.dtype)
    for step in range(start, stop):
        low = step * CHUNK
        high = min(low + CHUNK, x.shape[1])
        m, shift = mean[low:high], b[low:high]
        column_totals(x, low, high, partial, sums)
        for j in range(high - low):
            m[j] = sums[j] / rows
        for n in range(rows):
            row, out = x[n, low:high], y[n, low:high]
            for j in range(high - low):
                out[j] = row[j] - m[j]
        _column_products(y, x, mean, low, high, partial, sums)
        for j in range(high - low):
            var[low + j] = sums[j] / rows
            rstd[low + j] = 1 / math.sqrt(sums[j] / rows + eps)
            scale[j] = rstd[low + j] * w[low + j]
        for n in range(rows):
            out = y[n, low:high]
            for j in range(high - low):
                out[j] = out[j] * scale[j] + shift[j]


@kernel(fastmath=ANY_ORDER)
def _columns_pull(
    start: int, stop: int, g: Any, x: Any, w: Any, mean: Any, rstd: Any, gx: Any, gw: Any, gb: Any
) -> None:
    """gx[n, c] = (g[n, c] - mean g - a[n] rstd^2 mean(g a)) rstd w, a[n] = x[n, c] - mean[c]; gw = sum g a rstd, gb = sum g."""
    rows = x.shape[0]
    partial, sums, along = np.empty(CHUNK, x.dtype), np.empty(CHUNK, np.float64), np.empty(CHUNK, np.float64)
    scale, shift, slope = np.empty(CHUNK, x.dtype), np.empty(CHUNK, x.dtype), np.empty(CHUNK, x.dtype)
    for step in range(start, stop):
        low = step * CHUNK
        high = min(low + CHUNK, x.shape[1])
        m = mean[low:high]
        column_totals(g, low, high, partial, sums)
        _column_products(g, x, mean, low, high, partial, along)
        for j in range(high - low):
            r = rstd[low + j]
            gw[low + j], gb[low + j] = along[j] * r, sums[j]
            scale[j], shift[j], slope[j] = r * w[low + j], sums[j] / rows, along[j] / rows * r * r
        for n in range(rows):
            grad, row, out = g[n, low:high], x[n, low:high], gx[n, low:high]
            for j in range(high - low):
                out[j] = (grad[j] - shift[j] - (row[j] - m[j]) * slope[j]) * scale[j]


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x, w = np.zeros((2, 2), dtype), np.zeros(2, dtype)
    _, mean, rstd = normalize_rows(x, w, w, eps=1.0, centred=True)
    normalize_rows_pull(x, x, w, mean, rstd, centred=True)
    for planes in (x, x[:, :, None].repeat(2, 2)):
        _, mean, _, rstd = normalize_planes(planes, w, w, eps=1.0, members=0)
        normalize_planes_pull(planes, planes, w, mean, rstd, members=0)
        scale_planes_pull(planes, scale_planes(planes, w, w, w), w, mean, rstd)
    normalize_planes_pull(planes, planes, w, *normalize_planes(planes, w, w, eps=1.0, members=1)[1::2], members=1)
