"""Divergences of pairs of distributions: beside PyTorch, against sums and integrals, and how a formula is found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core import distributions as D
from autograd_core.distributions.kl import FORMULAS

rng = np.random.default_rng(1)


def positive(*shape: int) -> np.ndarray:
    return rng.uniform(0.4, 2.0, shape)


# Two sets of parameters of each family: those of p broadcast with those of q.
PARAMETERS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    **{
        name: ((rng.normal(size=3), positive(2, 1)), (rng.normal(size=3), positive(3)))
        for name in ("Normal", "Laplace", "Cauchy", "Gumbel", "LogNormal")
    },
    **{name: ((positive(2, 1), positive(3)), (positive(3), positive(2, 3))) for name in ("Gamma", "Beta")},
    **{name: ((positive(2, 1),), (positive(3),)) for name in ("Exponential", "Poisson", "Chi2", "HalfNormal")},
    **{name: ((rng.uniform(0.1, 0.9, (2, 1)),), (rng.uniform(0.1, 0.9, 3),)) for name in ("Bernoulli", "Geometric")},
    **{name: ((positive(2, 4),), (positive(4),)) for name in ("Categorical", "OneHotCategorical", "Dirichlet")},
    "Uniform": ((np.array([0.2, 0.3, 0.4]), np.array([0.5, 0.9, 1.0])), (np.array([0.1]), np.array([0.95, 1.5, 2.0]))),
    "Pareto": ((positive(3), positive(2, 1) + 2), (positive(3), positive(3))),
}


def pairs() -> list[tuple[str, str]]:
    names = {(p.__name__, q.__name__) for p, q in FORMULAS}
    return sorted((p, q) for p, q in names if p in PARAMETERS and q in PARAMETERS)


@pytest.mark.parametrize(("p", "q"), pairs())
def test_divergences_are_pytorchs_to_second_order(p: str, q: str) -> None:
    first, second = PARAMETERS[p][0], PARAMETERS[q][1]
    count = len(first)

    def call(lib: Any, *parameters: Any) -> Any:
        d, full = lib.distributions, lib.broadcast_tensors(*parameters)  # some masks of PyTorch's need that
        return d.kl_divergence(getattr(d, p)(*full[:count]), getattr(d, q)(*full[count:]))

    ours = call(ag, *map(ag.tensor, (*first, *second)))
    if np.isinf(ours.array).all():
        assert ours.shape == np.broadcast_shapes(*(np.shape(x) for x in (*first, *second)))
        agree(call, *first, *second, order=0)
        return
    finite = np.isfinite(ours.array).all()
    agree(call, *first, *second, rtol=1e-7, atol=1e-9, order=2 if finite else 0)


@pytest.mark.parametrize("name", [n for n in PARAMETERS if n not in ("Dirichlet", "Pareto")])
def test_a_divergence_from_itself_is_zero(name: str) -> None:
    d = getattr(D, name)(*map(ag.tensor, PARAMETERS[name][0]))
    np.testing.assert_allclose(D.kl_divergence(d, d).array, 0, atol=1e-12)


def double(family: type, *parameters: float) -> Any:
    return family(*(ag.tensor(p, dtype=ag.float64) for p in parameters))


@pytest.mark.parametrize(
    ("p", "q", "ends"),
    [
        (double(D.Normal, 0.3, 0.8), double(D.Laplace, -0.2, 1.1), (-8, 8)),
        (double(D.Laplace, 0.3, 0.8), double(D.Normal, -0.2, 1.1), (-30, 30)),
        (double(D.Gumbel, 0.3, 0.8), double(D.Normal, -0.2, 1.1), (-4, 40)),
        (double(D.Gamma, 1.7, 0.8), double(D.Gumbel, -0.2, 1.1), (0, 60)),
        (double(D.Uniform, 0.1, 0.8), double(D.Beta, 1.7, 0.6), (0.1, 0.8)),
        (double(D.Beta, 1.7, 2.6), double(D.Gamma, 0.7, 1.3), (0, 1)),
        (double(D.Uniform, 0.5, 1.5), double(D.Gumbel, 0.0, 1.0), (0.5, 1.5)),
        (double(D.LogNormal, 0.1, 0.5), double(D.LogNormal, 0.0, 0.7), (0, 40)),
        (double(D.Pareto, 1.5, 3.0), double(D.Gamma, 2.0, 1.0), (1.5, 4000)),
    ],
)
def test_divergences_are_the_integral(p: Any, q: Any, ends: tuple[float, float]) -> None:
    integrate = pytest.importorskip("scipy.integrate")

    def integrand(x: float) -> float:
        at = ag.tensor(x, dtype=ag.float64)
        log_p = p.log_prob(at).item()
        return math.exp(log_p) * (log_p - q.log_prob(at).item()) if log_p > -700 else 0.0

    inner = (ends[0] + 1e-9, min(ends[1], ends[0] + 6))
    integral = sum(integrate.quad(integrand, a, b, limit=200)[0] for a, b in (inner, (inner[1], ends[1])) if a < b)
    assert abs(integral - D.kl_divergence(p, q).item()) < 1e-6


def test_divergences_of_binomials() -> None:
    p, q = rng.uniform(0.1, 0.9, 3), rng.uniform(0.1, 0.9, 3)

    def call(lib: Any, a: Any, b: Any) -> Any:
        d = lib.distributions
        return d.kl_divergence(d.Binomial(5, a), d.Binomial(5, b))

    agree(call, p, q)
    more, fewer = D.Binomial(5, ag.tensor(p)), D.Binomial(4, ag.tensor(q))
    assert (D.kl_divergence(more, fewer).array == math.inf).all()
    with pytest.raises(NotImplementedError, match="has fewer trials than"):
        D.kl_divergence(fewer, more)


def test_certain_outcomes() -> None:
    p, q = D.Bernoulli(ag.tensor([0.0, 1.0, 0.5, 0.0])), D.Bernoulli(ag.tensor([0.5, 0.5, 0.0, 0.0]))
    np.testing.assert_allclose(D.kl_divergence(p, q).array, [math.log(2), math.log(2), math.inf, 0], atol=1e-6)
    certain, even = D.Categorical(ag.tensor([1.0, 0.0])), D.Categorical(ag.tensor([1.0, 1.0]))
    np.testing.assert_allclose(D.kl_divergence(certain, even).item(), math.log(2), rtol=1e-6)
    assert D.kl_divergence(even, certain).item() == math.inf
    probs = ag.tensor([0.0, 1.0], requires_grad=True)
    D.kl_divergence(D.Categorical(probs), even).backward()
    assert np.isfinite(probs.grad.array).all()


def test_divergences_of_vectors() -> None:
    factors = np.array([[1.2, 0.0], [0.4, 0.7]]), np.array([[[0.9, 0.0], [-0.3, 1.1]], [[1.5, 0.0], [0.2, 0.6]]])
    means = rng.normal(size=2), rng.normal(size=(2, 2))

    def normals(lib: Any, a: Any, b: Any, m: Any, n: Any) -> Any:
        d = lib.distributions
        return d.kl_divergence(d.MultivariateNormal(m, a @ a.mT), d.MultivariateNormal(n, scale_tril=b.tril()))

    agree(normals, *factors, *means, rtol=1e-8, atol=1e-10)

    def independent(lib: Any, a: Any, b: Any) -> Any:
        d = lib.distributions
        return d.kl_divergence(d.Independent(d.Exponential(a), 1), d.Independent(d.Exponential(b), 1))

    agree(independent, positive(2, 3), positive(3))
    with pytest.raises(ValueError, match=r"p is of vectors \(2,\) and q of \(3,\)"):
        D.kl_divergence(D.MultivariateNormal(ag.zeros(2), ag.eye(2)), D.MultivariateNormal(ag.zeros(3), ag.eye(3)))


def test_divergences_of_what_is_transformed() -> None:
    base = D.Normal(ag.tensor([0.0, 1.0]), 1.0)
    p, q = (
        D.TransformedDistribution(b, [D.AffineTransform(1.0, 2.0), D.TanhTransform()])
        for b in (base, D.Normal(0.0, 2.0))
    )
    np.testing.assert_allclose(
        D.kl_divergence(p, q.expand((2,))).array, D.kl_divergence(base, D.Normal(0.0, 2.0)).array
    )
    with pytest.raises(NotImplementedError, match="different transforms"):
        D.kl_divergence(p, D.TransformedDistribution(base, D.ExpTransform()))


def test_how_a_formula_is_found() -> None:
    before = dict(FORMULAS)

    class Left(D.Normal):
        pass

    class Right(D.Normal):
        pass

    try:
        with pytest.raises(NotImplementedError, match="no formula for Normal and Poisson; write one"):
            D.kl_divergence(D.Normal(0.0, 1.0), D.Poisson(1.0))
        D.register_kl(Left, D.Normal)(lambda p, q: "left")
        D.register_kl(D.Normal, Right)(lambda p, q: "right")
        p, q = Left(0.0, 1.0), Right(0.0, 1.0)
        assert D.kl_divergence(p, p) == "left"
        assert D.kl_divergence(q, q) == "right"
        with pytest.warns(RuntimeWarning, match=r"register_kl\(Left, Right\)"):
            D.kl_divergence(p, q)
        D.register_kl(Left, Right)(lambda p, q: "both")
        assert D.kl_divergence(p, q) == "both"
        with pytest.raises(TypeError, match="type_q is 3: expected a class"):
            D.register_kl(Left, 3)  # type: ignore[arg-type]
    finally:
        FORMULAS.clear()
        FORMULAS.update(before)
