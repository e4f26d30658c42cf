"""The fused softmax cross-entropy, on which the classification losses are built."""

from __future__ import annotations

from .. import backend
from ..errors import DtypeError, ShapeError
from ..primitive import Array, primitive
from .index import pick
from .reduce import reduce_sum
from .shape import plain, reshape_to
from .softmax import log_softmax_along, softmax_along

# ------------------------------------------------------------------------------------------------- a class for each row


@primitive(name="cross_entropy", aux=("p",))
def fused_cross_entropy(x: Array, target: Array, scale: Array) -> tuple[Array, Array]:
    """Return the sum of scale[n] * (logsumexp(x[n]) - x[n, target[n]]), and the probabilities p (N, C)."""
    return backend.of(x, target, scale).kernels.class_entropy(x, target, scale)


@primitive
def softmax_residual(p: Array, target: Array, scale: Array) -> Array:
    """Return scale[n] * (p[n, c] - [c == target[n]]): the gradient of the cross-entropy."""
    return backend.of(p, target, scale).kernels.class_entropy_x(p, target, scale)


fused_cross_entropy.vjp(
    x=lambda g, target, scale, p: softmax_residual(p, target, g * scale),
    target=None,
    scale=None,
)
fused_cross_entropy.recompute(p=lambda x: softmax_along(x, axis=(1,)))


def _residual_scale(g: Array, p: Array, target: Array) -> Array:
    rows = p.shape[0]
    chosen = pick(g, reshape_to(target, shape=(rows, 1)), axis=1)
    return reduce_sum(g * p, axis=(1,)) - reshape_to(chosen, shape=(rows,))


softmax_residual.vjp(
    p=lambda g, scale, p_shape: g * reshape_to(scale, shape=(p_shape[0], 1)),
    target=None,
    scale=_residual_scale,
)


# ------------------------------------------------------------------------------------------ shares of all classes for each


@primitive(name="soft_cross_entropy", aux=("p",))
def fused_soft_cross_entropy(x: Array, q: Array) -> tuple[Array, Array]:
    """Return the sum of -q[n, c] * log p[n, c], and the probabilities p = softmax(x), (N, C)."""
    return backend.of(x, q).kernels.share_entropy(x, q)


fused_soft_cross_entropy.vjp(
    x=lambda g, q, p: g * (p * reduce_sum(q, axis=(1,), keepdims=True) - q),
    q=lambda g, x: -g * log_softmax_along(x, axis=(1,)),
)
fused_soft_cross_entropy.recompute(p=lambda x: softmax_along(x, axis=(1,)))


def softmax_cross_entropy(input: Array, target: Array, scale: Array) -> Array:
    """Return the sum over rows of ``scale[n] * (logsumexp(input[n]) - input[n, target[n]])``, one number.

    *input* (N, C) holds logits, *target* (N,) integers from 0 to C - 1, *scale* (N,) a constant for each row: 1/N for a
    mean, 0 for a row that is left out.  Raises IndexError for a class that *input* does not have.

    >>> ag.softmax_cross_entropy(ag.zeros(2, 2), ag.tensor([0, 1]), ag.tensor([0.5, 0.5]))
    tensor(0.6931)
    """
    if input.ndim != 2 or target.shape != input.shape[:1] or scale.shape != target.shape:
        raise ShapeError(
            f"cross_entropy: input of shape {tuple(input.shape)}, target of shape {tuple(target.shape)} and scale of "
            "shape "
            f"{tuple(scale.shape)}: expected (N, C), (N,) and (N,)"
        )
    if input.dtype.kind != "f":
        raise DtypeError(f"cross_entropy: input has dtype {input.dtype}, expected floating logits; use input.float()")
    if target.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: target has dtype {target.dtype}, expected integers; use target.long()")
    classes, places = input.shape[1], plain(target)
    if (row := backend.of(places).kernels.first_outside(places, classes)) >= 0:
        raise IndexError(
            f"cross_entropy: target {places[row]} in row {row} is out of range for {classes} classes: expected 0 to "
            f"{classes - 1}; pass ignore_index for rows to leave out"
        )
    constant_scale = plain(scale)
    if constant_scale.dtype != input.dtype:
        constant_scale = constant_scale.astype(input.dtype)
    return fused_cross_entropy(input, target, constant_scale)[0]


def soft_cross_entropy(input: Array, target: Array) -> Array:
    """Return the sum of ``-target * log_softmax(input, 1)``, one number, for *input* and *target* (N, C).

    Rows of *target* hold the shares of the classes, which need not add up to 1.  Raises ShapeError and DtypeError for what
    does not fit.

    >>> ag.soft_cross_entropy(ag.zeros(1, 2), ag.tensor([[0.5, 0.5]]))
    tensor(0.6931)
    """
    if input.ndim != 2 or target.shape != input.shape:
        raise ShapeError(
            f"cross_entropy: input of shape {tuple(input.shape)} and target of shape {tuple(target.shape)}: expected (N, C) "
            "for both; reshape them to rows"
        )
    if input.dtype.kind != "f" or target.dtype.kind != "f":
        raise DtypeError(
            f"cross_entropy: input has dtype {input.dtype} and target {target.dtype}, expected floating; use .float()"
        )
    return fused_soft_cross_entropy(input, target)[0]
