"""Points, sounds and films that are made, pairs of examples, and turned pictures."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from nn import data

# --------------------------------------------------------------------------------------------------------------- points


def test_xor() -> None:
    inputs, targets = data.xor().tensors
    assert inputs.numpy().dtype == targets.numpy().dtype == np.float32
    assert tuple(targets.shape) == (4, 1)
    a, b = inputs.numpy().T.astype(bool)
    assert np.array_equal(targets.numpy()[:, 0], a ^ b)


def test_two_moons() -> None:
    points, labels = data.two_moons(101, noise=0.0, generator=ag.Generator(1)).tensors
    assert points.numpy().dtype == np.float32
    assert labels.numpy().dtype == np.int64
    assert labels.numpy().sum() == 50
    centre = np.where(labels.numpy()[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    assert np.allclose(np.linalg.norm(points.numpy() - centre, axis=1), 1, atol=1e-6)
    again = data.two_moons(101, noise=0.0, generator=ag.Generator(1)).tensors[0]
    assert np.array_equal(points.numpy(), again.numpy())
    noisy = data.two_moons(101, noise=0.2, generator=ag.Generator(1)).tensors[0]
    assert 0.1 < (noisy.numpy() - points.numpy()).std() < 0.3
    for arguments in ({"n": 1}, {"noise": -0.1}):
        with pytest.raises(ag.errors.ArgumentError, match="n must be 2 or more and noise not negative, got n="):
            data.two_moons(**arguments)


# ----------------------------------------------------------------------------------------------------- sounds and films


def test_sweeps_bend_as_they_are_named() -> None:
    sounds, kinds = data.sweeps(80, length=2048, rate=4000.0, noise=0.0, generator=ag.Generator(0)).tensors
    assert (sounds.shape, sounds.dtype, kinds.dtype) == ((80, 1, 2048), ag.float32, ag.int64)
    assert kinds.tolist() == [0, 1, 2, 3] * 20
    for sound, kind in zip(sounds.array[:, 0], kinds.tolist(), strict=True):
        (heard,) = np.nonzero(sound)
        assert 1000 <= np.ptp(heard) <= 1024
        first, last = (_pitch(sound[a : a + 256]) for a in (heard[0], heard[-1] - 255))
        octaves = np.log2(last / first)
        if kind in (1, 2):
            assert (3 - 2 * kind) * octaves == pytest.approx(0.375, abs=0.1)  # of 0.5, between the middles of the ends
        else:
            assert abs(octaves) < 0.15
        assert 4000 / 12 * 0.8 < first < 4000 / 6 * 1.25


def _pitch(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8192))
    return float(power.argmax() * 4000 / 8192)


def test_noise_of_sweeps() -> None:
    quiet, loud = (data.sweeps(4, noise=s, generator=ag.Generator(0)).tensors[0].array for s in (0.0, 2.0))
    assert (loud - quiet).std() == pytest.approx(2.0, rel=0.05)


def test_films_move_as_they_are_named() -> None:
    films, ways = data.moving_shapes(64, frames=6, size=12, noise=0.0, generator=ag.Generator(0)).tensors
    assert (films.shape, films.dtype, ways.dtype) == ((64, 1, 6, 12, 12), ag.float32, ag.int64)
    for film, way in zip(films.array[:, 0], ways.tolist(), strict=True):
        step = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}[data.DIRECTIONS[way]]
        for before, after in pairwise(film):
            np.testing.assert_array_equal(np.roll(before, step, axis=(0, 1)), after)
    assert {int(film[0, 0].sum()) for film in films.array} == {25, 16, 21, 9}  # square, frame, disc, cross


@pytest.mark.parametrize("make", [data.sweeps, data.moving_shapes])
def test_made_data_repeats_by_its_generator(make: Any) -> None:
    one, two, other = (make(8, generator=ag.Generator(seed)).tensors[0].array for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (data.sweeps, {"n": 0}, r"sweeps: n=0, noise=0.5: expected 1 or more"),
        (
            data.sweeps,
            {"noise": float("nan")},
            r"sweeps: n=400, noise=nan: expected 1 or more, and noise of at least 0",
        ),
        (data.sweeps, {"length": 63}, r"sweeps: length=63, expected a whole number of at least 64"),
        (data.sweeps, {"rate": 0}, r"sweeps: rate=0, expected samples in a second, above 0"),
        (data.moving_shapes, {"n": 1.5}, r"moving_shapes: n=1.5, noise=0.1: expected 1 or more"),
        (data.moving_shapes, {"frames": 1}, r"moving_shapes: frames=1, expected a whole number of at least 2"),
        (data.moving_shapes, {"size": 7}, r"moving_shapes: size=7, expected a whole number of at least 8"),
    ],
)
def test_wrong_options(make: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        make(**options)


# ---------------------------------------------------------------------------------------------------------------- pairs


def test_pairs_are_what_they_say_and_even() -> None:
    labels = np.array([3, 3, 7, 7, 7, 1, 1, 1, 1])
    first, second, alike = data.label_pairs(labels, 20_000, ag.Generator(0))
    np.testing.assert_array_equal(labels[first] == labels[second], alike)
    assert alike.mean() == 0.5
    assert (first != second).all()
    for chosen in (alike, ~alike):  # all pairs of a first example are as frequent
        for place in range(9):
            partners = second[chosen & (first == place)]
            possible = [i for i in range(9) if i != place and (labels[i] == labels[place]) == bool(chosen is alike)]
            counts = np.bincount(partners, minlength=9)
            assert np.flatnonzero(counts).tolist() == possible
            np.testing.assert_allclose(counts[possible] / len(partners), 1 / len(possible), atol=0.08)


@pytest.mark.parametrize("labels", [[], [1, 1, 1], [1, 1, 2], [[1, 2], [1, 2]]])
def test_labels_that_make_no_pairs(labels: Any) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"expected \(N,\), two or more labels, and each at least twice"):
        data.label_pairs(np.array(labels), 3)
    with pytest.raises(ag.errors.ArgumentError, match="label_pairs: n=0, expected a number of pairs, at least 1"):
        data.label_pairs([0, 0, 1, 1], 0)


# -------------------------------------------------------------------------------------------------------------- turning


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_right_angles_are_exact(dtype: Any) -> None:
    picture = np.random.default_rng(0).random((2, 3, 7, 7)).astype(dtype)
    for quarter in range(-4, 5):
        turned = data.RandomRotation((90 * quarter, 90 * quarter))(picture)
        assert turned.dtype == dtype
        np.testing.assert_allclose(turned, np.rot90(picture, quarter, axes=(2, 3)), atol=2e-5)
    wide = np.random.default_rng(0).random((1, 4, 9))
    np.testing.assert_allclose(data.RandomRotation((180, 180))(wide), wide[:, ::-1, ::-1], atol=1e-9)


def test_turning_is_that_of_scipy() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    down, right = np.mgrid[-10:11, -15:16]
    picture = np.exp(-((down - 2) ** 2) / 20 - (right + 3) ** 2 / 30)
    expected = ndimage.rotate(picture, 25, reshape=False, order=1)
    inside = ndimage.rotate(np.ones_like(picture), 25, reshape=False, order=1) > 0.999  # at the border ours fades out
    assert inside.mean() > 0.7
    turned = data.RandomRotation((25, 25))(picture[None])[0]
    np.testing.assert_allclose(turned[inside], expected[inside], atol=1e-9)


def test_fill_and_range() -> None:
    ones = np.ones((40, 1, 8, 8), np.float32)
    turned = data.RandomRotation(45, fill=1)(ones, np.random.default_rng(0))
    np.testing.assert_allclose(turned, 1, atol=1e-6)
    dark = data.RandomRotation(45)(ones, np.random.default_rng(0))[:, 0, 0, 0]
    assert len(np.unique(dark)) > 15  # each picture has its own angle
    assert data.RandomRotation(10)(np.zeros((0, 1, 8, 8), np.float32)).shape == (0, 1, 8, 8)


@pytest.mark.parametrize("degrees", [-1, (2, 1), (1, 2, 3), float("nan")])
def test_wrong_angles(degrees: Any) -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match=r"RandomRotation: degrees=.*, expected one number of at least 0, or"
    ):
        data.RandomRotation(degrees)


def test_turning_bytes() -> None:
    with pytest.raises(ag.errors.DtypeError, match=r"got uint8; put ToDtype\('float32'\) before it"):
        data.RandomRotation(10)(np.zeros((1, 4, 4), np.uint8))
