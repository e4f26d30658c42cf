"""Scans: values, dtypes, zeros, infinities, ties, and derivatives to second order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core import errors
from autograd_core.kernels import cpu

NAN, INF = math.nan, math.inf
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])
X = np.random.default_rng(0).normal(size=(2, 3, 4))
NAMES = ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin")
PLAIN = {
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "logcumsumexp": lambda x, dim: np.log(np.cumsum(np.exp(x), dim)),
    "cummax": np.maximum.accumulate,
    "cummin": np.minimum.accumulate,
}


def values(name: str, x: Any, dim: int) -> Any:
    out = getattr(ag, name)(x, dim)
    return out.values if name in ("cummax", "cummin") else out


def leaf(x: Any) -> ag.Tensor:
    return ag.tensor(np.asarray(x, np.float64), requires_grad=True)


@both
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("name", NAMES)
def test_values_along_a_dim(name: str, dim: int, dtype: Any) -> None:
    for x in (X.astype(dtype), X.astype(dtype).transpose(2, 0, 1)[::-1]):
        out = values(name, ag.tensor(x), dim)
        np.testing.assert_allclose(out.numpy(), PLAIN[name](x, dim), rtol=1e-5)
        assert out.dtype == dtype
        assert ag.equal(values(name, ag.from_numpy(x), dim), out)
        method = getattr(ag.tensor(x), name)(dim=dim)
        assert ag.equal(method.values if name in ("cummax", "cummin") else method, out)


@pytest.mark.parametrize("name", NAMES)
def test_one_number_none_and_a_wrong_dim(name: str) -> None:
    one = values(name, ag.tensor(3.0), -1)
    assert (one.shape, one.item()) == ((), 3.0)
    assert values(name, ag.zeros(0, 3), 0).shape == (0, 3)
    assert values(name, ag.zeros(2, 0), 1).shape == (2, 0)
    x = ag.zeros(2, 0, requires_grad=True)
    values(name, x, 1).sum().backward()
    assert x.grad.shape == (2, 0)
    with pytest.raises(IndexError, match="dim 1 is out of range for a tensor of 1 dimensions: expected -1 to 0"):
        getattr(ag, name)(ag.ones(3), 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 3, 2), (3, 1)])
def test_derivatives(name: str, shape: tuple[int, ...]) -> None:
    x = leaf(np.random.default_rng(1).permutation(math.prod(shape)).reshape(shape) / 3 - 0.6)
    for dim in range(len(shape)):
        assert ag.gradcheck(lambda x, dim=dim: values(name, x, dim), x)
        assert ag.gradgradcheck(lambda x, dim=dim: values(name, x, dim) ** 2, x)


# ---------------------------------------------------------------------------------------------------- sums and products


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "int64"])
def test_integers_become_int64(name: str, dtype: str) -> None:
    x = np.array([[1, 1], [0, 1]], dtype)
    out = getattr(ag, name)(ag.tensor(x), 0)
    assert out.dtype == np.int64
    assert out.tolist() == getattr(np, name)(x, 0).tolist()
    assert getattr(ag, name)(ag.tensor(x), 0, dtype=ag.float32).dtype == np.float32
    assert getattr(ag.tensor(x), name)(1, dtype="float64").dtype == np.float64


def test_long_float32_scans_are_exact_to_the_last_bit() -> None:
    x = np.full(200_000, 0.1, np.float32)
    exact = np.cumsum(x.astype(np.float64))
    assert ag.cumsum(ag.tensor(x), 0)[-1].item() == np.float32(exact[-1])
    assert ag.logcumsumexp(ag.tensor(x), 0)[-1].item() == pytest.approx(0.1 + math.log(len(x)), rel=2e-7)


@pytest.mark.parametrize("zeros", [(), (0,), (2,), (4,), (1, 3), (0, 1, 2, 3, 4)])
def test_a_running_product_is_right_at_zeros_to_second_order(zeros: tuple[int, ...]) -> None:
    x = np.array([0.5, -2.0, 3.0, 1.5, -1.0])
    x[list(zeros)] = 0
    t, w = leaf(x), np.array([1.0, 10.0, 100.0, 1000.0, 10000.0])
    (g,) = ag.grad((ag.cumprod(t, 0) * ag.tensor(w)).sum(), [t], create_graph=True)

    def slope(*places: int) -> float:
        """The derivative of the weighted sum for the elements at *places*, which differ."""
        return sum(w[k] * np.prod(np.delete(x[: k + 1], places)) for k in range(max(places), 5))

    np.testing.assert_allclose(g.detach().numpy(), [slope(i) for i in range(5)])
    for i in range(5):
        (row,) = ag.grad(g[i], [t], retain_graph=True)
        np.testing.assert_allclose(row.numpy(), [0.0 if i == j else slope(i, j) for j in range(5)])


def test_sums_and_products_in_place() -> None:
    x = ag.tensor([1.0, 2.0, 3.0])
    assert x.cumsum_(0) is x
    assert x.tolist() == [1, 3, 6]
    assert x.cumprod_(0).tolist() == [1, 3, 18]


# ------------------------------------------------------------------------------------------------- logarithms of sums


@both
def test_logcumsumexp_neither_overflows_nor_invents_nan(dtype: Any) -> None:
    x = ag.tensor(np.array([-INF, -INF, 1000.0, 1000.0, -1000.0, INF, 0.0], dtype), requires_grad=True)
    out = ag.logcumsumexp(x, 0)
    two = 1000 + math.log(2)
    np.testing.assert_allclose(out.detach().numpy(), [-INF, -INF, 1000, two, two, INF, INF], rtol=1e-6)
    out.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [NAN, NAN, 2, 1, 0, NAN, 0], rtol=1e-4)
    assert np.isnan(ag.logcumsumexp(ag.tensor([0.0, NAN, 0.0]), 0).numpy()).tolist() == [False, True, True]
    with pytest.raises(errors.DtypeError, match=r"logcumsumexp: input has dtype int64.*use input.float\(\)"):
        ag.logcumsumexp(ag.tensor([1]), 0)


# -------------------------------------------------------------------------------------------------------------- records


@both
def test_records_take_the_last_of_several_and_nan_stays(dtype: Any) -> None:
    x = np.array([1, 3, 2, 3, NAN, 5, NAN], dtype)
    v, i = ag.cummax(ag.tensor(x), 0)
    np.testing.assert_array_equal(v.numpy(), [1, 3, 3, 3, NAN, NAN, NAN])
    assert i.tolist() == [0, 1, 1, 3, 4, 4, 6]
    assert i.dtype == np.int64
    v, i = found = ag.cummin(ag.tensor(-x), 0)
    np.testing.assert_array_equal(v.numpy(), [-1, -3, -3, -3, NAN, NAN, NAN])
    assert i.tolist() == [0, 1, 1, 3, 4, 4, 6]
    assert found.values is v
    assert found.indices is i
    t = leaf([1.0, 3.0, 2.0, 3.0])
    ag.cummax(t, 0).values.sum().backward()
    assert t.grad.tolist() == [1, 2, 0, 1]
    assert ag.cummax(ag.tensor([False, True, False]), 0).values.tolist() == [False, True, True]
    assert ag.cummin(ag.tensor([3, 1, 2]), 0).values.dtype == np.int64


# ----------------------------------------------------------------------------------------------------------- the kernel


@both
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("shape", "axis"), [((5,), 0), ((2, 4, 3), 1), ((3, 2), 0), ((2, 1), 1), ((2, 0, 3), 1)])
def test_a_linear_recurrence(shape: tuple[int, ...], axis: int, backwards: bool, dtype: Any) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=shape).astype(dtype)
    size = shape[axis]
    weights = rng.normal(size=(*shape[:axis], max(size - 1, 0), *shape[axis + 1 :])).astype(dtype)
    wanted = x.copy()
    rows, given, links = (np.moveaxis(a, axis, 0) for a in (wanted, x, weights))
    for k in range(1, size):
        if backwards:
            rows[-1 - k] = given[-1 - k] + links[-k] * rows[-k]
        else:
            rows[k] = given[k] + links[k - 1] * rows[k - 1]
    out = cpu.linear_recurrence(x, weights, axis, backwards=backwards)
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-6)
    assert out.dtype == dtype


# -------------------------------------------------------------------------------------------------- PyTorch, where it is


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_beside_pytorch(name: str, dtype: Any) -> None:
    x = np.array([[1.0, 3.0, 3.0, 0.0], [0.0, -2.0, 0.5, 2.0], [-4.0, 4.0, 0.0, 1.0]], dtype)
    if name == "logcumsumexp":
        x += 0.1  # PyTorch takes a logarithm of the gradient, and is wrong where that is 0
    tolerance = {"rtol": 1e-9, "atol": 1e-10} if dtype == np.float64 else {"rtol": 1e-4, "atol": 1e-4}
    for dim in (0, 1):
        agree(lambda lib, x, dim=dim: getattr(lib, name)(x, dim), x, **tolerance)
        agree(lambda lib, x, dim=dim: getattr(lib, name)(x * x, dim=dim), X[:, :, 0].astype(dtype), **tolerance)
    agree(lambda lib, x: getattr(lib, name)(x, 0), np.array(2.0, dtype), **tolerance)
    if name != "logcumsumexp":
        agree(lambda lib, x: getattr(lib, name)(x, 0), np.array([2, 1, 3]))
        agree(lambda lib, x: getattr(lib, name)(x, 0), np.array([2, 1, 3], np.uint8))
    if name in ("cummax", "cummin"):
        agree(lambda lib, x: getattr(lib, name)(x, 0), np.array([2.0, NAN, 3.0, 3.0, NAN, 1.0], dtype), order=0)
