"""Differences, slopes and integrals along a dim, beside NumPy, finite differences and PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from beside_torch import agree

import autograd_core as ag
from autograd_core import errors

both = pytest.mark.parametrize("dtype", [np.float32, np.float64])
rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4, 5))
PLACES = np.cumsum(rng.random(5) + 0.1)


def leaf(x: Any) -> ag.Tensor:
    return ag.tensor(np.asarray(x, np.float64), requires_grad=True)


# ----------------------------------------------------------------------------------------------------------- differences


@both
def test_differences(dtype: Any) -> None:
    x = X.astype(dtype)
    for n, dim in itertools.product((0, 1, 2, 3, 6), (0, 1, -1)):
        out = ag.diff(ag.tensor(x), n, dim)
        np.testing.assert_allclose(out.numpy(), np.diff(x, n, dim), rtol=1e-5, atol=1e-5)
        assert out.dtype == dtype
    first, last = ag.tensor(x[:, :2]), ag.tensor(x[:, :1])
    out = ag.tensor(x).diff(dim=1, prepend=first, append=last)
    np.testing.assert_array_equal(out.numpy(), np.diff(x, 1, 1, x[:, :2], x[:, :1]))


def test_differences_of_integers_booleans_and_nothing() -> None:
    assert ag.diff(ag.tensor([1, 4, 9])).tolist() == [3, 5]
    assert ag.diff(ag.tensor(np.array([5, 1], np.uint8))).tolist() == [252]
    assert ag.diff(ag.tensor([True, True, False])).tolist() == [False, True]
    assert ag.diff(ag.zeros(0)).shape == (0,)
    x = ag.ones(2)
    assert ag.diff(x, 0) is not x
    with pytest.raises(
        errors.ShapeError, match="diff: input is one number, and has no neighbours; expected at least one"
    ):
        ag.diff(ag.tensor(1.0))
    with pytest.raises(errors.ArgumentError, match="diff: n=-1 is negative: expected the number of times"):
        ag.diff(x, -1)
    with pytest.raises(IndexError, match="dim 1 is out of range"):
        ag.diff(x, dim=1)


# ---------------------------------------------------------------------------------------------------------------- slopes


@both
@pytest.mark.parametrize("edge_order", [1, 2])
def test_slopes(edge_order: int, dtype: Any) -> None:
    x = X.astype(dtype)
    for dim, spacing in itertools.product((None, 1, (0, 2), [-1]), (1, 0.5)):
        out = ag.gradient(ag.tensor(x), spacing=spacing, dim=dim, edge_order=edge_order)
        axes = range(3) if dim is None else [dim] if isinstance(dim, int) else dim
        assert isinstance(out, tuple)
        for slope, axis in zip(out, axes, strict=True):
            np.testing.assert_allclose(
                slope.numpy(), np.gradient(x, spacing, axis=axis, edge_order=edge_order), rtol=1e-4, atol=1e-5
            )
            assert slope.dtype == dtype
    places = [rng.random(n).cumsum().astype(dtype) for n in x.shape]
    for steps in (places, [0.5, 2.0, 1.0], [places[0], 2.0, places[2]]):
        given = [ag.tensor(s) if isinstance(s, np.ndarray) else s for s in steps]
        out = ag.gradient(ag.tensor(x), spacing=given, edge_order=edge_order)
        for slope, wanted in zip(out, np.gradient(x, *steps, edge_order=edge_order), strict=True):
            np.testing.assert_allclose(slope.numpy(), wanted, rtol=1e-3, atol=1e-4)
    assert ag.gradient(ag.tensor([1, 4, 9]))[0].dtype == np.float32


def test_a_parabola_on_an_uneven_grid_has_its_slope() -> None:
    x = ag.from_numpy(PLACES)
    (slope,) = ag.gradient(3 * x * x - x, spacing=(x,), edge_order=2)
    np.testing.assert_allclose(slope.numpy(), 6 * PLACES - 1)


def test_slopes_that_make_no_sense() -> None:
    x = ag.ones(2, 3)
    with pytest.raises(errors.ArgumentError, match="gradient: edge_order=3 is unknown: expected 1 or 2"):
        ag.gradient(x, edge_order=3)
    with pytest.raises(
        errors.DtypeError, match=r"gradient: input has dtype uint8, which has no negative slopes; use input"
    ):
        ag.gradient(ag.tensor(np.ones(3, np.uint8)))
    with pytest.raises(
        errors.ShapeError, match=r"input of shape \(2, 3\) has too few samples at dim 0: expected at least 3"
    ):
        ag.gradient(x, edge_order=2)
    with pytest.raises(errors.ArgumentError, match="gradient: spacing has 3 parts for 2 dims: expected one for each"):
        ag.gradient(x, spacing=[1, 2, 3])
    with pytest.raises(
        errors.ShapeError, match=r"coordinates in spacing have shape \(2,\) for dim 1: expected a vector of 3"
    ):
        ag.gradient(x, dim=1, spacing=(ag.ones(2),))


# ------------------------------------------------------------------------------------------------------------- integrals


@both
def test_integrals(dtype: Any) -> None:
    x = X.astype(dtype)
    for dim in (0, 1, -1):
        places = rng.random(x.shape[dim]).cumsum().astype(dtype)
        for how, plain in (({}, {}), ({"dx": 0.5}, {"dx": 0.5}), ({"x": ag.tensor(places)}, {"x": places})):
            out = ag.trapezoid(ag.tensor(x), **how, dim=dim)
            np.testing.assert_allclose(out.numpy(), np.trapezoid(x, **plain, axis=dim), rtol=1e-4, atol=1e-5)
            assert out.dtype == dtype
            so_far = ag.cumulative_trapezoid(ag.tensor(x), **how, dim=dim)
            assert so_far.shape[dim] == x.shape[dim] - 1
            np.testing.assert_allclose(so_far.numpy().take(-1, dim), out.numpy(), rtol=1e-4, atol=1e-5)
    assert ag.trapz(ag.tensor([1, 2, 4])).item() == 4.5
    rows = rng.random((4, 5)).cumsum(1).astype(dtype)
    np.testing.assert_allclose(
        ag.trapezoid(ag.tensor(x), ag.tensor(rows)).numpy(), np.trapezoid(x, rows), rtol=1e-4, atol=1e-5
    )


def test_integrals_over_nothing_and_without_sense() -> None:
    assert ag.trapezoid(ag.ones(0, 2), dim=0).tolist() == [0, 0]
    assert ag.trapezoid(ag.ones(1)).item() == 0
    assert ag.cumulative_trapezoid(ag.ones(0)).shape == (0,)
    for name in ("trapezoid", "cumulative_trapezoid"):
        f = getattr(ag, name)
        with pytest.raises(errors.ShapeError, match=rf"{name}: x has 2 places for the 3 samples of y along dim -1"):
            f(ag.ones(3), ag.ones(2))
        with pytest.raises(errors.DtypeError, match=rf"{name}: booleans have no area; use y.float\(\)"):
            f(ag.tensor([True]))
        with pytest.raises(errors.ShapeError, match=f"{name}: y is one number, expected samples along a dim"):
            f(ag.tensor(1.0))


# -------------------------------------------------------------------------------------------------- PyTorch, where it is

CASES = {
    "diff": lambda lib, x, p: lib.diff(x, 2, 1),
    "diff of joined": lambda lib, x, p: lib.diff(x, prepend=x[:, :, :2], append=p.reshape(1, 1, 5).expand(3, 4, 5)),
    "gradient": lambda lib, x, p: lib.gradient(x),
    "gradient, even": lambda lib, x, p: lib.gradient(x, spacing=0.3, dim=(0, 2), edge_order=2),
    "gradient, numbers": lambda lib, x, p: lib.gradient(x, spacing=[0.3, 2], dim=(2, 1)),
    "gradient, places": lambda lib, x, p: lib.gradient(x, spacing=(p,), dim=2),
    "gradient, places at edges": lambda lib, x, p: lib.gradient(x, spacing=(p[:3], p), dim=(0, 2), edge_order=2),
    "trapezoid": lambda lib, x, p: lib.trapezoid(x, dx=0.3, dim=1),
    "trapezoid, places": lambda lib, x, p: lib.trapezoid(x, p),
    "trapezoid, rows": lambda lib, x, p: lib.trapz(x, x[0] * 2, dim=2),
    "cumulative_trapezoid": lambda lib, x, p: lib.cumulative_trapezoid(x, dim=0),
    "cumulative_trapezoid, places": lambda lib, x, p: lib.cumulative_trapezoid(x, p[:4], dim=1),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives_and_pytorch(name: str) -> None:
    x, places = leaf(X[:, :, :]), leaf(PLACES)
    assert ag.gradcheck(lambda x, p: CASES[name](ag, x, p), (x, places))
    agree(CASES[name], X, PLACES)
    agree(CASES[name], X.astype(np.float32), PLACES.astype(np.float32), rtol=2e-3, atol=2e-3)


def test_integers_beside_pytorch() -> None:
    n = np.array([1, 5, 2, 7])
    for name in ("diff", "gradient", "trapezoid", "cumulative_trapezoid"):
        agree(lambda lib, x, name=name: getattr(lib, name)(x), n)
    agree(lambda lib, x: lib.trapezoid(x, x * 2), n)
    agree(lambda lib, x: lib.gradient(x, spacing=(x * x,)), n, rtol=1e-6)
