"""Datasets: a length, and a sample for each index."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .collate import default_collate
from .randomness import sample_generator
from .transforms import Images, Transform, as_transform

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "ImageDataset",
    "IterableDataset",
    "ReconstructionDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "fetch",
    "random_split",
    "sample",
]

Sample_co = TypeVar("Sample_co", covariant=True)


class Dataset(Generic[Sample_co]):
    """Base of datasets: a subclass defines ``__len__`` and ``__getitem__``; anything with both may stand in its place.

    A dataset that can make a whole batch faster than sample by sample also offers ``batch(indices)``, which returns
    what ``default_collate`` would make of the samples. A subclass that redefines ``__getitem__`` alone loses an
    inherited ``batch``.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return index * index
    >>> Squares()[2]
    4
    """

    batch: Callable[[Sequence[int]], Any] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__getitem__" in vars(cls) and "batch" not in vars(cls):
            cls.batch = None

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__: how many samples it has")

    def __getitem__(self, index: int) -> Sample_co:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index): the sample at an index")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        """Return this dataset followed by *other*."""
        return ConcatDataset([self, other])


def fetch(dataset: Any, indices: Sequence[int], collate: Callable[[list[Any]], Any] | None = None) -> Any:
    """Return one batch of *dataset*: by its ``batch`` if it has one and no *collate* is given, else of its samples.

    Those come one by one, or all at once from ``__getitems__(indices)``, PyTorch's name, where the dataset has that.

    >>> fetch([10, 20, 30], [2, 0])
    tensor([30, 10])
    """
    batch = getattr(dataset, "batch", None)
    if collate is None and batch is not None:
        return batch(indices)
    many = getattr(dataset, "__getitems__", None)
    samples = [sample(dataset, index) for index in indices] if many is None else many(list(indices))
    return (collate or default_collate)(samples)


def sample(dataset: Any, index: Any) -> Any:
    """Return the sample of *dataset* at *index*; an error in it names both.

    >>> sample("abc", 1)
    'b'
    """
    try:
        return dataset[index]
    except Exception as error:
        error.add_note(f"while making sample {index} of a {type(dataset).__name__}")
        raise


def _position(dataset: Any, index: int) -> int:
    length = len(dataset)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range for a {type(dataset).__name__} of {length} samples")
    return index % length


class IterableDataset(Dataset[Sample_co]):
    """Base of streams: a subclass defines ``__iter__``, which gives its samples one after the other.

    A loader takes them in the order in which they come.  With workers each one has a copy of the stream, and all of it:
    ``get_worker_info()`` tells ``__iter__`` which share is to be given.  ``__len__`` may be defined where it is known.

    >>> class Countdown(IterableDataset):
    ...     def __iter__(self):
    ...         yield from (3, 2, 1)
    >>> list(Countdown() + Countdown())
    [3, 2, 1, 3, 2, 1]
    """

    def __iter__(self) -> Iterator[Sample_co]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__: its samples, one after the other")

    def __len__(self) -> int:
        raise TypeError(f"the length of this {type(self).__name__} is not known; define __len__ where it is")

    def __getitem__(self, index: int) -> Sample_co:
        raise TypeError(f"a {type(self).__name__} is a stream and has no sample at an index; iterate over it")

    def __add__(self, other: Any) -> ChainDataset:  # type: ignore[override]  # a chain of streams is a stream
        """Return this stream followed by *other*."""
        return ChainDataset([self, other])


class ChainDataset(IterableDataset[Any]):
    """Several streams, one after the other.

    >>> class Letters(IterableDataset):
    ...     def __iter__(self):
    ...         return iter("ab")
    >>> list(ChainDataset([Letters(), Letters()]))
    ['a', 'b', 'a', 'b']
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            _check_stream(dataset)
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


def _check_stream(dataset: Any) -> None:
    if not isinstance(dataset, IterableDataset):
        raise ag.errors.ArgumentError(
            f"ChainDataset: datasets has a {type(dataset).__name__}, expected IterableDatasets only; use ConcatDataset for "
            "datasets with indices"
        )


class TensorDataset(Dataset[tuple[ag.Tensor, ...]]):
    """Samples are the rows of *tensors*, which have equal first dimensions.

    >>> import autograd_core as ag
    >>> TensorDataset(ag.tensor([[1.0], [2.0]]), ag.tensor([0, 1]))[1]
    (tensor([2.]), tensor(1))
    """

    def __init__(self, *tensors: ag.Tensor) -> None:
        if not tensors or any(not isinstance(tensor, ag.Tensor) or tensor.ndim == 0 for tensor in tensors):
            found = ", ".join(f"{type(tensor).__name__}{list(np.shape(tensor))}" for tensor in tensors) or "none"
            raise ag.errors.ArgumentError(
                f"TensorDataset expects Tensors of one or more dimensions, got {found}; make them with "
                "autograd_core.tensor(...)"
            )
        if len({tensor.shape[0] for tensor in tensors}) > 1:
            raise ag.errors.ShapeError(
                f"TensorDataset: size mismatch between tensors, their first dimensions are "
                f"{[tensor.shape[0] for tensor in tensors]}; every tensor needs one row for each sample"
            )
        self.tensors = tensors

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def __getitem__(self, index: int) -> tuple[ag.Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def batch(self, indices: Sequence[int]) -> tuple[ag.Tensor, ...]:
        """Return the rows at *indices* of every tensor."""
        rows = np.asarray(indices, np.int64)
        return tuple(tensor[rows] for tensor in self.tensors)


class ImageDataset(Dataset[tuple[ag.Tensor, int]]):
    """Pictures in one array with a label each, transformed a whole batch at once.

    *images* is (N, H, W) or (N, C, H, W), of any number type; *labels* (N,) integers that index *classes*, the names
    (by default "0", "1", ...). *transform* is a ``Transform``, or a function of a batch (N, C, H, W). A sample is the
    transformed picture, a Tensor (C, H, W), and its label; ``batch`` returns Tensors (n, C, H, W) and (n,).

    >>> data = ImageDataset(np.zeros((6, 28, 28), np.uint8), np.arange(6) % 2, classes=["cat", "dog"])
    >>> image, label = data[3]
    >>> tuple(image.shape), data.classes[label]
    ((1, 28, 28), 'dog')
    """

    def __init__(
        self,
        images: Images,
        labels: NDArray[Any] | Sequence[int],
        classes: Sequence[str] | None = None,
        transform: Transform | Callable[[Images], Images] | None = None,
    ) -> None:
        labels = np.asarray(labels)
        if images.ndim not in (3, 4):
            raise ag.errors.ShapeError(
                f"ImageDataset: images must be (N, H, W) or (N, C, H, W), got shape {images.shape}; "
                "bring channels-last pictures in order with ChannelsFirst()"
            )
        if labels.shape != images.shape[:1]:
            raise ag.errors.ShapeError(
                f"ImageDataset: {len(images)} images need labels of shape ({len(images)},), got {labels.shape}"
            )
        if labels.dtype.kind not in "ui" and labels.size:
            raise ag.errors.DtypeError(
                f"ImageDataset: labels must be integers, got {labels.dtype}; number the classes 0, 1, 2, ..."
            )
        if classes is None:
            classes = [str(label) for label in range(int(labels.max()) + 1 if labels.size else 0)]
        if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < len(classes):
            raise ag.errors.ArgumentError(
                f"ImageDataset: labels run from {labels.min()} to {labels.max()}, but there are {len(classes)} "
                "classes; "
                f"labels must lie in [0, {len(classes)})"
            )
        self.images = images if images.ndim == 4 else images[:, None]
        self.labels = labels.astype(np.int64)
        self.classes = tuple(classes)
        self.transform = None if transform is None else as_transform(transform)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[ag.Tensor, int]:
        index = _position(self, index)
        image, _ = self.batch([index])
        return image[0], int(self.labels[index])

    def batch(self, indices: Sequence[int]) -> tuple[ag.Tensor, ag.Tensor]:
        """Return the transformed pictures (n, C, H, W) and labels (n,) at *indices*."""
        rows = np.asarray(indices, np.int64)
        images = self.images[rows]
        if self.transform is not None:
            images = self.transform(images, sample_generator())
        return ag.from_numpy(np.ascontiguousarray(images)), ag.from_numpy(self.labels[rows])

    def with_transform(self, transform: Transform | Callable[[Images], Images] | None) -> ImageDataset:
        """Return the same pictures, not copied, with another transform."""
        return ImageDataset(self.images, self.labels, self.classes, transform)

    def __repr__(self) -> str:
        shape, classes = self.images.shape[1:], len(self.classes)
        return f"ImageDataset({len(self)} images {shape}, {classes} classes, transform={self.transform})"


class ReconstructionDataset(Dataset[tuple[ag.Tensor, ag.Tensor]]):
    """For autoencoders: a sample is a picture, corrupted if *corruption* is given, and the same picture clean.

    *dataset* has samples whose first member is a picture (C, H, W).

    >>> pictures = ImageDataset(np.full((4, 8, 8), 0.5, np.float32), np.zeros(4, np.int64))
    >>> noisy, clean = ReconstructionDataset(pictures, np.zeros_like)[0]
    >>> float(noisy.max()), float(clean.max())
    (0.0, 0.5)
    """

    def __init__(self, dataset: Any, corruption: Transform | Callable[[Images], Images] | None = None) -> None:
        self.dataset = dataset
        self.corruption = None if corruption is None else as_transform(corruption)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[ag.Tensor, ag.Tensor]:
        noisy, clean = self.batch([_position(self, index)])
        return noisy[0], clean[0]

    def batch(self, indices: Sequence[int]) -> tuple[ag.Tensor, ag.Tensor]:
        """Return the corrupted and the clean pictures at *indices*, both (n, C, H, W)."""
        clean = fetch(self.dataset, indices)[0]
        if self.corruption is None:
            return clean, clean
        return ag.from_numpy(np.ascontiguousarray(self.corruption(clean.numpy(), sample_generator()))), clean


class Subset(Dataset[Any]):
    """The samples of *dataset* at *indices*.

    >>> Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    def __init__(self, dataset: Any, indices: Iterable[int]) -> None:
        self.dataset = dataset
        self.indices = [_position(dataset, int(index)) for index in indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[_position(self, index)]]

    def batch(self, indices: Sequence[int]) -> Any:
        """Return the batch of the underlying dataset at the places that *indices* point to."""
        return fetch(self.dataset, [self.indices[index] for index in indices])


class ConcatDataset(Dataset[Any]):
    """Several datasets, one after the other.

    >>> both = ConcatDataset([["a", "b"], ["c"]])
    >>> len(both), both[2]
    (3, 'c')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ag.errors.ArgumentError(
                "ConcatDataset: datasets should not be an empty iterable; give at least one dataset"
            )
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise ag.errors.ArgumentError(
                "ConcatDataset does not support IterableDataset: streams have no indices; use ChainDataset"
            )
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        index = _position(self, index)
        which = bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]


class StackDataset(Dataset[Any]):
    """Several datasets side by side: a sample is the tuple, or with names the dict, of one sample of each.

    Raises ArgumentError for no datasets, and for some with names and others without; ShapeError unless all have the same
    length.

    >>> StackDataset([1, 2], "ab")[1], StackDataset(number=[1, 2], letter="ab")[0]
    ((2, 'b'), {'number': 1, 'letter': 'a'})
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            given = "both" if args else "none"
            raise ag.errors.ArgumentError(
                f"StackDataset: at least one dataset should be passed, all with names or all without, got {given}"
            )
        self.datasets: Any = args or kwargs
        lengths = [len(dataset) for dataset in self._parts()]
        if len(set(lengths)) > 1:
            raise ag.errors.ShapeError(
                f"StackDataset: size mismatch between datasets, their lengths are {lengths}; give datasets of one length"
            )

    def _parts(self) -> Iterable[Any]:
        parts: Iterable[Any] = self.datasets if isinstance(self.datasets, tuple) else self.datasets.values()
        return parts

    def __len__(self) -> int:
        return len(next(iter(self._parts())))

    def __getitem__(self, index: int) -> Any:
        index = _position(self, index)
        if isinstance(self.datasets, tuple):
            return tuple(dataset[index] for dataset in self.datasets)
        return {name: dataset[index] for name, dataset in self.datasets.items()}

    def batch(self, indices: Sequence[int]) -> Any:
        """Return the batches of all datasets at *indices*, as a sample has their samples."""
        if isinstance(self.datasets, tuple):
            return tuple(fetch(dataset, indices) for dataset in self.datasets)
        return {name: fetch(dataset, indices) for name, dataset in self.datasets.items()}


def random_split(dataset: Any, lengths: Sequence[float], generator: ag.Generator | None = None) -> list[Subset]:
    """Split *dataset* at random into parts that share no sample.

    *lengths* are sample counts that sum to ``len(dataset)``, or fractions that sum to 1: then each part gets the whole
    part of its share, and what is left goes one by one to the first parts. Draws from *generator*, by default the
    global one.

    Raises ArgumentError for lengths that do not fit; warns of a part without samples.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    total = len(dataset)
    if any(length < 0 for length in lengths) or not lengths:
        raise ag.errors.ArgumentError(
            f"random_split: lengths must be one or more counts or fractions, none negative, got {lengths!r}"
        )
    if math.isclose(sum(lengths), 1) and sum(lengths) <= total and any(isinstance(length, float) for length in lengths):
        counts = [math.floor(total * fraction) for fraction in lengths]
        for extra in range(total - sum(counts)):
            counts[extra % len(counts)] += 1
    else:
        if any(length != int(length) for length in lengths) or sum(lengths) != total:
            raise ag.errors.ArgumentError(
                f"random_split: lengths {list(lengths)} sum to {sum(lengths)}, but the dataset has {total} samples; "
                "give counts that sum to that number, or fractions that sum to 1"
            )
        counts = [int(length) for length in lengths]
    if not all(counts):
        warnings.warn(f"random_split: part {counts.index(0)} has no samples (counts {counts} of {total})", stacklevel=2)
    order = (generator or ag.default_generator).numpy.permutation(total).tolist()
    ends = list(accumulate(counts))
    return [Subset(dataset, order[end - count : end]) for count, end in zip(counts, ends, strict=True)]
