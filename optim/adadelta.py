"""Adadelta: steps in the units of the parameters, with no rate to choose."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number, elementwise


class Adadelta(Optimizer):
    r"""Adadelta (Zeiler 2012).

    With gradient g, and averages v of squared gradients and u of squared steps: :math:`v \leftarrow \rho v +
    (1 - \rho) g^2`,  :math:`\Delta = g \sqrt{u + \epsilon} / \sqrt{v + \epsilon}`,  :math:`u \leftarrow \rho u +
    (1 - \rho) \Delta^2`,  :math:`p \leftarrow p - lr \Delta`.

    Raises ArgumentError for a negative option and for *rho* above 1.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.Adadelta([w], rho=0.75, eps=0.25)
    >>> w.grad = ag.tensor([0.0, 3.0**0.5])
    >>> optimizer.step()
    >>> [round(x, 4) for x in w.tolist()]
    [1.0, 1.134]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=1.0")
        check_number("rho value", group["rho"], "pass for example rho=0.9", below=1, closed=True)
        check_number("epsilon value", group["eps"], "pass for example eps=1e-6")
        check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.0005")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            state.update(step=0, square_avg=np.zeros_like(parameter), acc_delta=np.zeros_like(parameter))
        state["step"] += 1
        elementwise(
            adadelta_step,
            (parameter, gradient, state["square_avg"], state["acc_delta"]),
            float(group["lr"]),
            float(group["weight_decay"]),
            -1.0 if group["maximize"] else 1.0,
            float(group["rho"]),
            float(group["eps"]),
        )


@ag.kernel
def adadelta_step(
    p: Array,
    gradient: Array,
    square: Array,
    moved: Array,
    lr: float,
    weight_decay: float,
    sign: float,
    rho: float,
    eps: float,
) -> None:
    """Update *p*, and the moving averages *square*, of squared gradients, and *moved*, of squared steps."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, decay, signed, epsilon = cast(lr), cast(weight_decay), cast(sign), cast(eps)
    keep, weight = cast(rho), cast(1 - rho)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        v = keep * square[i] + weight * g * g
        square[i] = v
        u = moved[i]
        step = np.sqrt(u + epsilon) / np.sqrt(v + epsilon) * g
        moved[i] = keep * u + weight * step * step
        p[i] -= rate * step


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, square, moved = np.zeros((4, 1), dtype)
    adadelta_step(p, gradient, square, moved, 1.0, 0.0, 1.0, 0.9, 1e-6)
