"""Softmax and its logarithm along one axis, and their gradients.

An array is seen as (A, K, C), with the axis in the middle.  Where C is 1 a row of K numbers is contiguous; elsewhere the
loops run over neighbouring rows, element by element.  All exponentials are of x less its maximum, so none overflows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from .. import memory
from ..jit import at_warm_up, kernel
from ..layout import around, compact
from ..threads import parallel
from .approximation import exp, log
from .precision import bits, from_bits, precision
from .reduce import ANY_ORDER, CHUNK, total

__all__ = ["masked_softmax", "softmax", "softmax_x"]

# ----------------------------------------------------------------------------------------------------------------- rows


@kernel(inline=True)
def _in_order(word: Any, sign: Any) -> Any:
    """Turn the bits of a number into an integer, or back, so that integers are in the order of their numbers.

    Below zero all bits but the *sign* are turned around.
    """
    return type(word)(word ^ ~sign) if word < 0 else word


@kernel
def largest(x: Any) -> Any:
    """Return the largest element of x, -inf of none, NaN if there is one without a sign.

    A maximum of integers is vectorised; one of floating-point numbers is not, for with NaN it depends on the order.
    """
    lowest = x.dtype.type(-np.inf)
    sign = precision(lowest).sign
    top = _in_order(bits(lowest), sign)
    for i in range(x.size):
        top = max(top, _in_order(bits(x[i]), sign))
    return from_bits(_in_order(top, sign), lowest)


@kernel
def _softmax_rows(start: int, stop: int, x: Any, y: Any, logarithm: bool) -> None:
    """y[a, k] = e^z[k] / sum_j e^z[j], or its logarithm z[k] - log sum_j e^z[j], where z = x[a] - max x[a]."""
    size = x.shape[1]
    for a in range(start, stop):
        row, out = x[a], y[a]
        top = largest(row)
        for k in range(size):
            out[k] = exp(row[k] - top)
        if logarithm:
            shift = x.dtype.type(math.log(total(out)))
            for k in range(size):
                out[k] = row[k] - top - shift
        else:
            share = x.dtype.type(1 / total(out))
            for k in range(size):
                out[k] *= share


@kernel(fastmath=ANY_ORDER)
def _inner(x: Any, y: Any) -> Any:
    s = x.dtype.type(0)
    for i in range(x.size):
        s += x[i] * y[i]
    return s


@kernel
def _softmax_rows_x(start: int, stop: int, g: Any, y: Any, gx: Any, logarithm: bool) -> None:
    """gx[a, k] = (g[a, k] - sum_j g[a, j] y[a, j]) y[a, k]; for the logarithm g[a, k] - e^y[a, k] sum_j g[a, j]."""
    size = y.shape[1]
    for a in range(start, stop):
        grad, row, out = g[a], y[a], gx[a]
        if logarithm:
            s = y.dtype.type(total(grad))
            for k in range(size):
                out[k] = grad[k] - exp(row[k]) * s
        else:
            s = _inner(grad, row)
            for k in range(size):
                out[k] = (grad[k] - s) * row[k]


@kernel
def _masked_softmax_rows(start: int, stop: int, x: Any, bias: Any, places: Any, y: Any) -> None:
    """y[a, k] = e^z[k] / sum_j e^z[j] where z = x[a] + bias[places[a]] less its maximum; 0 if that is -inf."""
    size = x.shape[1]
    for a in range(start, stop):
        row, more, out = x[a], bias[places[a]], y[a]
        for k in range(size):
            out[k] = row[k] + more[k]
        top = largest(out)
        if top == -np.inf:
            out[:] = 0
            continue
        for k in range(size):
            out[k] = exp(out[k] - top)
        share = x.dtype.type(1 / total(out))
        for k in range(size):
            out[k] *= share


# -------------------------------------------------------------------------------------------------------------- columns


@kernel
def _softmax_columns(start: int, stop: int, x: Any, y: Any, logarithm: bool) -> None:
    """y[a, k, c] = e^z[k] / sum_j e^z[j] or its logarithm, where z = x[a, :, c] - max x[a, :, c]; a chunk of c in each step."""
    size, width = x.shape[1:]
    chunks = (width + CHUNK - 1) // CHUNK
    top, sums = np.empty(CHUNK, x.dtype), np.empty(CHUNK, x.dtype)
    for step in range(start, stop):
        a, low = step // chunks, step % chunks * CHUNK
        high = min(low + CHUNK, width)
        top[:], sums[:] = -np.inf, 0
        for k in range(size):
            row = x[a, k, low:high]
            for c in range(high - low):
                top[c] = row[c] if row[c] > top[c] else top[c]
        for k in range(size):
            row, out = x[a, k, low:high], y[a, k, low:high]
            for c in range(high - low):
                out[c] = exp(row[c] - top[c])
            for c in range(high - low):
                sums[c] += out[c]
        for c in range(high - low):
            sums[c] = log(sums[c]) if logarithm else 1 / sums[c]
        for k in range(size):
            row, out = x[a, k, low:high], y[a, k, low:high]
            if logarithm:
                for c in range(high - low):
                    out[c] = row[c] - top[c] - sums[c]
            else:
                for c in range(high - low):
                    out[c] *= sums[c]


@kernel
def _softmax_columns_x(start: int, stop: int, g: Any, y: Any, gx: Any, logarithm: bool) -> None:
    """gx = (g - sum_k g y) y along the middle axis; for the logarithm g - e^y sum_k g; a chunk of columns in each step."""
    size, width = y.shape[1:]
    chunks = (width + CHUNK - 1) // CHUNK
    sums = np.empty(CHUNK, y.dtype)
    for step in range(start, stop):
        a, low = step // chunks, step % chunks * CHUNK
        high = min(low + CHUNK, width)
        sums[:] = 0
        for k in range(size):
            grad, row = g[a, k, low:high], y[a, k, low:high]
            if logarithm:
                for c in range(high - low):
                    sums[c] += grad[c]
            else:
                for c in range(high - low):
                    sums[c] += grad[c] * row[c]
        for k in range(size):
            grad, row, out = g[a, k, low:high], y[a, k, low:high], gx[a, k, low:high]
            if logarithm:
                for c in range(high - low):
                    out[c] = grad[c] - exp(row[c]) * sums[c]
            else:
                for c in range(high - low):
                    out[c] = (grad[c] - sums[c]) * row[c]


def softmax(x: ndarray, *, axis: tuple[int, ...], logarithm: bool) -> ndarray:
    """Return softmax or its logarithm along *axis*, which holds one axis, or none for a 0-d array."""
    y = memory.empty(x.shape, x.dtype)
    a, size, width = shape = around(x.shape, axis[0]) if axis else (1, 1, 1)
    if not x.size:
        return y
    if width == 1:
        flat = a, size
        parallel(_softmax_rows, a, compact(x, flat), y.reshape(flat), logarithm, work=0.6 * x.size)
    else:
        steps = a * -(-width // CHUNK)
        parallel(_softmax_columns, steps, compact(x, shape), y.reshape(shape), logarithm, work=0.8 * x.size)
    return y


def softmax_x(g: ndarray, y: ndarray, *, axis: tuple[int, ...], logarithm: bool) -> ndarray:
    """Return the gradient of ``softmax`` for x, where y is its result."""
    gx = memory.empty(y.shape, y.dtype)
    a, size, width = shape = around(y.shape, axis[0]) if axis else (1, 1, 1)
    if width == 1:
        flat = a, size
        parallel(_softmax_rows_x, a, compact(g, flat), compact(y, flat), gx.reshape(flat), logarithm, work=0.3 * y.size)
    else:
        arrays = compact(g, shape), compact(y, shape), gx.reshape(shape)
        parallel(_softmax_columns_x, a * -(-width // CHUNK), *arrays, logarithm, work=0.4 * y.size)
    return gx


def masked_softmax(x: ndarray, bias: ndarray) -> ndarray:
    """Return softmax of x + *bias* along the last axis, and 0 for a row that is -inf everywhere; *bias* broadcasts to x."""
    y = memory.empty(x.shape, x.dtype)
    if not x.size:
        return y
    size = x.shape[-1]
    flat, lead = (x.size // size, size), bias.shape[:-1]
    few = compact(np.broadcast_to(bias, (*lead, size)), (math.prod(lead), size), x.dtype)
    places = compact(np.broadcast_to(np.arange(len(few)).reshape(lead), x.shape[:-1]), flat[:1])
    parallel(_masked_softmax_rows, flat[0], compact(x, flat), few, places, y.reshape(flat), work=0.8 * x.size)
    return y


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x = np.zeros((2, 2), dtype)
    for axis in (0, 1):
        softmax_x(x, softmax(x, axis=(axis,), logarithm=False), axis=(axis,), logarithm=False)
    masked_softmax(x, x)
