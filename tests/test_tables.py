"""The table of wines, the small digits, and the scaling of columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
from autograd_core.errors import ShapeError


def test_the_wines_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    table, theirs = nn.data.wine(), datasets.load_wine()
    np.testing.assert_array_equal(table.features.array, theirs.data)
    np.testing.assert_array_equal(table.labels.array, theirs.target)
    assert len(table.columns) == len(set(table.columns)) == 13
    assert len(table.classes) == 3


def test_the_wines_are_a_data_set() -> None:
    table = nn.data.wine()
    features, label = table[0]
    assert features.dtype == ag.float64
    assert label.dtype == ag.int64
    assert len(table) == 178
    batch, labels = next(iter(nn.data.DataLoader(table, batch_size=10)))
    assert batch.shape == (10, 13)
    assert labels.shape == (10,)


def test_the_digits_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    written, theirs = nn.data.digits(), datasets.load_digits()
    np.testing.assert_array_equal(written.images[:, 0], theirs.images)
    np.testing.assert_array_equal(written.labels, theirs.target)
    assert written.classes == tuple("0123456789")


def test_the_digits_are_a_data_set() -> None:
    written = nn.data.digits()
    image, label = written[3]
    assert image.shape == (1, 8, 8)
    assert label == 3
    assert (written.images.min(), written.images.max()) == (0, 16)
    images, labels = next(iter(nn.data.DataLoader(written, batch_size=10)))
    assert images.shape == (10, 1, 8, 8)
    assert labels.tolist() == list(range(10))


def test_the_notice_names_the_files() -> None:
    notice = (Path(nn.data.__file__).parent / "files" / "NOTICE").read_text("utf-8")
    assert "wine.csv" in notice
    assert "digits.npz" in notice


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
def test_standardize(dtype: Any) -> None:
    rows = (5 + 3 * ag.randn(400, 3)).to(dtype)
    rows[:, 1] = 7.0
    scale = nn.data.Standardize(rows)
    out = scale(rows).array
    assert out.dtype == dtype
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(0), [1, 0, 1], atol=1e-5)
    np.testing.assert_allclose(scale(rows + 3).array[:, 1], 3)  # a constant column is shifted, not blown up


def test_what_is_refused() -> None:
    for rows in (ag.ones(3), ag.ones(0, 3), ag.ones(3, 2).long()):
        with pytest.raises(ShapeError, match=r"Standardize: rows has shape .* and dtype .*give the training rows"):
            nn.data.Standardize(rows)
    with pytest.raises(ShapeError, match=r"features has shape \(2, 2\), expected \(N, 1\)"):
        nn.data.TableDataset(ag.ones(2, 2), ag.ones(2).long(), ("one",), ("a",))
