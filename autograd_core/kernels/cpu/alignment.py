"""Connectionist temporal classification: the probability of labels over all their alignments with time, and its gradient.

The labels of a sample are a chain of states: a blank, the first label, a blank, ..., the last label, a blank.  A path goes
through it in time: it stays in its state, or goes to the next one, or past a blank between two labels that differ.  Two
states in front of the chain and two behind it, which no path reaches, spare the loops all questions about its ends.

Logarithms of probabilities are kept in float64: the sum of hundreds of them has few digits left in float32.

Source: Graves et al., "Connectionist Temporal Classification", 2006, equations 6 to 16.
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
from .approximation import exp, log

__all__ = ["ctc", "ctc_x"]

INT64, FLOAT64 = np.dtype(np.int64), np.dtype(np.float64)
PADS = 2  # states in front of the chain, and behind it
WORK = 15.0  # nanoseconds for one state at one time


@kernel(inline=True)
def _log_sum(a: Any, b: Any, c: Any) -> Any:
    """Return log(e^a + e^b + e^c), -inf where all three are."""
    top = a if a > b else b
    top = top if top > c else c
    top = top if top > -np.inf else 0.0  # -inf less itself is NaN
    return top + log(exp(a - top) + exp(b - top) + exp(c - top))


@kernel
def _ctc(start: int, stop: int, x: Any, chain: Any, times: Any, sizes: Any, alpha: Any, losses: Any) -> None:
    """alpha[n, t, s] = x[t - 1, n, chain[n, s]] + log sum_r e^alpha[n, t - 1, r], where r are the states before s.

    At time 0 all paths are in the first state, from where one step leads to it or to the next.
    """
    before, after, emitted = np.empty(alpha.shape[2]), np.empty(alpha.shape[2]), np.empty(alpha.shape[2])
    for n in range(start, stop):
        states, end = chain[n], sizes[n] + PADS
        before[:], after[:PADS] = -np.inf, -np.inf
        before[PADS] = 0.0
        alpha[n, 0] = before
        for t in range(times[n]):
            row = x[t, n]
            for s in range(PADS, end):
                emitted[s] = row[states[s]]
            for s in range(PADS, end):
                skipped = before[s - 2] if states[s] != states[s - 2] else -np.inf
                after[s] = emitted[s] + _log_sum(before[s], before[s - 1], skipped)
            for s in range(end):
                before[s] = alpha[n, t + 1, s] = after[s]
        losses[n] = -_log_sum(before[end - 1], before[end - 2], -np.inf)


@kernel
def _ctc_x(start: int, stop: int, g: Any, x: Any, chain: Any, times: Any, sizes: Any, alpha: Any, gx: Any) -> None:
    """gx[t, n, c] = -g[n] times the share of the paths that are in a state c at time t.

    Where there is no path, or the loss is NaN, the shares are NaN; their product with a g of 0 is 0.
    """
    rest, after, share = np.empty(alpha.shape[2]), np.empty(alpha.shape[2]), np.empty(alpha.shape[2])
    for n in range(start, stop):
        states, end, length = chain[n], sizes[n] + PADS, times[n]
        gx[:, n, :] = 0
        total = _log_sum(alpha[n, length, end - 1], alpha[n, length, end - 2], -np.inf)
        if not math.isfinite(total):
            if g[n] != 0:
                gx[:length, n, :] = np.nan
            continue
        after[:] = -np.inf
        after[end - 1] = 0.0  # after the end, paths are in the last state, to which it and the one before it lead
        for t in range(length - 1, -1, -1):
            here, row, out = alpha[n, t + 1], x[t, n], gx[t, n]
            for s in range(PADS, end):
                skipped = after[s + 2] if states[s + 2] != states[s] else -np.inf
                rest[s] = _log_sum(after[s], after[s + 1], skipped)
            for s in range(PADS, end):
                share[s] = exp(here[s] + rest[s] - total)
            for s in range(PADS, end):
                out[states[s]] -= g[n] * share[s]
                after[s] = rest[s] + row[states[s]]


def _prepared(x: ndarray, states: ndarray, times: ndarray, sizes: ndarray) -> tuple[ndarray, ...]:
    chain = np.zeros((states.shape[0], states.shape[1] + 2 * PADS), INT64)
    chain[:, PADS:-PADS] = states
    return compact(x, x.shape), chain, compact(times, times.shape, INT64), compact(sizes, sizes.shape, INT64)


def ctc(x: ndarray, states: ndarray, times: ndarray, sizes: ndarray) -> tuple[ndarray, ndarray]:
    """Return the losses (N,) of log-probabilities x (T, N, C), and the logarithms alpha of all prefixes' probabilities.

    *states* (N, L) holds what the states emit, *sizes* (N,) how many of them a sample has, and *times* (N,) how many times:
    0 to C - 1, 1 to L and 0 to T, which is for the caller to check.
    """
    steps, samples, _ = x.shape
    arrays = _prepared(x, states, times, sizes)
    alpha = memory.empty((samples, steps + 1, arrays[1].shape[1]), FLOAT64)
    losses = np.empty(samples, x.dtype)
    parallel(_ctc, samples, *arrays, alpha, losses, work=WORK * alpha.size)
    return losses, alpha


def ctc_x(g: ndarray, x: ndarray, states: ndarray, times: ndarray, sizes: ndarray, alpha: ndarray) -> ndarray:
    """Return the gradient of the losses for x."""
    gx = memory.empty(x.shape, x.dtype)
    arrays = _prepared(x, states, times, sizes)
    parallel(_ctc_x, x.shape[1], compact(g, g.shape), *arrays, alpha, gx, work=WORK * alpha.size)
    return gx


@at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    x, states, ones = np.zeros((1, 1, 1), dtype), np.zeros((1, 1), INT64), np.ones(1, INT64)
    losses, alpha = ctc(x, states, ones, ones)
    ctc_x(losses, x, states, ones, ones, alpha)
