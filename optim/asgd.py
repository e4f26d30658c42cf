"""Averaged gradient descent: the mean of the last iterates is kept beside them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number, elementwise


class ASGD(Optimizer):
    r"""Averaged stochastic gradient descent (Polyak and Juditsky 1992).

    At step t, with gradient g, decay :math:`\lambda` (*lambd*), and rate :math:`\eta`, which starts at *lr*:
    :math:`p \leftarrow (1 - \lambda \eta) p - \eta g`,  then :math:`\eta = lr / (1 + \lambda\,lr\,t)^\alpha` for the
    next step.  ``optimizer.state[p]["ax"]`` is the mean of the iterates after step *t0* + 1, until then the last one.

    Raises ArgumentError for a negative option.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.ASGD([w], lr=0.25, lambd=0.0, t0=0)
    >>> for _ in range(3):
    ...     w.grad = ag.tensor([1.0])
    ...     optimizer.step()
    >>> w.tolist(), optimizer.state[w]["ax"].tolist()  # the mean of 0.5 and 0.25
    ([0.25], [0.375])
    """

    numbers: ClassVar[tuple[str, ...]] = ("step", "eta", "mu")

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=0.01")
        check_number("lambd value", group["lambd"], "pass for example lambd=0.0001")
        check_number("alpha value", group["alpha"], "pass for example alpha=0.75")
        check_number("t0 value", group["t0"], "pass for example t0=1e6", closed=True)
        check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.0005")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        lr, lambd = float(group["lr"]), float(group["lambd"])
        if not state:
            state.update(step=0, eta=rounded(lr), mu=1.0, ax=np.zeros_like(parameter))
        state["step"] = step = state["step"] + 1
        eta = state["eta"]
        elementwise(
            asgd_step,
            (parameter, gradient, state["ax"]),
            eta,
            1.0 - lambd * eta,
            float(group["weight_decay"]),
            -1.0 if group["maximize"] else 1.0,
            state["mu"],
        )
        state["eta"] = rounded(lr / (1.0 + lambd * lr * step) ** float(group["alpha"]))
        state["mu"] = rounded(1.0 / max(1.0, step - float(group["t0"])))


def rounded(value: float) -> float:
    """Round to the default dtype, as PyTorch does, which keeps these numbers as tensors."""
    return ag.tensor(value).item()


@ag.kernel
def asgd_step(
    p: Array, gradient: Array, average: Array, lr: float, shrink: float, weight_decay: float, sign: float, mu: float
) -> None:
    """Update *p* and, with the weight *mu* for the new *p*, *average*."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, factor, decay, signed, weight = cast(lr), cast(shrink), cast(weight_decay), cast(sign), cast(mu)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        x = factor * p[i] - rate * g
        p[i] = x
        if mu == 1:
            average[i] = x
        else:
            average[i] += (x - average[i]) * weight


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, average = np.zeros((3, 1), dtype)
    asgd_step(p, gradient, average, 0.1, 1.0, 0.0, 1.0, 1.0)
