"""Adam, and AdamW with its decoupled weight decay."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_moments, elementwise


class Adam(Optimizer):
    r"""Adam (Kingma and Ba 2015), *amsgrad* as in Reddi, Kale, Kumar 2018.

    At step t, with gradient g: :math:`m \leftarrow \beta_1 m + (1 - \beta_1) g`,  :math:`v \leftarrow \beta_2 v +
    (1 - \beta_2) g^2`, :math:`p \leftarrow p - \frac{lr}{1 - \beta_1^t} \frac{m}{\sqrt{v / (1 - \beta_2^t)} +
    \epsilon}`; with *amsgrad* the largest v so far takes the place of v.  Weight decay :math:`\lambda` adds
    :math:`\lambda p` to g, or with *decoupled_weight_decay* first shrinks p by :math:`1 - lr \lambda`, as
    :class:`AdamW` does.

    Raises ArgumentError for a negative option and for a beta outside [0, 1).

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.Adam([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 4) for x in w.tolist()]
    [0.5, 1.5]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(
            params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable, fused=fused
        )

    def check(self, group: Group) -> None:
        check_moments(group, "0.001")

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(parameter), exp_avg_sq=np.zeros_like(parameter))
        largest = None
        if group["amsgrad"] and (largest := state.get("max_exp_avg_sq")) is None:
            largest = state["max_exp_avg_sq"] = np.zeros_like(parameter)
        state["step"] = step = state["step"] + 1
        lr, decay, decoupled = float(group["lr"]), float(group["weight_decay"]), group["decoupled_weight_decay"]
        beta1, beta2 = map(float, group["betas"])
        elementwise(
            adam_step,
            (parameter, gradient, state["exp_avg"], state["exp_avg_sq"], largest),
            lr / (1.0 - beta1**step),
            1.0 / sqrt(1.0 - beta2**step),
            1.0 - lr * decay if decoupled else 1.0,
            0.0 if decoupled else decay,
            -1.0 if group["maximize"] else 1.0,
            beta1,
            beta2,
            float(group["eps"]),
        )


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): p is first multiplied by 1 - lr * weight_decay.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.AdamW([w], lr=0.5, weight_decay=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 4) for x in w.tolist()]
    [0.25, 1.0]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            foreach=foreach,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )


@ag.kernel
def adam_step(
    p: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    largest: Array | None,
    lr: float,
    correction: float,
    shrink: float,
    weight_decay: float,
    sign: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> None:
    """Update *p*, the moving averages *mean* and *square*, and *largest*, the largest *square* so far, if it is kept.

    *lr* is divided by its bias correction; *correction* does as much for the root of *square*.
    """
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    rate, root_correction, factor, decay = cast(lr), cast(correction), cast(shrink), cast(weight_decay)
    signed, keep1, weight1, keep2, weight2 = cast(sign), cast(beta1), cast(1 - beta1), cast(beta2), cast(1 - beta2)
    epsilon = cast(eps)
    for i in range(p.size):
        g = signed * gradient[i]
        if weight_decay != 0:
            g = g + decay * p[i]
        m = mean[i]
        # the two are equal; each is exact at its end, so beta1 = 0 gives g
        m = m + weight1 * (g - m) if 1 - beta1 < 0.5 else g - keep1 * (g - m)
        v = keep2 * square[i] + weight2 * g * g
        mean[i] = m
        square[i] = v
        if largest is not None:
            if v > largest[i] or v != v:  # NaN passes
                largest[i] = v
            v = largest[i]
        p[i] = factor * p[i] - rate * m / (np.sqrt(v) * root_correction + epsilon)


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, mean, square = np.zeros((4, 1), dtype)
    adam_step(p, gradient, mean, square, None, 0.1, 1.0, 1.0, 0.0, 1.0, 0.9, 0.999, 1e-8)
