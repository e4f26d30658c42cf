"""nn.data: datasets of Tensors and of pictures, parts of them, several together, and random splits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn_numbers import pictures

import autograd_core as ag
import nn.data as nd
from autograd_core.errors import ArgumentError, ShapeError


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


def test_stack_dataset() -> None:
    pairs = nd.StackDataset(nd.TensorDataset(ag.arange(3)), [5, 6, 7])
    assert len(pairs) == 3
    assert (pairs[-1][0][0].item(), pairs[-1][1]) == (2, 7)
    (x,), y = next(iter(nd.DataLoader(pairs, 3)))
    assert (x.tolist(), y.tolist()) == ([0, 1, 2], [5, 6, 7])
    named = nd.StackDataset(a=[1, 2], b="xy")
    assert named[0] == {"a": 1, "b": "x"}
    batch = next(iter(nd.DataLoader(named, 2)))
    assert (batch["a"].tolist(), batch["b"]) == ([1, 2], ["x", "y"])
    with pytest.raises(IndexError, match="index 2 is out of range for a StackDataset of 2 samples"):
        named[2]
    for make, message in (
        (lambda: nd.StackDataset(), "at least one dataset should be passed, .* got none"),
        (lambda: nd.StackDataset([1], a=[1]), "all with names or all without, got both"),
    ):
        with pytest.raises(ArgumentError, match=message):
            make()
    with pytest.raises(ShapeError, match=r"size mismatch between datasets, their lengths are \[1, 2\]"):
        nd.StackDataset([1], [1, 2])


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
