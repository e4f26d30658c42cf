"""Sentences that are made, whose sense hangs on the order of their words."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

__all__ = ["reviews"]

SUBJECTS = [
    "plot",
    "music",
    "acting",
    "script",
    "ending",
    "camera",
    "humour",
    "story",
    "dialogue",
    "cast",
    "pace",
    "sound",
]
GOOD = [
    "good",
    "great",
    "wonderful",
    "moving",
    "clever",
    "fresh",
    "funny",
    "superb",
    "brilliant",
    "charming",
    "gripping",
    "honest",
]
BAD = [
    "bad",
    "dull",
    "awful",
    "boring",
    "clumsy",
    "stale",
    "silly",
    "terrible",
    "dreadful",
    "tiresome",
    "shallow",
    "weak",
]
ADVERBS = ("", "", "really", "so", "rather")


def reviews(n: int, generator: ag.Generator | None = None) -> tuple[list[list[str]], ag.Tensor]:
    """Return *n* made-up reviews as lists of words, and (n,) int64: 1 where one praises, 0 where it does not.

    A clause says of something that it was, or was not, good or bad: "the plot was not really dull".  Two clauses are
    joined by "and", where they agree, or by "but", and then the second decides.  As many praise as do not, and no word is
    more likely in either kind: it is the order that tells.

    >>> texts, labels = reviews(2, ag.Generator(0))
    >>> len(texts), labels.shape, texts[0][0]
    (2, (2,), 'the')
    """
    if n < 1:
        raise ag.errors.ArgumentError(f"reviews: n={n!r}, expected a whole number of at least 1")
    draws = (generator or ag.default_generator).numpy
    labels = draws.permutation(np.arange(n) % 2)
    return [_review(draws, bool(label)) for label in labels], ag.from_numpy(labels)


def _review(draws: Any, praises: bool) -> list[str]:
    kind = draws.choice(["one", "and", "but", "but"])
    if kind == "one":
        return _clause(draws, praises)
    return [*_clause(draws, praises == (kind == "and")), str(kind), *_clause(draws, praises)]


def _clause(draws: Any, praises: bool) -> list[str]:
    denied = bool(draws.integers(2))
    adjective = draws.choice(GOOD if praises != denied else BAD)
    words = ("the", draws.choice(SUBJECTS), "was", "not" if denied else "", draws.choice(ADVERBS), adjective)
    return [str(word) for word in words if word]
