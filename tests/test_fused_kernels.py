"""The fused kernels of normalisation, softmax, cross-entropy, dropout and sums, each against NumPy in float64."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from drawn_numbers import normal
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_core as ag
from autograd_core.kernels import cpu, threads
from autograd_core.kernels.layout import compact

NAN, INF = math.nan, math.inf
floats = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
close = {np.float32: {"rtol": 2e-5, "atol": 2e-5}, np.float64: {"rtol": 1e-12, "atol": 1e-12}}
PHILOX = import_module("autograd_core.kernels.cpu.dropout")._philox
SHARE = import_module("autograd_core.kernels.cpu.reduce").SHARE


def strided(x: Any) -> Any:
    """The numbers of x in an array of negative strides, with a gap after each, that must not be written to."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    view = wide[..., ::-2]
    view[...] = x
    view.flags.writeable = False
    return view


@pytest.fixture(name="two_threads")
def _two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    monkeypatch.setattr(threads, "PAYS_FROM", 0)
    yield
    threads.set_num_threads(before)


# ----------------------------------------------------------------------------------------------------------- references


def moments(x: Any, axis: Any) -> tuple[Any, Any]:
    x = x.astype(np.float64)
    return x.mean(axis, keepdims=True), x.var(axis, keepdims=True)


def normalized(x: Any, w: Any, b: Any, axis: Any, eps: float) -> Any:
    mean, var = moments(x, axis)
    return (x - mean) / np.sqrt(var + eps) * w + b


def pulled(g: Any, x: Any, w: Any, axis: Any, eps: float) -> tuple[Any, Any]:
    """The gradient for x, and what is summed to the gradient for w."""
    mean, var = moments(x, axis)
    rstd, apart, h = 1 / np.sqrt(var + eps), x - mean, g * w.astype(np.float64)
    slope = (h * apart).mean(axis, keepdims=True) * rstd**2
    return (h - h.mean(axis, keepdims=True) - apart * slope) * rstd, g * apart * rstd


# -------------------------------------------------------------------------------------------------------- normalisation


@floats
@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 70), size=st.integers(1, 140), seed=st.integers(0, 99))
def test_rows(rows: int, size: int, seed: int, dtype: Any) -> None:
    x, g = (normal(rows, size, seed=seed + i, dtype=dtype) * 2 + 1 for i in (0, 1))
    w, b = normal(size, seed=seed, dtype=dtype), normal(size, seed=seed + 5, dtype=dtype)
    y, mean, rstd = cpu.normalize_rows(x, w, b, eps=0.1, centred=True)
    np.testing.assert_allclose(y, normalized(x, w, b, 1, 0.1), **close[dtype])
    gx, gw, gb = cpu.normalize_rows_pull(g, x, w, mean, rstd, centred=True)
    for_x, for_w = pulled(g, x, w, 1, 0.1)
    scale = {"rtol": close[dtype]["rtol"], "atol": 10 * close[dtype]["atol"]}
    np.testing.assert_allclose(gx, for_x, **scale)
    np.testing.assert_allclose(gw, for_w.sum(0), **scale)
    np.testing.assert_allclose(gb, g.sum(0, dtype=np.float64), **scale)
    assert y.dtype == gx.dtype == gw.dtype == gb.dtype == mean.dtype == rstd.dtype == dtype


@floats
@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 5),
    groups=st.integers(0, 3),
    members=st.integers(1, 3),
    size=st.sampled_from([1, 2, 7, 33]),
    seed=st.integers(0, 99),
)
def test_planes(n: int, groups: int, members: int, size: int, seed: int, dtype: Any) -> None:
    channels = max(groups, 1) * members
    x, g = (normal(n, channels, size, seed=seed + i, dtype=dtype) * 2 + 1 for i in (0, 1))
    w, b = normal(channels, seed=seed, dtype=dtype), normal(channels, seed=seed + 5, dtype=dtype)
    view, axis = ((n, channels, 1, size), (0, 2, 3)) if not groups else ((n, groups, members, size), (2, 3))
    column = (1, channels, 1, 1) if not groups else (1, groups, members, 1)
    y, mean, var, rstd = cpu.normalize_planes(x, w, b, eps=0.1, members=members if groups else 0)
    want = normalized(x.reshape(view), w.reshape(column), b.reshape(column), axis, 0.1)
    np.testing.assert_allclose(y.reshape(view), want, **close[dtype])
    for got, expected in zip((mean, var), moments(x.reshape(view), axis), strict=True):
        np.testing.assert_allclose(got, expected.reshape(-1), **close[dtype])
    gx, gw, gb = cpu.normalize_planes_pull(g, x, w, mean, rstd, members=members if groups else 0)
    for_x, for_w = pulled(g.reshape(view), x.reshape(view), w.reshape(column), axis, 0.1)
    scale = {"rtol": close[dtype]["rtol"], "atol": 10 * close[dtype]["atol"]}
    np.testing.assert_allclose(gx.reshape(view), for_x, **scale)
    np.testing.assert_allclose(gw, for_w.reshape(x.shape).sum((0, 2)), **scale)
    np.testing.assert_allclose(gb, g.sum((0, 2), dtype=np.float64), **scale)


@pytest.mark.parametrize("offset", [1e4, -1e4])
def test_moments_survive_an_offset(offset: float) -> None:
    """The mean square less the squared mean would have no digit left; the mean itself is rounded to 0.0005."""
    noise = normal(8, 6, 50).astype(np.float32)
    x = noise + np.float32(offset)
    one, zero = np.ones(6, np.float32), np.zeros(6, np.float32)
    exact = x.astype(np.float64)
    y, *_ = cpu.normalize_planes(x, one, zero, eps=1e-5, members=0)
    np.testing.assert_allclose(y, normalized(exact, 1, 0, (0, 2), 1e-5), atol=4e-3)
    y, *_ = cpu.normalize_rows(x, np.ones(50, np.float32), np.zeros(50, np.float32), eps=1e-5, centred=True)
    np.testing.assert_allclose(y, normalized(exact, 1, 0, 2, 1e-5), atol=4e-3)
    y, *_ = cpu.normalize_planes(x[:, :, :1], one, zero, eps=1e-5, members=0)
    np.testing.assert_allclose(y, normalized(exact[:, :, :1], 1, 0, 0, 1e-5), atol=4e-3)


@floats
def test_equal_numbers_and_nan_in_one_statistic(dtype: Any) -> None:
    x = normal(4, 3, 5, dtype=dtype)
    x[:, 1], x[2, 2, 2] = 7, NAN
    w, b = np.ones(3, dtype), np.full(3, 0.5, dtype)
    y, *_ = cpu.normalize_planes(x, w, b, eps=1e-5, members=0)
    assert (y[:, 1] == 0.5).all()
    assert np.isnan(y[:, 2]).all()
    assert np.isfinite(y[:, 0]).all()
    y, *_ = cpu.normalize_rows(x, np.ones(5, dtype), np.zeros(5, dtype), eps=1e-5, centred=True)
    assert (y[:, 1] == 0).all()
    assert np.isnan(y[2, 2]).all()
    assert np.isnan(y).sum() == 5
    y, *_ = cpu.normalize_planes(np.where(np.isnan(x), INF, x), w, b, eps=1e-5, members=0)
    assert np.isnan(y[:, 2]).all()


@floats
@pytest.mark.parametrize("shape", [(0, 3), (0, 3, 4), (2, 3, 0), (0, 3, 0)], ids=str)
def test_normalising_nothing(shape: tuple[int, ...], dtype: Any) -> None:
    x, w = np.zeros(shape, dtype), np.ones(3, dtype)
    for members in (0, 1, 3):
        y, mean, _, rstd = cpu.normalize_planes(x, w, w, eps=1.0, members=members)
        gx, gw, gb = cpu.normalize_planes_pull(x, x, w, mean, rstd, members=members)
        assert y.shape == gx.shape == shape
        assert not gw.any()
        assert not gb.any()
    assert cpu.scale_planes(x, w, w, w).shape == shape
    last = np.ones(shape[-1], dtype)
    y, mean, rstd = cpu.normalize_rows(x, last, last, eps=1.0, centred=True)
    gx, gw, gb = cpu.normalize_rows_pull(x, x, last, mean, rstd, centred=True)
    assert y.shape == gx.shape == shape
    assert gw.shape == gb.shape == last.shape
    assert not gw.any()


# -------------------------------------------------------------------------------------------------------------- softmax


def softmax_reference(x: Any, axis: int) -> Any:
    e = np.exp(x.astype(np.float64) - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@floats
@settings(max_examples=40, deadline=None)
@given(
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    long=st.integers(1, 150),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_softmax(shape: list[int], long: int, seed: int, data: Any, dtype: Any) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    shape[data.draw(st.integers(0, len(shape) - 1))] = long
    x, g = (normal(*shape, seed=seed + i, dtype=dtype) * 3 for i in (0, 1))
    p = softmax_reference(x, axis)
    y, logs = (cpu.softmax(x, axis=(axis,), logarithm=way) for way in (False, True))
    np.testing.assert_allclose(y, p, rtol=close[dtype]["rtol"])
    np.testing.assert_allclose(logs, np.log(p), **close[dtype])
    gx = cpu.softmax_x(g, y, axis=(axis,), logarithm=False)
    np.testing.assert_allclose(gx, (g - (g * p).sum(axis, keepdims=True)) * p, **close[dtype])
    gx = cpu.softmax_x(g, logs, axis=(axis,), logarithm=True)
    np.testing.assert_allclose(gx, g - p * g.sum(axis, keepdims=True, dtype=np.float64), atol=10 * close[dtype]["atol"])


@floats
@pytest.mark.parametrize("axis", [0, 1])
def test_softmax_of_what_is_not_finite(axis: int, dtype: Any) -> None:
    rows = np.array([[0, -INF, 1], [-INF] * 3, [0, INF, 1], [0, NAN, 1], [1e4, 1e4, -1e4], [0, -NAN, 1]], dtype)
    for logarithm, nothing in ((False, 0), (True, -INF)):
        x = rows if axis else np.ascontiguousarray(rows.T)
        y = cpu.softmax(x, axis=(axis,), logarithm=logarithm)
        y = y if axis else y.T
        assert y[0, 1] == nothing
        assert np.isfinite(y[0, ::2]).all()
        assert np.isnan(y[[1, 2, 3, 5]]).all()
        np.testing.assert_allclose(y[4, :2], math.log(0.5) if logarithm else 0.5, rtol=1e-6)


@floats
def test_softmax_of_nothing(dtype: Any) -> None:
    for shape, axis in itertools.product([(0, 3), (3, 0), (2, 0, 3), (0,)], (0, -1)):
        x = np.zeros(shape, dtype)
        along = (axis % len(shape),)
        for logarithm in (False, True):
            y = cpu.softmax(x, axis=along, logarithm=logarithm)
            assert y.shape == cpu.softmax_x(x, y, axis=along, logarithm=logarithm).shape == shape
    assert cpu.softmax(np.array(5, dtype), axis=(), logarithm=False) == 1


# -------------------------------------------------------------------------------------------------------- cross-entropy


@floats
@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 20), classes=st.integers(1, 90), seed=st.integers(0, 99))
def test_cross_entropies(n: int, classes: int, seed: int, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    x, q = normal(n, classes, seed=seed, dtype=dtype) * 3, rng.uniform(size=(n, classes)).astype(dtype)
    target, scale = rng.integers(0, classes, n), rng.normal(size=n).astype(dtype)
    p = softmax_reference(x, 1)
    loss, probabilities = cpu.class_entropy(x, target.astype(np.int32), scale)
    np.testing.assert_allclose(
        loss, -(scale * np.log(p[np.arange(n), target])).sum(), rtol=1e-4, atol=close[dtype]["atol"]
    )
    np.testing.assert_allclose(probabilities, p, **close[dtype])
    gx = cpu.class_entropy_x(probabilities, target, scale)
    np.testing.assert_allclose(gx, (p - np.eye(classes)[target]) * scale[:, None], **close[dtype])
    loss, probabilities = cpu.share_entropy(x, q)
    np.testing.assert_allclose(loss, -(q * np.log(p)).sum(), **close[dtype])
    np.testing.assert_allclose(probabilities, p, **close[dtype])
    assert loss.dtype == probabilities.dtype == gx.dtype == dtype


@floats
def test_rows_without_a_say(dtype: Any) -> None:
    x = np.array([[-INF, 0.0], [0.0, 0.0]], dtype)
    assert cpu.class_entropy(x, np.array([0, 1]), np.array([0, 1], dtype))[0] == pytest.approx(math.log(2))
    assert cpu.share_entropy(x, np.array([[0, 0], [0, 1]], dtype))[0] == pytest.approx(math.log(2))
    assert cpu.class_entropy(x, np.array([0, 1]), np.ones(2, dtype))[0] == INF
    assert cpu.class_entropy(x[:0], np.zeros(0, np.int64), np.zeros(0, dtype))[0] == 0
    assert cpu.share_entropy(x[:0], x[:0])[0] == 0


# -------------------------------------------------------------------------------------------------------------- dropout


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [(0, 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)), (2**32, 5, None), (3, 2**64 - 1, None)],
)
def test_philox(counter: int, key: int, words: Any) -> None:
    """The first is a known answer of the paper's authors; all agree with the plain algorithm."""
    a, b, c, d = counter % 2**32, counter >> 32, 0, 0
    k, m = key % 2**32, key >> 32
    for _ in range(10):
        x, y = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (y >> 32) ^ b ^ k, y % 2**32, (x >> 32) ^ d ^ m, x % 2**32
        k, m = (k + 0x9E3779B9) % 2**32, (m + 0xBB67AE85) % 2**32
    got = np.empty((4, 256), np.uint32)
    PHILOX(counter, np.uint64(key), got)
    assert tuple(got[:, 0]) == (a, b, c, d)
    assert words in (None, (a, b, c, d))


@floats
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_at_random(p: float, dtype: Any) -> None:
    n = 200_000 if hasattr(PHILOX, "py_func") else 5_000  # plain Python is slow
    y = cpu.dropout(np.ones(n, dtype), key=123456789, p=p)
    assert set(np.unique(y)) == {dtype(0), dtype(1 / (1 - p))}
    kept = y != 0
    spread = math.sqrt(p * (1 - p) / n)
    assert abs(kept.mean() - (1 - p)) < 5 * spread
    for step in (1, 2, 256, 1024):  # neighbours know nothing of one another
        both = (kept[step:] & kept[:-step]).mean()
        assert abs(both - (1 - p) ** 2) < 10 * spread
    other = cpu.dropout(np.ones(n, dtype), key=123456790, p=p) != 0
    assert abs((kept & other).mean() - (1 - p) ** 2) < 10 * spread


@floats
def test_dropout_is_a_function_of_key_and_place(dtype: Any) -> None:
    x = normal(2100, dtype=dtype)
    y = cpu.dropout(x, key=7, p=0.3)
    np.testing.assert_array_equal(cpu.dropout(x[:77], key=7, p=0.3), y[:77])
    np.testing.assert_array_equal(cpu.dropout(x.reshape(3, 700), key=7, p=0.3).reshape(-1), y)
    np.testing.assert_array_equal(cpu.dropout(strided(x), key=7, p=0.3), y)
    assert not cpu.dropout(x, key=7, p=1.0).any()
    assert cpu.dropout(x[:0], key=7, p=0.3).shape == (0,)
    x[:] = NAN
    assert np.isnan(cpu.dropout(x, key=7, p=0.3)).all()  # 0 NaN is NaN, as in PyTorch


# ----------------------------------------------------------------------------------------------------------------- sums


@floats
@settings(max_examples=60, deadline=None)
@given(
    shape=st.lists(st.integers(0, 12), max_size=4), long=st.integers(1, 200), seed=st.integers(0, 99), data=st.data()
)
def test_sums_over_any_axes(shape: list[int], long: int, seed: int, data: Any, dtype: Any) -> None:
    if shape:
        shape[data.draw(st.integers(0, len(shape) - 1))] = long
    x = normal(*shape, seed=seed, dtype=dtype)
    x = x.transpose(data.draw(st.permutations(range(x.ndim))))
    axis = data.draw(
        st.none() | st.sets(st.integers(0, max(0, x.ndim - 1)), max_size=x.ndim).map(lambda s: tuple(sorted(s)))
    )
    axis = axis if x.ndim else None
    keepdims = data.draw(st.booleans())
    got = cpu.sum_over(x, axis, keepdims=keepdims)
    want = x.sum(axis, dtype=np.float64, keepdims=keepdims)
    assert got.shape == want.shape
    assert got.dtype == dtype
    np.testing.assert_allclose(got, want, **close[dtype])


@floats
def test_sums_of_strided_and_of_what_is_not_finite(dtype: Any) -> None:
    x = normal(3, 40, dtype=dtype)
    np.testing.assert_array_equal(cpu.sum_over(strided(x), (0,), keepdims=False), cpu.sum_over(x, (0,), keepdims=False))
    np.testing.assert_allclose(
        cpu.sum_over(np.broadcast_to(x[:1], (50, 40)), (0,), keepdims=False), 50 * x[0], rtol=1e-5
    )
    x[0, 0], x[1, 1], x[2, 2:4] = INF, NAN, (INF, -INF)
    totals = cpu.sum_over(x, (1,), keepdims=False)
    assert totals[0] == INF
    assert np.isnan(totals[1:]).all()
    columns = cpu.sum_over(x, (0,), keepdims=False)
    assert columns[0] == columns[2] == INF
    assert np.isnan(columns[1])
    assert columns[3] == -INF


def test_long_sums_of_float32_are_exact() -> None:
    """One partial sum for a million numbers of about 1 would be wrong in the fifth digit."""
    n = 1_000_000 if hasattr(PHILOX, "py_func") else 70_000
    x = np.random.default_rng(0).uniform(0.5, 1.5, n).astype(np.float32)
    assert n > SHARE
    exact = math.fsum(x)
    assert cpu.sum_over(x, None, keepdims=False) == pytest.approx(exact, rel=3e-7)
    columns = x.reshape(-1, 10)
    np.testing.assert_allclose(cpu.sum_over(columns, (0,), keepdims=False), columns.sum(0, dtype="f8"), rtol=3e-7)


@floats
@settings(max_examples=20, deadline=None)
@given(
    outer=st.integers(0, 3),
    n=st.integers(1, 9),
    inner=st.integers(1, 3),
    zeros=st.integers(0, 4),
    seed=st.integers(0, 99),
)
def test_products_of_others(outer: int, n: int, inner: int, zeros: int, seed: int, dtype: Any) -> None:
    x = normal(outer, n, inner, seed=seed, dtype=dtype)
    x.reshape(-1)[:zeros] = 0
    want = np.stack([np.delete(x, i, 1).prod(1) for i in range(n)], 1)
    np.testing.assert_allclose(cpu.products_of_others(x), want, **close[dtype])


# ------------------------------------------------------------------------------------- threads, strides, and both at once

X, G, W = normal(6, 4, 300), normal(6, 4, 300, seed=1), normal(4, seed=2)
ROW = normal(300, seed=3)
LOGITS, SHARES = normal(40, 70), np.abs(normal(40, 70, seed=1))
CLASSES = np.arange(40) % 70
CALLS: dict[str, Callable[..., Any]] = {
    "rows": lambda x, g, of: cpu.normalize_rows(x, of(ROW), of(ROW), eps=0.1, centred=True),
    "rows, not centred": lambda x, g, of: cpu.normalize_rows(x, of(ROW), of(ROW), eps=0.1, centred=False),
    "pull of rows": lambda x, g, of: cpu.normalize_rows_pull(
        g, x, of(ROW), np.ones(24, x.dtype), np.ones(24, x.dtype), centred=True
    ),
    "channels": lambda x, g, of: cpu.normalize_planes(x, of(W), of(W), eps=0.1, members=0),
    "groups": lambda x, g, of: cpu.normalize_planes(x, of(W), of(W), eps=0.1, members=2),
    "columns": lambda x, g, of: cpu.normalize_planes(x[:, 0], of(ROW), of(ROW), eps=0.1, members=0),
    "pull of channels": lambda x, g, of: cpu.normalize_planes_pull(
        g, x, of(W), np.ones(4, x.dtype), np.ones(4, x.dtype), members=0
    ),
    "pull of groups": lambda x, g, of: cpu.normalize_planes_pull(
        g, x, of(W), np.ones(12, x.dtype), np.ones(12, x.dtype), members=2
    ),
    "pull of columns": lambda x, g, of: cpu.normalize_planes_pull(
        g[:, 0], x[:, 0], of(ROW), np.ones(300, x.dtype), np.ones(300, x.dtype), members=0
    ),
    "given": lambda x, g, of: cpu.scale_planes(x, of(W), of(W), of(W)),
    "pull of given": lambda x, g, of: cpu.scale_planes_pull(g, x, of(W), of(W), of(W)),
    "softmax": lambda x, g, of: cpu.softmax(x, axis=(2,), logarithm=False),
    "log_softmax": lambda x, g, of: cpu.softmax(x, axis=(0,), logarithm=True),
    "softmax_x": lambda x, g, of: cpu.softmax_x(g, x, axis=(1,), logarithm=False),
    "log_softmax_x": lambda x, g, of: cpu.softmax_x(g, x, axis=(2,), logarithm=True),
    "classes": lambda x, g, of: cpu.class_entropy(of(LOGITS), CLASSES, of(SHARES)[:, 0]),
    "classes_x": lambda x, g, of: cpu.class_entropy_x(of(LOGITS), CLASSES, of(SHARES)[:, 0]),
    "shares": lambda x, g, of: cpu.share_entropy(of(LOGITS), of(SHARES)),
    "dropout": lambda x, g, of: cpu.dropout(x, key=3, p=0.4),
    "sum": lambda x, g, of: cpu.sum_over(x, (0, 2), keepdims=False),
    "sum of all": lambda x, g, of: cpu.sum_over(x, None, keepdims=True),
    "products": lambda x, g, of: cpu.products_of_others(x),
}


def results(name: str, dtype: Any, lay: Callable[[Any], Any]) -> tuple[Any, ...]:
    def of(a: Any) -> Any:
        return lay(a.astype(dtype))

    out = CALLS[name](of(X), of(G), of)
    return out if isinstance(out, tuple) else (out,)


@floats
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.usefixtures("two_threads")
def test_the_same_bits_for_any_threads_and_strides(name: str, dtype: Any) -> None:
    parallel = results(name, dtype, np.ascontiguousarray)
    other = results(name, dtype, strided)
    threads.set_num_threads(1)
    for a, b, c in zip(parallel, results(name, dtype, np.ascontiguousarray), other, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_compact_copies_only_what_it_must() -> None:
    x = np.arange(6.0)
    assert compact(x, (6,)) is x
    assert np.shares_memory(compact(x, (2, 3)), x)
    for other in (x[::2], x[::-1], x.astype("f4").astype("f8")[1:]):
        made = compact(other, other.shape, np.dtype("f8"))
        assert made.flags.carray
        np.testing.assert_array_equal(made, other)
    x.flags.writeable = False
    assert compact(x, (6,)).flags.writeable
    assert compact(x, (6,), np.dtype("f4")).dtype == np.float32


# --------------------------------------------------------------------------------------------------------- second order


@pytest.mark.parametrize(
    ("f", "operands"),
    [
        (lambda x, w, b: ag.batch_norm(x, None, None, w, b, training=True), (normal(3, 2, 2), W[:2], W[2:])),
        (lambda x, w, b: ag.group_norm(x, 2, w, b), (normal(2, 4, 2), W, W + 1)),
        (lambda x, w, b: ag.layer_norm(x, 4, w, b), (normal(3, 4), W, W + 1)),
        (lambda x, w: ag.rms_norm(x, 4, w), (normal(3, 4), W)),
        (lambda x: ag.instance_norm(x), (normal(2, 2, 3),)),
        (lambda x: ag.softmax(x, 0), (normal(3, 2),)),
        (lambda x: ag.log_softmax(x, 1), (normal(2, 3),)),
        (lambda x: ag.softmax_cross_entropy(x, ag.tensor([1, 0]), ag.tensor([0.5, 2.0])), (normal(2, 3),)),
        (ag.soft_cross_entropy, (normal(2, 3), np.abs(normal(2, 3, seed=1)))),
        (lambda x: ag.dropout(x, 0.4, generator=ag.Generator(3)), (normal(2, 3),)),
        (lambda x: ag.prod(x, 0), (np.array([[0.0, 1.0], [0.0, 2.0], [3.0, -1.0]]),)),
    ],
)
def test_second_derivatives(f: Any, operands: Any) -> None:
    tensors = tuple(ag.tensor(a, dtype=ag.float64, requires_grad=True) for a in operands)
    assert ag.gradcheck(f, tensors)
    assert ag.gradgradcheck(f, tensors)
