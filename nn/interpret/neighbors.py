"""Retrieval: the examples whose features are nearest to those of a query."""

from __future__ import annotations

from typing import Literal, NamedTuple

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from .scores import check_input

__all__ = ["Neighbors", "nearest_neighbors"]


class Neighbors(NamedTuple):
    """The places of the nearest examples, (queries, k), nearest first, and their distances.

    >>> Neighbors(ag.tensor([[2]]), ag.tensor([[0.5]])).indices.item()
    2
    """

    indices: Tensor
    distances: Tensor


@ag.no_grad()
def nearest_neighbors(
    queries: Tensor, gallery: Tensor, k: int = 5, metric: Literal["cosine", "euclidean"] = "cosine"
) -> Neighbors:
    r"""Return for each row of *queries* (Q, ...) the *k* nearest rows of *gallery* (N, ...), the same dims in both.

    The distance is :math:`1 - \cos(q, g)` or :math:`\lVert q - g \rVert`.  Of examples as near as each other the first comes
    first.  A query that is in the gallery finds itself.  All are compared with all.

    >>> gallery = ag.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]])
    >>> nearest_neighbors(ag.tensor([[3.0, 1.0]]), gallery, k=2).indices.tolist()
    [[2, 0]]
    """
    name = "nearest_neighbors"
    check_input(name, queries)
    check_input(name, gallery)
    expect.size(name, k=k)
    if queries.shape[1:] != gallery.shape[1:]:
        raise expect.shape_error(
            name,
            queries,
            f"(Q, {', '.join(map(str, gallery.shape[1:]))}), as the gallery has",
            "take features of the same layer",
        )
    if k > len(gallery):
        raise ag.errors.ArgumentError(f"{name}: k={k}, expected at most {len(gallery)}, the size of the gallery")
    if metric not in ("cosine", "euclidean"):
        raise ag.errors.ArgumentError(f"{name}: metric={metric!r} is unknown; use 'cosine' or 'euclidean'")
    q, g = queries.flatten(1), gallery.flatten(1)
    if metric == "cosine":
        distances = 1 - F.normalize(q, dim=1) @ F.normalize(g, dim=1).T
    else:
        squares = (q * q).sum(1, keepdim=True) - 2 * q @ g.T + (g * g).sum(1)
        distances = squares.clamp(min=0).sqrt()
    order = distances.argsort(1, stable=True)[:, :k]
    return Neighbors(order, distances.gather(1, order))
