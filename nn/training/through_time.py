"""How far back in time a gradient reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .. import expect
from ..layers import RNNBase

__all__ = ["gradient_through_time"]


def gradient_through_time(
    layer: RNNBase, input: ag.Tensor, loss: Callable[[ag.Tensor], ag.Tensor]
) -> NDArray[np.float64]:
    r"""Return :math:`\lVert \partial L_T / \partial s_t \rVert` for t = 1 .. T, (T,), as the mean over the batch.

    *layer* reads *input*, (N, T, I) where it is ``batch_first`` else (T, N, I), step by step; *loss* is given its last
    output, (N, H), and returns the **sum** of the losses of the batch.  The state s is h, of an LSTM h and c together.
    Sources: Bengio, Simard & Frasconi, "Learning Long-Term Dependencies with Gradient Descent is Difficult", 1994; Pascanu,
    Mikolov & Bengio, "On the Difficulty of Training Recurrent Neural Networks", 2013.

    >>> import nn
    >>> norms = gradient_through_time(nn.RNN(3, 8), ag.ones(20, 2, 3), lambda output: output.square().sum())
    >>> norms.shape, bool(norms[0] < norms[-1])
    ((20,), True)
    """
    name = "gradient_through_time"
    if not isinstance(layer, RNNBase) or layer.bidirectional:
        raise ag.errors.ArgumentError(
            f"{name}: layer={type(layer).__name__}, expected an RNN, LSTM or GRU that reads in one direction"
        )
    if input.ndim != 3 or not input.numel():
        cure = "give a batch, and one step at least"
        raise expect.shape_error(name, input, "(T, N, I), or (N, T, I) with batch_first", cure)
    time = 1 if layer.batch_first else 0
    states: list[tuple[ag.Tensor, ...]] = []
    state: Any = None
    with ag.enable_grad():
        for t in range(input.shape[time]):
            _, state = layer(input.narrow(time, t, 1), state)
            if not states:  # the first state is where the graph begins, be the parameters frozen or not
                cut = [part.detach().requires_grad_() for part in (state if isinstance(state, tuple) else (state,))]
                state = tuple(cut) if isinstance(state, tuple) else cut[0]
            states.append(state if isinstance(state, tuple) else (state,))
        total = loss(states[-1][0][-1])  # h of the last layer
    if total.numel() != 1:
        raise expect.shape_error(name, total, "a loss of one number, the sum over the batch", "use reduction='sum'")
    flat = [part for parts in states for part in parts]
    gradients = iter(ag.grad(total, flat, allow_unused=True))
    return np.array([_mean_norm([next(gradients) for _ in parts]) for parts in states])


def _mean_norm(gradients: list[ag.Tensor | None]) -> float:
    """Return the mean over the batch of the norm of (layers, N, H), several taken together."""
    squares = [np.square(g.array, dtype=np.float64).sum((0, 2)) for g in gradients if g is not None]
    return float(np.sqrt(sum(squares)).mean()) if squares else 0.0
