"""Attention: weights from scores and a mask, and the weighted means of values.

Query (..., L, E), key (..., S, E) and value (..., S, V) give scores and weights (..., L, S), and results (..., L, V).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import backend
from ..dtypes import constant, is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .dropout import dropout
from .linalg import matmul
from .shape import Shape, broadcast_shapes, plain, reshape_to
from .softmax import softmax_along, softmax_x


@primitive
def masked_softmax(x: Array, bias: Array) -> Array:
    """Return softmax of x + *bias* over the last axis, to the shape of x; a row that is -inf everywhere gives 0, not NaN."""
    return backend.of(x, bias).kernels.masked_softmax(x, bias)


def _masked_softmax_slope(g: Array, out: Array) -> Array:
    return softmax_x(g, out, axis=(out.ndim - 1,))


masked_softmax.vjp(x=_masked_softmax_slope, bias=_masked_softmax_slope)
masked_softmax.fuse(lambda g, out: (_masked_softmax_slope(g, out),) * 2)


def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Array:
    """Return the means of *value*, weighted by how well *key* fits *query*: softmax(query key^T scale + mask) value.

    *query* (..., L, E), *key* (..., S, E) and *value* (..., S, V) of one floating dtype give (..., L, V); leading dims
    broadcast.  *scale* is 1 / sqrt(E) by default.  *attn_mask* broadcasts to (..., L, S): a boolean one is true where a key
    takes part, a floating one is added to the scores, and may have a gradient.  With *is_causal*, query i sees the keys 0
    to i.  A query that sees no key gives 0.

    Each weight is set to 0 with probability *dropout_p*, and divided by 1 - dropout_p otherwise: also outside training,
    when it should be 0.  With *enable_gqa*, heads, the third dim from the end, of *key* and *value* are each shared by
    equally many heads of *query*.

    Raises ShapeError or DtypeError where operands do not fit, ArgumentError for a mask with *is_causal*.

    Source: Vaswani et al. 2017; Ainslie et al. 2023 for shared heads.

    >>> query, key = ag.tensor([[1.0, 0.0]]), ag.tensor([[10.0, 0.0], [0.0, 10.0]])
    >>> ag.scaled_dot_product_attention(query, key, ag.tensor([[1.0], [2.0]]), scale=1.0)
    tensor([[1.0000]])
    >>> ag.scaled_dot_product_attention(query, key, ag.tensor([[1.0], [2.0]]), ag.tensor([False, True]))
    tensor([[2.]])
    """
    heads = _heads(query, key, value, enable_gqa)
    if is_causal and attn_mask is not None:
        raise ArgumentError(
            "scaled_dot_product_attention: attn_mask is given and is_causal=True, expected one of them; let attn_mask leave "
            "out the later keys, as ag.ones(L, S).tril().bool() does"
        )
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1] or 1)
    scores = _by_heads(query * constant(scale, query.dtype), key.mT, heads)
    if is_causal:
        attn_mask = np.tri(*scores.shape[-2:], dtype=bool)
    if attn_mask is None:
        weights = softmax_along(scores, axis=(scores.ndim - 1,))
    else:
        weights = masked_softmax(scores, _bias(attn_mask, scores))
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return _by_heads(weights, value, heads)


def _heads(query: Array, key: Array, value: Array, shared: bool) -> int:
    """Check that the operands go together; return the number of heads of *query* if keys or values have fewer, else 0."""
    name, operands = "scaled_dot_product_attention", {"query": query, "key": key, "value": value}
    for argument, x in operands.items():
        if x.ndim < 2 + shared:
            expected = "(..., heads, length, features)" if shared else "(..., length, features)"
            raise ShapeError(f"{name}: {argument} has shape {tuple(x.shape)}, expected {expected}; add dims in front")
        if x.dtype != query.dtype or not is_floating(x.dtype):
            raise DtypeError(
                f"{name}: {argument} has dtype {x.dtype}, expected one floating dtype for query, key and value; use "
                f"{argument}.to(...)"
            )
    for left, right, dim, what in (("query", "key", -1, "features"), ("key", "value", -2, "length")):
        if operands[left].shape[dim] != operands[right].shape[dim]:
            raise ShapeError(
                f"{name}: {left} has shape {tuple(operands[left].shape)} and {right} {tuple(operands[right].shape)}, expected "
                f"equal sizes of dim {dim}, their {what}; mend the smaller one"
            )
    counts = [x.shape[-3] for x in operands.values()] if shared else [1]
    if any(n == 0 or counts[0] % n for n in counts):
        raise ShapeError(
            f"{name}: query, key and value have {counts[0]}, {counts[1]} and {counts[2]} heads, expected numbers that divide "
            "that of query; repeat or leave out heads"
        )
    try:
        broadcast_shapes(*(tuple(x.shape[: x.ndim - 2 - shared]) for x in operands.values()))
    except ShapeError as error:
        shapes = ", ".join(str(tuple(x.shape)) for x in operands.values())
        raise ShapeError(
            f"{name}: query, key and value have shapes {shapes}, expected leading dims that broadcast; set enable_gqa=True "
            "for keys and values with fewer heads"
        ) from error
    return counts[0] if len(set(counts)) > 1 else 0


def _by_heads(x: Array, y: Array, heads: int) -> Array:
    """Return x @ y; if *heads* is not 0, x has so many, and those that share a head of y are rows of one product."""
    if not heads or y.shape[-3] == heads:
        return matmul(x, y)
    *_, rows, inner = x.shape
    groups = y.shape[-3]
    together = reshape_to(x, shape=(*x.shape[:-3], groups, heads // groups * rows, inner))
    out = matmul(together, y)
    return reshape_to(out, shape=(*out.shape[:-3], heads, rows, y.shape[-1]))


def _bias(mask: Array, scores: Array) -> Any:
    """Return what *mask* adds to the scores: for a boolean one, -inf where it is false."""
    shape: Shape = tuple(mask.shape)
    lead = scores.ndim - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, scores.shape[lead:])):
        raise ShapeError(
            f"scaled_dot_product_attention: attn_mask has shape {shape}, expected one that broadcasts to that of the scores, "
            f"{tuple(scores.shape)}; add dims of size 1"
        )
    if mask.dtype.kind == "b":
        bias = np.where(plain(mask), constant(0, scores.dtype), constant(-math.inf, scores.dtype))
        return bias.reshape(shape or (1,))
    if not is_floating(mask.dtype) or mask.dtype.itemsize > scores.dtype.itemsize:
        raise DtypeError(
            f"scaled_dot_product_attention: attn_mask has dtype {mask.dtype}, expected bool, or {scores.dtype} as query has; "
            "use attn_mask.bool() or .to(query.dtype)"
        )
    return mask if shape else reshape_to(mask, shape=(1,))
