"""RAdam: Adam that warms up by itself."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_moments, elementwise


class RAdam(Optimizer):
    r"""Rectified Adam (Liu et al. 2020).

    At step t, with gradient g: :math:`m \leftarrow \beta_1 m + (1 - \beta_1) g`,  :math:`v \leftarrow \beta_2 v +
    (1 - \beta_2) g^2`.  :math:`\rho_t = \rho_\infty - 2 t \beta_2^t / (1 - \beta_2^t)`, with :math:`\rho_\infty =
    2 / (1 - \beta_2) - 1`, says over how many gradients v averages.  Until it exceeds 5 the step is that of momentum,
    :math:`p \leftarrow p - \frac{lr}{1 - \beta_1^t} m`, then that of Adam times :math:`r_t = \sqrt{\frac{(\rho_t - 4)
    (\rho_t - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}}`: :math:`p \leftarrow p - \frac{lr}
    {1 - \beta_1^t} r_t \sqrt{1 - \beta_2^t} \frac{m}{\sqrt v + \epsilon}`.  Weight decay :math:`\lambda` adds
    :math:`\lambda p` to g, or with *decoupled_weight_decay* first shrinks p by :math:`1 - lr \lambda`.

    Raises ArgumentError for a negative option and for a beta outside [0, 1).

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.RAdam([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 4) for x in w.tolist()]
    [0.5, 1.0]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable)

    def check(self, group: Group) -> None:
        check_moments(group, "0.001")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(parameter), exp_avg_sq=np.zeros_like(parameter))
        state["step"] = step = state["step"] + 1
        lr, decay, decoupled = float(group["lr"]), float(group["weight_decay"]), group["decoupled_weight_decay"]
        beta1, beta2 = map(float, group["betas"])
        rectified = rectification(step, beta2)
        elementwise(
            radam_step,
            (parameter, gradient, state["exp_avg"], state["exp_avg_sq"]),
            lr / (1.0 - beta1**step) * (rectified or 1.0),
            rectified is not None,
            1.0 - lr * decay if decoupled else 1.0,
            0.0 if decoupled else decay,
            -1.0 if group["maximize"] else 1.0,
            beta1,
            beta2,
            float(group["eps"]),
        )


def rectification(step: int, beta2: float) -> float | None:
    r"""Return :math:`r_t \sqrt{1 - \beta_2^t}`, or None while the squares of too few gradients are known."""
    correction = 1.0 - beta2**step
    most = 2.0 / (1.0 - beta2) - 1.0
    length = most - 2.0 * step * beta2**step / correction
    if not length > 5.0:
        return None
    return sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)) * sqrt(correction)


@ag.kernel
def radam_step(
    p: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    lr: float,
    adaptive: bool,
    shrink: float,
    weight_decay: float,
    sign: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> None:
    """Update *p*, and the moving averages *mean* and *square*; the latter scales the step only if it is *adaptive*."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, factor, decay, signed, epsilon = cast(lr), cast(shrink), cast(weight_decay), cast(sign), cast(eps)
    keep1, weight1, keep2, weight2 = cast(beta1), cast(1 - beta1), cast(beta2), cast(1 - beta2)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        m = keep1 * mean[i] + weight1 * g
        v = keep2 * square[i] + weight2 * g * g
        mean[i] = m
        square[i] = v
        if adaptive:
            m = m / (np.sqrt(v) + epsilon)
        p[i] = factor * p[i] - rate * m


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, mean, square = np.zeros((4, 1), dtype)
    radam_step(p, gradient, mean, square, 0.1, True, 1.0, 0.0, 1.0, 0.9, 0.999, 1e-8)
