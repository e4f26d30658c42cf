"""Normalisation by neighbouring channels, and softmax over them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import agree_in_pair
from drawn_numbers import normal

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, ShapeError

SHAPES = [(2, 5, 3), (2, 5, 3, 4), (1, 3, 2, 2, 3)]
FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def naive(x: np.ndarray, before: int, behind: int, size: int, alpha: float, beta: float, k: float) -> np.ndarray:
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        squares = (x[:, max(0, c - before) : c + behind + 1] ** 2).sum(1)
        y[:, c] = x[:, c] / (k + alpha / size * squares) ** beta
    return y


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
def test_by_definition(shape: tuple[int, ...], size: int) -> None:
    x = normal(*shape)
    y = F.local_response_norm(ag.tensor(x), size, 0.7, 0.6, 1.5)
    np.testing.assert_allclose(y.numpy(), naive(x, size // 2, (size - 1) // 2, size, 0.7, 0.6, 1.5), rtol=1e-12)
    if len(shape) == 4:
        y, side = nn.CrossMapLRN2d(size, 0.7, 0.6, 1.5)(ag.tensor(x)), (size - 1) // 2
        np.testing.assert_allclose(y.numpy(), naive(x, side, side, size, 0.7, 0.6, 1.5), rtol=1e-12)


def test_derivatives() -> None:
    x = ag.tensor(normal(1, 4, 2, 2), requires_grad=True)
    for f in (lambda x: F.local_response_norm(x, 3, 0.7, 0.6, 1.5), nn.CrossMapLRN2d(4, 0.7, 0.6, 1.5)):
        assert ag.autograd.gradcheck(f, x)
        assert ag.autograd.gradgradcheck(f, x)


@FLOATS
def test_dtype_empty_and_nan(dtype: Any) -> None:
    x = ag.tensor(normal(1, 4, 2, dtype=dtype))
    assert F.local_response_norm(x, 2).dtype == dtype
    for shape in ((0, 4, 2), (1, 0, 2), (1, 4, 0)):
        assert F.local_response_norm(ag.zeros(*shape, dtype=dtype), 2).shape == shape
    x[0, 1, 0] = float("nan")
    assert np.isnan(F.local_response_norm(x, 3).numpy()).tolist() == [[[True, False]] * 3 + [[False, False]]]


def test_complaints() -> None:
    with pytest.raises(ArgumentError, match="local_response_norm: size=0, expected an int of at least 1"):
        F.local_response_norm(ag.zeros(1, 2, 3), 0)
    with pytest.raises(
        ShapeError, match=r"local_response_norm: expects \(N, C, ...\) of at least 3 dims, got \(2, 3\)"
    ):
        F.local_response_norm(ag.zeros(2, 3), 2)
    with pytest.raises(ArgumentError, match="LocalResponseNorm: size=0, expected an int of at least 1"):
        nn.LocalResponseNorm(0)
    with pytest.raises(
        ShapeError, match=r"\(LocalResponseNorm\): expects \(N, C, ...\) of at least 3 dims, got \(2, 3\)"
    ):
        nn.LocalResponseNorm(2)(ag.zeros(2, 3))
    with pytest.raises(ShapeError, match=r"\(CrossMapLRN2d\): expects \(N, C, H, W\), got \(1, 2, 3\)"):
        nn.CrossMapLRN2d(2)(ag.zeros(1, 2, 3))
    with pytest.raises(ShapeError, match=r"\(Softmax2d\): expects \(N, C, H, W\) or \(C, H, W\), got \(2, 3\)"):
        nn.Softmax2d()(ag.zeros(2, 3))


def test_softmax_over_channels() -> None:
    x = ag.tensor(normal(2, 3, 4, 5))
    y = nn.Softmax2d()(x)
    np.testing.assert_array_equal(y.numpy(), ag.softmax(x, 1).numpy())
    np.testing.assert_array_equal(nn.Softmax2d()(x[1]).numpy(), y[1].numpy())


# --------------------------------------------------------------------------------------------------- PyTorch, besides


@FLOATS
@pytest.mark.parametrize("shape", SHAPES)
def test_as_pytorch(shape: tuple[int, ...], dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    for size in (1, 2, 5):
        f = lambda lib: lambda x: lib.LocalResponseNorm(size, 0.7, 0.6, 1.5)(x)  # noqa: B023
        agree_in_pair(f(nn), f(torch.nn), normal(*shape, dtype=dtype))


def test_few_channels_across_maps_as_pytorch() -> None:
    torch = pytest.importorskip("torch")
    f = lambda lib: lambda x: lib.CrossMapLRN2d(5, 0.7, 0.6, 1.5)(x)
    agree_in_pair(
        f(nn), f(torch.nn), normal(2, 3, 3, 4), order=0
    )  # of more, PyTorch counts the first for all behind it


@pytest.mark.parametrize(
    ("name", "arguments"), [("LocalResponseNorm", (2,)), ("CrossMapLRN2d", (3, 1)), ("Softmax2d", ())]
)
def test_layers_print_as_pytorch(name: str, arguments: tuple[float, ...]) -> None:
    torch = pytest.importorskip("torch")
    assert repr(getattr(nn, name)(*arguments)) == repr(getattr(torch.nn, name)(*arguments))
