"""nn.data: datasets, transforms, the loader, and data sets by name."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import os
import sys
import threading
import time
import traceback
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import autograd_core as ag
from nn import data as nd
from nn.data import sources
from nn.data.download import ATTEMPTS, checksum_mismatch


def pictures(n: int = 10, size: int = 6, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, channels, size, size), np.uint8)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# ----------------------------------------------------------------------------------------------------------- collate


def test_collate_numbers() -> None:
    for samples, dtype in (([1, 2], "int64"), ([True, False], "bool"), ([0.5, 1.5], "float32"), ([1, 2.5], "float32")):
        batch = nd.default_collate(samples)
        assert isinstance(batch, ag.Tensor)
        assert batch.numpy().dtype == dtype
        assert batch.tolist() == samples


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64", "bool"])
def test_collate_stacks_arrays_and_tensors_and_keeps_the_dtype(dtype: str) -> None:
    samples = [(np.arange(6).reshape(2, 3) % (2 + i)).astype(dtype) for i in range(4)]
    for batch in (nd.default_collate(samples), nd.default_collate([ag.from_numpy(s) for s in samples])):
        assert batch.numpy().dtype == dtype
        assert np.array_equal(batch.numpy(), np.stack(samples))
    assert nd.default_collate([np.dtype(dtype).type(1)] * 2).numpy().dtype == dtype


def test_collate_keeps_the_kind_of_containers() -> None:
    Pair = namedtuple("Pair", "x y")
    samples = [{"a": (i, [np.ones(2) * i, "s"]), "b": Pair(i, b"t")} for i in range(3)]
    batch = nd.default_collate(samples)
    assert batch["a"][0].tolist() == [0, 1, 2]
    assert isinstance(batch["a"], tuple)
    assert isinstance(batch["a"][1], list)
    assert tuple(batch["a"][1][0].shape) == (3, 2)
    assert batch["a"][1][1] == ["s"] * 3
    assert isinstance(batch["b"], Pair)
    assert batch["b"].y == [b"t"] * 3


def test_collate_as_torch() -> None:
    torch = pytest.importorskip("torch")
    samples = [(np.float32([i, 1]), i, {"k": [np.int64(i), "s"]}) for i in range(3)]
    ours, theirs = nd.default_collate(samples), torch.utils.data.default_collate(samples)
    for mine, other in ((ours[0], theirs[0]), (ours[1], theirs[1]), (ours[2]["k"][0], theirs[2]["k"][0])):
        assert np.array_equal(mine.numpy(), other.numpy())
        assert mine.numpy().dtype == other.numpy().dtype
    assert ours[2]["k"][1] == list(theirs[2]["k"][1])


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([], ag.errors.ArgumentError, "at least one sample, got an empty list"),
        ([np.ones(3), np.ones(4)], ag.errors.ShapeError, r"sample 1 .* shape \(4,\), sample 0 has \(3,\); crop or pad"),
        ([(1, 2), (1,)], ag.errors.ArgumentError, "sample 1 of the batch has 1 members, sample 0 has 2"),
        (
            [{"a": 1}, {"b": 1}],
            ag.errors.ArgumentError,
            r"sample 1 of the batch has the keys \['b'\], sample 0 has \['a'\]",
        ),
        ([object()], ag.errors.DtypeError, "cannot batch a object; return Tensors"),
        ([np.array("a")], ag.errors.DtypeError, "arrays of dtype <U1; encode them as numbers"),
    ],
)
def test_collate_refuses(samples: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nd.default_collate(samples)


def test_collate_refuses_tensors_of_two_shapes() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"sample 1 of the batch has shape \(1,\), sample 0 has \(2,\)"):
        nd.default_collate([ag.tensor([1.0, 2.0]), ag.tensor([1.0])])


# ---------------------------------------------------------------------------------------------------------- datasets


def test_a_dataset_says_what_a_subclass_must_define() -> None:
    class Bare(nd.Dataset[int]):
        pass

    with pytest.raises(NotImplementedError, match="Bare must define __len__"):
        len(Bare())
    with pytest.raises(NotImplementedError, match=r"Bare must define __getitem__\(index\)"):
        Bare()[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensor_dataset(dtype: str) -> None:
    x, y = np.arange(8).reshape(4, 2).astype(dtype), np.arange(4)
    dataset = nd.TensorDataset(ag.from_numpy(x), ag.from_numpy(y))
    assert len(dataset) == 4
    assert dataset[2][0].tolist() == [4, 5]
    assert dataset[-1][1].item() == 3
    inputs, targets = dataset.batch([3, 0])
    assert np.array_equal(inputs.numpy(), x[[3, 0]])
    assert inputs.numpy().dtype == dtype
    assert targets.tolist() == [3, 0]
    assert len(list(dataset)) == 4  # IndexError ends the iteration


def test_tensor_dataset_refuses() -> None:
    with pytest.raises(ag.errors.ShapeError, match=r"size mismatch between tensors.*\[2, 3\]"):
        nd.TensorDataset(ag.tensor([1, 2]), ag.tensor([1, 2, 3]))
    with pytest.raises(ag.errors.ArgumentError, match=r"expects Tensors .*, got ndarray\[2\]; make them"):
        nd.TensorDataset(np.ones(2))  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ArgumentError, match="got none"):
        nd.TensorDataset()
    with pytest.raises(ag.errors.ArgumentError, match=r"Tensor\[\]"):
        nd.TensorDataset(ag.tensor(1.0))


def test_image_dataset() -> None:
    images = pictures(5, channels=1)[:, 0]
    dataset = nd.ImageDataset(images, [0, 1, 2, 1, 0], classes=["a", "b", "c"])
    image, label = dataset[-2]
    assert tuple(image.shape) == (1, 6, 6)
    assert np.array_equal(image.numpy()[0], images[3])
    assert label == 1
    assert type(label) is int
    batch, labels = dataset.batch([4, 2])
    assert np.array_equal(batch.numpy()[:, 0], images[[4, 2]])
    assert labels.numpy().dtype == np.int64
    assert labels.tolist() == [0, 2]
    with pytest.raises(IndexError, match="index 5 is out of range for a ImageDataset of 5 samples"):
        dataset[5]
    assert len(list(dataset)) == 5


def test_image_dataset_transforms_a_batch_at_once() -> None:
    shapes = []
    dataset = nd.ImageDataset(pictures(5), np.zeros(5, int), transform=lambda x: (shapes.append(x.shape), x / 255)[1])
    x, _ = dataset.batch([0, 1, 2])
    assert shapes == [(3, 2, 6, 6)]
    assert np.array_equal(x.numpy(), dataset.images[:3] / 255)
    plain = dataset.with_transform(None)
    assert plain.images is dataset.images
    assert plain[0][0].numpy().dtype == np.uint8
    assert repr(plain) == "ImageDataset(5 images (2, 6, 6), 1 classes, transform=None)"


@pytest.mark.parametrize(
    ("images", "labels", "classes", "error", "message"),
    [
        (np.ones((2, 3)), [0, 0], None, ag.errors.ShapeError, r"\(N, H, W\) or \(N, C, H, W\), got shape \(2, 3\)"),
        (np.ones((2, 3, 3)), [0], None, ag.errors.ShapeError, r"2 images need labels of shape \(2,\), got \(1,\)"),
        (np.ones((1, 3, 3)), [0.5], None, ag.errors.DtypeError, "labels must be integers, got float64; number"),
        (
            np.ones((1, 3, 3)),
            [2],
            ["a", "b"],
            ag.errors.ArgumentError,
            r"from 2 to 2, but there are 2 classes.*\[0, 2\)",
        ),
        (np.ones((1, 3, 3)), [-1], None, ag.errors.ArgumentError, "labels run from -1 to -1"),
    ],
)
def test_image_dataset_refuses(images: Any, labels: Any, classes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nd.ImageDataset(images, labels, classes)


def test_labels_of_any_integer_type_name_their_classes() -> None:
    assert nd.ImageDataset(pictures(5), np.array([0, 2, 1, 2, 0], np.uint8)).classes == ("0", "1", "2")


def test_an_image_dataset_may_be_empty() -> None:
    empty = nd.ImageDataset(np.zeros((0, 4, 4), np.uint8), [])
    assert len(empty) == 0
    assert empty.classes == ()
    assert tuple(empty.batch([])[0].shape) == (0, 1, 4, 4)


def test_a_subclass_that_redefines_getitem_is_not_bypassed_by_batch() -> None:
    class Doubled(nd.ImageDataset):
        def __getitem__(self, index: int) -> Any:
            return 2 * int(self.labels[index])

    batch = next(iter(nd.DataLoader(Doubled(pictures(4), np.arange(4)), batch_size=4)))
    assert batch.tolist() == [0, 2, 4, 6]


def test_reconstruction() -> None:
    base = nd.ImageDataset(pictures(4), np.arange(4), transform=nd.ToDtype("float32", scale=True))
    noisy, clean = nd.ReconstructionDataset(base, nd.GaussianNoise(sigma=0.3)).batch([1, 2])
    assert np.array_equal(clean.numpy(), base.batch([1, 2])[0].numpy())
    assert 0.05 < np.abs(noisy.numpy() - clean.numpy()).mean() < 0.3
    same, target = nd.ReconstructionDataset(base)[-1]
    assert np.array_equal(same.numpy(), target.numpy())
    assert tuple(same.shape) == (2, 6, 6)
    assert len(nd.ReconstructionDataset(base)) == 4


def test_subset_and_concat() -> None:
    letters = nd.Subset("abcdef", np.array([5, -6, 2]))
    assert [letters[i] for i in range(3)] == ["f", "a", "c"]
    assert letters.batch([2, 0]) == ["c", "f"]
    both = letters + ["x"]  # noqa: RUF005
    assert isinstance(both, nd.ConcatDataset)
    assert list(both) == ["f", "a", "c", "x"]
    assert both[-1] == "x"
    with pytest.raises(IndexError, match="index 6 is out of range for a str of 6 samples"):
        nd.Subset("abcdef", [6])
    with pytest.raises(IndexError, match="index -5 is out of range for a ConcatDataset of 4 samples"):
        both[-5]
    with pytest.raises(ag.errors.ArgumentError, match="should not be an empty iterable"):
        nd.ConcatDataset([])


def test_a_subset_keeps_the_batched_path() -> None:
    calls = []

    class Watched(nd.ImageDataset):
        def batch(self, indices: Any) -> Any:
            calls.append(list(indices))
            return super().batch(indices)

    nested = nd.Subset(nd.Subset(Watched(pictures(6), np.arange(6)), [5, 4, 3]), [2, 0])
    assert next(iter(nd.DataLoader(nested, batch_size=2)))[1].tolist() == [3, 5]
    assert calls == [[3, 5]]


def test_random_split() -> None:
    parts = nd.random_split(range(10), [7, 3], ag.Generator(3))
    assert [len(part) for part in parts] == [7, 3]
    assert sorted([*parts[0], *parts[1]]) == list(range(10))
    again = nd.random_split(range(10), [7, 3], ag.Generator(3))
    assert [part.indices for part in again] == [part.indices for part in parts]
    ag.manual_seed(3)
    assert [part.indices for part in nd.random_split(range(10), [7, 3])] == [part.indices for part in parts]
    assert [len(part) for part in nd.random_split(range(1), [1])] == [1]


@pytest.mark.parametrize("lengths", [[0.8, 0.2], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.25, 0.25], [6, 4], [1.0]])
def test_random_split_has_the_sizes_of_torch(lengths: list[float]) -> None:
    torch = pytest.importorskip("torch")
    theirs = [len(part) for part in torch.utils.data.random_split(list(range(10)), lengths)]
    assert [len(part) for part in nd.random_split(range(10), lengths)] == theirs


def test_random_split_refuses() -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match=r"lengths \[3, 3\] sum to 6, but the dataset has 10 samples; give"
    ):
        nd.random_split(range(10), [3, 3])
    with pytest.raises(ag.errors.ArgumentError, match=r"lengths \[0.5, 0.4\] sum to 0.9"):
        nd.random_split(range(10), [0.5, 0.4])
    with pytest.raises(ag.errors.ArgumentError, match=r"none negative, got \[-1, 11\]"):
        nd.random_split(range(10), [-1, 11])
    with pytest.raises(ag.errors.ArgumentError, match="one or more counts"):
        nd.random_split(range(10), [])
    with pytest.warns(UserWarning, match=r"part 1 has no samples \(counts \[10, 0\] of 10\)"):
        nd.random_split(range(10), [10, 0])


# -------------------------------------------------------------------------------------------------------- transforms

FLOATS = nd.ToDtype("float32", scale=True)
TRANSFORMS = [
    nd.Compose([FLOATS, np.negative]),
    nd.ToDtype("float64"),
    nd.ToDtype("float32", scale=True),
    nd.ChannelsFirst(),
    nd.Compose([FLOATS, nd.Normalize([0.5, 0.25], [0.5, 2.0])]),
    nd.Pad((1, 2, 3, 4), fill=7),
    nd.RandomCrop(4),
    nd.RandomCrop((5, 3), padding=1),
    nd.RandomHorizontalFlip(),
    nd.Compose([FLOATS, nd.GaussianNoise()]),
    nd.Lambda(lambda x: x[:, :, ::2]),
]
each = pytest.mark.parametrize("transform", TRANSFORMS, ids=repr)


@each
def test_a_picture_is_a_batch_of_one(transform: nd.Transform) -> None:
    images = pictures(3)
    single, batch = transform(images[1], generator(1)), transform(images[1:2], generator(1))
    assert single.ndim == 3
    assert np.array_equal(single, batch[0])


@each
def test_the_same_seed_gives_the_same_bits(transform: nd.Transform) -> None:
    images = pictures(20)
    kept = images.copy()
    first, second = transform(images, generator(4)), transform(images, generator(4))
    assert np.array_equal(first, second)
    assert first.dtype == second.dtype
    assert np.array_equal(images, kept), "a transform must not write into its input"


@each
def test_an_empty_batch_stays_empty(transform: nd.Transform) -> None:
    assert len(transform(np.zeros((0, 2, 6, 6), np.uint8), generator())) == 0


def test_random_transforms_draw_anew_for_each_picture() -> None:
    same = np.repeat(pictures(1), 40, axis=0)
    for transform in (nd.RandomCrop(4), nd.RandomHorizontalFlip(), nd.Compose([FLOATS, nd.GaussianNoise()])):
        out = transform(same, generator())
        assert len(np.unique(out.reshape(40, -1), axis=0)) > 1, transform


def test_to_dtype() -> None:
    exact = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    scaled = nd.ToDtype(np.float32, scale=True)(exact)
    assert scaled.dtype == np.float32
    assert np.array_equal(scaled, exact.astype(np.float32) / np.float32(255))
    assert nd.ToDtype("float64", scale=True)(scaled).dtype == np.float64
    assert nd.ToDtype("float64", scale=True)(np.full((1, 1, 1), 32767, np.int16)).item() == 1.0
    assert nd.ToDtype("float32")(exact).max() == 255
    with pytest.raises(ag.errors.DtypeError, match="into floats, got float32 to turn into uint8; ask for a floating"):
        nd.ToDtype("uint8", scale=True)(scaled)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normalize(dtype: str) -> None:
    images = generator().random((4, 2, 3, 3)).astype(dtype)
    out = nd.Normalize([0.1, 0.2], [2.0, 4.0])(images)
    assert out.dtype == dtype
    for c, (mean, std) in enumerate([(0.1, 2.0), (0.2, 4.0)]):
        assert np.allclose(out[:, c], (images[:, c] - mean) / std, rtol=1e-6)


def test_pad_and_crop() -> None:
    images = pictures(50)
    left, top, right, bottom = 1, 2, 3, 4
    padded = nd.Pad((left, top, right, bottom), fill=9)(images)
    oracle = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=9)
    assert np.array_equal(padded, oracle)
    assert nd.Pad((1, 2))(images).shape == (50, 2, 10, 8)
    crops = nd.RandomCrop((4, 3), padding=2)(images, generator())
    around = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))
    places = set()
    for crop, whole in zip(crops, around, strict=True):
        found = [(i, j) for i in range(7) for j in range(8) if np.array_equal(whole[:, i : i + 4, j : j + 3], crop)]
        places.update(found)
        assert found
    assert {i for i, _ in places} == set(range(7))
    assert {j for _, j in places} == set(range(8))


def test_flip() -> None:
    images = pictures(200)
    assert np.array_equal(nd.RandomHorizontalFlip(p=1)(images), images[..., ::-1])
    assert np.array_equal(nd.RandomHorizontalFlip(p=0)(images), images)
    out = nd.RandomHorizontalFlip()(images, generator())
    flipped = (out == images[..., ::-1]).all((1, 2, 3))
    assert 70 < flipped.sum() < 130
    assert np.array_equal(out[~flipped], images[~flipped])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_noise(dtype: str) -> None:
    grey = np.full((8, 1, 32, 32), 0.5, dtype)
    noise = nd.GaussianNoise(mean=0.25, sigma=0.5, clip=False)(grey, generator()) - grey
    assert noise.dtype == dtype
    assert abs(noise.mean() - 0.25) < 0.02
    assert abs(noise.std() - 0.5) < 0.02
    clipped = nd.GaussianNoise(sigma=0.5)(grey, generator())
    assert clipped.min() == 0
    assert clipped.max() == 1


def test_transforms_as_torch() -> None:
    torch = pytest.importorskip("torch")
    images = pictures(3)
    theirs = torch.from_numpy(images).float().div(255)
    mean, std = torch.tensor([0.3, 0.4]).view(2, 1, 1), torch.tensor([0.2, 0.5]).view(2, 1, 1)
    ours = nd.Compose([FLOATS, nd.Normalize([0.3, 0.4], [0.2, 0.5])])(images)
    assert np.array_equal(ours, theirs.sub(mean).div(std).numpy())


def test_repr_of_transforms() -> None:
    compose = nd.Compose([nd.ToDtype(scale=True), nd.Normalize([0.5], [2]), nd.RandomCrop(28, padding=4), np.negative])
    assert repr(compose) == (
        "Compose(transforms=[ToDtype(dtype=dtype('float32'), scale=True), Normalize(mean=(0.5,), std=(2.0,)), "
        "RandomCrop(size=28, padding=4), Lambda(function=negative)])"
    )
    assert repr(nd.ChannelsFirst()) == "ChannelsFirst()"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: nd.Pad(1)(np.ones((3, 3))),
            ag.errors.ShapeError,
            r"got an array of shape \(3, 3\); give a grey picture",
        ),
        (lambda: nd.Pad(1)([1]), ag.errors.ShapeError, "Pad expects a NumPy array .* got a list"),
        (lambda: nd.Pad((1, 2, 3)), ag.errors.ArgumentError, r"Pad: padding must be one number.*got \(1, 2, 3\)"),
        (lambda: nd.Pad(-1), ag.errors.ArgumentError, "none negative, got -1; to cut pictures use RandomCrop"),
        (lambda: nd.RandomCrop(0), ag.errors.ArgumentError, "RandomCrop: size must be positive, got 0"),
        (lambda: nd.RandomCrop(9)(pictures()), ag.errors.ShapeError, r"\(9, 9\) does not fit in pictures of \(6, 6\)"),
        (lambda: nd.RandomHorizontalFlip(1.5), ag.errors.ArgumentError, r"a probability in \[0, 1\], got 1.5"),
        (lambda: nd.GaussianNoise(sigma=-1), ag.errors.ArgumentError, "sigma must not be negative, got -1"),
        (lambda: nd.GaussianNoise()(pictures()), ag.errors.DtypeError, "got uint8; put ToDtype"),
        (lambda: nd.Normalize([0, 0], [1, 1])(pictures()), ag.errors.DtypeError, "got uint8; put ToDtype"),
        (
            lambda: nd.Normalize([0], [1])(FLOATS(pictures())),
            ag.errors.ShapeError,
            r"1 channel.*\(2, 6, 6\) with 2; give",
        ),
        (lambda: nd.Normalize([0], [1, 2]), ag.errors.ArgumentError, "one number per channel, got 1 and 2"),
        (lambda: nd.Normalize([0], [0]), ag.errors.ArgumentError, r"std must be positive, got \(0.0,\)"),
        (lambda: nd.Lambda(3), ag.errors.ArgumentError, "function must be callable, got 3"),
        (
            lambda: nd.Lambda(np.mean)(pictures()),
            ag.errors.ShapeError,
            r"mean.* with 10 pictures, got a .*float64; it sees",
        ),
        (
            lambda: nd.Lambda(lambda x: x[1:])(pictures()),
            ag.errors.ShapeError,
            r"10 pictures, got shape \(9, 2, 6, 6\)",
        ),
        (lambda: nd.Transform()(pictures()), NotImplementedError, "Transform must define apply"),
    ],
)
def test_transforms_refuse(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# ------------------------------------------------------------------------------------------------------------ loader


class Draws(nd.Dataset[Any]):
    """A sample is its index and a random number."""

    def __init__(self, n: int = 20) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[int, float]:
        if index % 3 == 0:
            time.sleep(0.001)  # so that threads overtake each other
        return index, nd.sample_generator().random()


def taken(loader: nd.DataLoader) -> list[list[Any]]:
    """The batches of one epoch, as lists, bit for bit."""
    return [[np.asarray(part).tolist() for part in batch] for batch in loader]


def augmented() -> nd.ImageDataset:
    transform = nd.Compose([FLOATS, nd.RandomCrop(6, padding=2), nd.RandomHorizontalFlip(), nd.GaussianNoise()])
    return nd.ImageDataset(pictures(30), np.arange(30) % 3, transform=transform)


def threads(workers: int) -> dict[str, Any]:
    return {"num_workers": workers, "multiprocessing_context": "thread"} if workers else {}


def worker_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("DataLoader")]


@pytest.mark.parametrize(
    "dataset", [Draws(), augmented(), nd.Subset(augmented(), range(0, 30, 2)), augmented() + Draws(0)]
)
def test_the_bits_are_the_same_for_any_number_of_workers(dataset: Any) -> None:
    runs = []
    for workers in (0, 1, 4):
        loader = nd.DataLoader(dataset, 4, shuffle=True, num_workers=workers, seed=5)
        runs.append([taken(loader), taken(loader)])
    assert runs[0] == runs[1] == runs[2]
    assert runs[0][0] != runs[0][1], "each epoch has its own order and draws"
    assert taken(nd.DataLoader(dataset, 4, shuffle=True, seed=6)) != runs[0][0]
    assert not worker_threads()


def test_the_seed_comes_from_the_generator() -> None:
    ag.manual_seed(1)
    first = nd.DataLoader(Draws(), 4, shuffle=True)
    second = nd.DataLoader(Draws(), 4, shuffle=True)
    assert first.seed != second.seed
    ag.manual_seed(1)
    assert nd.DataLoader(Draws(), 4, shuffle=True).seed == first.seed
    assert (
        nd.DataLoader(Draws(), generator=ag.Generator(2)).seed == nd.DataLoader(Draws(), generator=ag.Generator(2)).seed
    )


def test_the_order_does_not_repeat_the_draws_of_a_batch() -> None:
    loader = nd.DataLoader(Draws(), seed=0)
    stream = loader._reading().stream
    streams = [int(stream(*place).generate_state(1)[0]) for place in ((0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0))]
    assert len(set(streams)) == len(streams)


def test_order_and_length() -> None:
    assert taken(nd.DataLoader(list("abcde"), 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert taken(nd.DataLoader(list("abcde"), 2, drop_last=True)) == [["a", "b"], ["c", "d"]]
    shuffled = nd.DataLoader(range(100), 10, shuffle=True, seed=0)
    numbers = [n for batch in shuffled for n in batch.tolist()]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(100))


@pytest.mark.parametrize("n", [1, 4, 5])
@pytest.mark.parametrize("batch_size", [1, 2, 4, 5])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("workers", [0, 2])
def test_length_is_the_number_of_batches(n: int, batch_size: int, drop_last: bool, workers: int) -> None:
    def make(dataset: Any) -> nd.DataLoader:
        return nd.DataLoader(dataset, batch_size, drop_last=drop_last, num_workers=workers)

    if drop_last and n < batch_size:
        with pytest.warns(UserWarning, match=f"no batch: {n} samples are less than batch_size={batch_size}"):
            loader = make(range(n))
    else:
        loader = make(range(n))
    assert len(loader) == len(list(loader)) == (n // batch_size if drop_last else (n + batch_size - 1) // batch_size)


def test_length_as_torch() -> None:
    torch = pytest.importorskip("torch")
    for n in (1, 7, 8):
        for drop_last in (False, True):
            theirs = torch.utils.data.DataLoader(range(n), batch_size=4, drop_last=drop_last)
            if len(theirs):
                assert len(nd.DataLoader(range(n), batch_size=4, drop_last=drop_last)) == len(theirs)


def test_samplers() -> None:
    epochs = []

    class Told(list[int]):
        def set_epoch(self, epoch: int) -> None:
            epochs.append(epoch)

    loader = nd.DataLoader(list("abcde"), 2, sampler=Told([4, 0, 1]))
    assert len(loader) == 2
    assert taken(loader) == [["e", "a"], ["b"]]
    list(loader)
    assert epochs == [0, 1]
    loader = nd.DataLoader(list("abcde"), batch_sampler=[[1, 2, 3], [0]])
    assert len(loader) == 2
    assert taken(loader) == [["b", "c", "d"], ["a"]]


def test_collate_fn_gets_the_samples() -> None:
    given = []
    loader = nd.DataLoader(augmented(), 4, collate_fn=lambda samples: given.append(samples) or len(samples))
    assert list(loader) == [4] * 7 + [2]
    assert isinstance(given[0], list)
    assert isinstance(given[0][0], tuple)


def test_threads_make_batches_ahead_but_not_too_far() -> None:
    made = []

    class Slow(Draws):
        def __getitem__(self, index: int) -> Any:
            made.append(index)
            return index

    batches = iter(nd.DataLoader(Slow(40), 1, num_workers=2, prefetch_factor=3, multiprocessing_context="thread"))
    next(batches)
    deadline = time.monotonic() + 5
    while len(made) < 7 and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(0.02)
    assert len(made) == 7  # the one taken, and 2 workers with 3 each
    batches.close()  # type: ignore[attr-defined]


def test_an_iteration_that_is_given_up_stops_the_threads() -> None:
    for _ in nd.DataLoader(Draws(1000), 2, num_workers=3, multiprocessing_context="thread"):
        assert worker_threads()
        break
    assert not worker_threads()


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_a_sample_names_it_and_keeps_its_traceback(workers: int) -> None:
    class Bad(Draws):
        def __getitem__(self, index: int) -> Any:
            if index == 7:
                raise KeyError("lost")
            return index

    got = []
    with pytest.raises(KeyError, match="lost") as caught:
        got.extend(batch.tolist() for batch in nd.DataLoader(Bad(), 3, **threads(workers)))
    assert got == [[0, 1, 2], [3, 4, 5]]
    assert caught.value.__notes__ == [
        "while making sample 7 of a Bad",
        "while loading batch 2 of epoch 0: samples [6, 7, 8] of a Bad",
    ]
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "__getitem__"
    assert frames[0] == "test_an_error_in_a_sample_names_it_and_keeps_its_traceback"
    assert not worker_threads()


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_a_batch_names_its_indices(workers: int) -> None:
    def broken(images: np.ndarray) -> np.ndarray:
        raise FloatingPointError("transform")

    dataset = nd.ImageDataset(pictures(20), np.zeros(20, int), transform=broken)
    with pytest.raises(FloatingPointError, match="transform") as caught:
        list(nd.DataLoader(dataset, 10, **threads(workers)))
    note = "while loading batch 0 of epoch 0: samples [0, 1, 2, 3, 4, 5, 6, 7, ...] of a ImageDataset"
    assert caught.value.__notes__ == [note]


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        ([1], {"batch_size": 0}, "batch_size must be a positive integer, got 0"),
        ([1], {"batch_size": -3}, "batch_size must be a positive integer, got -3"),
        ([1], {"batch_size": 2.5}, "batch_size must be a positive integer, got 2.5"),
        ([], {}, "the list is empty; give at least one sample"),
        ([], {"shuffle": True}, "the list is empty"),
        (
            iter([1]),
            {},
            "must have __len__ and __getitem__, got a list_iterator; put the samples of a stream in a list",
        ),
        ([1], {"shuffle": True, "sampler": [0]}, "mutually exclusive with shuffle"),
        ([1], {"shuffle": True, "batch_sampler": [[0]]}, "mutually exclusive with shuffle"),
        (
            [1],
            {"batch_sampler": [[0]], "batch_size": 2},
            "batch_sampler is mutually exclusive with batch_size, sampler and",
        ),
        ([1], {"batch_sampler": [[0]], "sampler": [0]}, "batch_sampler is mutually exclusive"),
        ([1], {"batch_sampler": [[0]], "drop_last": True}, "batch_sampler is mutually exclusive"),
        ([1], {"num_workers": -1}, "num_workers must be 0 or more, got -1"),
        ([1], {"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor must be 1 or more, got 0"),
        ([1], {"seed": 1, "generator": ag.Generator(0)}, "seed and generator both say"),
        ([1], {"seed": -1}, "seed must not be negative, got -1"),
    ],
)
def test_the_loader_refuses(dataset: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        nd.DataLoader(dataset, **options)


# ------------------------------------------------------------------------------------------------- state of a loader


def stateful(workers: int, seed: int | None = 9) -> nd.DataLoader:
    return nd.DataLoader(augmented(), 4, shuffle=True, num_workers=workers, seed=seed)


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("stop", [0, 1, 5, 8])
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_resumed_loader_goes_on_with_the_next_batch(workers: int, stop: int, epoch: int) -> None:
    whole = stateful(0)
    expected = [taken(whole) for _ in range(3)]
    loader = stateful(workers)
    for _ in range(epoch):
        list(loader)
    batches = iter(loader)
    for _ in range(stop):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    assert (state["epoch"], state["batch"]) == (epoch, stop), "what was made ahead must not count"
    resumed = stateful(workers, seed=None)
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert taken(resumed) == expected[epoch][stop:]
    assert taken(resumed) == expected[epoch + 1]


def test_the_state_after_an_epoch_is_the_start_of_the_next() -> None:
    loader = stateful(0)
    list(loader)
    assert (loader.state_dict()["epoch"], loader.state_dict()["batch"]) == (1, 0)


def test_a_new_iteration_is_a_new_epoch_and_iterators_are_independent() -> None:
    expected = stateful(0)
    epochs = [taken(expected) for _ in range(3)]
    loader = stateful(0)
    first, second = iter(loader), iter(loader)
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        assert a[1].tolist() == epochs[0][i][1]
        assert b[1].tolist() == epochs[1][i][1]
    assert taken(loader) == epochs[2]


def test_a_state_that_does_not_fit_is_refused() -> None:
    state = stateful(0).state_dict()
    with pytest.raises(
        ag.errors.CheckpointError, match="with batch_size=4, this one has batch_size=5; make the loader"
    ):
        nd.DataLoader(augmented(), 5, shuffle=True).load_state_dict(state)
    with pytest.raises(ag.errors.CheckpointError, match="with samples=30, this one has samples=20"):
        nd.DataLoader(Draws(), 4, shuffle=True).load_state_dict(state)
    with pytest.raises(ag.errors.CheckpointError, match="with shuffle=True, this one has shuffle=False"):
        nd.DataLoader(augmented(), 4).load_state_dict(state)
    with pytest.raises(ag.errors.CheckpointError, match=r"has the keys \['batch', .*got \['epoch'\]; pass what"):
        stateful(0).load_state_dict({"epoch": 1})


# --------------------------------------------------------------------------------------------------------------- IDX


def idx(array: np.ndarray) -> bytes:
    """The IDX file of an array, packed by hand."""
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    dims = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, code, array.ndim]) + dims + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("packed", [False, True])
def test_read_idx(tmp_path: Path, dtype: str, packed: bool) -> None:
    array = (generator().standard_normal((3, 4, 5)) * 50).astype(dtype)
    content = idx(array)
    path = tmp_path / "x-idx3-ubyte.gz"  # the name does not matter
    path.write_bytes(gzip.compress(content) if packed else content)
    read = nd.read_idx(path, ndim=3, md5=hashlib.md5(content).hexdigest())
    assert read.dtype == dtype
    assert read.dtype.isnative
    assert np.array_equal(read, array)
    read[0] = 0  # its own memory


def test_read_idx_without_values(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(idx(np.zeros((0, 28, 28), np.uint8)))
    assert nd.read_idx(tmp_path / "empty").shape == (0, 28, 28)


GOOD = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
GZIP = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an IDX file: it begins with nothing, expected 00 00"),
        (b"\x89PNG....", "is not an IDX file: it begins with 89 50 4e 47, expected 00 00.* 0e, and the number"),
        (b"\0\0\x07\x01" + GOOD[4:], "is not an IDX file: it begins with 00 00 07 01"),
        (GOOD[:-1], r"is truncated: 39 bytes unpacked, expected 40 for shape \(2, 3, 4\) of uint8; delete it and load"),
        (GOOD[:10], "is truncated: 10 bytes unpacked"),
        (GOOD + b"x", "is too long: 41 bytes unpacked, expected 40"),
        (GZIP[:-9], "is a truncated gzip file of 47 bytes; delete it and load it again"),
        (GZIP[:30] + b"??" + GZIP[32:], "is a corrupt gzip file"),
        (GZIP[:-8] + b"\0" * 8, r"is a corrupt gzip file \(CRC check failed"),
        (b"\x1f\x8b" + b"\xff" * 20, "is a corrupt gzip file"),
        (idx(np.zeros(3, np.uint8)), r"has 1 dimension\(s\), expected 3; were pictures and labels exchanged"),
        (
            idx(np.ones((2, 3, 4), np.uint8)),
            "another content: its unpacked bytes have MD5 .*, expected .*another data set",
        ),
    ],
    ids=range(12),
)
def test_read_idx_refuses(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(ag.errors.DataError, match=message) as caught:
        nd.read_idx(path, ndim=3, md5=hashlib.md5(GOOD).hexdigest())
    assert str(path) in str(caught.value)


def test_read_idx_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ag.errors.DataError, match=r"cannot read .*gone: No such file or directory; check the folder"):
        nd.read_idx(tmp_path / "gone")


# ---------------------------------------------------------------------------------------------------------- download

BODY = np.random.default_rng(0).bytes(300_000)
MD5 = hashlib.md5(BODY).hexdigest()
SHA256 = hashlib.sha256(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serve BODY; the path says how: /range/..., /plain/..., /short/..., /wrong/..., /shifted/..., ...; else 404."""

    log: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        how, wanted = self.path.split("/")[1], self.headers.get("Range")
        self.log.append((how, wanted))
        body = BODY[::-1] if how == "wrong" else BODY
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and how != "plain" else 0
        if how == "chunked":  # announces 100,000 bytes, and closes after 3
            self.protocol_version = "HTTP/1.1"
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"186a0\r\nabc")
            self.close_connection = True
        elif how not in ("range", "plain", "short", "stuck", "wrong", "shifted"):
            self.send_error(404)
        elif start > len(body):
            self.send_error(416)
        else:
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start + (how == 'shifted')}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            sent = body[start:]
            if how == "short":
                sent = sent[: 100_000 + 1]
            elif how == "stuck":
                sent = sent[: max(0, 50_000 - start)]
            self.wfile.write(sent)
            if how == "stuck" and "wait" in self.path:
                time.sleep(0.3)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "*")
    Handler.log = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new" / "file.gz"


def part_of(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    return part


@pytest.mark.parametrize("checksums", [{}, {"md5": MD5}, {"sha256": SHA256}, {"md5": MD5, "sha256": SHA256}])
def test_download(server: str, target: Path, checksums: dict[str, str]) -> None:
    assert nd.download(f"{server}/range/file", target, **checksums) == target
    assert target.read_bytes() == BODY
    assert os.listdir(target.parent) == ["file.gz"]
    nd.download(f"{server}/range/file", target, **checksums)
    assert Handler.log == [("range", None)], "a file that is there is not fetched again"


def test_download_resumes_a_part(server: str, target: Path) -> None:
    part_of(target, BODY[:120_000])
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", "bytes=120000-")]


def test_download_starts_again_where_the_server_knows_no_ranges(server: str, target: Path) -> None:
    part_of(target, b"old" * 40_000)
    nd.download(f"{server}/plain/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("plain", "bytes=120000-")]


def test_download_without_a_checksum_never_trusts_a_part(server: str, target: Path) -> None:
    part_of(target, b"old" * 40_000)
    nd.download(f"{server}/range/file", target)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", None)]


def test_download_throws_away_a_part_of_another_file(server: str, target: Path) -> None:
    part_of(target, b"old" * 40_000)
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", "bytes=120000-"), ("range", None)]


def test_download_throws_away_a_part_that_is_too_long(server: str, target: Path) -> None:
    part_of(target, BODY + b"more")
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == [("range", f"bytes={len(BODY) + 4}-"), ("range", None)]


def test_download_takes_a_part_that_is_whole(server: str, target: Path) -> None:
    part_of(target, BODY)
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log == []


def test_download_goes_on_when_a_transfer_breaks_off(server: str, target: Path) -> None:
    nd.download(f"{server}/short/file", target, sha256=SHA256)
    assert target.read_bytes() == BODY
    assert [wanted for _, wanted in Handler.log] == [None, "bytes=100001-", "bytes=200002-"]


def test_download_notices_a_broken_stream_of_unknown_length(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="chunked/file: broke off: IncompleteRead"):
        nd.download(f"{server}/chunked/file", target)
    assert not target.exists()


def test_download_does_not_wait_for_ever(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="stuck/wait: broke off: timed out"):
        nd.download(f"{server}/stuck/wait", target, md5=MD5, timeout=0.1)


def test_download_keeps_the_part_of_a_transfer_that_ends_too_early(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match=r"broke off after 50000 of 300000 bytes\n.*fetch the file by hand"):
        nd.download(f"{server}/stuck/file", target, md5=MD5)
    assert os.listdir(target.parent) == ["file.gz.part"]
    nd.download([f"{server}/nowhere/file", f"{server}/range/file"], target, md5=MD5)
    assert target.read_bytes() == BODY
    assert Handler.log[-1] == ("range", "bytes=50000-"), "another mirror goes on where the first stopped"


def test_download_truncated_without_a_checksum(server: str, target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="broke off after 50000 of 300000 bytes"):
        nd.download(f"{server}/stuck/file", target)
    assert not target.exists()
    assert len(Handler.log) == ATTEMPTS


def test_download_tries_the_mirrors_in_order_and_says_why_each_failed(server: str, target: Path) -> None:
    nd.download([f"{server}/missing/file", f"{server}/wrong/file", f"{server}/range/file"], target, md5=MD5)
    assert target.read_bytes() == BODY
    target.unlink()
    with pytest.raises(ag.errors.DataError) as caught:
        nd.download([f"{server}/missing/file", f"{server}/wrong/file", "http://127.0.0.1:9/file"], target, md5=MD5)
    message = str(caught.value)
    assert "could not download file.gz:" in message
    assert "/missing/file: HTTP 404 Not Found" in message
    wrong = hashlib.md5(BODY[::-1]).hexdigest()
    assert f"/wrong/file: wrong checksum: md5 {wrong} over 300000 bytes, expected {MD5}" in message
    assert "127.0.0.1:9/file: [Errno" in message
    assert message.endswith(f"fetch the file by hand and save it as {target}")
    assert not list(target.parent.iterdir()), "a file with the wrong checksum is not kept"


def test_download_replaces_a_damaged_file_only_by_a_right_one(server: str, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"damaged")
    with pytest.raises(ag.errors.DataError, match="HTTP 404"):
        nd.download(f"{server}/missing/file", target, md5=MD5)
    assert target.read_bytes() == b"damaged"
    nd.download(f"{server}/range/file", target, md5=MD5)
    assert target.read_bytes() == BODY


def test_download_refuses_a_range_that_it_did_not_ask_for(server: str, target: Path) -> None:
    part_of(target, BODY[:10])
    with pytest.raises(
        ag.errors.DataError, match=r"answered with the range 'bytes 11-299999/300000', asked from byte 10"
    ):
        nd.download(f"{server}/shifted/file", target, md5=MD5)


def test_download_that_cannot_be_written(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(
        ag.errors.DataError, match=r"cannot write .*x\.part: (Not a directory|File exists); free some space"
    ):
        nd.download(f"{server}/range/file", tmp_path / "file" / "x")


def test_download_of_a_bad_address(target: Path) -> None:
    with pytest.raises(ag.errors.DataError, match="nonsense: unknown url type"):
        nd.download("nonsense", target)


def test_checksum_mismatch(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert checksum_mismatch(path, None, None) is None
    assert checksum_mismatch(path, hashlib.sha256(b"abc").hexdigest(), hashlib.md5(b"abc").hexdigest()) is None
    assert "wrong checksum: sha256 ba78" in str(checksum_mismatch(path, SHA256, None))


# ----------------------------------------------------------------------------------------------------- sets by name


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty world: no folder of the system, no cache, no variable."""
    monkeypatch.delenv("AUTOGRAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(nd.IdxSource, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(sources, "_sources", dict(sources._sources))
    return tmp_path


TINY = (
    pictures(12, 5, 1)[:, 0],
    np.arange(12, dtype=np.uint8) % 3,
    pictures(6, 5, 1, 1)[:, 0],
    np.arange(6, dtype=np.uint8) % 3,
)
PACKED = [gzip.compress(idx(array), mtime=0) for array in TINY]


def tiny(mirror: str = "http://127.0.0.1:9/", contents: Any = TINY) -> nd.IdxSource:
    """A registered set of four small files, in the names of MNIST."""
    mnist = nd.source("mnist")
    assert isinstance(mnist, nd.IdxSource)
    files = tuple(
        nd.IdxFile(file.name, hashlib.md5(packed).hexdigest(), hashlib.md5(idx(array)).hexdigest())
        for file, packed, array in zip(mnist.files, PACKED, contents, strict=True)
    )
    made = replace(mnist, name="tiny", directory="tiny", classes=("a", "b", "c"), mirrors=(mirror,), files=files)
    nd.register(made)
    return made


def write_tiny(folder: Path, packed: bool = True, arrays: Any = TINY) -> None:
    folder.mkdir(parents=True)
    for file, array in zip(nd.source("mnist").files, arrays, strict=True):  # type: ignore[attr-defined]
        content = idx(array)
        (folder / f"{file.name}{'.gz' if packed else ''}").write_bytes(gzip.compress(content) if packed else content)


def test_the_embedded_set() -> None:
    data = nd.load("fashion-mnist")
    assert len(data.train) == 10_000
    assert len(data.test) == 2_000
    assert data.classes == data.train.classes == data.test.classes
    assert data.classes[0] == "T-shirt/top"
    assert len(data.classes) == 10
    counts = np.bincount(data.train.labels)
    assert counts.min() == 942
    assert counts.max() == 1027
    scaled = data.train.images / 255
    assert data.mean == (pytest.approx(scaled.mean(), abs=1e-7),)
    assert data.std == (pytest.approx(scaled.std(), abs=1e-7),)
    images, labels = data.train.batch(range(10_000))
    assert images.numpy().dtype == np.float32
    assert tuple(images.shape) == (10_000, 1, 28, 28)
    assert abs(images.numpy().mean()) < 1e-4
    assert abs(images.numpy().std() - 1) < 1e-4
    assert labels.tolist()[:10] == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert data.origin.endswith("fashion_10k_2k.npz")
    assert "MIT" in (Path(data.origin).parent / "NOTICE").read_text("utf-8")


def test_the_embedded_set_is_checked_before_it_is_used(places: Path) -> None:
    embedded = nd.source("fashion-mnist")
    assert isinstance(embedded, nd.EmbeddedSource)
    nd.register(replace(embedded, name="damaged", sha256="0" * 64))
    with pytest.raises(
        ag.errors.DataError, match=r"fashion_10k_2k.npz is damaged: 5276548 bytes with SHA-256 009d.*again"
    ):
        nd.load("damaged")
    nd.register(replace(embedded, name="lost", file="lost.npz"))
    with pytest.raises(ag.errors.DataError, match=r"cannot read .*lost.npz: No such file.*install the package again"):
        nd.load("lost")
    with pytest.raises(ag.errors.ArgumentError, match=r"folder='x' is given, but .* fashion-mnist-full, mnist"):
        nd.load("fashion-mnist", "x")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashon_mnist", "unknown data set 'fashon_mnist'; did you mean 'fashion-mnist'"),
        ("MNIST", "unknown data set 'MNIST'; did you mean 'mnist'"),
        ("imagenet", "unknown data set 'imagenet'; .*Known: fashion-mnist, fashion-mnist-full, mnist"),
        ("", "unknown data set ''"),
    ],
)
def test_an_unknown_name_offers_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        nd.load(name)


def test_names() -> None:
    assert nd.source_names() == ["fashion-mnist", "fashion-mnist-full", "mnist"]
    for name in nd.source_names():
        known = nd.source(name)
        assert known.name == name
        assert len(known.classes) == 10
        assert known.licence
        assert known.homepage.startswith("http")
    with pytest.raises(ag.errors.ArgumentError, match="there is a data set 'mnist' already"):
        nd.register(nd.source("mnist"))


@pytest.mark.parametrize("packed", [False, True])
def test_files_are_looked_for_in_order(places: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    tiny()
    monkeypatch.setenv("AUTOGRAD_DATA", str(places / "variable"))
    order = [
        places / "cache" / "autograd_core" / "tiny",
        places / "system" / "tiny",
        places / "variable" / "tiny",
        places / "variable",
        places / "given" / "tiny",
        places / "given2",
    ]
    for folder in order:
        if folder.exists():
            for file, content in zip(nd.source("tiny").files, map(idx, TINY), strict=True):  # type: ignore[attr-defined]
                (folder / file.name).write_bytes(content)
        else:
            write_tiny(folder, packed)
        given = folder if folder == places / "given2" else places / "given" if "given" in str(folder) else None
        data = nd.load("tiny", given)
        assert data.origin == str(folder)
    assert np.array_equal(data.train.images[:, 0], TINY[0])
    assert data.test.labels.tolist() == TINY[3].tolist()
    assert data.train[1][1] == 1


def test_a_folder_without_all_files_does_not_count(places: Path) -> None:
    tiny()
    write_tiny(places / "given")
    (places / "given" / "t10k-labels-idx1-ubyte.gz").unlink()
    write_tiny(places / "system" / "tiny")
    assert nd.load("tiny", places / "given").origin == str(places / "system" / "tiny")


def test_missing_files_say_what_to_do(places: Path) -> None:
    tiny()
    with pytest.raises(ag.errors.DataError) as caught:
        nd.load("tiny", download=False)
    message = str(caught.value)
    cache = places / "cache" / "autograd_core" / "tiny"
    assert f"looked in {places / 'system' / 'tiny'}, {cache}" in message
    assert "download=False" in message
    assert "put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, " in message
    assert f"into {cache}. 'fashion-mnist' needs no files." in message
    with pytest.raises(ag.errors.DataError, match=r"(?s)train-images-idx3-ubyte.gz: \[Errno .*What to do: put"):
        nd.load("tiny")
    with pytest.raises(ag.errors.DataError, match="apt install dataset-fashion-mnist"):
        nd.load("fashion-mnist-full", download=False)
    with pytest.raises(ag.errors.DataError, match=r"folder '.*nowhere' does not exist; create it, or correct the path"):
        nd.load("tiny", places / "nowhere")


@pytest.mark.parametrize("where", ["folder", "variable", "cache"])
def test_missing_files_are_downloaded(places: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    write_tiny(places / "mirror")
    for file, content in zip(nd.source("mnist").files, PACKED, strict=True):  # type: ignore[attr-defined]
        (places / "mirror" / f"{file.name}.gz").write_bytes(content)
    tiny((places / "mirror").as_uri() + "/")
    folder = None
    expected = places / "cache" / "autograd_core" / "tiny"
    if where == "folder":
        folder = expected = places / "given"
        folder.mkdir()
        (folder / "train-labels-idx1-ubyte").write_bytes(idx(TINY[1]))  # kept, not fetched again
    elif where == "variable":
        monkeypatch.setenv("AUTOGRAD_DATA", str(places / "variable"))
        expected = places / "variable" / "tiny"
    data = nd.load("tiny", folder)
    assert data.origin == str(expected)
    assert np.array_equal(data.train.images[:, 0], TINY[0])
    assert len(list(expected.iterdir())) == 4
    assert nd.load("tiny", folder, download=False).origin == str(expected)


def test_files_of_another_set_are_noticed(places: Path) -> None:
    """MNIST and Fashion-MNIST use the same file names."""
    tiny()
    write_tiny(places / "given", arrays=(TINY[0][::-1], *TINY[1:]))
    with pytest.raises(ag.errors.DataError, match=r"train-images-idx3-ubyte.gz is whole but has another content"):
        nd.load("tiny", places / "given")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (TINY[1][:-1], "train-labels-idx1-ubyte has 11 labels up to 2, expected 12 below 3; it does not belong"),
        (TINY[1] + np.uint8(1), "train-labels-idx1-ubyte has 12 labels up to 3, expected 12 below 3"),
    ],
)
def test_labels_that_do_not_fit_the_pictures(places: Path, labels: np.ndarray, message: str) -> None:
    contents = (TINY[0], labels, *TINY[2:])
    tiny(contents=contents)
    write_tiny(places / "given", packed=False, arrays=contents)
    with pytest.raises(ag.errors.DataError, match=message):
        nd.load("tiny", places / "given")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache/autograd_core"),
        ("darwin", {}, "home/Library/Caches/autograd_core"),
        ("win32", {}, "home/AppData/Local/autograd_core"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/autograd_core"),
        ("darwin", {"XDG_CACHE_HOME": "chosen"}, "chosen/autograd_core"),
    ],
)
def test_the_cache_follows_the_custom_of_the_system(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    monkeypatch.setattr(sys, "platform", platform)
    assert sources._cache() == Path(expected)


def test_the_full_set_where_debian_puts_it() -> None:
    if not (nd.IdxSource.SYSTEM / "fashion-mnist").is_dir():
        pytest.skip("needs the package dataset-fashion-mnist")
    data = nd.load("fashion-mnist-full", download=False)
    assert data.train.images.shape == (60_000, 1, 28, 28)
    assert data.test.images.shape == (10_000, 1, 28, 28)
    assert set(np.bincount(data.train.labels)) == {6000}
    assert data.mean == (pytest.approx(data.train.images.mean() / 255, abs=1e-7),)
    assert data.std == (pytest.approx(data.train.images.std() / 255, abs=1e-7),)
    part = nd.load("fashion-mnist")
    assert np.array_equal(part.train.images, data.train.images[:10_000])
    assert np.array_equal(part.test.labels, data.test.labels[:2_000])


# --------------------------------------------------------------------------------------------------------- synthetic


def test_xor() -> None:
    inputs, targets = nd.xor().tensors
    assert inputs.numpy().dtype == targets.numpy().dtype == np.float32
    assert tuple(targets.shape) == (4, 1)
    a, b = inputs.numpy().T.astype(bool)
    assert np.array_equal(targets.numpy()[:, 0], a ^ b)


def test_two_moons() -> None:
    points, labels = nd.two_moons(101, noise=0.0, generator=ag.Generator(1)).tensors
    assert points.numpy().dtype == np.float32
    assert labels.numpy().dtype == np.int64
    assert labels.numpy().sum() == 50
    centre = np.where(labels.numpy()[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    assert np.allclose(np.linalg.norm(points.numpy() - centre, axis=1), 1, atol=1e-6)
    again = nd.two_moons(101, noise=0.0, generator=ag.Generator(1)).tensors[0]
    assert np.array_equal(points.numpy(), again.numpy())
    noisy = nd.two_moons(101, noise=0.2, generator=ag.Generator(1)).tensors[0]
    assert 0.1 < (noisy.numpy() - points.numpy()).std() < 0.3
    for arguments in ({"n": 1}, {"noise": -0.1}):
        with pytest.raises(ag.errors.ArgumentError, match="n must be 2 or more and noise not negative, got n="):
            nd.two_moons(**arguments)
