"""Adagrad: steps shrink with the sum of squared gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number, elementwise


class Adagrad(Optimizer):
    r"""Adagrad (Duchi, Hazan, Singer 2011).

    At step t, with gradient g and sum s, which starts at *initial_accumulator_value*: :math:`s \leftarrow s +
    g^2`,  :math:`p \leftarrow p - \frac{lr}{1 + (t - 1)\,lr\_decay} \frac{g}{\sqrt s + \epsilon}`.

    Raises ArgumentError for a negative option.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.Adagrad([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.5, 1.5]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, defaults, foreach=foreach, differentiable=differentiable, fused=fused)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=0.01")
        check_number("lr_decay value", group["lr_decay"], "pass for example lr_decay=0.001")
        check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.0005")
        check_number("initial_accumulator_value value", group["initial_accumulator_value"], "pass for example 0.1")
        check_number("epsilon value", group["eps"], "pass for example eps=1e-10")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            state.update(step=0, sum=np.full_like(parameter, group["initial_accumulator_value"]))
        state["step"] += 1
        rate = float(group["lr"]) / (1.0 + (state["step"] - 1) * float(group["lr_decay"]))
        sign = -1.0 if group["maximize"] else 1.0
        numbers = rate, float(group["weight_decay"]), sign, float(group["eps"])
        elementwise(adagrad_step, (parameter, gradient, state["sum"]), *numbers)


@ag.kernel
def adagrad_step(
    p: Array, gradient: Array, total: Array, lr: float, weight_decay: float, sign: float, eps: float
) -> None:
    """Update *p* and *total*, the sum of squared gradients."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, decay, signed, epsilon = cast(lr), cast(weight_decay), cast(sign), cast(eps)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        s = total[i] + g * g
        total[i] = s
        p[i] -= rate * g / (np.sqrt(s) + epsilon)


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, total = np.zeros((3, 1), dtype)
    adagrad_step(p, gradient, total, 0.1, 0.0, 1.0, 1e-10)
