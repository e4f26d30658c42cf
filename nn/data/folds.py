"""Cross-validation: the rows of a dataset dealt out into folds, each of which is tested on once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

__all__ = ["k_folds"]

Indices = NDArray[np.int64]


def k_folds(targets: Any, k: int = 5, generator: ag.Generator | None = None) -> list[tuple[Indices, Indices]]:
    """Return *k* pairs of indices, of the rows to learn from and of those to test on; each row is tested on once.

    The rows, shuffled and then ordered by *targets* (N,), are dealt out in turn.  So each fold has its share of every class,
    to within one row, and where the targets are numbers, of small and large ones.  Draws from *generator*, by default the
    global one; compare learners on the same folds.  Source: Kohavi, "A study of cross-validation and bootstrap", 1995.

    Raises ArgumentError for *k* below 2 or above N, ShapeError for targets that are not one number for each row.

    >>> [test.tolist() for _, test in k_folds([0, 0, 0, 1, 1, 1], k=3, generator=ag.Generator().manual_seed(0))]
    [[2, 3], [0, 5], [1, 4]]
    """
    values = np.asarray(targets)
    if values.ndim != 1:
        raise ag.errors.ShapeError(
            f"k_folds: targets has shape {values.shape}, expected (N,), a class or a number for each row"
        )
    if not isinstance(k, int) or isinstance(k, bool) or not 2 <= k <= len(values):
        raise ag.errors.ArgumentError(
            f"k_folds: k={k!r}, expected a whole number from 2 to the number of rows, {len(values)}"
        )
    order = (generator or ag.default_generator).numpy.permutation(len(values))
    order = order[np.argsort(values[order], kind="stable")]
    fold = np.empty(len(values), np.int64)
    fold[order] = np.arange(len(values)) % k
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(k)]
