"""Kernels against naive loops, in both dtypes; the threads and the compiler behind them; the seam to them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_core import backend
from autograd_core.errors import ArgumentError
from autograd_core.kernels import blas, cpu, jit, threads

FLOATS = [np.float32, np.float64]
ROOT = Path(__file__).parents[1]

# ------------------------------------------------------------------------------------------------------- naive loops


def padded_at(x: np.ndarray, n: int, c: int, i: int, j: int) -> float:
    inside = 0 <= i < x.shape[2] and 0 <= j < x.shape[3]
    return x[n, c, i, j] if inside else 0.0


def naive_conv2d(x: np.ndarray, w: np.ndarray, stride: Any, padding: Any, dilation: Any, groups: int) -> np.ndarray:
    """Every output element by its definition, in float64."""
    (top, bottom), (left, right) = padding
    spans = [d * (k - 1) + 1 for k, d in zip(w.shape[2:], dilation)]
    rows = (x.shape[2] + top + bottom - spans[0]) // stride[0] + 1
    columns = (x.shape[3] + left + right - spans[1]) // stride[1] + 1
    y = np.zeros((len(x), len(w), rows, columns))
    for n, o, p, q in np.ndindex(*y.shape):
        first = o // (len(w) // groups) * w.shape[1]
        for c, a, b in np.ndindex(*w.shape[1:]):
            i, j = p * stride[0] + a * dilation[0] - top, q * stride[1] + b * dilation[1] - left
            y[n, o, p, q] += float(w[o, c, a, b]) * float(padded_at(x, n, first + c, i, j))
    return y


def pool_places(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> list[int]:
    """Where the windows of one axis start: those that fit, and in ceil mode one that covers what is left over."""
    starts = [start for start in range(-p, n + p, s) if start + d * (k - 1) < n + p]
    left_over = n + p - 1 - (starts[-1] + d * (k - 1))
    if ceil_mode and left_over and starts[-1] + s < n:
        starts.append(starts[-1] + s)
    return starts


def windows(x: np.ndarray, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Iterator[Any]:
    """Yield (n, c, p, q), the places (i, j) of the window, and how many of its places are not beyond the padding."""
    axes = zip(x.shape[2:], kernel, stride, padding, dilation)
    rows, columns = (list(enumerate(pool_places(*axis, ceil_mode))) for axis in axes)
    for n, c, (p, top), (q, left) in itertools.product(range(len(x)), range(x.shape[1]), rows, columns):
        places = [(top + a * dilation[0], left + b * dilation[1]) for a in range(kernel[0]) for b in range(kernel[1])]
        within = [(i, j) for i, j in places if i < x.shape[2] + padding[0] and j < x.shape[3] + padding[1]]
        inside = [(i, j) for i, j in within if 0 <= i < x.shape[2] and 0 <= j < x.shape[3]]
        yield (n, c, p, q), inside, len(within)


def result_shape(x: np.ndarray, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    axes = zip(x.shape[2:], kernel, stride, padding, dilation)
    return (*x.shape[:2], *(len(pool_places(*axis, ceil_mode)) for axis in axes))


# ------------------------------------------------------------------------------------------------------- convolution


@st.composite
def convolutions(draw: Any) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    window = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    pads = st.tuples(st.integers(0, 2), st.integers(0, 2))
    padding = draw(st.tuples(pads, pads))
    spans = [d * (k - 1) + 1 for k, d in zip(window, dilation)]
    size = [max(1, s - sum(p)) + draw(st.integers(0, 4)) for s, p in zip(spans, padding)]
    n, c_group, o_group = draw(st.integers(0, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = draw(st.sampled_from(FLOATS))
    x = rng.normal(size=(n, groups * c_group, *size)).astype(dtype)
    w = rng.normal(size=(groups * o_group, c_group, *window)).astype(dtype)
    return x, w, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def tolerance(dtype: Any) -> float:
    return 1e-4 if np.dtype(dtype) == np.float32 else 1e-10


@given(convolutions())
@settings(max_examples=60)
def test_conv2d_is_its_definition(case: Any) -> None:
    x, w, how = case
    y = cpu.conv2d(x, w, **how)
    assert y.dtype == x.dtype
    np.testing.assert_allclose(y, naive_conv2d(x, w, **how), atol=tolerance(x.dtype), strict=False)
    assert y.shape == naive_conv2d(x, w, **how).shape


@given(convolutions())
@settings(max_examples=60)
def test_the_three_convolutions_are_adjoint(case: Any) -> None:
    x, w, how = case
    y = cpu.conv2d(x, w, **how)
    g = np.random.default_rng(0).normal(size=y.shape).astype(x.dtype)
    dx, dw = cpu.conv2d_input(g, w, shape=x.shape, **how), cpu.conv2d_weight(g, x, shape=w.shape, **how)
    assert (dx.shape, dx.dtype, dw.shape, dw.dtype) == (x.shape, x.dtype, w.shape, w.dtype)
    inner = [float(np.vdot(a.astype(float), b.astype(float))) for a, b in ((y, g), (x, dx), (w, dw))]
    scale = 1 + np.abs(y).sum()
    assert abs(inner[0] - inner[1]) <= tolerance(x.dtype) * scale
    assert abs(inner[0] - inner[2]) <= tolerance(x.dtype) * scale


PLAIN = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}


def arrange(a: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers, differently laid out in memory."""
    frozen = a.copy()
    frozen.flags.writeable = False
    unaligned = np.frombuffer(b"?" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape)
    return {
        "transposed": np.ascontiguousarray(a.T).T,
        "reversed": a[::-1, ::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1, ::-1],
        "every second": np.repeat(np.repeat(a, 2, 3), 2, 0)[::2, :, :, ::2],
        "read-only": frozen,
        "unaligned": unaligned,
    }


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("layout", ["transposed", "reversed", "every second", "read-only", "unaligned"])
@pytest.mark.parametrize("padding", [((0, 0), (0, 0)), ((1, 0), (0, 2))])
def test_any_layout_gives_the_same_bits(layout: str, padding: Any, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(2, 2, 5, 6)).astype(dtype), rng.normal(size=(4, 2, 3, 3)).astype(dtype)
    how = PLAIN | {"padding": padding}
    g = cpu.conv2d(x, w, **how)
    other_x, other_w, other_g = (arrange(a)[layout] for a in (x, w, g))
    assert_same_bits(g, cpu.conv2d(other_x, other_w, **how))
    assert_same_bits(
        cpu.conv2d_input(g, w, shape=x.shape, **how), cpu.conv2d_input(other_g, other_w, shape=x.shape, **how)
    )
    assert_same_bits(
        cpu.conv2d_weight(g, x, shape=w.shape, **how), cpu.conv2d_weight(other_g, other_x, shape=w.shape, **how)
    )
    pool = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    for a, b in zip(
        cpu.max_pool2d(x, dilation=(1, 1), ceil_mode=False, **pool),
        cpu.max_pool2d(other_x, dilation=(1, 1), ceil_mode=False, **pool),
    ):
        assert_same_bits(a, b)
    mean = {"ceil_mode": False, "count_include_pad": True, "divisor": None}
    assert_same_bits(cpu.avg_pool2d(x, **pool, **mean), cpu.avg_pool2d(other_x, **pool, **mean))


def assert_same_bits(a: np.ndarray, b: np.ndarray) -> None:
    assert (a.shape, a.dtype, a.tobytes()) == (b.shape, b.dtype, b.tobytes())


@pytest.mark.parametrize("dtype", FLOATS)
def test_special_shapes_of_convolution(dtype: Any) -> None:
    rng = np.random.default_rng(2)
    cases: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
        ((2, 3, 4, 4), (5, 3, 1, 1), PLAIN),  # pointwise: no columns
        ((2, 3, 4, 4), (5, 3, 1, 1), PLAIN | {"padding": ((1, 0), (0, 1))}),
        ((2, 4, 4, 4), (4, 1, 1, 1), PLAIN | {"groups": 4}),
        ((2, 4, 5, 5), (4, 1, 3, 3), PLAIN | {"groups": 4}),  # depthwise
        ((2, 4, 5, 5), (8, 1, 3, 3), PLAIN | {"groups": 4, "stride": (2, 3)}),
        ((3, 2, 1, 9), (2, 2, 1, 3), PLAIN),  # 1 x W
        ((3, 2, 9, 1), (2, 2, 3, 1), PLAIN | {"dilation": (3, 1)}),
        ((2, 1, 2, 2), (1, 1, 1, 1), PLAIN | {"stride": (5, 5)}),
        ((0, 2, 4, 4), (3, 2, 2, 2), PLAIN),  # no images
        ((20, 1, 3, 3), (1, 1, 2, 2), PLAIN),  # more images than parts of the sum
    ]
    for x_shape, w_shape, how in cases:
        x, w = rng.normal(size=x_shape).astype(dtype), rng.normal(size=w_shape).astype(dtype)
        y = cpu.conv2d(x, w, **how)
        np.testing.assert_allclose(y, naive_conv2d(x, w, **how), atol=tolerance(dtype))
        dx, dw = cpu.conv2d_input(y, w, shape=x.shape, **how), cpu.conv2d_weight(y, x, shape=w.shape, **how)
        square = float((y.astype(float) ** 2).sum())
        np.testing.assert_allclose([np.vdot(x, dx), np.vdot(w, dw)], square, rtol=1e-5, atol=1e-12)


def test_columns_take_a_bounded_amount_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    conv = sys.modules["autograd_core.kernels.cpu.conv"]
    im2col = conv.im2col
    monkeypatch.setattr(conv, "BLOCK", 4000)
    monkeypatch.setattr(
        conv, "im2col", lambda x, columns, *how: (seen.append(columns.nbytes), im2col(x, columns, *how))
    )
    x, w = np.random.default_rng(0).normal(size=(7, 2, 6, 6)), np.ones((3, 2, 3, 3))
    np.testing.assert_allclose(cpu.conv2d(x, w, **PLAIN), naive_conv2d(x, w, **PLAIN))
    assert len(seen) == 7  # an image has 18 * 16 * 8 = 2304 bytes of columns
    assert max(seen) <= 4000


def test_nan_and_infinity_pass_through_convolution() -> None:
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 0, 0], x[0, 0, 2, 2] = np.nan, np.inf
    y = cpu.conv2d(x, np.ones((1, 1, 2, 2)), **PLAIN)
    np.testing.assert_array_equal(y, [[[[np.nan, 0], [0, np.inf]]]])


# ------------------------------------------------------------------------------------------------------------ pooling


@st.composite
def poolings(draw: Any) -> tuple[np.ndarray, dict[str, Any]]:
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    size = [d * (k - 1) + 1 + draw(st.integers(0, 5)) for k, d in zip(kernel, dilation)]
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    shape = (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *size)
    x = rng.integers(-3, 3, shape).astype(draw(st.sampled_from(FLOATS)))  # small integers: there are ties
    how = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    return x, how | {"ceil_mode": draw(st.booleans())}


@given(poolings())
@settings(max_examples=60)
def test_max_pool2d_takes_the_first_of_the_largest(case: Any) -> None:
    x, how = case
    y, indices = cpu.max_pool2d(x, **how)
    assert (y.dtype, indices.dtype) == (x.dtype, np.int64)
    assert y.shape == indices.shape == result_shape(x, **how)
    for place, inside, _ in windows(x, **how):
        largest = max(x[place[:2]][i, j] for i, j in inside)
        first = next(i * x.shape[3] + j for i, j in inside if x[place[:2]][i, j] == largest)
        assert (y[place], indices[place]) == (largest, first)


@given(poolings(), st.booleans(), st.sampled_from([None, 1, -3]))
@settings(max_examples=60)
def test_avg_pool2d_is_its_definition(case: Any, count_include_pad: bool, divisor: int | None) -> None:
    x, how = case
    how["dilation"] = (1, 1)
    mean = {key: how[key] for key in ("kernel", "stride", "padding")}
    mean |= {"count_include_pad": count_include_pad, "divisor": divisor}
    y = cpu.avg_pool2d(x, ceil_mode=how["ceil_mode"], **mean)
    assert (y.shape, y.dtype) == (result_shape(x, **how), x.dtype)
    for place, inside, within in windows(x, **how):
        total = sum(float(x[place[:2]][i, j]) for i, j in inside)
        count = divisor if divisor is not None else within if count_include_pad else len(inside)
        assert abs(float(y[place]) - total / count) < 1e-5
    g = np.random.default_rng(0).normal(size=y.shape).astype(x.dtype)
    dx = cpu.avg_pool2d_input(g, shape=x.shape, **mean)
    assert (dx.shape, dx.dtype) == (x.shape, x.dtype)
    assert abs(float(np.vdot(y, g) - np.vdot(x, dx))) <= tolerance(x.dtype) * (1 + np.abs(y).sum())


@given(poolings())
@settings(max_examples=30)
def test_scatter_and_gather_are_adjoint_and_undo_max_pooling(case: Any) -> None:
    x, how = case
    y, indices = cpu.max_pool2d(x, **how)
    assert_same_bits(cpu.gather_planes(x, indices), y)
    g = np.random.default_rng(0).normal(size=y.shape).astype(x.dtype)
    dx = cpu.scatter_planes(g, indices, shape=x.shape)
    expected = np.zeros(x.shape)
    for n, c, p, q in np.ndindex(*g.shape):
        expected[(n, c, *divmod(int(indices[n, c, p, q]), x.shape[3]))] += g[n, c, p, q]
    assert dx.dtype == x.dtype
    np.testing.assert_allclose(dx, expected, atol=tolerance(x.dtype))
    assert abs(float(np.vdot(y, g) - np.vdot(x, dx))) <= tolerance(x.dtype) * (1 + np.abs(g).sum() * 3)


MAX = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1), "ceil_mode": False}


@pytest.mark.parametrize("dtype", FLOATS)
def test_max_pooling_of_nan_and_infinity(dtype: Any) -> None:
    x = np.array([[1, np.nan, -np.inf, -np.inf], [np.nan, 9, -np.inf, -np.inf]], dtype)[None, None]
    y, indices = cpu.max_pool2d(x, **MAX)
    np.testing.assert_array_equal(y, np.array([[[[np.nan, -np.inf]]]], dtype))
    np.testing.assert_array_equal(indices, [[[[4, 2]]]])  # PyTorch: the last NaN, else the first of the largest


def test_max_pooling_of_padding_never_chooses_it() -> None:
    x = np.full((1, 1, 2, 2), -np.inf)
    _, indices = cpu.max_pool2d(x, **MAX | {"padding": (1, 1)})
    np.testing.assert_array_equal(indices, [[[[0, 1], [2, 3]]]])


# ------------------------------------------------------------------------------------------------------------ threads


def run(code: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a new interpreter, with Numba as users have it; copies of the package are not to be measured."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "COVERAGE_"))}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=kept | environment, timeout=120
    )


@pytest.fixture
def any_work_is_shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Share even the smallest work, and give the number of threads back."""
    before = threads.get_num_threads()
    monkeypatch.setattr(threads, "PAYS_FROM", 0)
    yield
    threads.set_num_threads(before)


def every_kernel() -> list[np.ndarray]:
    """What all kernels make of the same numbers."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(11, 4, 9, 9)).astype(np.float32), rng.normal(size=(6, 2, 3, 3)).astype(np.float32)
    how = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2}
    y = cpu.conv2d(x, w, **how)
    pooled, indices = cpu.max_pool2d(x, **MAX)
    mean = {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1), "count_include_pad": False, "divisor": None}
    averaged = cpu.avg_pool2d(x, ceil_mode=True, **mean)
    return [
        y,
        cpu.conv2d_input(y, w, shape=x.shape, **how),
        cpu.conv2d_weight(y, x, shape=w.shape, **how),
        pooled,
        indices,
        cpu.scatter_planes(pooled, indices, shape=x.shape),
        cpu.gather_planes(x, indices),
        averaged,
        cpu.avg_pool2d_input(averaged, shape=x.shape, **mean),
    ]


@pytest.mark.usefixtures("any_work_is_shared")
def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    threads.set_num_threads(1)
    expected = every_kernel()
    for n in (2, 3, 16):
        threads.set_num_threads(n)
        for a, b in zip(expected, every_kernel(), strict=True):
            assert_same_bits(a, b)


@pytest.mark.usefixtures("any_work_is_shared")
def test_threads_of_the_user_may_call_kernels_at_once() -> None:
    threads.set_num_threads(3)
    expected = every_kernel()
    with ThreadPoolExecutor(4) as users:
        for results in users.map(lambda _: every_kernel(), range(12)):
            for a, b in zip(expected, results, strict=True):
                assert_same_bits(a, b)


@pytest.mark.usefixtures("any_work_is_shared")
def test_every_share_is_run_once() -> None:
    for n_threads, n in itertools.product((1, 2, 3, 5), (0, 1, 2, 7)):
        threads.set_num_threads(n_threads)
        counts = np.zeros(n, int)

        def count(start: int, stop: int, counts: np.ndarray) -> None:
            counts[start:stop] += 1

        threads.parallel(count, n, counts, work=1.0)
        assert (counts == 1).all()


def test_a_little_work_stays_with_the_caller() -> None:
    ran = []
    threads.parallel(lambda start, stop: ran.append((start, stop, threading.current_thread())), 9, work=1.0)
    assert ran == [(0, 9, threading.current_thread())]


@pytest.mark.usefixtures("any_work_is_shared")
def test_parallel_inside_parallel() -> None:
    threads.set_num_threads(2)
    total = np.zeros((6, 6), int)

    def inner(start: int, stop: int, row: np.ndarray) -> None:
        row[start:stop] += 1

    def outer(start: int, stop: int) -> None:
        for i in range(start, stop):
            threads.parallel(inner, 6, total[i], work=1.0)

    threads.parallel(outer, 6, work=1.0)
    assert (total == 1).all()


@pytest.mark.usefixtures("any_work_is_shared")
@pytest.mark.parametrize("bad", [0, 5])
def test_an_error_in_any_share_reaches_the_caller_after_all_have_ended(bad: int) -> None:
    threads.set_num_threads(3)
    ended = []

    def work(start: int, stop: int) -> None:
        if start <= bad < stop:
            raise ZeroDivisionError(f"share of {bad}")
        ended.append(start)

    with pytest.raises(ZeroDivisionError, match=f"share of {bad}"):
        threads.parallel(work, 6, work=1.0)
    threads.parallel(work, 0, work=1.0)  # the helpers live on


@pytest.mark.usefixtures("any_work_is_shared")
def test_work_is_done_without_helpers_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    threads.set_num_threads(3)
    monkeypatch.setattr(threads, "_helpers", refuse)
    counts = np.zeros(7, int)
    threads.parallel(lambda start, stop: counts.__setitem__(slice(start, stop), 1), 7, work=1.0)
    assert (counts == 1).all()


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_a_wrong_number_of_threads(n: Any) -> None:
    with pytest.raises(ValueError, match=r"n is .*: expected a number of threads, an int of at least 1"):
        threads.set_num_threads(n)


def test_the_default_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = threads._default()
    assert 1 <= cores <= (os.cpu_count() or 1)
    for value, expected in (("3", 3), ("5,2", 5), ("0", cores), ("many", cores), ("", cores)):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert threads._default() == expected


FORK = """
import os, sys, threading, warnings
sys.path[:0] = [{root!r}, {tests!r}]
from autograd_core.kernels import threads
from test_kernels import every_kernel
threads.PAYS_FROM = 0
threads.set_num_threads(2)
bits = lambda: [a.tobytes() for a in every_kernel()]
helpers = lambda: [t for t in threading.enumerate() if t.name.startswith("autograd_core")]
expected = bits()
assert helpers()
warnings.simplefilter("error")  # from Python 3.12 on, a fork beside running threads warns
child = os.fork()
assert not helpers()
assert bits() == expected
assert helpers()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_makes_its_own_helpers() -> None:
    done = run(FORK.format(root=str(ROOT), tests=str(ROOT / "tests")))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


# ----------------------------------------------------------------------------------------------------- the compiler


NOTICE = "autograd_core: compiling kernels once, a few seconds...\n"
GATHER = """
import sys; sys.path[:0] = [{root!r}]
import numpy as np
from autograd_core.kernels import cpu
print(cpu.gather_planes(np.ones((1, 1, 2, 2)), np.zeros((1, 1, 1, 1), int)).item())
"""


def test_compilation_is_announced_once_and_never_again(tmp_path: Path) -> None:
    code = (
        GATHER.format(root=str(ROOT))
        + "cpu.scatter_planes(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), int), shape=(1, 1, 1, 1))"
    )
    for said in (NOTICE, ""):
        done = run(code, NUMBA_CACHE_DIR=str(tmp_path))
        assert (done.returncode, done.stdout, done.stderr) == (0, "1.0\n", said)


def test_a_folder_that_cannot_be_written_sends_the_cache_to_the_user(tmp_path: Path) -> None:
    package = tmp_path / "autograd_core"
    package.mkdir()
    (package / "__init__.py").touch()  # without it an installed package of this name would come first
    for file in (ROOT / "autograd_core/kernels").rglob("*.py"):
        copy = package / file.relative_to(ROOT / "autograd_core")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
        (copy.parent / "__pycache__").touch()  # a file: no folder of this name can be made, whoever asks
    for said in (NOTICE, ""):
        done = run(
            GATHER.format(root=str(tmp_path)), tmp_path, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "user")
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "1.0\n", said)
    assert list(tmp_path.rglob("*.nbi"))


def test_a_kernel_of_no_file_is_compiled_without_a_cache() -> None:
    space: dict[str, Any] = {"kernel": jit.kernel}
    exec(compile("@kernel\ndef half(x):\n    return x / 2", "<prompt>", "exec"), space)
    assert space["half"](3.0) == 1.5


def test_a_division_by_zero_gives_infinity() -> None:
    with np.errstate(divide="ignore"):  # plain Python warns
        assert divided(np.array([1.0, -1.0]), 0.0).tolist() == [np.inf, -np.inf]
    assert divided(np.empty(0, np.float32), 2.0).shape == (0,)


@jit.kernel
def divided(x: np.ndarray, y: float) -> np.ndarray:
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = x[i] / np.float64(y)
    return out


@jit.kernel(fastmath={"reassoc", "contract"})
def added_up(x: np.ndarray) -> float:
    total = 0.0
    for value in x:
        total += value
    return total


def test_liberties_are_taken_kernel_by_kernel() -> None:
    assert added_up(np.arange(9.0)) == 36
    assert np.isnan(added_up(np.array([1.0, np.nan])))
    if hasattr(added_up, "targetoptions"):  # not so when kernels run as plain Python
        assert added_up.targetoptions["fastmath"] == {"reassoc", "contract"}
        assert divided.targetoptions["fastmath"] is False
        assert divided.targetoptions["nogil"] is True


def test_kernels_run_as_plain_python() -> None:
    done = run(
        GATHER.format(root=str(ROOT))
        + "from autograd_core.kernels.cpu.conv import im2col; print(type(im2col).__name__)",
        NUMBA_DISABLE_JIT="1",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1.0\nfunction\n", "")


def test_warm_up_runs_the_kernels_of_every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed: list[np.dtype[Any]] = []
    monkeypatch.setattr(jit, "_warmers", [*jit._warmers, warmed.append])
    jit.warm_up()
    assert warmed == [np.dtype(np.float32), np.dtype(np.float64)]
    files: list[Callable[..., Any]] = [kernel for file in ("conv", "pool") for kernel in compiled_kernels(file)]
    for kernel in files:
        assert kernel.signatures


def compiled_kernels(file: str) -> list[Any]:
    found = vars(sys.modules[f"autograd_core.kernels.cpu.{file}"]).values()
    return [f for f in found if hasattr(f, "signatures") and f.py_func.__name__ != "_inside"]


# ----------------------------------------------------------------------------------------------------------- the seam


def test_numpy_arrays_are_of_the_cpu() -> None:
    found = backend.of(np.ones(2), np.zeros(3, int))
    assert (found.name, found.xp, found.kernels) == ("cpu", np, cpu)
    assert backend.of(np.float32(1)) is backend.of(np.ones(2).view(np.recarray)) is found


def test_an_unknown_array_has_no_backend() -> None:
    with pytest.raises(
        ArgumentError, match=r"no backend for arrays of type builtins.list: expected numpy.ndarray; convert"
    ):
        backend.of(np.ones(2), [1.0])
    with pytest.raises(ArgumentError, match="needs at least one array"):
        backend.of()


def test_arrays_of_two_backends_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backend._BY_TYPE, bytes, backend.Backend("elsewhere", np, cpu))
    with pytest.raises(ArgumentError, match="arrays of the backends cpu and elsewhere meet: move them to one device"):
        backend.of(np.ones(2), b"")


# ------------------------------------------------------------------------------------------------------------------ BLAS


def test_blas_has_one_thread_inside_and_its_own_number_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [7]
    monkeypatch.setattr(blas, "_get", lambda: numbers[-1])
    monkeypatch.setattr(blas, "_set", numbers.append)
    with blas.one_thread(), blas.one_thread():
        assert blas.get_num_threads() == 1
    assert numbers == [7, 1, 7]
    with pytest.raises(ZeroDivisionError), blas.one_thread():
        1 / 0  # noqa: B018
    assert numbers == [7, 1, 7, 1, 7]


def test_a_child_forked_meanwhile_has_all_of_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [7]
    monkeypatch.setattr(blas, "_get", lambda: numbers[-1])
    monkeypatch.setattr(blas, "_set", numbers.append)
    with blas.one_thread():
        blas._start_anew()
        assert numbers == [7, 1, 7]
        blas._inside = 1  # as the parent still has it


def test_a_blas_that_cannot_be_asked_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_get", None)
    monkeypatch.setattr(blas, "_set", None)
    with blas.one_thread():
        assert blas.get_num_threads() == 1
    assert blas._find("no_such_function") is None


def test_numpys_own_openblas_is_found_where_it_brings_one() -> None:
    name = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    assert ("scipy-openblas" in name) <= (blas._set is not None)
