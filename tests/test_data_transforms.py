"""nn.data: transforms of pictures: a batch at once, the same bits from the same seed, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawn_numbers import generator, pictures

import autograd_core as ag
from nn import data as nd

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
