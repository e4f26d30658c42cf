"""Initialisation: the distributions, by their statistics and by the fan rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
from nn import Parameter, init

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
SHAPE = (60, 40, 3, 5)  # fan in 600, fan out 900
FAN_IN, FAN_OUT = 600, 900


@DTYPES
def test_constants(dtype: Any) -> None:
    w = ag.empty(2, 3, dtype=dtype)
    assert init.constant_(w, 2.5) is w
    assert w.tolist() == [[2.5] * 3] * 2
    assert init.ones_(w).tolist() == [[1] * 3] * 2
    assert init.zeros_(w).tolist() == [[0] * 3] * 2
    assert init.eye_(w).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert w.dtype == dtype


@DTYPES
def test_uniform_and_normal(dtype: Any) -> None:
    w = init.uniform_(ag.empty(300, 300, dtype=dtype), -1, 3).numpy()
    assert w.dtype == dtype
    assert -1 <= w.min() < -0.99
    assert 2.99 < w.max() < 3
    assert abs(w.mean() - 1) < 0.02
    w = init.normal_(ag.empty(300, 300, dtype=dtype), 2.0, 0.5).numpy()
    assert abs(w.mean() - 2) < 0.01
    assert abs(w.std() - 0.5) < 0.01


@DTYPES
def test_truncated_normal(dtype: Any) -> None:
    w = init.trunc_normal_(ag.empty(300, 300, dtype=dtype), mean=0.5, std=1.0, a=-0.5, b=2.5).numpy()
    assert w.min() >= -0.5
    assert w.max() <= 2.5
    phi, cdf = (
        (lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi)),
        (lambda z: (1 + math.erf(z / math.sqrt(2))) / 2),
    )
    mean = 0.5 + (phi(-1) - phi(2)) / (cdf(2) - cdf(-1))
    assert abs(w.mean() - mean) < 0.01
    assert init.trunc_normal_(ag.empty(0)).shape == (0,)


@DTYPES
@pytest.mark.parametrize(
    ("fill", "std", "uniform"),
    [
        (init.xavier_uniform_, math.sqrt(2 / (FAN_IN + FAN_OUT)), True),
        (lambda w: init.xavier_uniform_(w, gain=5 / 3), 5 / 3 * math.sqrt(2 / (FAN_IN + FAN_OUT)), True),
        (init.xavier_normal_, math.sqrt(2 / (FAN_IN + FAN_OUT)), False),
        (init.kaiming_uniform_, math.sqrt(2 / FAN_IN), True),
        (lambda w: init.kaiming_uniform_(w, a=math.sqrt(5)), math.sqrt(2 / 6 / FAN_IN), True),
        (lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / FAN_OUT), False),
        (lambda w: init.kaiming_normal_(w, nonlinearity="linear"), math.sqrt(1 / FAN_IN), False),
    ],
)
def test_fans(fill: Callable[[Any], Any], std: float, uniform: bool, dtype: Any) -> None:
    w = fill(ag.empty(*SHAPE, dtype=dtype)).numpy()
    assert w.dtype == dtype
    assert abs(w.mean()) < 0.02 * std
    assert abs(w.std() - std) < 0.02 * std
    bound = math.sqrt(3) * std
    assert bool(np.abs(w).max() <= bound) is uniform


def test_relu_layers_keep_the_variance() -> None:
    x = ag.randn(200, 300)
    for _ in range(10):
        x = (x @ init.kaiming_normal_(ag.empty(300, 300), nonlinearity="relu").T).relu()
    assert 0.3 < (x.numpy() ** 2).mean() < 3


@DTYPES
@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3), (4, 2, 3, 3), (30, 2, 3)])
def test_orthogonal(shape: tuple[int, ...], dtype: Any) -> None:
    w = init.orthogonal_(ag.empty(*shape, dtype=dtype), gain=2.0).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(min(w.shape)), atol=1e-5)
    assert init.orthogonal_(ag.empty(0, 3)).shape == (0, 3)


def test_gains() -> None:
    assert init.calculate_gain("linear") == init.calculate_gain("conv2d") == init.calculate_gain("sigmoid") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("selu") == 3 / 4
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 2) == math.sqrt(2 / 5)


DRAWS = [
    init.uniform_, init.normal_, init.trunc_normal_, init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_,
    init.kaiming_normal_, init.orthogonal_, lambda w, generator=None: init.sparse_(w, 0.3, generator=generator),
]  # fmt: skip


@pytest.mark.parametrize("fill", DRAWS)
def test_generators(fill: Any) -> None:
    a = fill(ag.empty(4, 5), generator=ag.Generator(7)).numpy()
    np.testing.assert_array_equal(a, fill(ag.empty(4, 5), generator=ag.Generator(7)).numpy())
    ag.manual_seed(7)
    np.testing.assert_array_equal(a, fill(ag.empty(4, 5)).numpy())
    assert (a != fill(ag.empty(4, 5)).numpy()).any()


@pytest.mark.parametrize("fill", [*DRAWS, init.zeros_, init.ones_, init.eye_])
def test_parameters_are_filled_unrecorded(fill: Any) -> None:
    p = Parameter(ag.full((3, 4), 9.0))
    memory = p.array
    assert fill(p) is p
    assert p.array is memory
    assert (memory != 9).any()
    assert p.is_leaf
    assert p.requires_grad


@DTYPES
@pytest.mark.parametrize("sparsity", [0.0, 0.3, 1.0])
def test_sparse(sparsity: float, dtype: Any) -> None:
    w = init.sparse_(ag.empty(200, 300, dtype=dtype), sparsity, std=0.5).numpy()
    assert w.dtype == dtype
    assert ((w == 0).sum(0) == math.ceil(200 * sparsity)).all()
    if sparsity < 1:
        assert abs(w[w != 0].std() - 0.5) < 0.01
        assert len({tuple(column) for column in (w == 0).T}) > 290 * (sparsity > 0)  # other places in each column
    assert init.sparse_(ag.empty(0, 3), 0.5).shape == (0, 3)


@DTYPES
@pytest.mark.parametrize(("dims", "groups"), [(1, 1), (2, 1), (3, 1), (2, 2), (2, 3)])
def test_a_dirac_convolution_returns_its_input(dims: int, groups: int, dtype: Any) -> None:
    w = init.dirac_(ag.empty(6, 4, *[3] * dims, dtype=dtype), groups)
    x = ag.randn(2, 4 * groups, *[5] * dims, dtype=dtype)
    y = getattr(ag, f"conv{dims}d")(x, w, padding=1, groups=groups)
    kept = min(6 // groups, 4)
    for g in range(groups):
        ours = y[:, g * 6 // groups : (g + 1) * 6 // groups]
        assert ag.equal(ours[:, :kept], x[:, 4 * g : 4 * g + kept])
        assert ag.count_nonzero(ours[:, kept:]) == 0
    assert init.dirac_(ag.empty(0, 3, 3)).shape == (0, 3, 3)


def test_dirac_equals_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    for shape, groups in (((6, 4, 3), 1), ((4, 6, 2, 3), 2), ((3, 1, 1, 4, 5), 3)):
        theirs = torch.nn.init.dirac_(torch.empty(*shape), groups)
        np.testing.assert_array_equal(init.dirac_(ag.empty(*shape), groups).numpy(), theirs.numpy())


FORMER = [
    "constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal", "orthogonal", "sparse", "uniform",
    "xavier_normal", "xavier_uniform",
]  # fmt: skip


@pytest.mark.parametrize("name", FORMER)
def test_former_names_warn_and_do_the_same(name: str) -> None:
    shape, options = (
        ((3, 2, 3), ()) if name == "dirac" else ((3, 4), {"constant": (2.5,), "sparse": (0.4,)}.get(name, ()))
    )
    ag.manual_seed(3)
    expected = getattr(init, f"{name}_")(ag.empty(*shape), *options)
    ag.manual_seed(3)
    w = ag.empty(*shape)
    with pytest.warns(
        FutureWarning, match=rf"^nn\.init\.{name} is the former name of nn\.init\.{name}_: use that"
    ) as said:
        assert getattr(init, name)(w, *options) is w
    assert said[0].filename == __file__
    assert ag.equal(w, expected)


def test_former_names_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    theirs = {name for name in dir(torch.nn.init) if hasattr(torch.nn.init, f"{name}_") and not name.startswith("_")}
    assert theirs == set(FORMER)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: init.sparse_(ag.empty(3), 0.5), r"sparse_: tensor has shape \(3,\), expected a matrix"),
        (lambda: init.sparse_(ag.empty(3, 3), 1.5), r"sparse_: sparsity=1\.5, expected a share, from 0 to 1"),
        (
            lambda: init.dirac_(ag.empty(3, 3)),
            r"dirac_: tensor has shape \(3, 3\), expected the weight of a convolution",
        ),
        (lambda: init.dirac_(ag.empty(3, 3, 3), 2), r"groups=2, expected a number that divides the 3 output channels"),
        (lambda: init.dirac_(ag.empty(3, 3, 3), 0), r"groups=0, expected a number that divides"),
        (lambda: init.eye_(ag.empty(3)), r"eye_: tensor has shape \(3,\), expected a matrix"),
        (
            lambda: init.xavier_uniform_(ag.empty(3)),
            r"xavier_uniform_: tensor has shape \(3,\), expected \(out, in, ...\)",
        ),
        (lambda: init.kaiming_normal_(ag.empty(3)), r"fan in and fan out need two dims; for a bias use zeros_"),
        (lambda: init.orthogonal_(ag.empty(3)), r"orthogonal_: tensor has shape \(3,\), expected two dims or more"),
        (lambda: init.kaiming_uniform_(ag.empty(2, 2), mode="in"), "mode='in', expected 'fan_in' or 'fan_out'"),
        (lambda: init.calculate_gain("swish"), "nonlinearity='swish' is unknown; use one of linear, .*leaky_relu"),
        (lambda: init.calculate_gain("leaky_relu", True), "param is True, expected leaky_relu's slope"),
        (lambda: init.trunc_normal_(ag.empty(2), std=0), "std=0, a=-2.0, b=2.0, expected std above 0"),
        (lambda: init.trunc_normal_(ag.empty(2), a=5, b=6), r"\[5, 6\] is more than 4 deviations from mean=0.0"),
        (lambda: init.uniform_(ag.empty(2), 1, 0), "interval"),
        (lambda: init.normal_(ag.empty(2), 0, -1), "std is -1"),
    ],
)
def test_errors(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        act()


def test_gains_equal_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    for name in ("linear", "conv1d", "conv2d", "conv3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)
