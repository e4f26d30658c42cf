"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_moments, check_number, elementwise


class NAdam(Optimizer):
    r"""NAdam (Dozat 2016).

    At step t, with gradient g and momentum :math:`\mu_t = \beta_1 (1 - \frac12 0.96^{t \psi})`, where
    :math:`\psi` is *momentum_decay*: :math:`m \leftarrow \beta_1 m + (1 - \beta_1) g`,  :math:`v \leftarrow
    \beta_2 v + (1 - \beta_2) g^2`,  :math:`\hat m = \frac{\mu_{t+1} m}{1 - \mu_1 \cdots \mu_{t+1}} +
    \frac{(1 - \mu_t) g}{1 - \mu_1 \cdots \mu_t}`,  :math:`p \leftarrow p - lr \frac{\hat m}{\sqrt{v / (1 - \beta_2^t)}
    + \epsilon}`.  Weight decay :math:`\lambda` adds :math:`\lambda p` to g, or with *decoupled_weight_decay* first
    shrinks p by :math:`1 - lr \lambda`.

    Raises ArgumentError for a negative option and for a beta outside [0, 1).

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.NAdam([w], lr=0.5, betas=(0.0, 0.9))
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 4) for x in w.tolist()]
    [0.5, 1.5]
    """

    numbers: ClassVar[tuple[str, ...]] = ("step", "mu_product")

    def __init__(
        self,
        params: Params,
        lr: Rate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable)

    def check(self, group: Group) -> None:
        check_moments(group, "0.002")
        check_number("momentum_decay value", group["momentum_decay"], "pass for example momentum_decay=0.004")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            zeros = np.zeros_like(parameter)
            state.update(step=0, mu_product=1.0, exp_avg=zeros, exp_avg_sq=zeros.copy())
        state["step"] = step = state["step"] + 1
        lr, decay, decoupled = float(group["lr"]), float(group["weight_decay"]), group["decoupled_weight_decay"]
        beta1, beta2 = map(float, group["betas"])
        fading = float(group["momentum_decay"])
        mu, mu_next = [beta1 * (1.0 - 0.5 * 0.96 ** (t * fading)) for t in (step, step + 1)]
        # PyTorch keeps the product as a tensor of the default dtype, and so it is rounded here
        state["mu_product"] = product = (ag.tensor(state["mu_product"]) * mu).item()
        elementwise(
            nadam_step,
            (parameter, gradient, state["exp_avg"], state["exp_avg_sq"]),
            lr * (1.0 - mu) / (1.0 - product),
            lr * mu_next / (1.0 - product * mu_next),
            1.0 - beta2**step,
            1.0 - lr * decay if decoupled else 1.0,
            0.0 if decoupled else decay,
            -1.0 if group["maximize"] else 1.0,
            beta1,
            beta2,
            float(group["eps"]),
        )


@ag.kernel
def nadam_step(
    p: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    lr: float,
    lr_mean: float,
    correction: float,
    shrink: float,
    weight_decay: float,
    sign: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> None:
    """Update *p* with the rates *lr* for the gradient and *lr_mean* for its moving average *mean*, and *square*."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, rate_mean, corrected, factor = cast(lr), cast(lr_mean), cast(correction), cast(shrink)
    decay, signed, epsilon = cast(weight_decay), cast(sign), cast(eps)
    keep1, weight1, keep2, weight2 = cast(beta1), cast(1 - beta1), cast(beta2), cast(1 - beta2)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        m = keep1 * mean[i] + weight1 * g
        v = keep2 * square[i] + weight2 * g * g
        mean[i] = m
        square[i] = v
        p[i] = factor * p[i] - (rate * g + rate_mean * m) / (np.sqrt(v / corrected) + epsilon)


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, mean, square = np.zeros((4, 1), dtype)
    nadam_step(p, gradient, mean, square, 0.1, 0.1, 1.0, 1.0, 0.0, 1.0, 0.9, 0.999, 1e-8)
