"""Normalisation: softmax and its logarithm over one dim; batch and layer normalisation, each one fused primitive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import constant
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from ..writes import written
from .axes import normalize_dims
from .elementwise import cast, exp, rsqrt
from .reduce import reduce_mean, reduce_sum, reduce_var
from .shape import Shape, plain, reshape_to

# ----------------------------------------------------------------------------------------------------------------- sums


def _trailing_size(shape: Shape, axis: Shape) -> tuple[int, int]:
    """Return how many leading axes precede the last run of axes in *axis*, and the product of the sizes of that run."""
    lead = len(shape)
    while lead and lead - 1 in axis:
        lead -= 1
    return lead, math.prod(shape[lead:])


def _sum_rows(rows: Any, shape: Shape, axis: Shape) -> Any:
    """Finish a sum over *axis* of an array of *shape*, whose trailing axes are summed up in *rows*."""
    rest = tuple([a for a in axis if a < rows.ndim])
    total = np.add.reduce(rows, rest) if rest else rows
    return total.reshape([1 if a in axis else n for a, n in enumerate(shape)])


@primitive
def inner(x: Array, y: Array, *, axis: Shape) -> Array:
    """Return the sum of x * y, which have one shape, over *axis*, kept with size 1; for rows without a temporary."""
    lead, size = _trailing_size(x.shape, axis)
    if size < _WORTHWHILE:
        return np.add.reduce(x * y, axis, keepdims=True)
    rows = (*x.shape[:lead], size)
    return _sum_rows(np.vecdot(x.reshape(rows), y.reshape(rows)), x.shape, axis)


inner.vjp(x=lambda g, y: g * y, y=lambda g, x: g * x)

_WORTHWHILE = 8  # elements in a row from which BLAS sums it faster than NumPy does


def _count(x: Array, axis: Shape) -> Array:
    """Return how many elements of x are summed to one, in the dtype of x."""
    return constant(math.prod([x.shape[a] for a in axis]), x.dtype)


def _mean(x: Any, axis: Shape) -> Any:
    """Return the mean over *axis*, kept with size 1; of rows by a product with ones, which BLAS computes fastest."""
    lead, size = _trailing_size(x.shape, axis)
    if size < _WORTHWHILE:
        total = np.add.reduce(x, axis, keepdims=True)
    else:
        rows = x.reshape(math.prod(x.shape[:lead]), size).dot(np.ones(size, x.dtype))
        total = _sum_rows(rows.reshape(x.shape[:lead]), x.shape, axis)
    return total / _count(x, axis)


# -------------------------------------------------------------------------------------------------------------- softmax


def _shifted(x: Any, axis: Shape) -> Any:
    """Return a new array with x less its maximum over *axis*, so that no exponential overflows."""
    return np.subtract(x, np.maximum.reduce(x, axis, keepdims=True, initial=-math.inf), np.empty_like(x))


@primitive(name="softmax", floating=True)
def softmax_along(x: Array, *, axis: Shape) -> Array:
    """*axis* holds one axis, or none for a 0-d x."""
    z = _shifted(x, axis)
    np.exp(z, z)
    return np.divide(z, np.add.reduce(z, axis, keepdims=True), z)


softmax_along.vjp(x=lambda g, out, axis: (g - inner(g, out, axis=axis)) * out)


@primitive(name="log_softmax", floating=True)
def log_softmax_along(x: Array, *, axis: Shape) -> Array:
    """*axis* holds one axis, or none for a 0-d x."""
    z = _shifted(x, axis)
    return np.subtract(z, np.log(np.add.reduce(np.exp(z), axis, keepdims=True)), z)


log_softmax_along.vjp(x=lambda g, out, axis: g - exp(out) * reduce_sum(g, axis=axis, keepdims=True))


def softmax(input: Array, dim: int, dtype: Any = None) -> Array:
    """Return ``exp(input) / exp(input).sum(dim)``, computed without overflow; *dtype*, if given, is that of the result.

    A slice that is -inf everywhere gives NaN.

    >>> ag.softmax(ag.tensor([[0.0, 0.0], [1000.0, 0.0]]), dim=1).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    return softmax_along(x, axis=normalize_dims(dim, x.ndim))


def log_softmax(input: Array, dim: int, dtype: Any = None) -> Array:
    """Return the logarithm of ``softmax(input, dim)``, exact also where that is too small to be represented.

    >>> ag.log_softmax(ag.tensor([1000.0, 0.0]), dim=0).tolist()
    [0.0, -1000.0]
    """
    x = input if dtype is None else cast(input, dtype=dtype)
    return log_softmax_along(x, axis=normalize_dims(dim, x.ndim))


# -------------------------------------------------------------------------------------------------- batch normalisation


def _channels(x: Array) -> tuple[Shape, Shape]:
    """Return all axes of x (N, C, ...) but the channels', and the shape in which numbers for channels broadcast."""
    return (0, *range(2, x.ndim)), (1, x.shape[1], *[1] * (x.ndim - 2))


def _moments(x: Any, axis: Shape) -> tuple[Any, Any, Any]:
    """Return the mean, x less the mean, and the mean of that squared."""
    mean = _mean(x, axis)
    apart = x - mean
    return mean, apart, inner(apart, apart, axis=axis) / _count(x, axis)


@primitive(name="batch_norm", floating=True, aux=("mean", "var"))
def normalize_channels(x: Array, w: Array, b: Array, *, eps: float) -> tuple[Array, Array, Array]:
    """Return (x - mean) / sqrt(var + eps) * w + b for x (N, C, ...), w and b (C,), normalised in each channel."""
    axis, column = _channels(x)
    mean, apart, var = _moments(x, axis)
    np.multiply(apart, w.reshape(column) / np.sqrt(var + eps), apart)
    return np.add(apart, b.reshape(column), apart), mean, var


def _batch_x(g: Array, x: Array, w: Array, mean: Array, var: Array, eps: float) -> Array:
    axis, column = _channels(x)
    rstd, apart = rsqrt(var + eps), x - mean
    slope = inner(g, apart, axis=axis) * (rstd * rstd / _count(x, axis))
    centred = g - reduce_mean(g, axis=axis, keepdims=True) - apart * slope
    return centred * (rstd * reshape_to(w, shape=column))


def _batch_w(g: Array, x: Array, mean: Array, var: Array, eps: float, w_shape: Shape) -> Array:
    axis, _ = _channels(x)
    along = inner(g, x - mean, axis=axis) * rsqrt(var + eps)
    return reshape_to(along, shape=w_shape)


normalize_channels.vjp(x=_batch_x, w=_batch_w, b=lambda g: reduce_sum(g, axis=_channels(g)[0]))
normalize_channels.recompute(
    mean=lambda x: reduce_mean(x, axis=_channels(x)[0], keepdims=True),
    var=lambda x: reduce_var(x, axis=_channels(x)[0], keepdims=True, correction=0),
)


def batch_norm(
    input: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """Return ``(input - mean) / sqrt(var + eps) * weight + bias``, for each channel of *input* (N, C, ...).

    In training, mean and (biased) variance are those of the batch, and the running ones move towards them in place, the
    variance unbiased: ``running = (1 - momentum) * running + momentum * new``.  Otherwise the running ones are used.
    Raises ShapeError for a batch with one value a channel, whose variance says nothing.

    Ioffe and Szegedy, "Batch Normalization", 2015.

    >>> x = ag.tensor([[1.0], [3.0]])
    >>> ag.batch_norm(x, None, None, training=True).round(decimals=3).tolist()
    [[-1.0], [1.0]]
    """
    if input.ndim < 2:
        raise ShapeError(f"batch_norm: input has shape {tuple(input.shape)}, expected (N, C, ...)")
    if input.dtype.kind != "f":
        raise DtypeError(f"batch_norm: input has dtype {input.dtype}, expected floating; use input.float()")
    channels = input.shape[1]
    own = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, value in own.items():
        if value is not None and value.shape != (channels,):
            raise ShapeError(
                f"batch_norm: {name} has shape {tuple(value.shape)}, expected ({channels},), since input has shape "
                f"{tuple(input.shape)}"
            )
    w = np.ones(channels, input.dtype) if weight is None else weight
    b = np.zeros(channels, input.dtype) if bias is None else bias
    if not training:
        if running_mean is None or running_var is None:
            raise ArgumentError("batch_norm: without training=True it needs running_mean and running_var; give both")
        scale = w * rsqrt(running_var + eps)
        column = _channels(input)[1]
        return input * reshape_to(scale, shape=column) + reshape_to(b - running_mean * scale, shape=column)
    count = math.prod(input.shape) // max(channels, 1)
    if count == 1:
        raise ShapeError(
            "batch_norm: expected more than 1 value per channel when training, got input of shape "
            f"{tuple(input.shape)}; "
            "use a larger batch (drop_last=True drops a last batch of 1), or eval()"
        )
    out, mean, var = normalize_channels(input, w, b, eps=eps)
    for running, new in ((running_mean, plain(mean)), (running_var, plain(var) * (count / max(count - 1, 1)))):
        if running is not None:
            stored = plain(running)
            stored *= 1 - momentum
            stored += momentum * new.reshape(channels)
            written(stored)
    return out


# -------------------------------------------------------------------------------------------------- layer normalisation


def _trailing(x: Array, w: Array) -> Shape:
    """Return the axes of x that w has too."""
    return tuple(range(x.ndim - w.ndim, x.ndim))


@primitive(name="layer_norm", floating=True, aux=("mean", "var"))
def normalize_trailing(x: Array, w: Array, b: Array, *, eps: float) -> tuple[Array, Array, Array]:
    """Return (x - mean) / sqrt(var + eps) * w + b, with moments over the trailing axes that w and b have."""
    mean, apart, var = _moments(x, _trailing(x, w))
    np.divide(apart, np.sqrt(var + eps), apart)
    np.multiply(apart, w, apart)
    return np.add(apart, b, apart), mean, var


def _layer_x(g: Array, x: Array, w: Array, mean: Array, var: Array, eps: float) -> Array:
    axis = _trailing(x, w)
    rstd, apart, g = rsqrt(var + eps), x - mean, g * w
    slope = inner(g, apart, axis=axis) * (rstd * rstd / _count(x, axis))
    return (g - reduce_mean(g, axis=axis, keepdims=True) - apart * slope) * rstd


normalize_trailing.vjp(
    x=_layer_x,
    w=lambda g, x, mean, var, eps: g * ((x - mean) * rsqrt(var + eps)),
    b=lambda g: g,
)
normalize_trailing.recompute(
    mean=lambda x, w: reduce_mean(x, axis=_trailing(x, w), keepdims=True),
    var=lambda x, w: reduce_var(x, axis=_trailing(x, w), keepdims=True, correction=0),
)


def layer_norm(
    input: Array,
    normalized_shape: int | Sequence[int],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """Return ``(input - mean) / sqrt(var + eps) * weight + bias``.

    Mean and (biased) variance are those over the trailing dims *normalized_shape*; *weight* and *bias* have
    that shape.  Raises ShapeError where these do not fit.

    Ba, Kiros and Hinton, "Layer Normalization", 2016.

    >>> ag.layer_norm(ag.tensor([[1.0, 3.0]]), (2,)).round(decimals=3).tolist()
    [[-1.0, 1.0]]
    """
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise ShapeError(
            f"layer_norm: normalized_shape={shape} must be the trailing dims of input, which has shape "
            f"{tuple(input.shape)}"
        )
    if input.dtype.kind != "f":
        raise DtypeError(f"layer_norm: input has dtype {input.dtype}, expected floating; use input.float()")
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and tuple(value.shape) != shape:
            raise ShapeError(f"layer_norm: {name} has shape {tuple(value.shape)}, expected normalized_shape={shape}")
    w = np.ones(shape, input.dtype) if weight is None else weight
    b = np.zeros(shape, input.dtype) if bias is None else bias
    return normalize_trailing(input, w, b, eps=eps)[0]
