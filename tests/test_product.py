"""Matrix products: our own against NumPy's, for any sizes and layouts, and where each of them serves."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from guarded_memory import guarded
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core.kernels import cpu, threads

kernels = sys.modules["autograd_core.kernels.cpu.product"]
FLOATS = [np.float32, np.float64]
rng = np.random.default_rng(0)


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no product be too small for our kernels; cut matrices where otherwise only large ones are cut."""
    for name, value in {"WORTH": 1, "FEW": 1, "BLOCK": 24, "MANY": 3, "LONG": 40, "is_available": lambda: True}.items():
        monkeypatch.setattr(kernels, name, value)


def numbers(shape: Any, dtype: Any) -> np.ndarray:
    """Small integers: all sums of products are exact, so whatever is not equal is wrong."""
    return rng.integers(-4, 5, shape).astype(dtype)


def arranged(a: np.ndarray, how: str) -> np.ndarray:
    """The same numbers, differently laid out in memory."""
    if how == "every second":
        return np.repeat(np.repeat(a, 2, 0), 2, 1)[::2, ::2]
    if how == "reversed":
        return a[::-1, ::-1].copy()[::-1, ::-1]
    if how == "read-only":
        a = a.copy()
        a.flags.writeable = False
    return np.asfortranarray(a) if how == "transposed" else a


LAYOUTS = ["C", "transposed", "every second", "reversed", "read-only"]


@pytest.mark.usefixtures("ours")
@given(
    st.integers(1, 70),
    st.integers(1, 60) | st.sampled_from([1023, 1024, 1025, 2050]),
    st.integers(1, 140),
    st.sampled_from(LAYOUTS),
    st.sampled_from(LAYOUTS),
    st.booleans(),
    st.booleans(),
    st.sampled_from(FLOATS),
)
@settings(max_examples=60)
def test_any_product(m: int, k: int, n: int, left: str, right: str, biased: bool, into: bool, dtype: Any) -> None:
    x, y, bias = numbers((m, k), dtype), numbers((k, n), dtype), numbers(n, dtype)
    expected = x @ y + bias if biased else x @ y
    with guarded() as lend:
        out = lend((m, n), dtype) if into else None
        found = cpu.product(arranged(x, left), arranged(y, right), bias if biased else None, out)
    assert found.dtype == dtype
    assert out is None or found is out
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 9, 1), (300, 1, 2)])
def test_empty_and_narrow_products(shape: tuple[int, int, int], dtype: Any) -> None:
    m, k, n = shape
    x, y, bias = numbers((m, k), dtype), numbers((k, n), dtype), numbers(n, dtype)
    np.testing.assert_array_equal(cpu.product(x, y), x @ y)
    np.testing.assert_array_equal(cpu.affine(x, np.asfortranarray(y).T, bias), x @ y + bias)


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_and_infinity_stay_in_their_rows_and_columns(dtype: Any) -> None:
    x, y = numbers((19, 50), dtype) + 5, numbers((50, 70), dtype) + 5
    x[3, 7], y[9, 40], x[18, 0] = np.nan, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        expected = x @ y
    np.testing.assert_array_equal(cpu.product(x, y), expected)
    np.testing.assert_array_equal(cpu.product(x.copy("F"), y.copy("F")), expected)


@pytest.mark.usefixtures("ours", "any_work_is_shared")
def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    x, y, bias = (rng.normal(size=size).astype(np.float32) for size in ((100, 1100), (1100, 333), (333,)))
    threads.set_num_threads(1)
    expected = cpu.product(x, y, bias).tobytes()
    for n in (2, 3, 16):
        threads.set_num_threads(n)
        assert cpu.product(x, y, bias).tobytes() == expected


def test_integers_and_misfits_are_left_to_numpy() -> None:
    x = np.arange(256 * 256).reshape(256, 256) % 7
    np.testing.assert_array_equal(cpu.product(x, x), x @ x)
    with pytest.raises(ValueError, match="not aligned"):
        cpu.product(np.ones((300, 300)), np.ones((299, 300)))


def test_a_sum_of_many_products_is_accurate() -> None:
    x, y = (rng.normal(size=size).astype(np.float32) for size in ((64, 4096), (4096, 64)))
    exact = x.astype(float) @ y.astype(float)
    assert np.abs(cpu.product(x, y) - exact).max() <= 4e-6 * np.abs(exact).max()


@pytest.mark.usefixtures("any_work_is_shared")
@pytest.mark.parametrize("dtype", [*FLOATS, np.int64])
@pytest.mark.parametrize(
    ("left", "right"),
    [((7, 3, 4), (7, 4, 5)), ((7, 1, 3, 4), (6, 4, 5)), ((3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((0, 3, 4), (4, 5))],
)
def test_stacks(left: tuple[int, ...], right: tuple[int, ...], dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "PAYS_FROM", 0.0)
    x, y = numbers(left, dtype), numbers(right, dtype)
    for n in (1, 3):
        threads.set_num_threads(n)
        found = cpu.products(x, y)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, x @ y)


def test_stacks_that_do_not_fit() -> None:
    for left, right in [((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (3, 4, 5)), ((), (2, 2))]:
        with pytest.raises(ValueError, match=r"matmul|broadcast"):
            cpu.products(np.ones(left), np.ones(right))
