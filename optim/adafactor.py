"""Adafactor: Adam's scaling, remembered as one row and one column for each matrix."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number, check_pair


class Adafactor(Optimizer):
    r"""Adafactor (Shazeer and Stern 2018), with *lr* as the largest relative step.

    At step t, with gradient G of a parameter P of two or more dims, the means R over columns and C over rows of its
    squares approximate their matrix V: with :math:`w = t^\tau`, where :math:`\tau` is *beta2_decay*,
    :math:`R \leftarrow (1 - w) R + w\,\overline{G^2}^{(-1)}`,  :math:`C \leftarrow (1 - w) C + w\,
    \overline{G^2}^{(-2)}`,  :math:`V = R C / \max(\overline R^{(-2)}, \epsilon_1)`; for other parameters
    :math:`V \leftarrow (1 - w) V + w G^2`.  Then :math:`U = G / \max(\sqrt V, \epsilon_1)`, and with
    :math:`\mathrm{rms}` the root of the mean square, :math:`P \leftarrow (1 - lr \lambda) P - \max(\epsilon_2,
    \mathrm{rms}(P)) \min(lr, 1 / \sqrt t)\, U / \max(1, \mathrm{rms}(U) / d)`.

    *eps* is :math:`(\epsilon_1, \epsilon_2)`; None for the first is the machine epsilon of the parameter's dtype.
    Raises ArgumentError for a negative option, a positive *beta2_decay*, and *d* below 1.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([3.0, 4.0], requires_grad=True)
    >>> optimizer = optim.Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> [round(x, 4) for x in w.tolist()]  # by a tenth of rms(w) = sqrt(12.5)
    [2.6464, 3.6464]
    """

    elementwise: ClassVar[bool] = False

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults, foreach=foreach)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=0.01")
        if not group["beta2_decay"] <= 0:
            raise ag.errors.ArgumentError(
                f"Invalid beta2_decay value: {group['beta2_decay']!r}. It must be at most 0, a power of the number of "
                "steps: pass for example beta2_decay=-0.8."
            )
        check_pair("eps", group["eps"], "(None, 1e-3)")
        for i, eps in enumerate(group["eps"], 1):
            if i == 2 or eps is not None:
                check_number(f"epsilon{i} value", eps, "pass for example eps=(None, 1e-3)")
        if not group["d"] >= 1:
            raise ag.errors.ArgumentError(
                f"Invalid clipping threshold d: {group['d']!r}. It must be at least 1: pass for example d=1.0."
            )
        check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.01")

    @np.errstate(all="ignore")  # infinity and NaN go their way, as in a kernel
    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not parameter.size:
            return
        if not state:
            state.update(step=0, **first_moments(parameter))
        state["step"] = step = state["step"] + 1
        lr, decay, (eps1, eps2) = float(group["lr"]), float(group["weight_decay"]), group["eps"]
        eps1 = float(np.finfo(parameter.dtype).eps) if eps1 is None else float(eps1)
        if group["maximize"]:
            gradient = -gradient
        rate = max(float(eps2), rms(parameter)) * min(lr, 1.0 / sqrt(step))
        weight = step ** float(group["beta2_decay"])
        if decay != 0:
            parameter *= 1.0 - lr * decay
        if parameter.ndim > 1:
            row, column = state["row_var"], state["col_var"]
            for moment, dim in ((row, -1), (column, -2)):
                blend(moment, np.square(gradient).mean(dim, keepdims=True), weight)
            variance = row @ column
            variance /= np.maximum(row.mean(-2, keepdims=True), eps1)
        else:
            blend(state["variance"], np.square(gradient), weight)
            variance = state["variance"]
        scaled = gradient / np.sqrt(np.maximum(variance, eps1 * eps1))
        parameter -= rate / max(1.0, rms(scaled) / float(group["d"])) * scaled


def first_moments(parameter: Array) -> State:
    """Return zeros for the mean squares: a column (..., n, 1) and a row (..., 1, m) for a matrix (..., n, m)."""
    if parameter.ndim < 2:
        return {"variance": np.zeros_like(parameter)}
    *batch, n, m = parameter.shape
    return {"row_var": np.zeros((*batch, n, 1), parameter.dtype), "col_var": np.zeros((*batch, 1, m), parameter.dtype)}


def blend(average: Array, new: Array, weight: float) -> None:
    """Move *average* by the share *weight* towards *new*, in place; exactly to it with a weight of 1."""
    average *= 1.0 - weight
    average += weight * new


def rms(array: Array) -> float:
    """Return the root of the mean square of all elements."""
    return float(np.linalg.norm(array.reshape(-1))) / sqrt(array.size)
