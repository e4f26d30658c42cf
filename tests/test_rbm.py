"""Restricted Boltzmann machines against sums over every state; deep belief nets."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import optim
from nn.models import DBN, RBM, ContrastiveDivergence

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def states(n: int, dtype: Any = ag.float64) -> ag.Tensor:
    return ag.tensor(list(itertools.product([0.0, 1.0], repeat=n)), dtype=dtype)


def machine(visible: int = 5, hidden: int = 3, dtype: Any = ag.float64) -> RBM:
    model = RBM(visible, hidden).to(dtype)
    with ag.no_grad():
        for p in model.parameters():
            p.normal_()
    return model


def energies(model: RBM) -> np.ndarray:
    """E(v, h) of every pair of states, from the definition."""
    w, b, c = (p.detach().numpy() for p in (model.weight, model.visible_bias, model.hidden_bias))
    v, h = states(model.visible).numpy(), states(model.hidden).numpy()
    return -(v @ b)[:, None] - (h @ c)[None] - v @ w.T @ h.T


@pytest.mark.parametrize(("visible", "hidden"), [(5, 3), (3, 6)])
def test_everything_agrees_with_enumeration(visible: int, hidden: int) -> None:
    model = machine(visible, hidden)
    joint = np.exp(-energies(model))
    v, h = states(visible), states(hidden)
    z = joint.sum()
    assert model.log_partition().item() == pytest.approx(math.log(z))
    np.testing.assert_allclose(model.free_energy(v).detach().numpy(), -np.log(joint.sum(1)))
    np.testing.assert_allclose(model.log_likelihood(v).detach().exp().numpy(), joint.sum(1) / z)
    assert model.log_likelihood(v).exp().sum().item() == pytest.approx(1)
    np.testing.assert_allclose(model.encode(v).detach().numpy(), (joint / joint.sum(1, keepdims=True)) @ h.numpy())
    np.testing.assert_allclose(model.decode(h).detach().numpy(), (joint / joint.sum(0)).T @ v.numpy())
    for i, j in itertools.product(range(3), range(3)):
        assert model.energy(v[i : i + 1], h[j : j + 1]).item() == pytest.approx(energies(model)[i, j])


def test_the_exact_gradient_is_the_difference_of_two_means() -> None:
    """d log p(v) / dW = <h v>_data - <h v>_model, with the model's mean over all its states."""
    model = machine()
    data = ag.bernoulli(ag.full((7, 5), 0.4, dtype=ag.float64))
    model.log_likelihood(data).mean().backward()
    joint = np.exp(-energies(model))
    p, v, h = joint / joint.sum(), states(5).numpy(), states(3).numpy()
    q = model.encode(data).detach().numpy()
    np.testing.assert_allclose(model.weight.grad.numpy(), q.T @ data.numpy() / 7 - np.einsum("vh,vi,hj->ji", p, v, h))
    np.testing.assert_allclose(model.visible_bias.grad.numpy(), data.numpy().mean(0) - p.sum(1) @ v)
    np.testing.assert_allclose(model.hidden_bias.grad.numpy(), q.mean(0) - p.sum(0) @ h)


def test_contrastive_divergence_by_hand() -> None:
    model = machine()
    data = ag.bernoulli(ag.full((7, 5), 0.4, dtype=ag.float64))
    criterion = ContrastiveDivergence(model, k=2, generator=ag.Generator().manual_seed(5))
    loss = criterion(None, data)
    loss.backward()
    ends = criterion.chain
    assert (ends == model.gibbs(data, 2, ag.Generator().manual_seed(5))).all()
    q, r = model.encode(data).detach().numpy(), model.encode(ends).detach().numpy()
    np.testing.assert_allclose(model.weight.grad.numpy(), -(q.T @ data.numpy() - r.T @ ends.numpy()) / 7)
    np.testing.assert_allclose(model.visible_bias.grad.numpy(), -(data.numpy() - ends.numpy()).mean(0))
    np.testing.assert_allclose(model.hidden_bias.grad.numpy(), -(q - r).mean(0))
    assert loss.item() == pytest.approx((model.free_energy(data) - model.free_energy(ends)).mean().item())
    assert not ends.requires_grad


def test_cd_from_the_models_own_distribution_is_the_exact_gradient() -> None:
    """With chains that have forgotten where they began, the mean over many is the gradient of the likelihood."""
    model = machine(4, 3)
    data = ag.bernoulli(ag.full((50, 4), 0.3, dtype=ag.float64))
    (-model.log_likelihood(data).mean()).backward()
    exact = model.weight.grad.numpy().copy()
    model.zero_grad()
    many = ContrastiveDivergence(model, k=30, persistent=True, chains=20_000)
    many(None, data).backward()
    np.testing.assert_allclose(model.weight.grad.numpy(), exact, atol=0.02)


def test_gibbs_sampling_visits_states_as_often_as_they_are_likely() -> None:
    model = machine(3, 2)
    joint = np.exp(-energies(model))
    expected = joint.sum(1) / joint.sum()
    v = model.gibbs(ag.zeros(20_000, 3, dtype=ag.float64), steps=20)
    found = np.bincount((v.numpy() @ [4, 2, 1]).astype(int), minlength=8) / 20_000
    np.testing.assert_allclose(found, expected, atol=0.015)


@DTYPES
@pytest.mark.parametrize("persistent", [False, True])
def test_training_raises_the_exact_likelihood(persistent: bool, dtype: Any) -> None:
    """Bars: every row of a 3x3 picture is on or off.  Eight pictures of 512 have all the probability."""
    rows = states(3, dtype)
    data = rows.repeat_interleave(3, 1)  # (8, 9)
    many = data.repeat(8, 1)
    model = RBM(9, 8).to(dtype)
    before = model.log_likelihood(data).mean().item()
    assert before == pytest.approx(-9 * math.log(2), abs=0.05)
    sgd = optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    criterion = ContrastiveDivergence(model, k=1, persistent=persistent)
    loader = nn.data.DataLoader(nn.data.TensorDataset(many, many), batch_size=64)
    nn.training.fit(model, loader, criterion, sgd, 700, progress="none")
    after = model.log_likelihood(data).mean().item()
    assert after > -3.6  # the best there is, -log 8, is -2.08
    others = model.free_energy(states(9, dtype)).mean()
    assert model.free_energy(data).mean() < others - 2
    assert model.weight.dtype == dtype
    if persistent:
        assert criterion.chain is not None
        assert criterion.chain.shape == (100, 9)


def test_an_rbm_refuses_what_does_not_fit() -> None:
    model = RBM(6, 4)
    with pytest.raises(ag.errors.ArgumentError, match="visible=0, expected an int of at least 1"):
        RBM(0, 3)
    with pytest.raises(ag.errors.ShapeError, match=r"expects \(N, \.\.\.\) of 6 numbers each, got \(2, 5\).*visible="):
        model(ag.zeros(2, 5))
    with pytest.raises(ag.errors.ShapeError, match="of 6 numbers each"):
        model.free_energy(ag.zeros(6))
    with pytest.raises(ag.errors.DtypeError, match="float32"):
        model(ag.zeros(2, 6).double())
    with pytest.raises(ag.errors.ArgumentError, match=r"sums 2\^21 states: expected at most 20"):
        RBM(30, 21).log_partition()
    with pytest.raises(ag.errors.ArgumentError, match="steps=0"):
        model.gibbs(ag.zeros(2, 6), steps=0)
    with pytest.raises(TypeError, match=r"model is a Linear: expected an nn\.models\.RBM"):
        ContrastiveDivergence(nn.Linear(2, 2))  # type: ignore[arg-type]
    with pytest.raises(ag.errors.ArgumentError, match="k=0"):
        ContrastiveDivergence(model, k=0)
    assert model(ag.zeros(0, 6)).shape == (0, 4)


# ---------------------------------------------------------------------------------------------------------------- stacks


def test_a_deep_belief_net_is_its_machines() -> None:
    model = DBN((6, 5, 3))
    v = ag.rand(4, 6)
    assert (model(v) == model.rbms[1].encode(model.rbms[0].encode(v))).all()
    code = ag.rand(4, 3)
    assert (model.decode(code) == model.rbms[0].decode(model.rbms[1].decode(code))).all()
    assert model.sample(7, steps=3).shape == (7, 6)
    assert model.sample(4, steps=3, start=v).shape == (4, 6)
    assert not model.sample(2, steps=1).requires_grad
    with pytest.raises(ag.errors.ArgumentError, match=r"sizes=\(6,\): expected"):
        DBN((6,))
    with pytest.raises(ag.errors.ShapeError, match="start of n=5 pictures"):
        model.sample(5, start=v)


@DTYPES
def test_its_classifier_begins_with_copies_of_its_weights(dtype: Any) -> None:
    model = DBN((6, 5, 3)).to(dtype)
    net = model.classifier(4)
    v = ag.rand(2, 2, 3, dtype=dtype)
    assert net[:-1](v).allclose(model(v.flatten(1)))
    assert net(v).shape == (2, 4)
    assert net(v).dtype == dtype
    with ag.no_grad():
        net[1].weight.zero_()
    assert (model.rbms[0].weight != 0).any()


def test_a_net_of_one_machine_samples_as_the_machine() -> None:
    model = DBN((3, 2))
    with ag.no_grad():
        for p in model.parameters():
            p.normal_()
    joint = np.exp(-energies(model.rbms[0]))
    expected = (joint.sum(1) / joint.sum()) @ states(3).numpy()
    np.testing.assert_allclose(model.sample(20_000, steps=20).mean(0).numpy(), expected, atol=0.015)


def test_greedy_training_hands_the_codes_up() -> None:
    model = DBN((8, 5, 3)).eval()
    data = ag.bernoulli(ag.full((20, 8), 0.5))
    seen: list[ag.Tensor] = []

    def train(rbm: RBM, codes: ag.Tensor) -> int:
        seen.append(codes)
        with ag.no_grad():
            rbm.hidden_bias.add_(1.0)  # what is handed up is made after the layer has learnt
        return len(seen)

    assert nn.training.greedy_layerwise(model.rbms, data, train, batch_size=7) == [1, 2]
    assert seen[0] is data
    assert seen[1].allclose(model.rbms[0].encode(data))
    assert not seen[1].requires_grad
    with pytest.raises(TypeError, match="layers holds a Linear: expected layers with an encode"):
        nn.training.greedy_layerwise([nn.Linear(2, 2)], data, train)  # type: ignore[list-item]
    with pytest.raises(ag.errors.ArgumentError, match="layers is empty"):
        nn.training.greedy_layerwise([], data, train)
    with pytest.raises(ag.errors.ArgumentError, match="inputs is empty"):
        nn.training.greedy_layerwise(model.rbms, data[:0], train)
    with pytest.raises(ag.errors.ArgumentError, match="batch_size is 0"):
        nn.training.greedy_layerwise(model.rbms, data, train, batch_size=0)
