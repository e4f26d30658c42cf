"""Normalisation of channels (batch, group, instance), and of trailing dims (layer, root mean square): fused primitives."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .. import backend
from ..dtypes import constant
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from ..writes import written
from .elementwise import rsqrt
from .reduce import reduce_sum
from .shape import Shape, plain, reshape_to
from .standardize import by_channel, by_group, by_row, mean_over, normalized_w, normalized_x, pull, rstd_over

# ------------------------------------------------------------------------------------------------------------- channels


@primitive(name="batch_norm", floating=True, aux=("mean", "var", "rstd"))
def normalize_channels(x: Array, w: Array, b: Array, *, eps: float) -> tuple[Array, Array, Array, Array]:
    """Return (x - mean) rstd w + b for x (N, C, ...), w and b (C,), with the moments of each channel, in one dim."""
    return backend.of(x, w, b).kernels.normalize_planes(x, w, b, eps=eps, members=0)


normalize_channels.vjp(
    x=lambda g, x, w, mean, rstd: normalized_x(g, x, w, mean, rstd, layout=by_channel(x)),
    w=lambda g, x, mean, rstd, w_shape: normalized_w(g, x, mean, rstd, layout=by_channel(x), shape=w_shape),
    b=lambda g: reduce_sum(g, axis=(0, *range(2, g.ndim))),
)
normalize_channels.fuse(lambda g, x, w, mean, rstd: pull(g, x, w, mean, rstd, 0))
normalize_channels.recompute(
    mean=lambda x: mean_over(x, by_channel(x)),
    rstd=lambda x, eps: rstd_over(x, by_channel(x), eps),
)


@primitive(name="batch_norm_eval", floating=True)
def normalize_channels_given(x: Array, w: Array, b: Array, mean: Array, var: Array, *, eps: float) -> Array:
    """Return (x - mean) / sqrt(var + eps) w + b for x (N, C, ...), where mean and var (C,) were learned."""
    return backend.of(x, w, b, mean, var).kernels.scale_planes(x, w / np.sqrt(var + constant(eps, var.dtype)), mean, b)


def _given_x(g: Array, w: Array, var: Array, eps: float) -> Array:
    return g * reshape_to(w * rsqrt(var + eps), shape=(1, w.shape[0], *[1] * (g.ndim - 2)))


normalize_channels_given.vjp(
    x=_given_x,
    w=lambda g, x, mean, var, eps, w_shape: normalized_w(
        g, x, mean, rsqrt(var + eps), layout=by_channel(x), shape=w_shape
    ),
    b=lambda g: reduce_sum(g, axis=(0, *range(2, g.ndim))),
    mean=None,
    var=None,
)
normalize_channels_given.fuse(
    lambda g, x, w, mean, var, eps: backend.of(g, x).kernels.scale_planes_pull(
        g, x, w, mean, 1 / np.sqrt(var + constant(eps, var.dtype))
    )
)


@primitive(name="group_norm", floating=True, aux=("mean", "var", "rstd"))
def normalize_groups(x: Array, w: Array, b: Array, *, groups: int, eps: float) -> tuple[Array, Array, Array, Array]:
    """Return (x - mean) rstd w + b for x (N, C, ...), with the moments of each group of channels in each sample."""
    return backend.of(x, w, b).kernels.normalize_planes(x, w, b, eps=eps, members=x.shape[1] // groups)


normalize_groups.vjp(
    x=lambda g, x, w, mean, rstd, groups: normalized_x(g, x, w, mean, rstd, layout=by_group(x, groups)),
    w=lambda g, x, mean, rstd, groups, w_shape: normalized_w(
        g, x, mean, rstd, layout=by_group(x, groups), shape=w_shape
    ),
    b=lambda g: reduce_sum(g, axis=(0, *range(2, g.ndim))),
)
normalize_groups.fuse(lambda g, x, w, mean, rstd, groups: pull(g, x, w, mean, rstd, x.shape[1] // groups))
normalize_groups.recompute(
    mean=lambda x, groups: mean_over(x, by_group(x, groups)),
    rstd=lambda x, groups, eps: rstd_over(x, by_group(x, groups), eps),
)


def _check_channels(name: str, input: Array, **own: Array | None) -> tuple[Array, Array]:
    """Return weight and bias, 1 and 0 where there are none."""
    if input.ndim < 2:
        raise ShapeError(f"{name}: input has shape {tuple(input.shape)}, expected (N, C, ...)")
    if input.dtype.kind != "f":
        raise DtypeError(f"{name}: input has dtype {input.dtype}, expected floating; use input.float()")
    channels = input.shape[1]
    for argument, value in own.items():
        if value is not None and value.shape != (channels,):
            raise ShapeError(
                f"{name}: {argument} has shape {tuple(value.shape)}, expected ({channels},), since input has shape "
                f"{tuple(input.shape)}"
            )
    w, b = own["weight"], own["bias"]
    return (
        np.ones(channels, input.dtype) if w is None else w,
        np.zeros(channels, input.dtype) if b is None else b,
    )


def _move(running: Array | None, new: Array, momentum: float, factor: float = 1.0) -> None:
    """Move a running statistic towards *factor* times a new one, in place."""
    if running is not None:
        stored, moved = plain(running), plain(new)
        np.multiply(stored, constant(1 - momentum, stored.dtype), stored)
        np.add(stored, moved * constant(momentum * factor, moved.dtype), stored)
        written(stored)


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
    variance unbiased: ``running = (1 - momentum) * running + momentum * new``.  Otherwise the running ones are used, and
    get no gradient.  Raises ShapeError for a batch with one value a channel, whose variance says nothing.

    Ioffe and Szegedy, "Batch Normalization", 2015.

    >>> x = ag.tensor([[1.0], [3.0]])
    >>> ag.batch_norm(x, None, None, training=True).round(decimals=3).tolist()
    [[-1.0], [1.0]]
    """
    w, b = _check_channels(
        "batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not training:
        if running_mean is None or running_var is None:
            raise ArgumentError("batch_norm: without training=True it needs running_mean and running_var; give both")
        return normalize_channels_given(input, w, b, running_mean, running_var, eps=eps)
    count = math.prod(input.shape) // max(input.shape[1], 1)
    if count == 1:
        raise ShapeError(
            "batch_norm: expected more than 1 value per channel when training, got input of shape "
            f"{tuple(input.shape)}; "
            "use a larger batch (drop_last=True drops a last batch of 1), or eval()"
        )
    out, mean, var, _ = normalize_channels(input, w, b, eps=eps)
    _move(running_mean, mean, momentum)
    _move(running_var, var, momentum, count / max(count - 1, 1))
    return out


def group_norm(
    input: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Array:
    """Return ``(input - mean) / sqrt(var + eps) * weight + bias`` for *input* (N, C, ...).

    Mean and (biased) variance are those of each of *num_groups* groups of neighbouring channels, in each sample by itself;
    *weight* and *bias* are (C,).  Raises ShapeError where the groups do not come out even, or have one value each.

    Wu and He, "Group Normalization", 2018.

    >>> ag.group_norm(ag.tensor([[1.0, 3.0, 10.0, 30.0]]), 2).round(decimals=3).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """
    w, b = _check_channels("group_norm", input, weight=weight, bias=bias)
    shape = tuple(input.shape)
    if num_groups < 1 or shape[1] % num_groups:
        raise ShapeError(
            f"group_norm: num_groups={num_groups} does not divide the {shape[1]} channels of input {shape}; choose a "
            "divisor"
        )
    if math.prod(shape) == num_groups:
        raise ShapeError(
            f"group_norm: expected more than 1 value per group, got input of shape {shape} with num_groups={num_groups}; "
            "use fewer groups"
        )
    return normalize_groups(input, w, b, groups=num_groups, eps=eps)[0]


def instance_norm(
    input: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """Return ``(input - mean) / sqrt(var + eps) * weight + bias``, for each channel of each sample of *input* (N, C, ...).

    With *use_input_stats* mean and (biased) variance are those of the sample's channel, and the running ones, if given,
    move towards their means over the batch, the variance unbiased.  Otherwise the running ones are used.  Raises
    ShapeError for one value a channel.

    Ulyanov, Vedaldi and Lempitsky, "Instance Normalization", 2016.

    >>> ag.instance_norm(ag.tensor([[[1.0, 3.0], [10.0, 30.0]]])).round(decimals=3).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    w, b = _check_channels(
        "instance_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ArgumentError(
                "instance_norm: without use_input_stats=True it needs running_mean and running_var; give both"
            )
        return normalize_channels_given(input, w, b, running_mean, running_var, eps=eps)
    samples, channels, *rest = input.shape
    count = math.prod(rest)
    if count == 1:
        raise ShapeError(
            f"instance_norm: expected more than 1 value per channel of a sample, got input of shape {tuple(input.shape)}; "
            "use larger inputs, or batch_norm"
        )
    out, mean, var, _ = normalize_groups(input, w, b, groups=channels, eps=eps)
    if samples:
        for_mean, for_var = (plain(moment).reshape(samples, channels).mean(0) for moment in (mean, var))
        _move(running_mean, for_mean, momentum)
        _move(running_var, for_var, momentum, count / max(count - 1, 1))
    return out


# ----------------------------------------------------------------------------------------------------------------- rows


@primitive(name="layer_norm", floating=True, aux=("mean", "rstd"))
def normalize_trailing(x: Array, w: Array, b: Array, *, eps: float) -> tuple[Array, Array, Array]:
    """Return (x - mean) rstd w + b, with the moments, in one dim, over the trailing dims that w and b have."""
    return backend.of(x, w, b).kernels.normalize_rows(x, w, b, eps=eps, centred=True)


normalize_trailing.vjp(
    x=lambda g, x, w, mean, rstd: normalized_x(g, x, w, mean, rstd, layout=by_row(x, w)),
    w=lambda g, x, w, mean, rstd, w_shape: normalized_w(g, x, mean, rstd, layout=by_row(x, w), shape=w_shape),
    b=lambda g, b_shape: reduce_sum(g, axis=tuple(range(g.ndim - len(b_shape)))),
)
normalize_trailing.fuse(lambda g, x, w, mean, rstd: pull(g, x, w, mean, rstd, None))
normalize_trailing.recompute(
    mean=lambda x, w: mean_over(x, by_row(x, w)),
    rstd=lambda x, w, eps: rstd_over(x, by_row(x, w), eps),
)


@primitive(name="rms_norm", floating=True, aux=("mean", "rstd"))
def scale_trailing(x: Array, w: Array, *, eps: float) -> tuple[Array, Array, Array]:
    """Return x rstd w, with rstd = 1 / sqrt(mean square + eps) over the trailing dims that w has; the mean is 0."""
    return backend.of(x, w).kernels.normalize_rows(x, w, np.zeros_like(w), eps=eps, centred=False)


scale_trailing.vjp(
    x=lambda g, x, w, mean, rstd: normalized_x(g, x, w, mean, rstd, layout=by_row(x, w, centred=False)),
    w=lambda g, x, w, mean, rstd, w_shape: normalized_w(
        g, x, mean, rstd, layout=by_row(x, w, centred=False), shape=w_shape
    ),
)
scale_trailing.fuse(lambda g, x, w, mean, rstd: pull(g, x, w, mean, rstd, None, centred=False)[:2])
scale_trailing.recompute(rstd=lambda x, w, eps: rstd_over(x, by_row(x, w, centred=False), eps))


def _check_trailing(name: str, input: Array, normalized_shape: int | Sequence[int], **own: Array | None) -> Shape:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        raise ShapeError(
            f"{name}: normalized_shape={shape} must be the trailing dims of input, which has shape {tuple(input.shape)}"
        )
    if input.dtype.kind != "f":
        raise DtypeError(f"{name}: input has dtype {input.dtype}, expected floating; use input.float()")
    for argument, value in own.items():
        if value is not None and tuple(value.shape) != shape:
            raise ShapeError(f"{name}: {argument} has shape {tuple(value.shape)}, expected normalized_shape={shape}")
    return shape


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
    shape = _check_trailing("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    w = np.ones(shape, input.dtype) if weight is None else weight
    b = np.zeros(shape, input.dtype) if bias is None else bias
    return normalize_trailing(input, w, b, eps=eps)[0]


def rms_norm(
    input: Array, normalized_shape: int | Sequence[int], weight: Array | None = None, eps: float | None = None
) -> Array:
    """Return ``input / sqrt(mean(input^2) + eps) * weight``, the mean over the trailing dims *normalized_shape*.

    *eps* is by default the smallest number that can be added to 1 in the dtype of *input*.  Raises ShapeError where
    *weight* or *input* does not have that shape.

    Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.

    >>> ag.rms_norm(ag.tensor([[3.0, 4.0, 0.0, 0.0]]), 4)
    tensor([[1.2000, 1.6000, 0.0000, 0.0000]])
    """
    shape = _check_trailing("rms_norm", input, normalized_shape, weight=weight)
    w = np.ones(shape, input.dtype) if weight is None else weight
    return scale_trailing(input, w, eps=float(np.finfo(input.dtype).eps) if eps is None else eps)[0]
