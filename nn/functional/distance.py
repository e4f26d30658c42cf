"""Distances and similarities of vectors."""

from __future__ import annotations

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .bound import at_least

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosine of the angle between vectors, which lie along *dim*: ``x1 . x2 / (max(|x1|, eps) max(|x2|, eps))``.

    *x1* and *x2* broadcast, and *dim* is one of their common shape; the result lacks it.  The gradient of a norm below
    *eps* is that of a larger one.  Raises DtypeError where neither is floating.

    >>> import nn.functional as F
    >>> F.cosine_similarity(ag.tensor([[3.0, 4.0]]), ag.tensor([[4.0, 3.0], [-3.0, -4.0]]))
    tensor([ 0.9600, -1.0000])
    """
    x1, x2 = _floating("cosine_similarity", x1, x2)
    shape = ag.broadcast_shapes(x1.shape, x2.shape)
    if not -max(len(shape), 1) <= dim < max(len(shape), 1):
        raise IndexError(f"cosine_similarity: dim={dim}, expected a dim of the common shape {tuple(shape)}")
    if not shape:
        return _unit(x1, 0, eps) * _unit(x2, 0, eps)
    axis = dim % len(shape)

    def whole(x: Tensor) -> Tensor:
        """Give x all dims; only the vectors themselves are expanded, for their norms are those of all elements."""
        sizes = [1] * (len(shape) - x.ndim) + list(x.shape)
        x = x.reshape(sizes)
        return x.expand([*sizes[:axis], shape[axis], *sizes[axis + 1 :]])

    return (_unit(whole(x1), axis, eps) * _unit(whole(x2), axis, eps)).sum(axis)


def _floating(name: str, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """Return both in a floating dtype, as far as one of them has one."""
    expect.tensor(name, x1, "x1")
    expect.tensor(name, x2, "x2")
    kinds = x1.dtype.kind, x2.dtype.kind
    if "f" not in kinds:
        raise expect.dtype_error(name, x1, "x1 or x2 to be floating", "convert one with x1.float()")
    return (x1 if kinds[0] == "f" else x1.to(x2.dtype)), (x2 if kinds[1] == "f" else x2.to(x1.dtype))


def _unit(x: Tensor, dim: int, eps: float) -> Tensor:
    return x / at_least(ag.norm(x, 2.0, dim, keepdim=True), eps)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return the *p*-norm of x1 - x2 + eps along the last dim: the distance of each vector of *x1* from that of *x2*.

    *x1* and *x2* are (N, D) or (D,), and broadcast; the result is (N,) or a number, and (N, 1) with *keepdim*.  *eps*
    keeps the distance of equal vectors from 0.

    >>> import nn.functional as F
    >>> F.pairwise_distance(ag.tensor([[3.0, 4.0], [1.0, 1.0]]), ag.zeros(2, 2))
    tensor([5.0000, 1.4142])
    """
    expect.tensor("pairwise_distance", x1, "x1")
    expect.tensor("pairwise_distance", x2, "x2")
    return ag.norm(x1 - x2 + eps, p, -1, keepdim)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """Return the *p*-norm distances of all pairs of rows of *input* (N, D), row 0 with 1, 2, ..., then row 1: (N (N - 1) / 2,).

    *p* is at least 0: 0 counts the columns that differ, and infinity takes the largest difference.  The gradient of
    equal rows is 0.  Raises ShapeError, DtypeError and ArgumentError for what does not fit.

    >>> import nn.functional as F
    >>> F.pdist(ag.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    expect.tensor("pdist", input)
    if input.ndim != 2:
        raise expect.shape_error("pdist", input, "input of (N, D)", "give it rows, one for each vector")
    if input.dtype.kind != "f":
        raise expect.dtype_error("pdist", input, "a floating input", "convert it with input.float()")
    if not p >= 0:
        raise ag.errors.ArgumentError(f"pdist: p={p}, expected a number of at least 0; 2 is the Euclidean distance")
    rows, columns = input.shape
    first, second = np.triu_indices(rows, 1)
    apart = input[first] - input[second]
    return ag.norm(apart, p, 1) if columns else apart.sum(1)
