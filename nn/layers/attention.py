"""Attention with several heads."""

from __future__ import annotations

from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from .. import functional as F
from ..module import Module
from ..parameter import Parameter
from .linear import Linear

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attend with *num_heads* heads: query (L, N, E), key (S, N, K) and value (S, N, V) give (L, N, E) and weights (N, L, S).

    Each head h computes softmax(q_h k_h^T / sqrt(E / num_heads)) v_h, where q, k and v are linear maps of the inputs, cut into
    equal parts; the output is a linear map of all heads side by side.  E is *embed_dim*; K and V are *kdim* and *vdim*, E
    by default.  With *batch_first*, inputs and output are (N, L, E); without a batch they are (L, E).

    In the call, *attn_mask* (L, S) or (N num_heads, L, S), and *key_padding_mask* (N, S), are true where a key is left out;
    floating ones are added to the scores.  *is_causal* is a hint about *attn_mask*, which nothing here needs.  The weights
    are a mean over heads, or (N, num_heads, L, S) unless *average_attn_weights*; without *need_weights*, which is
    faster, None.  A query that sees no key gets NaN, or 0 without *need_weights*.

    While training, weights are set to 0 with probability *dropout*.  *add_bias_kv* adds a learned key and value to each
    sequence, *add_zero_attn* one of zeros.  Projections start as Xavier's uniform, biases as 0.

    Source: Vaswani et al. 2017.

    >>> import nn
    >>> x = ag.ones(5, 2, 8)
    >>> output, weights = nn.MultiheadAttention(8, num_heads=4)(x, x, x)
    >>> output.shape, weights.shape
    ((5, 2, 8), (2, 5, 5))
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kdim, vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        expect.size("MultiheadAttention", embed_dim=embed_dim, num_heads=num_heads, kdim=kdim, vdim=vdim)
        if embed_dim % num_heads:
            raise ag.errors.ArgumentError(
                f"MultiheadAttention: embed_dim={embed_dim} and num_heads={num_heads}, expected an embed_dim that num_heads "
                "divides, so that each head has as many features"
            )
        if not 0 <= dropout <= 1:
            raise ag.errors.ArgumentError(f"MultiheadAttention: dropout={dropout}, expected a probability from 0 to 1")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim, self.dropout = kdim, vdim, dropout
        self.batch_first, self.add_zero_attn = batch_first, add_zero_attn

        def parameter(wanted: bool, *shape: int) -> Parameter | None:
            return self._parameter(*shape, device=device, dtype=dtype) if wanted else None

        packed = kdim == vdim == embed_dim
        self.register_parameter("in_proj_weight", parameter(packed, 3 * embed_dim, embed_dim))
        for name, columns in (("q", embed_dim), ("k", kdim), ("v", vdim)):
            self.register_parameter(f"{name}_proj_weight", parameter(not packed, embed_dim, columns))
        self.register_parameter("in_proj_bias", parameter(bias, 3 * embed_dim))
        self.out_proj = Linear(embed_dim, embed_dim, bias, device=device, dtype=dtype)
        self.register_parameter("bias_k", parameter(add_bias_kv, 1, 1, embed_dim))
        self.register_parameter("bias_v", parameter(add_bias_kv, 1, 1, embed_dim))
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for row in (self.bias_k, self.bias_v):
            if row is not None:
                init.xavier_normal_(row)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        return F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            self.training,
            key_padding_mask,
            need_weights,
            attn_mask,
            self.in_proj_weight is None,
            self.q_proj_weight,
            self.k_proj_weight,
            self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
            batch_first=self.batch_first,
        )

    def _label(self) -> str:
        return f"{self._get_name()} {self.embed_dim}, {self.num_heads} heads"

    def extra_repr(self) -> str:
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"
