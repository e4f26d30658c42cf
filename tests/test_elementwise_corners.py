"""Elementwise functions at their corners: zeros, infinities, NaN, ties, and numbers that overflow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from value_and_gradients import arrays, expect

import autograd_core as ag
from autograd_core import errors

NAN, INF = math.nan, math.inf
FLOATS = [np.float32, np.float64]
both = pytest.mark.parametrize("dtype", FLOATS)


def test_powers_at_zero_have_no_nan() -> None:
    value, (dx, dy) = arrays(ag.pow, [0.0, 0.0, 0.0, 2.0, -2.0], [0.0, 1.0, 2.0, 0.0, 2.0])
    assert value.tolist() == [1.0, 0.0, 0.0, 1.0, 4.0]
    assert dx.tolist() == [0.0, 1.0, 0.0, 0.0, -4.0]
    np.testing.assert_allclose(dy, [0.0, 0.0, 0.0, math.log(2), NAN])


@both
def test_a_polynomial_has_derivatives_of_every_order_at_zero(dtype: Any) -> None:
    for power, wanted in ((0, [0.0, 0.0, 0.0]), (1, [1.0, 0.0, 0.0]), (2, [0.0, 2.0, 0.0]), (3, [0.0, 0.0, 6.0])):
        x = ag.tensor(np.zeros(1, dtype), requires_grad=True)
        y, found = x**power, []
        for _ in wanted:
            (y,) = ag.grad(y.sum(), [x], create_graph=True)
            found.append(y.item())
            assert y.dtype == dtype
        assert found == wanted


TIES = [
    ("maximum", [1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [0.0, 0.5, 1.0], [1.0, 0.5, 0.0]),
    ("minimum", [1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [1.0, 0.5, 0.0], [0.0, 0.5, 1.0]),
    ("maximum", [INF, -INF, NAN, 1.0], [INF, -INF, 1.0, NAN], [0.5, 0.5, 1.0, 1.0], [0.5, 0.5, 1.0, 1.0]),
    ("fmax", [1.0, 2.0, 3.0, INF], [2.0, 2.0, 2.0, INF], [0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]),
    ("fmin", [1.0, 2.0, 3.0, INF], [2.0, 2.0, 2.0, INF], [1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]),
    ("fmax", [NAN, 1.0, NAN], [1.0, NAN, NAN], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]),
    ("fmin", [NAN, 1.0, NAN], [1.0, NAN, NAN], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]),
    ("copysign", [3.0, -3.0, 0.0, INF], [-0.0, NAN, -1.0, -1.0], [-1.0, -1.0, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0]),
]


@pytest.mark.parametrize(("name", "x", "y", "dx", "dy"), TIES)
def test_ties_share_the_gradient(name: str, x: Any, y: Any, dx: Any, dy: Any) -> None:
    value, gradients = arrays(getattr(ag, name), x, y)
    np.testing.assert_array_equal(value, getattr(np, name)(x, y))
    assert [g.tolist() for g in gradients] == [dx, dy]


CORNERS: dict[str, tuple[Callable[[Any], Any], list[float], list[float]]] = {
    "abs": (ag.abs, [0.0, -0.0, NAN], [0.0, 0.0, NAN]),
    "clamp": (lambda x: ag.clamp(x, 0, 1), [-1.0, 0.0, 0.5, 1.0, 2.0, NAN], [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]),
    "clamp below": (lambda x: ag.clamp(x, min=0), [-1.0, 0.0, 2.0, NAN], [0.0, 1.0, 1.0, 0.0]),
    "clamp above": (lambda x: ag.clamp(x, max=0), [-1.0, 0.0, 2.0, NAN], [1.0, 1.0, 0.0, 0.0]),
    "elu": (lambda x: ag.elu(x, -1.0), [0.0, 1.0, -INF, NAN], [-1.0, 1.0, 0.0, 1.0]),
    "floor": (ag.floor, [1.5, 2.0], [0.0, 0.0]),
    "nan_to_num": (ag.nan_to_num, [NAN, INF, -INF, 2.0], [0.0, 0.0, 0.0, 1.0]),
    "hardtanh": (ag.hardtanh, [-1.0, 0.5, 1.0, NAN], [0.0, 1.0, 0.0, 0.0]),
    "leaky_relu": (ag.leaky_relu, [-1.0, 0.0, 1.0, NAN], [0.01, 0.01, 1.0, 0.01]),
    "relu": (ag.relu, [-INF, 0.0, INF, NAN], [0.0, 0.0, 1.0, 1.0]),
    "sigmoid": (ag.sigmoid, [-1000.0, 1000.0, -INF, INF], [0.0, 0.0, 0.0, 0.0]),
    "softplus": (ag.softplus, [-1000.0, 1000.0, -INF, INF], [0.0, 1.0, 0.0, 1.0]),
    "logsigmoid": (ag.logsigmoid, [-1000.0, 1000.0, -INF, INF], [1.0, 0.0, 1.0, 0.0]),
    "sqrt": (ag.sqrt, [0.0, INF, -1.0], [INF, 0.0, NAN]),
    "threshold": (lambda x: ag.threshold(x, 1.0, 7.0), [0.0, 1.0, 2.0, NAN], [0.0, 0.0, 1.0, 1.0]),
}


@both
@pytest.mark.parametrize("name", CORNERS)
def test_subgradients_at_corners(name: str, dtype: Any) -> None:
    function, x, wanted = CORNERS[name]
    _, (dx,) = arrays(function, x, dtype=dtype)
    np.testing.assert_allclose(dx, np.array(wanted, dtype))


@pytest.mark.parametrize(
    "closed",
    [ag.relu, lambda x: ag.clamp(x, min=0), ag.relu6, lambda x: ag.maximum(x, 0), lambda x: ag.where(x > 0, x, 0)],
)
def test_a_closed_gate_stops_an_infinite_gradient(closed: Callable[[Any], Any]) -> None:
    _, (dx,) = arrays(lambda x: ag.sqrt(closed(x)), [-1.0, 4.0])
    assert dx.tolist() == [0.0, 0.25]


def test_saturated_values_are_exact() -> None:
    x = ag.tensor([-1000.0, 1000.0])
    assert ag.sigmoid(x).tolist() == [0.0, 1.0]
    assert ag.softplus(x).tolist() == [0.0, 1000.0]
    assert ag.logsigmoid(x).tolist() == [-1000.0, 0.0]
    assert ag.silu(x).tolist() == [-0.0, 1000.0]
    assert ag.gelu(x).tolist() == [-0.0, 1000.0]
    assert ag.mish(x).tolist() == [-0.0, 1000.0]


@both
def test_erf_takes_any_layout(dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(dtype)
    whole = ag.erf(x)
    for view in (np.s_[::2, ::-3], np.s_[1:1], np.s_[2, 3]):
        np.testing.assert_array_equal(ag.erf(np.asarray(x[view])), whole[view])
    np.testing.assert_array_equal(ag.erf(x.T), whole.T)


def test_heaviside_is_a_step_with_a_value_at_zero() -> None:
    value, (dx, dy) = arrays(ag.heaviside, [-1.0, 0.0, -0.0, 2.0, NAN], [5.0, 6.0, 7.0, 8.0, 9.0])
    assert (value.tolist(), dx.tolist(), dy.tolist()) == ([0, 6, 7, 1, 0], [0, 0, 0, 0, 0], [0, 1, 1, 0, 0])
    assert ag.heaviside(ag.tensor([-1, 0, 1]), ag.tensor(7)).tolist() == [0, 7, 1]
    for values, kind in ((ag.tensor([0.5]), "float32"), (0.5, "float")):
        with pytest.raises(
            errors.DtypeError, match=f"heaviside: values has dtype {kind} and input int64: expected the"
        ):
            ag.heaviside(ag.tensor([0]), values)


@both
def test_nan_to_num(dtype: Any) -> None:
    x, big = ag.tensor(np.array([NAN, INF, -INF, 1.5], dtype)), np.finfo(dtype).max
    expect(ag.nan_to_num(x), [0, big, -big, 1.5], dtype)
    expect(ag.nan_to_num(x, 2.0, 3.0, 4.0), [2, 3, 4, 1.5], dtype)
    expect(ag.nan_to_num(x, nan=None, neginf=-INF), [0, big, -INF, 1.5], dtype)
    assert ag.nan_to_num(ag.tensor([1, 2])).tolist() == [1, 2]


def test_clamp_sends_the_gradient_to_the_bound_that_it_takes() -> None:
    x = [0.0, 5.0, 0.0, 5.0, 1.0]
    low, high = [1.0, 0.0, 2.0, 2.0, 1.0], [2.0, 1.0, 1.0, 1.0, 1.0]
    value, gradients = arrays(ag.clamp, x, low, high)
    assert value.tolist() == [1.0, 1.0, 1.0, 1.0, 1.0]
    assert [g.tolist() for g in gradients] == [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 1, 1, 1, 0]]
    assert [g.tolist() for g in arrays(lambda x, low: ag.clamp(x, min=low), [0.0, 2.0], [1.0, 1.0])[1]] == [
        [0, 1],
        [1, 0],
    ]
    assert ag.clamp(ag.tensor([0.0, 9.0]), ag.tensor([1.0, 1.0]), 5).tolist() == [1.0, 5.0]


def test_arguments_are_checked() -> None:
    x = ag.ones(2)
    with pytest.raises(errors.ArgumentError, match="clamp: min and max are both None: expected at least one"):
        ag.clamp(x)
    with pytest.raises(
        errors.DtypeError, match="condition has dtype float32: expected bool; compare, as in condition != 0"
    ):
        ag.where(x, 1.0, 2.0)
    with pytest.raises(errors.ArgumentError, match="approximate='fast' is unknown: expected 'none' or 'tanh'"):
        ag.gelu(x, approximate="fast")
    with pytest.raises(errors.ArgumentError, match="softplus: beta=0 divides by zero"):
        ag.softplus(x, beta=0)
    with pytest.raises(errors.ArgumentError, match=r"hardtanh: min_val=1\.0 is above max_val=-1\.0; swap them"):
        ag.hardtanh(x, 1.0, -1.0)
    with pytest.raises(errors.ArgumentError, match="isclose: rtol=-1 is no tolerance: expected a number of 0 or more"):
        ag.isclose(x, x, rtol=-1)


@both
def test_lerp_is_exact_at_both_ends(dtype: Any) -> None:
    """1e8 + 1.0 * (0.1 - 1e8) is not 0.1."""
    x, y = (ag.tensor(values, dtype=dtype) for values in ([1e8, 0.1, -3.0], [0.1, 1e9, 7.0]))
    for weight in (0.0, 1.0):
        for each in (weight, ag.tensor(weight, dtype=dtype), ag.full((3,), weight, dtype=dtype)):
            assert ag.equal(ag.lerp(x, y, each), y if weight else x)


def test_lerp_at_one_half_has_the_gradient_of_both_formulas() -> None:
    x, y, w = (
        ag.tensor(values, dtype=ag.float64, requires_grad=True) for values in ([1.0, 4.0], [3.0, -2.0], [0.5, -0.5])
    )
    first = ag.grad(ag.lerp(x, y, w).sum(), (x, y, w), create_graph=True)
    assert [g.tolist() for g in first] == [[0.5, 1.5], [0.5, -0.5], [2.0, -6.0]]
    assert [g.tolist() for g in ag.grad(first[2].sum(), (x, y))] == [[-1.0, -1.0], [1.0, 1.0]]
