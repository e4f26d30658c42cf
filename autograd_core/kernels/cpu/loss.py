"""The cross-entropy of logits x (N, C), fused with the softmax: with one class for each row, or with shares of all classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from .. import memory
from ..jit import at_warm_up, kernel
from ..layout import compact
from ..threads import parallel
from .approximation import exp
from .reduce import ANY_ORDER, total
from .softmax import largest

__all__ = ["class_entropy", "class_entropy_x", "share_entropy"]


@kernel
def _class_entropy(start: int, stop: int, x: Any, target: Any, scale: Any, p: Any, losses: Any) -> None:
    """losses[n] = scale[n] (log sum_c e^x[n, c] - x[n, target[n]]), p[n, c] = e^x[n, c] / sum_c e^x[n, c].

    A row of scale 0 has no loss, even where that would be infinite.
    """
    size = x.shape[1]
    for n in range(start, stop):
        row, out = x[n], p[n]
        top = largest(row)
        for c in range(size):
            out[c] = exp(row[c] - top)
        s = total(out)
        share = x.dtype.type(1 / s)
        for c in range(size):
            out[c] *= share
        losses[n] = scale[n] * (math.log(s) - (row[target[n]] - top)) if scale[n] != 0 else 0.0


@kernel
def _class_entropy_x(start: int, stop: int, p: Any, target: Any, scale: Any, gx: Any) -> None:
    """gx[n, c] = scale[n] (p[n, c] - [c == target[n]])."""
    for n in range(start, stop):
        row, out, s = p[n], gx[n], scale[n]
        for c in range(p.shape[1]):
            out[c] = row[c] * s
        out[target[n]] -= s


@kernel(fastmath=ANY_ORDER)
def _weighed(q: Any, x: Any, top: Any, shift: Any) -> tuple[Any, Any]:
    """sum_c q[c] (shift - (x[c] - top)) and sum_c q[c]^2."""
    s = x.dtype.type(0)
    t = x.dtype.type(0)
    for c in range(x.size):
        s += q[c] * (shift - (x[c] - top))
        t += q[c] * q[c]
    return s, t


@kernel
def _share_entropy(start: int, stop: int, x: Any, q: Any, p: Any, losses: Any) -> None:
    """losses[n] = -sum_c q[n, c] log p[n, c], where p is the softmax of x.

    A row where q is 0 everywhere has no loss, even where a logarithm is infinite.
    """
    size = x.shape[1]
    for n in range(start, stop):
        row, out = x[n], p[n]
        top = largest(row)
        for c in range(size):
            out[c] = exp(row[c] - top)
        s = total(out)
        share, shift = x.dtype.type(1 / s), x.dtype.type(math.log(s))
        for c in range(size):
            out[c] *= share
        loss, squares = _weighed(q[n], row, top, shift)
        losses[n] = loss if squares != 0 else 0.0


def class_entropy(x: ndarray, target: ndarray, scale: ndarray) -> tuple[ndarray, ndarray]:
    """Return sum_n scale[n] (logsumexp(x[n]) - x[n, target[n]]), 0-d, and the softmax of x.

    *target* (N,) holds 0 to C - 1; that is for the caller to check.
    """
    p, losses = memory.empty(x.shape, x.dtype), np.empty(len(x), np.float64)
    arrays = compact(x, x.shape), compact(target, target.shape, _INT64), compact(scale, scale.shape)
    parallel(_class_entropy, len(x), *arrays, p, losses, work=0.6 * x.size)
    return np.asarray(total(losses), x.dtype), p


def class_entropy_x(p: ndarray, target: ndarray, scale: ndarray) -> ndarray:
    """Return scale[n] (p[n, c] - [c == target[n]])."""
    gx = memory.empty(p.shape, p.dtype)
    arrays = compact(p, p.shape), compact(target, target.shape, _INT64), compact(scale, scale.shape)
    parallel(_class_entropy_x, len(p), *arrays, gx, work=0.1 * p.size)
    return gx


def share_entropy(x: ndarray, q: ndarray) -> tuple[ndarray, ndarray]:
    """Return -sum_nc q[n, c] log p[n, c], 0-d, and the softmax p of x."""
    p, losses = memory.empty(x.shape, x.dtype), np.empty(len(x), np.float64)
    parallel(_share_entropy, len(x), compact(x, x.shape), compact(q, q.shape), p, losses, work=0.7 * x.size)
    return np.asarray(total(losses), x.dtype), p


_INT64 = np.dtype(np.int64)


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x, target, scale = np.zeros((1, 2), dtype), np.zeros(1, np.int64), np.zeros(1, dtype)
    _, p = class_entropy(x, target, scale)
    class_entropy_x(p, target, scale)
    share_entropy(x, p)
