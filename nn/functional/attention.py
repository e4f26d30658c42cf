"""Attention with several heads: inputs projected, cut into heads, attended to, and put together again."""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["multi_head_attention_forward"]

NAME = "multi_head_attention_forward"


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    *,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Return what ``nn.MultiheadAttention`` computes, for its parameters: the output, and the weights or None.

    *query* (L, N, E), *key* (S, N, K) and *value* (S, N, V) give (L, N, E), and weights (N, L, S), the mean over heads, or
    (N, num_heads, L, S) unless *average_attn_weights*; all without N, or, with *batch_first*, with N in front.

    *in_proj_weight* (3 E, E) holds the projections of query, key and value, or with *use_separate_proj_weight* the three
    others do; *in_proj_bias* (3 E,) is for all.  *bias_k* and *bias_v* (1, 1, E) are one more key and value, *add_zero_attn*
    adds one of zeros; *static_k* and *static_v* (N num_heads, S, E / num_heads) take the place of projected ones.

    *attn_mask* (L, S) or (N num_heads, L, S) and *key_padding_mask* (N, S) are true where a key is left out, or are added
    to the scores.  *is_causal* says that *attn_mask* is a causal one, and changes nothing here.  A query without a key gets
    NaN, and 0 without *need_weights*.  Raises ShapeError, DtypeError or ArgumentError for what does not fit.

    >>> import nn
    >>> layer, x = nn.MultiheadAttention(4, 2), ag.ones(3, 1, 4)
    >>> output, weights = multi_head_attention_forward(
    ...     x, x, x, 4, 2, layer.in_proj_weight, layer.in_proj_bias, None, None, False, 0.0, layer.out_proj.weight, None
    ... )
    >>> output.shape, weights.shape
    ((3, 1, 4), (1, 3, 3))
    """
    batched = _check(query, key, value, embed_dim_to_check, num_heads, batch_first, out_proj_weight)
    if is_causal and attn_mask is None:
        raise ag.errors.ArgumentError(
            f"{expect.place(NAME)}: is_causal=True, but attn_mask is None, expected the causal mask, of which is_causal is a "
            "hint; make it: nn.Transformer.generate_square_subsequent_mask(L)"
        )
    batch = 0 if batch_first else 1
    if not batched:
        query, key, value = (x.unsqueeze(batch) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)

    if use_separate_proj_weight:
        weights = [q_proj_weight, k_proj_weight, v_proj_weight]
    else:
        weights = [None] * 3 if in_proj_weight is None else [*in_proj_weight.chunk(3)]
    biases = [None] * 3 if in_proj_bias is None else [*in_proj_bias.chunk(3)]
    q, k, v = (
        _heads(_projected(x, w, b), num_heads, batch_first) if static is None else _static(static, num_heads)
        for x, w, b, static in zip((query, key, value), weights, biases, (None, static_k, static_v))
    )
    bias = _bias(attn_mask, key_padding_mask, (*q.shape[:3], k.shape[2]), q.dtype)
    extra = _extra_rows(bias_k, bias_v, add_zero_attn, static_k, static_v, q)
    if extra:
        k, v = (
            ag.cat([x, *(row.expand(*x.shape[:2], 1, -1) for row in rows)], 2) for x, rows in zip((k, v), zip(*extra))
        )
        bias = None if bias is None else ag.pad(bias, (0, len(extra)))

    means, shares = _attend(q, k, v, bias, dropout_p if training else 0.0, need_weights)
    means = means.transpose(1, 2) if batch_first else means.permute(2, 0, 1, 3)
    output = ag.linear(means.reshape(*means.shape[:2], embed_dim_to_check), out_proj_weight, out_proj_bias)
    if shares is not None and average_attn_weights:
        shares = shares.mean(1)
    if not batched:
        return output.squeeze(batch), None if shares is None else shares.squeeze(0)
    return output, shares


def _attend(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, dropout_p: float, need_weights: bool
) -> tuple[Tensor, Tensor | None]:
    """Return the means (N, heads, L, D) of v, and the weights (N, heads, L, S) if they are wanted."""
    if not need_weights:
        return ag.scaled_dot_product_attention(q, k, v, bias, dropout_p), None
    scores = ag.matmul(q * (1 / math.sqrt(q.shape[-1])), k.mT)
    shares = ag.dropout(ag.softmax(scores if bias is None else scores + bias, -1), dropout_p)
    return ag.matmul(shares, v), shares


def _projected(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is None:
        raise ag.errors.ArgumentError(
            f"{expect.place(NAME)}: a projection has no weight, expected in_proj_weight, or with use_separate_proj_weight=True "
            "q_proj_weight, k_proj_weight and v_proj_weight; give them"
        )
    return ag.linear(x, weight, bias)


def _heads(x: Tensor, num_heads: int, batch_first: bool) -> Tensor:
    """Return x (L, N, E), or (N, L, E) with *batch_first*, as (N, heads, L, E / heads)."""
    x = x.reshape(*x.shape[:2], num_heads, x.shape[2] // num_heads)
    return x.transpose(1, 2) if batch_first else x.permute(1, 2, 0, 3)


def _static(x: Tensor, num_heads: int) -> Tensor:
    """Return x (N heads, S, D) as (N, heads, S, D)."""
    if x.ndim != 3 or x.shape[0] % num_heads:
        raise expect.shape_error(NAME, x, f"static_k and static_v (N {num_heads}, S, head_dim)", "mend their shape")
    return x.reshape(-1, num_heads, *x.shape[1:])


def _extra_rows(
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    static_k: Tensor | None,
    static_v: Tensor | None,
    q: Tensor,
) -> list[tuple[Tensor, Tensor]]:
    """Return keys and values (heads, 1, D) that stand behind those of the input."""
    rows = []
    if bias_k is not None and bias_v is not None and static_k is None and static_v is None:
        rows.append((bias_k.reshape(q.shape[1], 1, -1), bias_v.reshape(q.shape[1], 1, -1)))
    elif bias_k is not None or bias_v is not None:
        raise ag.errors.ArgumentError(
            f"{expect.place(NAME)}: expected bias_k and bias_v together, without static_k and static_v; give both or neither"
        )
    if add_zero_attn:
        zeros = ag.zeros(q.shape[1], 1, q.shape[3], dtype=q.dtype)
        rows.append((zeros, zeros))
    return rows


def _bias(
    attn_mask: Tensor | None, key_padding_mask: Tensor | None, shape: tuple[int, ...], dtype: Any
) -> Tensor | None:
    """Return what both masks add to scores of *shape* (N, heads, L, S), in dims of which some are 1; None without a mask."""
    n, heads, length, steps = shape
    total = None
    if attn_mask is not None:
        mask = _additive("attn_mask", attn_mask, dtype)
        if attn_mask.shape not in ((length, steps), (n * heads, length, steps)):
            expected = f"attn_mask ({length}, {steps}) or ({n * heads}, {length}, {steps})"
            raise expect.shape_error(NAME, attn_mask, expected, "mend its shape: (L, S), or (N num_heads, L, S)")
        total = mask.reshape(*((1, 1) if mask.ndim == 2 else (n, heads)), length, steps)
    if key_padding_mask is not None:
        mask = _additive("key_padding_mask", key_padding_mask, dtype)
        if key_padding_mask.shape != (n, steps):
            raise expect.shape_error(
                NAME, key_padding_mask, f"key_padding_mask ({n}, {steps})", "mend its shape: (N, S)"
            )
        mask = mask.reshape(n, 1, 1, steps)
        total = mask if total is None else total + mask
    return total


def _additive(argument: str, mask: Tensor, dtype: Any) -> Tensor:
    expect.tensor(NAME, mask, argument)
    if mask.dtype.kind == "b":
        return ag.zeros(*mask.shape, dtype=dtype).masked_fill(mask, -math.inf)
    if mask.dtype.kind != "f":
        raise expect.dtype_error(NAME, mask, f"{argument} of bool or floats", f"use {argument}.bool()")
    return mask.to(dtype)


def _check(
    query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_heads: int, batch_first: bool, weight: Tensor
) -> bool:
    """Return whether the inputs have a batch dim, after checking that they go together."""
    for x in (query, key, value):
        expect.same_dtype(NAME, x, weight)
    batched = query.ndim == 3
    shapes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
    if query.ndim not in (2, 3) or not query.ndim == key.ndim == value.ndim:
        raise ag.errors.ShapeError(
            f"{expect.place(NAME)}: query, key and value have shapes {shapes}, expected all of 2 dims, (L, E), or all of 3 "
            "dims, with a batch; add or drop a dim"
        )
    if query.shape[-1] != embed_dim:
        raise expect.shape_error(NAME, query, f"query (..., {embed_dim})", f"make embed_dim={query.shape[-1]}")
    if embed_dim % num_heads:
        raise ag.errors.ArgumentError(
            f"{expect.place(NAME)}: embed_dim={embed_dim} and num_heads={num_heads}, expected a num_heads that divides it"
        )
    n = query.shape[0 if batch_first else 1] if batched else 1
    if key.shape[:-1] != value.shape[:-1] or (batched and key.shape[0 if batch_first else 1] != n):
        raise ag.errors.ShapeError(
            f"{expect.place(NAME)}: query, key and value have shapes {shapes}, expected one batch size, and key and value of "
            "one length; mend them, or set batch_first"
        )
    return batched
