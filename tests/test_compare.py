"""Comparison: values, dtypes, NaN, and numbers beside tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import errors

NAN, INF = math.nan, math.inf
FLOATS = [np.float32, np.float64]
both = pytest.mark.parametrize("dtype", FLOATS)


LEFT, RIGHT = [1.0, 2.0, NAN, INF, -0.0], [1.0, 3.0, NAN, -INF, 0.0]


@both
@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("eq", lambda a, b: a == b),
        ("ne", lambda a, b: a != b),
        ("lt", lambda a, b: a < b),
        ("le", lambda a, b: a <= b),
        ("gt", lambda a, b: a > b),
        ("ge", lambda a, b: a >= b),
        ("logical_and", lambda a, b: bool(a) and bool(b)),
        ("logical_or", lambda a, b: bool(a) or bool(b)),
        ("logical_xor", lambda a, b: bool(a) != bool(b)),
    ],
)
def test_comparison_gives_booleans_without_history(
    name: str, oracle: Callable[[float, float], bool], dtype: Any
) -> None:
    x = ag.tensor(np.array(LEFT, dtype), requires_grad=True)
    out = getattr(ag, name)(x, ag.tensor(np.array(RIGHT, dtype)))
    assert out.dtype == np.bool_
    assert out.node is None
    assert out.tolist() == [oracle(a, b) for a, b in zip(LEFT, RIGHT, strict=True)]
    assert getattr(ag, name)(ag.zeros(0), ag.zeros(0)).tolist() == []


def test_a_number_is_compared_in_the_dtype_of_the_tensor() -> None:
    assert (ag.tensor([0.1]) == 0.1).tolist() == [True]
    assert (ag.tensor([1, 2]) < 1.5).tolist() == [True, False]
    assert (ag.tensor([1], dtype=ag.uint8) == 300).tolist() == [False]


def test_kinds_of_numbers() -> None:
    x = ag.tensor([0.0, NAN, INF, -INF])
    assert ag.isnan(x).tolist() == [False, True, False, False]
    assert ag.isinf(x).tolist() == [False, False, True, True]
    assert ag.isfinite(x).tolist() == [True, False, False, False]
    assert ag.isfinite(ag.tensor([1, 2])).tolist() == [True, True]
    assert ag.isposinf(x).tolist() == [False, False, True, False]
    assert ag.isneginf(x).tolist() == [False, False, False, True]
    assert ag.isreal(x).tolist() == [True] * 4
    assert ag.signbit(ag.tensor([0.0, -0.0, -1.0, INF])).tolist() == [False, True, True, False]
    for function in (ag.isposinf, ag.isneginf, ag.signbit):
        assert function(ag.tensor([1, 0])).tolist() == function(ag.tensor([True, False])).tolist() == [False, False]
    assert ag.signbit(ag.tensor([-1, 0])).tolist() == [True, False]
    assert ag.logical_not(ag.tensor([0.0, 2.0])).tolist() == [True, False]


def test_bitwise_logic_of_masks_and_integers() -> None:
    a, b = ag.tensor([True, True, False]), ag.tensor([True, False, False])
    assert (a & b).tolist() == [True, False, False]
    assert (a | b).tolist() == [True, True, False]
    assert (a ^ b).tolist() == [False, True, False]
    assert (~a).tolist() == [False, False, True]
    assert (ag.tensor([6]) & 3).tolist() == [2]
    with pytest.raises(
        TypeError, match=r"bitwise_and: the operands are of dtype float32: expected integers; use \.long\(\)"
    ):
        ag.ones(1) & ag.ones(1)


def test_shifts_and_divisors_of_integers() -> None:
    n = ag.tensor([12, -7, 1])
    assert (n << 2).tolist() == [48, -28, 4]
    assert (n >> 1).tolist() == [6, -4, 0]
    assert (1 << ag.tensor([3, 0])).tolist() == [8, 1]
    assert (100 >> ag.tensor([3, 0])).tolist() == [12, 100]
    n <<= 1
    n >>= 2
    assert n.tolist() == [6, -4, 0]
    small = ag.tensor([-128, 3, 127], dtype=ag.int8)  # too far, or backwards
    assert (small << ag.tensor([8, -1, 7], dtype=ag.int8)).tolist() == [0, 0, -128]
    assert (small >> ag.tensor([8, -1, 7], dtype=ag.int8)).tolist() == [-1, 0, 0]
    assert ag.gcd(ag.tensor([12, -8, 0]), ag.tensor([18, 12, 0])).tolist() == [6, 4, 0]
    assert ag.lcm(ag.tensor([4, -6, 0]), ag.tensor([10, 4, 5])).tolist() == [20, 12, 0]
    assert ag.gcd(small, ag.tensor(2)).dtype == np.int8  # a 0-d tensor decides nothing
    assert (small & ag.tensor(3)).dtype == np.int8
    assert (ag.tensor([True, False]) | 2).tolist() == [3, 2]
    for name in ("bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"):
        with pytest.raises(errors.DtypeError, match=f"{name}: the operands are of dtype float32: expected integers"):
            getattr(ag, name)(n, 0.5)
        assert getattr(ag, name)(ag.zeros(0, dtype=ag.int64), 3).shape == (0,)


def test_nearness() -> None:
    x, y = ag.tensor([1.0, 2.0, INF, NAN]), ag.tensor([1.0 + 1e-6, 2.1, INF, NAN])
    assert ag.isclose(x, y).tolist() == [True, False, True, False]
    assert ag.isclose(x, y, equal_nan=True).tolist() == [True, False, True, True]
    assert ag.isclose(ag.tensor([INF]), ag.tensor([-INF]), rtol=INF).tolist() == [False]
    assert ag.isclose(ag.tensor([100]), ag.tensor([101]), rtol=0.02).tolist() == [True]
    assert ag.isclose(ag.tensor([0], dtype=ag.uint8), ag.tensor([1], dtype=ag.uint8)).tolist() == [False]
    assert ag.isclose(ag.tensor([2**62 + 1]), ag.tensor([2**62]), rtol=0, atol=0).tolist() == [False]
    assert ag.allclose(x, y, atol=1, equal_nan=True) is True
    assert ag.allclose(x, y) is False
    assert ag.equal(x[:3], x[:3].clone()) is True
    assert ag.equal(x, x) is False
    assert ag.equal(ag.ones(2), ag.ones(1, 2)) is False
    assert ag.equal(ag.zeros(0), ag.zeros(0)) is True
