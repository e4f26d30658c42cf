"""Approximations of elementary functions: their stated error over all binades, their corners, and loops that run on vectors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal, getcontext, localcontext
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_core as ag
from autograd_core.kernels import cpu, threads
from autograd_core.kernels.cpu import approximation, flat
from autograd_core.kernels.vector import registers

COMPILED = not numba.config.DISABLE_JIT
FLOATS = [np.float32, np.float64]
NAN, INF = math.nan, math.inf
both = pytest.mark.parametrize("dtype", FLOATS)


# Loops over each function of one element.


@ag.kernel
def exp(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.exp(x[i])


@ag.kernel
def expm1(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.expm1(x[i])


@ag.kernel
def log(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.log(x[i])


@ag.kernel
def log1p(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.log1p(x[i])


@ag.kernel
def sigmoid(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.sigmoid(x[i])


@ag.kernel
def softplus(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.softplus(x[i])


@ag.kernel
def tanh(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.tanh(x[i])


@ag.kernel
def erf(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.erf(x[i])


@ag.kernel
def probability(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.normal(x[i])[0]


@ag.kernel
def density(x: Any, out: Any) -> None:
    for i in range(x.size):
        out[i] = approximation.normal(x[i])[1]


# ------------------------------------------------------------------------------------- the same, slowly, in 50 digits

PI = Decimal("3.14159265358979323846264338327950288419716939937510582")


def exact_erf(x: Decimal) -> Decimal:
    """2/sqrt(pi) e^(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), whose terms all have one sign (Abramowitz & Stegun 7.1.6)."""
    term = total = x
    n = 0
    while abs(term) > abs(total).scaleb(-50):
        n += 1
        term *= 2 * x * x / (2 * n + 1)
        total += term
    return total * 2 * (-x * x).exp() / PI.sqrt()


def exact_probability(x: Decimal) -> Decimal:
    """The series near the middle, beyond it the continued fraction of the tail (Abramowitz & Stegun 26.2.14)."""
    if abs(x) < 5:
        return (1 + exact_erf(x / Decimal(2).sqrt())) / 2
    fraction = abs(x)
    for n in range(150, 0, -1):
        fraction = abs(x) + n / fraction
    tail = exact_density(x) / fraction
    return tail if x < 0 else 1 - tail


def exact_density(x: Decimal) -> Decimal:
    return (-x * x / 2).exp() / (2 * PI).sqrt()


def exact_expm1(x: Decimal) -> Decimal:
    return x.exp() - 1 if abs(x) > 1e-16 else x + x * x / 2 + x**3 / 6


def exact_log1p(x: Decimal) -> Decimal:
    return (1 + x).ln() if abs(x) > 1e-16 else x - x * x / 2 + x**3 / 3


def exact_tanh(x: Decimal) -> Decimal:
    e = exact_expm1(2 * x)
    return e / (e + 2)


# name: the loop, the exact function, the stated error in ulp, arguments from and to
CASES: dict[str, tuple[Any, Callable[[Decimal], Decimal], float, float, float]] = {
    "exp": (exp, Decimal.exp, 1.1, -INF, INF),
    "expm1": (expm1, exact_expm1, 2.0, -INF, INF),
    "log": (log, Decimal.ln, 0.9, 0.0, INF),
    "log1p": (log1p, exact_log1p, 1.7, -1.0, INF),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + (-x).exp()), 2.5, -INF, INF),
    "softplus": (softplus, lambda x: exact_log1p(x.exp()), 2.0, -INF, INF),
    "tanh": (tanh, exact_tanh, 2.6, -INF, INF),
    "erf": (erf, exact_erf, 2.0, -INF, INF),
    "probability": (probability, exact_probability, 8.0, -INF, INF),
    "density": (density, exact_density, 2.2, -INF, INF),
}
# float64 arithmetic is exact enough for float32, and fast enough for many numbers.
FAST: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sigmoid": lambda x: np.where(x < 0, np.exp(-np.abs(x)), 1) / (1 + np.exp(-np.abs(x))),
    "softplus": lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0),
    "tanh": np.tanh,
    "erf": np.vectorize(math.erf, otypes=[float]),
    "probability": lambda x: np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2)) / 2,
    "density": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
}


def applied(loop: Any, x: np.ndarray) -> np.ndarray:
    out = np.empty_like(x)
    with np.errstate(all="ignore"):
        loop(x, out)
    return out


def ulps(actual: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """How many spacings of the dtype of *actual* each number is from *exact*, in float64; infinities must be the same."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(actual.dtype)
    assert np.array_equal(np.isinf(actual), np.isinf(rounded))
    finite = np.isfinite(rounded)
    spacing = np.spacing(np.abs(rounded[finite])).astype(float)
    return np.asarray(np.abs(actual[finite].astype(float) - exact[finite]) / spacing)


def binades(dtype: Any, each: int) -> np.ndarray:
    """*each* numbers in every power of two, denormals too, of both signs, then many where functions bend."""
    info = np.finfo(dtype)
    exponents = np.arange(info.minexp - info.nmant, info.maxexp)
    rng = np.random.default_rng(0)
    x = np.ldexp(rng.uniform(1, 2, (each, exponents.size)).astype(dtype), exponents).ravel()
    bends = np.concatenate([rng.normal(size=200 * each) * s for s in (0.1, 1, 10, 40)]).astype(dtype)
    return np.concatenate([x, -x, bends])


def relaxed(bound: float, x: np.ndarray | float = 0.0) -> Any:
    """The bound that holds where the processor, or plain Python, multiplies and adds in two steps."""
    return bound if COMPILED and registers().fma else 4 * bound + np.minimum(np.abs(x), 40) ** 2


@pytest.mark.parametrize("name", CASES)
def test_float32_is_within_the_stated_error_in_every_binade(name: str) -> None:
    loop, _, bound, low, high = CASES[name]
    x = binades(np.float32, 200 if COMPILED else 1)
    x = x[(x > low) & (x < high)]
    with np.errstate(all="ignore"):
        exact = FAST[name](x.astype(float))
        finite = np.isfinite(exact.astype(np.float32))
    assert np.all(ulps(applied(loop, x), exact) <= relaxed(bound, x[finite].astype(float)))


@pytest.mark.parametrize("name", CASES)
def test_float64_is_within_the_stated_error_in_every_binade(name: str) -> None:
    loop, function, bound, low, high = CASES[name]
    x = binades(np.float64, 1)
    x = x[(x > low) & (x < high)]
    x = np.concatenate([x[:: 4 if name in ("log", "log1p") else 8], x[-400 : None if COMPILED else -350]])
    if name not in ("log", "log1p"):
        x = x[np.abs(x) < {"erf": 6, "probability": 38, "tanh": 25}.get(name, 740)]  # beyond it, see the corners
    y = applied(loop, x)
    with localcontext(Context(prec=50, Emin=-(10**6), Emax=10**6)):
        for a, b in zip(x, y):
            exact = function(Decimal(float(a)))
            if not math.isinf(float(exact)):
                error = abs(Decimal(float(b)) - exact) / Decimal(float(np.spacing(abs(float(exact)))))
                assert error <= relaxed(bound, a), (a, b, error)


def test_the_reference_is_right() -> None:
    with localcontext(Context(prec=50)):
        for x in (-3.0, -0.5, 0.25, 1.0, 5.5):
            assert float(exact_erf(Decimal(x))) == pytest.approx(math.erf(x), rel=1e-15)
            assert float(exact_probability(Decimal(x))) == pytest.approx(math.erfc(-x / math.sqrt(2)) / 2, rel=1e-14)
    assert getcontext().prec == 28


# ---------------------------------------------------------------------------------------------------------- corners

CORNERS: dict[str, list[tuple[float, float]]] = {
    "exp": [(-INF, 0.0), (INF, INF), (0.0, 1), (-0.0, 1), (-800, 0.0), (800, INF)],
    "expm1": [(-INF, -1), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (-800, -1), (800, INF)],
    "log": [(-INF, NAN), (INF, INF), (0.0, -INF), (-0.0, -INF), (-1, NAN), (1, 0.0)],
    "log1p": [(-INF, NAN), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (-1, -INF), (-2, NAN)],
    "sigmoid": [(-INF, 0.0), (INF, 1), (0.0, 0.5), (-0.0, 0.5), (-800, 0.0), (800, 1)],
    "softplus": [(-INF, 0.0), (INF, INF), (-800, 0.0), (800, 800)],
    "tanh": [(-INF, -1), (INF, 1), (0.0, 0.0), (-0.0, -0.0), (-800, -1), (800, 1)],
    "erf": [(-INF, -1), (INF, 1), (0.0, 0.0), (-0.0, -0.0), (-800, -1), (800, 1)],
    "probability": [(-INF, 0.0), (INF, 1), (0.0, 0.5), (-0.0, 0.5), (-800, 0.0), (800, 1)],
    "density": [(-INF, 0.0), (INF, 0.0), (-800, 0.0), (800, 0.0)],
}


@both
@pytest.mark.parametrize("name", CASES)
def test_corners(name: str, dtype: Any) -> None:
    loop = CASES[name][0]
    x, wanted = np.array([(NAN, NAN), *CORNERS[name]], dtype).T
    y = applied(loop, x.copy())
    np.testing.assert_array_equal(y, wanted)
    certain = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(y)[certain], np.signbit(wanted)[certain])
    big = np.finfo(dtype).max
    ends = {"log": (NAN, math.log(big)), "log1p": (NAN, math.log(big)), "exp": (0, INF), "expm1": (-1, INF)}
    low, high = ends.get(name, ({"tanh": -1, "erf": -1}.get(name, 0), {"softplus": big, "density": 0}.get(name, 1)))
    np.testing.assert_allclose(applied(loop, np.array([-big, big], dtype)), [low, high], rtol=4 * np.finfo(dtype).eps)


@both
@pytest.mark.parametrize("name", ["expm1", "log1p", "tanh"])
def test_denormals_and_other_small_numbers_are_their_own_result(name: str, dtype: Any) -> None:
    info = np.finfo(dtype)
    x = np.array([info.smallest_subnormal, 7 * info.smallest_subnormal, info.tiny, 3 * info.tiny, 2.0**-60], dtype)
    x = np.concatenate([x, -x])
    np.testing.assert_array_equal(applied(CASES[name][0], x), x)


@both
def test_overflow_and_underflow_come_where_they_must(dtype: Any) -> None:
    info = np.finfo(dtype)
    largest = np.array(math.log(float(info.max)), dtype)
    below, above = np.nextafter(largest, dtype(0)), np.nextafter(np.nextafter(largest, dtype(INF)), dtype(INF))
    y = applied(exp, np.array([below, above, math.log(float(info.smallest_subnormal)) - 1], dtype))
    assert 0.99 * float(info.max) < y[0] < INF
    assert y[1:].tolist() == [INF, 0.0]
    gradual = np.array(math.log(float(info.tiny)) - 5, dtype)  # e^x is denormal
    np.testing.assert_allclose(applied(exp, gradual[None]), math.exp(gradual), atol=info.smallest_subnormal, rtol=0)
    assert applied(log, np.array([info.smallest_subnormal], dtype)) == pytest.approx(math.log(info.smallest_subnormal))


@both
@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_odd_functions_are_odd(name: str, dtype: Any) -> None:
    x = binades(dtype, 1)
    np.testing.assert_array_equal(applied(CASES[name][0], -x), -applied(CASES[name][0], x))


def test_polynomial() -> None:
    numbers = tuple(np.float64(c) for c in (1, -2, 3))
    assert approximation.polynomial(np.float64(2), numbers) == 9


@pytest.mark.skipif(not COMPILED, reason="nothing is compiled")
@both
@pytest.mark.parametrize("name", CASES)
def test_the_loop_runs_on_vectors(name: str, dtype: Any) -> None:
    fresh = numba.njit(error_model="numpy")(CASES[name][0].py_func)
    x = np.ones(1, dtype)
    fresh(x, x.copy())
    text = fresh.inspect_llvm(fresh.signatures[0])
    element = "float" if dtype == np.float32 else "double"
    assert re.search(rf"<\d+ x {element}>", text), "LLVM found a branch, or a call that it does not know on vectors"


# ----------------------------------------------------------------------------------------------- arrays of every kind

SLOPE = math.sqrt(2 / math.pi)


def normal_below(x: np.ndarray) -> np.ndarray:
    return FAST["probability"](x)


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    return x * FAST["sigmoid"](2 * SLOPE * (x + 0.044715 * x**3))


def gelu_tanh_slope(x: np.ndarray) -> np.ndarray:
    t = np.tanh(SLOPE * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x / 2 * (1 - t * t) * SLOPE * (1 + 3 * 0.044715 * x * x)


def silu_slope(x: np.ndarray) -> np.ndarray:
    s = FAST["sigmoid"](x)
    return s + x * s * (1 - s)


ONE: dict[str, tuple[Callable[..., Any], Callable[[np.ndarray], np.ndarray]]] = {
    "exp": (cpu.exp, np.exp),
    "erf": (cpu.erf, FAST["erf"]),
    "sigmoid": (cpu.sigmoid, FAST["sigmoid"]),
    "logsigmoid": (cpu.logsigmoid, lambda x: -FAST["softplus"](-x)),
    "softplus": (lambda x: cpu.softplus(x, 2.0, 3.0), lambda x: np.where(2 * x > 3, x, FAST["softplus"](2 * x) / 2)),
    "silu": (cpu.silu, lambda x: x * FAST["sigmoid"](x)),
    "gelu": (cpu.gelu, lambda x: x * normal_below(x)),
    "gelu_tanh": (cpu.gelu_tanh, gelu_tanh),
}
TWO: dict[str, tuple[Callable[..., Any], Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "relu_x": (cpu.relu_x, lambda g, y: np.where(y <= 0, 0, g)),
    "tanh_x": (cpu.tanh_x, lambda g, y: g - g * y * y),
    "sigmoid_x": (cpu.sigmoid_x, lambda g, y: g * (y - y * y)),
    "softplus_x": (
        lambda g, x: cpu.softplus_x(g, x, 2.0, 3.0),
        lambda g, x: np.where(2 * x > 3, g, g * FAST["sigmoid"](2 * x)),
    ),
    "silu_x": (cpu.silu_x, lambda g, x: g * silu_slope(x)),
    "gelu_x": (cpu.gelu_x, lambda g, x: g * (normal_below(x) + x * FAST["density"](x))),
    "gelu_tanh_x": (cpu.gelu_tanh_x, lambda g, x: g * gelu_tanh_slope(x)),
    "share": (lambda g, x: cpu.share(g, x, -x), lambda g, x: np.where(x < 0, 0, np.where(x == 0, g / 2, g))),
}


def near(actual: np.ndarray, wanted: np.ndarray, dtype: Any) -> None:
    assert actual.dtype == dtype
    assert actual.flags.c_contiguous
    np.testing.assert_allclose(actual, wanted, rtol=1e-5 if dtype == np.float32 else 4e-13, atol=np.finfo(dtype).tiny)


@both
@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_array_of_any_layout(name: str, dtype: Any) -> None:
    function, oracle = ONE[name]
    for x in layouts(dtype):
        near(function(x), oracle(x.astype(float)), dtype)
        assert function(x).shape == x.shape


@both
@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_arrays_of_any_layout(name: str, dtype: Any) -> None:
    function, oracle = TWO[name]
    for x in layouts(dtype):
        g = np.random.default_rng(1).normal(size=x.shape).astype(dtype)
        wanted = oracle(g.astype(float), x.astype(float))
        scale = np.abs(g) * (1.0 + x.astype(float) ** 2)  # some slopes have roots, where larger terms cancel
        assert np.all(np.abs(function(g, x) - wanted) <= 16 * np.finfo(dtype).eps * scale)
        near(function(g, x), function(g, x.copy()), dtype)


def layouts(dtype: Any) -> list[np.ndarray]:
    x = np.random.default_rng(0).normal(size=(6, 50, 4 if COMPILED else 1)).astype(dtype) * 3
    locked = x.copy()
    locked.flags.writeable = False
    small = [x[0], x[:, ::-2, 1:], x.T, locked, np.broadcast_to(x[0, 0], (2, 3, x.shape[2])), x[1, 1, 0], x[:, :0]]
    shifted = np.frombuffer(b"0" + x.tobytes(), np.uint8)[1:].view(dtype)  # no element starts where one should
    one = np.ones((), dtype)
    one.flags.writeable = False
    return [*(np.asarray(a) for a in small), shifted, one]


@both
def test_large_arrays_take_the_other_way(dtype: Any) -> None:
    x = np.linspace(-5, 5, flat.SMALL + 7).astype(dtype)
    for y in (x, x[::-1], np.broadcast_to(x[0], x.shape)):
        for function, oracle in ONE.values():
            near(function(y), oracle(y.astype(float)), dtype)
        np.testing.assert_array_equal(cpu.share(y, y, y), y / 2)


@both
def test_results_are_the_same_bits_on_any_number_of_threads(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat, "PAYS_FROM", 0)
    monkeypatch.setattr(threads, "PAYS_FROM", 0)
    x = np.linspace(-5, 5, flat.SMALL + 11).astype(dtype)
    before = ag.get_num_threads()
    try:
        for function in (cpu.exp, cpu.gelu, cpu.erf, lambda x: cpu.gelu_x(x, x), lambda x: cpu.share(x, x, -x)):
            results = []
            for n in (1, 2, 3):
                ag.set_num_threads(n)
                results.append(function(x).tobytes())
            assert len(set(results)) == 1
    finally:
        ag.set_num_threads(before)


@settings(max_examples=30)
@given(hnp.arrays(np.float64, hnp.array_shapes(min_side=0), elements=st.floats(-30, 30)))
def test_any_shape(x: np.ndarray) -> None:
    np.testing.assert_allclose(cpu.sigmoid(x), FAST["sigmoid"](x), rtol=1e-14)
    np.testing.assert_allclose(cpu.gelu(x), x * normal_below(x), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(cpu.tanh_x(x, x), x - x**3, rtol=1e-14)


# ------------------------------------------------------------------------------------------ gradients, as PyTorch's

EDGES = [NAN, INF, -INF, 0.0, -0.0, 1e-30, -1e-30, 15.0, -15.0, 100.0, -100.0, 1e20, -1e20]
FUNCTIONS = ["tanh", "sigmoid", "relu", "erf", "exp", "log1p", "logsigmoid", "silu", "softplus", "gelu", "gelu_tanh"]


def of(library: Any, name: str) -> Callable[[Any], Any]:
    functional = library.nn.functional if hasattr(library, "nn") else library
    if name.startswith("gelu"):
        return lambda x: functional.gelu(x, approximate="tanh" if name == "gelu_tanh" else "none")
    return getattr(library, name, None) or getattr(functional, name)


@both
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_at_the_edges_are_those_of_pytorch(name: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    x = np.array(EDGES, dtype)
    if name == "gelu" and dtype == np.float32:
        x = x[x != INF]  # there PyTorch gives NaN in float32, but infinity in float64
    ours, theirs = ag.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = of(ag, name)(ours), of(torch, name)(theirs)
    tolerance = {"rtol": 1e-5 if dtype == np.float32 else 1e-12, "atol": np.finfo(dtype).eps}
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), **tolerance)
    y.sum().backward()
    z.sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), **tolerance)


@both
@pytest.mark.parametrize("name", FUNCTIONS)
def test_large_and_small_arrays_have_the_same_gradients(name: str, dtype: Any) -> None:
    x = np.linspace(-4, 4, 5000).astype(dtype)
    x = abs(x) if name == "log1p" else x
    f = of(ag, name)

    def gradient(x: np.ndarray) -> np.ndarray:
        t = ag.tensor(x, requires_grad=True)
        return ag.grad(f(t).sum(), t)[0].numpy()

    few = np.concatenate([gradient(part) for part in np.split(x, 50)])
    np.testing.assert_allclose(gradient(x), few, rtol=1e-6 if dtype == np.float32 else 1e-14)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "silu", "softplus", "gelu", "gelu_tanh"])
def test_second_order_on_large_arrays(name: str) -> None:
    x = np.linspace(-2, 2, 3000)
    f, h = of(ag, name), 1e-5
    t = ag.tensor(x, requires_grad=True)

    def slope(t: Any) -> Any:
        return ag.grad(f(t).sum(), t, create_graph=True)[0]

    second = ag.grad(slope(t).sum(), t)[0].numpy()
    ahead, behind = (slope(ag.tensor(x + d, requires_grad=True)).detach().numpy() for d in (h, -h))
    np.testing.assert_allclose(second, (ahead - behind) / (2 * h), atol=1e-8)


def test_ties_of_broadcast_operands_share_the_gradient() -> None:
    x = ag.tensor([[1.0, 2.0, 3.0], [2.0, 2.0, NAN]], requires_grad=True)
    y = ag.tensor([2.0], requires_grad=True)
    gx, gy = ag.grad(ag.maximum(x, y).sum(), [x, y])
    np.testing.assert_array_equal(gx.numpy(), [[0, 0.5, 1], [0.5, 0.5, 1]])
    np.testing.assert_array_equal(gy.numpy(), [1 + 0.5 + 0.5 + 0.5 + 1])
