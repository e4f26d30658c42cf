"""Dropout, with random bits that are a function of a key and of an element's place: nothing is stored, in no order.

The bits are those of Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): ten
rounds turn a counter of four 32-bit words into four random ones, under a key of two.  It passes all statistical tests known,
needs nothing but 32-bit multiplications, which every vector unit has, and is what PyTorch and cuRAND use on other devices.
The backward draws the same bits again, which costs less than to store and to load a mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from .. import memory
from ..jit import at_warm_up, kernel
from ..layout import compact
from ..threads import parallel

__all__ = ["dropout"]

COUNTERS = 256  # that are turned into random words at once
CHUNK = 4 * COUNTERS  # elements: word w of counter i of a chunk is for the element w COUNTERS + i
ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
INCREMENTS = (0x9E3779B9, 0xBB67AE85)  # of the key, after each round: the golden ratio, and the square root of 3 less 1
LOW = 0xFFFFFFFF


@kernel
def _philox(first: int, key: int, words: Any) -> None:
    """words[:, i] = the four random words of the counter first + i, each in a uint64; i < COUNTERS."""
    for i in range(COUNTERS):
        counter = np.uint64(first) + np.uint64(i)
        a, b = counter & np.uint64(LOW), counter >> np.uint64(32)
        c, d = np.uint64(0), np.uint64(0)
        k, m = np.uint64(key) & np.uint64(LOW), np.uint64(key) >> np.uint64(32)
        for _ in range(ROUNDS):
            x, y = a * np.uint64(MULTIPLIERS[0]), c * np.uint64(MULTIPLIERS[1])
            a, b, c, d = (
                (y >> np.uint64(32)) ^ b ^ k,
                y & np.uint64(LOW),
                (x >> np.uint64(32)) ^ d ^ m,
                x & np.uint64(LOW),
            )
            k = (k + np.uint64(INCREMENTS[0])) & np.uint64(LOW)
            m = (m + np.uint64(INCREMENTS[1])) & np.uint64(LOW)
        words[0, i], words[1, i], words[2, i], words[3, i] = a, b, c, d


@kernel
def _dropout(start: int, stop: int, x: Any, y: Any, key: int, threshold: int, scale: Any) -> None:
    """y[i] = x[i] scale where the word of element i is at least *threshold*, x[i] 0 elsewhere; a chunk in each step."""
    words = np.empty((4, COUNTERS), np.uint32)
    flat = words.reshape(CHUNK)
    zero = x.dtype.type(0)
    for step in range(start, stop):
        _philox(step * COUNTERS, key, words)
        source, out = x[step * CHUNK : (step + 1) * CHUNK], y[step * CHUNK : (step + 1) * CHUNK]
        for i in range(source.size):
            out[i] = source[i] * (scale if flat[i] >= threshold else zero)


def dropout(x: ndarray, *, key: int, p: float) -> ndarray:
    """Return x / (1 - p), and 0 with probability *p*, to 32 bits, as the 64 bits of *key* will have it; 0 for p = 1."""
    y = memory.empty(x.shape, x.dtype)
    scale = x.dtype.type(1 / (1 - p) if p < 1 else 0.0)
    arrays = compact(x, (x.size,)), y.reshape(-1)
    threshold = np.uint32(min(round(p * 2**32), 2**32 - 1))
    parallel(_dropout, -(-x.size // CHUNK), *arrays, np.uint64(key), threshold, scale, work=0.5 * x.size)
    return y


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    dropout(np.zeros(1, dtype), key=0, p=0.5)
