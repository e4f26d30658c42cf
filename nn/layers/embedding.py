"""A table of learned vectors."""

from __future__ import annotations

from typing import Any, Self

import autograd_core as ag
from autograd_core import Tensor

from .. import expect, init
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = ["Embedding"]


class Embedding(Module):
    """Replace each index by its row of a table: integers (...) give (..., embedding_dim).

    *weight* (num_embeddings, embedding_dim) starts standard normal.  The row *padding_idx* starts at 0 and gets no gradient.

    >>> import nn
    >>> nn.Embedding(10, 3)(ag.tensor([[1, 2], [3, 4]])).shape
    (2, 2, 3)
    """

    weight: Parameter

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, *, dtype: Any = None
    ) -> None:
        super().__init__()
        expect.size("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ag.errors.ArgumentError(
                f"Embedding: padding_idx={padding_idx}, expected one of {-num_embeddings} to {num_embeddings - 1}"
            )
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(ag.empty(num_embeddings, embedding_dim, dtype=dtype))
        self.reset_parameters()

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Self:
        """Make an Embedding of a table (V, D), which it trains unless *freeze*."""
        if embeddings.ndim != 2:
            raise ag.errors.ShapeError(f"Embedding: embeddings has shape {tuple(embeddings.shape)}, expected (V, D)")
        rows, columns = embeddings.shape
        made = cls(rows, columns, padding_idx, dtype=embeddings.dtype)
        made.weight = Parameter(embeddings, requires_grad=not freeze)
        return made

    def reset_parameters(self) -> None:
        """Draw a new table."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with ag.no_grad():
                self.weight[self.padding_idx] = 0.0

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def _label(self) -> str:
        return f"{self._get_name()} {self.num_embeddings}x{self.embedding_dim}"

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
