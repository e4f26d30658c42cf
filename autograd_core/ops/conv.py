"""Two-dimensional convolution.

It is linear in each operand, and its two adjoints are primitives too: of the three, each is the derivative of another.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from .. import backend
from ..dtypes import is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .elementwise import plus
from .shape import reshape_to

Pair: TypeAlias = tuple[int, int]
Shape: TypeAlias = tuple[int, ...]


class Geometry(NamedTuple):
    """How a kernel goes over an image; pairs are for height and width."""

    stride: Pair
    padding: tuple[Pair, Pair]  # (top, bottom), (left, right)
    dilation: Pair
    groups: int


# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="conv2d")
def convolve(x: Array, w: Array, *, geometry: Geometry) -> Array:
    """Return (N, C, H, W) convolved with (O, C / groups, KH, KW)."""
    return backend.of(x, w).kernels.conv2d(x, w, **geometry._asdict())


@primitive(name="conv2d_input")
def convolve_input(y: Array, w: Array, *, shape: Shape, geometry: Geometry) -> Array:
    """Return the adjoint of ``x -> convolve(x, w)`` at y, for x of *shape*."""
    return backend.of(y, w).kernels.conv2d_input(y, w, shape=shape, **geometry._asdict())


@primitive(name="conv2d_weight")
def convolve_weight(y: Array, x: Array, *, shape: Shape, geometry: Geometry) -> Array:
    """Return the adjoint of ``w -> convolve(x, w)`` at y, for w of *shape*."""
    return backend.of(y, x).kernels.conv2d_weight(y, x, shape=shape, **geometry._asdict())


convolve.vjp(
    x=lambda g, w, x_shape, geometry: convolve_input(g, w, shape=x_shape, geometry=geometry),
    w=lambda g, x, w_shape, geometry: convolve_weight(g, x, shape=w_shape, geometry=geometry),
)
convolve_input.vjp(
    y=lambda g, w, geometry: convolve(g, w, geometry=geometry),
    w=lambda g, y, w_shape, geometry: convolve_weight(y, g, shape=w_shape, geometry=geometry),
)
convolve_weight.vjp(
    y=lambda g, x, geometry: convolve(x, g, geometry=geometry),
    x=lambda g, y, x_shape, geometry: convolve_input(y, g, shape=x_shape, geometry=geometry),
)

# -------------------------------------------------------------------------------------------------- the public function


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] | str = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Array:
    """Slide *weight* over *input*, as a cross-correlation.

    y[n, o, p, q] = bias[o] + sum_{c,a,b} weight[o, c, a, b] x[n, c, p s + a d, q s + b d], where x is the padded input,
    s the stride and d the dilation.

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW), bias (O,); the result is (N, O, H', W') or
    (O, H', W') with H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.  Output channels are divided into
    *groups* like the input channels, and see those of their own group only.  All are of one floating dtype.

    padding="valid" adds none.  padding="same" adds what makes H' = ceil(H / stride), the odd one at the bottom and on
    the right; with a stride above 1, which PyTorch does not allow, that is TensorFlow's rule.

    Raises ShapeError, DtypeError or ArgumentError for what does not fit.  Source: Dumoulin and Visin, "A guide to
    convolution arithmetic for deep learning", 2016.

    >>> ag.conv2d(ag.ones(1, 1, 3, 3), ag.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    strides = pair("conv2d", "stride", stride, 1)
    dilations = pair("conv2d", "dilation", dilation, 1)
    _check_operands(input, weight, bias, groups)
    size, window = tuple(input.shape[-2:]), tuple(weight.shape[2:])
    pads = _padding(padding, size, window, strides, dilations)
    for axis, n, k, (before, after), d in zip("HW", size, window, pads, dilations):
        if d * (k - 1) + 1 > n + before + after:
            raise ShapeError(
                f"conv2d: along {axis} the kernel covers {d * (k - 1) + 1} elements (K{axis}={k}, dilation={d}), but "
                f"the padded input has {n + before + after}: input {tuple(input.shape)}, weight {tuple(weight.shape)}, "
                f"padding={padding!r}; use a smaller kernel, or more padding"
            )
    x = input if len(input.shape) == 4 else reshape_to(input, shape=(1, *input.shape))
    y = convolve(x, weight, geometry=Geometry(strides, pads, dilations, groups))
    if bias is not None:
        y = plus(y, reshape_to(bias, shape=(weight.shape[0], 1, 1)))
    return y if x is input else reshape_to(y, shape=tuple(y.shape[1:]))


def pair(function: str, name: str, value: Any, least: int) -> Pair:
    """Return *value*, an int for both axes or one for each, as a pair of ints of at least *least*."""
    try:
        values = [operator.index(v) for v in (value if isinstance(value, Sequence) and value else (value,))]
    except TypeError:
        values = []
    if len(values) not in (1, 2) or min(values) < least:
        raise ArgumentError(f"{function}: {name}={value!r}: expected an int, or a pair of ints, of at least {least}")
    return values[0], values[-1]


def _padding(padding: Any, size: Shape, window: Shape, stride: Pair, dilation: Pair) -> tuple[Pair, Pair]:
    """Return what is added at the (top, bottom), (left, right)."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        totals = [
            max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n) for n, k, s, d in zip(size, window, stride, dilation)
        ]
        (top, bottom), (left, right) = ((t // 2, t - t // 2) for t in totals)
        return (top, bottom), (left, right)
    if isinstance(padding, str):
        raise ArgumentError(f"conv2d: padding={padding!r}: expected 'same', 'valid', an int, or a pair of ints")
    h, w = pair("conv2d", "padding", padding, 0)
    return (h, h), (w, w)


def _check_operands(input: Array, weight: Array, bias: Array | None, groups: int) -> None:
    dtypes = {"input": input.dtype, "weight": weight.dtype} | ({} if bias is None else {"bias": bias.dtype})
    if not is_floating(input.dtype) or len(set(dtypes.values())) > 1:
        found = ", ".join(f"{name} is {dtype}" for name, dtype in dtypes.items())
        raise DtypeError(f"conv2d: {found}: expected one floating dtype; convert with .to(dtype)")
    shapes = f"input {tuple(input.shape)}, weight {tuple(weight.shape)}"
    if len(input.shape) not in (3, 4) or len(weight.shape) != 4:
        raise ShapeError(
            f"conv2d: {shapes}: expected an input (N, C, H, W) or (C, H, W), and a weight (O, C / groups, KH, KW); "
            "reshape or unsqueeze what has other dims"
        )
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ArgumentError(f"conv2d: groups={groups!r}: expected an int of at least 1")
    (o, c_group, *window), c = weight.shape, input.shape[-3]
    if min(o, *window) < 1:
        raise ShapeError(f"conv2d: weight {tuple(weight.shape)} has no elements: expected O, KH and KW of at least 1")
    if c % groups or o % groups:
        raise ShapeError(
            f"conv2d: groups={groups} divides not both the {c} input and the {o} output channels: {shapes}; "
            "choose a common divisor"
        )
    if c != c_group * groups:
        raise ShapeError(
            f"conv2d: with groups={groups} this weight expects {c_group * groups} input channels, but the input has "
            f"{c}: {shapes}; expected a weight (O, {c // groups}, KH, KW)"
        )
    if bias is not None and tuple(bias.shape) != (o,):
        raise ShapeError(
            f"conv2d: bias {tuple(bias.shape)}, weight {tuple(weight.shape)}: expected a bias ({o},), one number for "
            "each output channel; reshape it"
        )
