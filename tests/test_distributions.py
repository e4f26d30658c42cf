"""Distributions: densities, entropies and moments against PyTorch, golden numbers and sums; expansion, and wrong input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beside_torch import agree
from distribution_cases import CASES, NO_CDF, NO_ENTROPY, NO_MOMENTS, WITHIN, cases, has, made

import autograd_core as ag
from autograd_core import distributions as D

# ------------------------------------------------------------------------------------------------------- beside PyTorch


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


# ----------------------------------------------------------------------------------------------------- golden and naive


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


# --------------------------------------------------------------------------------------------------------------- expand


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


# ------------------------------------------------------------------------------------------------ bad input and corners


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
