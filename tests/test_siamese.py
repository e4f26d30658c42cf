"""Siamese networks and the contrastive loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn.models import Siamese, contrastive_loss

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


@DTYPES
def test_distance_and_gradient_of_both_uses(dtype: Any) -> None:
    model = Siamese(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))).to(dtype)
    one, two = ag.randn(3, 4, dtype=dtype), ag.randn(3, 4, dtype=dtype)
    distance = model(one, two)
    assert distance.dtype == dtype
    with ag.no_grad():
        expected = np.linalg.norm(model.branch(one).array - model.branch(two).array, axis=1)
    np.testing.assert_allclose(distance.array, expected, rtol=1e-5)
    np.testing.assert_array_equal(model(two, one).array, distance.array)
    distance.sum().backward()
    copies = [nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)).to(dtype) for _ in range(2)]
    for copy in copies:
        copy.load_state_dict(model.branch.state_dict())
    (copies[0](one) - copies[1](two)).square().sum(1).sqrt().sum().backward()
    for shared, a, b in zip(model.parameters(), *(copy.parameters() for copy in copies), strict=True):
        np.testing.assert_allclose(shared.grad.array, a.grad.array + b.grad.array, rtol=1e-3, atol=1e-5)


def test_a_pair_of_equals_has_a_finite_gradient() -> None:
    model, x = Siamese(nn.Linear(3, 2)), ag.ones(2, 3)
    contrastive_loss(model(x, x), ag.tensor([1, 0])).backward()
    assert all(np.isfinite(p.grad.array).all() for p in model.parameters())


@DTYPES
def test_contrastive_loss_by_hand(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    d, alike = rng.random(20).astype(dtype) * 3, rng.random(20) < 0.5
    expected = np.where(alike, d**2, np.maximum(1.5 - d, 0) ** 2) / 2
    distance = ag.tensor(d)
    for same in (ag.from_numpy(alike), ag.from_numpy(alike.astype(np.int64)), ag.from_numpy(alike.astype(d.dtype))):
        got = contrastive_loss(distance, same, 1.5, "none")
        assert got.dtype == dtype
        np.testing.assert_allclose(got.array, expected, rtol=1e-6)
    assert contrastive_loss(distance, same, 1.5).item() == pytest.approx(expected.mean(), rel=1e-6)
    assert contrastive_loss(distance, same, 1.5, "sum").item() == pytest.approx(expected.sum(), rel=1e-6)


def test_gradient_of_the_loss() -> None:
    distance = ag.tensor([0.3, 0.7, 1.4, 2.2], dtype=ag.float64, requires_grad=True)
    assert ag.autograd.gradcheck(lambda d: contrastive_loss(d, ag.tensor([1, 0, 0, 1])), (distance,))


def test_it_learns_to_tell_two_kinds_apart() -> None:
    x = ag.randn(200, 4)
    kinds = (x.array[:, 0] > 0).astype(int)
    first, second, alike = nn.data.label_pairs(kinds, 400)
    model = Siamese(nn.models.MLP((4, 16, 2)))
    adam = optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(150):
        adam.zero_grad()
        contrastive_loss(model(x[first], x[second]), ag.from_numpy(alike)).backward()
        adam.step()
    right = (model(x[first], x[second]).array < 0.5) == alike
    assert right.mean() > 0.9


def test_wrong_arguments() -> None:
    model = Siamese(nn.Conv2d(1, 1, 1))
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(2, 3\), as the first has, got \(3, 3\)"):
        model(ag.ones(2, 3), ag.ones(3, 3))
    with pytest.raises(ag.errors.ShapeError, match=r"\(N, features\) from the branch, got \(1, 1, 2, 2\)"):
        model(ag.ones(1, 1, 2, 2), ag.ones(1, 1, 2, 2))
    d, same = ag.ones(3), ag.ones(3)
    with pytest.raises(ag.errors.ShapeError, match=r"distance has shape \(3,\), alike \(2,\): expected one distance"):
        contrastive_loss(d, same[:2])
    with pytest.raises(ag.errors.ArgumentError, match="margin=0, expected a positive number"):
        contrastive_loss(d, same, 0)
    with pytest.raises(ag.errors.ArgumentError, match="reduction"):
        contrastive_loss(d, same, reduction="average")  # type: ignore[arg-type]
    with pytest.raises(ag.errors.DtypeError, match="expects a floating distance, got int64"):
        contrastive_loss(d.long(), same)
    with pytest.raises(TypeError, match="alike"):
        contrastive_loss(d, [1, 0, 1])  # type: ignore[arg-type]
