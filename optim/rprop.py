"""Rprop: the sign of the gradient says where to, a size of each element's own how far."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number, check_pair, elementwise


class Rprop(Optimizer):
    r"""Resilient backpropagation (Riedmiller and Braun 1993), for gradients of all data, not of batches.

    Each element has a step size :math:`\Delta`, at first *lr*.  It is multiplied by *etas[1]* where the gradient g has
    the sign of the last one, by *etas[0]* where it has the other sign, and kept within *step_sizes*; then
    :math:`p \leftarrow p - \Delta\,\mathrm{sign}(g)`, but where the sign has changed g counts as 0, now and as the
    last one.  A gradient of NaN moves nothing.

    Raises ArgumentError for a negative *lr*, unless ``0 < etas[0] < 1 < etas[1]``, and for wrong *step_sizes*.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = optim.Rprop([w], lr=0.5, etas=(0.5, 1.5))
    >>> for _ in range(2):
    ...     w.grad = ag.tensor([3.0, -0.01])
    ...     optimizer.step()
    >>> w.tolist()
    [-0.25, 3.25]
    """

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}
        super().__init__(params, defaults, foreach=foreach, capturable=capturable, differentiable=differentiable)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=0.01")
        check_pair("etas", etas := group["etas"], "(0.5, 1.2)")
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ag.errors.ArgumentError(
                f"Invalid eta values: {etas[0]}, {etas[1]}. The first must be in (0, 1) and the second above 1: "
                "pass for example etas=(0.5, 1.2)."
            )
        check_pair("step_sizes", sizes := group["step_sizes"], "(1e-6, 50)")
        if not 0.0 <= sizes[0] <= sizes[1]:
            raise ag.errors.ArgumentError(
                f"Invalid step_sizes: {sizes[0]}, {sizes[1]}. They must be at least 0, the smaller one first: pass for "
                "example step_sizes=(1e-6, 50)."
            )

    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            sizes = np.full_like(parameter, float(group["lr"]))
            state.update(step=0, prev=np.zeros_like(parameter), step_size=sizes)
        state["step"] += 1
        elementwise(
            rprop_step,
            (parameter, gradient, state["prev"], state["step_size"]),
            -1.0 if group["maximize"] else 1.0,
            *map(float, group["etas"]),
            *map(float, group["step_sizes"]),
        )


@ag.kernel
def rprop_step(
    p: Array,
    gradient: Array,
    previous: Array,
    sizes: Array,
    sign: float,
    smaller: float,
    larger: float,
    least: float,
    most: float,
) -> None:
    """Update *p*, the *sizes* of the steps, and *previous*, the last gradient, 0 where its sign had changed."""
    cast = p.dtype.type  # in float32, a float64 constant would double the width of every operation
    signed, down, up, lowest, highest = cast(sign), cast(smaller), cast(larger), cast(least), cast(most)
    zero = cast(0)
    for i in range(p.size):
        g = signed * gradient[i]
        agreement = g * previous[i]
        size = sizes[i]
        if agreement > 0:
            size = size * up
        elif agreement < 0:
            size = size * down
            g = zero
        size = min(max(size, lowest), highest)
        sizes[i] = size
        previous[i] = g
        if g > 0:
            p[i] -= size
        elif g < 0:
            p[i] += size


@ag.at_warm_up
def _warm_up(dtype: np.dtype[Any]) -> None:
    p, gradient, previous, sizes = np.zeros((4, 1), dtype)
    rprop_step(p, gradient, previous, sizes, 1.0, 0.5, 1.2, 1e-6, 50.0)
