"""Statistics: quantiles, covariances and counts, beside definitions, NumPy and PyTorch."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core import errors

NAN, INF = math.nan, math.inf
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])
rng = np.random.default_rng(0)
X = rng.permutation(24).reshape(2, 3, 4) / 4 - 2.5
WAYS = ("linear", "lower", "higher", "midpoint", "nearest")


def leaf(x: Any) -> ag.Tensor:
    return ag.tensor(np.asarray(x, np.float64), requires_grad=True)


# ------------------------------------------------------------------------------------------------------------- quantiles


@both
@pytest.mark.parametrize("interpolation", WAYS)
@pytest.mark.parametrize("dim", [None, 0, 1, -1])
def test_quantiles(dim: int | None, interpolation: str, dtype: Any) -> None:
    x = X.astype(dtype)
    q = np.array([0.0, 0.3, 0.5, 0.75, 1.0], dtype)
    holes = x.copy()
    holes[0, 1, 2] = holes[1, 0] = NAN
    for name, data in (("quantile", x), ("nanquantile", x), ("nanquantile", holes)):
        for keep in (False, True):
            with warnings.catch_warnings(action="ignore"):  # all is NaN somewhere
                wanted = getattr(np, name)(data, q, dim, method=interpolation, keepdims=keep)
            out = getattr(ag, name)(ag.tensor(data), ag.tensor(q), dim, keep, interpolation=interpolation)
            np.testing.assert_allclose(out.numpy(), wanted, rtol=1e-5, atol=1e-6)
            assert out.dtype == dtype
            one = getattr(ag.tensor(data), name)(float(q[1]), dim=dim, keepdim=keep, interpolation=interpolation)
            np.testing.assert_allclose(one.numpy(), wanted[1], rtol=1e-5, atol=1e-6)


def test_quantiles_beside_nan_and_of_one_number() -> None:
    x = ag.tensor([[1.0, NAN, 2.0], [3.0, 4.0, 5.0], [NAN, NAN, NAN]], requires_grad=True)
    out = ag.quantile(x, 0.5, 1)
    np.testing.assert_array_equal(out.detach().numpy(), [NAN, 4, NAN])
    np.testing.assert_array_equal(ag.nanquantile(x, 0.5, 1).detach().numpy(), [1.5, 4, NAN])
    assert np.isnan(ag.quantile(x, 0.0).item())
    out.sum().backward()
    assert x.grad.tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert ag.quantile(ag.tensor(3.0), 0.3, 0, True).shape == ()
    assert ag.quantile(ag.tensor(3.0), ag.tensor([0.1, 0.9])).tolist() == [3, 3]
    assert ag.quantile(ag.ones(2, 3), ag.zeros(0), 0).shape == (0, 3)
    assert ag.quantile(ag.tensor([1.0, 2.0]), [0.0, 1.0]).tolist() == [1, 2]


@pytest.mark.parametrize("interpolation", WAYS)
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_derivatives_of_quantiles(name: str, interpolation: str) -> None:
    f = getattr(ag, name)
    q = leaf([0.3, 0.6, 0.95])
    for dim in (None, 1):
        for check in (ag.gradcheck, ag.gradgradcheck):
            assert check(lambda x, q, dim=dim: f(x, q, dim, interpolation=interpolation) ** 2, (leaf(X), q))


def test_quantiles_that_make_no_sense() -> None:
    x = ag.ones(2, 3)
    with pytest.raises(
        errors.DtypeError, match=r"quantile: input has dtype int64: expected floating; use input.float\(\)"
    ):
        ag.quantile(ag.tensor([1]), 0.5)
    with pytest.raises(errors.ArgumentError, match=r"quantile: q=1.5 is out of range: expected 0 to 1"):
        ag.quantile(x, 1.5)
    with pytest.raises(errors.ArgumentError, match=r"quantile: q=nan is out of range"):
        ag.quantile(x, NAN)
    with pytest.raises(
        errors.DtypeError, match="nanquantile: q has dtype float64, input float32; bring both to one dtype"
    ):
        ag.nanquantile(x, ag.tensor([0.5], dtype=ag.float64))
    with pytest.raises(errors.ShapeError, match=r"quantile: q has shape \(1, 1\), expected a number or a vector"):
        ag.quantile(x, ag.ones(1, 1))
    with pytest.raises(
        errors.ArgumentError, match="interpolation='cubic' is unknown: expected one of linear, midpoint"
    ):
        ag.quantile(x, 0.5, interpolation="cubic")
    with pytest.raises(errors.ShapeError, match=r"quantile: input of shape \(0, 3\) is empty over all dims"):
        ag.quantile(ag.zeros(0, 3), 0.5)
    with pytest.raises(IndexError, match="dim 2 is out of range"):
        ag.quantile(x, 0.5, 2)


# ----------------------------------------------------------------------------------------------------------- covariances


@both
def test_covariances(dtype: Any) -> None:
    x = X[0].astype(dtype)
    f, a = np.array([1, 2, 0, 3]), np.array([0.5, 1, 2, 0.1], dtype)
    for correction, fw, aw in itertools.product((0, 1, 2), (None, f), (None, a)):
        weights = {"fweights": fw, "aweights": aw}
        wanted = np.cov(x, ddof=correction, **weights)
        tensors = {k: None if w is None else ag.tensor(w) for k, w in weights.items()}
        out = ag.cov(ag.tensor(x), correction=correction, **tensors)
        np.testing.assert_allclose(out.numpy(), wanted, rtol=1e-4, atol=1e-5)
        assert out.dtype == dtype
        np.testing.assert_allclose(
            ag.tensor(x[0]).cov(correction=correction, **tensors).numpy(), wanted[0, 0], rtol=1e-4
        )
    out = ag.corrcoef(ag.tensor(x))
    np.testing.assert_allclose(out.numpy(), np.corrcoef(x), rtol=1e-5)
    assert out.dtype == dtype
    assert out.abs().max().item() <= 1
    assert ag.tensor(x[0]).corrcoef().item() == 1
    assert ag.cov(ag.tensor([[1, 2], [4, 3]])).tolist() == [[0.5, -0.5], [-0.5, 0.5]]


def test_derivatives_of_covariances() -> None:
    f, a = ag.tensor([1, 2, 1, 3]), leaf([0.5, 1, 2, 0.1])
    for check in (ag.gradcheck, ag.gradgradcheck):
        assert check(lambda x: ag.cov(x) ** 2, leaf(X[0]))
        assert check(lambda x, a: ag.cov(x, correction=0.5, fweights=f, aweights=a), (leaf(X[0]), a))
        assert check(lambda x: ag.corrcoef(x)[0, 1:], leaf(X[0]))


def test_too_few_observations_warn() -> None:
    with np.errstate(all="ignore"):  # pytest.warns sees what the filter of the package hides
        with pytest.warns(
            UserWarning, match="cov of 1 observations with correction=1 divides by 0; give it more"
        ) as seen:
            assert np.isnan(ag.cov(ag.tensor(3.0)).item())
        assert seen[0].filename == __file__
        with pytest.warns(UserWarning, match="cov of 2 observations with correction=3"):
            assert ag.cov(ag.tensor([1.0, 2.0]), correction=3).item() == INF
        with pytest.warns(UserWarning, match="cov of 0 observations"):
            assert np.isnan(ag.cov(ag.ones(2, 0)).numpy()).all()
    assert ag.cov(ag.zeros(0, 3)).shape == (0, 0)
    with np.errstate(all="ignore"):
        assert np.isnan(ag.corrcoef(ag.ones(2, 3)).numpy()).all()


def test_covariances_that_make_no_sense() -> None:
    x = ag.ones(2, 3)
    for name in ("cov", "corrcoef"):
        with pytest.raises(errors.ShapeError, match=rf"{name}: input has shape \(1, 1, 1\), expected \(variables, obs"):
            getattr(ag, name)(ag.ones(1, 1, 1))
        with pytest.raises(
            errors.DtypeError, match=rf"{name}: input has dtype bool, expected numbers; use input.float\(\)"
        ):
            getattr(ag, name)(ag.tensor([True]))
    with pytest.raises(
        errors.ShapeError, match=r"cov: fweights has shape \(2,\), expected \(3,\): one for each observation"
    ):
        ag.cov(x, fweights=ag.tensor([1, 2]))
    with pytest.raises(errors.DtypeError, match="cov: fweights has dtype float32, expected integers"):
        ag.cov(x, fweights=ag.ones(3))
    with pytest.raises(errors.DtypeError, match="cov: aweights has dtype int64, expected floating"):
        ag.cov(x, aweights=ag.tensor([1, 2, 3]))
    with pytest.raises(
        errors.ArgumentError, match="cov: aweights has a negative weight; expected weights of 0 or more"
    ):
        ag.cov(x, aweights=ag.tensor([1.0, -1.0, 1.0]))
    with pytest.raises(errors.ArgumentError, match="cov: the weights sum to 0"):
        ag.cov(x, fweights=ag.tensor([0, 0, 0]))


# ---------------------------------------------------------------------------------------------------------------- counts


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_bincount(dtype: str) -> None:
    x = ag.tensor(np.array([1, 4, 1, 0], dtype))
    assert ag.bincount(x).tolist() == [1, 2, 0, 0, 1]
    assert x.bincount(minlength=7).tolist() == [1, 2, 0, 0, 1, 0, 0]
    assert ag.bincount(x).dtype == np.int64
    assert ag.bincount(x[:0]).tolist() == []
    assert ag.bincount(x[:0], minlength=2).tolist() == [0, 0]
    w = ag.tensor([0.5, 1.0, 2.0, 4.0], requires_grad=True)
    out = ag.bincount(x, w)
    assert out.tolist() == [4, 2.5, 0, 0, 1]
    (out * ag.arange(5)).sum().backward()
    assert w.grad.tolist() == [1, 4, 1, 0]
    assert (out.dtype, ag.bincount(x, w.double()).dtype) == (np.float32, np.float64)
    assert ag.bincount(x, ag.tensor([1, 2, 3, 4])).dtype == np.float64


def test_bincounts_that_make_no_sense() -> None:
    for x in (ag.ones(3), ag.tensor([[1]]), ag.tensor([True])):
        with pytest.raises(
            errors.ShapeError, match=r"bincount: input has shape .* and dtype .*: expected a vector of integers"
        ):
            ag.bincount(x)
    with pytest.raises(errors.ArgumentError, match="bincount: input holds -2: expected integers of 0 or more"):
        ag.bincount(ag.tensor([1, -2]))
    with pytest.raises(errors.ArgumentError, match="bincount: minlength=-1 is negative: expected 0 or more"):
        ag.bincount(ag.tensor([1]), minlength=-1)
    with pytest.raises(errors.ShapeError, match=r"bincount: weights of shape \(2,\) do not fit input of shape \(1,\)"):
        ag.bincount(ag.tensor([1]), ag.ones(2))


@both
def test_histc(dtype: Any) -> None:
    x = np.array([0.0, 0.5, 1.0, 2.0, 2.9, 3.0, 3.1, -0.1, NAN, INF], dtype)
    out = ag.histc(ag.tensor(x), 3, 0, 3)
    assert out.tolist() == [2, 1, 3]
    assert out.dtype == dtype
    y = ag.tensor(X.astype(dtype), requires_grad=True)
    assert ag.histc(y, bins=7).tolist() == np.histogram(X, 7)[0].tolist()
    assert not y.histc().requires_grad
    assert y.histc().shape == (100,)
    assert ag.histc(ag.ones(2), 4).tolist() == [0, 0, 2, 0]
    assert ag.histc(ag.tensor([5.0]), 4, 5, 5).tolist() == [0, 0, 1, 0]
    assert ag.histc(ag.zeros(0), 2).tolist() == [0, 0]


@both
def test_histogram(dtype: Any) -> None:
    x, w = X.astype(dtype), np.abs(X).astype(dtype)
    edges = np.array([-2, -1, 0.5, 1, 2.25], dtype)
    for bins, weight, density in itertools.product((5, edges), (None, w), (False, True)):
        how = {"weight": None if weight is None else ag.tensor(weight), "density": density}
        hist, found = result = ag.histogram(ag.tensor(x), ag.tensor(bins) if bins is edges else bins, **how)
        wanted = np.histogram(x, bins, weights=weight, density=density)
        np.testing.assert_allclose(hist.numpy(), wanted[0], rtol=1e-5)
        np.testing.assert_allclose(found.numpy(), wanted[1], rtol=1e-6)
        assert (hist.dtype, found.dtype) == (dtype, dtype)
        assert (result.hist, result.bin_edges) == (hist, found)
    assert ag.tensor(x).histogram(4, range=(-1.0, 1.0)).hist.tolist() == np.histogram(x, 4, (-1, 1))[0].tolist()
    assert ag.histogram(ag.tensor(np.array([NAN, INF, 1], dtype)), 2, range=(0, 1)).hist.tolist() == [0, 1]
    assert ag.histogram(ag.ones(2), 4).bin_edges.tolist() == [0.5, 0.75, 1, 1.25, 1.5]
    assert ag.histogram(ag.zeros(0), 2).bin_edges.tolist() == [0, 0.5, 1]


def test_histograms_that_make_no_sense() -> None:
    x = ag.ones(3)
    for name in ("histc", "histogram"):
        f = getattr(ag, name)
        with pytest.raises(errors.DtypeError, match=f"{name}: input has dtype int64: expected floating"):
            f(ag.tensor([1]), 2)
        with pytest.raises(
            errors.ArgumentError, match=f"{name}: bins=0 is no number of bins: expected an integer of at l"
        ):
            f(x, 0)
        with pytest.raises(
            errors.ArgumentError, match=f"{name}: the range from nan to nan is not finite; give another"
        ):
            f(ag.tensor([1.0, NAN]), 2)
    with pytest.raises(
        errors.ArgumentError, match="histc: the range from 2 to 1 is empty: expected the smaller number first"
    ):
        ag.histc(x, 3, 2, 1)
    with pytest.raises(
        errors.ShapeError, match=r"histogram: weight of shape \(2,\) and dtype float32 does not fit input"
    ):
        ag.histogram(x, 3, weight=ag.ones(2))
    with pytest.raises(errors.ShapeError, match=r"histogram: bins of shape \(1,\) and dtype float32 are no edges"):
        ag.histogram(x, ag.ones(1))
    with pytest.raises(errors.ArgumentError, match=r"range=\(0, 1\) and the edges in bins contradict each other"):
        ag.histogram(x, ag.ones(3), range=(0, 1))


# -------------------------------------------------------------------------------------------------- PyTorch, where it is


@pytest.mark.parametrize("interpolation", WAYS)
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles_beside_pytorch(name: str, interpolation: str) -> None:
    holes = X.copy()
    holes[0, 1, 2] = NAN  # of several PyTorch chooses any
    for x, dim, keep in itertools.product((X, holes), (None, 0, 2), (False, True)):
        how = {"dim": dim, "keepdim": keep, "interpolation": interpolation}
        agree(lambda lib, x, q, how=how: getattr(lib, name)(x, q, **how), x, np.array([0.0, 0.3, 0.5, 1.0]))
        agree(lambda lib, x, how=how: getattr(lib, name)(x, 0.6, **how), x.astype(np.float32), rtol=1e-4, atol=1e-5)


def test_covariances_beside_pytorch() -> None:
    f, a = np.array([1, 2, 0, 3]), np.array([0.5, 1, 2, 0.1])
    for correction in (0, 1, 2):
        agree(lambda lib, x, c=correction: lib.cov(x, correction=c), X[0])
        agree(lambda lib, x, f, c=correction: lib.cov(x, correction=c, fweights=f), X[0], f)
        agree(lambda lib, x, f, a, c=correction: lib.cov(x, correction=c, fweights=f, aweights=a), X[0], f, a)
    agree(lambda lib, x: lib.cov(x), X[0, 0].astype(np.float32), rtol=1e-5)
    agree(lambda lib, x: lib.cov(x), rng.integers(0, 9, (2, 5)), rtol=1e-5)
    agree(lambda lib, x: lib.corrcoef(x), X[0], order=1)  # beyond that, what is left at the bounds is chance


def test_counts_beside_pytorch() -> None:
    x, w = rng.normal(size=50), rng.random(50)
    for dtype, bins in itertools.product((np.float32, np.float64), (1, 7, 100)):
        a, b = x.astype(dtype), w.astype(dtype)
        agree(lambda lib, x, bins=bins: lib.histc(x, bins), a)
        agree(lambda lib, x, bins=bins: lib.histc(x, bins=bins, min=-1, max=0.5), a)
        for how in ({}, {"density": True}, {"range": (-1.0, 0.5)}):
            agree(lambda lib, x, bins=bins, how=how: lib.histogram(x.detach(), bins, **how), a, rtol=1e-5, atol=1e-6)
        edges = np.sort(x[:8]).astype(dtype)
        agree(lambda lib, x, w, e: lib.histogram(x.detach(), e.detach(), weight=w.detach()), a, b, edges, rtol=1e-5)
    places = rng.integers(0, 6, 20)
    agree(lambda lib, x: lib.bincount(x, minlength=9), places)
    for weights in (w[:20], w[:20].astype(np.float32), places):
        agree(lambda lib, x, w: lib.bincount(x, w.detach()), places, weights, rtol=1e-6)
