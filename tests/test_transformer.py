"""Transformers: part by part with NumPy, by finite differences, by PyTorch; masks, arguments, wrong inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, ShapeError

INF = math.inf
SMALL: Any = (8, 2, 12, 0.0)  # d_model, nhead, dim_feedforward, dropout


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def arrays(module: Any) -> dict[str, Any]:
    return {name: p.detach().numpy() for name, p in module.named_parameters()}


def stir(module: Any) -> Any:
    """Give every parameter other numbers: norms start as ones, biases as zeros."""
    with ag.no_grad():
        for i, p in enumerate(module.parameters()):
            p.copy_(ag.tensor(normal(*p.shape, seed=i) * 0.3 + (p.ndim == 1)))
    return module


# ------------------------------------------------------------------------------------------------------------ by NumPy


def attended(w: dict[str, Any], name: str, x: Any, memory: Any, bias: Any) -> Any:
    """x (T, E) and memory (S, E), for 2 heads."""
    weights = np.split(w[f"{name}.in_proj_weight"], 3)
    biases = np.split(w[f"{name}.in_proj_bias"], 3)
    q, k, v = (a @ m.T + b for a, m, b in zip((x, memory, memory), weights, biases))
    heads = []
    for part in (slice(0, 4), slice(4, 8)):
        scores = np.exp(q[:, part] @ k[:, part].T / 2 + bias)
        heads.append(scores / scores.sum(1, keepdims=True) @ v[:, part])
    return np.concatenate(heads, 1) @ w[f"{name}.out_proj.weight"].T + w[f"{name}.out_proj.bias"]


def mapped(w: dict[str, Any], x: Any) -> Any:
    return np.maximum(x @ w["linear1.weight"].T + w["linear1.bias"], 0) @ w["linear2.weight"].T + w["linear2.bias"]


def normed(w: dict[str, Any], name: str, x: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


@pytest.mark.parametrize("norm_first", [False, True])
def test_layers_are_their_definition(norm_first: bool) -> None:
    x, memory, bias = normal(3, 8), normal(4, 8, seed=1), normal(3, 3, seed=2)
    for kind in (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer):
        layer = stir(kind(*SMALL, norm_first=norm_first, dtype=ag.float64))
        w, inputs = arrays(layer), (x,) if kind is nn.TransformerEncoderLayer else (x, memory)
        parts = [lambda y, w=w: attended(w, "self_attn", y, y, bias), lambda y, w=w: mapped(w, y)]
        if len(inputs) == 2:
            parts.insert(1, lambda y, w=w: attended(w, "multihead_attn", y, memory, 0))
        out = x
        for i, part in enumerate(parts, 1):
            if norm_first:
                out = out + part(normed(w, f"norm{i}", out))
            else:
                out = normed(w, f"norm{i}", out + part(out))
        mask = {"src_mask" if len(inputs) == 1 else "tgt_mask": ag.tensor(bias)}
        np.testing.assert_allclose(layer(*map(ag.tensor, inputs), **mask).array, out, rtol=1e-10, atol=1e-12)


def test_stacks_are_copies_one_behind_the_other() -> None:
    layer, norm = nn.TransformerEncoderLayer(*SMALL), nn.LayerNorm(8)
    encoder, x = nn.TransformerEncoder(layer, 3, norm), ag.tensor(normal(4, 2, 8), dtype=ag.float32)
    out = x
    for _ in range(3):
        out = layer(out)
    np.testing.assert_allclose(encoder(x).array, norm(out).array, rtol=1e-5, atol=1e-6)
    assert len(set(encoder.parameters()) & set(layer.parameters())) == 0
    assert encoder.norm is norm
    assert nn.TransformerEncoder(layer, 1).norm is None
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(*SMALL), 2)
    out = x
    for each in decoder.layers:
        out = each(out, encoder(x))
    np.testing.assert_array_equal(decoder(x, encoder(x)).array, out.array)


def test_a_transformer_is_an_encoder_and_a_decoder() -> None:
    model = nn.Transformer(8, 2, 2, 1, 12, 0.0)
    src, tgt = (ag.tensor(normal(n, 2, 8, seed=n), dtype=ag.float32) for n in (5, 3))
    causal, hidden = model.generate_square_subsequent_mask(3), ag.tensor([[False] * 5, [False] * 3 + [True] * 2])
    memory = model.encoder(src, src_key_padding_mask=hidden)
    expected = model.decoder(tgt, memory, tgt_mask=causal, memory_key_padding_mask=hidden)
    how = {"tgt_mask": causal, "src_key_padding_mask": hidden, "memory_key_padding_mask": hidden}
    np.testing.assert_array_equal(model(src, tgt, **how, tgt_is_causal=True).array, expected.array)
    assert (model.encoder.num_layers, model.decoder.num_layers) == (2, 1)
    assert isinstance(model.encoder.norm, nn.LayerNorm)
    changed = ag.cat([tgt[:2], tgt[2:] + 1])  # what comes later has no influence
    np.testing.assert_allclose(model(src, changed, **how).array[:2], expected.array[:2], rtol=1e-5, atol=1e-6)
    other = ag.cat([src[:3], src[3:] + ag.tensor([0.0, 1.0]).reshape(1, 2, 1)])  # neither has what is hidden
    np.testing.assert_allclose(model(other, tgt, **how).array, expected.array, rtol=1e-5, atol=1e-6)


def test_parts_can_be_replaced() -> None:
    class Halve(nn.Module):
        def forward(self, x: Any, *args: Any, **masks: Any) -> Any:
            assert {name for name, mask in masks.items() if mask is not None} <= {"is_causal", "memory_is_causal"}
            return x / 2

    model = nn.Transformer(8, 2, custom_encoder=Halve(), custom_decoder=Halve())
    assert model(ag.ones(3, 2, 8), ag.ones(4, 2, 8)).sum().item() == 32
    assert not [*model.parameters()]


def test_the_causal_mask() -> None:
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    np.testing.assert_array_equal(mask.array, np.float32([[0, -INF, -INF], [0, 0, -INF], [0, 0, 0]]))
    assert nn.Transformer.generate_square_subsequent_mask(2, dtype=ag.float64).dtype == ag.float64
    assert nn.Transformer.generate_square_subsequent_mask(0, device="cpu").shape == (0, 0)


@pytest.mark.parametrize("activation", ["relu", "gelu", F.silu, nn.Tanh()])
def test_activations(activation: Any) -> None:
    layer, x = stir(nn.TransformerEncoderLayer(*SMALL, activation=activation, dtype=ag.float64)), normal(3, 8)
    function = {"relu": F.relu, "gelu": F.gelu}.get(activation, activation)
    y = layer.norm1(ag.tensor(x) + layer.self_attn(*[ag.tensor(x)] * 3)[0])
    expected = layer.norm2(y + layer.linear2(function(layer.linear1(y))))
    np.testing.assert_allclose(layer(ag.tensor(x)).array, expected.array, rtol=1e-12)


def test_without_biases_and_in_both_dtypes() -> None:
    for dtype in (ag.float32, ag.float64):
        model = nn.Transformer(8, 2, 1, 1, 12, 0.0, bias=False, layer_norm_eps=0.1, dtype=dtype)
        assert not [name for name, _ in model.named_parameters() if "bias" in name]
        assert {m.eps for m in model.modules() if isinstance(m, nn.LayerNorm)} == {0.1}
        out = model(ag.ones(3, 2, 8, dtype=dtype), ag.ones(4, 2, 8, dtype=dtype))
        assert (out.shape, out.dtype) == ((4, 2, 8), dtype)


def test_matrices_start_as_xaviers_uniform() -> None:
    model = nn.Transformer(32, 2, 1, 1, 64)
    for name, p in model.named_parameters():
        if p.ndim > 1:
            bound = math.sqrt(6 / sum(p.shape))
            assert 0.9 * bound < np.abs(p.array).max() <= bound, name


def test_dropout_is_for_training() -> None:
    layer, x = nn.TransformerEncoderLayer(8, 2, 12, 1.0), ag.tensor(normal(3, 2, 8), dtype=ag.float32)
    plain = layer.norm2(layer.norm1(x))
    np.testing.assert_allclose(layer(x).array, plain.array, rtol=1e-5, atol=1e-6)
    assert np.abs(layer.eval()(x).array - plain.array).max() > 0.01
    ag.manual_seed(1)
    noisy = nn.TransformerEncoderLayer(8, 2, 12, 0.5)
    assert (noisy(x).array != noisy(x).array).any()


@pytest.mark.parametrize("norm_first", [False, True])
def test_derivatives(norm_first: bool) -> None:
    model = stir(nn.Transformer(2, 1, 1, 1, 3, 0.0, "gelu", norm_first=norm_first, batch_first=True, dtype=ag.float64))
    xs = [ag.tensor(normal(1, n, 2, seed=n), requires_grad=True) for n in (3, 2)]
    assert ag.gradcheck(model, xs)
    assert ag.gradgradcheck(model, xs)


def test_errors() -> None:
    model = nn.Transformer(8, 2, 1, 1, 12)
    with pytest.raises(ShapeError, match=r"expects tgt of one batch size with src \(5, 2, 8\), got \(4, 3, 8\)"):
        model(ag.ones(5, 2, 8), ag.ones(4, 3, 8))
    with pytest.raises(ShapeError, match=r"expects tgt of one batch size with src \(5, 8\), got \(4, 3, 8\)"):
        model(ag.ones(5, 8), ag.ones(4, 3, 8))
    with pytest.raises(ShapeError, match=r"expects src and tgt \(\.\.\., 8\), got \(4, 2, 6\); make d_model=6"):
        model(ag.ones(5, 2, 8), ag.ones(4, 2, 6))
    with pytest.raises(ArgumentError, match="TransformerEncoderLayer: activation='tanh', expected 'relu', 'gelu' or a"):
        nn.TransformerEncoderLayer(8, 2, activation="tanh")
    with pytest.raises(ArgumentError, match="TransformerDecoder: num_layers=0, expected an int of at least 1"):
        nn.TransformerDecoder(nn.TransformerDecoderLayer(*SMALL), 0)
    with pytest.raises(ArgumentError, match="embed_dim=8 and num_heads=3"):
        nn.TransformerEncoderLayer(8, 3)


# ----------------------------------------------------------------------------------------------------------- by PyTorch

MODELS = [
    {},
    {"batch_first": True, "norm_first": True, "activation": "gelu"},
    {"bias": False, "layer_norm_eps": 1e-2},
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's: what its inference needs, masks of two kinds
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("masks", ["none", "causal", "padding", "all"])
@pytest.mark.parametrize("how", MODELS, ids=range(len(MODELS)))
def test_a_state_of_pytorch_gives_its_output_and_gradients(how: Any, masks: str, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = torch.nn.Transformer(8, 2, 2, 2, 12, 0.0, **how, dtype=getattr(torch, dtype))
    ours = nn.Transformer(8, 2, 2, 2, 12, 0.0, **how, dtype=dtype)
    for p in theirs.parameters():
        p.data += 0.1
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    n, length, steps = 3, 4, 5
    padding = np.arange(steps) >= np.array([[5], [3], [2]])
    given: dict[str, Any] = {}
    if masks in ("causal", "all"):
        given["tgt_mask"] = np.where(np.tri(length), 0, -INF).astype(dtype)
    if masks in ("padding", "all"):
        given |= {"src_key_padding_mask": padding, "memory_key_padding_mask": padding}
    if masks == "all":
        given["src_mask"] = np.random.default_rng(1).random((steps, steps)) < 0.3
        given["src_mask"][:, 0] = False
        given["tgt_key_padding_mask"] = np.where(padding[:, :length], -INF, 0).astype(dtype)
        given["memory_mask"] = given["src_mask"][:length]
    inputs = [normal(k, n, 8, seed=k).astype(dtype) for k in (steps, length)]
    found = []
    for library, model in ((ag, ours), (torch, theirs)):
        xs = [library.tensor(x.swapaxes(0, 1) if how.get("batch_first") else x, requires_grad=True) for x in inputs]
        out = model(*xs, **{key: library.tensor(value) for key, value in given.items()})
        grad = ag.grad if library is ag else torch.autograd.grad
        found.append([out, *grad((out**3).sum(), [*xs, *model.parameters()])])
    tolerance = 1e-8 if dtype == "float64" else 2e-3
    for a, b in zip(*found, strict=True):
        scale = tolerance * max(1, float(b.abs().max()))
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=scale)
