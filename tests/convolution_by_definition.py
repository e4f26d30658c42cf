"""Convolution and its two adjoints by definition, in float64: one loop over the places of the window.

y[n, o, p] = sum_ca w[o, c, a] x'[n, c, p s + a d], where x' is the padded x.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def convolve(x: np.ndarray, w: np.ndarray, stride: Any, padding: Any, dilation: Any, groups: int) -> np.ndarray:
    padded = pad(x, padding)
    y = np.zeros((len(x), len(w), *places(x.shape, w.shape, stride, padding, dilation)))
    for a in np.ndindex(*w.shape[2:]):
        view = divide(seen(padded, a, y.shape[2:], stride, dilation), groups)
        y += np.einsum("ngcp,goc->ngop", view, tap(w, a, groups)).reshape(y.shape)
    return y


def convolve_input(
    g: np.ndarray, w: np.ndarray, shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> np.ndarray:
    padded = pad(np.zeros(shape), padding)
    for a in np.ndindex(*w.shape[2:]):
        view = seen(padded, a, g.shape[2:], stride, dilation)
        view += np.einsum("ngop,goc->ngcp", divide(g.astype(float), groups), tap(w, a, groups)).reshape(view.shape)
    return padded[:, :, *(slice(before, before + n) for (before, _), n in zip(padding, shape[2:]))]


def convolve_weight(
    g: np.ndarray, x: np.ndarray, shape: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> np.ndarray:
    padded, w = pad(x, padding), np.zeros(shape)
    for a in np.ndindex(*shape[2:]):
        view = divide(seen(padded, a, g.shape[2:], stride, dilation), groups)
        w[:, :, *a] = np.einsum("ngop,ngcp->goc", divide(g.astype(float), groups), view).reshape(shape[:2])
    return w


def places(x: Any, w: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, ...]:
    """The sizes of the result, from the shapes of x and w."""
    axes = zip(x[2:], w[2:], stride, padding, dilation)
    return tuple((n + sum(p) - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)


def pad(x: np.ndarray, padding: Any) -> np.ndarray:
    """Padding may be negative after: there the window does not go."""
    return np.pad(x.astype(float), ((0, 0), (0, 0), *((before, max(0, after)) for before, after in padding)))


def seen(padded: np.ndarray, a: Any, sizes: Any, stride: Any, dilation: Any) -> np.ndarray:
    """What the place *a* of the window sees, for each place of the result: a view."""
    starts = [i * d for i, d in zip(a, dilation)]
    return padded[:, :, *(slice(i, i + (m - 1) * s + 1, s) for i, m, s in zip(starts, sizes, stride))]


def divide(x: np.ndarray, groups: int) -> np.ndarray:
    """(images, groups, channels of a group, places)."""
    return x.reshape(len(x), groups, x.shape[1] // groups, math.prod(x.shape[2:]))


def tap(w: np.ndarray, a: Any, groups: int) -> np.ndarray:
    return w[:, :, *a].astype(float).reshape(groups, len(w) // groups, w.shape[1])
