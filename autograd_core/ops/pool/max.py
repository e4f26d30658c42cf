"""Max pooling.

Its derivatives are two linear partners, which scatter to and gather from the positions of the largest elements in their
windows: of the two, each is the derivative of the other.
"""

from __future__ import annotations

from ... import backend
from ...primitive import Array, primitive
from ..spatial import Shape, Size, unbatch
from .windows import Windows, pictures, windows

# ----------------------------------------------------------------------------------------------------------- primitives


@primitive(name="max_pool", aux=("positions",))
def window_max(x: Array, *, windows: Windows) -> tuple[Array, Array]:
    """Return the largest element of each window of x (N, C, *size), and its number among the window's elements."""
    return backend.of(x).kernels.max_pool(x, windows=windows)


@primitive(name="max_pool_scatter")
def scatter_positions(y: Array, positions: Array, *, shape: Shape, windows: Windows) -> Array:
    """Return zeros of *shape* with the elements of y added at their *positions* in their windows."""
    return backend.of(y, positions).kernels.pool_scatter(y, positions, shape=shape, windows=windows)


@primitive(name="max_pool_gather")
def gather_positions(x: Array, positions: Array, *, windows: Windows) -> Array:
    """Return the elements of x at the *positions* in their windows."""
    return backend.of(x, positions).kernels.pool_gather(x, positions, windows=windows)


@primitive(name="max_pool_indices")
def indices_of_positions(positions: Array, *, size: Shape, windows: Windows) -> Array:
    """Return where in their planes of *size* the elements at the *positions* in their windows are, as int64."""
    return backend.of(positions).kernels.pool_indices(positions, size=size, windows=windows)


window_max.vjp(x=lambda g, positions, x_shape, windows: scatter_positions(g, positions, shape=x_shape, windows=windows))
scatter_positions.vjp(y=lambda g, positions, windows: gather_positions(g, positions, windows=windows), positions=None)
gather_positions.vjp(
    x=lambda g, positions, x_shape, windows: scatter_positions(g, positions, shape=x_shape, windows=windows),
    positions=None,
)
indices_of_positions.vjp(positions=None)

# ------------------------------------------------------------------------------------------------- the public functions


def max_pool1d(
    input: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """Return the largest element of each window of *input* (N, C, L) or (C, L).

    All that ``max_pool2d`` says holds for one dim.

    >>> ag.max_pool1d(ag.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
    tensor([[4., 3.]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """Return the largest element of each window; with *return_indices* also where it is, in 0..H*W-1 of its plane.

    y[n, c, p, q] = max_{a,b} x[n, c, p s + a d, q s + b d], where x is padded with -inf, the stride s is *kernel_size*
    by default, and d is the dilation.  Of equal elements the first gets the gradient; a NaN is larger than all else.

    Shapes: (N, C, H, W) or (C, H, W) to (N, C, H', W') or (C, H', W') with
    H' = floor((H + 2 padding - d (k - 1) - 1) / s) + 1.
    With *ceil_mode* the fraction is rounded up, as long as the last window starts in the input or in the padding
    before it.
    Any floating dtype.  Raises ShapeError, DtypeError or ArgumentError for what does not fit.

    >>> ag.max_pool2d(ag.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Array,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Array | tuple[Array, Array]:
    """Return the largest element of each window of *input* (N, C, D, H, W) or (C, D, H, W).

    All that ``max_pool2d`` says holds for three dims.

    >>> ag.max_pool3d(ag.arange(8.0).reshape(1, 1, 2, 2, 2), 2).item()
    7.0
    """
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(
    function: str, dims: int, input: Array, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size,
    ceil_mode: bool, return_indices: bool,
) -> Array | tuple[Array, Array]:  # fmt: skip
    x = pictures(function, dims, input)
    how = windows(function, dims, input, kernel_size, stride, padding, dilation, ceil_mode)
    y, positions = window_max(x, windows=how)
    if not return_indices:
        return unbatch(y, input)
    indices = indices_of_positions(positions, size=tuple(x.shape[2:]), windows=how)
    return unbatch(y, input), unbatch(indices, input)
