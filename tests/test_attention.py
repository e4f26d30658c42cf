"""Attention: by loops, by finite differences, by PyTorch; masks of all kinds, shared heads, wrong inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from drawn_numbers import normal

import autograd_core as ag
import nn
import nn.functional as F
from autograd_core.errors import ArgumentError, DtypeError, ShapeError

NAN, INF = math.nan, math.inf
DTYPES = pytest.mark.parametrize("dtype", [ag.float32, ag.float64], ids=str)


def attention(q: Any, k: Any, v: Any, bias: Any, scale: float) -> Any:
    """One sequence after the other, one query after the other; leading dims are equal."""
    if q.ndim > 2:
        return np.stack([attention(*parts, scale) for parts in zip(q, k, v, bias)])
    out = np.zeros((len(q), v.shape[1]))
    for i, row in enumerate(q):
        scores = [scale * float(row @ key) + bias[i, j] for j, key in enumerate(k)]
        shares = [math.exp(s - max(scores)) if max(scores) > -INF else 0.0 for s in scores]
        for share, value in zip(shares, v):
            out[i] += share / (sum(shares) or 1) * value
    return out


def tensors(*arrays: Any, dtype: Any = ag.float64) -> list[Any]:
    return [ag.tensor(a, dtype=dtype, requires_grad=True) for a in arrays]


QUERY, KEY, VALUE = normal(2, 3, 4, 5), normal(2, 3, 6, 5, seed=1), normal(2, 3, 6, 2, seed=2)
SEEN = np.random.default_rng(3).random((4, 6)) < 0.6
SEEN[1] = False  # a query that sees nothing
FLOATS = np.where(SEEN, normal(2, 1, 4, 6, seed=4), -INF)
MASKS = {
    "none": (None, {}),
    "boolean": (SEEN, {}),
    "boolean of keys": (SEEN[:1], {}),
    "boolean number": (np.array(True), {}),
    "floats": (FLOATS, {}),
    "floats of queries": (normal(3, 4, 1, seed=5), {}),
    "a number": (np.array(0.5), {}),
    "causal": (None, {"is_causal": True}),
    "scaled": (SEEN, {"scale": -0.3}),
}


@DTYPES
@pytest.mark.parametrize("name", MASKS)
def test_attention_is_its_definition(name: str, dtype: Any) -> None:
    mask, how = MASKS[name]
    added = np.zeros(()) if mask is None else np.where(mask, 0, -INF) if mask.dtype == bool else mask
    bias = np.where(np.tri(4, 6), 0, -INF) if name == "causal" else added
    expected = attention(QUERY, KEY, VALUE, np.broadcast_to(bias, (2, 3, 4, 6)), how.get("scale", 5**-0.5))
    given = None if mask is None else ag.tensor(mask) if mask.dtype == bool else ag.tensor(mask, dtype=dtype)
    out = F.scaled_dot_product_attention(*tensors(QUERY, KEY, VALUE, dtype=dtype), given, **how)
    assert out.dtype == dtype
    np.testing.assert_allclose(out.array, expected, rtol=1e-4 if dtype == ag.float32 else 1e-12, atol=1e-6)


@pytest.mark.parametrize("name", MASKS)
def test_derivatives_of_attention(name: str) -> None:
    mask, how = MASKS[name]
    mask = None if mask is None else ag.tensor(mask, requires_grad=mask.dtype != bool and np.isfinite(mask).all())
    xs = [x[:, :1] if name == "none" else x[0] for x in (QUERY, KEY, VALUE)]
    if mask is not None and mask.ndim == 4:
        mask = mask[0]
    leaves = tensors(*xs)
    others = [mask] if mask is not None and mask.requires_grad else []

    def function(q: Any, k: Any, v: Any, *rest: Any) -> Any:
        return F.scaled_dot_product_attention(q, k, v, rest[0] if rest else mask, **how)

    assert ag.gradcheck(function, [*leaves, *others])
    assert ag.gradgradcheck(function, [*leaves, *others])


def test_a_query_that_sees_nothing_gives_zeros_and_no_gradient() -> None:
    q, k, v = tensors(QUERY, KEY, VALUE)
    bias = ag.tensor(FLOATS, requires_grad=True)
    for mask in (ag.tensor(SEEN), bias):
        out = F.scaled_dot_product_attention(q, k, v, mask)
        assert (out.array[:, :, 1] == 0).all()
        grads = ag.grad((out * out).sum(), [q, k, v] + [bias] * (mask is bias))
        assert all(np.isfinite(g.array).all() for g in grads)
        assert (grads[0].array[:, :, 1] == 0).all()
    assert (grads[3].array[:, :, 1] == 0).all()
    assert (grads[3].array[:, :, 0] != 0).any()


def test_attention_to_no_keys_and_of_no_queries() -> None:
    x = ag.zeros(2, 3, 4)
    np.testing.assert_array_equal(F.scaled_dot_product_attention(x, x[:, :0], x[:, :0]).array, np.zeros((2, 3, 4)))
    assert F.scaled_dot_product_attention(x[:, :0], x, x, ag.ones(0, 3) > 0).shape == (2, 0, 4)
    assert F.scaled_dot_product_attention(x[..., :0], x[..., :0], x).shape == (2, 3, 4)


@DTYPES
@pytest.mark.parametrize("shape", [(1,), (7,), (5, 1), (5, 7), (3, 1, 7), (2, 1, 5, 7), (2, 3, 5, 7)])
def test_softmax_of_a_sum_in_any_memory_order(shape: tuple[int, ...], dtype: Any) -> None:
    x, bias = normal(5, 2, 7, 3).transpose(1, 3, 0, 2), normal(*shape[::-1], seed=1).T
    x, bias = x.astype(dtype), np.where(bias < -0.8, -INF, bias).astype(dtype)
    bias.flags.writeable = False
    z = (x + bias).astype(float)
    powers = np.where(np.isfinite(z), np.exp(z), 0)
    expected = powers / np.maximum(powers.sum(-1, keepdims=True), 1e-300)
    out = ag.ops.masked_softmax(x, bias)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, expected, rtol=1e-5 if dtype == ag.float32 else 1e-12, atol=1e-30)


def test_nan_stays_where_it_is_seen() -> None:
    key = KEY[0, 0].copy()
    key[2] = NAN
    q, k, v = tensors(QUERY[0, 0], key, VALUE[0, 0])
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True).array
    assert np.isnan(out[2:]).all()


@DTYPES
def test_heads_of_keys_are_shared(dtype: Any) -> None:
    q, k, v = normal(2, 6, 3, 4), normal(2, 2, 5, 4, seed=1), normal(2, 3, 5, 2, seed=2)
    mask = ag.tensor(normal(6, 3, 5, seed=3), dtype=dtype)
    ours = F.scaled_dot_product_attention(*tensors(q, k, v, dtype=dtype), mask, enable_gqa=True)
    repeated = tensors(q, k.repeat(3, 1), v.repeat(2, 1), dtype=dtype)
    rtol = 1e-5 if dtype == ag.float32 else 1e-12
    np.testing.assert_allclose(ours.array, F.scaled_dot_product_attention(*repeated, mask).array, rtol=rtol, atol=rtol)
    assert ours.dtype == dtype


def test_derivatives_with_shared_heads() -> None:
    xs = tensors(normal(4, 2, 3), normal(2, 3, 3, seed=1), normal(1, 3, 2, seed=2))
    assert ag.gradcheck(lambda *xs: F.scaled_dot_product_attention(*xs, enable_gqa=True), xs)
    assert ag.gradgradcheck(lambda *xs: F.scaled_dot_product_attention(*xs, enable_gqa=True), xs)


def test_dropout_of_weights() -> None:
    q, k, v = ag.zeros(50, 4), ag.zeros(80, 4), ag.ones(80, 3)
    ag.manual_seed(0)
    out = F.scaled_dot_product_attention(q, k, v, dropout_p=0.25).numpy()
    assert 0.95 < out.mean() < 1.05
    assert out.std() > 0.01
    assert (F.scaled_dot_product_attention(q, k, v, dropout_p=1.0).numpy() == 0).all()


@pytest.mark.parametrize(
    ("args", "how", "error", "message"),
    [
        ([(4,), (6, 5), (6, 2)], {}, ShapeError, r"query has shape \(4,\), expected \(\.\.\., length, features\)"),
        ([(4, 5), (6, 5), (6, 2)], {"enable_gqa": True}, ShapeError, r"query has shape \(4, 5\), expected \(\.\.\., heads,"),
        ([(4, 5), (6, 3), (6, 2)], {}, ShapeError, r"query has shape \(4, 5\) and key \(6, 3\), expected equal .* dim -1"),
        ([(4, 5), (6, 5), (7, 2)], {}, ShapeError, r"key has shape \(6, 5\) and value \(7, 2\), expected equal .* dim -2"),
        ([(6, 4, 5), (2, 6, 5), (2, 6, 5)], {}, ShapeError, r"leading dims that broadcast; set enable_gqa=True"),
        ([(5, 4, 5), (2, 6, 5), (2, 6, 5)], {"enable_gqa": True}, ShapeError, r"have 5, 2 and 2 heads, expected numbers"),
        ([(4, 5), (6, 5), (6, 2), (3, 6)], {}, ShapeError, r"attn_mask has shape \(3, 6\), expected one that broadcasts to"),
        ([(4, 5), (6, 5), (6, 2), (2, 4, 6)], {}, ShapeError, r"attn_mask has shape \(2, 4, 6\), expected"),
        ([(4, 5), (6, 5), (6, 2), (4, 6)], {"is_causal": True}, ArgumentError, "attn_mask is given and is_causal=True"),
        ([(4, 5), (6, 5), (6, 2)], {"dropout_p": 1.5}, ArgumentError, "p=1.5 is no probability"),
    ],
)  # fmt: skip
def test_errors_of_attention(args: Any, how: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        F.scaled_dot_product_attention(*(ag.zeros(*shape) for shape in args), **how)


def test_dtypes_that_attention_does_not_take() -> None:
    x = ag.zeros(3, 3)
    with pytest.raises(DtypeError, match="key has dtype float64, expected one floating dtype"):
        F.scaled_dot_product_attention(x, x.double(), x)
    with pytest.raises(DtypeError, match="query has dtype int64, expected one floating dtype"):
        F.scaled_dot_product_attention(x.long(), x.long(), x.long())
    for mask in (x.long(), x.double()):
        with pytest.raises(DtypeError, match=rf"attn_mask has dtype {mask.dtype}, expected bool, or float32"):
            F.scaled_dot_product_attention(x, x, x, mask)
    assert F.scaled_dot_product_attention(*[x.double()] * 3, x).dtype == ag.float64


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("shared", [False, True])
def test_attention_equals_pytorchs(name: str, shared: bool) -> None:
    torch = pytest.importorskip("torch")
    mask, how = MASKS[name]
    arrays = [QUERY, *(x[:, :1] if shared else x for x in (KEY, VALUE))]
    found = []
    for library, functional in ((ag, F), (torch, torch.nn.functional)):
        q, k, v = (library.tensor(a, requires_grad=True) for a in arrays)
        given = None if mask is None else library.tensor(np.atleast_2d(mask))
        out = functional.scaled_dot_product_attention(q, k, v, given, enable_gqa=shared, **how)
        found.append([out, *(library.autograd.grad if library is torch else ag.grad)((out * out).sum(), [q, k, v])])
    for ours, theirs in zip(*found):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


# --------------------------------------------------------------------------------------------------------- several heads


def heads_by_hand(layer: Any, query: Any, key: Any, value: Any, bias: Any = 0.0) -> tuple[Any, Any]:
    """query (L, N, E): every sequence and every head by itself, with NumPy."""
    weights = {name: p.detach().numpy() for name, p in layer.named_parameters()}
    e, h = layer.embed_dim, layer.num_heads
    if "in_proj_weight" in weights:
        w = np.split(weights["in_proj_weight"], 3)
    else:
        w = [weights[f"{name}_proj_weight"] for name in "qkv"]
    b = np.split(weights.get("in_proj_bias", np.zeros(3 * e)), 3)
    q, k, v = (x @ w[i].T + b[i] for i, x in enumerate((query, key, value)))
    out, shares = np.zeros(q.shape), np.zeros((q.shape[1], h, len(q), len(k)))
    for n in range(q.shape[1]):
        for head in range(h):
            part = slice(head * e // h, (head + 1) * e // h)
            scores = q[:, n, part] @ k[:, n, part].T / math.sqrt(e // h) + bias
            shares[n, head] = np.exp(scores - scores.max(1, keepdims=True))
            shares[n, head] /= shares[n, head].sum(1, keepdims=True)
            out[:, n, part] = shares[n, head] @ v[:, n, part]
    return out @ weights["out_proj.weight"].T + weights.get("out_proj.bias", 0), shares


@pytest.mark.parametrize("how", [{}, {"bias": False}, {"kdim": 3, "vdim": 5}, {"kdim": 3, "bias": False}])
def test_multihead_attention_is_its_definition(how: Any) -> None:
    layer = nn.MultiheadAttention(6, 3, **how, dtype=ag.float64)
    query, key, value = normal(4, 2, 6), normal(5, 2, layer.kdim, seed=1), normal(5, 2, layer.vdim, seed=2)
    bias = normal(4, 5, seed=3)
    expected, shares = heads_by_hand(layer, query, key, value, bias)
    inputs, mask = [ag.tensor(x) for x in (query, key, value)], ag.tensor(bias)
    output, weights = layer(*inputs, attn_mask=mask)
    np.testing.assert_allclose(output.array, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(weights.array, shares.mean(1), rtol=1e-10)
    np.testing.assert_allclose(layer(*inputs, attn_mask=mask, average_attn_weights=False)[1].array, shares, rtol=1e-10)
    output, weights = layer(*inputs, attn_mask=mask, need_weights=False)
    assert weights is None
    np.testing.assert_allclose(output.array, expected, rtol=1e-10, atol=1e-12)


def test_batch_first_and_no_batch() -> None:
    plain = nn.MultiheadAttention(6, 2, dtype=ag.float64)
    first = nn.MultiheadAttention(6, 2, batch_first=True, dtype=ag.float64)
    first.load_state_dict(plain.state_dict())
    q, k = ag.tensor(normal(4, 3, 6)), ag.tensor(normal(5, 3, 6, seed=1))
    hidden = ag.tensor(np.random.default_rng(2).random((3, 5)) < 0.4)
    for wanted in (True, False):
        expected, shares = plain(q, k, k, hidden, need_weights=wanted)
        turned, same = first(*(x.transpose(0, 1) for x in (q, k, k)), hidden, need_weights=wanted)
        np.testing.assert_allclose(turned.transpose(0, 1).array, expected.array, rtol=1e-10)
        for layer in (plain, first):
            one, part = layer(q[:, 1], k[:, 1], k[:, 1], hidden[1], need_weights=wanted)
            np.testing.assert_allclose(one.array, expected[:, 1].array, rtol=1e-10)
            assert (part is None) is not wanted
        if wanted:
            np.testing.assert_allclose(same.array, shares.array, rtol=1e-10)
            assert part.shape == (4, 5)


@pytest.mark.parametrize("wanted", [True, False])
def test_derivatives_of_multihead_attention(wanted: bool) -> None:
    layer = nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, dtype=ag.float64)
    xs = tensors(normal(2, 1, 4), normal(3, 1, 4, seed=1))

    def function(q: Any, k: Any) -> Any:
        return layer(q, k, k, need_weights=wanted)[0]

    assert ag.gradcheck(function, xs)
    assert ag.gradgradcheck(function, xs)
    function(*xs).sum().backward()
    assert all(p.grad is not None for p in layer.parameters())


def test_a_query_that_sees_nothing_in_multihead_attention() -> None:
    layer, x = nn.MultiheadAttention(4, 2, bias=False), ag.ones(3, 1, 4)
    hidden = ag.ones(1, 3) > 0
    assert np.isnan(layer(x, x, x, hidden)[0].array).all()
    assert (layer(x, x, x, hidden, need_weights=False)[0].array == 0).all()


def test_dropout_of_multihead_attention_is_for_training() -> None:
    layer, x = nn.MultiheadAttention(4, 2, dropout=1.0, bias=False), ag.ones(3, 1, 4)
    for wanted in (True, False):
        assert (layer.train()(x, x, x, need_weights=wanted)[0].array == 0).all()
        assert (layer.eval()(x, x, x, need_weights=wanted)[0].array != 0).any()


def test_sequences_and_batches_of_nothing() -> None:
    layer = nn.MultiheadAttention(4, 2)
    for shape in ((0, 3, 4), (5, 0, 4), (0, 4)):
        for wanted in (True, False):
            assert layer(*[ag.zeros(*shape)] * 3, need_weights=wanted)[0].shape == shape


def test_static_keys_and_values() -> None:
    layer = nn.MultiheadAttention(4, 2, dtype=ag.float64)
    query, key = ag.tensor(normal(3, 2, 4)), ag.tensor(normal(5, 2, 4, seed=1))
    w, b = layer.in_proj_weight.chunk(3), layer.in_proj_bias.chunk(3)
    k, v = (ag.linear(key, w[i], b[i]).reshape(5, 4, 2).transpose(0, 1) for i in (1, 2))
    first = query, key, key, 4, 2, layer.in_proj_weight, layer.in_proj_bias, None, None, False, 0.0
    output = layer.out_proj.weight, layer.out_proj.bias
    expected = layer(query, key, key)
    found = F.multi_head_attention_forward(*first, *output, static_k=k, static_v=v)
    for ours, wanted in zip(found, expected):
        np.testing.assert_allclose(ours.array, wanted.array, rtol=1e-12)


@pytest.mark.parametrize(
    ("args", "how", "message"),
    [
        ([(4, 2, 6), (5, 2, 6), (5, 2)], {}, r"query, key and value have shapes .*, expected all of 2 dims, \(L, E\), or all"),
        ([(4, 2, 5), (5, 2, 6), (5, 2, 6)], {}, r"expects query \(\.\.\., 6\), got \(4, 2, 5\); make embed_dim=5"),
        ([(4, 2, 6), (5, 3, 6), (5, 3, 6)], {}, "expected one batch size"),
        ([(4, 2, 6), (5, 2, 6), (4, 2, 6)], {}, "key and value of one length"),
        ([(4, 2, 6), (5, 2, 6), (5, 2, 6)], {"attn_mask": (4, 4)}, r"attn_mask \(4, 5\) or \(4, 4, 5\), got \(4, 4\)"),
        ([(4, 2, 6), (5, 2, 6), (5, 2, 6)], {"key_padding_mask": (5, 2)}, r"key_padding_mask \(2, 5\), got \(5, 2\)"),
    ],
)  # fmt: skip
def test_errors_of_multihead_attention(args: Any, how: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        nn.MultiheadAttention(6, 2)(
            *(ag.zeros(*shape) for shape in args), **{key: ag.zeros(*shape) for key, shape in how.items()}
        )


def test_more_errors_of_multihead_attention() -> None:
    layer, x = nn.MultiheadAttention(6, 2), ag.zeros(3, 2, 6)
    with pytest.raises(ArgumentError, match=r"model \(MultiheadAttention 6, 2 heads\), .*: is_causal=True, but"):
        layer(x, x, x, is_causal=True)
    with pytest.raises(DtypeError, match="attn_mask of bool or floats, got int64"):
        layer(x, x, x, attn_mask=ag.zeros(3, 3).long())
    with pytest.raises(DtypeError, match="expects float32, the dtype of its parameters, got float64"):
        layer(x, x.double(), x)
    with pytest.raises(
        ArgumentError, match="embed_dim=6 and num_heads=4, expected an embed_dim that num_heads divides"
    ):
        nn.MultiheadAttention(6, 4)
    with pytest.raises(ArgumentError, match=r"dropout=1.5, expected a probability"):
        nn.MultiheadAttention(6, 2, dropout=1.5)
    with pytest.raises(ArgumentError, match="num_heads=0, expected an int of at least 1"):
        nn.MultiheadAttention(6, 0)
    first = x, x, x, 6, 2, layer.in_proj_weight, None
    last = False, 0.0, layer.out_proj.weight, None
    with pytest.raises(ArgumentError, match="bias_k and bias_v together"):
        F.multi_head_attention_forward(*first, ag.zeros(1, 1, 6), None, *last)
    with pytest.raises(ArgumentError, match="a projection has no weight"):
        F.multi_head_attention_forward(*first, None, None, *last, use_separate_proj_weight=True)
    with pytest.raises(ArgumentError, match="embed_dim=6 and num_heads=4, expected a num_heads that divides it"):
        F.multi_head_attention_forward(x, x, x, 6, 4, layer.in_proj_weight, None, None, None, *last)
    with pytest.raises(ShapeError, match=r"static_k and static_v \(N 2, S, head_dim\), got \(3, 5, 3\)"):
        F.multi_head_attention_forward(*first, None, None, *last, static_k=ag.zeros(3, 5, 3))


def test_multihead_attention_says_what_it_is() -> None:
    text = repr(nn.MultiheadAttention(8, 2))
    assert text.startswith("MultiheadAttention(\n  embed_dim=8, num_heads=2\n  (out_proj): Linear(")
    weight = nn.MultiheadAttention(64, 4).in_proj_weight.array
    bound = math.sqrt(6 / (64 + 192))
    assert 0.9 * bound < np.abs(weight).max() <= bound


LAYERS = [
    ({}, {}),
    ({"kdim": 3, "vdim": 5}, {"need_weights": False}),
    ({"add_bias_kv": True}, {"attn_mask": "boolean"}),
    ({"add_zero_attn": True, "bias": False}, {"key_padding_mask": "boolean"}),
    ({"add_bias_kv": True, "add_zero_attn": True}, {"attn_mask": "floats", "key_padding_mask": "floats"}),
    ({"batch_first": True}, {"attn_mask": "of heads", "average_attn_weights": False}),
    ({"batch_first": True}, {"attn_mask": "causal", "need_weights": False, "is_causal": True}),
    ({}, {"attn_mask": "causal", "key_padding_mask": "floats", "need_weights": False}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", range(len(LAYERS)))
def test_multihead_attention_equals_pytorchs(case: int, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    how, call = LAYERS[case]
    rng = np.random.default_rng(case)
    length, steps, n = (4, 4, 3) if call.get("attn_mask") == "causal" else (4, 5, 3)

    def mask(kind: str, argument: str) -> Any:
        shape = (n, steps) if argument == "key_padding_mask" else (length, steps)
        if kind == "causal":
            return np.where(np.tri(length), 0, -INF).astype(dtype)
        if kind == "of heads":
            shape = (2 * n, length, steps)
        if kind == "boolean":
            return (rng.random(shape) < 0.3) & (np.arange(steps) > 0)
        return rng.normal(size=shape).astype(dtype)

    call = {key: mask(value, key) if isinstance(value, str) else value for key, value in call.items()}
    torch.manual_seed(case)
    theirs = torch.nn.MultiheadAttention(6, 2, **how, dtype=getattr(torch, dtype))
    ours = nn.MultiheadAttention(6, 2, **how, dtype=dtype)
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    inputs = [
        rng.normal(size=(s, n, d)).astype(dtype) for s, d in ((length, 6), (steps, ours.kdim), (steps, ours.vdim))
    ]
    found = []
    for library, layer in ((ag, ours), (torch, theirs)):
        xs = [library.tensor(x.swapaxes(0, 1) if how.get("batch_first") else x, requires_grad=True) for x in inputs]
        results = layer(*xs, **{key: library.tensor(v) if isinstance(v, np.ndarray) else v for key, v in call.items()})
        results = [r for r in results if r is not None]
        grad = ag.grad if library is ag else torch.autograd.grad
        found.append([*results, *grad(sum((r * r).sum() for r in results), [*xs, *layer.parameters()])])
    tolerance = 1e-9 if dtype == "float64" else 2e-4
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance)
