"""Samples of distributions: their moments, seed and gradients, and how they move with their parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from distribution_cases import CASES, NO_ENTROPY, NO_MOMENTS, cases, has, made
from drawn_numbers import normal

import autograd_core as ag
from autograd_core import distributions as D


@cases
def test_samples_have_the_moments_and_the_dtype(name: str) -> None:
    count = 20000
    for dtype in ("float32", "float64"):
        d = made(name, dtype=dtype)
        x = d.sample((count,))
        assert x.shape == (count, *d.batch_shape, *d.event_shape)
        assert x.dtype == (dtype if not name.startswith("Categorical") else "int64")
        assert d.support.check(x).array.all()
        assert np.isfinite(d.log_prob(x).array).all()
        assert d.log_prob(x).dtype == dtype
        if has(name, NO_ENTROPY):
            assert d.entropy().dtype == dtype
        if has(name, NO_MOMENTS):
            assert d.mean.dtype == d.variance.dtype == dtype
    if has(name, NO_MOMENTS | {"Categorical", "Cauchy", "HalfCauchy", "Pareto", "InverseGamma"}) and "few" not in name:
        d = made(name)
        x = d.sample((count,)).array
        error = np.sqrt(d.variance.array / count)
        assert (np.abs(x.mean(0) - d.mean.array) < 5 * error).all()
        spread = np.sqrt(((x - x.mean(0)) ** 4).mean(0) / count)  # of the variance, from above
        assert (np.abs(x.var(0) - d.variance.array) < 6 * spread).all()


@cases
def test_samples_follow_the_seed(name: str) -> None:
    d = made(name)
    ag.manual_seed(3)
    first = d.sample((2,)).array
    ag.manual_seed(3)
    np.testing.assert_array_equal(d.sample((2,)).array, first)
    assert not d.sample((0,)).array.size
    assert not d.sample().requires_grad


@pytest.mark.parametrize("name", [n for n in CASES if made(n).has_rsample])
def test_rsample_is_differentiable_twice(name: str) -> None:
    """The gradient of the mean of samples comes near the gradient of the mean, where there is one."""
    make, parameters, _ = CASES[name]
    tensors = [ag.tensor(p, requires_grad=True) for p in parameters]
    x = make(D, *tensors).rsample((4,))
    first = ag.grad((x * x).sum(), tensors, create_graph=True)
    second = ag.grad(sum((g * g).sum() for g in first), tensors, allow_unused=True, materialize_grads=True)
    for g, t in zip([*first, *second], [*tensors, *tensors]):
        assert g.shape == t.shape
        assert np.isfinite(g.array).all()


@pytest.mark.parametrize(
    "name", ["Normal", "Laplace", "Gumbel", "Uniform", "Gamma", "Beta", "Dirichlet", "LogNormal", "StudentT"]
)
def test_gradients_through_samples_are_those_of_the_mean_square(name: str) -> None:
    make, parameters, _ = CASES[name]
    tensors = [
        ag.tensor(p + (3 if name == "StudentT" and i == 0 else 0), requires_grad=True) for i, p in enumerate(parameters)
    ]
    d = make(D, *tensors)
    count = 1000
    weights = ag.tensor(normal(*d.batch_shape, *d.event_shape))
    exact = ag.grad(((d.variance + d.mean**2) * weights).sum(), tensors)
    batches = []
    for _ in range(10):
        x = d.rsample((count,))
        batches.append(ag.grad((x * x * weights).sum() / count, tensors))
    for i, g in enumerate(exact):
        estimates = np.stack([b[i].array for b in batches])
        error = estimates.std(0, ddof=1) / math.sqrt(len(batches)) + 1e-12
        assert (np.abs(estimates.mean(0) - g.array) < 8 * error).all(), (name, i)


def test_second_derivatives_through_gamma_samples() -> None:
    """E x^3 = a (a+1) (a+2), of second derivative 6 a + 6."""
    a = ag.tensor(1.7, dtype=ag.float64, requires_grad=True)
    (g,) = ag.grad((D.Gamma(a, 1.0).rsample((40000,)) ** 3).mean(), a, create_graph=True)
    (h,) = ag.grad(g, a)
    assert abs(g.item() - (3 * 1.7**2 + 6 * 1.7 + 2)) < 0.6
    assert abs(h.item() - (6 * 1.7 + 6)) < 0.8


@pytest.mark.parametrize("a", [0.02, 0.4, 1.0, 3.5, 80.0, 1e5])
def test_a_gamma_sample_moves_as_its_quantile(a: float) -> None:
    special = pytest.importorskip("scipy.special")
    x = special.gammaincinv(a, np.array([0.05, 0.3, 0.5, 0.7, 0.95]))
    x = x[x > 1e-200]
    step = 1e-4 * min(a, a**0.5)
    u = special.gammainc(a, x)
    moved = (special.gammaincinv(a + step, u) - special.gammaincinv(a - step, u)) / (2 * step)
    np.testing.assert_allclose(-ag.ops.gamma_shift(np.full_like(x, a), x, order=1), moved, rtol=1e-4)


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.4), (0.2, 7.0), (1.0, 1.0), (3.0, 0.5), (40.0, 2.0), (1e3, 3e3)])
def test_a_beta_sample_moves_as_its_quantile(a: float, b: float) -> None:
    special = pytest.importorskip("scipy.special")
    u = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    x = special.betaincinv(a, b, u)
    for orders, p, at in (((1, 0), a, lambda v: (v, b)), ((0, 1), b, lambda v: (a, v))):
        step = 1e-4 * min(p, p**0.5)
        moved = (special.betaincinv(*at(p + step), u) - special.betaincinv(*at(p - step), u)) / (2 * step)
        ours = -ag.ops.beta_shift(np.full_like(x, a), np.full_like(x, b), x, orders=orders)
        np.testing.assert_allclose(ours, moved, rtol=5e-6)


def test_shifts_in_golden_numbers() -> None:
    """Made by numerical differentiation in 30 digits, of igamma in a = 1 and of the incomplete beta function in a = 3 / 2."""
    gamma = -ag.ops.gamma_shift(np.ones(3), np.array([0.1, 1.0, 3.0]), order=1)
    np.testing.assert_allclose(gamma, [0.28927311661593885, 1.1735630272247268, 1.937911693824961], rtol=1e-12)
    beta = -ag.ops.beta_shift(np.full(3, 1.5), np.full(3, 2.0), np.array([0.1, 0.5, 0.9]), orders=(1, 0))
    np.testing.assert_allclose(beta, [0.13366148054921503, 0.19013535092797448, 0.050795023215600595], rtol=1e-12)


def test_shifts_at_the_ends_and_outside() -> None:
    def gamma(a: float, x: float) -> float:
        return float(ag.ops.gamma_shift(np.array([a]), np.array([x]), order=1)[0])

    def beta(a: float, b: float, x: float) -> float:
        return float(ag.ops.beta_shift(np.array([a]), np.array([b]), np.array([x]), orders=(1, 0))[0])

    assert gamma(2.0, 0.0) == beta(2.0, 2.0, 0.0) == beta(2.0, 2.0, 1.0) == 0
    for value in (
        gamma(-1.0, 1.0),
        gamma(math.nan, 1.0),
        gamma(1.0, math.inf),
        beta(0.0, 1.0, 0.5),
        beta(1.0, 1.0, 1.5),
    ):
        assert math.isnan(value)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tiny_concentrations_still_give_shares(dtype: str) -> None:
    a = ag.full((1000, 3), 1e-4, dtype=dtype, requires_grad=True)
    x = D.Dirichlet(a).rsample()
    assert (x.array > 0).all()
    assert (x.array < 1).all()
    np.testing.assert_allclose(x.array.sum(-1), 1, rtol=1e-6)
    x[:, 0].sum().backward()
    assert np.isfinite(a.grad.array).all()
    g = D.Gamma(a.detach(), 1.0).rsample()
    assert (g.array > 0).all()


def test_categories_of_probability_0_are_never_drawn() -> None:
    probs = ag.tensor([[0.0, 1.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]])
    x = D.Categorical(probs).sample((5000,)).array
    assert set(x[:, 0]) == {1, 3}
    assert set(x[:, 1]) == {4}
    assert abs((x[:, 0] == 3).mean() - 2 / 3) < 0.03
