"""What is done to the weights themselves after a step: bounds, and the step towards zero that goes with the L1 norm.

A hook does it after every step::

    optimizer.register_step_post_hook(lambda *_: optim.max_norm_(layer.weight, 3.0))
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

import autograd_core as ag

from .optimizer import check_number

__all__ = ["clip_weights_", "max_norm_", "soft_threshold_"]


def clip_weights_(parameters: ag.Tensor | Iterable[ag.Tensor], bound: float) -> None:
    """Bring every element of *parameters* into [-bound, bound], in place.

    Raises ArgumentError for a negative *bound*.  Source: Arjovsky, Chintala & Bottou, "Wasserstein GAN", 2017, who keep
    the weights of the critic within 0.01.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, -0.5, -2.0], requires_grad=True)
    >>> optim.clip_weights_([w], 1.0)
    >>> w.tolist()
    [1.0, -0.5, -1.0]
    """
    check_number("bound", bound, "pass for example bound=0.1", closed=True)
    with ag.no_grad():
        for p in _listed(parameters):
            p.clamp_(-bound, bound)


def soft_threshold_(parameters: ag.Tensor | Iterable[ag.Tensor], threshold: float) -> None:
    """Move every element towards 0 by *threshold*, and no further, in place: ``sign(p) max(|p| - threshold, 0)``.

    This is the proximal step of the L1 norm.  After each step of plain SGD, with ``threshold = lr * strength``, it minimises
    ``loss + strength * l1_penalty(parameters)``, and weights become exactly 0; with the gradient of the penalty they only
    jump about it.  Raises ArgumentError for a negative *threshold*.  Source: Daubechies, Defrise & De Mol, "An iterative
    thresholding algorithm for linear inverse problems", 2004.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, -0.25, -2.0], requires_grad=True)
    >>> optim.soft_threshold_([w], 0.5)
    >>> w.tolist()
    [2.5, 0.0, -1.5]
    """
    check_number("threshold", threshold, "pass for example lr * 1e-3", closed=True)
    with ag.no_grad():
        for p in _listed(parameters):
            p.sub_(p.clamp(-threshold, threshold))


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


def _listed(parameters: ag.Tensor | Iterable[ag.Tensor]) -> list[ag.Tensor]:
    return [parameters] if isinstance(parameters, ag.Tensor) else list(parameters)
