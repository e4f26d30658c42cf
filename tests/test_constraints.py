"""Bounds on weights, and the proximal step of the L1 norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import optim

DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
BOTH = pytest.mark.parametrize("constrain", [optim.clip_weights_, optim.soft_threshold_])


@DTYPES
def test_clip_weights(dtype: str) -> None:
    values = np.random.default_rng(0).standard_normal((3, 4)).astype(dtype)
    w, array = ag.tensor(values, requires_grad=True), None
    array = w.array
    optim.clip_weights_([w, ag.zeros(0)], 0.5)
    assert w.array is array
    assert w.grad_fn is None
    np.testing.assert_array_equal(w.array, values.clip(-0.5, 0.5))
    assert w.dtype == dtype


@DTYPES
def test_soft_threshold_is_the_proximal_map(dtype: str) -> None:
    values = np.random.default_rng(0).standard_normal(50).astype(dtype)
    w = ag.tensor(values, requires_grad=True)
    optim.soft_threshold_(w, 0.4)
    np.testing.assert_allclose(w.array, np.sign(values) * np.maximum(np.abs(values) - 0.4, 0), rtol=1e-6)
    assert (w.array[np.abs(values) <= 0.4] == 0).all()
    # it minimises (z - value)^2 / 2 + 0.4 |z|
    near = w.array[:, None] + np.linspace(-0.1, 0.1, 21)
    costs = (near - values[:, None]) ** 2 / 2 + 0.4 * np.abs(near)
    np.testing.assert_allclose(costs.min(1), costs[:, 10], rtol=1e-5)


def test_proximal_steps_solve_the_lasso() -> None:
    rng = np.random.default_rng(0)
    x, truth = rng.standard_normal((80, 10)), np.array([2.0, -1.5] + [0.0] * 8)
    y = x @ truth + 0.1 * rng.standard_normal(80)
    w = ag.zeros(10, dtype=ag.float64, requires_grad=True)
    sgd = optim.SGD([w], lr=0.2)
    sgd.register_step_post_hook(lambda *_: optim.soft_threshold_(w, 0.2 * 0.2))
    for _ in range(200):
        sgd.zero_grad()
        ((ag.from_numpy(x) @ w - ag.from_numpy(y)).square().mean() / 2).backward()
        sgd.step()
    slope = x.T @ (x @ w.array - y) / 80
    assert (w.array[2:] == 0).all()
    np.testing.assert_allclose(slope[:2], -0.2 * np.sign(w.array[:2]), atol=1e-9)  # the conditions of the lasso
    assert (np.abs(slope[2:]) <= 0.2).all()


@BOTH
@pytest.mark.parametrize("value", [-1.0, float("nan"), "1"])
def test_wrong_bounds(constrain: Callable[..., Any], value: Any) -> None:
    w = ag.ones(2)
    with pytest.raises(ag.errors.ArgumentError, match=rf"Invalid (bound|threshold): {value!r}. It must be a number of"):
        constrain([w], value)
    assert w.tolist() == [1.0, 1.0]


@BOTH
def test_stale_values_are_found(constrain: Callable[..., Any]) -> None:
    w = ag.ones(2, requires_grad=True)
    loss = (w * w).sum()
    constrain(w, 0.25)
    with pytest.raises(RuntimeError, match="written"):
        loss.backward()
