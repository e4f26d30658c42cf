"""Transforms and constraints: inverses, stretches, shapes and regions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core import distributions as D
from autograd_core.distributions import constraints, transforms

rng = np.random.default_rng(2)
X = rng.normal(size=(2, 3))

TRANSFORMS = {
    "ExpTransform()": X,
    "AffineTransform(1.0, -2.0)": X,
    "AffineTransform(0.5, 3.0, event_dim=1)": X,
    "PowerTransform(2.0)": np.abs(X) + 0.2,
    "PowerTransform(-0.5)": np.abs(X) + 0.2,
    "SigmoidTransform()": X,
    "TanhTransform()": X,
    "SoftplusTransform()": X,
    "StickBreakingTransform()": X,
    "IndependentTransform(transforms.ExpTransform(), 1)": X,
    "ComposeTransform([transforms.AffineTransform(1.0, 2.0), transforms.ExpTransform()])": X,
    "ComposeTransform([transforms.ExpTransform(), transforms.StickBreakingTransform()])": X,
    "ComposeTransform([])": X,
    "ExpTransform().inv": np.abs(X) + 0.2,
    "TanhTransform().inv": X / 4,
}
cases = pytest.mark.parametrize("text", TRANSFORMS)


def made(lib: Any, text: str) -> Any:
    return eval(f"transforms.{text}", {"transforms": lib.distributions.transforms})


@cases
def test_transforms_are_pytorchs_to_second_order(text: str) -> None:
    x = TRANSFORMS[text]

    def both(lib: Any, x: Any) -> Any:
        t = made(lib, text)
        y = t(x)
        stretch = t.log_abs_det_jacobian(x, y)
        return (
            y,
            lib.broadcast_to(lib.as_tensor(stretch), x.shape[: x.ndim - t.domain.event_dim]) + 0 * x.sum(),
            t.inv(y),
        )

    agree(both, x, rtol=1e-8, atol=1e-9)


@cases
def test_the_inverse_and_the_stretch(text: str) -> None:
    t, x = made(ag, text), ag.tensor(TRANSFORMS[text][0], requires_grad=True)
    y = t(x)
    np.testing.assert_allclose(t.inv(y).array, x.array, rtol=1e-9)
    assert t.inv.inv == t
    assert t.domain.check(x.detach()).array.all()
    assert t.codomain.check(y.detach()).array.all()
    assert t.forward_shape(x.shape) == y.shape
    assert t.inverse_shape(y.shape) == x.shape
    matrix = ag.autograd.functional.jacobian(lambda v: t(v)[: x.shape[0]], x).array
    stretch = np.broadcast_to(t.log_abs_det_jacobian(x, y).array, x.shape[: 1 - t.domain.event_dim])
    np.testing.assert_allclose(stretch.sum(), np.linalg.slogdet(matrix)[1], rtol=1e-8, atol=1e-12)
    back = t.inv.log_abs_det_jacobian(y, x)
    np.testing.assert_allclose(back.array, -t.log_abs_det_jacobian(x, y).array)


def test_a_cache_gives_the_very_tensor_back() -> None:
    x = ag.tensor([40.0])
    cached = D.TanhTransform(cache_size=1)
    y = cached(x)
    assert cached.inv(y) is x
    assert cached(x) is y
    assert cached.inv.with_cache(0).inv._cache_size == 0
    assert math.isinf(D.TanhTransform().inv(y).item())
    d = D.TransformedDistribution(D.Normal(0.0, 1.0), [cached])
    assert np.isfinite(d.log_prob(d.rsample()).item())


def test_which_transforms_are_equal() -> None:
    assert D.ExpTransform() == D.ExpTransform()
    assert D.ExpTransform() != D.TanhTransform()
    assert D.ExpTransform().inv == D.ExpTransform().inv
    assert D.ExpTransform().inv != D.ExpTransform()
    assert D.AffineTransform(ag.tensor([1.0]), 2.0) == D.AffineTransform(ag.tensor([1.0]), 2.0)
    assert D.AffineTransform(0.0, 2.0) != D.AffineTransform(0.0, 3.0)
    assert D.ComposeTransform([D.ExpTransform()]) == D.ComposeTransform([D.ExpTransform()])
    assert repr(D.AffineTransform(0.0, 2.0)) == "AffineTransform(loc=0.0, scale=2.0, event_dim=0)"
    assert len({D.ExpTransform(), D.ExpTransform()}) == 1


def test_the_identity_and_what_is_not_bijective() -> None:
    x = ag.tensor([-1.0, 2.0])
    assert D.identity_transform(x) is x
    np.testing.assert_array_equal(D.AbsTransform()(x).array, [1, 2])
    assert not D.AbsTransform().bijective
    y = D.SoftmaxTransform()(x)
    np.testing.assert_allclose(D.SoftmaxTransform()(D.SoftmaxTransform().inv(y)).array, y.array, rtol=1e-6)
    with pytest.raises(NotImplementedError, match="AbsTransform has no log_abs_det_jacobian"):
        D.AbsTransform().log_abs_det_jacobian(x, x)
    with pytest.raises(ValueError, match="a single number cannot be broken"):
        D.StickBreakingTransform().forward_shape(())


def test_a_decreasing_transform_mirrors_the_cdf() -> None:
    d = D.TransformedDistribution(D.Exponential(ag.tensor(1.0)), D.AffineTransform(0.0, -1.0))
    x = ag.tensor([-2.0, -0.5])
    np.testing.assert_allclose(d.cdf(x).array, np.exp(x.array), rtol=1e-6)
    np.testing.assert_allclose(d.icdf(d.cdf(x)).array, x.array, rtol=1e-5)


REGIONS = {
    "real": [0.0, math.nan, math.inf],
    "positive": [0.0, 1.0, -1.0, math.nan],
    "nonnegative": [0.0, 1.0, -1.0],
    "unit_interval": [0.0, 1.0, 1.5],
    "boolean": [0.0, 1.0, 0.5],
    "nonnegative_integer": [0.0, 1.5, -1.0],
    "positive_integer": [0.0, 1.0, 2.5],
    "real_vector": [[0.0, math.nan], [1.0, 2.0]],
    "simplex": [[0.5, 0.5], [0.5, 0.6], [-0.5, 1.5]],
    "one_hot": [[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]],
    "square": [[1.0, 2.0], [3.0, 4.0]],
    "symmetric": [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 2.0], [3.0, 1.0]]],
    "lower_triangular": [[[1.0, 0.0], [2.0, -1.0]], [[1.0, 2.0], [2.0, 1.0]]],
    "lower_cholesky": [[[1.0, 0.0], [2.0, -1.0]], [[1.0, 0.0], [2.0, 1.0]]],
    "positive_semidefinite": [[[1.0, 2.0], [2.0, 1.0]], [[2.0, 1.0], [1.0, 2.0]]],
    "positive_definite": [[[1.0, 2.0], [2.0, 1.0]], [[2.0, 1.0], [1.0, 2.0]]],
    "greater_than(1.0)": [1.0, 2.0],
    "greater_than_eq(1.0)": [1.0, 0.0],
    "less_than(1.0)": [1.0, 0.0],
    "interval(0.0, 1.0)": [1.0, 2.0],
    "half_open_interval(0.0, 1.0)": [0.0, 1.0],
    "integer_interval(1, 3)": [1.0, 1.5, 4.0],
    "multinomial(3)": [[1.0, 2.0], [1.0, 1.0], [-1.0, 4.0]],
    "independent(constraints.positive, 1)": [[1.0, 2.0], [0.0, 1.0]],
}


@pytest.mark.parametrize("text", REGIONS)
def test_constraints_are_pytorchs(text: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (
        eval(f"constraints.{text}", {"constraints": c}) for c in (constraints, torch.distributions.constraints)
    )
    holds = ours.check(ag.tensor(REGIONS[text]))
    np.testing.assert_array_equal(holds.data, theirs.check(torch.tensor(REGIONS[text])))
    assert holds.dtype == ag.bool
    assert (ours.is_discrete, ours.event_dim) == (theirs.is_discrete, theirs.event_dim)


def test_dependent_constraints() -> None:
    assert constraints.is_dependent(D.Uniform.support)
    assert constraints.is_dependent(D.Binomial.support)
    assert D.Binomial.support.is_discrete
    assert not constraints.is_dependent(D.Uniform(0.0, 1.0).support)
    assert repr(constraints.positive) == "greater_than(lower_bound=0.0)"
    with pytest.raises(NotImplementedError, match="Constraint does not say what lies in it"):
        constraints.Constraint().check(ag.ones(1))
    assert transforms.identity_transform.bijective
