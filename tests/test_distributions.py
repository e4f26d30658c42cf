"""Distributions: densities, entropies and moments against PyTorch, scipy and sums; samples; checks of what is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

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


# ------------------------------------------------------------------------------------------------------ beside PyTorch


@cases
def test_log_prob_is_pytorchs_to_second_order(name: str) -> None:
    make, parameters, value = CASES[name]

    def call(lib: Any, x: Any, *p: Any) -> Any:
        return make(lib.distributions, *p).log_prob(x)

    agree(call, value, *parameters, rtol=1e-7, atol=1e-9, order=0 if name.startswith("Relaxed") else 2)
    agree(lambda lib, *p: call(lib, lib.tensor(value), *p), *parameters, rtol=1e-7, atol=1e-9)


@cases
def test_log_prob_is_differentiable_twice(name: str) -> None:
    make, parameters, value = CASES[name]
    tensors = [ag.tensor(p, requires_grad=True) for p in parameters]

    def total(*p: Any) -> Any:
        return make(D, *p).log_prob(ag.tensor(value)).sum()

    assert ag.gradcheck(total, tensors)
    assert ag.gradgradcheck(total, tensors)


@cases
def test_entropy_and_moments_are_pytorchs_to_second_order(name: str) -> None:
    make, parameters, _ = CASES[name]
    if has(name, NO_ENTROPY):
        agree(lambda lib, *p: make(lib.distributions, *p).entropy(), *parameters, rtol=1e-7, atol=1e-9)
        agree(lambda lib, *p: make(lib.distributions, *p).perplexity(), *parameters, rtol=1e-7, atol=1e-9, order=0)
    if has(name, NO_MOMENTS):
        few = name == "StudentT of few degrees"  # PyTorch divides 0 by 0 in what it does not choose
        for of in ("mean", "variance", "stddev"):
            agree(
                lambda lib, *p, of=of: getattr(make(lib.distributions, *p), of),
                *parameters, rtol=1e-7, atol=1e-9, order=0 if few or of == "stddev" else 2,
            )  # fmt: skip
    if has(name, {"Uniform", "TransformedDistribution", "Relaxed", "MixtureSameFamily", "Multinomial", "Weibull"}):
        agree(lambda lib, *p: make(lib.distributions, *p).mode, *parameters, rtol=1e-9, order=0)


@cases
def test_cdf_and_icdf_are_pytorchs(name: str) -> None:
    make, parameters, value = CASES[name]
    if not has(name, NO_CDF):
        with pytest.raises(NotImplementedError):
            made(name).cdf(ag.tensor(value))
        return
    if name in ("Gamma", "Chi2", "InverseGamma"):  # of which PyTorch has no gradient for the concentration
        agree(lambda lib, x: make(lib.distributions, *map(lib.tensor, parameters)).cdf(x), value, rtol=1e-9)
        assert ag.gradcheck(
            lambda *p: make(D, *p).cdf(ag.tensor(value)), [ag.tensor(p, requires_grad=True) for p in parameters]
        )
        return
    agree(lambda lib, x, *p: make(lib.distributions, *p).cdf(x), value, *parameters, rtol=1e-7, atol=1e-9)
    if name != "MixtureSameFamily":
        agree(lambda lib, u, *p: make(lib.distributions, *p).icdf(u), WITHIN, *parameters, rtol=1e-7, atol=1e-9)
        d = made(name)
        np.testing.assert_allclose(d.cdf(d.icdf(ag.tensor(WITHIN))).array, WITHIN, rtol=1e-9)


@cases
def test_shapes_and_support_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    make, parameters, value = CASES[name]
    ours, theirs = made(name), make(torch.distributions, *(torch.tensor(p) for p in parameters))
    assert ours.batch_shape == tuple(theirs.batch_shape)
    assert ours.event_shape == tuple(theirs.event_shape)
    assert ours.has_rsample == theirs.has_rsample
    assert ours.has_enumerate_support == theirs.has_enumerate_support
    if ours.has_enumerate_support:
        for expand in (True, False):
            wanted = theirs.enumerate_support(expand)
            np.testing.assert_array_equal(ours.enumerate_support(expand).array, wanted)
            assert f"torch.{ours.enumerate_support().dtype}" == str(wanted.dtype)
    for shift in (0.0, 0.5, -4.0):
        x = value + shift
        np.testing.assert_array_equal(ours.support.check(ag.tensor(x)).data, theirs.support.check(torch.tensor(x)))


# ------------------------------------------------------------------------------------------------------------- samples


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
    weights = ag.tensor(rng.normal(size=(*d.batch_shape, *d.event_shape)))
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


# ---------------------------------------------------------------------------------------------------- golden and naive


def test_golden_numbers() -> None:
    two = ag.tensor(2.0, dtype=ag.float64)
    np.testing.assert_allclose(D.Normal(two, 3.0).log_prob(two + 3).item(), -0.5 - math.log(3 * math.sqrt(2 * math.pi)))
    np.testing.assert_allclose(D.Bernoulli(two / 8).entropy().item(), 0.5623351446188083)
    np.testing.assert_allclose(D.Categorical(ag.tensor([1.0, 1.0, 2.0])).entropy().item(), 1.5 * math.log(2), rtol=1e-6)
    np.testing.assert_allclose(D.Beta(two, two).log_prob(two / 4).item(), math.log(1.5))
    np.testing.assert_allclose(D.Gamma(two, two).entropy().item(), 0.8840684843415857)
    np.testing.assert_allclose(
        D.Multinomial(3, ag.tensor([0.5, 0.5])).log_prob(ag.tensor([1.0, 2.0])).exp().item(), 0.375
    )
    np.testing.assert_allclose(D.Cauchy(0.0, two).entropy().item(), math.log(8 * math.pi))


@pytest.mark.parametrize("name", ["Bernoulli", "Binomial", "Categorical", "OneHotCategorical"])
def test_probabilities_of_an_enumerated_support_sum_to_1(name: str) -> None:
    d = made(name)
    np.testing.assert_allclose(d.log_prob(d.enumerate_support()).exp().sum(0).array, 1)


@pytest.mark.parametrize(
    "name", ["Normal", "Laplace", "Gumbel", "StudentT", "Gamma", "LogNormal", "Weibull", "HalfNormal", "Beta"]
)
def test_densities_integrate_to_1_and_entropy_is_the_mean_log(name: str) -> None:
    integrate = pytest.importorskip("scipy.integrate")
    d = made(name)
    d = type(d)(*(getattr(d, p)[0, 0] if getattr(d, p).ndim == 2 else getattr(d, p)[0] for p in d.arg_constraints))
    ends = {"Beta": (0, 1)}.get(name, (-np.inf if name in ("Normal", "Laplace", "Gumbel", "StudentT") else 0, np.inf))

    def density(x: float) -> float:
        return float(np.exp(d.log_prob(ag.tensor(x, dtype=ag.float64)).array))

    def share(x: float) -> float:
        p = density(x)
        return -p * math.log(p) if p else 0.0

    assert abs(integrate.quad(density, *ends)[0] - 1) < 1e-6
    assert abs(integrate.quad(share, *ends)[0] - d.entropy().item()) < 1e-5


# -------------------------------------------------------------------------------------------------------------- expand


@cases
def test_expand_repeats_the_batch(name: str) -> None:
    d = made(name)
    x = d.sample((4,))
    wide = d.expand((4, *d.batch_shape)) if d.batch_shape else d.expand((4,))
    assert wide.batch_shape == (4, *d.batch_shape)
    assert wide.event_shape == d.event_shape
    assert type(wide) is type(d)
    assert wide.sample((2,)).shape == (2, 4, *d.batch_shape, *d.event_shape)
    np.testing.assert_allclose(wide.log_prob(x).array, d.log_prob(x).array, rtol=1e-12)
    if has(name, NO_MOMENTS):
        assert wide.mean.shape == (4, *d.batch_shape, *d.event_shape)


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: D.Normal(0.0, -1.0), r"Normal: scale is -1.*expected values in greater_than\(lower_bound=0.0\)"),
        (lambda: D.Normal([0.0], 1.0), r"loc is a list: expected a tensor or a number; use ag.tensor"),
        (lambda: D.Normal(ag.tensor(float("nan")), 1.0), "Normal: loc is nan"),
        (lambda: D.Bernoulli(), "Bernoulli: probs is None and logits is None: give one of the two"),
        (lambda: D.Bernoulli(1.5), "Bernoulli: probs is 1.5: expected values in interval"),
        (lambda: D.Bernoulli(0.5, 0.5), "give one of the two, and not both"),
        (lambda: D.Categorical(ag.tensor(1.0)), r"Categorical: probs is 1.*expected shape \(..., K\)"),
        (lambda: D.Categorical(ag.tensor([-1.0, 3.0])), "Categorical: probs is .* expected values in Simplex"),
        (lambda: D.Uniform(1.0, 1.0), "Uniform: low is 1.* and high is 1.*: expected low < high"),
        (lambda: D.Geometric(0.0), "Geometric: probs is 0.*: without a chance"),
        (lambda: D.Dirichlet(ag.tensor(1.0)), r"Dirichlet: concentration is 1.*expected shape \(..., K\)"),
        (lambda: D.Multinomial(1.5, ag.ones(2)), "Multinomial: total_count is 1.5: expected a Python integer"),
        (lambda: D.MultivariateNormal(ag.zeros(2)), "no matrix given: expected exactly one of"),
        (lambda: D.MultivariateNormal(ag.zeros(3), ag.eye(2)), r"loc has shape \(3,\) and covariance_matrix \(2, 2\)"),
        (lambda: D.MultivariateNormal(ag.zeros(2), ag.tensor([[1.0, 2.0], [2.0, 1.0]])), "covariance_matrix is"),
        (lambda: D.Independent(D.Normal(0.0, 1.0), 1), r"reinterpreted_batch_ndims is 1: expected 0 to 0"),
        (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), [1]), "expected a Transform or a list"),
        (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), D.SoftmaxTransform()), "events of 1 dims; expand the base"),
        (lambda: D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(0.0, 1.0)), "mixture_distribution is a Normal"),
        (lambda: D.MixtureSameFamily(D.Categorical(ag.ones(2)), D.Normal(ag.zeros(3), 1.0)), "the weights have shape"),
        (lambda: D.Normal(0.0, 1.0).log_prob(1.0), "Normal: value is a float: expected a tensor"),
        (lambda: D.Normal(ag.zeros(2), 1.0).log_prob(ag.zeros(3)), r"value has shape \(3,\): it must broadcast"),
        (lambda: D.Dirichlet(ag.ones(2)).log_prob(ag.tensor([0.5, 0.6])), "expected values in the support, Simplex"),
        (lambda: D.Poisson(1.0).log_prob(ag.tensor(0.5)), "Poisson: value is 0.5"),
        (lambda: D.Distribution.set_default_validate_args(2), "value is 2: expected True or False"),
        (lambda: D.ExpTransform(2), "ExpTransform: cache_size is 2: expected 0 or 1"),
        (lambda: D.constraints.dependent.check(ag.ones(1)), "cannot be checked alone"),
    ],
)  # fmt: skip
def test_bad_input_is_named(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_without_validation_everything_goes() -> None:
    d = D.Normal(0.0, -1.0, validate_args=False)
    assert np.isnan(d.log_prob(ag.tensor(0.0)).item())
    before = D.Distribution._validate_args
    try:
        D.Distribution.set_default_validate_args(False)
        assert D.Uniform(0.0, 1.0).log_prob(ag.tensor(2.0)).item() == -math.inf
        assert D.HalfNormal(1.0).log_prob(ag.tensor(-1.0)).item() == -math.inf
    finally:
        D.Distribution.set_default_validate_args(before)


def test_what_a_distribution_lacks_it_says() -> None:
    for what in ("mode", "mean", "variance"):
        with pytest.raises(NotImplementedError, match=f"Distribution has not a {what}"):
            getattr(D.Distribution(), what)
    with pytest.raises(NotImplementedError, match="Poisson has not an rsample"):
        D.Poisson(1.0).rsample()
    with pytest.raises(NotImplementedError, match="several numbers of trials"):
        D.Binomial(ag.tensor([1.0, 2.0]), 0.5).enumerate_support()


def test_float32_parameters_keep_their_dtype_and_numbers_take_the_default() -> None:
    assert D.Normal(0.0, 1).loc.dtype == ag.float32
    assert D.Normal(ag.tensor(0.0, dtype=ag.float64), 1).scale.dtype == ag.float64
    assert D.Categorical(logits=ag.zeros(3)).entropy().dtype == ag.float32
    assert repr(D.Normal(ag.zeros(2), 1.0)) == "Normal(loc: (2,), scale: (2,))"
    assert repr(D.Chi2(ag.ones(2))) == "Chi2(df: (2,))"
    assert repr(D.LogNormal(0.0, ag.ones(2))) == "LogNormal(loc: (2,), scale: (2,))"
    assert repr(D.Independent(D.Bernoulli(ag.ones(2)), 1)) == "Independent(Bernoulli(probs: (2,)), 1)"


def test_an_empty_batch() -> None:
    none = ag.zeros(0)
    for d in (D.Normal(none, 1.0), D.Gamma(none + 1, 1.0), D.Beta(none + 1, 1.0), D.Bernoulli(none), D.Poisson(none)):
        x = d.sample((3,))
        assert x.shape == (3, 0)
        assert d.log_prob(x).shape == (3, 0)
    for d in (D.Categorical(ag.ones(0, 4)), D.Dirichlet(ag.ones(0, 4)), D.MultivariateNormal(ag.ones(0, 2), ag.eye(2))):
        assert d.sample((3,)).shape[:2] == (3, 0)
        assert d.entropy().shape == (0,)


def test_a_distribution_of_ones_own_without_a_support_warns() -> None:
    class Mine(D.Normal):
        support = None

    with pytest.warns(UserWarning, match="Mine has no support, so values are not checked"):
        Mine(0.0, 1.0).log_prob(ag.tensor(0.0))


def test_a_kept_property_is_recorded_even_under_no_grad() -> None:
    logits = ag.zeros(3, requires_grad=True)
    d = D.Categorical(logits=logits)
    d.sample()
    assert d.probs.requires_grad
    assert d.probs is d.probs


def test_a_policy_gradient_program() -> None:
    """The score function of PyTorch's documentation: -log_prob(action) * reward."""
    logits = ag.tensor([0.0, 1.0], requires_grad=True)
    m = D.Categorical(logits=logits)
    (-m.log_prob(ag.tensor(1)) * 2.0).backward()
    np.testing.assert_allclose(logits.grad.array, 2 * (m.probs.array - np.array([0, 1])), rtol=1e-6)
