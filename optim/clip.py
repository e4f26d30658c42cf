"""Bounds on gradients, applied between ``backward()`` and ``step()``.  In PyTorch these are in ``nn.utils``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

import autograd_core as ag

from .optimizer import check_number


def clip_grad_norm_(
    parameters: ag.Tensor | Iterable[ag.Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> ag.Tensor:
    """Scale all gradients by ``min(1, max_norm / (norm + 1e-6))``, in place, and return the norm they had.

    The norm is that of all gradients as one vector; *norm_type* is its order, ``float("inf")`` for the largest
    magnitude. Parameters without a gradient do not count.  Source: Pascanu, Mikolov, Bengio 2013. Raises
    ArgumentError for a negative *max_norm* or *norm_type*; NonFiniteError for a norm of NaN or infinity, if asked
    to: otherwise such a norm makes gradients NaN or zero.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> optim.clip_grad_norm_([w], max_norm=1.0).item()
    10.0
    >>> [round(g, 4) for g in w.grad.tolist()]
    [0.6, 0.8]
    """
    check_number("max_norm", max_norm, "pass for example max_norm=1.0", infinite=True)
    norm_type = float(norm_type)
    check_number("norm_type", norm_type, "pass 2.0, 1.0 or float('inf')", infinite=True)
    gradients = gradients_of(parameters)
    if not gradients:
        return ag.tensor(0.0)
    norms = np.stack([vector_norm(g.data, norm_type) for g in gradients])
    total = vector_norm(norms, norm_type)
    if error_if_nonfinite and not np.isfinite(total):
        raise ag.errors.NonFiniteError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite ({total}), "
            "so it cannot be clipped. Find its origin with ag.detect_anomaly(), or scale by it anyway with "
            "error_if_nonfinite=False."
        )
    scale = max_norm / (float(total) + 1e-6)
    if not scale >= 1.0:  # NaN passes
        scale_all(gradients, scale)
    return ag.from_numpy(np.asarray(total))


def clip_grad_value_(parameters: ag.Tensor | Iterable[ag.Tensor], clip_value: float) -> None:
    """Clamp every element of every gradient to [-clip_value, clip_value], in place; NaN stays.

    Raises ArgumentError for a negative *clip_value*.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, -0.25], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> optim.clip_grad_value_([w], 1.0)
    >>> w.grad.tolist()
    [1.0, -0.5]
    """
    check_number("clip_value", clip_value, "pass for example clip_value=1.0", infinite=True)
    with ag.no_grad():
        for g in gradients_of(parameters):
            g.clamp_(-float(clip_value), float(clip_value))


def gradients_of(parameters: ag.Tensor | Iterable[ag.Tensor]) -> list[ag.Tensor]:
    return [p.grad for p in ([parameters] if isinstance(parameters, ag.Tensor) else parameters) if p.grad is not None]


def vector_norm(array: np.ndarray, order: float) -> np.floating:
    """Return the norm of all elements, in their dtype; zero if there are none."""
    return np.linalg.norm(array.reshape(-1), order) if array.size else array.dtype.type(0)


def scale_all(gradients: list[ag.Tensor], scale: float) -> None:
    with ag.no_grad():
        for g in gradients:
            g.mul_(scale)
