"""Texts as numbers: which token has which, and a batch of sequences padded to one length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

import autograd_core as ag

__all__ = ["Vocabulary"]


class Vocabulary:
    """The numbers of tokens, characters or words: 0 is padding, 1 is any token that is not known, the others follow.

    A sequence is a string, whose tokens are its characters, or a list of tokens.

    >>> letters = Vocabulary("abc")
    >>> letters.encode(["cab", "ax"])
    tensor([[4, 2, 3],
            [2, 1, 0]])
    >>> "".join(letters.decode(letters.encode(["cab"])[0])), len(letters)
    ('cab', 5)
    """

    PADDING, UNKNOWN = 0, 1

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = ("", "\N{REPLACEMENT CHARACTER}", *dict.fromkeys(tokens))
        self.numbers = {token: number for number, token in enumerate(self.tokens)}
        if len(self.tokens) == 2 or len(self.numbers) < len(self.tokens):
            raise ag.errors.ArgumentError(
                f"Vocabulary: tokens holds {len(self.tokens) - 2} tokens, of which {self.tokens[:2]!r} may be none: expected "
                "one or more, that are not empty; pass those of the training texts"
            )

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> Vocabulary:
        """Return the vocabulary of all tokens of *texts*, sorted.

        >>> Vocabulary.of([["so", "good"], ["so", "bad"]]).tokens[2:]
        ('bad', 'good', 'so')
        """
        return cls(sorted({token for text in texts for token in text}))

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, texts: Sequence[Sequence[str]]) -> ag.Tensor:
        """Return the numbers of *texts*, (N, L) int64, padded with 0 behind to the length L of the longest."""
        if isinstance(texts, str):
            raise ag.errors.ArgumentError(f"Vocabulary.encode: texts={texts!r}, expected a list of texts; use [texts]")
        rows = np.full((len(texts), max(map(len, texts), default=0)), self.PADDING, np.int64)
        for row, text in zip(rows, texts, strict=True):
            row[: len(text)] = [self.numbers.get(token, self.UNKNOWN) for token in text]
        return ag.from_numpy(rows)

    def decode(self, numbers: ag.Tensor) -> list[str]:
        """Return the tokens of one row (L,), without its padding."""
        if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
            raise ag.errors.ShapeError(
                f"Vocabulary.decode: numbers has shape {tuple(numbers.shape)} and dtype {numbers.dtype}, expected integers "
                "(L,); decode row by row"
            )
        return [self.tokens[number] for number in numbers.tolist() if number != self.PADDING]
