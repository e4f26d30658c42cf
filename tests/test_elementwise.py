"""Elementwise functions: values by plain loops, dtypes, second names, twins in place, and what PyTorch gives."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from value_and_gradients import arrays, expect

import autograd_core as ag
from autograd_core import errors
from autograd_core.interoperation import UFUNCS

NAN, INF = math.nan, math.inf
FLOATS = [np.float32, np.float64]
both = pytest.mark.parametrize("dtype", FLOATS)


# ------------------------------------------------------------------------------------------- each function by its loop


UNARY: dict[str, tuple[Callable[[float], float], list[float]]] = {
    "abs": (abs, [-1.5, 0.0, 2.0]),
    "acos": (math.acos, [-0.9, 0.0, 0.9]),
    "acosh": (math.acosh, [1.0, 1.5, 9.0]),
    "asin": (math.asin, [-0.9, 0.0, 0.9]),
    "asinh": (math.asinh, [-2.0, 0.0, 2.0]),
    "atan": (math.atan, [-2.0, 0.0, 2.0]),
    "atanh": (math.atanh, [-0.9, 0.0, 0.9]),
    "ceil": (math.ceil, [-1.5, -0.5, 0.5, 2.0]),
    "clone": (lambda x: x, [1.0, 2.0]),
    "cos": (math.cos, [-2.0, 0.0, 2.0]),
    "deg2rad": (math.radians, [-90.0, 0.0, 45.0]),
    "cosh": (math.cosh, [-2.0, 0.0, 2.0]),
    "erf": (math.erf, [-3.0, -0.5, 0.0, 0.5, 3.0]),
    "exp": (math.exp, [-2.0, 0.0, 2.0]),
    "exp2": (lambda x: 2**x, [-2.0, 0.0, 2.0]),
    "expm1": (math.expm1, [-2.0, 1e-8, 2.0]),
    "floor": (math.floor, [-1.5, -0.5, 0.5, 2.0]),
    "frac": (lambda x: x - math.trunc(x), [-1.25, 0.0, 1.25]),
    "log": (math.log, [0.1, 1.0, 9.0]),
    "log10": (math.log10, [0.1, 1.0, 9.0]),
    "log1p": (math.log1p, [-0.5, 1e-8, 9.0]),
    "log2": (math.log2, [0.1, 1.0, 9.0]),
    "logsigmoid": (lambda x: -math.log1p(math.exp(-x)), [-2.0, 0.0, 2.0]),
    "neg": (lambda x: -x, [-1.0, 0.0, 2.0]),
    "reciprocal": (lambda x: 1 / x, [-2.0, 0.5]),
    "relu": (lambda x: max(x, 0.0), [-1.0, 0.0, 2.0]),
    "relu6": (lambda x: min(max(x, 0.0), 6.0), [-1.0, 3.0, 9.0]),
    "round": (round, [-2.5, -1.5, 0.5, 1.5, 2.4]),
    "rad2deg": (math.degrees, [-2.0, 0.0, 0.5]),
    "rsqrt": (lambda x: 1 / math.sqrt(x), [0.25, 2.0]),
    "sigmoid": (lambda x: 1 / (1 + math.exp(-x)), [-2.0, 0.0, 2.0]),
    "sign": (lambda x: math.copysign(1, x) if x else 0.0, [-2.0, 0.0, 3.0]),
    "silu": (lambda x: x / (1 + math.exp(-x)), [-2.0, 0.0, 2.0]),
    "sin": (math.sin, [-2.0, 0.0, 2.0]),
    "sinh": (math.sinh, [-2.0, 0.0, 2.0]),
    "sqrt": (math.sqrt, [0.25, 2.0]),
    "square": (lambda x: x * x, [-1.5, 2.0]),
    "tan": (math.tan, [-1.0, 0.0, 1.0]),
    "tanh": (math.tanh, [-2.0, 0.0, 2.0]),
    "trunc": (math.trunc, [-1.5, -0.5, 0.5, 2.0]),
}


@both
@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_operand(name: str, dtype: Any) -> None:
    oracle, points = UNARY[name]
    function = getattr(ag, name)
    x = np.array(points, dtype)
    expect(function(ag.tensor(x)), [oracle(float(v)) for v in x], dtype)
    expect(function(ag.tensor(x[0])), oracle(float(x[0])), dtype)
    assert function(ag.tensor(x[0])).shape == ()
    assert function(ag.zeros(0, 3, dtype=dtype)).shape == (0, 3)
    turned = np.array([points, points], dtype).T  # not contiguous
    expect(function(ag.tensor(turned)), [[oracle(float(v))] * 2 for v in x], dtype)
    np.testing.assert_array_equal(function(x), function(ag.tensor(x)).numpy())  # plain arrays stay plain


BINARY: dict[str, tuple[Callable[[float, float], float], list[float], list[float]]] = {
    "add": (lambda x, y: x + y, [1.0, 2.0], [3.0, -5.0]),
    "atan2": (math.atan2, [1.0, -1.0], [-2.0, 3.0]),
    "copysign": (math.copysign, [1.0, -2.0], [-0.5, 3.0]),
    "div": (lambda x, y: x / y, [1.0, 2.0], [3.0, -5.0]),
    "floor_divide": (lambda x, y: x // y, [7.0, -7.0], [2.0, 2.0]),
    "fmod": (math.fmod, [7.0, -7.0], [3.0, 3.0]),
    "fmax": (max, [1.0, 2.0], [3.0, -5.0]),
    "fmin": (min, [1.0, 2.0], [3.0, -5.0]),
    "hypot": (math.hypot, [3.0, 5.0], [4.0, 12.0]),
    "ldexp": (lambda x, y: x * 2**y, [1.0, 1.5], [3.0, -1.0]),
    "maximum": (max, [1.0, 2.0], [3.0, -5.0]),
    "minimum": (min, [1.0, 2.0], [3.0, -5.0]),
    "mul": (lambda x, y: x * y, [1.0, 2.0], [3.0, -5.0]),
    "pow": (pow, [2.0, 3.0], [0.5, -1.0]),
    "remainder": (lambda x, y: x % y, [7.0, -7.0], [3.0, 3.0]),
    "rsub": (lambda x, y: y - x, [1.0, 2.0], [3.0, -5.0]),
    "sub": (lambda x, y: x - y, [1.0, 2.0], [3.0, -5.0]),
}


@both
@pytest.mark.parametrize("name", BINARY)
def test_a_function_of_two_operands_broadcasts(name: str, dtype: Any) -> None:
    oracle, xs, ys = BINARY[name]
    function = getattr(ag, name)
    x, y = np.array(xs, dtype), np.array(ys, dtype)[:, None]
    wanted = [[oracle(float(a), float(b)) for a in x] for b in y[:, 0]]
    expect(function(ag.tensor(x), ag.tensor(y)), wanted, dtype)
    expect(function(ag.tensor(x), float(ys[0])), wanted[0], dtype)
    assert function(ag.zeros(0, dtype=dtype), ag.zeros(2, 1, dtype=dtype)).shape == (2, 0)
    with pytest.raises(ValueError, match="broadcast"):
        function(ag.ones(2), ag.ones(3))


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "sin", "sigmoid", "reciprocal", "erf", "softplus", "gelu", "tanh"]
)
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_an_integer_operand_becomes_float32(name: str, dtype: str) -> None:
    expect(getattr(ag, name)(ag.tensor(np.array([1], dtype))), getattr(ag, name)(ag.tensor([1.0])).numpy(), np.float32)


def test_integers_stay_integers_where_pytorch_keeps_them() -> None:
    n = ag.tensor([2, -3])
    for name in ("floor", "ceil", "trunc", "round", "abs", "neg", "sign", "square", "relu"):
        assert getattr(ag, name)(n).dtype == np.int64
    assert (n**2).tolist() == [4, 9]
    assert (n**2).dtype == np.int64
    assert ag.clamp(n, 0, 1).dtype == np.int64
    assert ag.clamp(n, 0.5).dtype == np.float32
    assert (n / 2).dtype == np.float32
    assert ag.div(n, 2, rounding_mode="floor").tolist() == [1, -2]
    assert ag.div(n, 2, rounding_mode="trunc").tolist() == [1, -1]
    assert ag.maximum(n, ag.tensor([0.5, 0.5])).dtype == np.float32
    assert ag.floor(n).array is not n.array


def test_an_integer_is_not_raised_to_a_negative_power() -> None:
    with pytest.raises(ValueError, match="Integers to negative integer powers are not allowed"):
        ag.tensor([2]) ** -1
    assert (ag.tensor([2]) ** -1.0).tolist() == [0.5]


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_integers_are_not_divided_by_zero(name: str) -> None:
    with pytest.raises(ZeroDivisionError, match="other contains 0: integers are not divided by zero; make it floating"):
        getattr(ag, name)(ag.tensor([1, 2]), ag.tensor([1, 0]))
    with pytest.raises(ZeroDivisionError, match="other contains 0"):
        ag.div(ag.tensor([1]), 0, rounding_mode="trunc")
    assert getattr(ag, name)(ag.tensor([1.0]), 0.0).shape == (1,)


def test_div_names_its_rounding_modes() -> None:
    with pytest.raises(errors.ArgumentError, match="rounding_mode='up' is unknown: expected None, 'trunc' or 'floor'"):
        ag.div(ag.ones(1), 2, rounding_mode="up")
    for mode in ("floor", "trunc"):
        value, (dx, dy) = arrays(lambda x, y, mode=mode: ag.div(x, y, rounding_mode=mode), [7.0, -7.0], [2.0, 2.0])
        assert value.tolist() == ([3.0, -4.0] if mode == "floor" else [3.0, -3.0])
        assert not dx.any()
        assert not dy.any()


@given(st.integers(-9, 9), st.integers(-9, 9).filter(bool))
def test_divisions_of_integers_agree_with_python(x: int, y: int) -> None:
    a, b = ag.tensor([x]), ag.tensor([y])
    assert ag.floor_divide(a, b).tolist() == [x // y]
    assert ag.remainder(a, b).tolist() == [x % y]
    assert ag.div(a, b, rounding_mode="trunc").tolist() == [math.trunc(x / y)]
    assert ag.fmod(a, b).tolist() == [int(math.fmod(x, y))]


def test_alpha_scales_the_second_operand() -> None:
    x, y = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0])
    assert ag.add(x, y, alpha=2).tolist() == [7.0, 10.0]
    assert ag.sub(x, y, alpha=0.5).tolist() == [-0.5, 0.0]
    assert ag.add(x, 3, alpha=2).tolist() == [7.0, 8.0]
    assert ag.rsub(x, 3, alpha=2).tolist() == [1.0, -1.0]
    with pytest.raises(
        errors.DtypeError, match=r"add: alpha=0\.5 is floating but the operands are integers; give an int"
    ):
        ag.add(ag.tensor([1]), ag.tensor([1]), alpha=0.5)


def test_composed_functions() -> None:
    x, y, z = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0]), ag.tensor([5.0, 8.0])
    expect(ag.lerp(x, y, 0.25), [1.5, 2.5])
    expect(ag.lerp(x, y, ag.tensor([0.0, 1.0])), [1.0, 4.0])
    expect(ag.addcmul(x, y, z, value=2), [31.0, 66.0])
    expect(ag.addcdiv(x, z, y, value=3), [6.0, 8.0])


def test_float_power_is_float64() -> None:
    for base, exponent in ((ag.tensor([2, 3]), -1), (2, ag.tensor([-1.0, 0.5])), (ag.tensor([2.0]), ag.tensor([3]))):
        wanted = np.float_power(*(np.asarray(a.numpy() if isinstance(a, ag.Tensor) else a) for a in (base, exponent)))
        expect(ag.float_power(base, exponent), wanted, np.float64)
    value, (dx, dy) = arrays(ag.float_power, [2.0], [3.0], dtype=np.float32)
    assert (value.dtype, dx.dtype, dy.dtype) == (np.float64, np.float32, np.float32)
    expect(dx, [12.0])


def test_ldexp_takes_integers() -> None:
    expect(ag.ldexp(ag.tensor([1.0, 1.5]), ag.tensor([3, -1])), [8.0, 0.75], np.float32)
    expect(ag.ldexp(ag.tensor([1.0], dtype=ag.float64), ag.tensor([200])), [2.0**200], np.float64)
    expect(ag.ldexp(ag.tensor([1, 2]), 3), [8.0, 16.0], np.float32)


def test_positive_is_the_tensor_itself() -> None:
    x = ag.tensor([1, -2])
    assert ag.positive(x) is x
    with pytest.raises(
        errors.DtypeError, match=r"positive: input has dtype bool: expected numbers; use input\.int\(\)"
    ):
        ag.positive(ag.tensor([True]))


def test_nextafter() -> None:
    for dtype in FLOATS:
        x = np.array([0.0, 1.0, -1.0, INF, NAN], dtype)
        y = np.array([1.0, 1.0, INF, 0.0, 1.0], dtype)
        out = ag.nextafter(ag.tensor(x, requires_grad=True), ag.tensor(y))
        np.testing.assert_array_equal(out.detach().numpy(), np.nextafter(x, y))
        assert out.dtype == dtype
    assert [g.tolist() for g in arrays(ag.nextafter, [1.0, 2.0], [3.0, 0.0])[1]] == [[1.0, 1.0], [0.0, 0.0]]


def test_round_to_decimals() -> None:
    expect(ag.round(ag.tensor([1.25, -1.35]), decimals=1), [1.2, -1.4])
    expect(ag.round(ag.tensor([1250.0]), decimals=-2), [1200.0])
    with pytest.raises(errors.DtypeError, match=r"decimals=-1 needs a floating input, got int64; use input.float\(\)"):
        ag.round(ag.tensor([15]), decimals=-1)


# --------------------------------------------------------------------------------------------------------- activations


def test_activations_with_parameters() -> None:
    x = [-2.0, -0.5, 0.0, 0.5, 2.0]
    t = ag.tensor(np.array(x))
    expect(ag.leaky_relu(t, 0.2), [v if v > 0 else 0.2 * v for v in x])
    expect(ag.leaky_relu(t, -2.0), [v if v > 0 else -2 * v for v in x])
    expect(ag.elu(t, 1.5), [v if v > 0 else 1.5 * math.expm1(v) for v in x])
    expect(ag.selu(t), [1.0507009873554805 * (v if v > 0 else 1.6732632423543772 * math.expm1(v)) for v in x])
    expect(ag.hardtanh(t, -1.0, 0.25), [min(max(v, -1.0), 0.25) for v in x])
    expect(ag.threshold(t, 0.1, 9.0), [v if v > 0.1 else 9.0 for v in x])
    expect(ag.softplus(t, 2.0, 3.0), [v if 2 * v > 3 else math.log1p(math.exp(2 * v)) / 2 for v in x])
    expect(ag.mish(t), [v * math.tanh(math.log1p(math.exp(v))) for v in x])
    expect(ag.gelu(t), [v * (1 + math.erf(v / math.sqrt(2))) / 2 for v in x])
    bent = [math.sqrt(2 / math.pi) * (v + 0.044715 * v**3) for v in x]
    expect(ag.gelu(t, "tanh"), [v * (1 + math.tanh(b)) / 2 for v, b in zip(x, bent, strict=True)])


# ------------------------------------------------------------------------------------------------ selection and dtypes


def test_where_takes_numbers_and_broadcasts() -> None:
    mask = ag.tensor([True, False])
    assert ag.where(mask, 1.0, 0.0).dtype == np.float32
    assert ag.where(mask, ag.tensor([1.0, 2.0]), 0).tolist() == [1.0, 0.0]
    assert ag.where(mask, ag.tensor([1, 2]), 0).dtype == np.int64
    _, (dx, dy) = arrays(lambda x, y: ag.where(mask, x, y), [[1.0, 2.0], [3.0, 4.0]], [5.0])
    assert dx.tolist() == [[1, 0], [1, 0]]
    assert dy.tolist() == [2]


def test_cast_brings_the_gradient_back() -> None:
    x = ag.tensor([1.7, -1.7], requires_grad=True)
    y = x.to(ag.float64)
    assert y.dtype == np.float64
    (y * 2).sum().backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [2.0, 2.0]
    assert x.long().tolist() == [1, -1]
    assert not x.long().requires_grad
    assert not (x > 0).requires_grad


def test_clone_has_its_own_memory() -> None:
    x = ag.ones(3, requires_grad=True)
    y = x.clone()
    assert not np.shares_memory(x.array, y.array)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


# ------------------------------------------------------------------------------------ second names, and twins in place


SECOND_NAMES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "clip": "clamp", "divide": "div", "fix": "trunc", "greater": "gt",
    "greater_equal": "ge", "less": "lt", "less_equal": "le", "multiply": "mul", "negative": "neg", "not_equal": "ne",
    "sgn": "sign", "subtract": "sub", "true_divide": "div",
}  # fmt: skip


def test_second_names() -> None:
    for second, first in SECOND_NAMES.items():
        assert getattr(ag, second) is getattr(ag, first)
        assert getattr(ag.Tensor, second) is getattr(ag.Tensor, first)
        assert getattr(ag.Tensor, f"{second}_") is getattr(ag.Tensor, f"{first}_")


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow", "float_power"), (2.0,)),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge", "copysign", "ldexp", "nextafter"), (0.5,)),
    **dict.fromkeys(("atan2", "hypot", "xlogy", "heaviside", "logical_and", "logical_or", "logical_xor"), (ag.ones(3),)),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), (0.3,)),
    **dict.fromkeys(("addcmul", "addcdiv"), (ag.ones(3), ag.ones(3))),
    "lerp": (ag.ones(3), 0.5),
    "nan_to_num": (),
    "round": (),
}  # fmt: skip
OF_INTEGERS = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm")
OF_ONE = [name for name in UNARY if name not in ("clone", "logsigmoid", "relu6", "silu")]


@pytest.mark.parametrize("name", [*OF_ONE, *ARGUMENTS, *OF_INTEGERS, "bitwise_not", "logical_not"])
def test_a_method_and_its_twin_in_place(name: str) -> None:
    x = ag.tensor([1, 2, 5]) if name.startswith("bitwise") or name in OF_INTEGERS else ag.tensor([0.25, 0.5, 0.75])
    arguments = (ag.tensor([3, 1, 2]),) if name in OF_INTEGERS else ARGUMENTS.get(name, ())
    wanted = getattr(ag, name)(x, *arguments)
    np.testing.assert_array_equal(getattr(x, name)(*arguments).numpy(), wanted.numpy())
    y = x.clone()
    memory = y.array
    assert getattr(y, f"{name}_")(*arguments) is y
    assert y.array is memory
    np.testing.assert_array_equal(y.numpy(), wanted.numpy().astype(y.dtype))
    assert getattr(ag.Tensor, f"{name}_").__name__ == f"{name}_"


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_a_function_of_numpy_is_the_engines_own(ufunc: Any) -> None:
    whole = ufunc.__name__ in (*OF_INTEGERS, "left_shift", "right_shift", "invert")
    x = np.array([5, 2, 3]) if whole else np.array([0.25, 0.5, 0.75]) + (ufunc.__name__ == "arccosh")
    other = np.array([3, 1, 2]) if ufunc is np.ldexp else x[::-1].copy()
    operands = (x, other)[: ufunc.nin]
    wanted = ufunc(*operands)
    out = ufunc(*operands[:-1], ag.tensor(operands[-1]))
    assert isinstance(out, ag.Tensor)
    assert out.dtype == wanted.dtype
    np.testing.assert_allclose(out.numpy(), wanted, rtol=1e-14)


def test_a_twin_in_place_is_differentiated() -> None:
    x = ag.tensor([0.5, 2.0], requires_grad=True)
    y = x * 1
    y.exp_().xlogy_(x).sinh_()
    (g,) = ag.grad(y.sum(), x)
    z = np.exp([0.5, 2]) * np.log([0.5, 2])
    expect(g, np.cosh(z) * (z + np.exp([0.5, 2]) / [0.5, 2]))


def test_every_twin_of_pytorch_is_there() -> None:
    torch = pytest.importorskip("torch")
    for name in [*SECOND_NAMES, *OF_ONE, *ARGUMENTS, *OF_INTEGERS]:
        assert hasattr(torch.Tensor, f"{name}_")


# ------------------------------------------------------------------------------------------------------------- silence


def test_floating_point_warnings_of_numpy_are_ours_to_keep_silent() -> None:
    """In a fresh process, where warnings are errors: the engine computes in silence, NumPy itself still warns."""
    script = """
import numpy as np, autograd_core as ag
x = ag.tensor([1000.0, 0.0, -1000.0, float("inf")], requires_grad=True)
y = ag.exp(x) + ag.log(x) + 1 / x + (x - x) + x * 3e38 * 3e38 + ag.sigmoid(x) + ag.sqrt(x) + x ** -2 + x.sum() - x.sum()
y.sum().backward()
ag.tensor([float("nan")]).long(), (x / x).mean(), ag.logsumexp(x * float("-inf"), 0)
try:
    np.exp(np.array([1000.0]))
except RuntimeWarning:
    print("still warns")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("still warns\n", 0), done.stderr


def test_stable_functions_are_silent_whatever_the_filters() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = ag.tensor([-1000.0, 1000.0], requires_grad=True)
        for function in (ag.softplus, ag.logsigmoid, ag.tanh, ag.relu, ag.elu, ag.gelu, lambda x: ag.logsumexp(x, 0)):
            assert ag.isfinite(function(x)).all()


# ------------------------------------------------------------------------------------------------ PyTorch, where it is


SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 30.0, -30.0, 1000.0, -1000.0]
AGAINST_TORCH: dict[str, str] = {
    **{n: f"torch.{n}" for n in UNARY if n not in ("logsigmoid", "relu6", "silu")},
    **{
        n: f"torch.nn.functional.{n}"
        for n in ("logsigmoid", "relu6", "silu", "elu", "selu", "leaky_relu", "hardtanh", "softplus", "mish", "gelu")
    },
}
# At NaN PyTorch's sign is 0 and the gradient of its hardtanh depends on the length of the array; so does its gelu at
# infinity.
NAN_DIFFERS = {"abs", "sign", "hardtanh", "relu6"}


@both
@pytest.mark.parametrize("name", AGAINST_TORCH)
def test_special_values_are_pytorchs(name: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    peer = torch
    for part in AGAINST_TORCH[name].split(".")[1:]:
        peer = getattr(peer, part)
    value, (dx,) = arrays(getattr(ag, name), SPECIAL, dtype=dtype)
    x = torch.tensor(np.array(SPECIAL, dtype), requires_grad=True)
    y = peer(x)
    y.sum().backward()
    places = {"rtol": 1e-4, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-12}
    known = [not (name in NAN_DIFFERS and math.isnan(v)) and not (name == "gelu" and math.isinf(v)) for v in SPECIAL]
    np.testing.assert_allclose(value[known], y.detach().numpy()[known], **places)
    np.testing.assert_allclose(dx[known], x.grad.numpy()[known], **places)


@pytest.mark.parametrize(
    "name",
    [
        "add",
        "sub",
        "mul",
        "div",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "pow",
        "remainder",
        "fmod",
        "atan2",
        "hypot",
        "ldexp",
    ],
)
def test_special_pairs_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    points = np.array([NAN, INF, -INF, 0.0, 1.0, -1.0, 2.0, -2.0, 0.5])
    a, b = (v.ravel() for v in np.meshgrid(points, points))
    value, gradients = arrays(getattr(ag, name), a, b)
    x, y = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    out = getattr(torch, name)(x, y)
    out.sum().backward()
    np.testing.assert_allclose(value, out.detach().numpy(), rtol=1e-12)
    for mine, theirs in zip(gradients, (x.grad, y.grad), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-12)


CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "addcdiv": lambda lib, x, y: lib.addcdiv(x, y, x * x + 1, value=0.5),
    "clip": lambda lib, x, y: lib.clip(x, -0.5, 0.5) * y,
    "copysign": lambda lib, x, y: lib.copysign(x, y) * x,
    "div": lambda lib, x, y: lib.div(x, y) + lib.div(x, y, rounding_mode="floor") * x,
    "float_power": lambda lib, x, y: lib.float_power(lib.absolute(x), y),
    "fmax": lambda lib, x, y: lib.fmax(x, y) * lib.fmin(x, y),
    "frac": lambda lib, x, y: lib.frac(x * 3) * lib.fix(y * 3),
    "ldexp": lambda lib, x, y: lib.ldexp(x, y),
    "nan_to_num": lambda lib, x, y: lib.nan_to_num(x / y.relu(), 1.0, 2.0, 3.0) * x,
    "nextafter": lambda lib, x, y: lib.nextafter(x, y) * x,
    "radians": lambda lib, x, y: lib.deg2rad(x) * lib.rad2deg(y) * lib.positive(x),
    "rsub": lambda lib, x, y: lib.rsub(x, y, alpha=0.5) * x,
    "second names": lambda lib, x, y: lib.arctan2(x, y) * lib.arcsinh(x) + lib.multiply(lib.negative(x), y),
    "sgn": lambda lib, x, y: lib.sgn(x) * y + lib.subtract(x, y, alpha=2),
}


@both
@pytest.mark.parametrize("name", CALLS)
def test_pytorch_agrees_to_second_order(name: str, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 5)).astype(dtype).T, rng.normal(size=4).astype(dtype)
    found = []
    for lib in (ag, torch):
        a, b = (lib.tensor(v.copy(), requires_grad=True) for v in (x, y))
        out = CALLS[name](lib, a, b)
        first = lib.autograd.grad((out * out).sum(), [a, b], create_graph=True)
        second = lib.autograd.grad(sum((g * g).sum() for g in first), [a, b])
        found.append([t.detach().numpy() for t in (out, *first, *second)])
    for ours, theirs in zip(*found, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=2e-4 if dtype == np.float32 else 1e-10, atol=1e-6)


@pytest.mark.parametrize("name", OF_INTEGERS)
def test_pytorch_agrees_on_integers_of_all_dtypes(name: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for left, right in itertools.product(("int8", "uint8", "int16", "int32", "int64"), repeat=2):
        for shape in ((12,), ()):  # a 0-d tensor decides nothing
            x, y = rng.integers(0, 100, 12).astype(left), rng.integers(0, 9, shape).astype(right)
            ours = getattr(ag, name)(ag.tensor(x), ag.tensor(y)).numpy()
            theirs = getattr(torch, name)(torch.tensor(x), torch.tensor(y)).numpy()
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
def test_gradients_of_broadcast_operands_have_their_shapes(shapes: Any) -> None:
    rng = np.random.default_rng(0)
    xs = [rng.normal(size=s) for s in shapes.input_shapes]
    value, gradients = arrays(lambda x, y, z: ag.where(x > 0, x * y, ag.maximum(y, z) / 2), *xs)
    assert value.shape == shapes.result_shape
    for k, (x, g) in enumerate(zip(xs, gradients, strict=True)):
        v = rng.normal(size=x.shape)
        ends = []
        for step in (1e-6, -1e-6):
            p, q, r = (x + step * v if i == k else other for i, other in enumerate(xs))
            ends.append(np.where(p > 0, p * q, np.maximum(q, r) / 2).sum())
        assert g.shape == x.shape
        np.testing.assert_allclose((g * v).sum(), (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-6)
