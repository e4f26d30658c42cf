"""Adamax: Adam with the largest gradient in place of the root of their mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_moments, elementwise


class Adamax(Optimizer):
    r"""Adamax (Kingma and Ba 2015, section 7.1).

    At step t, with gradient g: :math:`m \leftarrow \beta_1 m + (1 - \beta_1) g`,  :math:`u \leftarrow
    \max(\beta_2 u, |g| + \epsilon)`,  :math:`p \leftarrow p - \frac{lr}{1 - \beta_1^t} \frac m u`.

    Raises ArgumentError for a negative option and for a beta outside [0, 1).

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.Adamax([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 4) for x in w.tolist()]
    [0.5, 1.5]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable)

    def check(self, group: Group) -> None:
        check_moments(group, "0.002")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(parameter), exp_inf=np.zeros_like(parameter))
        state["step"] += 1
        beta1, beta2 = map(float, group["betas"])
        elementwise(
            adamax_step,
            (parameter, gradient, state["exp_avg"], state["exp_inf"]),
            float(group["lr"]) / (1.0 - beta1 ** state["step"]),
            float(group["weight_decay"]),
            -1.0 if group["maximize"] else 1.0,
            beta1,
            beta2,
            float(group["eps"]),
        )


@ag.kernel
def adamax_step(
    p: Array,
    gradient: Array,
    mean: Array,
    largest: Array,
    lr: float,
    weight_decay: float,
    sign: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> None:
    """Update *p*, the moving average *mean*, and *largest*, the fading maximum of magnitudes; *lr* has its correction."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, decay, signed, epsilon = cast(lr), cast(weight_decay), cast(sign), cast(eps)
    keep1, weight1, keep2 = cast(beta1), cast(1 - beta1), cast(beta2)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        m = keep1 * mean[i] + weight1 * g
        mean[i] = m
        u = keep2 * largest[i]
        size = abs(g) + epsilon
        if size > u or size != size:  # NaN passes
            u = size
        largest[i] = u
        p[i] -= rate * m / u


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, mean = np.zeros((3, 1), dtype)
    adamax_step(p, gradient, mean, np.ones(1, dtype), 0.1, 0.0, 1.0, 0.9, 0.999, 1e-8)
