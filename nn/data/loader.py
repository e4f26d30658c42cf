"""Batches of a dataset, in an order that a seed decides, made ahead by threads."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

import autograd_core as ag

from .dataset import fetch
from .randomness import drawing_from

__all__ = ["DataLoader"]

Task = tuple[int, Sequence[int]]  # the number of a batch in its epoch, and its indices


@dataclass
class _Place:
    """Where the consumer is: in *epoch*, with *batch* batches taken; *begun* once an iterator has been made for it."""

    epoch: int = 0
    batch: int = 0
    begun: bool = False


class DataLoader:
    """Give the batches of *dataset*; each ``iter(loader)`` is a new epoch.

    The order, and every draw that transforms make, is a function of (*seed*, epoch, batch number): the same bits for
    any *num_workers*. Without a *seed*, one is drawn from *generator*, by default the global one, when the loader is
    made.

    Workers are threads that keep *prefetch_factor* batches each ready, in order: NumPy releases the interpreter's lock
    in its loops, and processes forked beside the threads of BLAS can hang. They pay where a batch takes milliseconds to
    make; cheap batches come fastest with ``num_workers=0``. An error in a dataset comes out of the loop with its own
    traceback and a note that names batch and indices.

    *sampler* gives indices, *batch_sampler* lists of indices, in place of the loader's own order; one that has
    ``set_epoch(epoch)`` is told the epoch. *collate_fn* makes a batch of a list of samples, by default
    ``default_collate``, or the dataset's own ``batch(indices)`` where it has that.

    ``state_dict()`` is the place of the consumer: a loader that loads it goes on with the batch after the last one
    taken.

    Raises ArgumentError for arguments that contradict each other, and for an empty dataset.

    >>> loader = DataLoader([10, 20, 30, 40, 50], batch_size=2, shuffle=True, seed=0)
    >>> len(loader), sorted(number for batch in loader for number in batch.tolist())
    (3, [10, 20, 30, 40, 50])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = False,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        *,
        drop_last: bool = False,
        generator: ag.Generator | None = None,
        seed: int | None = None,
        prefetch_factor: int = 2,
    ) -> None:
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise ag.errors.ArgumentError(
                f"DataLoader: dataset must have __len__ and __getitem__, got a {type(dataset).__name__}; "
                "put the samples of a stream in a list first"
            )
        if len(dataset) == 0:
            raise ag.errors.ArgumentError(
                f"DataLoader: the {type(dataset).__name__} is empty; give at least one sample, and look at the split "
                "that made it"
            )
        if shuffle and (sampler is not None or batch_sampler is not None):
            raise ag.errors.ArgumentError(
                "DataLoader: sampler and batch_sampler are mutually exclusive with shuffle; they decide the order: "
                "leave shuffle out"
            )
        if batch_sampler is not None and (batch_size not in (None, 1) or sampler is not None or drop_last):
            raise ag.errors.ArgumentError(
                "DataLoader: batch_sampler is mutually exclusive with batch_size, sampler and drop_last; leave "
                "those out"
            )
        if batch_sampler is None and (not isinstance(batch_size, int) or batch_size < 1):
            raise ag.errors.ArgumentError(f"DataLoader: batch_size must be a positive integer, got {batch_size!r}")
        for name, value, least in (("num_workers", num_workers, 0), ("prefetch_factor", prefetch_factor, 1)):
            if value < least:
                raise ag.errors.ArgumentError(f"DataLoader: {name} must be {least} or more, got {value}")
        if seed is not None and generator is not None:
            raise ag.errors.ArgumentError(
                "DataLoader: seed and generator both say where the order comes from; give one of them"
            )
        if seed is not None and seed < 0:
            raise ag.errors.ArgumentError(f"DataLoader: seed must not be negative, got {seed}")
        self.dataset = dataset
        self.batch_size = batch_size if batch_sampler is None else None
        self.shuffle = bool(shuffle)
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.generator = generator
        self.seed = int((generator or ag.default_generator).numpy.integers(2**63)) if seed is None else int(seed)
        self.prefetch_factor = prefetch_factor
        self._place = _Place()
        if drop_last and sampler is None and len(self) == 0:
            warnings.warn(
                f"DataLoader: drop_last=True leaves no batch: {len(dataset)} samples are less than "
                f"batch_size={batch_size}",
                stacklevel=2,
            )

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        if self.batch_size is None:
            return len(self.batch_sampler)  # type: ignore[arg-type]  # PyTorch's rule: a sampler without a length has no len(loader)
        samples = len(self.dataset if self.sampler is None else self.sampler)  # type: ignore[arg-type]
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        """Begin the next epoch, or go on in the one that ``load_state_dict`` named."""
        if self._place.begun:
            self._place = _Place(self._place.epoch + 1)
        self._place.begun = True
        return self._epoch(self._place)

    def state_dict(self) -> dict[str, Any]:
        """Return the seed, and how many batches of which epoch were taken, as plain numbers, fit for JSON."""
        return {"seed": self.seed, "epoch": self._place.epoch, "batch": self._place.batch, **self._settings()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go to the place that ``state_dict`` returned; the next ``iter`` goes on from there.

        Raises CheckpointError if the state is of a loader with other settings: its places mean other samples.
        """
        expected = {"seed", "epoch", "batch", *self._settings()}
        if set(state_dict) != expected:
            raise ag.errors.CheckpointError(
                f"the state of a DataLoader has the keys {sorted(expected)}, got {sorted(state_dict)}; "
                "pass what state_dict() returned, unchanged"
            )
        for name, value in self._settings().items():
            if state_dict[name] != value:
                raise ag.errors.CheckpointError(
                    f"the state is of a DataLoader with {name}={state_dict[name]!r}, this one has {name}={value!r}; "
                    "make the loader with the settings it was saved with"
                )
        self.seed = state_dict["seed"]
        self._place = _Place(state_dict["epoch"], state_dict["batch"])

    def _settings(self) -> dict[str, Any]:
        """What decides which samples a place in an epoch means."""
        return {
            "samples": len(self.dataset),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    def _epoch(self, place: _Place) -> Iterator[Any]:
        tasks = islice(enumerate(self._indices(place.epoch)), place.batch, None)
        with closing(self._make(place.epoch, tasks)) as batches:
            for batch in batches:
                place.batch += 1  # runs when the consumer asks: what threads made ahead does not count
                yield batch
        if self._place is place:
            self._place = _Place(place.epoch + 1)

    def _indices(self, epoch: int) -> Iterator[Sequence[Any]]:
        """Give the indices of each batch of an epoch."""
        chosen = self.sampler if self.batch_sampler is None else self.batch_sampler
        set_epoch = getattr(chosen, "set_epoch", None)
        if set_epoch is not None:
            set_epoch(epoch)
        if self.batch_sampler is not None:
            yield from self.batch_sampler
            return
        rest = iter(self._order(epoch) if self.sampler is None else self.sampler)
        while indices := list(islice(rest, self.batch_size)):
            if len(indices) == self.batch_size or not self.drop_last:
                yield indices

    def _order(self, epoch: int) -> Iterable[int]:
        if not self.shuffle:
            return range(len(self.dataset))
        order: list[int] = self._generator(epoch).permutation(len(self.dataset)).tolist()
        return order

    def _generator(self, *place: int) -> np.random.Generator:
        # spawn_key, and not more words of entropy: that is padded with zeros, so (seed, epoch) would equal (seed,
        # epoch, 0)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=place))

    def _make(self, epoch: int, tasks: Iterator[Task]) -> Generator[Any, None, None]:
        """Make the batches of *tasks*, in order."""
        if self.num_workers == 0:
            for task in tasks:
                yield self._load(epoch, task)
            return
        pool = ThreadPoolExecutor(self.num_workers, thread_name_prefix="DataLoader")
        try:
            ahead = islice(tasks, self.num_workers * self.prefetch_factor)
            waiting = deque(pool.submit(self._load, epoch, task) for task in ahead)
            while waiting:
                batch = waiting.popleft().result()
                waiting.extend(pool.submit(self._load, epoch, task) for task in islice(tasks, 1))
                yield batch
        finally:
            pool.shutdown(cancel_futures=True)

    def _load(self, epoch: int, task: Task) -> Any:
        number, indices = task
        try:
            with drawing_from(self._generator(epoch, number)):
                return fetch(self.dataset, indices, self.collate_fn)
        except Exception as error:
            shown = ", ".join(map(str, indices[:8])) + (", ..." if len(indices) > 8 else "")
            error.add_note(
                f"while loading batch {number} of epoch {epoch}: samples [{shown}] of a {type(self.dataset).__name__}"
            )
            raise
