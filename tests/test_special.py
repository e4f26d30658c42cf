"""Special functions: written-down values, SciPy and PyTorch where they are, poles, derivatives, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from autograd_core import errors, special

NAN, INF = math.nan, math.inf
FLOATS = [np.float32, np.float64]
both = pytest.mark.parametrize("dtype", FLOATS)
rng = np.random.default_rng(0)


def trigamma(x: Any) -> Any:
    return ag.polygamma(1, x)


def tetragamma(x: Any) -> Any:
    return ag.polygamma(2, x)


# ---------------------------------------------------------------------------------------------------------------- values

# In 40 digits, rounded.
ONE: dict[str, tuple[Callable[[Any], Any], list[tuple[float, float]]]] = {
    "lgamma": (ag.lgamma, [
        (0.001, 6.907178885383853), (0.5, 0.5723649429247001), (1.25, -0.09827183642181316), (2.5, 0.2846828704729192),
        (7.5, 7.534364236758733), (30.0, 71.25703896716801), (-1.5, 0.860047015376481), (-7.25, -7.54188344347575),
    ]),
    "digamma": (ag.digamma, [
        (0.001, -1000.5755719318103), (0.5, -1.9635100260214235), (1.25, -0.22745353337626542),
        (2.5, 0.7031566406452432), (7.5, 1.9467574842460869), (30.0, 3.384438132685525), (-1.5, 0.7031566406452432),
        (-7.25, 5.189977214956288),
    ]),
    "trigamma": (trigamma, [
        (0.5, 4.934802200544679), (1.25, 1.1973291545071107), (2.5, 0.49035775610023485),
        (30.0, 0.033895060357739946), (-1.5, 9.379246644989124), (-7.25, 19.61035453929327),
    ]),
    "tetragamma": (tetragamma, [
        (0.5, -16.82879664423432), (1.25, -1.3277399375369203), (2.5, -0.2362040516417274),
        (30.0, -0.0011487652037286), (-1.5, -0.2362040516417274), (-7.25, 124.00852603656574),
    ]),
    "erfc": (ag.erfc, [
        (-1.0, 1.8427007929497148), (0.5, 0.4795001221869535), (2.0, 0.004677734981047266),
        (6.0, 2.1519736712498913e-17), (20.0, 5.395865611607901e-176),
    ]),
    "erfcx": (special.erfcx, [
        (-3.0, 16205.988853999586), (-1.0, 5.008980080762283), (0.5, 0.6156903441929259), (2.0, 0.25539567631050575),
        (20.0, 0.02817434874105132), (100.0, 0.005641613782989433),
    ]),
    "erfinv": (ag.erfinv, [
        (-0.5, -0.4769362762044699), (0.001, 0.0008862271574665521), (0.25, 0.2253120550121781),
        (0.9, 1.1630871536766743), (0.999, 2.3267537655135246),
    ]),
    "ndtr": (special.ndtr, [
        (-20.0, 2.7536241186062337e-89), (-1.0, 0.15865525393145705), (0.5, 0.6914624612740131),
        (2.0, 0.9772498680518208),
    ]),
    "ndtri": (special.ndtri, [
        (1e-10, -6.361340902404057), (0.025, -1.9599639845400543), (0.3, -0.5244005127080408),
        (0.75, 0.6744897501960817), (0.999, 3.090232306167813),
    ]),
    "log_ndtr": (special.log_ndtr, [
        (-30.0, -454.3212439563432), (-2.0, -3.783184333682032), (0.5, -0.3689464152886564),
        (2.0, -0.02301290932896349), (10.0, -7.619853024160525e-24),
    ]),
    "i0": (ag.i0, [
        (-1.0, 1.2660658777520084), (0.5, 1.0634833707413236), (3.0, 4.8807925858650245), (25.0, 5774560606.4663105),
    ]),
    "i0e": (special.i0e, [
        (-1.0, 0.46575960759364043), (0.5, 0.6450352704491501), (3.0, 0.2430003541618254), (250.0, 0.025243969387054754),
    ]),
    "i1": (special.i1, [
        (-1.0, -0.565159103992485), (0.5, 0.2578943053908963), (3.0, 3.9533702174026093), (25.0, 5657865129.878701),
    ]),
    "i1e": (special.i1e, [
        (-1.0, -0.20791041534970844), (0.5, 0.1564208031848717), (3.0, 0.19682671329730086), (250.0, 0.025193430757117306),
    ]),
    "sinc": (ag.sinc, [(-0.5, 0.6366197723675814), (0.0, 1.0), (0.25, 0.9003163161571061), (1.5, -0.2122065907891938)]),
    "spherical_bessel_j0": (special.spherical_bessel_j0, [(0.0, 1.0), (0.5, math.sin(0.5) / 0.5), (-9.0, math.sin(9) / 9)]),
    "logit": (ag.logit, [(0.0, -INF), (0.25, -math.log(3)), (0.5, 0.0), (0.9, math.log(9)), (1.0, INF), (2.0, NAN)]),
    "entr": (special.entr, [(-1.0, -INF), (0.0, 0.0), (0.5, math.log(2) / 2), (3.0, -3 * math.log(3))]),
}  # fmt: skip
TWO: dict[str, tuple[Callable[..., Any], list[tuple[float, float, float]]]] = {
    "igamma": (ag.igamma, [
        (0.5, 0.25, 0.5204998778130465), (0.5, 3.0, 0.9856941215645704), (2.5, 1.0, 0.15085496391539036),
        (30.0, 25.0, 0.18210391597745512), (30.0, 40.0, 0.9567713178482644), (500.0, 520.0, 0.8153088509012564),
    ]),
    "igammac": (ag.igammac, [
        (0.5, 3.0, 0.01430587843542964), (0.001, 0.5, 0.0005600666564707498), (2.5, 1.0, 0.8491450360846097),
        (30.0, 40.0, 0.043228682151735566), (500.0, 520.0, 0.1846911490987436), (10.0, 200.0, 2.044095593580732e-72),
    ]),
    "zeta": (special.zeta, [
        (2.0, 1.0, math.pi**2 / 6), (1.5, 0.25, 10.213055360466601), (3.0, 10.0, 0.0055249174854010335),
        (4.0, -1.5, 32.432379369864606), (3.0, -2.25, -61.94847488703008), (50.0, 0.5, 2.0**50),
    ]),
    "xlogy": (ag.xlogy, [
        (2.0, 3.0, 2 * math.log(3)), (0.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, INF, 0.0), (0.0, NAN, NAN), (1.0, 0.0, -INF),
    ]),
    "xlog1py": (special.xlog1py, [
        (2.0, 1e-9, 2 * math.log1p(1e-9)), (0.0, -1.0, 0.0), (0.0, -2.0, 0.0), (0.0, NAN, NAN), (1.0, -1.0, -INF),
    ]),
    "logaddexp": (ag.logaddexp, [
        (1.0, 2.0, 2 + math.log1p(math.exp(-1))), (1000.0, 1000.0, 1000 + math.log(2)), (-INF, 3.0, 3.0), (-INF, -INF, -INF),
    ]),
    "logaddexp2": (ag.logaddexp2, [(1.0, 3.0, math.log2(10)), (2000.0, 2000.0, 2001.0), (-INF, -INF, -INF), (INF, 1.0, INF)]),
}  # fmt: skip


def close(actual: Any, wanted: Any, dtype: Any) -> None:
    assert actual.dtype == dtype
    rounded = np.asarray(wanted, np.float64).astype(dtype)
    info = np.finfo(dtype)
    np.testing.assert_allclose(actual, rounded, rtol=(4 if dtype == np.float32 else 16) * info.eps, atol=info.tiny)


@both
@pytest.mark.parametrize("name", ONE)
def test_values_of_one_operand(name: str, dtype: Any) -> None:
    function, pairs = ONE[name]
    x, wanted = np.array([p for p in pairs if dtype == np.float64 or float(np.float32(p[0])) == p[0]]).T
    close(function(ag.tensor(x.astype(dtype))).numpy(), wanted, dtype)
    strided = np.stack([x, x], 1).astype(dtype)[::-1, 0]
    close(function(ag.tensor(strided)).numpy(), wanted[::-1], dtype)
    close(function(ag.tensor(np.asarray(x[0], dtype))).numpy(), wanted[0], dtype)
    close(function(x.astype(dtype)), wanted, dtype)  # plain arrays stay plain
    assert function(ag.zeros(0, 3, dtype=dtype)).shape == (0, 3)
    assert math.isnan(function(ag.tensor(np.array([NAN], dtype))).item())


@both
@pytest.mark.parametrize("name", TWO)
def test_values_of_two_operands_that_broadcast(name: str, dtype: Any) -> None:
    function, triples = TWO[name]
    x, y, wanted = np.array(triples).T
    exact = np.asarray(x.astype(np.float32) == x) & np.asarray(y.astype(np.float32) == y)
    keep = exact | np.isnan(y) | (dtype == np.float64)
    x, y, wanted = x[keep].astype(dtype), y[keep].astype(dtype), wanted[keep]
    close(function(ag.tensor(x), ag.tensor(y)).numpy(), wanted, dtype)
    table = function(ag.tensor(x), ag.tensor(y[:, None])).numpy()
    close(np.diagonal(table), wanted, dtype)
    close(function(ag.tensor(x), float(y[0])).numpy(), table[0], dtype)
    assert function(ag.zeros(0, dtype=dtype), ag.ones(2, 1, dtype=dtype)).shape == (2, 0)
    with pytest.raises(ValueError, match="broadcast"):
        function(ag.ones(2), ag.ones(3))


@pytest.mark.parametrize("name", [*ONE, *TWO])
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_integers_become_float32(name: str, dtype: str) -> None:
    function = (ONE | TWO)[name][0]
    operands = [np.array([1, 0, 1], dtype)] * (1 if name in ONE else 2)
    y = function(*map(ag.tensor, operands))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.numpy(), function(*(ag.tensor(a.astype("f")) for a in operands)).numpy())


def test_promotion_of_mixed_operands() -> None:
    double, single = ag.ones(2, dtype=ag.float64), ag.ones(2)
    for function, _ in TWO.values():
        assert function(double, single).dtype == np.float64
        assert function(single, ag.tensor(2.0, dtype=ag.float64)).dtype == np.float32  # a 0-d tensor decides nothing
        assert function(ag.tensor([1, 2]), double).dtype == np.float64


def spread(low: float, high: float, *scales: float) -> np.ndarray:
    """Numbers between *low* and *high*, evenly and by magnitude."""
    x = np.concatenate([np.linspace(low, high, 301), *(s * 10.0 ** np.linspace(-12, 2, 60) for s in scales)])
    return x[(x >= low) & (x <= high)]


RANGES = {
    "gammaln": (special.gammaln, spread(1e-3, 200, 1)),
    "psi": (special.psi, spread(2, 200, 1)),
    "erfc": (ag.erfc, spread(-6, 26, 1, -1)),
    "erfcx": (special.erfcx, spread(-26, 90, 1, -1)),
    "erfinv": (ag.erfinv, spread(-0.999, 0.999, 1, -1)),
    "ndtr": (special.ndtr, spread(-15, 8, 1, -1)),
    "ndtri": (special.ndtri, spread(1e-6, 0.999, 1)),
    "log_ndtr": (special.log_ndtr, spread(-90, 4, 1, -1)),
    "i0": (ag.i0, spread(-90, 90, 1, -1)),
    "i0e": (special.i0e, spread(-99, 99, 1, -1)),
    "i1": (special.i1, spread(-90, 90, 1, -1)),
    "i1e": (special.i1e, spread(-99, 99, 1, -1)),
    "entr": (special.entr, spread(0, 9, 1)),
    "logit": (ag.logit, spread(0, 0.4, 1)),
}


@pytest.mark.parametrize("name", RANGES)
def test_scipy_agrees(name: str) -> None:
    scipy_special = pytest.importorskip("scipy.special")
    function, x = RANGES[name]
    wanted = getattr(scipy_special, name)(x)
    np.testing.assert_allclose(function(x), wanted, rtol=2e-13, atol=1e-300)
    single = x.astype(np.float32)
    wanted = function(single.astype(float))
    # The tail of ndtr is so far off where the processor, or plain Python, multiplies and adds in two steps.
    limit = {"ndtr": 64, "entr": 8, "logit": 8}.get(name, 1)
    with np.errstate(over="ignore"):
        np.testing.assert_array_max_ulp(function(single), wanted.astype("f"), limit)


def test_scipy_agrees_on_functions_of_two() -> None:
    scipy_special = pytest.importorskip("scipy.special")
    a = 10.0 ** rng.uniform(-3, 4, 2000)
    x = a * rng.uniform(0.6, 1.5, 2000)
    for ours, theirs in ((ag.igamma, scipy_special.gammainc), (ag.igammac, scipy_special.gammaincc)):
        wanted = theirs(a, x)
        sure = wanted > 1e-200
        np.testing.assert_allclose(ours(a, x)[sure], wanted[sure], rtol=5e-11)  # SciPy's tails are the less exact ones
    s, q = rng.uniform(1.1, 12, 2000), 10.0 ** rng.uniform(-3, 3, 2000)
    np.testing.assert_allclose(special.zeta(s, q), scipy_special.zeta(s, q), rtol=1e-13)
    for n in (1, 2, 3, 7):
        np.testing.assert_allclose(ag.polygamma(n, q), scipy_special.polygamma(n, q), rtol=1e-13)


# name: the function, the same of mpmath, the stated error in ulp, arguments.
STATED: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any], float, np.ndarray]] = {
    "lgamma": (ag.lgamma, lambda mp, x: mp.log(mp.gamma(x)), 4, spread(1e-3, 150, 1)),
    "digamma": (ag.digamma, lambda mp, x: mp.digamma(x), 4, np.append(spread(1e-3, 150, 1), 1.4616321449683622)),
    "polygamma": (lambda x: ag.polygamma(5, x), lambda mp, x: mp.polygamma(5, x), 8, spread(1e-3, 150, 1)),
    "erfc": (ag.erfc, lambda mp, x: mp.erfc(x), 4, spread(-6, 26, 1)),
    "erfcx": (special.erfcx, lambda mp, x: mp.exp(x * x) * mp.erfc(x), 8, spread(-26, 90, 1, -1)),
    "erfinv": (ag.erfinv, lambda mp, x: mp.erfinv(x), 4, spread(-0.9999, 0.9999, 1)),
    "ndtri": (special.ndtri, lambda mp, p: mp.sqrt(2) * mp.erfinv(2 * p - 1), 4, spread(1e-9, 0.9999, 1)),
    "log_ndtr": (special.log_ndtr, lambda mp, x: mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2), 8, spread(-20, 30, 1, -1)),
    "i0": (ag.i0, lambda mp, x: mp.besseli(0, x), 10, spread(-60, 60, 1)),
    "i1e": (special.i1e, lambda mp, x: mp.besseli(1, x) * mp.exp(-abs(x)), 10, spread(-60, 60, 1)),
}


@pytest.mark.parametrize("name", STATED)
def test_stated_errors(name: str) -> None:
    mpmath = pytest.importorskip("mpmath")
    function, oracle, bound, points = STATED[name]
    with mpmath.workdps(250 if name == "log_ndtr" else 40):
        for x, y in zip(points.tolist(), function(points).tolist(), strict=True):
            exact = oracle(mpmath, mpmath.mpf(x))
            error = abs(mpmath.mpf(y) - exact) / mpmath.mpf(float(np.spacing(abs(float(exact)))))
            assert error <= bound + 4, (x, y, error)  # 4 for processors that multiply and add in two steps


# --------------------------------------------------------------------------------------------------------------- corners

CORNERS: list[tuple[str, Callable[[Any], Any], list[tuple[float, float]]]] = [
    ("lgamma", ag.lgamma, [(0.0, INF), (-0.0, INF), (-3, INF), (INF, INF), (-INF, INF), (1, 0), (2, 0), (1e305, 7.012878e307)]),
    ("digamma", ag.digamma, [(0.0, -INF), (-0.0, INF), (-1, NAN), (INF, INF), (-INF, NAN)]),
    ("trigamma", trigamma, [(0.0, INF), (-0.0, INF), (-1, INF), (INF, 0)]),
    ("tetragamma", tetragamma, [(0.0, -INF), (-1, -INF), (INF, 0)]),
    ("polygamma 171", lambda x: ag.polygamma(171, x), [(1.0, INF)]),
    ("erfc", ag.erfc, [(0, 1), (INF, 0), (-INF, 2)]),
    ("erfcx", special.erfcx, [(0, 1), (INF, 0), (-INF, INF), (-27, INF)]),
    ("erfinv", ag.erfinv, [(0, 0), (1, INF), (-1, -INF), (1.5, NAN), (-INF, NAN)]),
    ("ndtr", special.ndtr, [(0, 0.5), (INF, 1), (-INF, 0)]),
    ("ndtri", special.ndtri, [(0, -INF), (0.5, 0), (1, INF), (-0.1, NAN), (1.1, NAN)]),
    ("log_ndtr", special.log_ndtr, [(INF, 0), (-INF, -INF), (0, -math.log(2)), (50, 0)]),
    ("i0", ag.i0, [(0, 1), (INF, INF), (-INF, INF), (2000, INF)]),
    ("i1", special.i1, [(0, 0), (INF, INF), (-INF, -INF)]),
    ("i0e", special.i0e, [(0, 1), (INF, 0)]),
    ("i1e", special.i1e, [(0, 0), (-INF, 0)]),
    ("zeta", lambda x: special.zeta(x, 1.0), [(1, INF), (0.5, NAN), (-3, NAN), (INF, 1)]),
    ("zeta's poles", lambda q: special.zeta(3.0, q), [(0, INF), (-2, INF), (INF, 0)]),
    ("zeta of negative q", lambda q: special.zeta(2.5, q), [(-0.5, NAN)]),
    ("igamma", lambda x: ag.igamma(ag.ones_like(x) * 2, x), [(0, 0), (INF, 1), (-1, NAN)]),
    ("igammac", lambda x: ag.igammac(ag.ones_like(x) * 2, x), [(0, 1), (INF, 0), (-1, NAN)]),
    ("igamma of a", lambda a: ag.igamma(a, ag.ones_like(a)), [(0, 1), (INF, 0), (-1, NAN)]),
    ("igammac of a", lambda a: ag.igammac(a, ag.ones_like(a)), [(0, 0), (INF, 1), (-1, NAN)]),
    ("igamma of two", lambda a: ag.igamma(a, a), [(0, NAN), (INF, NAN)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "pairs"), CORNERS, ids=[c[0] for c in CORNERS])
def test_corners(name: str, function: Callable[[Any], Any], pairs: list[tuple[float, float]]) -> None:
    x, wanted = np.array([*pairs, (NAN, NAN)]).T
    np.testing.assert_allclose(function(ag.tensor(x)).numpy(), wanted, rtol=1e-6)


def test_sinc_is_exact_at_zero_to_every_order() -> None:
    x = ag.zeros(1, dtype=ag.float64, requires_grad=True)
    y, found = ag.sinc(x), []
    for _ in range(5):
        found.append(y.item())
        (y,) = ag.grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(found, [1, 0, -(math.pi**2) / 3, 0, math.pi**4 / 5], atol=1e-13)


def test_mvlgamma_is_a_sum() -> None:
    x = np.array([[2.5, 7.0], [3.25, 19.0]])
    for p in (1, 2, 5):
        sums = [[sum(math.lgamma(v - j / 2) for j in range(p)) for v in row] for row in x]
        wanted = np.array(sums) + p * (p - 1) / 4 * math.log(math.pi)
        np.testing.assert_allclose(ag.mvlgamma(ag.tensor(x), p).numpy(), wanted, rtol=1e-14)
        assert special.multigammaln(ag.tensor([3, 4]), p).dtype == np.float32
    with pytest.raises(errors.ArgumentError, match="mvlgamma: p=0 is a dimension: expected 1 or more"):
        ag.mvlgamma(ag.tensor(x), 0)


def test_logit_stays_within_eps() -> None:
    x = ag.tensor([0.0, 0.05, 0.5, 0.95, 1.0, NAN], requires_grad=True)
    y = ag.logit(x, eps=0.1)
    np.testing.assert_allclose(y.detach().numpy(), [-math.log(9)] * 2 + [0] + [math.log(9)] * 2 + [NAN], rtol=1e-6)
    np.testing.assert_allclose(ag.grad(y.sum(), x)[0].numpy(), [0, 0, 4, 0, 0, NAN])
    x = ag.tensor([-0.5, 0.0, 0.25, 1.0, 2.0], requires_grad=True)
    np.testing.assert_allclose(ag.grad(ag.logit(x).sum(), x)[0].numpy(), [NAN, INF, 16 / 3, INF, NAN], rtol=1e-6)


def test_what_is_refused() -> None:
    x = ag.tensor([1.5, 2.5], requires_grad=True)
    with pytest.raises(errors.ArgumentError, match="polygamma: n=-1 counts derivatives: expected 0 or more"):
        ag.polygamma(-1, x)
    message = r"zeta: the derivative for input is not known; pass input\.detach\(\) to hold it constant"
    with pytest.raises(errors.GraphError, match=message):
        special.zeta(x, x)
    assert special.zeta(x.detach(), x).requires_grad
    with ag.no_grad():
        assert not special.zeta(x, x).requires_grad


# ----------------------------------------------------------------------------------------------------------- derivatives

INNER = {
    "erfinv": np.array([-0.7, 0.1, 0.6]),
    "ndtri": np.array([0.1, 0.5, 0.8]),
    "logit": np.array([0.1, 0.5, 0.8]),
    "entr": np.array([0.2, 1.0, 3.0]),
}
POINTS = np.array([-2.6, -0.4, 0.3, 1.3, 2.5])


@pytest.mark.parametrize("name", ONE)
def test_derivatives_of_one_operand(name: str) -> None:
    x = ag.tensor(INNER.get(name, POINTS), requires_grad=True)
    assert ag.gradcheck(ONE[name][0], (x,))
    assert ag.gradgradcheck(ONE[name][0], (x,))


@pytest.mark.parametrize("name", TWO)
def test_derivatives_of_two_operands(name: str) -> None:
    x = ag.tensor(np.array([0.7, 2.0, 3.5]) + (name == "zeta"))
    y = ag.tensor(np.array([[0.3], [1.7]]), requires_grad=True)
    x.requires_grad = name != "zeta"
    assert ag.gradcheck(TWO[name][0], (x, y))
    assert ag.gradgradcheck(TWO[name][0], (x, y))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_polygamma_continues_itself(n: int) -> None:
    x = ag.tensor(POINTS, requires_grad=True)
    (slope,) = ag.grad(ag.polygamma(n, x).sum(), x)
    np.testing.assert_array_equal(slope.numpy(), ag.polygamma(n + 1, x).detach().numpy())


@both
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_gradients_keep_the_dtype(name: str, dtype: Any) -> None:
    points = np.array([0.25, 0.75], dtype)
    y = ag.tensor(points, requires_grad=True)
    out = ONE[name][0](y) if name in ONE else TWO[name][0](ag.tensor(points + 1), y)
    (g,) = ag.grad(out.sum(), y, create_graph=True)
    (h,) = ag.grad(g.sum(), y)
    assert out.dtype == g.dtype == h.dtype == dtype


def test_logaddexp_far_apart_has_finite_derivatives_of_every_order() -> None:
    x = ag.tensor([1000.0, -1000.0], requires_grad=True)
    (g,) = ag.grad(ag.logaddexp(x, ag.zeros(2)).sum(), x, create_graph=True)
    (h,) = ag.grad(g.sum(), x)
    assert (g.tolist(), h.tolist()) == ([1.0, 0.0], [0.0, 0.0])


def test_xlogy_passes_no_gradient_where_x_and_y_are_zero() -> None:
    x, y = ag.zeros(3, requires_grad=True), ag.tensor([0.0, 2.0, -1.0])
    np.testing.assert_allclose(ag.grad(ag.xlogy(x, y).sum(), x)[0].numpy(), [0, math.log(2), 0], rtol=1e-6)
    np.testing.assert_allclose(ag.grad(special.xlog1py(x, y - 1).sum(), x)[0].numpy(), [0, math.log(2), 0], rtol=1e-6)


# ------------------------------------------------------------------------------------------------- PyTorch, where it is

SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 0.25, 0.5, 1.0, -1.0, 1.5, -0.5, -2.5, 3.0, 12.0, 30.0, -30.0]
# What PyTorch computes otherwise, and the reason.
OTHERWISE: dict[str, list[float]] = {
    "lgamma": [-1.0, -30.0, -INF],  # the gradient at a pole is finite there, by the rounding of pi
    "digamma": [-1.0, -30.0, -INF, 0.0, -0.0],
    "trigamma": [-1.0, -30.0, -INF, 0.0, -0.0, INF],  # NaN at infinity, from here on where the limit is known
    "tetragamma": [-30.0, -INF, -2.5, -0.5, INF],
    "log_ndtr": [-INF],
    "i0": [INF, -INF],
    "i1": [INF, -INF, NAN],  # and at NaN the gradient is 1/2
    "i0e": [INF, -INF],
    "i1e": [INF, -INF, NAN],
}


def peer(torch: Any, name: str) -> Any:
    n = {"trigamma": 1, "tetragamma": 2}.get(name)
    if n:
        return lambda x: torch.polygamma(n, x)
    return getattr(torch, name, None) or getattr(torch.special, name)


@both
@pytest.mark.parametrize("name", [name for name in ONE if name != "spherical_bessel_j0"])
def test_pytorch_agrees_to_second_order(name: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    points = np.array([x for x in SPECIAL if x not in OTHERWISE.get(name, ())], dtype)
    ours, theirs = ag.tensor(points, requires_grad=True), torch.tensor(points, requires_grad=True)
    tolerance = {"rtol": 3e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-12}
    y, z = ONE[name][0](ours), peer(torch, name)(theirs)
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), **tolerance)
    (g,), (h,) = ag.grad(y.sum(), ours, create_graph=True), torch.autograd.grad(z.sum(), theirs, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), h.detach().numpy(), **tolerance)
    inner = np.isfinite(points) & (np.abs(points) < 20) & (points != 0)
    (g,), (h,) = ag.grad(g.sum(), ours), torch.autograd.grad(h.sum(), theirs)
    np.testing.assert_allclose(g.numpy()[inner], h.numpy()[inner], **tolerance)


@pytest.mark.parametrize("name", TWO)
def test_pytorch_agrees_on_pairs(name: str) -> None:
    torch = pytest.importorskip("torch")
    points = np.array([NAN, INF, -INF, 0.0, 0.5, 1.0, 2.0, 2.5, -1.0, -2.5])
    a, b = (v.ravel() for v in np.meshgrid(points, points))
    fixed = name in ("zeta", "igamma", "igammac")
    if fixed:  # PyTorch's igamma of infinity and NaN is 0, and its zeta sums term by term from a negative other
        keep = np.isfinite(a) & np.isfinite(b) & (b > 0) if name == "zeta" else ~(np.isnan(a) | np.isnan(b))
        a, b = a[keep], b[keep]
    x, y = ag.tensor(a, requires_grad=not fixed), ag.tensor(b, requires_grad=True)
    u, v = torch.tensor(a, requires_grad=not fixed), torch.tensor(b, requires_grad=True)
    ours, theirs = TWO[name][0](x, y), peer(torch, name)(u, v)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-12, atol=1e-16)
    g = ag.grad(ours.sum(), [y] if fixed else [x, y])
    h = torch.autograd.grad(theirs.sum(), [v] if fixed else [u, v])
    for mine, other in zip(g, h, strict=True):
        known = ~np.isnan(other.numpy()) if name in ("igamma", "igammac") else np.full(a.shape, True)
        np.testing.assert_allclose(mine.numpy()[known], other.numpy()[known], rtol=1e-12)


# ------------------------------------------------------------------------------------------------------------- the names


def test_the_face_is_made_of_functions_of_the_engine() -> None:
    assert special.expit is ag.sigmoid
    assert special.gammaln is ag.lgamma
    assert special.gammainc is ag.igamma
    for name in special.__all__:
        assert getattr(special, name) in vars(ag.ops).values()


def test_methods_and_their_twins_in_place() -> None:
    x = ag.tensor([0.25, 0.5, 0.75])
    for name in ("lgamma", "digamma", "erf", "erfc", "erfinv", "i0", "sinc", "logit"):
        y = x.clone()
        assert getattr(y, f"{name}_")() is y
        assert y.tolist() == getattr(x, name)().tolist() == getattr(ag, name)(x).tolist()
    assert x.polygamma(1).tolist() == x.clone().polygamma_(1).tolist() == ag.polygamma(1, x).tolist()
    assert (x + 1).mvlgamma(2).tolist() == (x + 1).mvlgamma_(2).tolist()
    for name in ("xlogy", "igamma", "igammac"):
        assert getattr(x, name)(x).tolist() == getattr(x.clone(), f"{name}_")(x).tolist()
    np.testing.assert_array_equal(np.logaddexp(x, x).numpy(), x.logaddexp(x).numpy())
    np.testing.assert_array_equal(np.logaddexp2(x.numpy(), x).numpy(), x.logaddexp2(x).numpy())
