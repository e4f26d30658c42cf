"""Products with the Jacobian of what has been recorded, from either side, and its rows and columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ops import reshape, stack
from ..tensor import Tensor, wrap
from .derivatives import grad

__all__ = ["Push", "basis", "by_columns", "by_rows", "pull", "zeros"]

Tensors = Sequence[Tensor]


def pull(
    ys: Tensors,
    xs: Tensors,
    vs: Sequence[Tensor | None],
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> tuple[Tensor, ...]:
    """Return v^T J, summed over *ys*, for each of *xs*: zeros where nothing depends on it."""
    live = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    if not live or not xs:
        return tuple(zeros(x) for x in xs)
    weights = [v for _, v in live]
    return grad([y for y, _ in live], xs, weights, retain_graph, create_graph, materialize_grads=True)


class Push:
    """The products J v of *ys*, recorded from *xs*, with directions *v* in the space of *xs*.

    u^T J is linear in u, and its own transpose applied to v is J v (Townsend 2017, "A new trick for calculating Jacobian
    vector products").  So two backward passes make one, and each further direction costs one more.
    """

    def __init__(self, ys: Tensors, xs: Tensors) -> None:
        self.ys = ys
        self.us = [zeros(y).requires_grad_() if y.requires_grad else zeros(y) for y in ys]
        self.pulled = pull(ys, xs, self.us, create_graph=True)

    def __call__(self, vs: Tensors, create_graph: bool = False, retain_graph: bool | None = None) -> tuple[Tensor, ...]:
        live = [i for i, u in enumerate(self.us) if u.requires_grad]
        found = dict(
            zip(live, pull(self.pulled, [self.us[i] for i in live], vs, create_graph, retain_graph), strict=True)
        )
        return tuple(found[i] if i in found else zeros(y) for i, y in enumerate(self.ys))


def by_rows(y: Tensor, xs: Tensors, create_graph: bool = False) -> tuple[Tensor, ...]:
    """Return the Jacobian of *y* by each of *xs*, of shape ``y.shape + x.shape``: a backward pass for each element of *y*."""
    rows = [pull([y], xs, [one], create_graph, retain_graph=True) for one in basis(y)]
    return tuple(_assembled([row[k] for row in rows], y, x) for k, x in enumerate(xs))


def by_columns(ys: Tensors, xs: Tensors, create_graph: bool = False) -> list[tuple[Tensor, ...]]:
    """Return for each of *ys* what ``by_rows`` does: a pass for each element of *xs*, for all of *ys* at once."""
    push, nothing = Push(ys, xs), [zeros(x) for x in xs]
    found: list[list[Tensor]] = [[] for _ in ys]
    for k, x in enumerate(xs):
        columns = [push([*nothing[:k], one, *nothing[k + 1 :]], create_graph, retain_graph=True) for one in basis(x)]
        for i, y in enumerate(ys):
            last = _assembled([column[i] for column in columns], x, y)
            order = [*range(x.ndim, x.ndim + y.ndim), *range(x.ndim)]
            found[i].append(last.permute(order) if order else last)
    return [tuple(blocks) for blocks in found]


def basis(like: Tensor) -> list[Tensor]:
    """Return the tensors of the form of *like* with a single 1 and zeros, in order."""
    ones = []
    for i in range(like.numel()):
        one = np.zeros(like.shape, like.dtype)
        one.flat[i] = 1
        ones.append(wrap(one, None))
    return ones


def zeros(like: Tensor) -> Tensor:
    """Return zeros of the form of *like*."""
    return wrap(np.zeros(like.shape, like.dtype), None)


def _assembled(parts: list[Tensor], outer: Tensor, inner: Tensor) -> Tensor:
    """Return *parts*, one of the form of *inner* for each element of *outer*, as one tensor."""
    shape = (*outer.shape, *inner.shape)
    return reshape(stack(parts), shape) if parts else wrap(np.zeros(shape, inner.dtype), None)
