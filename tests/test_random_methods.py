"""Random numbers written into a tensor, and drawn with the probabilities that are in one."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Generator
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

DTYPES = (ag.float32, ag.float64, ag.int8, ag.int16, ag.int32, ag.int64, ag.uint8, ag.bool)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def draws(generator: Generator | None) -> list[Any]:
    x, options = ag.empty(3), {"generator": generator}
    means = ag.tensor([1.0, 20.0])
    return [
        x.bernoulli_(0.3, **options).tolist(), x.random_(**options).tolist(), x.random_(5, **options).tolist(),
        x.random_(-3, 3, **options).tolist(), x.exponential_(2, **options).tolist(), x.geometric_(0.1, **options).tolist(),
        x.log_normal_(0, 1, **options).tolist(), x.cauchy_(1, 2, **options).tolist(), ag.normal(means, 1, **options).tolist(),
        ag.bernoulli(means / 40, **options).tolist(), ag.poisson(means, **options).tolist(),
        ag.randint_like(x, 1, 9, **options).tolist(), ag.multinomial(means, 5, True, **options).tolist(),
        ag.multinomial(means, 2, **options).tolist(), means.multinomial(1, **options).tolist(),
        (means / 40).bernoulli(**options).tolist(),
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_draws() -> None:
    ag.manual_seed(5)
    first = draws(None)
    ag.manual_seed(5)
    assert draws(None) == first == draws(Generator(5)) != draws(Generator(6))


N = 40_000
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
@pytest.mark.parametrize(
    ("fill", "quantile"),
    [
        (lambda x: x.exponential_(2), lambda q: -math.log(1 - q) / 2),
        (lambda x: x.cauchy_(3, 2), lambda q: 3 + 2 * math.tan(math.pi * (q - 0.5))),
        (lambda x: x.random_(0, 1000), lambda q: 1000 * q),
        (lambda x: x.log_normal_(1, 2).log(), lambda q: 1 + 2 * NormalDist().inv_cdf(q)),
    ],
    ids=["exponential", "cauchy", "random", "log_normal"],
)  # fmt: skip
def test_continuous_fills_have_their_quantiles(fill: Any, quantile: Any, dtype: Any) -> None:
    x = fill(ag.empty(N, dtype=dtype))
    assert x.dtype == dtype
    below = [float((x.array <= quantile(q)).mean()) for q in QUANTILES]
    np.testing.assert_allclose(below, QUANTILES, atol=0.012)


@pytest.mark.parametrize("dtype", [ag.float32, ag.int64, ag.uint8], ids=str)
def test_discrete_fills_have_their_frequencies(dtype: Any) -> None:
    x = ag.empty(N, dtype=dtype)
    assert abs(float(x.bernoulli_(0.3).double().mean()) - 0.3) < 0.01
    assert set(np.unique(x.array)) == {0, 1}
    x.geometric_(0.5)
    np.testing.assert_allclose([(x.array == k).mean() for k in (1, 2, 3)], [0.5, 0.25, 0.125], atol=0.012)
    assert set(np.unique(x.random_(2, 5).array)) == {2, 3, 4}
    assert x.bernoulli_(ag.tensor(1.0)).min() == 1
    assert ag.empty(2, N, dtype=dtype).bernoulli_(ag.tensor([[0.0], [1.0]])).double().mean(1).tolist() == [0, 1]
    assert x.dtype == dtype


@each_dtype
def test_random_goes_up_to_the_largest_exact_number(dtype: Any) -> None:
    x = ag.empty(1000, dtype=dtype).random_()
    largest = (
        1
        if dtype == ag.bool
        else 2**24
        if dtype == ag.float32
        else 2**53
        if dtype == ag.float64
        else ag.iinfo(dtype).max
    )
    assert 0.9 * largest < float(x.max()) <= largest
    assert float(x.min()) <= 0.1 * largest


def test_what_was_there_before_a_fill_gets_no_gradient() -> None:
    x = ag.ones(3, requires_grad=True)
    y = x * 2
    y.exponential_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_draws_of_tensors() -> None:
    p = ag.tensor([0.0, 0.25, 1.0]).expand(N, 3)
    np.testing.assert_allclose(ag.bernoulli(p).mean(0).array, [0, 0.25, 1], atol=0.01)
    np.testing.assert_allclose(ag.bernoulli(p, 0.5).mean(0).array, [0.5] * 3, atol=0.01)
    means = ag.tensor([0.0, 3.0, 50.0], dtype="float64").expand(N, 3)
    counts = ag.poisson(means)
    assert counts.dtype == ag.float64
    np.testing.assert_allclose(counts.mean(0).array, [0, 3, 50], atol=0.2)
    np.testing.assert_allclose(counts.var(0).array, [0, 3, 50], atol=1.5)
    drawn = ag.normal(means, ag.tensor([[1.0], [2.0]]).repeat(N // 2, 1).double())
    assert (drawn.shape, drawn.dtype) == ((N, 3), ag.float64)
    np.testing.assert_allclose(drawn.mean(0).array, [0, 3, 50], atol=0.05)
    np.testing.assert_allclose(drawn[::2].std(0).array, [1, 1, 1], atol=0.03)
    assert ag.normal(1.0, ag.zeros(2)).tolist() == [1, 1]
    assert ag.normal(2.0, 0.0, (2, 1), dtype=ag.float64).tolist() == [[2], [2]]
    like = ag.randint_like(ag.zeros(2, N, dtype=ag.float64), 3, 5)
    assert (like.shape, like.dtype, set(np.unique(like.array))) == ((2, N), ag.float64, {3, 4})


def test_multinomial_draws_in_proportion() -> None:
    weights = ag.tensor([[1.0, 0.0, 3.0, 4.0], [0.0, 5.0, 0.0, 5.0]])
    drawn = ag.multinomial(weights, N, replacement=True)
    assert drawn.dtype == ag.int64
    shares = [np.bincount(row, minlength=4) / N for row in drawn.array]
    np.testing.assert_allclose(shares, [[0.125, 0, 0.375, 0.5], [0, 0.5, 0, 0.5]], atol=0.012)
    pairs = ag.multinomial(weights[0].expand(N, 4), 2)
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert not (pairs == 1).any()
    np.testing.assert_allclose(
        [(pairs[:, 0] == k).double().mean().item() for k in range(4)], [0.125, 0, 0.375, 0.5], atol=0.012
    )
    first = pairs[pairs[:, 0] == 3][:, 1]  # what follows a 3 is drawn from the rest
    np.testing.assert_allclose([(first == k).double().mean().item() for k in (0, 2)], [0.25, 0.75], atol=0.015)
    assert ag.multinomial(weights[1], 2).sort()[0].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.exponential_(0), ArgumentError, "exponential_: lambd is 0: expected a positive number"),
        (lambda x: x.cauchy_(0, -1), ArgumentError, "cauchy_: sigma is -1: expected a positive number"),
        (lambda x: x.log_normal_(0, 0), ArgumentError, "log_normal_: std is 0: expected a positive number"),
        (lambda x: x.geometric_(1), ArgumentError, "geometric_: p is 1: expected a probability above 0 and below 1"),
        (lambda x: x.bernoulli_(1.5), ArgumentError, "bernoulli_: p is 1.5: expected probabilities from 0 to 1"),
        (lambda x: x.random_(3, 3), ArgumentError, r"random_: no whole number is in \[3, 3\); give from_ below to"),
        (lambda x: x.random_(0), ArgumentError, r"random_: no whole number is in \[0, 0\)"),
        (lambda x: x.long().exponential_(), DtypeError, "exponential_: this tensor is int64; only floating tensors"),
        (lambda x: x.long().cauchy_(), DtypeError, "cauchy_: this tensor is int64"),
        (lambda x: x.long().log_normal_(), DtypeError, "log_normal_: this tensor is int64"),
        (lambda x: ag.bernoulli(x + 2), ArgumentError, "expected probabilities from 0 to 1"),
        (lambda x: ag.bernoulli(x.long()), DtypeError, "bernoulli: input has dtype int64, expected probabilities"),
        (lambda x: ag.poisson(x - 1), ArgumentError, "poisson: input has negative or NaN elements; means are 0 or more"),
        (lambda x: ag.poisson(x.long()), DtypeError, "poisson: input has dtype int64, expected floating"),
        (lambda x: ag.normal(x, 1, (2,)), ArgumentError, r"normal: size is \(2,\); give it if mean and std are numbers"),
        (lambda x: ag.normal(0, 1), ArgumentError, "normal: size is None"),
        (lambda x: ag.normal(x, -1), ArgumentError, "normal: std is -1: expected non-negative numbers"),
        (lambda x: ag.normal(x.long(), 1), DtypeError, "dtype is int64: expected float32 or float64"),
        (lambda x: ag.multinomial(x, 1), ArgumentError, "a row of input has negative, infinite or NaN weights"),
        (lambda x: ag.multinomial(x + 1, 3), ArgumentError, "num_samples=3 must be 1 or more, and .* at most 2"),
        (lambda x: ag.multinomial(x + 1, 0, True), ArgumentError, "num_samples=0 must be 1 or more"),
        (lambda x: ag.multinomial(x[None, None] + 1, 1), ShapeError, r"multinomial: input has shape \(1, 1, 2\), expected"),
        (lambda x: ag.multinomial(x.long(), 1), DtypeError, "multinomial: input has dtype int64, expected floating weights"),
    ],
)  # fmt: skip
def test_bad_distributions_are_explained(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(ag.zeros(2))
