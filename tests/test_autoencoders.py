"""Autoencoders by what is known of them: the linear one is PCA, penalties have closed forms, the bound is a bound."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F
import optim
from nn.models import (
    Autoencoder,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    VariationalAutoencoder,
    contractive_penalty,
    kl_sparsity,
    negative_elbo,
)

DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def trained(model: Any, x: ag.Tensor, loss: Any, steps: int, lr: float = 0.01) -> Any:
    optimizer = optim.Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model).backward()
        optimizer.step()
    return model


@DTYPES
def test_a_linear_autoencoder_spans_the_first_principal_components(dtype: Any) -> None:
    x = ag.randn(300, 8, dtype=dtype) * ag.tensor([4.0, 3.0, 2.0, 0.7, 0.5, 0.4, 0.3, 0.2], dtype=dtype)
    x = x @ ag.linalg.qr(ag.randn(8, 8, dtype=dtype))[0]
    fit = nn.interpret.pca(x, 3)
    model = Autoencoder((8, 3), "identity", output="identity").to(dtype)
    trained(model, x, lambda m: F.mse_loss(m(x), x), 1500, lr=0.02)
    for weight in (model.encoder[1].weight.T, model.decoder[0].weight):  # both (8, 3)
        basis = np.linalg.qr(weight.detach().numpy())[0]
        cosines = np.linalg.svd(fit.components.numpy() @ basis)[1]
        assert np.degrees(np.arccos(cosines.clip(max=1))).max() < 2, cosines
    best = ((fit.codes @ fit.components + fit.mean - x) ** 2).mean().item()
    assert best <= F.mse_loss(model(x), x).item() * (1 + 1e-5)
    assert F.mse_loss(model(x), x).item() < 1.02 * best


def test_activations_of_code_and_output() -> None:
    x = 5 * ag.randn(20, 6)
    assert (Autoencoder((6, 4, 2), code="sigmoid").encode(x) > 0).all()
    assert Autoencoder((6, 2), output="identity")(x).min() < 0
    assert Autoencoder((6, 2))(x).min() > 0
    assert [type(m).__name__ for m in Autoencoder((6, 4, 2)).encoder] == ["Flatten", "Linear", "ReLU", "Linear"]
    assert len(DenoisingAutoencoder((6, 9), code="tanh", output="identity").decoder) == 1
    with pytest.raises(ag.errors.ArgumentError, match="code='softmax' is unknown; use one of elu"):
        Autoencoder((6, 2), code="softmax")
    with pytest.raises(ag.errors.ArgumentError, match="output='x' is unknown"):
        DenoisingAutoencoder((6, 2), output="x")


# ------------------------------------------------------------------------------------------------------------ penalties


@DTYPES
def test_kl_sparsity_by_definition(dtype: Any) -> None:
    code = ag.rand(40, 5, dtype=dtype)
    mean, rho = code.numpy().mean(0), 0.1
    expected = (rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean))).sum()
    assert kl_sparsity(code, rho).item() == pytest.approx(expected, rel=1e-4)
    assert kl_sparsity(code, rho).dtype == dtype
    assert kl_sparsity(ag.zeros(4, 2, dtype=dtype)).isfinite()
    assert kl_sparsity(ag.ones(4, 2, dtype=dtype)).isfinite()
    if dtype == ag.float64:
        assert ag.autograd.gradcheck(lambda c: kl_sparsity(c, rho), code.requires_grad_())


def test_kl_sparsity_refuses() -> None:
    with pytest.raises(ag.errors.ArgumentError, match="rate=1, expected a number between 0 and 1"):
        kl_sparsity(ag.rand(3, 2), 1)
    with pytest.raises(ag.errors.ArgumentError, match="values from -2 to 0, expected 0 to 1; end the encoder"):
        kl_sparsity(ag.tensor([[-2.0, 0.0]]))
    with pytest.raises(ag.errors.ShapeError, match=r"\(N, K\), not empty"):
        kl_sparsity(ag.rand(0, 2))


@DTYPES
def test_the_contractive_penalty_of_one_sigmoid_layer(dtype: Any) -> None:
    r"""Rifai et al. give it in closed form: sum_j (h_j (1 - h_j))^2 sum_i W_ji^2."""
    model = Autoencoder((7, 4), code="sigmoid").to(dtype)
    x = ag.randn(9, 7, dtype=dtype)
    found = contractive_penalty(model.encode, x)
    h = model.encode(x)
    closed = ((h * (1 - h)) ** 2 @ (model.encoder[1].weight ** 2).sum(1)).mean()
    assert found.allclose(closed, rtol=1e-4)
    parameters = list(model.encoder.parameters())
    for a, b in zip(ag.grad(found, parameters), ag.grad(closed, parameters), strict=True):
        assert a.allclose(b, rtol=1e-3, atol=1e-6)
    assert x.grad is None
    assert found.dtype == dtype


def test_the_contractive_penalty_of_a_deep_encoder_is_that_of_its_jacobians() -> None:
    encode = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    x = ag.randn(4, 5, dtype=ag.float64)
    jacobians = [ag.autograd.functional.jacobian(encode, row) for row in x]
    expected = sum((j**2).sum().item() for j in jacobians) / 4
    assert contractive_penalty(encode, x).item() == pytest.approx(expected)
    estimate = contractive_penalty(encode, x, probes=3000, generator=ag.Generator().manual_seed(0)).item()
    assert estimate == pytest.approx(expected, rel=0.05)
    with pytest.raises(ag.errors.ArgumentError, match="probes=0"):
        contractive_penalty(encode, x, probes=0)
    with pytest.raises(ag.errors.ShapeError, match=r"a code \(N, K\)"):
        contractive_penalty(lambda a: a.sum(), x)


def test_penalties_do_what_they_are_for() -> None:
    """A sparse code is on at the given rate, and a contracted one moves less, for little reconstruction."""
    x = ag.rand(200, 12) ** 3

    def made(penalty: Any) -> Any:
        ag.manual_seed(3)
        model = DenoisingAutoencoder((12, 20), code="sigmoid", level=0.0)
        return trained(model, x, lambda m: F.mse_loss(m(x), x) + penalty(m), 300)

    plain = made(lambda m: 0.0)
    sparse = made(lambda m: 0.01 * kl_sparsity(m.encode(x), 0.1))
    tight = made(lambda m: 0.02 * contractive_penalty(m.encode, x))
    assert abs(sparse.encode(x).mean().item() - 0.1) < 0.05 < abs(plain.encode(x).mean().item() - 0.1)
    moves = [contractive_penalty(m.encode, x).item() for m in (plain, tight)]
    assert moves[1] < 0.5 * moves[0]


# -------------------------------------------------------------------------------------------------- convolutional, stacked


@DTYPES
def test_the_convolutional_one(dtype: Any) -> None:
    model = ConvolutionalAutoencoder(6, (4, 8), 3, (12, 20)).to(dtype)
    x = ag.rand(5, 3, 12, 20, dtype=dtype)
    out = model(x)
    assert out.shape == x.shape
    assert out.dtype == dtype
    assert out.min() > 0
    assert out.max() < 1
    assert model.encode(x).shape == (5, 6)
    assert model.decode(model.encode(x)).allclose(out)
    grey = ag.linspace(0.1, 0.9, 5, dtype=dtype).reshape(5, 1, 1, 1).expand(5, 3, 12, 20)
    trained(model, grey, lambda m: F.mse_loss(m(grey), grey), 80)
    assert F.mse_loss(model(grey), grey).item() < 0.2 * grey.var().item()
    assert model(x[:0]).shape == (0, 3, 12, 20)
    with pytest.raises(ag.errors.ShapeError, match=r"\(N, 3, 12, 20\)"):
        model(ag.zeros(1, 3, 20, 12, dtype=dtype))
    with pytest.raises(ag.errors.ArgumentError, match=r"sizes that are multiples of 8, to halve them so often"):
        ConvolutionalAutoencoder(channels=(4, 4, 4))
    with pytest.raises(ag.errors.ArgumentError, match="code=0"):
        ConvolutionalAutoencoder(0)


def test_stacked_denoising_autoencoders_learn_layer_by_layer() -> None:
    """Each layer reconstructs what it is given better than before, and the stack is a classifier's beginning."""
    x = ag.rand(100, 16) ** 2
    layers = [DenoisingAutoencoder((16, 10), code="sigmoid"), DenoisingAutoencoder((10, 6), code="sigmoid")]
    before = [layer.state_dict()["encoder.1.weight"].numpy().copy() for layer in layers]

    def train(layer: Any, codes: ag.Tensor) -> tuple[float, float]:
        loss = [F.mse_loss(layer.eval()(codes), codes).item()]
        trained(layer.train(), codes, lambda m: F.mse_loss(m(codes), codes), 150)
        return loss[0], F.mse_loss(layer.eval()(codes), codes).item()

    losses = nn.training.greedy_layerwise(layers, x, train)
    assert all(after < 0.9 * first for first, after in losses)
    net = nn.Sequential(*[layer.encoder for layer in layers], nn.Linear(6, 3))
    assert net(x).shape == (100, 3)
    assert all((net[i][1].weight.detach().numpy() != before[i]).any() for i in (0, 1))


# ---------------------------------------------------------------------------------------------------------- variational


@DTYPES
def test_the_divergence_is_the_closed_form(dtype: Any) -> None:
    """Kingma & Welling, appendix B: KL = -1/2 sum (1 + log s^2 - m^2 - s^2)."""
    model = VariationalAutoencoder((10, 6, 3)).to(dtype)
    x = ag.rand(7, 10, dtype=dtype)
    logits, q = model(x)
    m, s = q.mean.detach().numpy(), q.stddev.detach().numpy()
    kl = -0.5 * (1 + np.log(s**2) - m**2 - s**2).sum()
    p = logits.sigmoid().detach().numpy()
    nll = -(x.numpy() * np.log(p) + (1 - x.numpy()) * np.log(1 - p)).sum()
    for beta in (1.0, 4.0):
        assert negative_elbo((logits, q), x, beta).item() == pytest.approx((nll + beta * kl) / 7, rel=1e-4)
    negative_elbo((logits, q), x).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert logits.dtype == dtype


def test_the_bound_is_a_bound() -> None:
    """-log p(x), by importance sampling with many codes, is no more than the mean of the loss."""
    model = VariationalAutoencoder((6, 8, 1)).double()
    x = (ag.rand(4, 6) > 0.5).double()
    trained(model, x, lambda m: negative_elbo(m(x), x), 100)
    z = ag.linspace(-8, 8, 4001, dtype=ag.float64).unsqueeze(1)  # the code has one number: the integral is a sum
    p = model.decode(z).detach()
    log_p = x @ p.log().T + (1 - x) @ (1 - p).log().T - 0.5 * (z**2).T - 0.5 * math.log(2 * math.pi)
    exact = -(log_p.logsumexp(1) + math.log(16 / 4000)).mean().item()
    bound = float(np.mean([negative_elbo(model(x), x).item() for _ in range(200)]))
    assert exact < bound < exact + 3


def test_codes_are_drawn_in_training_and_means_in_evaluation() -> None:
    model, x = VariationalAutoencoder((10, 6, 3)), ag.rand(2, 2, 5)
    assert model(x)[0].shape == x.shape
    assert not (model(x)[0] == model(x)[0]).all()
    model.eval()
    assert (model(x)[0] == model(x)[0]).all()
    assert model.decode(model.encode(x).mean).allclose(model(x)[0].sigmoid().flatten(1))
    one, same = (model.sample(4, ag.Generator().manual_seed(1)) for _ in range(2))
    assert (one == same).all()
    assert one.min() >= 0
    assert one.max() <= 1
    with pytest.raises(ag.errors.ArgumentError, match=r"sizes=\(10, 3\): expected the pixels, one hidden layer"):
        VariationalAutoencoder((10, 3))
    with pytest.raises(ag.errors.ShapeError, match="of 10 numbers each"):
        model(ag.rand(2, 9))


def test_a_variational_autoencoder_learns_through_fit() -> None:
    """Two kinds of pictures: samples are near one of them, more often than those of an untrained model."""
    kinds = ag.tensor([[1.0] * 8 + [0.0] * 8, [0.0] * 8 + [1.0] * 8])
    x = (kinds[ag.randint(0, 2, (200,))] - 0.05 * ag.rand(200, 16)).abs()
    model = VariationalAutoencoder((16, 24, 2))
    loader = nn.data.DataLoader(nn.data.TensorDataset(x, x), batch_size=50, shuffle=True, seed=0)
    history = nn.training.fit(
        model, loader, negative_elbo, optim.Adam(model.parameters(), lr=0.01), 40, progress="none"
    )  # fmt: skip
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    samples = model.eval().sample(200)
    distances = ((samples.unsqueeze(1) - kinds) ** 2).mean(2).min(1).values
    assert (distances < 0.05).float().mean() > 0.7
