"""Texts as bags: which runs of tokens occur in each, wherever they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

import autograd_core as ag

__all__ = ["NGrams"]


class NGrams:
    """Say of each text which runs of 1 to *longest* tokens it has: (N, D) float32 of 0 and 1, in the order of *grams*.

    The runs are those that occur in *least* of the training *texts* or more.  With *ends*, the start and the end of a text
    count as tokens, so that a prefix is not the same as the same letters within.  With *longest* 1 it is a bag of words.

    >>> bag = NGrams(["ab", "ba"], longest=2, least=1, ends=False)
    >>> bag.grams
    (('a',), ('b',), ('a', 'b'), ('b', 'a'))
    >>> bag(["aba", "b"])
    tensor([[1., 1., 1., 1.],
            [0., 1., 0., 0.]])
    """

    def __init__(self, texts: Sequence[Sequence[str]], longest: int = 3, least: int = 2, ends: bool = True) -> None:
        if longest < 1 or least < 1:
            raise ag.errors.ArgumentError(f"NGrams: longest={longest!r}, least={least!r}, expected 1 or more each")
        self.longest, self.ends = longest, ends
        counts = Counter(gram for text in texts for gram in set(self._runs(text)))
        self.grams = tuple(sorted((g for g, n in counts.items() if n >= least), key=lambda gram: (len(gram), gram)))
        if not self.grams:
            raise ag.errors.ArgumentError(
                f"NGrams: no run of tokens occurs in least={least} of the {len(texts)} texts; give more texts, or a smaller "
                "least"
            )
        self._columns = {gram: column for column, gram in enumerate(self.grams)}

    def _runs(self, text: Sequence[str]) -> Iterator[tuple[str, ...]]:
        tokens = ("<", *text, ">") if self.ends else tuple(text)
        for length in range(1, self.longest + 1):
            for start in range(len(tokens) - length + 1):
                yield tokens[start : start + length]

    def __call__(self, texts: Sequence[Sequence[str]]) -> ag.Tensor:
        bags = np.zeros((len(texts), len(self.grams)), np.float32)
        for bag, text in zip(bags, texts, strict=True):
            bag[[self._columns[gram] for gram in self._runs(text) if gram in self._columns]] = 1
        return ag.from_numpy(bags)
