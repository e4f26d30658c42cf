"""Muon: momentum whose matrix is made orthogonal."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar

import numpy as np

import autograd_core as ag

from .flat import Array, State
from .optimizer import Group, Optimizer, Params, Rate, check_number

ADJUSTMENTS = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    r"""Muon (Jordan et al. 2024), for the weight matrices of hidden layers; give other parameters to AdamW.

    With gradient G of a matrix (A, B): :math:`M \leftarrow \mu M + (1 - \mu) G`; :math:`O`, the orthogonal matrix that is
    nearest to M, or with *nesterov* to :math:`\mu M + (1 - \mu) G`, by *ns_steps* Newton-Schulz steps; and
    :math:`P \leftarrow (1 - lr \lambda) P - s\,lr\,O`, where s is :math:`\sqrt{\max(1, A / B)}` (*adjust_lr_fn* None or
    ``"original"``) or :math:`0.2 \sqrt{\max(A, B)}` (``"match_rms_adamw"``, Liu et al. 2025, for rates as of AdamW).

    A Newton-Schulz step is :math:`X \leftarrow a X + b X X^T X + c (X X^T)^2 X`, from :math:`X = M / \max(\|M\|,
    \epsilon)`, and (a, b, c) are *ns_coefficients*.  The default ones bring singular values near 1, not to 1.  As in
    PyTorch the steps round to bfloat16.

    Raises ArgumentError for a parameter that is no matrix, a negative option, and 100 steps or more.

    >>> import autograd_core as ag
    >>> import optim
    >>> w = ag.zeros(2, 2, requires_grad=True)
    >>> optimizer = optim.Muon([w], lr=1.0, ns_steps=20, ns_coefficients=(1.5, -0.5, 0.0))
    >>> w.grad = ag.tensor([[0.0, 3.0], [2.0, 0.0]])
    >>> optimizer.step()
    >>> w.round(decimals=2).tolist()
    [[0.0, -1.0], [-1.0, 0.0]]
    """

    elementwise: ClassVar[bool] = False

    def __init__(
        self,
        params: Params,
        lr: Rate = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def check(self, group: Group) -> None:
        check_number("learning rate", group["lr"], "pass for example lr=0.001")
        check_number("weight_decay value", group["weight_decay"], "pass for example weight_decay=0.1")
        check_number("momentum value", group["momentum"], "pass for example momentum=0.95")
        check_number("epsilon value", group["eps"], "pass for example eps=1e-7")
        if not isinstance(steps := group["ns_steps"], int) or not 0 <= steps < 100:
            raise ag.errors.ArgumentError(
                f"Invalid ns_steps: {steps!r}. It must be an integer of at least 0 and less than 100: pass for example "
                "ns_steps=5."
            )
        if len(group["ns_coefficients"]) != 3:
            raise ag.errors.ArgumentError(
                f"ns_coefficients must be three numbers, not {group['ns_coefficients']!r}. "
                "Pass for example (3.4445, -4.775, 2.0315)."
            )
        if group["adjust_lr_fn"] not in ADJUSTMENTS:
            raise ag.errors.ArgumentError(
                f"Adjust learning rate function {group['adjust_lr_fn']!r} is not supported. Pass one of {ADJUSTMENTS}."
            )
        for p in group.get("params", ()):
            if p.ndim != 2:
                raise ag.errors.ArgumentError(
                    f"Muon only supports 2D parameters, whereas we found a parameter with size: {p.shape}. Give it to "
                    "another optimizer, such as AdamW."
                )

    @np.errstate(all="ignore")  # infinity and NaN go their way, as in a kernel
    def update(self, group: Group, parameter: Array, gradient: Array, state: State) -> None:
        if not state:
            state["momentum_buffer"] = np.zeros_like(parameter)
        velocity = state["momentum_buffer"]
        lr, momentum = float(group["lr"]), float(group["momentum"])
        velocity += (1.0 - momentum) * (gradient - velocity)
        direction = gradient + momentum * (velocity - gradient) if group["nesterov"] else velocity
        coefficients = tuple(map(float, group["ns_coefficients"]))
        step = orthogonalized(direction, coefficients, group["ns_steps"], float(group["eps"]))
        parameter *= 1.0 - lr * float(group["weight_decay"])
        parameter -= lr * adjustment(group["adjust_lr_fn"], *parameter.shape) * step


def adjustment(name: str | None, rows: int, columns: int) -> float:
    if name == "match_rms_adamw":
        return 0.2 * sqrt(max(rows, columns))
    return sqrt(max(1.0, rows / columns)) if columns else 1.0


def orthogonalized(matrix: Array, coefficients: tuple[float, ...], steps: int, eps: float) -> Array:
    """Return what Newton-Schulz steps make of *matrix*: its singular vectors, with singular values near 1."""
    a, b, c = coefficients
    x = bfloat16(matrix.astype(np.float32))
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x  # the square of the smaller side is less work
    x = bfloat16(x / max(bfloat16(np.linalg.norm(x)), bfloat16(np.float32(eps))))
    for _ in range(steps):
        square = bfloat16(x @ x.T)
        change = bfloat16(b * square + c * (square @ square))
        x = bfloat16(a * x + change @ x)
    return (x.T if tall else x).astype(matrix.dtype)


def bfloat16(x: Any) -> Array:
    """Round float32 numbers to the nearest with 8 significant bits, ties to even; NaN stays."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return np.where(np.isnan(x), x, rounded.view(np.float32))
