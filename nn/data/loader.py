"""Batches of a dataset, in an order that a seed decides, made ahead by workers."""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count, islice, repeat
from typing import Any

import autograd_core as ag

from .dataset import IterableDataset
from .reader import End, Reader, Reading
from .sampler import BatchSampler, SequentialSampler, ShuffledByEpoch
from .workers import Pool, Setting

__all__ = ["DataLoader"]

THREAD = "thread"
# Where processes are not forked they are slow to start, and dataset and functions must be such that pickle can send them.
WORKERS = "fork" if sys.platform == "linux" else THREAD


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

    *sampler* gives indices, *batch_sampler* lists of indices, in place of the loader's own order; one that has
    ``set_epoch(epoch)`` is told the epoch. *collate_fn* makes a batch of a list of samples, by default
    ``default_collate``, or the dataset's own ``batch(indices)`` where it has that. With ``batch_size=None`` samples come
    one by one, through ``default_convert``. An ``IterableDataset`` decides its order itself.

    *num_workers* workers keep *prefetch_factor* batches each, 2 by default, under way or ready, in order, or as they come
    without *in_order*. They are processes, forked on Linux; *multiprocessing_context* names another start method or is a
    context, and ``"thread"``, the default elsewhere, makes them threads: enough where NumPy does the work, and nothing
    has to travel. In each, ``worker_init_fn(number)`` is called first, and ``get_worker_info()`` tells who asks; the global
    generators of a process (``random``, ``numpy.random``, ``autograd_core``) are seeded for worker and epoch.
    *persistent_workers* stay for the next epoch. *timeout* is in seconds, 0 for none. An error in a worker comes out of the
    loop with a note that names batch and indices, and the worker's traceback; when the loop is left, by Control-C too, the
    workers go. *pin_memory* and *pin_memory_device* are accepted and change nothing on a CPU.

    ``state_dict()`` is the place of the consumer: a loader that loads it goes on with the batch after the last one
    taken.

    Raises ArgumentError for arguments that contradict each other, and for an empty dataset; RuntimeError when a worker
    dies, or is too slow for *timeout*.

    >>> loader = DataLoader([10, 20, 30, 40, 50], batch_size=2, shuffle=True, seed=0)
    >>> len(loader), sorted(number for batch in loader for number in batch.tolist())
    (3, [10, 20, 30, 40, 50])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: ag.Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        seed: int | None = None,
    ) -> None:
        streams = isinstance(dataset, IterableDataset)
        _check_dataset(dataset, sampler, batch_sampler)
        _check_order(streams, batch_size, shuffle, sampler, batch_sampler, drop_last)
        _check_workers(num_workers, prefetch_factor, timeout, persistent_workers, multiprocessing_context)
        if seed is not None and generator is not None:
            raise ag.errors.ArgumentError(
                "DataLoader: seed and generator both say where the order comes from; give one of them"
            )
        if seed is not None and seed < 0:
            raise ag.errors.ArgumentError(f"DataLoader: seed must not be negative, got {seed}")
        self.dataset = dataset
        self.batch_size = batch_size if batch_sampler is None else None
        self.shuffle = bool(shuffle)
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers else prefetch_factor
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self._place = _Place()
        self._pool: Pool | None = None  # of persistent workers, while no iterator has it
        self._seed = int((generator or ag.default_generator).numpy.integers(2**63)) if seed is None else int(seed)
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        if sampler is None and not streams:
            self.sampler = ShuffledByEpoch(dataset, self._seed) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None and self.sampler is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        if drop_last and sampler is None and not streams and len(self) == 0:
            warnings.warn(
                f"DataLoader: drop_last=True leaves no batch: {len(dataset)} samples are less than "
                f"batch_size={batch_size}",
                stacklevel=2,
            )

    @property
    def seed(self) -> int:
        """What the order and every draw are a function of, with the epoch and the number of the batch."""
        return self._seed

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        chosen: Any = self.batch_sampler if self.batch_sampler is not None else self.sampler
        if chosen is not None:
            return len(chosen)
        samples, size = len(self.dataset), self.batch_size or 1
        return samples // size if self.drop_last else -(-samples // size)

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
        self._seed = state_dict["seed"]
        if isinstance(self.sampler, ShuffledByEpoch):
            self.sampler.seed = self._seed
        self._pool = None  # its workers have the old seed
        self._place = _Place(state_dict["epoch"], state_dict["batch"])

    def _settings(self) -> dict[str, Any]:
        """What decides which samples a place in an epoch means."""
        return {
            "samples": None if isinstance(self.dataset, IterableDataset) else len(self.dataset),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    def _epoch(self, place: _Place) -> Iterator[Any]:
        tasks: Iterator[tuple[int, Any]]
        if isinstance(self.dataset, IterableDataset):
            tasks, behind = zip(count(), repeat(None)), place.batch  # a stream can only be gone through again
        else:
            tasks, behind = islice(enumerate(self._indices(place.epoch)), place.batch, None), 0
        with closing(self._make(place.epoch, tasks)) as batches:
            for batch in islice(batches, behind, None):
                place.batch += 1  # runs when the consumer asks: what workers made ahead does not count
                yield batch
        if self._place is place:
            self._place = _Place(place.epoch + 1)

    def _indices(self, epoch: int) -> Iterator[Any]:
        """Give the indices of each batch of an epoch, or of each sample where samples come one by one."""
        chosen: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
        set_epoch = getattr(chosen, "set_epoch", None)
        if set_epoch is not None:
            set_epoch(epoch)
        yield from chosen

    def _make(self, epoch: int, tasks: Iterator[tuple[int, Any]]) -> Generator[Any, None, None]:
        """Make the batches of *tasks*, in order."""
        reading = self._reading()
        if self.num_workers == 0:
            reader = Reader(reading, epoch)
            for number, indices in tasks:
                try:
                    batch = reader.read(number, indices)
                except End:
                    return
                yield batch
            return
        pool, self._pool = self._pool or Pool(reading, self._workers()), None
        try:
            yield from pool.run(epoch, tasks)
        finally:
            if self.persistent_workers and self._pool is None and pool.close.alive:
                self._pool = pool
            else:
                pool.close()

    def _reading(self) -> Reading:
        return Reading(
            dataset=self.dataset,
            collate_fn=self.collate_fn,
            batched=self.batch_sampler is not None,
            batch_size=self.batch_size,
            drop_last=self.drop_last,
            seed=self.seed,
        )

    def _workers(self) -> Setting:
        return Setting(
            workers=self.num_workers,
            ahead=self.prefetch_factor or 1,
            init=self.worker_init_fn,
            context=self.multiprocessing_context or WORKERS,
            timeout=self.timeout,
            in_order=self.in_order,
        )


def _check_dataset(dataset: Any, sampler: Any, batch_sampler: Any) -> None:
    if isinstance(dataset, IterableDataset):
        return
    needs_length = sampler is None and batch_sampler is None
    if not hasattr(dataset, "__getitem__") or (needs_length and not hasattr(dataset, "__len__")):
        raise ag.errors.ArgumentError(
            f"DataLoader: dataset must have __len__ and __getitem__, got a {type(dataset).__name__}; "
            "put the samples of a stream in a list first, or make it an IterableDataset"
        )
    if hasattr(dataset, "__len__") and len(dataset) == 0:
        raise ag.errors.ArgumentError(
            f"DataLoader: the {type(dataset).__name__} is empty; give at least one sample, and look at the split "
            "that made it"
        )


def _check_order(
    streams: bool,
    batch_size: int | None,
    shuffle: bool | None,
    sampler: Iterable[Any] | None,
    batch_sampler: Iterable[Any] | None,
    drop_last: bool,
) -> None:
    for name, value in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
        if streams and value is not None:
            raise ag.errors.ArgumentError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}; a stream "
                "decides its order itself"
            )
    if shuffle and (sampler is not None or batch_sampler is not None):
        raise ag.errors.ArgumentError(
            "DataLoader: sampler and batch_sampler are mutually exclusive with shuffle; they decide the order: "
            "leave shuffle out"
        )
    if batch_sampler is not None and (batch_size not in (None, 1) or sampler is not None or drop_last):
        raise ag.errors.ArgumentError(
            "DataLoader: batch_sampler is mutually exclusive with batch_size, sampler and drop_last; leave those out"
        )
    if batch_size is None and drop_last:
        raise ag.errors.ArgumentError(
            "DataLoader: batch_size=None option disables auto-batching and is mutually exclusive with drop_last; leave one "
            "of them out"
        )
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise ag.errors.ArgumentError(
            f"DataLoader: batch_size must be a positive integer, got {batch_size!r}; None gives samples one by one"
        )


def _check_workers(workers: int, prefetch_factor: int | None, timeout: float, persistent: bool, context: Any) -> None:
    least = (("num_workers", workers, 0), ("prefetch_factor", prefetch_factor, 1), ("timeout", timeout, 0))
    for name, value, smallest in least:
        if value is not None and value < smallest:
            raise ag.errors.ArgumentError(f"DataLoader: {name} must be {smallest} or more, got {value}")
    needs = (
        ("prefetch_factor", prefetch_factor is not None),
        ("persistent_workers", persistent),
        ("multiprocessing_context", context is not None),
    )
    for name, given in needs:
        if given and not workers:
            raise ag.errors.ArgumentError(
                f"DataLoader: {name} is for workers and num_workers is 0; give num_workers, or leave {name} out"
            )
    methods = [*multiprocessing.get_all_start_methods(), THREAD]
    if context is not None and not (context in methods if isinstance(context, str) else hasattr(context, "Process")):
        raise ag.errors.ArgumentError(
            f"DataLoader: multiprocessing_context must be one of {', '.join(methods)} or a context of multiprocessing, got "
            f"{context!r}"
        )
