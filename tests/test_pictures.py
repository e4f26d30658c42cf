"""Pictures from the package, their size, and features of them that are made by hand."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import autograd_core as ag
import nn.data as nd
from nn.data import photographs

rng = np.random.default_rng(0)


def test_photographs() -> None:
    found = photographs()
    assert list(found) == ["astronaut", "chelsea", "coffee"]
    assert all(p.dtype == np.uint8 and len(p) == 3 and p.flags.c_contiguous for p in found.values())
    red, green, blue = found["chelsea"].mean((1, 2))  # an orange cat
    assert red > green > blue


def test_photographs_that_cannot_be_read(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(
        ImportError, match="photographs needs the package pillow, which reads JPEG files: pip install pillow"
    ):
        photographs()
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules["nn.data.photographs"].CHECKSUMS, "coffee", "0" * 64)
    with pytest.raises(ag.errors.DataError, match=r"coffee\.jpg is damaged: 72326 bytes with SHA-256 14e9.*install"):
        photographs()


# ---------------------------------------------------------------------------------------------------------------- size


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_resize_is_pytorchs(antialias: bool, dtype: Any, torch: Any) -> None:
    images = (rng.random((2, 3, 30, 41)) * 255).astype(dtype)
    for size, shape in ((20, (20, 27)), ((45, 10), (45, 10)), (30, (30, 41))):
        out = nd.Resize(size, antialias)(images)
        expected = torch.nn.functional.interpolate(
            torch.tensor(images), shape, mode="bilinear", align_corners=False, antialias=antialias
        )
        assert (out.shape, out.dtype) == ((2, 3, *shape), np.dtype(dtype))
        np.testing.assert_allclose(
            out.astype(float), expected.numpy().astype(float), atol=1 if dtype == np.uint8 else 1e-3
        )


def test_resize_of_one_picture_and_errors() -> None:
    wide = np.zeros((3, 10, 25), np.float32)
    assert nd.Resize(5)(wide).shape == (3, 5, 12)
    assert nd.Resize(5)(wide.transpose(0, 2, 1)).shape == (3, 12, 5)
    assert repr(nd.Resize((5, 6))) == "Resize(size=(5, 6))"
    with pytest.raises(ag.errors.ArgumentError, match="Resize: size must be positive, got 0"):
        nd.Resize(0)
    with pytest.raises(
        ag.errors.DtypeError, match=r"Resize expects uint8, float32 or float64 pictures, got int64; put"
    ):
        nd.Resize(5)(wide.astype(np.int64))


def test_center_crop() -> None:
    images = rng.random((2, 3, 30, 41))
    np.testing.assert_array_equal(
        nd.CenterCrop(30)(images), images[:, :, :, 6:36]
    )  # round(5.5) is 6, as in torchvision
    np.testing.assert_array_equal(nd.CenterCrop((10, 5))(images[0]), images[0, :, 10:20, 18:23])
    with pytest.raises(
        ag.errors.ShapeError, match=r"a window of \(31, 31\) does not fit in pictures of \(30, 41\); take"
    ):
        nd.CenterCrop(31)(images)


# ----------------------------------------------------------------------------------------------------------------- hog


def by_loops(image: NDArray[Any], orientations: int, cell: int, block: int, turn: int) -> NDArray[Any]:
    """The definition, pixel by pixel; *image* is (C, H, W)."""
    _, height, width = image.shape
    rows, columns = height // cell, width // cell
    cells = np.zeros((rows, columns, orientations))
    for i in range(rows * cell):
        for j in range(columns * cell):
            best = (0.0, 0.0, 0.0)
            for plane in image:
                dx = plane[i, j + 1] - plane[i, j - 1] if 0 < j < width - 1 else 0.0
                dy = plane[i + 1, j] - plane[i - 1, j] if 0 < i < height - 1 else 0.0
                best = max(best, (math.hypot(dx, dy), dx, dy), key=lambda found: found[0])
            length, dx, dy = best
            place = math.degrees(math.atan2(dy, dx)) % turn * orientations / turn - 0.5
            low = math.floor(place)
            cells[i // cell, j // cell, low % orientations] += length * (1 - (place - low))
            cells[i // cell, j // cell, (low + 1) % orientations] += length * (place - low)
    found = []
    for i in range(rows - block + 1):
        for j in range(columns - block + 1):
            v = cells[i : i + block, j : j + block].ravel()
            for most in (0.2, np.inf):
                v = np.minimum(v / np.sqrt(v @ v + 1e-10), most)
            found.append(v)
    return np.concatenate(found)


@pytest.mark.parametrize("signed", [False, True])
def test_hog_is_its_definition(signed: bool) -> None:
    images = rng.random((2, 3, 21, 26))
    out = nd.hog(images, orientations=6, cell=5, block=2, signed=signed)
    expected = [by_loops(image, 6, 5, 2, 360 if signed else 180) for image in images]
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, expected, atol=1e-4)


def test_hog_sees_edges_and_not_brightness() -> None:
    stripes = np.tile(np.repeat([0, 200], 4), (32, 4)).astype(np.uint8)  # (32, 32), vertical edges: gradients along x
    cells = nd.hog(stripes[None], orientations=9, block=1).reshape(4, 4, 9)
    assert set(np.argsort(cells[1, 1])[-2:]) == {0, 8}  # 0 degrees lies between the first bin and the last
    turned = nd.hog(stripes.T[None].copy(), orientations=9, block=1).reshape(4, 4, 9)
    assert turned[1, 1].argmax() == 4  # 90 degrees
    brighter = nd.hog((stripes / 4 + 50)[None])
    np.testing.assert_allclose(brighter, nd.hog(stripes[None]), atol=1e-3)
    assert not nd.hog(np.full((1, 1, 16, 16), 7.0)).any()  # a plain picture, and nothing is divided by 0


def test_hog_errors() -> None:
    assert nd.hog(np.zeros((0, 1, 16, 16))).shape == (0, 36)
    with pytest.raises(
        ag.errors.ShapeError, match=r"images have shape \(2, 1, 12, 28\), expected .* of 16 pixels or more"
    ):
        nd.hog(np.zeros((2, 1, 12, 28)))
    with pytest.raises(ag.errors.ShapeError, match=r"images have shape \(28,\)"):
        nd.hog(np.zeros(28))
    with pytest.raises(ag.errors.ArgumentError, match="hog: cell=0, expected a whole number of at least 1"):
        nd.hog(np.zeros((1, 28, 28)), cell=0)
