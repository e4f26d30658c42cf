"""Samplers: in which order a loader visits a dataset.  Anything that can be iterated over may stand in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

import autograd_core as ag

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "ShuffledByEpoch",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

Index_co = TypeVar("Index_co", covariant=True)


class Sampler(Generic[Index_co]):
    """Base of samplers: a subclass defines ``__iter__``, which gives an epoch's indices, and ``__len__`` if it knows it.

    A sampler with ``set_epoch(epoch)`` is told the epoch by the loader before each one.

    >>> class EverySecond(Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __iter__(self):
    ...         return iter(range(0, len(self.data), 2))
    >>> list(EverySecond("abcde"))
    [0, 2, 4]
    """

    def __iter__(self) -> Iterator[Index_co]:
        raise NotImplementedError(
            f"{type(self).__name__} must define __iter__: the indices of an epoch, in their order"
        )


class SequentialSampler(Sampler[int]):
    """All indices of *data_source*, in order.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The indices of *data_source* in random order, or drawn again and again with *replacement*.

    *num_samples* is how many an epoch has, by default as many as there are; without replacement, one shuffled round follows
    another.  Draws come from *generator*, by default the global one.

    Raises ArgumentError unless *replacement* is a bool and *num_samples* a positive integer.

    >>> sorted(RandomSampler("abc"))
    [0, 1, 2]
    >>> len(list(RandomSampler("abc", replacement=True, num_samples=7)))
    7
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: ag.Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = _checked_bool("RandomSampler", "replacement", replacement)
        self._num_samples = None if num_samples is None else _checked_count("RandomSampler", "num_samples", num_samples)
        self.generator = generator
        if not len(data_source):
            raise ag.errors.ArgumentError(
                "RandomSampler: num_samples should be a positive integer, but data_source is empty; give at least one sample"
            )

    @property
    def num_samples(self) -> int:
        """How many indices an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n, numpy = len(self.data_source), _numpy(self.generator)
        if self.replacement:
            yield from numpy.integers(n, size=self.num_samples).tolist()
            return
        for start in range(0, self.num_samples, n):
            yield from numpy.permutation(n)[: self.num_samples - start].tolist()

    def __len__(self) -> int:
        return self.num_samples


class ShuffledByEpoch(Sampler[int]):
    """The indices of *data_source* in an order that is a function of *seed* and the epoch: what ``shuffle=True`` means.

    >>> order = ShuffledByEpoch("abcdefgh", seed=0)
    >>> list(order) == list(order), sorted(order)
    (True, [0, 1, 2, 3, 4, 5, 6, 7])
    """

    def __init__(self, data_source: Sized, seed: int) -> None:
        self.data_source, self.seed, self.epoch = data_source, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Take the order of *epoch* from now on."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        sequence = np.random.SeedSequence(self.seed, spawn_key=(self.epoch,))
        return iter(np.random.default_rng(sequence).permutation(len(self.data_source)).tolist())

    def __len__(self) -> int:
        return len(self.data_source)


class SubsetRandomSampler(Sampler[Any]):
    """The given *indices*, in random order, drawn from *generator*, by default the global one.

    >>> sorted(SubsetRandomSampler([7, 3, 5]))
    [3, 5, 7]
    """

    def __init__(self, indices: Sequence[Any], generator: ag.Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        return (self.indices[i] for i in _numpy(self.generator).permutation(len(self.indices)).tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Draw *num_samples* of the indices 0, ..., n - 1, each with a probability proportional to its of the n *weights*.

    Without *replacement* no index comes twice.  Draws come from *generator*, by default the global one.

    Raises ArgumentError unless *replacement* is a bool, *num_samples* a positive integer and *weights* one row of finite
    numbers, none negative and some positive; without replacement, there must be *num_samples* positive ones.

    >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], 4))
    [1, 1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: ag.Generator | None = None,
    ) -> None:
        self.num_samples = _checked_count("WeightedRandomSampler", "num_samples", num_samples)
        self.replacement = _checked_bool("WeightedRandomSampler", "replacement", replacement)
        self.weights = ag.as_tensor(weights, dtype=ag.float64).detach()
        self.generator = generator
        values = self.weights.numpy()
        if values.ndim != 1:
            raise ag.errors.ArgumentError(
                f"WeightedRandomSampler: weights should be a 1d sequence, given shape {values.shape}; use .flatten()"
            )
        if not (np.isfinite(values).all() and (values >= 0).all() and values.any()):
            raise ag.errors.ArgumentError(
                "WeightedRandomSampler: weights must be finite, none negative and some positive, got "
                f"{ag.as_tensor(weights)}; give each sample the weight that it has beside the others"
            )
        if not self.replacement and (possible := int(np.count_nonzero(values))) < num_samples:
            raise ag.errors.ArgumentError(
                f"WeightedRandomSampler: num_samples is {num_samples}, but only {possible} samples have a positive weight; "
                "ask for fewer, or draw with replacement=True"
            )

    def __iter__(self) -> Iterator[int]:
        numpy, weights = _numpy(self.generator), self.weights.numpy()
        drawn = numpy.choice(len(weights), self.num_samples, self.replacement, weights / weights.sum())
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[Any]]):
    """The indices of *sampler* in lists of *batch_size*; *drop_last* leaves out a last list that would be shorter.

    Raises ArgumentError unless *batch_size* is a positive integer and *drop_last* a bool.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        self.sampler = sampler
        self.batch_size = _checked_count("BatchSampler", "batch_size", batch_size)
        self.drop_last = _checked_bool("BatchSampler", "drop_last", drop_last)

    def set_epoch(self, epoch: int) -> None:
        """Tell the sampler the epoch, if it wants to know."""
        set_epoch = getattr(self.sampler, "set_epoch", None)
        if set_epoch is not None:
            set_epoch(epoch)

    def __iter__(self) -> Iterator[list[Any]]:
        rest = iter(self.sampler)
        while indices := list(islice(rest, self.batch_size)):
            if len(indices) == self.batch_size or not self.drop_last:
                yield indices

    def __len__(self) -> int:
        samples = len(self.sampler)  # type: ignore[arg-type]  # PyTorch's rule: no length of a sampler without one
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)


def _numpy(generator: ag.Generator | None) -> np.random.Generator:
    return (ag.default_generator if generator is None else generator).numpy


def _checked_bool(who: str, name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ag.errors.ArgumentError(f"{who}: {name} should be a boolean value, but got {name}={value!r}")
    return value


def _checked_count(who: str, name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ag.errors.ArgumentError(f"{who}: {name} should be a positive integer value, but got {name}={value!r}")
    return value
