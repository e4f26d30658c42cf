"""Dropout of channels, that which goes with selu, random slopes and samples: by their numbers, and by PyTorch's in the mean."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)
LOWEST = 1.0507009873554805 * 1.6732632423543772  # what selu never goes below
CHANNELS = [
    (F.dropout1d, nn.Dropout1d, (30, 20, 4)),
    (F.dropout2d, nn.Dropout2d, (30, 20, 2, 3)),
    (F.dropout3d, nn.Dropout3d, (30, 20, 2, 1, 3)),
    (F.feature_alpha_dropout, nn.FeatureAlphaDropout, (30, 20, 2, 3)),
]


def scale(p: float) -> float:
    return ((1 - p) * (1 + p * LOWEST**2)) ** -0.5  # the a of the paper


@DTYPES
@pytest.mark.parametrize(("function", "layer", "shape"), CHANNELS)
def test_whole_channels_are_dropped(function: Any, layer: Any, shape: tuple[int, ...], dtype: Any) -> None:
    ag.manual_seed(0)
    x = ag.ones(*shape, dtype=dtype)
    for out in (function(x, 0.25, True), layer(0.25)(x)):
        assert (out.shape, out.dtype) == (shape, dtype)
        flat = out.array.reshape(600, -1)
        assert (flat == flat[:, :1]).all()
        lost = flat[:, 0] == flat[:, 0].min()
        assert 0.15 < lost.mean() < 0.35
        if function is not F.feature_alpha_dropout:
            np.testing.assert_allclose(flat[:, 0], np.where(lost, 0, 4 / 3), rtol=1e-6)
    again = [function(x, 0.5, True, generator=ag.Generator(3)).array for _ in range(2)]
    np.testing.assert_array_equal(*again)
    assert function(x, 0.5, training=False) is x
    assert function(x, 0.0, training=True) is x
    assert layer(0.5).eval()(x) is x
    assert (function(x, 1.0, True).array == 0).all()
    assert function(x[:0], 0.5, True).shape == (0, *shape[1:])


def test_a_signal_without_a_batch() -> None:
    ag.manual_seed(0)
    out = F.dropout1d(ag.ones(200, 3), 0.5)
    assert set(map(tuple, out.tolist())) == {(0.0,) * 3, (2.0,) * 3}
    x = ag.ones(4, 3)
    assert F.dropout1d(x, 0.5, training=False) is x


@DTYPES
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(p: float, dtype: Any) -> None:
    ag.manual_seed(1)
    x = ag.randn(300, 400, dtype=dtype)
    out = F.alpha_dropout(x, p, training=True)
    assert out.dtype == dtype
    assert abs(out.array.mean()) < 0.02
    assert abs(out.array.var() - 1) < 0.03
    a = scale(p)
    lost, kept = -LOWEST * a * (1 - p), x.array * a + LOWEST * a * p
    is_lost = np.isclose(out.array, lost, atol=1e-5)
    np.testing.assert_allclose(out.array, np.where(is_lost, lost, kept), rtol=1e-4, atol=1e-5)
    assert abs(is_lost.mean() - p) < 0.01
    assert nn.AlphaDropout(p).eval()(x) is x
    assert F.alpha_dropout(x, p) is x  # not training by default
    nan = nn.AlphaDropout(1.0)(ag.tensor([1.0, math.nan])).tolist()
    assert nan[0] == 0
    assert math.isnan(nan[1])


@pytest.mark.parametrize("function", [F.dropout1d, F.alpha_dropout, F.feature_alpha_dropout, F.rrelu])
def test_derivatives(function: Any) -> None:
    x = ag.randn(3, 2, 4, dtype=ag.float64, requires_grad=True)
    how = {} if function is F.rrelu else {"p": 0.4}

    def seeded(x: Any) -> Any:
        ag.manual_seed(5)
        return function(x, **how, training=True)

    assert ag.gradcheck(seeded, [x])
    assert ag.gradgradcheck(lambda x: seeded(x) * x, [x])


@pytest.mark.parametrize("layer", [nn.Dropout1d(1.0, inplace=True), nn.AlphaDropout(0.5, True), nn.RReLU(inplace=True)])
def test_in_place(layer: Any) -> None:
    leaf = ag.tensor([[[-1.0, 2.0]]], requires_grad=True)
    x = leaf * 1
    assert layer(x) is x
    assert (x.array != leaf.array).any()
    x.sum().backward()
    assert leaf.grad.shape == (1, 1, 2)


def test_inputs_that_are_dropped_otherwise() -> None:
    with pytest.raises(ShapeError, match=r"dropout1d: expects \(N, C, L\) or \(C, L\), got \(3,\)"):
        F.dropout1d(ag.ones(3))
    with pytest.raises(ShapeError, match=r"dropout2d: expects \(N, C, H, W\), got \(2, 3\); use dropout"):
        F.dropout2d(ag.ones(2, 3))
    with pytest.raises(ShapeError, match=r"dropout3d: expects \(N, C, D, H, W\), got \(2, 3, 4\)"):
        F.dropout3d(ag.ones(2, 3, 4))
    with pytest.raises(ShapeError, match=r"feature_dropout: input has shape \(3,\), expected \(N, C, \.\.\.\)"):
        F.feature_alpha_dropout(ag.ones(3), training=True)
    with pytest.warns(
        UserWarning, match=r"dropout2d: input of shape \(2, 3, 4\) is taken to be \(N, C, L\); use dropout1d"
    ):
        out = F.dropout2d(ag.ones(2, 3, 4), 0.5).array
    assert (out == out[..., :1]).all()
    for function in (F.alpha_dropout, F.feature_alpha_dropout, F.dropout3d):
        for training in (True, False):
            with pytest.raises(ArgumentError, match=r"p=1.5 is no probability"):
                function(ag.ones(2, 3, 4, 5), 1.5, training)
    with pytest.raises(DtypeError, match="input has dtype int64, expected floating"):
        F.alpha_dropout(ag.ones(3).long())
    for layer in (nn.Dropout1d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout):
        with pytest.raises(ArgumentError, match=rf"{layer.__name__}: p=-1, expected a probability from 0 to 1"):
            layer(-1)


# ---------------------------------------------------------------------------------------------------------------- slopes


@DTYPES
def test_slopes_are_drawn_evenly(dtype: Any) -> None:
    ag.manual_seed(2)
    x = ag.tensor([-1.0, 0.0, 2.0], dtype=dtype).repeat(2000).requires_grad_()
    out = F.rrelu(x, 0.2, 0.6, training=True)
    (slopes,) = ag.grad(out.sum(), [x])
    assert out.dtype == slopes.dtype == dtype
    np.testing.assert_allclose(out.array, x.array * slopes.array, rtol=1e-6)
    assert (slopes.array[2::3] == 1).all()
    for drawn in (slopes.array[::3], slopes.array[1::3]):
        assert 0.2 <= drawn.min() < 0.21
        assert 0.59 < drawn.max() <= 0.6
        assert abs(drawn.mean() - 0.4) < 0.01
    np.testing.assert_allclose(nn.RReLU(0.2, 0.6).eval()(x[:3]).tolist(), [-0.4, 0.0, 2.0], rtol=1e-6)
    assert repr(nn.RReLU(0.25, 0.5, True)) == "RReLU(lower=0.25, upper=0.5, inplace=True)"
    with pytest.raises(ArgumentError, match=r"rrelu: lower=0.5 is above upper=0.25; swap them"):
        F.rrelu(x, 0.5, 0.25)


@DTYPES
def test_noise_of_noisy_relu(dtype: Any) -> None:
    for level in (-1.0, 0.0, 3.0):
        x = ag.full((40_000,), level, dtype=dtype, requires_grad=True)
        out = F.noisy_relu(x, training=True)
        (gradient,) = ag.grad(out.sum(), [x])
        assert out.dtype == gradient.dtype == dtype
        assert (out.array >= 0).all()
        np.testing.assert_array_equal(gradient.array, out.array > 0)
        noise = math.sqrt(1 / (1 + math.exp(-level)))  # its standard deviation
        share = 0.5 * (1 + math.erf(level / noise / math.sqrt(2)))  # of a normal variable above 0
        assert abs(gradient.array.mean() - share) < 0.01
        mean = level * share + noise * math.exp(-((level / noise) ** 2) / 2) / math.sqrt(2 * math.pi)
        assert abs(out.array.mean() - mean) < 0.02
    np.testing.assert_array_equal(nn.NoisyReLU().eval()(ag.tensor([-1.0, 0.0, 2.0], dtype=dtype)).array, [0, 0, 2])
    assert F.noisy_relu(ag.tensor([-1.0])).item() == 0  # not training by default


# --------------------------------------------------------------------------------------------------------------- samples


@DTYPES
def test_samples_of_gumbel_softmax(dtype: Any) -> None:
    ag.manual_seed(3)
    shares = np.array([0.5, 0.3, 0.2])
    logits = ag.tensor(np.log(shares), dtype=dtype).expand(20000, 3)
    hard = F.gumbel_softmax(logits, hard=True)
    assert hard.dtype == dtype
    np.testing.assert_allclose(np.sort(hard.array, 1), np.broadcast_to([0, 0, 1.0], (20000, 3)), atol=1e-6)
    np.testing.assert_allclose(hard.array.mean(0), shares, atol=0.02)
    soft = F.gumbel_softmax(logits.T, tau=0.1, dim=0)
    np.testing.assert_allclose(soft.array.sum(0), 1, rtol=1e-5)
    np.testing.assert_allclose(soft.array.mean(1), shares, atol=0.02)


def test_a_hard_sample_has_the_gradient_of_the_soft_one() -> None:
    x, weights = (
        ag.tensor([[0.3, -1.0, 0.5]], dtype=ag.float64, requires_grad=True),
        ag.tensor([1.0, 2.0, 4.0]).double(),
    )
    grads = []
    for hard in (False, True):
        ag.manual_seed(4)
        grads.append(ag.grad((F.gumbel_softmax(x, 0.7, hard) * weights).sum(), [x])[0].array)
    np.testing.assert_allclose(*grads, rtol=1e-12)
    with pytest.warns(UserWarning, match=r"gumbel_softmax: eps=0.1 has no effect"):
        F.gumbel_softmax(x, eps=0.1)


# --------------------------------------------------------------------------------------------------------------- PyTorch


@pytest.mark.parametrize(
    "name", ["Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout", "RReLU"]
)
def test_representations_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours = re.sub(r", inplace=False", "", repr(getattr(nn, name)()))
    assert ours == re.sub(r", inplace=False", "", repr(getattr(torch.nn, name)()))


@pytest.mark.parametrize("name", ["alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout3d"])
def test_values_that_come_out_are_pytorchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    found = []
    for library, functional in ((ag, F), (torch, torch.nn.functional)):
        x = library.ones(20, 20, *[1] * (3 if name == "dropout3d" else 1)) * 0.5
        found.append(np.unique(getattr(functional, name)(x, 0.3, True).numpy().round(5)))
    np.testing.assert_allclose(*found, atol=1e-5)
