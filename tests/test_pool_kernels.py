"""Kernels of pooling against loops over the elements of each window, whatever the sizes; memory, threads, fallback."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from guarded_memory import guarded
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from same_for_all_threads import assert_same_bits, check_numbers_of_threads, check_threads_of_the_user
from test_convolution_kernels import arrangements
from test_kernels import run

from autograd_core.kernels import cpu
from autograd_core.kernels.cpu import pool

FLOATS = [np.float32, np.float64]
ROOT = Path(__file__).parents[1]
PLAIN = bool(numba.config.DISABLE_JIT)  # kernels run as Python: fewer examples will do
BOTH = pytest.mark.parametrize("dtype", FLOATS)

examples = settings(max_examples=25 if PLAIN else 60)
compiled = pytest.mark.skipif(PLAIN, reason="is about compiled kernels")

# ------------------------------------------------------------------------------------------------------ the definition


class Window(NamedTuple):
    """One window: its place among the windows, and the elements in it that are not padding, in C order."""

    place: tuple[int, ...]
    elements: list[tuple[int, ...]]
    numbers: list[int]  # of those elements among all of the window
    size: int  # the number of elements and padding, without what is beyond the padding


def starts(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> list[int]:
    """Where the windows of an axis start: those that fit, and in ceil mode one more, for what is left over."""
    span, last = d * (k - 1), n + p - 1
    return [at for at in range(-p, n, s) if at + span <= last or (ceil_mode and at - s + span < last)]


def each_window(size: Any, how: Any) -> Iterator[Window]:
    *axes, ceil_mode = how
    kernel, _, padding, dilation = axes
    corners = [list(enumerate(starts(*axis, ceil_mode))) for axis in zip(size, *axes)]
    for found in itertools.product(*corners):
        place, corner = zip(*found)
        elements = [tuple(c + i * d for c, i, d in zip(corner, a, dilation)) for a in np.ndindex(*kernel)]
        inside = [(number, e) for number, e in enumerate(elements) if all(0 <= i < n for i, n in zip(e, size))]
        within = sum(all(i < n + p for i, n, p in zip(e, size, padding)) for e in elements)
        yield Window(place, [e for _, e in inside], [number for number, _ in inside], within)


def each_region(size: Any, places: Any) -> Iterator[Window]:
    for place in np.ndindex(*places):
        spans = [range(math.floor(i * n / m), math.ceil((i + 1) * n / m)) for i, n, m in zip(place, size, places)]
        elements = list(itertools.product(*spans))
        yield Window(place, elements, list(range(len(elements))), len(elements))


def places_of(size: Any, how: Any) -> tuple[int, ...]:
    return tuple(len(starts(*axis, how[4])) for axis in zip(size, *how[:4]))


def seen(x: np.ndarray, window: Window) -> np.ndarray:
    """The elements of x (N, C, *size) in the window, (N, C, elements)."""
    return np.stack([x[:, :, *e] for e in window.elements], -1)


def first_of_the_largest(values: np.ndarray) -> np.ndarray:
    """Where in the last dim the largest is; PyTorch: the last NaN, else the first of the largest."""
    from_the_end = values.shape[-1] - 1 - np.isnan(values)[..., ::-1].argmax(-1)
    return np.where(np.isnan(values).any(-1), from_the_end, values.argmax(-1))


def naive_max(x: np.ndarray, windows: Any, places: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest of each window, its number in the window, and its index in the plane."""
    y, numbers, indices = (np.zeros((*x.shape[:2], *places), dtype) for dtype in (float, np.int64, np.int64))
    for window in windows:
        values = seen(x, window)
        best = first_of_the_largest(values)
        flat = np.array([np.ravel_multi_index(e, x.shape[2:]) for e in window.elements])
        y[:, :, *window.place] = np.take_along_axis(values, best[..., None], -1)[..., 0]
        numbers[:, :, *window.place] = np.array(window.numbers)[best]
        indices[:, :, *window.place] = flat[best]
    return y, numbers, indices


def divisor_of(window: Window, count_include_pad: bool, divisor: int | None) -> int:
    return divisor if divisor is not None else window.size if count_include_pad else len(window.elements)


def naive_mean(x: np.ndarray, windows: Any, places: Any, count_include_pad: bool = True, divisor: Any = None) -> Any:
    y = np.zeros((*x.shape[:2], *places))
    for window in windows:
        total = seen(x.astype(float), window).sum(-1)
        y[:, :, *window.place] = total / divisor_of(window, count_include_pad, divisor)
    return y


def naive_mean_input(
    g: np.ndarray, windows: Any, shape: Any, count_include_pad: bool = True, divisor: Any = None
) -> Any:
    x = np.zeros(shape)
    for window in windows:
        for e in window.elements:
            x[:, :, *e] += g[:, :, *window.place] / float(divisor_of(window, count_include_pad, divisor))
    return x


def naive_scatter(g: np.ndarray, indices: np.ndarray, shape: Any) -> np.ndarray:
    x = np.zeros((*shape[:2], math.prod(shape[2:])))
    for at in np.ndindex(*g.shape):
        x[*at[:2], indices[at]] += g[at]
    return x.reshape(shape)


# --------------------------------------------------------------------------------------------------------- any numbers


@st.composite
def poolings(draw: Any, dilated: bool = True) -> tuple[np.ndarray, Any]:
    """x of small integers, so that there are ties and sums are exact, and windows, in one to three dims."""
    dims = draw(st.sampled_from([1, 2, 2, 2, 3]))
    each = lambda choices: tuple(draw(st.lists(st.sampled_from(choices), min_size=dims, max_size=dims)))
    kind = draw(st.sampled_from(["any", "any", "any", "pairs", "rows", "whole"]))
    kernel, stride = each([1, 2, 3, 3, 5]), each([1, 2, 2, 3, 4])
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    dilation = each([1, 1, 1, 2, 3]) if dilated else (1,) * dims
    if kind == "pairs":  # the last two axes, or all
        ahead = dims - draw(st.sampled_from([min(2, dims), dims]))
        paired = (False,) * ahead + (True,) * (dims - ahead)
        kernel = tuple(2 if pair else k for pair, k in zip(paired, kernel))
        stride = tuple(2 if pair else s for pair, s in zip(paired, stride))
        padding = tuple(0 if pair else p for pair, p in zip(paired, padding))
        dilation = tuple(1 if pair else d for pair, d in zip(paired, dilation))
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, d, p in zip(kernel, dilation, padding)]
    size = [n + more for n, more in zip(least, each([0, 0, 1, 2, 3, 5]))]
    if dims < 3:
        size[-1] += draw(st.sampled_from([0, 0, 7, 40]))
    if kind in ("rows", "whole"):
        whole = (kind == "whole",) * (dims - 1) + (True,)
        kernel = tuple(n if all_ else k for all_, n, k in zip(whole, size, kernel))
        padding = tuple(0 if all_ else p for all_, p in zip(whole, padding))
        dilation = tuple(1 if all_ else d for all_, d in zip(whole, dilation))
    ceil_mode = draw(st.booleans())
    if ceil_mode and draw(st.booleans()):  # a window larger than what there is
        size = [max(1, n - draw(st.integers(0, s - 1))) for n, s in zip(size, stride)]
    how = (kernel, stride, padding, dilation, ceil_mode)
    assume(all(places_of(size, how)))
    assume(all(window.elements for window in each_window(size, how)))
    shape = (draw(st.sampled_from([0, 1, 1, 2, 3])), draw(st.sampled_from([0, 1, 2, 2, 5])), *size)
    return integers(shape, draw(st.sampled_from(FLOATS)), draw(st.integers(0, 99))), how


def integers(shape: Any, dtype: Any, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


def normals(shape: Any, dtype: Any, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def check_max(x: np.ndarray, how: Any) -> None:
    """All that serves max pooling, against the definition."""
    places = places_of(x.shape[2:], how)
    expected, numbers, indices = naive_max(x, each_window(x.shape[2:], how), places)
    with guarded():
        y, positions = cpu.max_pool(x, windows=how)
    assert (y.dtype, positions.dtype) == (x.dtype, np.uint8 if math.prod(how[0]) <= 256 else np.int32)
    assert y.shape == positions.shape == (*x.shape[:2], *places)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(positions, numbers)
    found = cpu.pool_indices(positions, size=x.shape[2:], windows=how)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, indices)
    g = integers(y.shape, x.dtype)
    with guarded():
        gathered = cpu.pool_gather(x, positions, windows=how)
        dx = cpu.pool_scatter(g, positions, shape=x.shape, windows=how)
    assert_same_bits(gathered, y)
    assert (dx.shape, dx.dtype) == (x.shape, x.dtype)
    np.testing.assert_array_equal(dx, naive_scatter(g, indices, x.shape))


def check_mean(x: np.ndarray, how: Any, count_include_pad: bool, divisor: int | None) -> None:
    size, more = x.shape[2:], {"count_include_pad": count_include_pad, "divisor": divisor}
    expected = naive_mean(x, each_window(size, how), places_of(size, how), **more)
    with guarded():
        y = cpu.avg_pool(x, windows=how, **more)
    assert (y.shape, y.dtype) == (expected.shape, x.dtype)
    np.testing.assert_allclose(y, expected, rtol=eps(x), atol=0)  # sums are exact: there is one rounding
    g = normals(y.shape, x.dtype)
    with guarded():
        dx = cpu.avg_pool_input(g, shape=x.shape, windows=how, **more)
    assert (dx.shape, dx.dtype) == (x.shape, x.dtype)
    most = 16 * math.prod(how[0]) * eps(x)
    np.testing.assert_allclose(dx, naive_mean_input(g, each_window(size, how), x.shape, **more), rtol=0, atol=most)
    assert abs(float(np.vdot(y, g) - np.vdot(x, dx))) <= most * (1 + np.abs(y).sum())


def eps(x: np.ndarray) -> float:
    return float(np.finfo(x.dtype).eps)


@given(case=poolings())
@examples
def test_max_pooling(case: Any) -> None:
    check_max(*case)


@given(case=poolings(dilated=False), count_include_pad=st.booleans(), divisor=st.sampled_from([None, None, 1, -3]))
@examples
def test_average_pooling(case: Any, count_include_pad: bool, divisor: int | None) -> None:
    check_mean(*case, count_include_pad, divisor)


@st.composite
def grids(draw: Any) -> tuple[np.ndarray, tuple[int, ...]]:
    dims = draw(st.integers(1, 3))
    size = draw(st.lists(st.integers(1, [40, 12, 6][dims - 1]), min_size=dims, max_size=dims))
    places = tuple(draw(st.integers(1, 7)) for _ in range(dims))  # also more than there are elements
    shape = (draw(st.sampled_from([0, 1, 2])), draw(st.sampled_from([0, 1, 3, 6])), *size)
    return integers(shape, draw(st.sampled_from(FLOATS)), draw(st.integers(0, 99))), places


@given(case=grids())
@examples
def test_adaptive_average_pooling(case: Any) -> None:
    x, places = case
    size = x.shape[2:]
    with guarded():
        y = cpu.adaptive_avg_pool(x, size=places)
    expected = naive_mean(x, each_region(size, places), places)
    assert (y.shape, y.dtype) == (expected.shape, x.dtype)
    np.testing.assert_allclose(y, expected, rtol=eps(x), atol=0)
    g = normals(y.shape, x.dtype)
    with guarded():
        dx = cpu.adaptive_avg_pool_input(g, shape=x.shape)
    assert (dx.shape, dx.dtype) == (x.shape, x.dtype)
    most = 16 * math.prod(places) * eps(x)
    np.testing.assert_allclose(dx, naive_mean_input(g, each_region(size, places), x.shape), rtol=0, atol=most)
    assert abs(float(np.vdot(y, g) - np.vdot(x, dx))) <= most * (1 + np.abs(y).sum())


@given(case=grids())
@examples
def test_adaptive_max_pooling(case: Any) -> None:
    x, places = case
    with guarded():
        y, indices = cpu.adaptive_max_pool(x, size=places)
    expected, _, flat = naive_max(x, each_region(x.shape[2:], places), places)
    assert (y.dtype, indices.dtype) == (x.dtype, np.int64)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(indices, flat)


def windows(kernel: Any, stride: Any, padding: Any = None, dilation: Any = None, ceil_mode: bool = False) -> Any:
    return (kernel, stride, padding or (0,) * len(kernel), dilation or (1,) * len(kernel), ceil_mode)


SPECIAL: list[tuple[Any, Any]] = [
    ((2, 2, 24, 36), windows((2, 2), (2, 2))),
    ((2, 3, 9, 11), windows((2, 2), (2, 2))),  # an odd row and column that no window sees
    ((2, 3, 9, 11), windows((2, 2), (2, 2), ceil_mode=True)),
    ((2, 5, 28, 28), windows((3, 3), (2, 2), (1, 1))),
    ((2, 5, 14, 14), windows((3, 3), (1, 1), (1, 1))),
    ((300, 2, 3, 3), windows((2, 2), (1, 1))),  # many small planes
    ((2, 2, 17, 18), windows((16, 17), (1, 1))),  # more elements than a byte counts
    ((2, 2, 16, 19), windows((16, 16), (1, 1))),  # just as many
    ((2, 1, 1, 700), windows((1, 300), (1, 200))),
    ((2, 3, 6, 5), windows((4, 5), (2, 5))),  # whole rows
    ((2, 3, 6, 5), windows((6, 2), (1, 2))),  # whole columns
    ((2, 3, 6, 5), windows((6, 5), (1, 1))),
    ((2, 3, 6, 5), windows((6, 5), (1, 1), (3, 2))),
    ((2, 3, 6, 5), windows((5, 5), (6, 6))),  # one window, which is not all
    ((2, 3, 2, 2), windows((1, 1), (5, 5))),
    ((1, 1, 1, 1), windows((2, 2), (2, 2), ceil_mode=True)),
    ((1, 2, 9, 9), windows((3, 3), (4, 4), (1, 1), (4, 3), True)),
    ((7, 3, 12), windows((2,), (2,))),
    ((2, 3, 1000), windows((3,), (2,), (1,))),
    ((2, 3, 64), windows((64,), (64,))),
    ((2, 3, 65), windows((64,), (1,))),
    ((2, 2, 4, 6, 8), windows((2, 2, 2), (2, 2, 2))),
    ((2, 2, 4, 6, 8), windows((3, 2, 2), (1, 2, 2), (1, 0, 0))),  # squares in volumes that overlap
    ((2, 2, 5, 4, 4), windows((2, 2, 2), (1, 2, 2), dilation=(3, 1, 1))),
    ((2, 2, 4, 3, 5), windows((4, 3, 5), (1, 1, 1))),
    ((2, 2, 4, 3, 5), windows((2, 3, 5), (2, 1, 1))),
    ((0, 3, 6, 6), windows((2, 2), (2, 2))),
    ((3, 0, 6, 6), windows((3, 3), (2, 2), (1, 1))),
    ((0, 3, 6), windows((6,), (1,))),
]


@pytest.mark.parametrize(("shape", "how"), SPECIAL)
@BOTH
def test_special_shapes(shape: Any, how: Any, dtype: Any) -> None:
    if PLAIN and math.prod(shape) > 4000:
        pytest.skip("takes long in plain Python")
    x = integers(shape, dtype)
    check_max(x, how)
    if set(how[3]) == {1}:
        check_mean(x, how, True, None)
        check_mean(x, how, False, None)


# ------------------------------------------------------------------------------------------------- numbers that are none


SOME: list[tuple[Any, Any]] = [
    ((1, 2, 8, 8), windows((2, 2), (2, 2))),
    ((1, 2, 8, 9), windows((3, 3), (2, 2), (1, 1))),
    ((1, 2, 7, 9), windows((3, 2), (1, 3), (1, 0), (2, 1), True)),
    ((1, 2, 9, 10), windows((9, 10), (1, 1))),
    ((1, 3, 90), windows((90,), (1,))),
    ((1, 2, 20), windows((3,), (2,), (1,))),
    ((1, 2, 4, 4, 6), windows((2, 2, 2), (1, 2, 2))),
    ((1, 1, 4, 3, 5), windows((3, 2, 3), (2, 1, 2), (1, 1, 1))),
]


@pytest.mark.parametrize(("shape", "how"), SOME)
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
@BOTH
def test_max_pooling_of_nan_and_infinity(shape: Any, how: Any, share: float, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random(shape) < share, rng.choice([np.nan, np.inf, -np.inf], shape), integers(shape, dtype))
    for values in (x.astype(dtype), np.full(shape, np.nan, dtype), np.full(shape, -np.inf, dtype)):
        expected, numbers, _ = naive_max(values, each_window(shape[2:], how), places_of(shape[2:], how))
        y, positions = cpu.max_pool(values, windows=how)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(positions, numbers)
        size = tuple(min(3, n) for n in shape[2:])
        expected, _, flat = naive_max(values, each_region(shape[2:], size), size)
        y, indices = cpu.adaptive_max_pool(values, size=size)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(indices, flat)


def test_of_equal_numbers_the_first_counts_also_if_they_are_zeros_of_two_signs() -> None:
    x = np.array([[0.0, -0.0], [-0.0, 0.0]])[None, None]
    for how in (windows((2, 2), (2, 2)), windows((2, 2), (1, 1)), windows((2, 2), (1, 1), (1, 1))):
        y, positions = cpu.max_pool(x, windows=how)
        gathered = cpu.pool_gather(x, positions, windows=how)
        assert_same_bits(y, gathered)
    y, indices = cpu.adaptive_max_pool(-x, size=(1, 1))
    assert (np.signbit(y).item(), indices.item()) == (True, 0)


def test_padding_is_never_chosen() -> None:
    lowest = np.full((1, 1, 2, 2), -np.inf)
    _, positions = cpu.max_pool(lowest, windows=windows((2, 2), (2, 2), (1, 1)))
    indices = cpu.pool_indices(positions, size=(2, 2), windows=windows((2, 2), (2, 2), (1, 1)))
    np.testing.assert_array_equal(indices, [[[[0, 1], [2, 3]]]])
    dx = cpu.pool_scatter(np.ones((1, 1, 2, 2)), positions, shape=(1, 1, 2, 2), windows=windows((2, 2), (2, 2), (1, 1)))
    np.testing.assert_array_equal(dx, np.ones((1, 1, 2, 2)))


@pytest.mark.parametrize(("shape", "how"), [(shape, how) for shape, how in SOME if set(how[3]) == {1}])
@np.errstate(invalid="ignore")
@BOTH
def test_average_pooling_of_nan_and_infinity_reaches_what_sees_them(shape: Any, how: Any, dtype: Any) -> None:
    x = integers(shape, dtype)
    flat = x.reshape(-1)
    flat[3], flat[flat.size // 2], flat[-1] = np.nan, np.inf, -np.inf
    size, mean = shape[2:], {"count_include_pad": True, "divisor": None}
    y = cpu.avg_pool(x, windows=how, **mean)
    places = places_of(size, how)
    np.testing.assert_allclose(y, naive_mean(x, each_window(size, how), places), rtol=1e-6)
    g = np.ones(y.shape, dtype)
    g.reshape(-1)[0], g.reshape(-1)[-1] = np.nan, np.inf
    dx = cpu.avg_pool_input(g, shape=shape, windows=how, **mean)
    np.testing.assert_allclose(dx, naive_mean_input(g, each_window(size, how), shape), rtol=1e-6)
    grid = tuple(min(3, n) for n in size)
    y = cpu.adaptive_avg_pool(x, size=grid)
    np.testing.assert_allclose(y, naive_mean(x, each_region(size, grid), grid), rtol=1e-6)


# -------------------------------------------------------------------------------------------------- arrays of any kind


def all_results(x: np.ndarray, how: Any, like: Any = lambda a: a) -> list[np.ndarray]:
    """What all kernels make of x, whose results come back to them as *like* lays them out."""
    mean = {"count_include_pad": False, "divisor": None, "windows": how}
    size = tuple(3 for _ in how[0])
    y, positions = cpu.max_pool(x, windows=how)
    averaged, regions = cpu.avg_pool(x, **mean), cpu.adaptive_avg_pool(x, size=size)
    return [
        y,
        positions,
        cpu.pool_scatter(like(y), like(positions), shape=x.shape, windows=how),
        cpu.pool_gather(x, like(positions), windows=how),
        cpu.pool_indices(like(positions), size=x.shape[2:], windows=how),
        averaged,
        cpu.avg_pool_input(like(averaged), shape=x.shape, **mean),
        regions,
        cpu.adaptive_avg_pool_input(like(regions), shape=x.shape),
        *cpu.adaptive_max_pool(x, size=size),
    ]


@pytest.mark.parametrize("layout", ["transposed", "reversed", "every second", "read-only", "unaligned", "broadcast"])
@pytest.mark.parametrize(
    ("shape", "how"),
    [
        ((2, 3, 8, 6), windows((2, 2), (2, 2))),
        ((2, 3, 7, 8), windows((3, 3), (2, 1), (1, 1))),
        ((2, 3, 7, 8), windows((7, 8), (1, 1))),
        ((2, 3, 9), windows((3,), (2,))),
        ((2, 3, 4, 3, 5), windows((2, 3, 2), (2, 1, 2))),
    ],
)
@BOTH
def test_any_layout_gives_the_same_bits(layout: str, shape: Any, how: Any, dtype: Any) -> None:
    x = normals(shape, dtype)
    other, like = arrangements(x)[layout], lambda a: arrangements(a)[layout]
    if layout == "broadcast":
        x, like = np.ascontiguousarray(other), lambda a: a
    kept = x.copy()
    for a, b in zip(all_results(x, how), all_results(other, how, like), strict=True):
        assert_same_bits(a, b)
    assert_same_bits(x, kept)


EDGE = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from test_pool_kernels import *
from autograd_core.kernels import layout, memory
from guarded_memory import placed

for shape, how in [case for case in SPECIAL + SOME if 0 not in case[0]]:
    for dtype in FLOATS:
        for last in (False, True):
            memory.empty = lambda shape, dtype: placed(np.empty(shape, dtype), last)
            all_results(placed(normals(shape, dtype), last), how, lambda a: placed(a, last))
print("done")
"""


@compiled
@pytest.mark.skipif(os.name != "posix", reason="protects pages with mprotect")
def test_nothing_is_read_or_written_beyond_the_arguments() -> None:
    done = run(EDGE.format(root=str(ROOT), tests=str(ROOT / "tests")))
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


# ------------------------------------------------------------------------------------------------------------- threads


def every_result() -> list[np.ndarray]:
    return [found for shape, how in SOME for found in all_results(normals((7, 5, *shape[2:]), np.float32), how)]


@pytest.mark.usefixtures("any_work_is_shared")
def test_bits_do_not_depend_on_the_number_of_threads_nor_on_the_run() -> None:
    check_numbers_of_threads(every_result, (3,) if PLAIN else (1, 2, 3, 3, 16))


@compiled
@pytest.mark.usefixtures("any_work_is_shared")
def test_threads_of_the_user_may_pool_at_once() -> None:
    check_threads_of_the_user(every_result)


def test_all_kernels_are_tested_here() -> None:
    assert set(pool.__all__) == {
        "adaptive_avg_pool",
        "adaptive_avg_pool_input",
        "adaptive_max_pool",
        "avg_pool",
        "avg_pool_input",
        "max_pool",
        "pool_gather",
        "pool_indices",
        "pool_scatter",
    }
