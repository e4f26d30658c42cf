"""Nearest neighbours among features."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest

import autograd_core as ag
from nn.interpret import nearest_neighbors

rng = np.random.default_rng(0)
QUERIES, GALLERY = rng.normal(size=(4, 3, 2)), rng.normal(size=(20, 3, 2))


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_all_pairs(metric: Literal["cosine", "euclidean"], dtype: Any) -> None:
    q, g = QUERIES.reshape(4, 6), GALLERY.reshape(20, 6)
    if metric == "cosine":
        expected = 1 - (q @ g.T) / np.linalg.norm(q, axis=1)[:, None] / np.linalg.norm(g, axis=1)
    else:
        expected = np.linalg.norm(q[:, None] - g[None], axis=2)
    found = nearest_neighbors(ag.tensor(QUERIES, dtype=dtype), ag.tensor(GALLERY, dtype=dtype), 7, metric)
    np.testing.assert_array_equal(found.indices.numpy(), expected.argsort(1)[:, :7])
    np.testing.assert_allclose(found.distances.numpy(), np.sort(expected, 1)[:, :7], atol=1e-5)
    assert found.distances.dtype == dtype
    assert not found.distances.requires_grad


def test_itself_and_ties() -> None:
    g = ag.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = nearest_neighbors(g, g, 1, "euclidean")
    assert found.indices.tolist() == [[0], [0], [2], [3]]
    np.testing.assert_allclose(found.distances.numpy(), 0, atol=1e-6)
    assert np.isfinite(nearest_neighbors(g, g, 4).distances.numpy()).all()  # a row of zeros has no direction


def test_errors() -> None:
    q, g = ag.rand(2, 3), ag.rand(5, 3)
    with pytest.raises(
        ag.errors.ShapeError, match=r"expects \(Q, 4\), as the gallery has, got \(2, 3\); take features of the"
    ):
        nearest_neighbors(q, ag.rand(5, 4))
    with pytest.raises(ag.errors.ArgumentError, match="k=6, expected at most 5, the size of the gallery"):
        nearest_neighbors(q, g, 6)
    with pytest.raises(ag.errors.ArgumentError, match="k=0, expected an int of at least 1"):
        nearest_neighbors(q, g, 0)
    with pytest.raises(ag.errors.ArgumentError, match="metric='manhattan' is unknown; use 'cosine' or 'euclidean'"):
        nearest_neighbors(q, g, metric="manhattan")  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, ...\), not empty"):
        nearest_neighbors(q, g[:0])
