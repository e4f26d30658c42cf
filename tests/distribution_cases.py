"""Distributions of every kind, with parameters and values at which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import distributions as D

rng = np.random.default_rng(0)
REAL, POSITIVE, SHARE = rng.normal(size=3), rng.uniform(0.5, 3, (2, 1)), rng.uniform(0.1, 0.9, 3)
OTHER, ODDS = rng.uniform(0.7, 2, 3), rng.normal(size=(2, 3))
X, ABOVE, WITHIN = rng.normal(size=(2, 3)), rng.uniform(0.2, 3, (2, 3)), rng.uniform(0.1, 0.9, (2, 3))
COUNTS = np.array([[0.0, 1.0, 3.0], [2.0, 5.0, 4.0]])
FACTOR = np.array([[1.5, 0.0, 0.0], [0.3, 0.8, 0.0], [-0.5, 0.2, 1.1]])
SHARES = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])


def normalized(lib: Any, x: Any) -> Any:
    """Logits that sum to 1 as powers of e: what a relaxed vector is checked at."""
    return lib.log_softmax(x, -1)


# name -> (what makes it of a library's distributions and tensors, the parameters, values)
CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...], Any]] = {
    "Normal": (lambda d, *p: d.Normal(*p), (REAL, POSITIVE), X),
    "Normal of numbers": (lambda d, x: d.Normal(x, 2.0), (REAL,), X),
    "Laplace": (lambda d, *p: d.Laplace(*p), (REAL, POSITIVE), X),
    "Cauchy": (lambda d, *p: d.Cauchy(*p), (REAL, POSITIVE), X),
    "Gumbel": (lambda d, *p: d.Gumbel(*p), (REAL, POSITIVE), X),
    "StudentT": (lambda d, *p: d.StudentT(*p), (POSITIVE + 2, REAL, OTHER), X),
    "StudentT of few degrees": (lambda d, *p: d.StudentT(*p), (np.array([0.5, 1.5, 2.5]), REAL, OTHER), X),
    "HalfNormal": (lambda d, *p: d.HalfNormal(*p), (OTHER,), ABOVE),
    "HalfCauchy": (lambda d, *p: d.HalfCauchy(*p), (OTHER,), ABOVE),
    "Uniform": (lambda d, *p: d.Uniform(*p), (REAL - 5, POSITIVE + 3), X),
    "Gamma": (lambda d, *p: d.Gamma(*p), (POSITIVE, OTHER), ABOVE),
    "Chi2": (lambda d, *p: d.Chi2(*p), (OTHER,), ABOVE),
    "InverseGamma": (lambda d, *p: d.InverseGamma(*p), (POSITIVE + 2, OTHER), ABOVE),
    "Exponential": (lambda d, *p: d.Exponential(*p), (OTHER,), ABOVE),
    "Poisson": (lambda d, *p: d.Poisson(*p), (OTHER,), COUNTS),
    "Beta": (lambda d, *p: d.Beta(*p), (POSITIVE, OTHER), WITHIN),
    "Dirichlet": (lambda d, *p: d.Dirichlet(*p), (ABOVE,), SHARES),
    "Bernoulli": (lambda d, *p: d.Bernoulli(*p), (SHARE,), COUNTS % 2),
    "Bernoulli of logits": (lambda d, x: d.Bernoulli(logits=x), (ODDS,), COUNTS % 2),
    "Geometric": (lambda d, *p: d.Geometric(*p), (SHARE,), COUNTS),
    "Geometric of logits": (lambda d, x: d.Geometric(logits=x), (ODDS,), COUNTS),
    "Binomial": (lambda d, *p: d.Binomial(6, *p), (SHARE,), COUNTS),
    "Binomial of logits": (lambda d, x: d.Binomial(6, logits=x), (ODDS,), COUNTS),
    "NegativeBinomial": (lambda d, *p: d.NegativeBinomial(*p), (OTHER, SHARE), COUNTS),
    "Categorical": (lambda d, *p: d.Categorical(*p), (ABOVE,), np.array([2, 0])),
    "Categorical of logits": (lambda d, x: d.Categorical(logits=x), (ODDS,), np.array([[2, 0], [1, 1]])),
    "OneHotCategorical": (lambda d, *p: d.OneHotCategorical(*p), (ABOVE,), np.eye(3)[[1, 0]]),
    "Multinomial": (lambda d, *p: d.Multinomial(6, *p), (ABOVE[:1],), np.array([[1.0, 2.0, 3.0], [0.0, 6.0, 0.0]])),
    "Multinomial of logits": (lambda d, x: d.Multinomial(6, logits=x), (ODDS[0],), np.array([[1.0, 2.0, 3.0]])),
    "MultivariateNormal": (lambda d, m, L: d.MultivariateNormal(m, L @ L.mT), (REAL, FACTOR), X),
    "MultivariateNormal of a precision": (
        lambda d, m, L: d.MultivariateNormal(m, precision_matrix=L @ L.mT),
        (X, FACTOR),
        X + 1,
    ),
    "MultivariateNormal of a factor": (
        lambda d, m, L: d.MultivariateNormal(m, scale_tril=L.tril()),
        (REAL, np.stack([FACTOR, FACTOR * 2])),
        X,
    ),
    "Independent": (lambda d, *p: d.Independent(d.Normal(*p), 1), (REAL, POSITIVE), X),
    "LogNormal": (lambda d, *p: d.LogNormal(*p), (REAL, SHARE), ABOVE),
    "Pareto": (lambda d, *p: d.Pareto(*p), (SHARE, OTHER + 2), ABOVE + 1),
    "Weibull": (lambda d, *p: d.Weibull(*p), (OTHER, POSITIVE), ABOVE),
    "TransformedDistribution": (
        lambda d, *p: d.TransformedDistribution(d.Normal(*p), [d.AffineTransform(1.0, -2.0), d.SigmoidTransform()]),
        (REAL, POSITIVE),
        WITHIN,
    ),
    "TransformedDistribution of vectors": (
        lambda d, *p: d.TransformedDistribution(d.Normal(*p), [d.StickBreakingTransform()]),
        (REAL[:2], POSITIVE),
        SHARES,
    ),
    "RelaxedBernoulli": (lambda d, t, x: d.RelaxedBernoulli(t, logits=x), (np.array(0.7), ODDS), WITHIN),
    "RelaxedOneHotCategorical": (
        lambda d, t, x: d.RelaxedOneHotCategorical(t, probs=x),
        (np.array(0.7), ABOVE),
        SHARES,
    ),
    "MixtureSameFamily": (
        lambda d, w, *p: d.MixtureSameFamily(d.Categorical(w), d.Normal(*p)),
        (ABOVE[0], REAL, POSITIVE),
        X[0, :2],
    ),
    "MixtureSameFamily of vectors": (
        lambda d, w, *p: d.MixtureSameFamily(d.Categorical(logits=w), d.Independent(d.Normal(*p), 1)),
        (ODDS[0, :2], REAL, POSITIVE),
        X,
    ),
}
NO_CDF = {
    "StudentT", "Poisson", "Beta", "Dirichlet", "Bernoulli", "Geometric", "Binomial", "NegativeBinomial", "Categorical",
    "OneHotCategorical", "Multinomial", "MultivariateNormal", "Independent", "RelaxedOneHotCategorical",
    "RelaxedBernoulli", "TransformedDistribution of vectors", "MixtureSameFamily of vectors",
}  # fmt: skip
NO_ENTROPY = {"Poisson", "NegativeBinomial", "TransformedDistribution", "Relaxed", "MixtureSameFamily"}
NO_MOMENTS = {"TransformedDistribution", "Relaxed"}
cases = pytest.mark.parametrize("name", CASES)


def has(name: str, lacking: set[str]) -> bool:
    return (
        name not in lacking
        and name.split(" of ", maxsplit=1)[0] not in lacking
        and not name.startswith(tuple(lacking & {"Relaxed"}))
    )


def made(name: str, *, grad: bool = False, dtype: str = "float64") -> Any:
    make, parameters, _ = CASES[name]
    return make(D, *(ag.tensor(p.astype(dtype), requires_grad=grad) for p in parameters))
