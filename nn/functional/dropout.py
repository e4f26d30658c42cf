"""Dropout: the engine's, with PyTorch's *inplace*, for each kind of input, and those that go with selu."""

from __future__ import annotations

import math

import autograd_core as ag
from autograd_core import Generator, Tensor

from .. import expect

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

LOWEST = 1.7580993408473766  # scale times alpha of selu, which is never below minus this


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* with each element 0 with probability *p*, and divided by 1 - p otherwise; unchanged unless *training*.

    Source: Srivastava et al. 2014, in the inverted form.

    >>> import nn.functional as F
    >>> F.dropout(ag.ones(3), p=1.0)
    tensor([0., 0., 0.])
    """
    return _given(input, ag.dropout(input, p, training, generator), inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* (N, C, L) or (C, L) with whole channels 0 with probability *p*, and divided by 1 - p otherwise.

    Source: Tompson et al. 2015.

    >>> import nn.functional as F
    >>> F.dropout1d(ag.ones(1, 1, 2), p=1.0)
    tensor([[[0., 0.]]])
    """
    _check_dims("dropout1d", input, (2, 3), "(N, C, L) or (C, L)")
    batch = input if input.ndim == 3 else input.unsqueeze(0)
    dropped = ag.feature_dropout(batch, p, training, generator)
    return input if dropped is batch else _given(input, dropped.reshape(input.shape), inplace)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* (N, C, H, W) with whole channels 0 with probability *p*, and divided by 1 - p otherwise.

    An input of 3 dims is taken to be (N, C, L), as in PyTorch, with a warning.  Source: Tompson et al. 2015.

    >>> import nn.functional as F
    >>> F.dropout2d(ag.ones(1, 1, 1, 2), p=1.0)
    tensor([[[[0., 0.]]]])
    """
    _check_dims("dropout2d", input, (3, 4), "(N, C, H, W)")
    if input.ndim == 3:
        expect.warn(
            f"dropout2d: input of shape {tuple(input.shape)} is taken to be (N, C, L); use dropout1d, or unsqueeze(0)"
        )
    return _given(input, ag.feature_dropout(input, p, training, generator), inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* (N, C, D, H, W) with whole channels 0 with probability *p*, and divided by 1 - p otherwise.

    An input of 4 dims is taken to be (N, C, H, W), as in PyTorch.  Source: Tompson et al. 2015.

    >>> import nn.functional as F
    >>> F.dropout3d(ag.ones(1, 1, 1, 1, 2), p=1.0).tolist()
    [[[[[0.0, 0.0]]]]]
    """
    _check_dims("dropout3d", input, (4, 5), "(N, C, D, H, W)")
    return _given(input, ag.feature_dropout(input, p, training, generator), inplace)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* with each element the lowest value of selu with probability *p*, then brought back to mean 0, variance 1.

    (dropout(input + a, p) - a) s, where -a is the lowest value of selu and s = sqrt((1 - p) / (1 + a^2 p)): it keeps the mean
    0 and variance 1 that ``selu`` leads to.  Unchanged unless *training*, which is False by default.

    Source: Klambauer et al. 2017.

    >>> import nn.functional as F
    >>> F.alpha_dropout(ag.tensor([1.0, 2.0]), p=0.5)
    tensor([1., 2.])
    """
    if not training or p == 0:
        return _unchanged(input, p)
    return _given(input, _scaled(ag.dropout(input + LOWEST, p, True, generator), p), inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *input* (N, C, ...) with whole channels dropped as ``alpha_dropout`` drops elements.

    Unchanged unless *training*, which is False by default.

    >>> import nn.functional as F
    >>> F.feature_alpha_dropout(ag.ones(1, 2, 3), p=1.0, training=True).tolist()
    [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]
    """
    if not training or p == 0:
        return _unchanged(input, p)
    return _given(input, _scaled(ag.feature_dropout(input + LOWEST, p, True, generator), p), inplace)


def _scaled(dropped: Tensor, p: float) -> Tensor:
    scale = math.sqrt((1 - p) / (1 + LOWEST**2 * p))
    return dropped * scale - LOWEST * scale


def _unchanged(input: Tensor, p: float) -> Tensor:
    """Return *input*, after the check of *p*."""
    return ag.dropout(input, p, training=False)


def _given(input: Tensor, dropped: Tensor, inplace: bool) -> Tensor:
    return input.copy_(dropped) if inplace and dropped is not input else dropped


def _check_dims(name: str, input: Tensor, dims: tuple[int, ...], expected: str) -> None:
    expect.array(name, input)
    if input.ndim not in dims:
        raise expect.shape_error(name, input, expected, "use dropout(), which drops elements, or add dims")
