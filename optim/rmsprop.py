"""RMSprop: steps scaled by a moving average of squared gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number, elementwise


class RMSprop(Optimizer):
    r"""RMSprop (Tieleman and Hinton 2012), *centered* as in Graves 2013.

    With gradient g: :math:`v \leftarrow \alpha v + (1 - \alpha) g^2`; with *centered* also
    :math:`a \leftarrow \alpha a + (1 - \alpha) g`, and :math:`v - a^2` in place of v below;
    :math:`b \leftarrow \mu b + g / (\sqrt v + \epsilon)`,  :math:`p \leftarrow p - lr \cdot b`.

    Raises ArgumentError for a negative option.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.RMSprop([w], lr=0.25, alpha=0.75, eps=0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.5, 1.5]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=0.01")
        check_number("alpha value", group["alpha"], "pass for example alpha=0.99")
        check_number("epsilon value", group["eps"], "pass for example eps=1e-8")
        check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.0005")
        check_number("momentum value", group["momentum"], "pass for example momentum=0.9")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            state.update(step=0, square_avg=np.zeros_like(parameter))
        state["step"] += 1
        average = velocity = None
        if group["centered"] and (average := state.get("grad_avg")) is None:
            average = state["grad_avg"] = np.zeros_like(parameter)
        if group["momentum"] and (velocity := state.get("momentum_buffer")) is None:
            velocity = state["momentum_buffer"] = np.zeros_like(parameter)
        elementwise(
            rmsprop_step,
            (parameter, gradient, state["square_avg"], average, velocity),
            float(group["lr"]),
            float(group["weight_decay"]),
            -1.0 if group["maximize"] else 1.0,
            float(group["alpha"]),
            float(group["eps"]),
            float(group["momentum"]),
        )


@ag.kernel
def rmsprop_step(
    p: Array,
    gradient: Array,
    square: Array,
    average: Array | None,
    velocity: Array | None,
    lr: float,
    weight_decay: float,
    sign: float,
    alpha: float,
    eps: float,
    momentum: float,
) -> None:
    """Update *p*, the moving averages *square* and *average*, and *velocity*; the last two if there are any."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, decay, signed, mu = cast(lr), cast(weight_decay), cast(sign), cast(momentum)
    keep, weight, epsilon = cast(alpha), cast(1 - alpha), cast(eps)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        v = keep * square[i] + weight * g * g
        square[i] = v
        if average is not None:
            a = average[i]
            # the two are equal; each is exact at its end, so alpha = 0 gives g and alpha = 1 the old average
            a = a + weight * (g - a) if 1 - alpha < 0.5 else g - keep * (g - a)
            average[i] = a
            v = v - a * a
        root = np.sqrt(v) + epsilon
        if velocity is not None:
            u = mu * velocity[i] + g / root
            velocity[i] = u
            p[i] -= rate * u
        else:
            p[i] -= rate * g / root


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, square = np.zeros((3, 1), dtype)
    rmsprop_step(p, gradient, square, None, None, 0.1, 0.0, 1.0, 0.9, 1e-8, 0.0)
