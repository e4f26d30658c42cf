"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number, elementwise


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum (Polyak 1964), or Nesterov's (Sutskever et al. 2013).

    With gradient g (of the objective's negative with *maximize*), decay :math:`\lambda`, momentum :math:`\mu`,
    dampening :math:`\tau`: :math:`d = g + \lambda p`,  :math:`b \leftarrow \mu b + (1 - \tau) d` (at first :math:`b
    = d`), :math:`p \leftarrow p - lr \cdot b`, or with *nesterov* :math:`p - lr (d + \mu b)`.

    Raises ArgumentError for a negative option, and for *nesterov* without momentum or with dampening.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.SGD([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.5, 1.0]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults, foreach=foreach, differentiable=differentiable, fused=fused)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=0.01")
        check_number("momentum value", group["momentum"], "pass for example momentum=0.9")
        check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.0005")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ag.errors.ArgumentError(
                "Nesterov momentum requires a momentum and zero dampening, "
                f"not momentum={group['momentum']} and dampening={group['dampening']}. Pass momentum=0.9, dampening=0."
            )

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        momentum, fresh = float(group["momentum"]), 1.0 - float(group["dampening"])
        velocity = state.get("momentum_buffer") if momentum else None
        if momentum and velocity is None:  # the first step has no past: its velocity is the gradient, without dampening
            velocity = state["momentum_buffer"] = np.zeros_like(parameter)
            fresh = 1.0
        sign = -1.0 if group["maximize"] else 1.0
        decay = float(group["weight_decay"])
        numbers = float(group["lr"]), decay, sign, momentum, fresh, bool(group["nesterov"])
        elementwise(sgd_step, (parameter, gradient, velocity), *numbers)


@ag.kernel
def sgd_step(
    p: Array,
    gradient: Array,
    velocity: Array | None,
    lr: float,
    weight_decay: float,
    sign: float,
    momentum: float,
    fresh: float,
    nesterov: bool,
) -> None:
    """Update *p*, and *velocity* if there is one; it is zero before the first step."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, decay, signed, mu, weight = cast(lr), cast(weight_decay), cast(sign), cast(momentum), cast(fresh)
    for i in range(p.size):
        d = signed * gradient[i]
        if weight_decay != 0:
            d = d + decay * p[i]
        if velocity is not None:
            v = mu * velocity[i] + weight * d
            velocity[i] = v
            d = d + mu * v if nesterov else v
        p[i] -= rate * d


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, velocity = np.zeros((3, 1), dtype)
    sgd_step(p, gradient, None, 0.1, 0.0, 1.0, 0.0, 1.0, False)
    sgd_step(p, gradient, velocity, 0.1, 0.0, 1.0, 0.9, 1.0, False)
