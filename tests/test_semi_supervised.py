"""Labels that a model gives itself: which, how many, and what is learnt from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F
from nn.training import consistency_loss, pseudo_labels

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


@DTYPES
def test_pseudo_labels_are_the_sure_answers(dtype: Any) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)).to(dtype).train()
    x = 3 * ag.randn(50, 4, dtype=dtype)
    p = model[0](x).softmax(1).detach().numpy()
    sure = np.flatnonzero(p.max(1) >= 0.8)
    found = pseudo_labels(model, x, 0.8, batch_size=7)
    assert found.indices.tolist() == sure.tolist()
    assert found.labels.tolist() == p.argmax(1)[sure].tolist()
    np.testing.assert_allclose(found.confidence.numpy(), p.max(1)[sure], rtol=1e-5)
    assert all(m.training for m in model.modules())
    assert not found.confidence.requires_grad
    assert len(pseudo_labels(model, x, 0.0).indices) == 50
    assert len(pseudo_labels(model, 0 * x, 1.0).indices) == 0


def test_the_surest_of_each_class() -> None:
    model, x = nn.Linear(4, 3), 3 * ag.randn(60, 4)
    p = model(x).softmax(1).detach().numpy()
    found = pseudo_labels(model, x, 0.5, per_class=4)
    for c in range(3):
        own = np.flatnonzero((p.argmax(1) == c) & (p.max(1) >= 0.5))
        best = own[np.argsort(-p[own, c])][:4]
        assert sorted(found.indices[found.labels == c].tolist()) == sorted(best.tolist())


def test_pseudo_labels_refuse() -> None:
    model, x = nn.Linear(4, 3), ag.zeros(2, 4)
    with pytest.raises(ag.errors.ArgumentError, match=r"threshold=1\.5: expected a probability"):
        pseudo_labels(model, x, 1.5)
    with pytest.raises(ag.errors.ArgumentError, match="per_class is 0"):
        pseudo_labels(model, x, per_class=0)
    with pytest.raises(ag.errors.ArgumentError, match="inputs is empty"):
        pseudo_labels(model, x[:0])
    with pytest.raises(ag.errors.ShapeError, match=r"returned shape \(2, 2, 2\): expected scores"):
        pseudo_labels(nn.Unflatten(1, (2, 2)), x)
    with pytest.raises(TypeError, match=r"expected an nn\.Module"):
        pseudo_labels(lambda a: a, x)  # type: ignore[arg-type]


@DTYPES
def test_the_consistency_loss_by_definition(dtype: Any) -> None:
    weak, strong = (2 * ag.randn(20, 4, dtype=dtype) for _ in range(2))
    p = weak.softmax(1)
    sure = p.max(1).values >= 0.6
    assert 0 < int(sure.sum()) < 20
    expected = F.cross_entropy(strong[sure], p.argmax(1)[sure], reduction="sum") / 20
    weak.requires_grad_()
    strong.requires_grad_()
    loss = consistency_loss(weak, strong, 0.6)
    assert loss.allclose(expected)
    assert loss.dtype == dtype
    loss.backward()
    assert weak.grad is None
    assert (strong.grad[~sure] == 0).all()
    assert (strong.grad[sure] != 0).any()
    assert consistency_loss(weak, strong, 1.0) == 0
    with pytest.raises(ag.errors.ShapeError, match=r"weak has shape \(20, 4\) and strong \(3, 4\)"):
        consistency_loss(weak, strong[:3])
    with pytest.raises(ag.errors.ArgumentError, match="threshold=2, expected"):
        consistency_loss(weak, strong, 2)
