"""Convolution in one to three dimensions, and transposed convolution.

Convolution is linear in each operand, and its two adjoints are primitives too: of the three, each is the derivative of
another.  Transposed convolution is the adjoint to the input.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import backend
from ..dtypes import is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from ..primitive import Array, primitive
from .activation import relu as rectify
from .activation import relu_x
from .elementwise import plus
from .reduce import reduce_sum
from .shape import reshape_to
from .spatial import AXES, NUMBERS, Shape, Size, batch, letters, per_dim, unbatch


class Geometry(NamedTuple):
    """How a window goes over an image; each has an entry for each spatial dim."""

    stride: Shape
    padding: tuple[tuple[int, int], ...]  # (before, after)
    dilation: Shape
    groups: int


# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="conv")
def convolve(x: Array, w: Array, *, geometry: Geometry) -> Array:
    """Return (N, C, *size) convolved with (O, C / groups, *window)."""
    return backend.of(x, w).kernels.conv(x, w, **geometry._asdict())


@primitive(name="conv_bias")
def convolve_biased(x: Array, w: Array, b: Array, *, geometry: Geometry) -> Array:
    """Return ``convolve(x, w)`` with b[o] added to each channel o."""
    return backend.of(x, w, b).kernels.conv(x, w, b, **geometry._asdict())


@primitive(name="conv_relu")
def convolve_rectified(x: Array, w: Array, b: Array, *, geometry: Geometry) -> Array:
    """Return the positive part of ``convolve_biased(x, w, b)``, taken before it is written to memory."""
    return backend.of(x, w, b).kernels.conv(x, w, b, **geometry._asdict(), relu=True)


@primitive(name="conv_input")
def convolve_input(y: Array, w: Array, *, shape: Shape, geometry: Geometry) -> Array:
    """Return the adjoint of ``x -> convolve(x, w)`` at y, for x of *shape*."""
    return backend.of(y, w).kernels.conv_input(y, w, shape=shape, **geometry._asdict())


@primitive(name="conv_weight")
def convolve_weight(y: Array, x: Array, *, shape: Shape, geometry: Geometry) -> Array:
    """Return the adjoint of ``w -> convolve(x, w)`` at y, for w of *shape*."""
    return backend.of(y, x).kernels.conv_weight(y, x, shape=shape, **geometry._asdict())


def _x(g: Array, w: Array, x_shape: Shape, geometry: Geometry) -> Array:
    return convolve_input(g, w, shape=x_shape, geometry=geometry)


def _w(g: Array, x: Array, w_shape: Shape, geometry: Geometry) -> Array:
    return convolve_weight(g, x, shape=w_shape, geometry=geometry)


def _b(g: Array) -> Array:
    return reduce_sum(g, axis=(0, *range(2, g.ndim)))


convolve.vjp(x=_x, w=_w)
convolve_biased.vjp(x=_x, w=_w, b=_b)


def _x_rectified(g: Array, out: Array, w: Array, x_shape: Shape, geometry: Geometry) -> Array:
    return _x(relu_x(g, out), w, x_shape, geometry)


def _w_rectified(g: Array, out: Array, x: Array, w_shape: Shape, geometry: Geometry) -> Array:
    return _w(relu_x(g, out), x, w_shape, geometry)


def _all_rectified(g: Array, out: Array, x: Array, w: Array, geometry: Geometry) -> tuple[Array, Array, Array]:
    g = relu_x(g, out)
    return _x(g, w, x.shape, geometry), _w(g, x, w.shape, geometry), _b(g)


convolve_rectified.vjp(x=_x_rectified, w=_w_rectified, b=lambda g, out: _b(relu_x(g, out)))
convolve_rectified.fuse(_all_rectified)
convolve_input.vjp(
    y=lambda g, w, geometry: convolve(g, w, geometry=geometry),
    w=lambda g, y, w_shape, geometry: convolve_weight(y, g, shape=w_shape, geometry=geometry),
)
convolve_weight.vjp(
    y=lambda g, x, geometry: convolve(x, g, geometry=geometry),
    x=lambda g, y, x_shape, geometry: convolve_input(y, g, shape=x_shape, geometry=geometry),
)

# -------------------------------------------------------------------------------------------------- the public functions


def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    *,
    relu: bool = False,
) -> Array:
    """Slide *weight* (O, C / groups, K) over *input* (N, C, L) or (C, L), as a cross-correlation: (N, O, L') or (O, L').

    All that ``conv2d`` says holds for one dim.

    >>> ag.conv1d(ag.arange(4.0).reshape(1, 1, 4), ag.ones(1, 1, 2))
    tensor([[[1., 3., 5.]]])
    """
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups, relu)


def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    *,
    relu: bool = False,
) -> Array:
    """Slide *weight* over *input*, as a cross-correlation.

    y[n, o, p, q] = bias[o] + sum_{c,a,b} weight[o, c, a, b] x[n, c, p s + a d, q s + b d], where x is the padded input,
    s the stride and d the dilation.

    Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW), bias (O,); the result is (N, O, H', W') or
    (O, H', W') with H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.  Output channels are divided into
    *groups* like the input channels, and see those of their own group only.  All are of one floating dtype.

    padding="valid" adds none.  padding="same" adds what makes H' = ceil(H / stride), the odd one at the bottom and on
    the right; with a stride above 1, which PyTorch does not allow, that is TensorFlow's rule.

    With *relu*, which PyTorch does not have, the result is its positive part, in one pass over memory instead of two.

    In float32, windows of 3 x 3 may be computed by Winograd's algorithm: see ``ag.set_winograd``.

    Raises ShapeError, DtypeError or ArgumentError for what does not fit.  Source: Dumoulin and Visin, "A guide to
    convolution arithmetic for deep learning", 2016.

    >>> ag.conv2d(ag.ones(1, 1, 3, 3), ag.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups, relu)


def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    *,
    relu: bool = False,
) -> Array:
    """Slide *weight* (O, C / groups, KD, KH, KW) over *input* (N, C, D, H, W) or (C, D, H, W), as a cross-correlation.

    All that ``conv2d`` says holds for three dims.

    >>> ag.conv3d(ag.ones(1, 1, 2, 3, 3), ag.ones(1, 1, 2, 2, 2)).tolist()
    [[[[[8.0, 8.0], [8.0, 8.0]]]]]
    """
    return _convolution("conv3d", 3, input, weight, bias, stride, padding, dilation, groups, relu)


def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """Return the transposed convolution of *input* (N, C, L) or (C, L) with *weight* (C, O / groups, K).

    All that ``conv_transpose2d`` says holds for one dim.

    >>> ag.conv_transpose1d(ag.arange(1.0, 3.0).reshape(1, 1, 2), ag.ones(1, 1, 2), stride=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """Spread each element of *input* over a window, and add up what overlaps: the adjoint of ``conv2d``.

    y[n, o, i, j] = bias[o] + sum weight[c, o, a, b] x[n, c, p, q] over p s + a d = i + padding, q s + b d = j + padding.

    Shapes: input (N, C, H, W) or (C, H, W), weight (C, O / groups, KH, KW), bias (O,); the result is (N, O, H', W') or
    (O, H', W') with H' = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1.  Several H' belong to one H
    of the convolution that is transposed, and *output_padding*, below the stride or the dilation, chooses one.

    Raises ShapeError, DtypeError or ArgumentError for what does not fit.  Source: Dumoulin and Visin, "A guide to
    convolution arithmetic for deep learning", 2016.

    >>> ag.conv_transpose2d(ag.ones(1, 1, 2, 2), ag.ones(1, 1, 2, 2))
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """Return the transposed convolution of *input* (N, C, D, H, W) or (C, D, H, W), *weight* (C, O / groups, KD, KH, KW).

    All that ``conv_transpose2d`` says holds for three dims.

    >>> ag.conv_transpose3d(ag.ones(1, 1, 1, 1, 1), ag.ones(1, 1, 2, 2, 2)).sum()
    tensor(8.)
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _convolution(
    function: str, dims: int, input: Array, weight: Array, bias: Array | None, stride: Size, padding: Size | str,
    dilation: Size, groups: int, relu: bool,
) -> Array:  # fmt: skip
    strides = per_dim(function, "stride", stride, 1, dims)
    dilations = per_dim(function, "dilation", dilation, 1, dims)
    _check_operands(function, dims, input, weight, bias, groups)
    o, c_group, *_ = weight.shape
    if input.shape[-dims - 1] != c_group * groups or o % groups:
        raise _channels_error(function, input, weight, groups)
    _check_bias(function, weight, bias, o)
    size, window = tuple(input.shape[-dims:]), tuple(weight.shape[2:])
    pads = _padding(function, dims, padding, size, window, strides, dilations)
    for axis, n, k, (before, after), d in zip(AXES[-dims:], size, window, pads, dilations):
        if d * (k - 1) + 1 > n + before + after:
            raise ShapeError(
                f"{function}: along {axis} the kernel covers {d * (k - 1) + 1} elements (K{axis}={k}, dilation={d}), but "
                f"the padded input has {n + before + after}: input {tuple(input.shape)}, weight {tuple(weight.shape)}, "
                f"padding={padding!r}; use a smaller kernel, or more padding"
            )
    x = batch(dims, input)
    geometry = Geometry(strides, pads, dilations, groups)
    if bias is None:
        y = convolve(x, weight, geometry=geometry)
        y = rectify(y) if relu else y
    else:
        y = (convolve_rectified if relu else convolve_biased)(x, weight, bias, geometry=geometry)
    return unbatch(y, input)


def _transposed(
    function: str, dims: int, input: Array, weight: Array, bias: Array | None, stride: Size, padding: Size,
    output_padding: Size, groups: int, dilation: Size,
) -> Array:  # fmt: skip
    strides = per_dim(function, "stride", stride, 1, dims)
    dilations = per_dim(function, "dilation", dilation, 1, dims)
    pads = per_dim(function, "padding", padding, 0, dims)
    more = per_dim(function, "output_padding", output_padding, 0, dims)
    _check_operands(function, dims, input, weight, bias, groups)
    c, o_group, *window = weight.shape
    if input.shape[-dims - 1] != c or c % groups:
        raise _channels_error(function, input, weight, groups)
    _check_bias(function, weight, bias, o_group * groups)
    if any(m >= max(s, d) for m, s, d in zip(more, strides, dilations)):
        raise ArgumentError(
            f"{function}: output_padding={output_padding!r} must be smaller than stride={stride!r} or "
            f"dilation={dilation!r}; a larger result takes a larger stride, or ag.pad"
        )
    size = [
        (n - 1) * s - 2 * p + d * (k - 1) + m + 1
        for n, s, p, d, k, m in zip(input.shape[-dims:], strides, pads, dilations, window, more)
    ]
    if min(size) < 1:
        raise ShapeError(
            f"{function}: the result would have the size {tuple(size)}: input {tuple(input.shape)}, weight "
            f"{tuple(weight.shape)}, padding={padding!r}; use less padding"
        )
    x = batch(dims, input)
    geometry = Geometry(strides, tuple((p, p) for p in pads), dilations, groups)
    y = convolve_input(x, weight, shape=(x.shape[0], o_group * groups, *size), geometry=geometry)
    if bias is not None:
        y = plus(y, reshape_to(bias, shape=(-1, *[1] * dims)))
    return unbatch(y, input)


# --------------------------------------------------------------------------------------------------------------- checks


def _padding(
    function: str, dims: int, padding: Any, size: Shape, window: Shape, stride: Shape, dilation: Shape
) -> tuple[tuple[int, int], ...]:
    """Return what is added (before, after) each axis."""
    if padding == "valid":
        return ((0, 0),) * dims
    if padding == "same":
        totals = [
            max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n) for n, k, s, d in zip(size, window, stride, dilation)
        ]
        return tuple((t // 2, t - t // 2) for t in totals)
    if isinstance(padding, str):
        raise ArgumentError(f"{function}: padding={padding!r}: expected 'same', 'valid', an int, or {NUMBERS[dims]}")
    return tuple((p, p) for p in per_dim(function, "padding", padding, 0, dims))


def _check_operands(function: str, dims: int, input: Array, weight: Array, bias: Array | None, groups: int) -> None:
    dtypes = {"input": input.dtype, "weight": weight.dtype} | ({} if bias is None else {"bias": bias.dtype})
    if not is_floating(input.dtype) or len(set(dtypes.values())) > 1:
        found = ", ".join(f"{name} is {dtype}" for name, dtype in dtypes.items())
        raise DtypeError(f"{function}: {found}: expected one floating dtype; convert with .to(dtype)")
    if len(input.shape) not in (dims + 1, dims + 2) or len(weight.shape) != dims + 2:
        size, window = _sizes(dims)
        channels = "C, O / groups" if "transpose" in function else "O, C / groups"
        raise ShapeError(
            f"{function}: input {tuple(input.shape)}, weight {tuple(weight.shape)}: expected an input (N, C, {size}) or "
            f"(C, {size}), and a weight ({channels}, {window}); reshape or unsqueeze what has other dims"
        )
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ArgumentError(f"{function}: groups={groups!r}: expected an int of at least 1")
    if min(weight.shape[0], *weight.shape[2:]) < 1:
        _, window = _sizes(dims)
        first = "C" if "transpose" in function else "O"
        raise ShapeError(
            f"{function}: weight {tuple(weight.shape)} has no elements: expected {first}, {window} of at least 1"
        )


def _sizes(dims: int) -> tuple[str, str]:
    axes = letters(dims)
    return ", ".join(axes), ", ".join(f"K{axis}" if dims > 1 else "K" for axis in axes)


def _channels_error(function: str, input: Array, weight: Array, groups: int) -> ShapeError:
    dims = len(weight.shape) - 2
    first, second, c = weight.shape[0], weight.shape[1], input.shape[-dims - 1]
    shapes = f"input {tuple(input.shape)}, weight {tuple(weight.shape)}"
    _, window = _sizes(dims)
    if "transpose" in function:
        if first % groups:
            return ShapeError(
                f"{function}: groups={groups} does not divide the {first} input channels: {shapes}; choose a divisor"
            )
        return ShapeError(
            f"{function}: this weight expects {first} input channels, but the input has {c}: {shapes}; expected a weight "
            f"({c}, O / groups, {window})"
        )
    if c % groups or first % groups:
        return ShapeError(
            f"{function}: groups={groups} divides not both the {c} input and the {first} output channels: {shapes}; "
            "choose a common divisor"
        )
    return ShapeError(
        f"{function}: with groups={groups} this weight expects {second * groups} input channels, but the input has {c}: "
        f"{shapes}; expected a weight (O, {c // groups}, {window})"
    )


def _check_bias(function: str, weight: Array, bias: Array | None, channels: int) -> None:
    if bias is not None and tuple(bias.shape) != (channels,):
        raise ShapeError(
            f"{function}: bias {tuple(bias.shape)}, weight {tuple(weight.shape)}: expected a bias ({channels},), one number "
            "for each output channel; reshape it"
        )
