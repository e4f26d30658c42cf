"""Tables of learned vectors, looked up one by one or a bag at a time."""

from __future__ import annotations

from typing import Any, Self

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """A table of vectors, and the arguments that all look-ups share."""

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Tensor | None,
        freeze: bool,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        name = self._get_name()
        expect.size(name, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ag.errors.ArgumentError(
                f"{name}: padding_idx={padding_idx}, expected one of {-num_embeddings} to {num_embeddings - 1}"
            )
        if sparse:
            raise ag.errors.ArgumentError(
                f"{name}: sparse=True, expected False, for gradients are dense here; leave it out"
            )
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.sparse = sparse
        if weight is None:
            self.weight = self._parameter(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight.requires_grad_(not freeze)
            self.reset_parameters()
            return
        if tuple(weight.shape) != (num_embeddings, embedding_dim):
            raise expect.shape_error(
                name,
                weight,
                f"_weight ({num_embeddings}, {embedding_dim})",
                "use from_pretrained, which reads the sizes",
            )
        self.weight = Parameter(weight, requires_grad=not freeze)

    @staticmethod
    def _sizes(name: str, embeddings: Tensor) -> tuple[int, int]:
        if embeddings.ndim != 2:
            raise ag.errors.ShapeError(f"{name}: embeddings has shape {tuple(embeddings.shape)}, expected (V, D)")
        rows, columns = embeddings.shape
        return rows, columns

    def reset_parameters(self) -> None:
        """Draw a new table."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with ag.no_grad():
                self.weight[self.padding_idx] = 0.0

    def _label(self) -> str:
        return f"{self._get_name()} {self.num_embeddings}x{self.embedding_dim}"

    def _said(self, **defaults: Any) -> str:
        """Return the sizes, and the arguments that are not as by default."""
        named = [f"{key}={getattr(self, key)!r}" for key, value in defaults.items() if getattr(self, key) != value]
        return ", ".join([str(self.num_embeddings), str(self.embedding_dim), *named])


class Embedding(_Table):
    """Replace each index by its row of a table: integers (...) give (..., embedding_dim).

    *weight* (num_embeddings, embedding_dim) starts standard normal.  The row *padding_idx* starts at 0 and gets no gradient.
    With *max_norm*, rows are scaled down to that norm, of order *norm_type*, in place when they are looked up; with
    *scale_grad_by_freq*, the gradient of a row is divided by how often it was.

    >>> import nn
    >>> nn.Embedding(10, 3)(ag.tensor([[1, 2], [3, 4]])).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight, _freeze,
            device, dtype,
        )  # fmt: skip

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """Make an Embedding of a table (V, D), which it trains unless *freeze*."""
        sizes = cls._sizes("Embedding", embeddings)
        return cls(*sizes, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze)

    def forward(self, input: Tensor) -> Tensor:
        how = self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        return F.embedding(input, self.weight, self.padding_idx, *how)

    def extra_repr(self) -> str:
        return self._said(padding_idx=None, max_norm=None, norm_type=2, scale_grad_by_freq=False)


class EmbeddingBag(_Table):
    """Look bags of indices up in a table, and return the mean, sum or maximum of each: (B, N) gives (B, embedding_dim).

    Bags of different sizes stand one behind the other in an input (M,), with *offsets* (B,) where each begins.  *mode* is
    "mean", "sum" or "max"; see ``nn.functional.embedding_bag``.  All else is as in ``Embedding``.

    >>> import nn
    >>> layer = nn.EmbeddingBag(10, 3, mode="sum")
    >>> layer(ag.tensor([1, 2, 4, 5, 4]), ag.tensor([0, 3])).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight, False,
            device, dtype,
        )  # fmt: skip
        self.mode, self.include_last_offset = mode, include_last_offset

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Make an EmbeddingBag of a table (V, D), which it trains unless *freeze*."""
        sizes = cls._sizes("EmbeddingBag", embeddings)
        made = cls(
            *sizes, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings, include_last_offset, padding_idx
        )
        made.weight.requires_grad_(not freeze)
        return made

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        how = self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse
        last = per_sample_weights, self.include_last_offset, self.padding_idx
        return F.embedding_bag(input, self.weight, offsets, *how, *last)

    def extra_repr(self) -> str:
        mode = f", mode={self.mode!r}"
        return self._said(max_norm=None, norm_type=2, scale_grad_by_freq=False, padding_idx=None) + mode
