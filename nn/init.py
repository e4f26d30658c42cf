"""Initialisation: fill a tensor in place, unrecorded, and return it.

Every function that draws takes *generator*, by default ``ag.default_generator``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec

import numpy as np

import autograd_core as ag
from autograd_core import Generator, Tensor

from .former import former_name

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]


P = ParamSpec("P")

_skipping: ContextVar[bool] = ContextVar("skipping", default=False)


@contextmanager
def skipped() -> Iterator[None]:
    """Let the functions here do nothing for a while, in this thread: ``nn.utils.skip_init`` makes modules so."""
    before = _skipping.set(True)
    try:
        yield
    finally:
        _skipping.reset(before)


def _fills(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Let *function* fill its first argument, the tensor, unrecorded, or leave it as it is in ``skipped``."""

    @functools.wraps(function)
    def filled(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        if _skipping.get():
            tensor: Any = args[0] if args else kwargs["tensor"]
            return tensor
        with ag.no_grad():
            return function(*args, **kwargs)

    return filled


@_fills
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Set every element to *val*.

    >>> import nn
    >>> nn.init.constant_(ag.empty(2), 3.0)
    tensor([3., 3.])
    """
    return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Set every element to 0.

    >>> import nn
    >>> nn.init.zeros_(ag.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Set every element to 1.

    >>> import nn
    >>> nn.init.ones_(ag.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


@_fills
def eye_(tensor: Tensor) -> Tensor:
    """Make a matrix the identity, or the part of it that its shape shows.

    >>> import nn
    >>> nn.init.eye_(ag.empty(2, 3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    if tensor.ndim != 2:
        raise ag.errors.ShapeError(f"eye_: tensor has shape {tensor.shape}, expected a matrix (rows, columns)")
    return tensor.copy_(ag.eye(*tensor.shape, dtype=tensor.dtype))


@_fills
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Make the weight (O, I, ...) of a convolution in 1 to 3 dims one that returns as many of its channels as fit, unchanged.

    Each of *groups* has O / groups of the outputs.  Channels are kept where the kernel has odd sizes, and is padded on both
    sides by half of them.

    >>> import nn
    >>> nn.init.dirac_(ag.empty(2, 3, 3)).tolist()[1]
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if tensor.ndim not in (3, 4, 5):
        raise ag.errors.ShapeError(
            f"dirac_: tensor has shape {tensor.shape}, expected the weight of a convolution, (O, I, ...) with 1 to 3 dims more"
        )
    if groups < 1 or tensor.shape[0] % groups:
        raise ag.errors.ArgumentError(
            f"dirac_: groups={groups}, expected a number that divides the {tensor.shape[0]} output channels of the tensor"
        )
    outputs = tensor.shape[0] // groups
    kept, centre = np.arange(min(outputs, tensor.shape[1])), [size // 2 for size in tensor.shape[2:]]
    values = np.zeros(tensor.shape, tensor.dtype)
    for first in range(0, tensor.shape[0], outputs or 1):
        values[first + kept, kept, *centre] = 1
    return tensor.copy_(ag.from_numpy(values))


@_fills
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from the uniform distribution on [a, b).

    >>> import nn
    >>> bool((nn.init.uniform_(ag.empty(3, 4), -1, 1).abs() <= 1).all())
    True
    """
    return tensor.uniform_(a, b, generator=generator)


@_fills
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from the normal distribution.

    >>> import nn
    >>> nn.init.normal_(ag.empty(3, 4), mean=5.0, std=0.0).mean().item()
    5.0
    """
    return tensor.normal_(mean, std, generator=generator)


@_fills
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Draw from the normal distribution, again wherever a number falls outside [a, b], which are values, not deviations.

    >>> import nn
    >>> bool((nn.init.trunc_normal_(ag.empty(100)).abs() <= 2).all())
    True
    """
    if not (std > 0 and a < b):
        raise ag.errors.ArgumentError(f"trunc_normal_: std={std}, a={a}, b={b}, expected std above 0 and a below b")
    low, high = (a - mean) / std, (b - mean) / std
    if low > 4 or high < -4:
        raise ag.errors.ArgumentError(
            f"trunc_normal_: [a, b] = [{a}, {b}] is more than 4 deviations from mean={mean} (std={std}), where almost no "
            "number falls; move it nearer"
        )
    draw = (generator or ag.default_generator).numpy
    values = draw.standard_normal(tensor.shape)
    while (outside := (values < low) | (values > high)).any():
        values[outside] = draw.standard_normal(int(outside.sum()))
    return tensor.copy_(ag.from_numpy(values * std + mean))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which weights are scaled to keep the variance through *nonlinearity*.

    1 for "linear", "conv1d" to "conv3d" and "sigmoid", 5/3 for "tanh", sqrt(2) for "relu", sqrt(2 / (1 + param^2)) for
    "leaky_relu" of slope *param* (0.01 by default), 3/4 for "selu".

    >>> import nn
    >>> nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ag.errors.ArgumentError(f"calculate_gain: param is {param!r}, expected leaky_relu's slope, a number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in GAINS:
        known = ", ".join([*GAINS, "leaky_relu"])
        raise ag.errors.ArgumentError(f"calculate_gain: nonlinearity={nonlinearity!r} is unknown; use one of {known}")
    return GAINS[nonlinearity]


GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def _fans(name: str, tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs an output has, and how many outputs an input: weights are (O, I, ...)."""
    if tensor.ndim < 2:
        raise ag.errors.ShapeError(
            f"{name}: tensor has shape {tensor.shape}, expected (out, in, ...): fan in and fan out need two dims; "
            "for a bias use zeros_ or uniform_"
        )
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from U(-a, a) with a = gain sqrt(6 / (fan_in + fan_out)).

    Source: Glorot & Bengio 2010.

    >>> import nn
    >>> bool(nn.init.xavier_uniform_(ag.empty(2, 4)).abs().max() <= 1)
    True
    """
    fan_in, fan_out = _fans("xavier_uniform_", tensor)
    bound = gain * math.sqrt(6 / max(1, fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from N(0, std^2) with std = gain sqrt(2 / (fan_in + fan_out)).

    Source: Glorot & Bengio 2010.

    >>> import nn
    >>> nn.init.xavier_normal_(ag.empty(2, 4)).shape
    (2, 4)
    """
    fan_in, fan_out = _fans("xavier_normal_", tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, fan_in + fan_out)), generator)


def _kaiming_std(name: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ag.errors.ArgumentError(f"{name}: mode={mode!r}, expected 'fan_in' or 'fan_out'")
    fan = _fans(name, tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Draw from U(-b, b) with b = gain sqrt(3 / fan): with "relu", variances stay as they are through the layer.

    *a* is leaky_relu's slope; *mode* is "fan_in" (forward) or "fan_out" (backward).  Source: He et al. 2015.

    >>> import nn
    >>> bool(nn.init.kaiming_uniform_(ag.empty(2, 6)).abs().max() <= 1)
    True
    """
    bound = math.sqrt(3) * _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Draw from N(0, std^2) with std = gain / sqrt(fan); arguments as for ``kaiming_uniform_``.

    Source: He et al. 2015.

    >>> import nn
    >>> nn.init.kaiming_normal_(ag.empty(2, 4), nonlinearity="relu").shape
    (2, 4)
    """
    return normal_(tensor, 0.0, _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


@_fills
def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Make the rows of the matrix (O, the rest) orthogonal, or its columns if it has more rows, each of length *gain*.

    Source: Saxe et al. 2014.

    >>> import nn
    >>> w = nn.init.orthogonal_(ag.empty(2, 3))
    >>> bool(ag.allclose(w @ w.T, ag.eye(2), atol=1e-6))
    True
    """
    if tensor.ndim < 2:
        raise ag.errors.ShapeError(f"orthogonal_: tensor has shape {tensor.shape}, expected two dims or more")
    if tensor.numel() == 0:
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    draw: Any = (generator or ag.default_generator).numpy.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(draw)
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)  # without the signs of r, q would not be uniform among orthogonal matrices
    return tensor.copy_(ag.from_numpy(gain * (q.T if rows < columns else q).reshape(tensor.shape)))


@_fills
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Draw a matrix (O, I) from N(0, std^2), but for a share of *sparsity*, rounded up, of each column, which is 0.

    Source: Martens 2010, "Deep learning via Hessian-free optimization".

    >>> import nn
    >>> nn.init.sparse_(ag.empty(4, 3), 0.5).ne(0).sum(0)
    tensor([2, 2, 2])
    """
    if tensor.ndim != 2:
        raise ag.errors.ShapeError(f"sparse_: tensor has shape {tensor.shape}, expected a matrix (rows, columns)")
    if not 0 <= sparsity <= 1:
        raise ag.errors.ArgumentError(f"sparse_: sparsity={sparsity}, expected a share, from 0 to 1")
    normal_(tensor, 0.0, std, generator)
    draw = (generator or ag.default_generator).numpy.random(tuple(tensor.shape))
    zeros = draw.argsort(0) < math.ceil(sparsity * tensor.shape[0])  # each column is a permutation
    return tensor.masked_fill_(ag.from_numpy(zeros), 0.0)


# What programs from before PyTorch 0.4 call these.
constant, dirac, eye = (former_name(function, "nn.init") for function in (constant_, dirac_, eye_))
kaiming_normal, kaiming_uniform = (former_name(function, "nn.init") for function in (kaiming_normal_, kaiming_uniform_))
normal, uniform = (former_name(function, "nn.init") for function in (normal_, uniform_))
orthogonal, sparse = (former_name(function, "nn.init") for function in (orthogonal_, sparse_))
xavier_normal, xavier_uniform = (former_name(function, "nn.init") for function in (xavier_normal_, xavier_uniform_))
