"""Random tensors: their distributions, seeds, and the state of generators."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import Generator
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

both = pytest.mark.parametrize("dtype", ["float32", "float64"])


@both
def test_random_numbers_are_those_of_their_distribution(dtype: str) -> None:
    n = 200_000
    u, z = ag.rand(n, dtype=dtype), ag.randn(n, dtype=dtype)
    assert u.dtype == z.dtype == dtype
    assert u.array.min() >= 0
    assert u.array.max() < 1
    assert u.array.mean() == pytest.approx(0.5, abs=0.01)
    assert u.array.var() == pytest.approx(1 / 12, abs=0.005)
    assert z.array.mean() == pytest.approx(0, abs=0.02)
    assert z.array.var() == pytest.approx(1, abs=0.02)
    assert (abs(z.array) < 1).mean() == pytest.approx(0.6827, abs=0.01)
    w = ag.empty(n, dtype=dtype).normal_(3.0, 0.5)
    assert w.array.mean() == pytest.approx(3, abs=0.02)
    assert w.array.std() == pytest.approx(0.5, abs=0.01)
    v = ag.empty(n, dtype=dtype).uniform_(-2.0, 4.0)
    assert v.array.min() >= -2
    assert v.array.max() < 4
    assert v.array.mean() == pytest.approx(1, abs=0.03)


def test_uniform_never_reaches_its_upper_end() -> None:
    class Highest:
        """Draws the number below 1 that float32 rounds up to 1."""

        def uniform(self, a: float, b: float, shape: Any) -> Any:
            return np.full(shape, np.nextafter(b, a))

    generator = Generator(0)
    generator.numpy = Highest()  # type: ignore[assignment]
    assert ag.empty(3).uniform_(0, 1, generator=generator).array.max() < 1
    assert ag.empty(3).uniform_(2, 2, generator=generator).tolist() == [2, 2, 2]


def test_random_integers_and_orders() -> None:
    drawn = ag.randint(-2, 3, (50_000,))
    assert drawn.dtype == "int64"
    values, counts = np.unique(drawn.array, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    np.testing.assert_allclose(counts, 10_000, rtol=0.05)
    assert (
        ag.randint(5, (2, 3)).shape
        == ag.randint(5, size=(2, 3)).shape
        == ag.randint(high=5, size=(2, 3)).shape
        == (2, 3)
    )
    assert ag.randint(0, 5, (2,), dtype="uint8").dtype == "uint8"
    order = ag.randperm(100)
    assert order.dtype == "int64"
    assert order.tolist() != list(range(100))
    assert sorted(order.tolist()) == list(range(100))
    assert ag.randperm(0).shape == (0,)
    assert ag.randperm(3, dtype="int32").dtype == "int32"
    with pytest.raises(ArgumentError, match="high is 3: expected an integer above low, which is 3"):
        ag.randint(3, 3, (2,))
    with pytest.raises(ArgumentError, match=r"high is 2\.5: expected an integer above low"):
        ag.randint(0, 2.5, (2,))  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"size is missing: give the shape of the result, for instance randint\(10"):
        ag.randint(0, 5)
    with pytest.raises(ArgumentError, match="n is -1: expected a non-negative number"):
        ag.randperm(-1)
    for make in (ag.rand, ag.randn):
        with pytest.raises(DtypeError, match="dtype is int64: expected float32 or float64; for integers use randint"):
            make(2, dtype="int64")
    with pytest.raises(DtypeError, match="normal_: this tensor is int64; only floating tensors can hold such numbers"):
        ag.arange(3).normal_()
    with pytest.raises(DtypeError, match="uniform_: this tensor is bool"):
        ag.tensor([True]).uniform_()


def draws(generator: Generator | None = None) -> list[Any]:
    x = ag.zeros(3)
    return [
        ag.rand(3, generator=generator).tolist(), ag.randn(3, generator=generator).tolist(),
        ag.randint(100, (3,), generator=generator).tolist(), ag.randperm(9, generator=generator).tolist(),
        ag.rand_like(x, generator=generator).tolist(), ag.randn_like(x, generator=generator).tolist(),
        x.normal_(generator=generator).tolist(), x.uniform_(generator=generator).tolist(),
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_numbers() -> None:
    ag.manual_seed(11)
    first = draws()
    assert ag.manual_seed(11) is ag.default_generator
    assert draws() == first == draws(Generator(11))
    assert draws() != first
    assert ag.initial_seed() == 11
    before = ag.get_rng_state()
    draws(Generator(1))
    assert ag.get_rng_state() == before, "a generator of one's own leaves the default one alone"
    assert Generator().initial_seed() != Generator().initial_seed()
    assert [float(x) for x in Generator(7).numpy.random(2)] == [0.625095466604667, 0.8972138009695755]


def test_the_state_survives_json() -> None:
    generator = Generator(-3)
    assert generator.initial_seed() == 2**64 - 3
    draws(generator)
    state = json.loads(json.dumps(generator.get_state()))
    expected = draws(generator)
    other = Generator(1)
    other.set_state(state)
    assert draws(other) == expected
    assert other.initial_seed() == 2**64 - 3
    ag.set_rng_state(state)
    assert draws() == expected
    assert repr(Generator(5)) == "Generator(seed=5)"


def test_a_fork_brings_the_generator_back() -> None:
    before = ag.get_rng_state()
    for enabled in (True, False):
        with ag.random.fork_rng(enabled=enabled):
            ag.rand(3)
        assert (ag.get_rng_state() == before) is enabled
    ag.set_rng_state(before)
    ag.random.fork_rng()(ag.rand)(3)
    with pytest.raises(ShapeError), ag.random.fork_rng():
        ag.rand(3) + ag.rand(2)
    assert ag.get_rng_state() == before


def test_a_clone_draws_the_same() -> None:
    one = Generator(5)
    ag.rand(3, generator=one)
    two = one.clone_state()
    assert two.initial_seed() == 5
    assert ag.equal(ag.rand(4, generator=one), ag.rand(4, generator=two))


def test_bad_seeds_and_states() -> None:
    for seed in (2**64, -(2**63) - 1, 1.5):
        with pytest.raises(ArgumentError, match=r"seed is .*: expected an integer, -2\*\*63 to 2\*\*64 - 1"):
            Generator(seed)  # type: ignore[arg-type]
    generator = Generator(4)
    before = generator.get_state()
    for state in ({}, {"seed": 1}, {"bits": before["bits"]}, {"seed": 1, "bits": {"bit_generator": "MT19937"}}, None):
        with pytest.raises(
            ArgumentError, match=r"state is not what get_state\(\) returns .*; pass that dict unchanged"
        ):
            generator.set_state(state)  # type: ignore[arg-type]
        assert generator.get_state() == before
