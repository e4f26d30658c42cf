"""Pairs of examples that are alike, and of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

__all__ = ["label_pairs"]

Places = NDArray[np.int64]


def label_pairs(
    labels: NDArray[Any] | Sequence[int], n: int, generator: ag.Generator | None = None
) -> tuple[Places, Places, NDArray[np.bool_]]:
    """Return the places of the first and of the second example of *n* pairs, and whether they have the same label, each (n,).

    Every second pair is alike.  The first example is drawn from all; the second from the others of its label, or from those
    of other labels.  Raises ArgumentError unless there are two labels, and two examples of each.

    >>> first, second, alike = label_pairs([0, 0, 1, 1], 4, ag.Generator(0))
    >>> alike.tolist(), ((first < 2) == (second < 2)).tolist()
    ([True, False, True, False], [True, False, True, False])
    """
    given = np.asarray(labels)
    if not isinstance(n, int) or n < 1:
        raise ag.errors.ArgumentError(f"label_pairs: n={n!r}, expected a number of pairs, at least 1")
    _, groups, counts = np.unique(given, return_inverse=True, return_counts=True)
    if given.ndim != 1 or len(counts) < 2 or counts.min() < 2:
        raise ag.errors.ArgumentError(
            f"label_pairs: labels of shape {given.shape} with {len(counts)} different ones, the rarest "
            f"{min(counts, default=0)} times: expected (N,), two or more labels, and each at least twice; leave rare ones out"
        )
    draws = (generator or ag.default_generator).numpy
    order = np.argsort(groups, kind="stable")  # the examples, label by label
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(given), np.int64)
    rank[order] = np.arange(len(given))
    alike = np.arange(n) % 2 == 0
    first = draws.integers(len(given), size=n)
    start, count = starts[groups[first]], counts[groups[first]]
    # Of its own label: any but itself.  Of the others: what lies behind its label, and around the end.
    own = start + (rank[first] - start + draws.integers(1, count)) % count
    other = (start + count + draws.integers(0, len(given) - count)) % len(given)
    return first, order[np.where(alike, own, other)], alike
