"""Connectionist temporal classification: how probable labels are whose places in time are unknown.

On arrays the gradient is a kernel.  On Tensors it is composed of elementary functions, which have derivatives of every
order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import of
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .elementwise import exp
from .index import add_picked, pick
from .reduce import reduce_logsumexp, reduce_sum
from .selection import choose, clamp_min, gate
from .shape import plain, reshape_to
from .softmax import softmax_along
from .stacking import cat, join_anew

# ------------------------------------------------------------------------------------------------------------ primitive


@primitive(aux=("alpha",))
def ctc(x: Array, states: Array, times: Array, sizes: Array) -> tuple[Array, Array]:
    """Return the losses (N,) for log-probabilities x (T, N, C).

    *states* (N, L) holds the chain of each sample, a blank, its first label, a blank, ..., and *sizes* (N,) how much of it is
    meant; *times* (N,) are the lengths in time.
    """
    return of(x, states, times, sizes).kernels.ctc(x, states, times, sizes)


def _ctc_x(g: Array, x: Array, states: Array, times: Array, sizes: Array, alpha: Array, out: Array) -> Array:
    if type(g) is np.ndarray:
        return of(g).kernels.ctc_x(g, x, states, times, sizes, alpha)
    possible = np.isfinite(plain(out))
    undefined = np.where(possible | (plain(g) == 0), 1, np.nan).astype(x.dtype)
    shares = _shares(x, states, times * possible, sizes)
    return shares * -reshape_to(g * undefined, shape=(1, len(times), 1))


ctc.vjp(x=_ctc_x, states=None, times=None, sizes=None)

NEVER = -1e30  # a logarithm of 0 that has a difference with itself; it may be added up for longer than any sequence is


def _shares(x: Array, states: Any, times: Any, sizes: Any) -> Array:
    """Return the share of the paths that are in a state that emits c at time t, as (T, N, C).

    The paths through a state are those that lead to it, times those that lead on: the same, seen from the end.
    """
    (steps, samples, _), length = x.shape, states.shape[1]
    place, now = np.arange(length), np.arange(steps)
    places = np.broadcast_to(states, (steps, samples, length))
    emitted = pick(clamp_min(x, np.asarray(NEVER, x.dtype)), places, axis=2)
    there = _paths(emitted, states, place == 0, np.zeros_like(times))
    onwards = _paths(emitted[::-1, :, ::-1], states[:, ::-1], place == length - sizes[:, None], steps - times)
    through = there + onwards[::-1, :, ::-1] - emitted  # both count what the state itself emits
    shares = softmax_along(through, axis=(2,))
    shares = gate(shares, (now[:, None] < times)[:, :, None])
    return add_picked(shares, places, axis=2, shape=tuple(x.shape))


def _paths(emitted: Array, states: Any, first: Any, begin: Any) -> Array:
    """Return the logarithm of the probability of all paths to each state (T, N, L), from the *first* ones at time *begin*."""
    (steps, samples, length), dtype = emitted.shape, emitted.dtype
    never = np.full((samples, length), NEVER, dtype)
    outside = never[:, : min(2, length)]
    skipping = never.copy()  # past a blank between two labels that differ
    skipping[:, 2:][states[:, 2:] != states[:, :-2]] = 0
    start = np.where(first, np.zeros((), dtype), never)
    rows, here = [], never
    for t in range(steps):
        here = choose((begin == t)[:, None], start, here)
        one, two = (cat([outside[:, :k], here[:, : length - k]], 1) for k in (1, min(2, length)))  # states ago
        ways = join_anew(here, one, two + skipping, dim=0)
        here = emitted[t] + reduce_logsumexp(ways, axis=(0,), keepdims=False)
        rows.append(here)
    return join_anew(*rows, dim=0)


# -------------------------------------------------------------------------------------------------- the public function


def ctc_losses(
    log_probs: Array,
    targets: Array,
    input_lengths: Array | Sequence[int] | int,
    target_lengths: Array | Sequence[int] | int,
    blank: int = 0,
    zero_infinity: bool = False,
) -> Array:
    """Return -log of the probability of each sample's labels, summed over all their alignments with time: (N,).

    An alignment gives each time a class.  It spells the labels that are left when neighbours that are equal become one, and
    then the *blank* ones are dropped.  *log_probs* (T, N, C) holds log-probabilities of the classes, *targets* (N, S) the
    labels, or all of them one after the other, and the lengths (N,) say how much of each sample is meant.  A sample alone is
    (T, C), (S,) and two numbers, and gives a number.  Where the labels fit into no alignment the loss is infinite and its
    gradient NaN; *zero_infinity* makes 0 of both.

    The gradient is p - (the share of the paths that give time t the class c), with p = exp(log_probs), as in PyTorch.  It is
    the gradient for the scores before a ``log_softmax``, and passes through that unchanged.  Raises ShapeError, DtypeError,
    ArgumentError, and IndexError for an unknown class.

    Graves et al., "Connectionist Temporal Classification", 2006.

    >>> ag.ctc_losses(ag.full((2, 3), 1 / 3).log(), ag.tensor([1]), 2, 1)  # -log(3/9), for 1 1, 1 0 and 0 1 of 9
    tensor(1.0986)
    """
    if log_probs.ndim == 2:
        alone = reshape_to(log_probs, shape=(log_probs.shape[0], 1, log_probs.shape[1]))
        losses = ctc_losses(alone, targets, input_lengths, target_lengths, blank, zero_infinity)
        return reshape_to(losses, shape=())
    shape = tuple(log_probs.shape)
    if len(shape) != 3 or 0 in shape:
        raise ShapeError(
            f"ctc_loss: log_probs has shape {shape}, expected (T, N, C) or (T, C), and not empty; reshape it"
        )
    if log_probs.dtype.kind != "f":
        raise DtypeError(
            f"ctc_loss: log_probs has dtype {log_probs.dtype}, expected floating; use log_softmax(scores, -1)"
        )
    steps, samples, classes = shape
    if not 0 <= blank < classes:
        raise ArgumentError(f"ctc_loss: blank={blank}, expected one of the {classes} classes, 0 to {classes - 1}")
    times = _lengths("input_lengths", input_lengths, samples, steps)
    counts = _lengths("target_lengths", target_lengths, samples)
    states = _chains(targets, counts, classes, blank)
    losses = ctc(log_probs, states, times, 2 * counts + 1)[0]
    meant = (np.arange(steps)[:, None] < times)[:, :, None]
    mass = reduce_sum(gate(exp(log_probs), meant), axis=(0, 2), keepdims=False)
    mass = gate(mass, np.isfinite(plain(mass)))
    losses = losses + (mass - plain(mass))  # this adds 0, whose gradient is p
    return choose(np.isinf(plain(losses)), np.zeros((), losses.dtype), losses) if zero_infinity else losses


def _lengths(name: str, value: Any, samples: int, most: float = math.inf) -> Any:
    """Return *value*, a tensor, a list or a number, as an array of one length for each sample, none above *most*."""
    lengths = np.asarray(plain(value) if hasattr(value, "dtype") else value)
    if lengths.dtype.kind not in "iu":
        raise DtypeError(f"ctc_loss: {name} has dtype {lengths.dtype}, expected integers; use {name}.long()")
    lengths = lengths.reshape(-1).astype(np.int64)
    if lengths.size != samples:
        raise ShapeError(f"ctc_loss: {name} has {lengths.size} lengths for {samples} samples: one is needed for each")
    if (wrong := lengths[(lengths < 0) | (lengths > most)]).size:
        expected = "at least 0" if most == math.inf else f"0 to {most}, the times that log_probs has"
        raise ArgumentError(f"ctc_loss: {name} holds {wrong[0]}, expected {expected}; check the padding")
    return lengths


def _chains(targets: Array, counts: Any, classes: int, blank: int) -> Any:
    """Return what the states of each sample emit (N, 2 S + 1): a blank, a label, a blank, ..., with blanks behind them."""
    labels, samples, most = plain(targets), len(counts), int(counts.max())
    if labels.dtype.kind not in "iu" and labels.size:
        raise DtypeError(f"ctc_loss: targets has dtype {labels.dtype}, expected integers; use targets.long()")
    meant = np.arange(most) < counts[:, None]
    if labels.ndim == 2 and labels.shape[0] == samples and labels.shape[1] >= most:
        labels = labels[:, :most][meant]
    elif labels.ndim != 1 or labels.size != counts.sum():
        raise ShapeError(
            f"ctc_loss: targets has shape {labels.shape}, expected ({samples}, {most}) or more columns, or all "
            f"{counts.sum()} labels one after the other, as target_lengths counts them"
        )
    if (wrong := labels[(labels < 0) | (labels >= classes)]).size:
        raise IndexError(
            f"ctc_loss: targets holds {wrong[0]}, expected classes of 0 to {classes - 1}; check the labels"
        )
    if (labels == blank).any():
        raise ArgumentError(
            f"ctc_loss: targets holds {blank}, which is the blank: expected labels only; leave blanks out, or choose another "
            "class with blank="
        )
    states = np.full((samples, 2 * most + 1), blank)
    states[:, 1::2][meant] = labels
    return states
