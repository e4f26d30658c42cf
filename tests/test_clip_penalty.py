"""Clipping of gradients, penalties and the max-norm constraint: against plain numpy and torch, and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import optim

SHAPES = ((3, 4), (5,), (2,), (), (0, 2))
DTYPES = ("float32", "float64")
ORDERS = (2.0, 1.0, 3.0, float("inf"))
RTOL = {"float32": 1e-5, "float64": 1e-12}


def make(dtype: str) -> list[ag.Tensor]:
    """Parameters with gradients; the third has none."""
    rng = np.random.default_rng(0)
    tensors = [ag.from_numpy(np.asarray(rng.standard_normal(s)).astype(dtype)).requires_grad_() for s in SHAPES]
    for t in tensors:
        t.grad = ag.from_numpy(np.asarray(rng.standard_normal(t.shape)).astype(dtype))
    tensors[2].grad = None
    return tensors


def gradients(tensors: list[ag.Tensor]) -> list[np.ndarray]:
    return [np.array(t.grad) for t in tensors if t.grad is not None]


# ------------------------------------------------------------------------------------------------------ clip_grad_norm_


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("max_norm", [0.5, 1000.0, 0.0])
def test_clip_grad_norm(dtype: str, order: float, max_norm: float) -> None:
    tensors = make(dtype)
    before = gradients(tensors)
    everything = np.concatenate([g.ravel() for g in before]).astype("float64")
    norm = np.abs(everything).max() if order == np.inf else (np.abs(everything) ** order).sum() ** (1 / order)
    total = optim.clip_grad_norm_(tensors, max_norm, norm_type=order)
    assert total.dtype == dtype
    assert total.shape == ()
    np.testing.assert_allclose(total.array, norm, rtol=RTOL[dtype])
    for after, g in zip(gradients(tensors), before, strict=True):
        assert after.dtype == dtype
        np.testing.assert_allclose(after, g * min(1.0, max_norm / (norm + 1e-6)), rtol=RTOL[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", [*ORDERS, 0.0])
@pytest.mark.parametrize("max_norm", [0.5, 1000.0])
def test_clip_grad_norm_equals_torch(dtype: str, order: float, max_norm: float) -> None:
    torch = pytest.importorskip("torch")
    tensors = [t for t in make(dtype) if t.array.size]
    theirs = [torch.from_numpy(t.array.copy()).requires_grad_() for t in tensors]
    for a, b in zip(tensors, theirs, strict=True):
        b.grad = None if a.grad is None else torch.from_numpy(a.grad.array.copy())
    ours, oracle = (
        optim.clip_grad_norm_(tensors, max_norm, norm_type=order),
        torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type=order),
    )
    np.testing.assert_allclose(ours.array, oracle.numpy(), rtol=RTOL[dtype])
    for g, b in zip(gradients(tensors), [b for b in theirs if b.grad is not None], strict=True):
        np.testing.assert_allclose(g, b.grad.numpy(), rtol=RTOL[dtype])


def test_clip_grad_norm_takes_one_tensor_a_generator_and_nothing() -> None:
    tensors = make("float32")
    assert optim.clip_grad_norm_(tensors[0], 0.5).item() > 0.5
    np.testing.assert_allclose(np.linalg.norm(tensors[0].grad.array), 0.5, rtol=1e-5)
    assert optim.clip_grad_norm_((t for t in tensors), 0.25).item() > 0.25
    np.testing.assert_allclose(optim.clip_grad_norm_(tensors, 1.0).item(), 0.25, rtol=1e-5)
    assert optim.clip_grad_norm_([], 1.0).item() == 0.0
    assert optim.clip_grad_norm_([tensors[2]], 1.0).item() == 0.0


def test_clip_grad_norm_writes_in_place_and_records_nothing() -> None:
    w = ag.tensor([3.0, 4.0], requires_grad=True)
    (w**2).sum().backward(create_graph=True)
    array = w.grad.array
    optim.clip_grad_norm_([w], 1.0)
    assert w.grad.array is array
    np.testing.assert_allclose(array, [0.6, 0.8], rtol=1e-5)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_norm_that_is_not_finite(bad: float) -> None:
    w = ag.tensor([1.0, 1.0], requires_grad=True)
    w.grad = ag.tensor([bad, 1.0])
    message = r"total norm of order 2.0 .* is non-finite \((nan|inf)\), so it cannot be clipped. Find .* anyway"
    with pytest.raises(ag.errors.NonFiniteError, match=message):
        optim.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
    assert w.grad.array[1] == 1.0
    assert not np.isfinite(optim.clip_grad_norm_([w], 1.0).item())
    assert np.isnan(w.grad.array[0])
    assert np.isnan(w.grad.array[1]) if np.isnan(bad) else w.grad.array[1] == 0.0


# ----------------------------------------------------------------------------------------------------- clip_grad_value_


@pytest.mark.parametrize("dtype", DTYPES)
def test_clip_grad_value(dtype: str) -> None:
    tensors = make(dtype)
    before = gradients(tensors)
    optim.clip_grad_value_(tensors, 0.3)
    for after, g in zip(gradients(tensors), before, strict=True):
        assert after.dtype == dtype
        np.testing.assert_array_equal(after, np.clip(g, -0.3, 0.3).astype(dtype))


def test_clip_grad_value_takes_one_tensor_and_keeps_nan() -> None:
    w = ag.tensor([1.0, 1.0], requires_grad=True)
    w.grad = ag.tensor([np.nan, 5.0])
    optim.clip_grad_value_(w, 1)
    assert np.isnan(w.grad.array[0])
    assert w.grad.array[1] == 1.0
    optim.clip_grad_value_([], 1.0)


# ------------------------------------------------------------------------------------------------------------ penalties


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("penalty", "value", "derivative"),
    [(optim.l1_penalty, np.abs, np.sign), (optim.l2_penalty, np.square, lambda x: 2 * x)],
)
def test_penalties(dtype: str, penalty: Callable[..., ag.Tensor], value: Any, derivative: Any) -> None:
    tensors = make(dtype)
    for t in tensors:
        t.grad = None
    total = penalty(t for t in tensors)
    assert (total.dtype, total.shape) == (dtype, ())
    np.testing.assert_allclose(total.item(), sum(value(t.array).sum() for t in tensors), rtol=RTOL[dtype])
    total.backward()
    for t in tensors:
        np.testing.assert_allclose(t.grad.array, derivative(t.array), rtol=RTOL[dtype])
    assert penalty(tensors[0]).item() == penalty([tensors[0]]).item()


def test_the_l2_penalty_is_weight_decay() -> None:
    a, b = ag.tensor([1.0, -2.0], requires_grad=True), ag.tensor([1.0, -2.0], requires_grad=True)
    (a.sum() + 0.5 / 2 * optim.l2_penalty([a])).backward()
    b.sum().backward()
    optim.SGD([a], lr=0.25).step()
    optim.SGD([b], lr=0.25, weight_decay=0.5).step()
    assert a.tolist() == b.tolist()


@pytest.mark.parametrize("penalty", [optim.l1_penalty, optim.l2_penalty])
def test_a_penalty_of_nothing(penalty: Callable[..., ag.Tensor]) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=r"a penalty got no parameters. Pass model.parameters\(\)"):
        penalty([])


# ------------------------------------------------------------------------------------------------------------ max_norm_


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("order", ORDERS)
def test_max_norm(dtype: str, dim: int, order: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, 4, 5)).astype(dtype)
    w = ag.tensor(values, requires_grad=True)
    array = w.array
    limit = float(np.median([np.linalg.norm(s.ravel(), order) for s in np.moveaxis(values, dim, 0)]))
    assert optim.max_norm_(w, limit, dim=dim, norm_type=order) is w
    assert w.array is array
    for after, s in zip(np.moveaxis(w.array, dim, 0), np.moveaxis(values, dim, 0), strict=True):
        norm = np.linalg.norm(s.ravel().astype("float64"), order)
        np.testing.assert_allclose(after, s * min(1.0, limit / norm), rtol=RTOL[dtype], atol=1e-6)


def test_max_norm_equals_torch() -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).standard_normal((3, 4))
    for dim in (0, 1):
        w = optim.max_norm_(ag.tensor(values), 1.5, dim=dim)
        np.testing.assert_allclose(w.data, torch.renorm(torch.from_numpy(values), 2, dim, 1.5).numpy(), rtol=1e-12)


def test_max_norm_leaves_small_zero_and_empty_slices_alone() -> None:
    w = ag.tensor([[0.0, 0.0], [0.1, 0.1]])
    assert optim.max_norm_(w, 1.0).array is w.array
    np.testing.assert_array_equal(w.array, np.array([[0.0, 0.0], [0.1, 0.1]], "float32"))
    assert optim.max_norm_(ag.zeros(0, 3), 1.0).shape == (0, 3)
    assert optim.max_norm_(ag.tensor([-3.0, 0.5]), 1.0).tolist() == [pytest.approx(-1.0), 0.5]


def test_max_norm_dim_out_of_range() -> None:
    message = r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\): .* \(2, 2\). Pass a dim"
    with pytest.raises(IndexError, match=message):
        optim.max_norm_(ag.zeros(2, 2), 1.0, dim=2)
    with pytest.raises(IndexError, match=r"the parameter has shape \(\)"):
        optim.max_norm_(ag.tensor(1.0), 1.0)


# ---------------------------------------------------------------------------------------------------------- bad numbers


@pytest.mark.parametrize("value", [-1.0, float("nan"), "1"])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda w, v: optim.clip_grad_norm_([w], v), "max_norm"),
        (lambda w, v: optim.clip_grad_value_([w], v), "clip_value"),
        (lambda w, v: optim.max_norm_(w, v), "max_norm"),
    ],
)
def test_wrong_limits(call: Callable[..., Any], name: str, value: Any) -> None:
    w = ag.ones(2, requires_grad=True)
    w.grad = ag.ones(2)
    with pytest.raises(
        ag.errors.ArgumentError, match=rf"Invalid {name}: {value!r}. It must be a number of at least 0: pass"
    ):
        call(w, value)
    assert (w.tolist(), w.grad.tolist()) == ([1.0, 1.0], [1.0, 1.0])


@pytest.mark.parametrize(
    "call", [lambda w: optim.clip_grad_norm_([w], 1.0, -1.0), lambda w: optim.max_norm_(w, 1.0, 0, -1.0)]
)
def test_wrong_orders(call: Callable[..., Any]) -> None:
    with pytest.raises(
        ag.errors.ArgumentError, match=r"Invalid norm_type: -1.0. It must be a number of at least 0: pass 2.0"
    ):
        call(ag.ones(2))
