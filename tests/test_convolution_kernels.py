"""Kernels of convolution: every way against the definition, whatever the sizes; memory, threads, vectors, fallback."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import convolution_by_definition as definition
import numba
import numpy as np
import pytest
from guarded_memory import guarded
from hypothesis import given, settings
from hypothesis import strategies as st
from same_for_all_threads import assert_same_bits, check_numbers_of_threads, check_threads_of_the_user
from test_kernels import run

from autograd_core.kernels import cpu
from autograd_core.kernels.cpu import convolution
from autograd_core.kernels.cpu.convolution import columns, direct, weight_by_channels, weight_by_places, winograd
from autograd_core.kernels.cpu.convolution.sizes import Sizes
from autograd_core.kernels.cpu.convolution.winograd import plan, weight

FLOATS = [np.float32, np.float64]
ROOT = Path(__file__).parents[1]
PLAIN = bool(numba.config.DISABLE_JIT)  # kernels run as Python: fewer examples will do
BOTH = pytest.mark.parametrize("dtype", FLOATS)

examples = settings(max_examples=6 if PLAIN else 60)
compiled = pytest.mark.skipif(PLAIN, reason="is about compiled kernels")


def how_of(dims: int, **changes: Any) -> dict[str, Any]:
    """The usual geometry."""
    return {"stride": (1,) * dims, "padding": ((0, 0),) * dims, "dilation": (1,) * dims, "groups": 1} | changes


def sizes_of(x: Any, w: Any, how: dict[str, Any]) -> Sizes:
    return Sizes.of(x, w, how["stride"], how["padding"], how["dilation"], how["groups"])


def numbers(rng: np.random.Generator, shape: Any, dtype: Any) -> np.ndarray:
    """Small integers: all sums of products are exact, so whatever is not equal is wrong."""
    return rng.integers(-4, 5, shape).astype(dtype)


@st.composite
def convolutions(draw: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    """x, w, bias and a geometry, in one to three dims."""
    dims = draw(st.sampled_from([1, 2, 2, 2, 3]))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    each = lambda choices: tuple(draw(st.lists(st.sampled_from(choices), min_size=dims, max_size=dims)))
    window, dilation, stride = each([1, 2, 3, 3, 4]), each([1, 1, 1, 2, 3]), each([1, 1, 1, 2, 3, 4])
    padding = tuple(zip(each([0, 0, 1, 2, 3]), each([0, 0, 1, 2, 3, -1])))
    least = [max(1, d * (k - 1) + 1 - sum(p)) for k, d, p in zip(window, dilation, padding)]
    size = [n + more for n, more in zip(least, each([0, 1, 3, 4, 7]))]
    if dims < 3:
        size[-1] += draw(st.sampled_from([0, 0, 9, 16, 40]))
    c = draw(st.sampled_from([1, 1, 2, 3, 5, 9, 17]))
    o = draw(st.sampled_from([1, 1, 2, 3, 6, 7, 8, 11, 16, 17, 33]))
    n = draw(st.sampled_from([1, 1, 2, 3, 5]))
    rng, dtype = np.random.default_rng(draw(st.integers(0, 99))), draw(st.sampled_from(FLOATS))
    x, w, b = ((n, groups * c, *size), (groups * o, c, *window), (groups * o,))
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return numbers(rng, x, dtype), numbers(rng, w, dtype), numbers(rng, b, dtype), how


# ------------------------------------------------------------------------------------------------------ the definition


@pytest.mark.parametrize("way", [direct, columns])
@given(case=convolutions(), has_bias=st.booleans(), relu=st.booleans())
@examples
def test_forward(way: ModuleType, case: Any, has_bias: bool, relu: bool) -> None:
    x, w, b, how = case
    expected = definition.convolve(x, w, **how)
    if has_bias:
        expected += b.reshape(-1, *[1] * (x.ndim - 2))
    if relu:
        expected = np.maximum(expected, 0)
    with guarded() as lend:
        y = lend(expected.shape, x.dtype)
        way.convolve(x, w, b if has_bias else None, sizes_of(x.shape, w.shape, how), y, relu)
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("way", [direct, columns])
@given(case=convolutions())
@examples
def test_adjoint_to_the_input(way: ModuleType, case: Any) -> None:
    x, w, _, how = case
    g = gradient(x, w, how)
    with guarded() as lend:
        dx = lend(x.shape, x.dtype)
        way.convolve_input(g, w, sizes_of(x.shape, w.shape, how), dx)
    np.testing.assert_array_equal(dx, definition.convolve_input(g, w, x.shape, **how))


@pytest.mark.parametrize("way", [weight_by_channels, weight_by_places, columns])
@given(case=convolutions())
@examples
def test_adjoint_to_the_weights(way: ModuleType, case: Any) -> None:
    x, w, _, how = case
    g = gradient(x, w, how)
    with guarded() as lend:
        dw = lend(w.shape, x.dtype)
        way.convolve_weight(g, x, sizes_of(x.shape, w.shape, how), dw)
    np.testing.assert_array_equal(dw, definition.convolve_weight(g, x, w.shape, **how))


def gradient(x: np.ndarray, w: np.ndarray, how: dict[str, Any]) -> np.ndarray:
    """Any numbers of the shape of the result."""
    places = definition.places(x.shape, w.shape, how["stride"], how["padding"], how["dilation"])
    return numbers(np.random.default_rng(0), (len(x), len(w), *places), x.dtype)


SPECIAL: list[tuple[Any, Any, dict[str, Any]]] = [
    ((2, 3, 4, 4), (5, 3, 1, 1), how_of(2)),  # pointwise
    ((2, 3, 4, 4), (5, 3, 1, 1), how_of(2, padding=((1, 0), (0, 1)))),
    ((2, 4, 4, 4), (4, 1, 1, 1), how_of(2, groups=4)),
    ((2, 24, 5, 5), (24, 1, 3, 3), how_of(2, groups=24, padding=((1, 1), (1, 1)))),  # depthwise
    ((2, 4, 5, 5), (8, 1, 3, 3), how_of(2, groups=4, stride=(2, 3))),
    ((3, 2, 1, 9), (2, 2, 1, 3), how_of(2)),  # 1 x W
    ((3, 2, 9, 1), (2, 2, 3, 1), how_of(2, dilation=(3, 1))),
    ((2, 1, 2, 2), (1, 1, 1, 1), how_of(2, stride=(5, 5))),
    ((1, 2, 1, 1), (3, 2, 5, 5), how_of(2, padding=((4, 4), (4, 4)))),  # a single pixel
    ((1, 1, 3), (1, 1, 2), how_of(1, padding=((7, 7),), stride=(5,))),  # places that see nothing but padding
    ((1, 3, 2, 300), (5, 3, 2, 7), how_of(2, padding=((0, 0), (3, 3)))),  # wide
    ((1, 2, 900), (3, 2, 11), how_of(1, dilation=(17,), stride=(3,))),
    ((1, 6, 40, 33), (7, 6, 5, 5), how_of(2, padding=((2, 2), (2, 2)))),
    ((1, 1, 90, 90), (20, 1, 11, 11), how_of(2, stride=(4, 4))),
    ((20, 1, 3, 3), (1, 1, 2, 2), how_of(2)),  # more images than parts of the sum
    ((3, 40, 7, 7), (48, 40, 1, 1), how_of(2)),
    ((1, 2, 3, 4, 5), (3, 2, 2, 2, 2), how_of(3, stride=(2, 1, 2), padding=((1, 0), (0, 1), (1, 1)))),
    ((0, 2, 4, 4), (3, 2, 2, 2), how_of(2)),  # no images
    ((2, 0, 4, 4), (3, 0, 2, 2), how_of(2)),  # no channels
    ((2, 2, 4, 4), (0, 2, 2, 2), how_of(2)),
]


@pytest.mark.parametrize("level", [0, 4])
@pytest.mark.parametrize(("x_shape", "w_shape", "how"), SPECIAL)
@BOTH
def test_special_shapes(level: int, x_shape: Any, w_shape: Any, how: Any, dtype: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(convolution, "_winograd", level)
    rng = np.random.default_rng(2)
    x, w, b = numbers(rng, x_shape, dtype), numbers(rng, w_shape, dtype), numbers(rng, w_shape[:1], dtype)
    g = gradient(x, w, how)
    with guarded():
        y = cpu.conv(x, w, b, **how)
        dx, dw = cpu.conv_input(g, w, shape=x.shape, **how), cpu.conv_weight(g, x, shape=w.shape, **how)
    assert y.dtype == dx.dtype == dw.dtype == dtype
    for found, expected in (
        (y, definition.convolve(x, w, **how) + b.reshape(-1, *[1] * (x.ndim - 2))),
        (dx, definition.convolve_input(g, w, x.shape, **how)),
        (dw, definition.convolve_weight(g, x, w.shape, **how)),
    ):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=1e-4 if level and dtype == np.float32 else 0)


LARGE: list[tuple[Any, Any, dict[str, Any]]] = [  # so many numbers that plans cut them into strips, bundles, batches
    ((2, 48, 60, 60), (70, 48, 3, 3), how_of(2, padding=((1, 1), (1, 1)))),
    ((3, 64, 40, 40), (96, 64, 3, 3), how_of(2, padding=((1, 1), (1, 1)), stride=(2, 2))),
    ((1, 256, 9, 9), (300, 256, 3, 3), how_of(2, padding=((1, 1), (1, 1)))),
    ((37, 3, 8, 8), (19, 3, 3, 3), how_of(2)),
    ((1, 1, 300, 300), (6, 1, 5, 5), how_of(2)),
    ((2, 60, 3000), (16, 60, 5), how_of(1, padding=((2, 2),))),
]


@compiled
@pytest.mark.parametrize(("x_shape", "w_shape", "how"), LARGE)
def test_large_shapes(x_shape: Any, w_shape: Any, how: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "_winograd", 0)
    rng = np.random.default_rng(3)
    x, w = numbers(rng, x_shape, np.float32), numbers(rng, w_shape, np.float32)
    g = gradient(x, w, how)
    with guarded() as lend:
        y, dx = cpu.conv(x, w, **how), cpu.conv_input(g, w, shape=x.shape, **how)
        dw = [lend(w.shape, w.dtype) for _ in range(2)]
        weight_by_channels.convolve_weight(g, x, sizes_of(x.shape, w.shape, how), dw[0])
        weight_by_places.convolve_weight(g, x, sizes_of(x.shape, w.shape, how), dw[1])
    np.testing.assert_array_equal(y, definition.convolve(x, w, **how))
    np.testing.assert_array_equal(dx, definition.convolve_input(g, w, x.shape, **how))
    for found in dw:
        np.testing.assert_array_equal(found, definition.convolve_weight(g, x, w.shape, **how))


def drawn(x_shape: Any, w_shape: Any, dtype: Any) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    rng, dims = np.random.default_rng(4), len(x_shape) - 2
    how = how_of(dims, padding=((1, 1),) * dims)
    return rng.normal(size=x_shape).astype(dtype), rng.normal(size=w_shape).astype(dtype), how


def results(x: np.ndarray, w: np.ndarray, how: dict[str, Any]) -> list[np.ndarray]:
    """The three passes, as they are dispatched."""
    y = cpu.conv(x, w, **how)
    return [y, cpu.conv_input(y, w, shape=x.shape, **how), cpu.conv_weight(y, x, shape=w.shape, **how)]


def results_and_expected(x: np.ndarray, w: np.ndarray, how: dict[str, Any]) -> list[tuple[np.ndarray, np.ndarray]]:
    y, dx, dw = results(x, w, how)
    return [
        (y, definition.convolve(x, w, **how)),
        (dx, definition.convolve_input(y, w, x.shape, **how)),
        (dw, definition.convolve_weight(y, x, w.shape, **how)),
    ]


# ------------------------------------------------------------------------------------------------------------ Winograd


@st.composite
def windows_of_three(draw: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
    groups, pad = draw(st.sampled_from([1, 1, 2])), st.integers(0, 2)
    padding = tuple((draw(pad), draw(pad)) for _ in range(2))
    size = [max(1, 3 - sum(p)) + draw(st.integers(0, 8 if PLAIN else 20)) for p in padding]
    n = draw(st.sampled_from([1, 1, 2, 3, 5]))
    c, o = (draw(st.sampled_from([1, 2, 5, 9] if PLAIN else [1, 3, 15, 16, 17, 32, 50, 65])) for _ in range(2))
    rng, dtype = np.random.default_rng(draw(st.integers(0, 99))), draw(st.sampled_from(FLOATS))
    shapes = ((n, groups * c, *size), (groups * o, c, 3, 3), (groups * o,))
    x, w, b = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return x, w, b, how_of(2, padding=padding, groups=groups)


ERRORS = {2: 1e-6, 4: 6e-6}  # the stated ones, times two: here results may be no larger than their terms


@contextmanager
def weights_are(many: bool) -> Iterator[None]:
    """Take the way for many weights and few tiles, if *many*, for all sizes that it can do; batches are small too."""
    with pytest.MonkeyPatch.context() as patch:
        if many:
            patch.setattr(plan, "BATCH", 40)
            for module in (plan, weight):
                patch.setattr(module, "MANY", 0)
        for cached in (plan.forward_plan, plan.adjoint_plan):
            cached.cache_clear()
        yield
    for cached in (plan.forward_plan, plan.adjoint_plan):
        cached.cache_clear()


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("level", [2, 4])
@given(case=windows_of_three(), has_bias=st.booleans(), relu=st.booleans())
@examples
def test_winograd_is_the_definition(level: int, many: bool, case: Any, has_bias: bool, relu: bool) -> None:
    with weights_are(many):
        check_winograd(level, case, has_bias, relu)


@compiled
@pytest.mark.parametrize("level", [2, 4])
def test_more_weights_than_stay_in_the_cache(level: int) -> None:
    x, w, how = drawn((3, 150, 7, 6), (333, 150, 3, 3), np.float32)
    with weights_are(True):
        check_winograd(level, (x, w, np.ones(333, np.float32), how), True, False)


def check_winograd(level: int, case: Any, has_bias: bool, relu: bool) -> None:
    x, w, b, how = case
    s, most = sizes_of(x.shape, w.shape, how), ERRORS[level] if x.dtype == np.float32 else 1e-13
    assert winograd.fits(s)
    expected = definition.convolve(x, w, **how) + (b[:, None, None] if has_bias else 0)
    if relu:
        expected = np.maximum(expected, 0)
    g = np.random.default_rng(0).normal(size=expected.shape).astype(x.dtype)
    with guarded() as lend:
        y, dx, dw = (lend(shape, x.dtype) for shape in (expected.shape, x.shape, w.shape))
        winograd.convolve(x, w, b if has_bias else None, s, y, relu, level=level)
        winograd.convolve_input(g, w, s, dx, level=level)
        winograd.convolve_weight(g, x, s, dw, level=level)
    terms = x.shape[1] * 9
    np.testing.assert_allclose(y, expected, rtol=0, atol=most * (4 + 2 * math.sqrt(terms)))
    expected = definition.convolve_input(g, w, x.shape, **how)
    np.testing.assert_allclose(dx, expected, rtol=0, atol=most * (4 + 2 * math.sqrt(w.size)))
    expected = definition.convolve_weight(g, x, w.shape, **how)
    np.testing.assert_allclose(dw, expected, rtol=0, atol=most * (4 + 2 * math.sqrt(g.size)))


@compiled
@pytest.mark.parametrize(("level", "stated"), [(0, 2e-6), (2, 1e-6), (4, 4e-6)])
def test_accuracy(level: int, stated: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "_winograd", level)
    for found, expected in results_and_expected(*drawn((4, 64, 20, 20), (64, 64, 3, 3), np.float32)):
        assert np.abs(found - expected).max() <= stated * np.abs(expected).max()


@compiled
def test_which_convolutions_winograd_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("Winograd was asked")

    for name in ("convolve", "convolve_input", "convolve_weight"):
        monkeypatch.setattr(winograd, name, refuse)
    x, w, how = drawn((1, 64, 12, 12), (64, 64, 3, 3), np.float32)
    g = np.ones_like(x)
    passes: list[Callable[[], Any]] = [
        lambda: cpu.conv(x, w, **how),
        lambda: cpu.conv_input(g, w, shape=x.shape, **how),
        lambda: cpu.conv_weight(g, x, shape=w.shape, **how),
    ]
    for one in passes:
        monkeypatch.setattr(convolution, "_winograd", 4)
        with pytest.raises(AssertionError, match="Winograd was asked"):
            one()
        monkeypatch.setattr(convolution, "_winograd", 0)
        one()
    monkeypatch.setattr(convolution, "_winograd", 4)
    results(x.astype(np.float64), w.astype(np.float64), how)
    results(x, w, how | {"stride": (2, 1)})
    results(x, w, how | {"dilation": (1, 2)})
    results(x, np.ones((64, 64, 3, 2), np.float32), how)
    results(x[:, :1], np.ones((1, 1, 3, 3), np.float32), how)  # too few channels to be worth it
    cpu.conv(x, w, **how | {"padding": ((3, 1), (1, 1))})


def test_deterministic_algorithms_are_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w, how = drawn((2, 64, 13, 13), (64, 64, 3, 3), np.float32)
    fast = cpu.conv(x, w, **how)
    monkeypatch.setattr(convolution, "_winograd", 0)
    direct_sums = cpu.conv(x, w, **how)
    monkeypatch.setattr(convolution, "_winograd", 4)
    convolution.use_deterministic_algorithms(True)
    try:
        assert convolution.are_deterministic_algorithms_enabled()
        assert_same_bits(cpu.conv(x, w, **how), direct_sums)
    finally:
        convolution.use_deterministic_algorithms(False, warn_only=True)
    assert_same_bits(cpu.conv(x, w, **how), fast)
    assert PLAIN or (fast != direct_sums).any()
    with pytest.raises(TypeError, match="mode is 'yes': expected True or False"):
        convolution.use_deterministic_algorithms("yes")  # type: ignore[arg-type]


def test_set_winograd() -> None:
    before = convolution.get_winograd()
    assert before == 4
    for level in (0, 2, 4):
        convolution.set_winograd(level)
        assert convolution.get_winograd() == level
    for wrong in (1, 3, -2, None, "4"):
        with pytest.raises(ValueError, match=r"level is .*: expected 0 \(off\), 2 or 4"):
            convolution.set_winograd(wrong)
    assert convolution.get_winograd() == before


@compiled
@pytest.mark.parametrize("level", [2, 4])
def test_levels_agree(level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = drawn((2, 64, 13, 13), (80, 64, 3, 3), np.float32)
    monkeypatch.setattr(convolution, "_winograd", level)
    fast = results(*case)
    monkeypatch.setattr(convolution, "_winograd", 0)
    x, w, how = case
    slow = [
        cpu.conv(x, w, **how),
        cpu.conv_input(fast[0], w, shape=x.shape, **how),
        cpu.conv_weight(fast[0], x, shape=w.shape, **how),
    ]
    for a, b in zip(fast, slow):
        assert 0 < np.abs(a - b).max() <= ERRORS[level] * np.abs(b).max()


# ------------------------------------------------------------------------------------------------- numbers that are none


@pytest.mark.parametrize("ways", [(direct, weight_by_channels), (direct, weight_by_places), (columns, columns)])
@pytest.mark.parametrize("how", [how_of(2), how_of(2, stride=(2, 1), padding=((1, 0), (2, 1)), dilation=(1, 2))])
@BOTH
def test_nan_and_infinity_reach_what_sees_them(ways: Any, how: Any, dtype: Any) -> None:
    forward, backward = ways
    rng = np.random.default_rng(6)
    x, w = (rng.uniform(1, 2, shape).astype(dtype) for shape in ((2, 3, 8, 21), (9, 3, 2, 3)))
    x[0, 1, 3, 4], x[1, 2, 0, 20], x[1, 0, 7, 0] = np.nan, np.inf, -np.inf
    s, expected = sizes_of(x.shape, w.shape, how), definition.convolve(x, w, **how)
    y = np.empty(expected.shape, dtype)
    forward.convolve(x, w, None, s, y)
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    forward.convolve(x, w, None, s, y, True)
    np.testing.assert_allclose(y, np.maximum(expected, 0), rtol=1e-5)
    g, dx, dw = np.ones_like(y), np.empty_like(x), np.empty_like(w)
    backward.convolve_weight(g, x, s, dw)
    np.testing.assert_allclose(dw, definition.convolve_weight(g, x, w.shape, **how), rtol=1e-5)
    g[0, 0, 2, 2], g[1, 3, 0, 0], g[1, 8, -1, -1] = np.nan, np.inf, -np.inf
    forward.convolve_input(g, w, s, dx)
    np.testing.assert_allclose(dx, definition.convolve_input(g, w, x.shape, **how), rtol=1e-5)


@pytest.mark.parametrize("level", [2, 4])
def test_nan_reaches_the_tiles_of_winograd_that_see_it(level: int) -> None:
    x, w = np.zeros((1, 2, 12, 12), np.float32), np.ones((3, 2, 3, 3), np.float32)
    i, j = 5, 8
    x[0, 1, i, j] = np.nan
    y = np.empty((1, 3, 10, 10), np.float32)
    winograd.convolve(x, w, None, sizes_of(x.shape, w.shape, how_of(2)), y, level=level)
    found = np.isnan(y[0]).any(0)
    assert np.isnan(y[0, :, i - 2 : i + 1, j - 2 : j + 1]).all()  # these see it by definition
    rows, columns = (  # a tile of m results reads m + 2 elements along each axis
        [p for p in range(10) if p // level * level <= place < p // level * level + level + 2] for place in (i, j)
    )
    found[np.ix_(rows, columns)] = False
    assert not found.any()


def test_the_smallest_numbers_are_not_lost() -> None:
    x, w, how = drawn((1, 3, 6, 20), (9, 3, 3, 3), np.float32)
    x, w = np.round(3 * x), np.round(3 * w)
    for a, b in zip(results(np.ldexp(x, -140), w, how)[:1], results(x, w, how)[:1]):
        assert 0 < np.abs(a[a != 0]).min() < np.finfo(np.float32).tiny
        np.testing.assert_array_equal(np.ldexp(a.astype(float), 140), b)


# -------------------------------------------------------------------------------------------------- arrays of any kind


def arrangements(a: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers, differently laid out in memory."""
    frozen = a.copy()
    frozen.flags.writeable = False
    turned = (slice(None, None, -1),) * a.ndim
    return {
        "transposed": np.ascontiguousarray(a.T).T,
        "reversed": a[turned].copy()[turned],
        "every second": np.repeat(np.repeat(a, 2, -1), 2, 0)[::2, ..., ::2],
        "read-only": frozen,
        "unaligned": np.frombuffer(b"?" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape),
        "broadcast": np.broadcast_to(a[:1, :1], a.shape),
    }


@pytest.mark.parametrize("layout", ["transposed", "reversed", "every second", "read-only", "unaligned", "broadcast"])
@pytest.mark.parametrize(
    "shapes", [((2, 2, 5), (4, 2, 3)), ((2, 2, 5, 6), (4, 2, 3, 3)), ((2, 2, 4, 3, 5), (2, 2, 2, 3, 2))]
)
@BOTH
def test_any_layout_gives_the_same_bits(layout: str, shapes: Any, dtype: Any) -> None:
    x, w, how = drawn(*shapes, dtype)
    x, w = (np.ascontiguousarray(arrangements(a)["broadcast"]) if layout == "broadcast" else a for a in (x, w))
    g = cpu.conv(x, w, **how)
    other_x, other_w = (arrangements(a)[layout] for a in (x, w))
    other_g = g if layout == "broadcast" else arrangements(g)[layout]
    for a, b in (
        (g, cpu.conv(other_x, other_w, **how)),
        (cpu.conv_input(g, w, shape=x.shape, **how), cpu.conv_input(other_g, other_w, shape=x.shape, **how)),
        (cpu.conv_weight(g, x, shape=w.shape, **how), cpu.conv_weight(other_g, other_x, shape=w.shape, **how)),
    ):
        assert_same_bits(a, b)


@BOTH
def test_arguments_are_not_written(dtype: Any) -> None:
    x, w, how = drawn((2, 3, 7, 7), (4, 3, 3, 3), dtype)
    b = np.ones(4, dtype)
    copies = [a.copy() for a in (x, w, b)]
    g = cpu.conv(x, w, b, relu=True, **how)
    copies.append(g.copy())
    cpu.conv_input(g, w, shape=x.shape, **how)
    cpu.conv_weight(g, x, shape=w.shape, **how)
    for array, copy in zip((x, w, b, g), copies, strict=True):
        assert_same_bits(array, copy)


EDGE = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import numpy as np
import convolution_by_definition as definition
from test_convolution_kernels import *
from guarded_memory import placed

rng = np.random.default_rng(0)
winograds = [((2, 19, 9, 9), (23, 19, 3, 3), {{**SPECIAL[0][2], "padding": ((1, 0), (2, 1))}})]
for x_shape, w_shape, how in [case for case in SPECIAL if 0 not in case[0] + case[1]] + winograds:
    for dtype in (np.float32, np.float64):
        for last in (False, True):
            x, w, b = (placed(numbers(rng, shape, dtype), last) for shape in (x_shape, w_shape, w_shape[:1]))
            g = placed(gradient(x, w, how), last)
            y, dx, dw = (placed(np.empty_like(a), last) for a in (g, x, w))
            s = sizes_of(x_shape, w_shape, how)
            direct.convolve(x, w, b, s, y)
            direct.convolve_input(g, w, s, dx)
            weight_by_channels.convolve_weight(g, x, s, dw)
            weight_by_places.convolve_weight(g, x, s, dw)
            for level, many in ((2, False), (4, False), (2, True), (4, True)):
                if winograd.fits(s):
                    with weights_are(many):
                        winograd.convolve(x, w, b, s, y, level=level)
                        winograd.convolve_input(g, w, s, dx, level=level)
                        winograd.convolve_weight(g, x, s, dw, level=level)
print("done")
"""


@compiled
@pytest.mark.skipif(os.name != "posix", reason="protects pages with mprotect")
def test_nothing_is_read_or_written_beyond_the_arguments() -> None:
    done = run(EDGE.format(root=str(ROOT), tests=str(ROOT / "tests")))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


# ------------------------------------------------------------------------------------------------------------- threads


THREADED = [
    drawn((5, 6, 17), (12, 6, 3), np.float32),
    drawn((7, 3, 19, 21), (20, 3, 3, 3), np.float64),
    drawn((2, 40, 40, 40), (40, 40, 3, 3), np.float32),  # by Winograd
    drawn((2, 260, 6, 6), (250, 260, 3, 3), np.float32),  # whose transformed weights are many
    drawn((3, 130, 6, 6), (140, 130, 3, 3), np.float64),  # sums that are divided by rows
    drawn((2, 3, 5, 6, 7), (4, 3, 3, 3, 3), np.float32),
]
POINT = np.random.default_rng(7)
THREADED.append((POINT.normal(size=(9, 64, 8, 8)), POINT.normal(size=(33, 64, 1, 1)), how_of(2)))
THREADED.append((POINT.normal(size=(4, 8, 9, 9)), POINT.normal(size=(16, 2, 3, 3)), how_of(2, groups=4, stride=(2, 2))))


def all_results() -> list[np.ndarray]:
    return [found for case in THREADED for found in results(*case)]


@compiled
@pytest.mark.usefixtures("any_work_is_shared")
def test_bits_do_not_depend_on_the_number_of_threads_nor_on_the_run() -> None:
    check_numbers_of_threads(all_results, (1, 2, 3, 3, 16))


@compiled
@pytest.mark.usefixtures("any_work_is_shared")
def test_threads_of_the_user_may_convolve_at_once() -> None:
    check_threads_of_the_user(all_results)


# ------------------------------------------------------------------------------------- other vectors, and no compiler


NARROW = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import numpy as np
import convolution_by_definition as definition
from test_convolution_kernels import *
from autograd_core.kernels.vector import registers
rng = np.random.default_rng(0)
padded = how_of(2, padding=((1, 1), (1, 1)))
cases = [
    ((2, 5, 19), (7, 5, 3), how_of(1, stride=(2,), padding=((1, 2),))),
    ((2, 6, 9, 13), (22, 3, 3, 2), how_of(2, groups=2, dilation=(2, 1), padding=((0, 2), (1, 0)))),
    ((3, 20, 7, 7), (33, 20, 3, 3), padded),
    ((1, 3, 3, 4, 9), (2, 3, 2, 2, 2), how_of(3, stride=(1, 1, 2))),
    ((2, 9, 5, 5), (11, 9, 1, 1), how_of(2)),
]
for (x_shape, w_shape, how), dtype in ((case, dtype) for case in cases for dtype in FLOATS):
    x, w, b = (numbers(rng, shape, dtype) for shape in (x_shape, w_shape, w_shape[:1]))
    g, s = gradient(x, w, how), sizes_of(x_shape, w_shape, how)
    expected = [definition.convolve(x, w, **how) + b.reshape(-1, *[1] * (x.ndim - 2))]
    expected += [definition.convolve_input(g, w, x_shape, **how), definition.convolve_weight(g, x, w_shape, **how)]
    found = [[direct, weight_by_channels, 0], [direct, weight_by_places, 0]]
    found += [[winograd, winograd, level] for level in (2, 4, 2, 4) if winograd.fits(s)]
    for i, (forward, backward, level) in enumerate(found):
        more = {{"level": level}} if level else {{}}
        with weights_are(i > 3), guarded() as lend:
            y, dx, dw = (lend(a.shape, dtype) for a in expected)
            forward.convolve(x, w, b, s, y, **more)
            forward.convolve_input(g, w, s, dx, **more)
            backward.convolve_weight(g, x, s, dw, **more)
        for one, other in zip((y, dx, dw), expected):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * np.abs(other).max() if level else 0)
print(registers().bytes)
"""


@compiled
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names processors of the x86 family")
@pytest.mark.parametrize(
    ("name", "features", "width"),
    [("haswell", "+sse4.2,+avx,+avx2,+fma", 32), ("generic", "+sse2", 16)],
)
def test_processors_of_narrower_vectors(name: str, features: str, width: int) -> None:
    code = NARROW.format(root=str(ROOT), tests=str(ROOT / "tests"))
    done = run(code, NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES=features)
    assert (done.returncode, done.stdout) == (0, f"{width}\n"), done.stderr


SILENT = """
import sys
sys.path[:0] = [{root!r}]
import numpy as np
from autograd_core.kernels import cpu
from autograd_core.kernels.cpu import convolution
how = dict(stride=(1,), padding=((0, 0),), dilation=(1,), groups=1)
print(cpu.conv(np.ones((1, 1, 3)), np.ones((1, 1, 2)), **how).tolist(), convolution._way().__name__.rpartition(".")[2])
"""


def test_numpy_serves_in_silence_where_nothing_is_compiled() -> None:
    done = run(SILENT.format(root=str(ROOT)), NUMBA_DISABLE_JIT="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[[[2.0, 2.0]]] columns\n", "")


def test_columns_take_a_bounded_amount_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    matmul = np.matmul
    monkeypatch.setattr(columns, "BLOCK", 4000)
    monkeypatch.setattr(columns.np, "matmul", lambda a, b: (sizes.append(b.nbytes), matmul(a, b))[1])
    x, w = np.random.default_rng(0).normal(size=(7, 2, 6, 6)), np.ones((3, 2, 3, 3))
    how, y = how_of(2), np.empty((7, 3, 4, 4))
    columns.convolve(x, w, None, sizes_of(x.shape, w.shape, how), y)
    np.testing.assert_allclose(y, definition.convolve(x, w, **how))
    assert len(sizes) == 7  # an image has 18 * 16 * 8 = 2304 bytes of columns
    assert max(sizes) <= 4000
