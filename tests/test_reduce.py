"""Reductions: values, dtypes, dims, empty inputs, ties and zeros, and what PyTorch does at the corners."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import errors

NAN, INF = math.nan, math.inf
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])
X = np.random.default_rng(0).normal(size=(2, 3, 4))

ORACLES: dict[str, Callable[..., Any]] = {
    "sum": np.sum,
    "mean": np.mean,
    "amax": np.max,
    "amin": np.min,
    "var": lambda x, axis, keepdims: np.var(x, axis, ddof=1, keepdims=keepdims),
    "std": lambda x, axis, keepdims: np.std(x, axis, ddof=1, keepdims=keepdims),
    "logsumexp": lambda x, axis, keepdims: np.log(np.exp(x).sum(axis, keepdims=keepdims)),
    "norm": lambda x, axis, keepdims: np.sqrt((x * x).sum(axis, keepdims=keepdims)),
    "all": np.all,
    "any": np.any,
}


def gradient(f: Callable[[Any], Any], x: Any, dtype: Any = np.float64) -> np.ndarray:
    t = ag.tensor(np.asarray(x, dtype), requires_grad=True)
    (g,) = ag.grad(f(t).sum(), [t])
    assert g.dtype == dtype
    return g.numpy()


@both
@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [None, 0, -1, (0, 2), [-1, 1]])
def test_values_over_dims(name: str, dim: Any, keepdim: bool, dtype: Any) -> None:
    x = X.astype(dtype) if name not in ("all", "any") else X > 0
    out = getattr(ag, name)(ag.tensor(x), dim=dim, keepdim=keepdim)
    axis = tuple(dim) if isinstance(dim, list) else dim
    np.testing.assert_allclose(out.numpy(), ORACLES[name](x, axis=axis, keepdims=keepdim), rtol=3e-6)
    assert out.dtype == (np.bool_ if name in ("all", "any") else dtype)
    same = getattr(ag, name)(ag.tensor(x), axis=dim, keepdims=keepdim)
    np.testing.assert_array_equal(out.numpy(), same.numpy())
    np.testing.assert_array_equal(getattr(ag.tensor(x), name)(dim=dim, keepdim=keepdim).numpy(), out.numpy())


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "var", "std", "norm", "logsumexp", "prod"])
def test_of_one_number(name: str) -> None:
    kind = {"correction": 0} if name in ("var", "std") else {}
    for dim in (0, -1):
        out = getattr(ag, name)(ag.tensor(2.0), dim=dim, **kind)
        assert out.shape == ()
        assert out.item() == (0.0 if kind else 2.0)


@pytest.mark.parametrize(
    "name", ["sum", "mean", "prod", "amax", "argmax", "max", "var", "norm", "logsumexp", "all", "cumsum"]
)
def test_a_dim_out_of_range_is_named(name: str) -> None:
    with pytest.raises(IndexError, match="dim 2 is out of range for a tensor of 2 dimensions: expected -2 to 1"):
        getattr(ag, name)(ag.ones(2, 3), dim=2)


def test_no_dims_are_all_dims() -> None:
    x = ag.ones(2, 3)
    assert ag.sum(x, dim=()).item() == 6
    assert ag.amax(x, dim=[]).shape == ()
    assert ag.all(x, dim=()).shape == (2, 3)
    with pytest.raises(ValueError, match=r"dim \(0, 0\) names a dimension twice"):
        ag.sum(x, dim=(0, 0))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "int64"])
def test_sums_of_integers_are_int64(dtype: str) -> None:
    x = ag.tensor(np.ones((2, 3), dtype))
    for out in (
        ag.sum(x),
        ag.sum(x, 0),
        ag.prod(x),
        ag.prod(x, 1),
        ag.cumsum(x, 0),
        ag.cumsum(ag.tensor(np.array(1, dtype)), 0),
    ):
        assert out.dtype == np.int64
    assert ag.sum(x, dtype=ag.float64).dtype == np.float64
    assert ag.amax(x).dtype == dtype
    assert ag.argmax(x, 1).dtype == np.int64


@pytest.mark.parametrize("name", ["mean", "var", "std", "norm"])
def test_integers_need_a_floating_dtype(name: str) -> None:
    with pytest.raises(
        errors.DtypeError, match=rf"{name}: input has dtype int64: expected floating; use input.float\(\)"
    ):
        getattr(ag, name)(ag.tensor([1, 2]))


def test_a_dtype_is_taken_before_reducing() -> None:
    n = ag.tensor([1, 2])
    assert ag.mean(n, dtype=ag.float32).item() == 1.5
    assert ag.norm(ag.tensor([3, 4]), dtype=ag.float64).dtype == np.float64
    assert ag.prod(n, dtype=ag.float64).dtype == np.float64
    assert ag.cumsum(n, 0, dtype=ag.float32).dtype == np.float32
    assert ag.logsumexp(n, 0).dtype == np.float32
    x = ag.ones(3, requires_grad=True)
    ag.sum(x, dtype=ag.float64).backward()
    assert x.grad.dtype == np.float32


# --------------------------------------------------------------------------------------------------------- empty inputs


def test_what_an_empty_set_has() -> None:
    x = ag.zeros(0, 3)
    assert ag.sum(x, 0).tolist() == [0, 0, 0]
    assert ag.prod(x).item() == 1
    assert ag.all(x).item() is True
    assert ag.any(x).item() is False
    assert np.isnan(ag.mean(x).item())
    assert ag.logsumexp(x, 0).tolist() == [-INF] * 3
    assert ag.norm(x).item() == 0
    assert ag.cumsum(x, 0).shape == (0, 3)
    assert ag.amax(x, 1).shape == (0,)
    assert ag.max(x, 1).indices.shape == (0,)
    assert gradient(ag.prod, np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("name", ["amax", "amin", "argmax", "argmin", "max", "min"])
def test_what_an_empty_set_has_not(name: str) -> None:
    with pytest.raises(
        errors.ShapeError, match=rf"{name}: input of shape \(0, 3\) is empty over all dims, and nothing has"
    ):
        getattr(ag, name)(ag.zeros(0, 3))
    with pytest.raises(
        errors.ShapeError, match=rf"{name}: input of shape \(0, 3\) is empty over dim 0.*reduce over dims that"
    ):
        getattr(ag, name)(ag.zeros(0, 3), 0)
    with pytest.raises(errors.ShapeError, match="norm: input of shape"):
        ag.norm(ag.zeros(0), p=INF)


# -------------------------------------------------------------------------------------------------------------- extrema


@both
@pytest.mark.parametrize(("name", "sign"), [("max", 1), ("min", -1)])
def test_an_extremum_along_a_dim_gives_its_place(name: str, sign: int, dtype: Any) -> None:
    x = sign * np.array([[1.0, 7.0, 7.0], [2.0, 2.0, 0.0]], dtype)
    values, indices = found = getattr(ag, name)(ag.tensor(x), 1)
    assert values.tolist() == [sign * 7, sign * 2]
    assert indices.tolist() == [1, 0]
    assert found.values is values
    assert found.indices is indices
    assert getattr(ag, name)(ag.tensor(x), 0, True).values.shape == (1, 3)
    assert getattr(ag, name)(ag.tensor(x), dim=-1, keepdim=True).indices.tolist() == [[1], [0]]
    g = gradient(lambda x: getattr(ag, name)(x, 1)[0], x, dtype)
    assert g.tolist() == [[0, 1, 0], [1, 0, 0]]  # the first of several
    value, index = getattr(ag, name)(ag.tensor(3.0), 0)
    assert (value.item(), index.item(), value.shape, index.shape) == (3.0, 0, (), ())
    assert gradient(lambda x: getattr(ag, name)(x, 0)[0], 3.0) == 1


def test_ties_share_evenly() -> None:
    assert gradient(ag.max, [3.0, 1.0, 3.0, 3.0]).tolist() == [1 / 3, 0, 1 / 3, 1 / 3]
    assert gradient(ag.min, [3.0, 1.0, 1.0]).tolist() == [0, 0.5, 0.5]
    assert gradient(lambda x: ag.amax(x, 1), [[2.0, 2.0], [1.0, 3.0]]).tolist() == [[0.5, 0.5], [0, 1]]
    assert gradient(lambda x: ag.amin(x, (0, 1)), [[2.0, 2.0], [9.0, 3.0]]).tolist() == [[0.5, 0.5], [0, 0]]
    assert gradient(ag.max, [INF, INF]).tolist() == [0.5, 0.5]


def test_nan_wins() -> None:
    x = ag.tensor([1.0, NAN, 3.0, NAN])
    for name in ("max", "min", "amax", "amin"):
        assert np.isnan(getattr(ag, name)(x).item())
    assert ag.max(x, 0).indices.item() == 1
    assert np.isnan(ag.min(x, 0).values.item())
    assert np.isnan(gradient(ag.amax, [1.0, NAN])).all()
    for name in ("max", "min"):
        assert gradient(getattr(ag, name), [1.0, NAN, 3.0, NAN]).tolist() == [0, 0.5, 0, 0.5]
    assert np.isnan([e.item() for e in ag.aminmax(x)]).all()


@both
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [None, 0, -1])
def test_both_extrema_at_once(dim: int | None, keepdim: bool, dtype: Any) -> None:
    x = ag.tensor(X.astype(dtype))
    low, high = found = ag.aminmax(x, dim=dim, keepdim=keepdim)
    assert (found.min, found.max) == (low, high)
    np.testing.assert_array_equal(low.numpy(), X.astype(dtype).min(dim, keepdims=keepdim))
    np.testing.assert_array_equal(high.numpy(), X.astype(dtype).max(dim, keepdims=keepdim))
    assert ag.equal(x.aminmax(dim=dim, keepdim=keepdim).max, high)
    assert gradient(lambda x: ag.aminmax(x).max - 3 * ag.aminmax(x).min, [2.0, 2.0, 1.0]).tolist() == [0.5, 0.5, -3]
    with pytest.raises(errors.ShapeError, match="aminmax: input of shape"):
        ag.aminmax(ag.zeros(0))


def test_a_tensor_in_place_of_a_dim_is_compared_with() -> None:
    x, y = ag.tensor([1.0, 5.0]), ag.tensor([3.0, 2.0])
    assert ag.max(x, y).tolist() == [3.0, 5.0]
    assert ag.min(x, y).tolist() == [1.0, 2.0]


def test_places_of_extrema() -> None:
    x = ag.tensor([[1.0, 5.0, 5.0], [7.0, 0.0, 7.0]], requires_grad=True)
    assert ag.argmax(x).item() == 3
    assert ag.argmin(x).item() == 4
    assert ag.argmax(x, 1).tolist() == [1, 0]
    assert ag.argmin(x, dim=0, keepdim=True).tolist() == [[0, 1, 0]]
    assert ag.argmax(x, keepdim=True).shape == (1, 1)
    assert ag.argmax(ag.tensor(3.0), 0).item() == 0
    assert not ag.argmax(x).requires_grad


# ------------------------------------------------------------------------------------------------------------- products


def others(x: np.ndarray) -> np.ndarray:
    return np.array([np.prod(np.delete(x, i)) for i in range(len(x))])


@both
@pytest.mark.parametrize("zeros", [(), (0,), (2,), (1, 4), (0, 1, 2, 3, 4)])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_product_is_right_at_zeros_to_second_order(zeros: tuple[int, ...], n: int, dtype: Any) -> None:
    x = np.random.default_rng(1).normal(size=5).astype(dtype)
    x[list(zeros)] = 0
    x = x[:n]
    np.testing.assert_allclose(gradient(ag.prod, x, dtype), others(x), rtol=1e-5)
    t = ag.tensor(x, requires_grad=True)
    (g,) = ag.grad(ag.prod(t), [t], create_graph=True)
    for i in range(n):
        second = np.array([0.0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(n)])
        if g.requires_grad:
            (row,) = ag.grad(g[i], [t], retain_graph=True, allow_unused=True)
            np.testing.assert_allclose(0.0 if row is None else row.numpy(), second, rtol=1e-5)
        else:
            assert not second.any()


def test_a_product_along_a_dim() -> None:
    np.testing.assert_allclose(ag.prod(ag.tensor(X), 1, True).numpy(), X.prod(1, keepdims=True))
    np.testing.assert_allclose(gradient(lambda x: ag.prod(x, 1), X), np.apply_along_axis(others, 1, X))
    with pytest.raises(TypeError):
        ag.prod(ag.ones(2, 3), (0, 1))


# -------------------------------------------------------------------------------------------------- variances and norms


def test_corrections_of_a_variance() -> None:
    x = ag.tensor([1.0, 2.0, 4.0])
    population, sample = np.var([1.0, 2.0, 4.0]), np.var([1.0, 2.0, 4.0], ddof=1)
    for out, wanted in [
        (ag.var(x), sample),
        (ag.var(x, correction=0), population),
        (ag.var(x, unbiased=False), population),
        (ag.var(x, False), population),
        (ag.var(x, True), sample),
        (ag.var(x, 0, False), population),
        (ag.var(x, 0, False, True), population),
        (ag.std(x, correction=0), population**0.5),
        (ag.var(x, correction=1.5), population * 2),
    ]:
        np.testing.assert_allclose(out.numpy().squeeze(), wanted, rtol=1e-6)
    with pytest.raises(
        errors.ArgumentError, match="var: unbiased=True and correction=0 say the same: give one of them"
    ):
        ag.var(x, unbiased=True, correction=0)


def test_too_few_elements_for_a_variance_warn() -> None:
    with np.errstate(all="ignore"):  # pytest.warns sees what the filter of the package hides
        with pytest.warns(UserWarning, match="var of 1 elements with correction=1 divides by 0; give it more") as seen:
            assert np.isnan(ag.var(ag.tensor([2.0])).item())
        assert seen[0].filename == __file__
        with pytest.warns(UserWarning, match="std of 2 elements with correction=3 divides by 0"):
            assert ag.std(ag.tensor([2.0, 3.0]), correction=3).item() == INF
        with pytest.warns(UserWarning, match="var of 1"):
            assert np.isnan(gradient(ag.var, [2.0])).all()


def test_the_gradient_of_a_deviation_at_equal_elements_is_zero() -> None:
    assert gradient(ag.std, [2.0, 2.0, 2.0]).tolist() == [0, 0, 0]
    assert np.isnan(gradient(lambda x: ag.var(x).sqrt(), [2.0, 2.0, 2.0])).all()


ORDERS = [0, 0.5, 1, 1.5, 2, 3, INF, -INF, -1]


@both
@pytest.mark.parametrize("p", ORDERS)
def test_norms(p: float, dtype: Any) -> None:
    x = X.astype(dtype)
    flat = np.abs(x).ravel().astype(np.float64)
    wanted = np.linalg.norm(flat, p)
    np.testing.assert_allclose(ag.norm(ag.tensor(x), p).item(), wanted, rtol=1e-5)
    rows = ag.norm(ag.tensor(x), p, dim=(0, 2), keepdim=True).numpy()
    np.testing.assert_allclose(
        rows.ravel(), [np.linalg.norm(flat.reshape(x.shape)[:, j].ravel(), p) for j in range(3)], rtol=1e-5
    )
    assert rows.shape == (1, 3, 1)
    assert rows.dtype == dtype


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, INF])
def test_the_gradient_of_a_norm_at_zero_is_zero(p: float) -> None:
    assert gradient(lambda x: ag.norm(x, p), [0.0, 0.0]).tolist() == [0, 0]
    g = gradient(lambda x: ag.norm(x, p), [0.0, 2.0, -2.0])
    assert g[0] == 0
    assert g[1] == -g[2] > 0


@pytest.mark.parametrize("p", ["nuc", NAN, None])
def test_an_unknown_norm(p: Any) -> None:
    with pytest.raises(errors.ArgumentError, match=r"is unknown: expected a number, float\('inf'\) or 'fro'"):
        ag.norm(ag.ones(2, 2), p)


@both
def test_logsumexp_neither_overflows_nor_invents_nan(dtype: Any) -> None:
    x = np.array([[1000.0, 1000.0], [-1000.0, -1000.0], [-INF, -INF], [INF, 0.0], [-INF, 2.0]], dtype)
    wanted = [1000 + math.log(2), -1000 + math.log(2), -INF, INF, 2.0]
    np.testing.assert_allclose(ag.logsumexp(ag.tensor(x), 1).numpy(), wanted, rtol=1e-6)
    g = gradient(lambda x: ag.logsumexp(x, 1), x[[0, 1, 4]], dtype)
    np.testing.assert_allclose(g, [[0.5, 0.5], [0.5, 0.5], [0, 1]], rtol=1e-4)


# --------------------------------------------------------------------------------------------------- holes, pairs, counts


@both
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [None, 0, -1, (0, 2)])
def test_what_is_nan_is_left_out(dim: Any, keepdim: bool, dtype: Any) -> None:
    x = X.astype(dtype)
    x[0, 1, 2] = x[1, 2, 0] = NAN
    for name in ("nansum", "nanmean"):
        out = getattr(ag, name)(ag.tensor(x), dim, keepdim)
        np.testing.assert_allclose(out.numpy(), getattr(np, name)(x, dim, keepdims=keepdim), rtol=1e-4, atol=1e-6)
        assert out.dtype == dtype
    assert gradient(lambda x: ag.nanmean(x, dim), x, dtype)[0, 1, 2] == 0


def test_nothing_but_nan_and_integers() -> None:
    assert ag.nansum(ag.tensor([NAN])).item() == 0
    assert np.isnan(ag.nanmean(ag.tensor([NAN])).item())
    assert gradient(ag.nanmean, [1.0, NAN, 2.0]).tolist() == [0.5, 0, 0.5]
    assert gradient(lambda x: ag.nansum(x) * INF, [1.0, NAN]).tolist() == [INF, 0]
    assert ag.nansum(ag.tensor([1, 2])).dtype == np.int64
    assert ag.tensor([1, 2]).nanmean(dtype=ag.float32).item() == 1.5
    with pytest.raises(errors.DtypeError, match="nanmean: input has dtype int64: expected floating"):
        ag.nanmean(ag.tensor([1]))


def test_counts_of_what_is_not_zero() -> None:
    x = ag.tensor([[0.0, -0.0, 2.0], [NAN, 1.0, 0.0]])
    assert ag.count_nonzero(x).item() == 3
    assert ag.count_nonzero(x, 0).tolist() == [1, 1, 1]
    assert x.count_nonzero(dim=(0, 1)).item() == x.count_nonzero(()).item() == 3
    assert ag.count_nonzero(ag.tensor([True, False])).dtype == np.int64
    assert ag.count_nonzero(ag.zeros(0)).item() == 0


@both
def test_a_spread_and_its_mean(dtype: Any) -> None:
    x = ag.tensor(X.astype(dtype))
    for how in ({}, {"dim": 1}, {"dim": (0, 2), "correction": 0, "keepdim": True}, {"dim": 1, "unbiased": False}):
        for name, single in (("var_mean", ag.var), ("std_mean", ag.std)):
            spread, mean = getattr(ag, name)(x, **how)
            assert ag.equal(spread, single(x, **how))
            assert ag.equal(mean, ag.mean(x, how.get("dim"), how.get("keepdim", False)))
    assert ag.var_mean(x, False)[0].item() == pytest.approx(X.var(), rel=1e-5)
    with pytest.warns(UserWarning, match="std_mean of 1 elements") as seen, np.errstate(all="ignore"):
        ag.std_mean(ag.ones(1))
    assert seen[0].filename == __file__


def test_truth_of_bytes_is_bytes() -> None:
    x = ag.tensor(np.array([[1, 0], [2, 3]], np.uint8))
    assert ag.all(x, 1).tolist() == [0, 1]
    assert ag.any(x).dtype == ag.all(x, dim=(0, 1)).dtype == np.uint8
    assert ag.all(x.to(ag.int8)).dtype == np.bool_


# ------------------------------------------------------------------------------------------------- PyTorch, where it is

PEERS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda lib, x: lib.sum(x, 1),
    "mean": lambda lib, x: lib.mean(x, (0, 1), keepdim=True),
    "prod": lambda lib, x: lib.prod(x, 0),
    "amax": lambda lib, x: lib.amax(x, 1),
    "max": lambda lib, x: lib.max(x, 1)[0],
    "min": lambda lib, x: lib.min(x),
    "var": lambda lib, x: lib.var(x, 0, unbiased=False),
    "std": lambda lib, x: lib.std(x, 1, correction=2),
    "logsumexp": lambda lib, x: lib.logsumexp(x, (0, 1)),
    "nansum": lambda lib, x: lib.nansum(lib.where(x == 3, float("nan"), x), 1),
    "nanmean": lambda lib, x: lib.nanmean(lib.where(x == 3, float("nan"), x), 0),
    "var_mean": lambda lib, x: sum(lib.var_mean(x, 1)),
    "std_mean": lambda lib, x: sum(lib.std_mean(x, (0, 1), correction=0)),
    "aminmax": lambda lib, x: sum(lib.aminmax(x, dim=0)),
    **{f"norm {p}": lambda lib, x, p=p: lib.norm(x, p, 1) for p in (0.5, 1, 2, 3, INF, -INF)},
}


@pytest.mark.parametrize("name", PEERS)
def test_gradients_are_pytorchs_on_ties_and_zeros(name: str) -> None:
    torch = pytest.importorskip("torch")
    x = np.array([[1.0, 3.0, 3.0], [0.0, 0.0, 2.0], [-4.0, 4.0, 0.0], [1.0, 2.0, 3.0]])
    w = torch.tensor(x, requires_grad=True)
    y = PEERS[name](torch, w)
    y.sum().backward()
    t = ag.tensor(x, requires_grad=True)
    out = PEERS[name](ag, t)
    out.sum().backward()
    np.testing.assert_allclose(out.detach().numpy(), y.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(t.grad.numpy(), w.grad.numpy(), rtol=1e-12, atol=1e-15)
