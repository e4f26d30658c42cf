"""Distances between tensors, and between the rows of two matrices; and norms that are kept below a bound."""

from __future__ import annotations

import numpy as np

from ..dtypes import constant, is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .axes import normalize_dim
from .compare import gt, ne
from .elementwise import or_one
from .norm import norm, vector_norm
from .reduce import check_floating, reduce_sum
from .selection import choose, gate
from .shape import broadcast_shapes, unsqueeze

MANY = 25  # rows above which distances are found by a matrix product, as in PyTorch: fast, but less exact for near rows


def dist(input: Array, other: Array, p: float = 2) -> Array:
    """Return the p-norm of ``input - other``; both broadcast.  Its gradient where they are equal is 0.

    >>> ag.dist(ag.tensor([3.0, 0.0]), ag.tensor([0.0, 4.0]))
    tensor(5.)
    """
    return norm(input - other, p)


@primitive(name="cdist")
def euclidean(x: Array, y: Array, *, by_product: bool) -> Array:
    """Return the distances of the rows of x (..., P, M) from those of y (..., R, M).

    *by_product*: |x|^2 + |y|^2 - 2 x y, which takes no more memory than the result.
    """
    if not by_product:
        apart = x[..., :, None, :] - y[..., None, :, :]
        return np.sqrt((apart * apart).sum(-1))
    squares = (x * x).sum(-1)[..., :, None] + (y * y).sum(-1)[..., None, :] - 2 * (x @ y.mT)
    return np.sqrt(np.maximum(squares, 0))


def _euclidean_x(g: Array, x: Array, y: Array, out: Array) -> Array:
    share = gate(g / or_one(out), ne(out, constant(0, out.dtype)))
    return x * reduce_sum(share, axis=(share.ndim - 1,), keepdims=True) - share @ y


euclidean.vjp(x=_euclidean_x, y=lambda g, x, y, out: _euclidean_x(g.mT, y, x, out.mT))


def cdist(
    x1: Array, x2: Array, p: float = 2.0, compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary"
) -> Array:
    """Return the p-norm distance of each row of *x1* (..., P, M) from each of *x2* (..., R, M), as (..., P, R).

    Leading dims broadcast.  The gradient where rows are equal is 0.  *compute_mode* says when distances for p=2 are found
    by a matrix product, which is fast and less exact for near rows: "use_mm_for_euclid_dist_if_necessary", for more than
    25 rows, "use_mm_for_euclid_dist" or "donot_use_mm_for_euclid_dist".  Other *p* take memory for P * R * M elements.

    >>> ag.cdist(ag.tensor([[0.0, 0.0], [3.0, 0.0]]), ag.tensor([[0.0, 4.0]])).tolist()
    [[4.0], [5.0]]
    """
    for argument, x in (("x1", x1), ("x2", x2)):
        if not is_floating(x.dtype):
            raise DtypeError(f"cdist: {argument} has dtype {x.dtype}: expected floating; use {argument}.float()")
        if x.ndim < 2:
            raise ShapeError(
                f"cdist: {argument} has shape {tuple(x.shape)}, expected at least 2 dims, (..., P, M); unsqueeze() it"
            )
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(
            f"cdist: x1 of shape {tuple(x1.shape)} and x2 of shape {tuple(x2.shape)} differ in the size of the last dim; "
            "transpose one?"
        )
    if not p >= 0:
        raise ArgumentError(f"cdist: p={p} is not the order of a distance: expected 0 or more")
    modes = {
        None: max(x1.shape[-2], x2.shape[-2]) > MANY,
        "use_mm_for_euclid_dist_if_necessary": max(x1.shape[-2], x2.shape[-2]) > MANY,
        "use_mm_for_euclid_dist": True,
        "donot_use_mm_for_euclid_dist": False,
    }
    if compute_mode not in modes:
        raise ArgumentError(f"cdist: compute_mode={compute_mode!r} is unknown: expected one of {[*modes][1:]}")
    broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    if p == 2:
        return euclidean(x1, x2, by_product=modes[compute_mode])
    apart = unsqueeze(x1, -2) - unsqueeze(x2, -3)
    if not apart.shape[-1]:
        return reduce_sum(apart, axis=(apart.ndim - 1,))
    return vector_norm(apart, p=float(p), axis=(apart.ndim - 1,), keepdims=False)


def renorm(input: Array, p: float, dim: int, maxnorm: float) -> Array:
    """Return *input* with each part along *dim* scaled down to a p-norm of *maxnorm*, where it has a larger one.

    The parts are ``input.select(dim, i)``.

    >>> ag.renorm(ag.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    check_floating("renorm", input)
    if input.ndim < 2:
        raise ShapeError(f"renorm: input has shape {tuple(input.shape)}, expected at least 2 dims; unsqueeze() it")
    if not p > 0 or maxnorm < 0:
        raise ArgumentError(f"renorm: p={p} and maxnorm={maxnorm}: expected p above 0 and a maxnorm of 0 or more")
    kept = normalize_dim(dim, input.ndim)
    size = norm(input, p, [d for d in range(input.ndim) if d != kept], True)
    limit, few = constant(maxnorm, input.dtype), constant(1e-7, input.dtype)
    return input * choose(gt(size, limit), limit / (size + few), constant(1, input.dtype))
