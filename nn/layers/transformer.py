"""Transformers: layers of attention and of maps for each position, encoders, decoders, and both together.

Masks are those of ``MultiheadAttention``; ``is_causal`` arguments are hints about them, which nothing here needs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from .. import functional as F
from ..module import Module
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .layer_norm import LayerNorm
from .linear import Linear

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Tensor], Tensor]
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "gelu": F.gelu}


class _Layer(Module):
    """What the layers share: attention to the input itself, and two linear maps with an activation between them."""

    attentions: tuple[str, ...] = ("self_attn",)

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if isinstance(activation, str) and activation not in ACTIVATIONS:
            raise ag.errors.ArgumentError(
                f"{self._get_name()}: activation={activation!r}, expected 'relu', 'gelu' or a function of a Tensor"
            )
        factory = {"device": device, "dtype": dtype}
        self.norm_first = norm_first
        for name in self.attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **factory)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **factory)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **factory)
        parts = range(1, len(self.attentions) + 2)
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, **factory))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = ACTIVATIONS[activation] if isinstance(activation, str) else activation

    def _add(self, x: Tensor, part: int, block: Callable[[Tensor], Tensor]) -> Tensor:
        """Return x plus what *block* makes of it, normalised before the block or after the sum."""
        norm, dropout = getattr(self, f"norm{part}"), getattr(self, f"dropout{part}")
        if self.norm_first:
            return x + dropout(block(norm(x)))
        return norm(x + dropout(block(x)))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Attend to the input itself, then map each position: *src* (S, N, E) gives the same shape.

    x = norm1(src + attention(src)), and norm2(x + linear2(activation(linear1(x)))), with dropout before each sum and behind
    the activation.  With *norm_first*, the input of each part is normalised instead: src + attention(norm1(src)) ...

    E is *d_model*; *activation* is "relu", "gelu" or a function.  With *batch_first*, *src* is (N, S, E).
    *src_mask* (S, S) and *src_key_padding_mask* (N, S) are those of ``MultiheadAttention``.

    Source: Vaswani et al. 2017; Xiong et al. 2020 for *norm_first*.

    >>> import nn
    >>> nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16)(ag.ones(5, 3, 8)).shape
    (5, 3, 8)
    """

    self_attn: MultiheadAttention

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]

        return self._add(self._add(src, 1, attend), 2, self._feed_forward)


class TransformerDecoderLayer(_Layer):
    """Attend to the input itself, then to *memory*, then map each position: *tgt* (T, N, E) gives the same shape.

    *memory* (S, N, E) is what an encoder returned.  The three parts are joined as in ``TransformerEncoderLayer``, whose
    arguments are the same.  *tgt_mask* (T, T) and *tgt_key_padding_mask* (N, T) are for the input, *memory_mask* (T, S) and
    *memory_key_padding_mask* (N, S) for the memory.

    Source: Vaswani et al. 2017.

    >>> import nn
    >>> nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16)(ag.ones(4, 3, 8), ag.ones(5, 3, 8)).shape
    (4, 3, 8)
    """

    attentions = ("self_attn", "multihead_attn")
    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]

        def attend_to_memory(x: Tensor) -> Tensor:
            return self.multihead_attn(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )[0]

        x = self._add(self._add(tgt, 1, attend), 2, attend_to_memory)
        return self._add(x, 3, self._feed_forward)


class _Stack(Module):
    """Copies of a layer, and what normalises the result of the last."""

    norm: Module | None

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        expect.size(self._get_name(), num_layers=num_layers)
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.register_module("norm", norm)

    def _run(self, x: Tensor, *args: Any, **masks: Any) -> Tensor:
        for layer in self.layers:
            x = layer(x, *args, **masks)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """Apply *num_layers* copies of *encoder_layer*, and *norm* if it is given: *src* (S, N, E) gives the same shape.

    All copies start from the same values.  *mask* and *src_key_padding_mask* are given to each layer.
    *enable_nested_tensor* and *mask_check* are for programs that pass them: padded positions are always computed.

    >>> import nn
    >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> nn.TransformerEncoder(layer, num_layers=2)(ag.ones(5, 3, 8)).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        return self._run(src, src_mask=mask, is_causal=bool(is_causal), src_key_padding_mask=src_key_padding_mask)


class TransformerDecoder(_Stack):
    """Apply *num_layers* copies of *decoder_layer*, and *norm* if it is given: *tgt* (T, N, E) gives the same shape.

    All copies start from the same values.  Each attends to *memory* (S, N, E), and is given all masks.

    >>> import nn
    >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> nn.TransformerDecoder(layer, num_layers=2)(ag.ones(4, 3, 8), ag.ones(5, 3, 8)).shape
    (4, 3, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        return self._run(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=bool(tgt_is_causal),
            memory_is_causal=memory_is_causal,
        )


class Transformer(Module):
    """Encode *src* (S, N, E), and decode *tgt* (T, N, E) beside what comes out: the result is (T, N, E).

    Encoder and decoder end with a ``LayerNorm``; *custom_encoder* and *custom_decoder* take their places.  E is *d_model*.
    With *batch_first*, *src* and *tgt* are (N, S, E) and (N, T, E).  The arguments of the layers are those of
    ``TransformerEncoderLayer``.  Matrices start as Xavier's uniform.

    Source: Vaswani et al. 2017.

    >>> import nn
    >>> model = nn.Transformer(8, nhead=2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> causal = nn.Transformer.generate_square_subsequent_mask(4)
    >>> model(ag.ones(5, 3, 8), ag.ones(4, 3, 8), tgt_mask=causal).shape
    (4, 3, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = {"device": device, "dtype": dtype}
        layer = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
        )  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, **factory)

        if custom_encoder is None:
            custom_encoder = TransformerEncoder(TransformerEncoderLayer(*layer, **factory), num_encoder_layers, norm())
        if custom_decoder is None:
            custom_decoder = TransformerDecoder(TransformerDecoderLayer(*layer, **factory), num_decoder_layers, norm())
        self.encoder, self.decoder = custom_encoder, custom_decoder
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        batch = 0 if self.batch_first else 1
        if src.ndim != tgt.ndim or (src.ndim == 3 and src.shape[batch] != tgt.shape[batch]):
            expected = f"tgt of one batch size with src {tuple(src.shape)}"
            raise expect.shape_error("Transformer", tgt, expected, "mend them, or set batch_first")
        for x in (src, tgt):
            if x.shape[-1:] != (self.d_model,):
                expected = f"src and tgt (..., {self.d_model})"
                cure = f"make d_model={x.shape[-1]}" if x.ndim else "give it one row for each position"
                raise expect.shape_error("Transformer", x, expected, cure)
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """Return the causal mask (sz, sz): 0 up to the diagonal, and -inf above it, where a key comes after the query.

        >>> import nn
        >>> nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        return ag.full((sz, sz), float("-inf"), dtype=dtype, device=device).triu(1)
