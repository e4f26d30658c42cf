"""Functions that arrange values: one-hot codes and unit vectors."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .. import expect

__all__ = ["normalize", "one_hot"]


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return int64 rows that are 1 at the class and 0 elsewhere: *tensor* (...) gives (..., num_classes).

    -1 takes one class more than the largest index.  Raises DtypeError unless *tensor* holds integers, and IndexError for
    an index outside the classes.

    >>> import nn.functional as F
    >>> F.one_hot(ag.tensor([0, 2]), 3).tolist()
    [[1, 0, 0], [0, 0, 1]]
    """
    expect.indices("one_hot", tensor, "tensor")
    if num_classes == -1:
        if tensor.numel() == 0:
            raise ag.errors.ArgumentError(
                "one_hot: num_classes=-1 cannot be read from an empty tensor; give the number"
            )
        num_classes = int(tensor.max().item()) + 1
    if num_classes < 1:
        raise ag.errors.ArgumentError(f"one_hot: num_classes={num_classes}, expected at least 1, or -1")
    expect.in_range("one_hot", tensor, num_classes, "tensor", "classes", "raise num_classes, or mend the labels")
    return (tensor.unsqueeze(-1) == ag.arange(num_classes)).long()


def normalize(input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Tensor:
    """Return *input* divided by its *p*-norm along *dim*; the norm is taken to be *eps* at least.

    >>> import nn.functional as F
    >>> F.normalize(ag.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    if p <= 0:
        raise ag.errors.ArgumentError(f"normalize: p={p}, expected a positive number; 2 is the Euclidean norm")
    size = ag.abs(input)
    if p == float("inf"):
        norm = ag.amax(size, dim, keepdim=True)
    elif p == 1:
        norm = size.sum(dim, keepdim=True)
    else:
        total = (size**p).sum(dim, keepdim=True)
        norm = ag.where(total > 0, ag.where(total > 0, total, 1.0) ** (1 / p), 0.0)  # the root's slope at 0 is infinite
    return input / ag.clamp(norm, min=eps)
