"""Look-up in a table of vectors."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["embedding"]


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Return the rows of *weight* (V, D) that *input* (...), integers, names: (..., D).

    The row *padding_idx* gets no gradient.  Raises DtypeError unless *input* holds integers, and IndexError for one outside
    0 .. V - 1.

    >>> import nn.functional as F
    >>> F.embedding(ag.tensor([1, 0]), ag.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    rows = weight.shape[0]
    expect.indices("embedding", input, "input")
    expect.in_range("embedding", input, rows, "input", "indices", "raise num_embeddings, or check the vocabulary")
    vectors = weight[input]
    if padding_idx is None:
        return vectors
    if not -rows <= padding_idx < rows:
        raise ag.errors.ArgumentError(f"embedding: padding_idx={padding_idx}, expected one of {-rows} to {rows - 1}")
    return ag.where((input == padding_idx % rows).unsqueeze(-1), vectors.detach(), vectors)
