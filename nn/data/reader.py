"""One pass over a dataset: how a batch is made of indices, or of the next samples of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from .collate import default_collate, default_convert
from .dataset import IterableDataset, fetch, sample
from .randomness import drawing_from

__all__ = ["End", "Reader", "Reading"]


class End(Exception):
    """A stream has no more batches."""


@dataclass(frozen=True)
class Reading:
    """What a loader reads, and how: all that a worker has to know to make batches."""

    dataset: Any
    collate_fn: Callable[[Any], Any] | None
    batched: bool  # else one sample after another comes as it is
    batch_size: int | None  # of a stream; elsewhere the indices say it
    drop_last: bool
    seed: int

    @property
    def streams(self) -> bool:
        """Whether the dataset decides what comes next, and not a sampler."""
        return isinstance(self.dataset, IterableDataset)

    def stream(self, *place: int) -> np.random.SeedSequence:
        """Return the root of the random numbers of an epoch, of a batch in it, ..."""
        # spawn_key, and not more words of entropy: that is padded with zeros, so (seed, epoch) would equal (seed,
        # epoch, 0)
        return np.random.SeedSequence(self.seed, spawn_key=place)


class Reader:
    """Makes the batches of one epoch."""

    def __init__(self, reading: Reading, epoch: int) -> None:
        self.reading, self.epoch = reading, epoch
        self.samples: Iterator[Any] | None = None

    def read(self, number: int, indices: Any) -> Any:
        """Return the batch of that number: of *indices*, or the next of a stream; raise End behind the last."""
        try:
            with drawing_from(np.random.default_rng(self.reading.stream(self.epoch, number))):
                return self._next() if self.reading.streams else self._at(indices)
        except End:
            raise
        except Exception as error:
            error.add_note(f"while loading batch {number} of epoch {self.epoch}{self._what(indices)}")
            raise

    def _at(self, indices: Any) -> Any:
        dataset, collate = self.reading.dataset, self.reading.collate_fn
        if self.reading.batched:
            return fetch(dataset, indices, collate)
        return (collate or default_convert)(sample(dataset, indices))

    def _next(self) -> Any:
        size, collate = self.reading.batch_size, self.reading.collate_fn
        if self.samples is None:
            self.samples = iter(self.reading.dataset)
        found = list(islice(self.samples, size or 1))
        if not found or (self.reading.drop_last and len(found) < (size or 1)):
            raise End
        return (collate or default_collate)(found) if size else (collate or default_convert)(found[0])

    def _what(self, indices: Any) -> str:
        kind = type(self.reading.dataset).__name__
        if self.reading.streams:
            return f" of a {kind}"
        listed: Sequence[Any] = list(indices) if self.reading.batched else [indices]
        shown = ", ".join(map(str, listed[:8])) + (", ..." if len(listed) > 8 else "")
        return f": samples [{shown}] of a {kind}"
