"""nn.data: samplers: what they give, in the order of their seed, and what they refuse."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import autograd_core as ag
import nn.data as nd
from autograd_core.errors import ArgumentError


def test_samplers_give_what_they_say() -> None:
    g = ag.Generator(0)
    assert list(nd.SequentialSampler("abc")) == [0, 1, 2]
    for n, expected in ((None, [1] * 5), (3, None), (10, [2] * 5), (12, None)):
        sampler = nd.RandomSampler(range(5), num_samples=n, generator=g)
        drawn = list(sampler)
        assert len(drawn) == len(sampler) == sampler.num_samples == (n or 5)
        times = sorted(Counter(drawn).values())
        assert expected is None or times == expected
        assert max(times) - min([*times, n // 5 if n else 1]) <= 1, "rounds are whole before the next begins"
    drawn = list(nd.RandomSampler(range(5), replacement=True, num_samples=1000, generator=g))
    assert set(drawn) == set(range(5))
    assert max(Counter(drawn).values()) < 260
    subset = nd.SubsetRandomSampler(["a", "c"], generator=g)
    assert (sorted(subset), len(subset)) == (["a", "c"], 2)
    weighted = nd.WeightedRandomSampler([0.0, 1.0, 3.0], 4000, generator=g)
    counts = Counter(weighted)
    assert counts[0] == 0
    assert abs(counts[2] / counts[1] - 3) < 0.4
    for _ in range(20):
        assert sorted(nd.WeightedRandomSampler(ag.tensor([1.0, 0.0, 5.0]), 2, replacement=False)) == [0, 2]
    batches = nd.BatchSampler(nd.SequentialSampler(range(5)), 2, drop_last=True)
    assert (list(batches), len(batches)) == ([[0, 1], [2, 3]], 2)
    assert len(nd.BatchSampler(range(5), 2, drop_last=False)) == 3


def test_the_same_seed_gives_samplers_the_same_order() -> None:
    def drawn(seed: int) -> list[Any]:
        ag.manual_seed(seed)
        return [
            list(make())
            for make in (
                lambda: nd.RandomSampler(range(50)), lambda: nd.SubsetRandomSampler(range(50)),
                lambda: nd.WeightedRandomSampler([1.0] * 50, 50), lambda: nd.RandomSampler(range(50), True),
            )
        ]  # fmt: skip

    assert drawn(3) == drawn(3)
    assert all(a != b for a, b in zip(drawn(3), drawn(4), strict=True))
    sampler = nd.RandomSampler(range(50), generator=ag.Generator(1))
    assert list(sampler) != list(sampler), "each epoch has its own order"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: nd.RandomSampler([1], num_samples=0),
            "num_samples should be a positive integer value, but got num_samp",
        ),
        (lambda: nd.RandomSampler([1], num_samples=1.5), r"num_samples=1\.5"),
        (lambda: nd.RandomSampler([1], replacement=1), "replacement should be a boolean value, but got replacement=1"),
        (lambda: nd.RandomSampler([]), "data_source is empty; give at least one sample"),
        (lambda: nd.WeightedRandomSampler([1.0], True), "num_samples should be a positive integer value.*=True"),
        (lambda: nd.WeightedRandomSampler([1.0], 1, 1), "replacement should be a boolean value"),
        (lambda: nd.WeightedRandomSampler([[1.0]], 1), r"weights should be a 1d sequence, given shape \(1, 1\)"),
        (
            lambda: nd.WeightedRandomSampler([1.0, -1.0], 1),
            r"weights must be finite, none negative.*got tensor\(\[ 1., -1.\]",
        ),
        (lambda: nd.WeightedRandomSampler([0.0], 1), "some positive"),
        (lambda: nd.WeightedRandomSampler([float("nan")], 1), "must be finite"),
        (
            lambda: nd.WeightedRandomSampler([1.0, 0.0], 2, False),
            "num_samples is 2, but only 1 samples have a positive",
        ),
        (lambda: nd.BatchSampler([1], 0, False), "batch_size should be a positive integer value, but got batch_size=0"),
        (lambda: nd.BatchSampler([1], 1, None), "drop_last should be a boolean value, but got drop_last=None"),
    ],
)
def test_samplers_refuse(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make()


def test_a_sampler_must_say_what_it_gives() -> None:
    with pytest.raises(NotImplementedError, match="Sampler must define __iter__"):
        iter(nd.Sampler())
