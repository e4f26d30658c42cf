"""Bounds on gradients, applied between ``backward()`` and the step of an optimizer.

PyTorch has these in ``nn.utils``; here both ``nn.utils`` and ``optim`` show them.  *foreach* changes nothing: it is there
for programs that pass it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..errors import ArgumentError, NonFiniteError
from ..modes import no_grad
from ..tensor import Tensor, wrap

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors = Tensor | Iterable[Tensor]


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by ``min(1, max_norm / (norm + 1e-6))``, in place, and return the norm they had.

    The norm is that of all gradients as one vector; *norm_type* is its order, ``float("inf")`` for the largest
    magnitude.  Parameters without a gradient do not count.  Source: Pascanu, Mikolov, Bengio 2013.  Raises
    ArgumentError for a negative *max_norm* or *norm_type*; NonFiniteError for a norm of NaN or infinity, if asked
    to: otherwise such a norm makes gradients NaN or zero.

    >>> w = ag.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> clip_grad_norm_([w], max_norm=1.0).item()
    10.0
    >>> [round(g, 4) for g in w.grad.tolist()]
    [0.6, 0.8]
    """
    _check("max_norm", max_norm, "pass for example max_norm=1.0")
    gradients = _gradients(parameters)
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    _scale(gradients, max_norm, total)
    return total


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of order *norm_type* of all *tensors* as one vector; 0 if there are none.

    Raises ArgumentError for a negative *norm_type*; NonFiniteError for a norm of NaN or infinity, if asked to.

    >>> get_total_norm([ag.tensor([3.0]), ag.tensor([[4.0]])])
    tensor(5.)
    """
    order = float(norm_type)
    _check("norm_type", order, "pass 2.0, 1.0 or float('inf')")
    norms = [_norm(t.array, order) for t in ([tensors] if isinstance(tensors, Tensor) else tensors)]
    total = _norm(np.stack(norms), order) if norms else np.float32(0)
    if error_if_nonfinite and not np.isfinite(total):
        raise NonFiniteError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite ({total}), "
            "so it cannot be clipped. Find its origin with ag.detect_anomaly(), or scale by it anyway with "
            "error_if_nonfinite=False."
        )
    return wrap(np.asarray(total), None)


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients by ``min(1, max_norm / (total_norm + 1e-6))``, in place: their norm is known already.

    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> w.grad = ag.tensor([3.0, 4.0])
    >>> clip_grads_with_norm_([w], 1.0, get_total_norm([w.grad]))
    >>> [round(g, 4) for g in w.grad.tolist()]
    [0.6, 0.8]
    """
    _check("max_norm", max_norm, "pass for example max_norm=1.0")
    _scale(_gradients(parameters), max_norm, total_norm)


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Clamp every element of every gradient to [-clip_value, clip_value], in place; NaN stays.

    Raises ArgumentError for a negative *clip_value*.

    >>> w = ag.tensor([3.0, -0.25], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad.tolist()
    [1.0, -0.5]
    """
    _check("clip_value", clip_value, "pass for example clip_value=1.0")
    with no_grad():
        for g in _gradients(parameters):
            g.clamp_(-float(clip_value), float(clip_value))


def _check(name: str, value: Any, cure: str) -> None:
    if not isinstance(value, int | float | np.number) or not value >= 0:
        raise ArgumentError(f"Invalid {name}: {value!r}. It must be a number of at least 0: {cure}.")


def _gradients(parameters: Tensors) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not given and isinstance(parameters, Iterator):
        warnings.warn(
            "parameters is an iterator with nothing left, so nothing is clipped; pass a list, or model.parameters() anew",
            stacklevel=3,
        )
    return [p.grad for p in given if p.grad is not None]


def _norm(array: np.ndarray, order: float) -> Any:
    """Return the norm of all elements, in their dtype; zero if there are none."""
    return np.linalg.norm(array.reshape(-1), order) if array.size else array.dtype.type(0)


def _scale(gradients: list[Tensor], max_norm: float, total_norm: Tensor) -> None:
    scale = max_norm / (float(total_norm) + 1e-6)
    if not scale >= 1.0:  # NaN passes
        with no_grad():
            for g in gradients:
                g.mul_(scale)
