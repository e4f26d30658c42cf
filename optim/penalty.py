"""Weight penalties, added to a loss, and the max-norm constraint, applied after a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add

import numpy as np

import autograd_core as ag

from .optimizer import check_number


def l1_penalty(parameters: ag.Tensor | Iterable[ag.Tensor]) -> ag.Tensor:
    """Return the sum of |p| over all elements of *parameters*, a differentiable scalar (the lasso, Tibshirani 1996).

    Raises ArgumentError if there are no parameters.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, -2.0], requires_grad=True)
    >>> penalty = optim.l1_penalty([w])
    >>> penalty.item()
    5.0
    >>> penalty.backward()
    >>> w.grad.tolist()
    [1.0, -1.0]
    """
    return total(parameters, ag.abs)


def l2_penalty(parameters: ag.Tensor | Iterable[ag.Tensor]) -> ag.Tensor:
    """Return the sum of p^2 over all elements of *parameters*, a differentiable scalar (ridge regression).

    With plain SGD, ``loss + wd / 2 * l2_penalty(parameters)`` is ``weight_decay=wd``.  Raises ArgumentError if
    there are no parameters.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, -2.0], requires_grad=True)
    >>> penalty = optim.l2_penalty([w])
    >>> penalty.item()
    13.0
    >>> penalty.backward()
    >>> w.grad.tolist()
    [6.0, -4.0]
    """
    return total(parameters, ag.square)


def max_norm_(parameter: ag.Tensor, max_norm: float, dim: int = 0, norm_type: float = 2.0) -> ag.Tensor:
    """Shrink each slice of *parameter* along *dim* to a norm of at most *max_norm*, in place; return *parameter*.

    With ``dim=0`` the weight of a linear layer (out, in) keeps the incoming weights of each unit within the norm,
    as Srivastava et al. 2014 do together with dropout.  Raises ArgumentError for a negative *max_norm* or
    *norm_type*, IndexError for *dim*.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([[3.0, 4.0], [0.5, 0.0]], requires_grad=True)
    >>> [[round(x, 4) for x in row] for row in optim.max_norm_(w, 1.0).tolist()]
    [[0.6, 0.8], [0.5, 0.0]]
    """
    check_number("max_norm", max_norm, "pass for example max_norm=3.0", closed=True)
    norm_type = float(norm_type)
    check_number("norm_type", norm_type, "pass 2.0, 1.0 or float('inf')", closed=True)
    data = parameter.array
    if not -data.ndim <= dim < data.ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-data.ndim}, {data.ndim - 1}], but got {dim}): "
            f"the parameter has shape {data.shape}. Pass a dim that it has."
        )
    if data.size:
        slices = np.moveaxis(data, dim, 0).reshape(data.shape[dim], -1)  # (slices, elements of each)
        norms = np.linalg.norm(slices, norm_type, axis=1)
        scale = np.where(norms > max_norm, max_norm / (norms + 1e-7), 1.0).astype(data.dtype)
        shape = [1] * data.ndim
        shape[dim] = -1
        with ag.no_grad():
            parameter.mul_(ag.from_numpy(scale.reshape(shape)))
    return parameter


def total(parameters: ag.Tensor | Iterable[ag.Tensor], of: Callable[[ag.Tensor], ag.Tensor]) -> ag.Tensor:
    tensors = [parameters] if isinstance(parameters, ag.Tensor) else list(parameters)
    if not tensors:
        raise ag.errors.ArgumentError(
            "a penalty got no parameters. Pass model.parameters(); a generator can be read only once."
        )
    terms: list[ag.Tensor] = [of(p).sum() for p in tensors]
    return reduce(add, terms)
