"""What optimizers keep for each parameter and how they update it; what schedules make of a learning rate of 1."""

from __future__ import annotations

from typing import Any

import autograd_core as ag
import optim
from optim import lr_scheduler

from .kernels import watched_steps

# Options that make an optimizer keep more.
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "Adam": [{"amsgrad": True}],
    "AdamW": [{"amsgrad": True}],
    "RMSprop": [{"momentum": 0.9}, {"centered": True}],
    "SGD": [{"momentum": 0.9}],
}
SCHEDULES = (
    "ChainedScheduler([ExponentialLR(optimizer, 0.5), StepLR(optimizer, 3)])",
    "ConstantLR(optimizer, 0.5, 3)",
    "CosineAnnealingLR(optimizer, 5)",
    "CosineAnnealingWarmRestarts(optimizer, 3)",
    "CyclicLR(optimizer, 0.1, 1.0, 2, cycle_momentum=False)",
    "ExponentialLR(optimizer, 0.5)",
    "LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))",
    "LinearLR(optimizer, 0.2, 1.0, 4)",
    "MultiStepLR(optimizer, [1, 3])",
    "MultiplicativeLR(optimizer, lambda epoch: 0.5)",
    "OneCycleLR(optimizer, 1.0, 6, cycle_momentum=False)",
    "PolynomialLR(optimizer, 5, 2.0)",
    "ReduceLROnPlateau(optimizer, patience=1)",
    "RobbinsMonroLR(optimizer)",
    "SequentialLR(optimizer, [ConstantLR(optimizer, 0.5, 9), ExponentialLR(optimizer, 0.5)], [2])",
    "StepLR(optimizer, 2)",
)


def state(cls: Any) -> tuple[list[str], list[str]]:
    """Return what the optimizer keeps for a parameter, and the kernels of its step."""
    kept, kernels = stepped(cls)
    for option in OPTIONS.get(cls.__name__, []):
        further = [key for key in stepped(cls, **option)[0] if key not in kept]
        kept = [*kept, *(f"{key} ({', '.join(f'{k}={v}' for k, v in option.items())})" for key in further)]
    return kept, kernels


def stepped(cls: Any, **options: Any) -> tuple[list[str], list[str]]:
    w = ag.ones(3, 4).requires_grad_()
    optimizer = cls([w], **options)

    def loss() -> ag.Tensor:
        optimizer.zero_grad()
        value: ag.Tensor = (w * w).sum()
        value.backward()
        return value

    with watched_steps(cls) as kernels:
        optimizer.step(loss)
    return list(optimizer.state.get(w, {})), kernels


def rates(schedule: str, steps: int = 6) -> list[float]:
    """Return the learning rates of the first steps; *schedule* is the expression that makes it."""
    optimizer = optim.SGD([ag.zeros(1).requires_grad_()], lr=1.0)
    made = eval(schedule, {**vars(lr_scheduler), "optimizer": optimizer})
    found = []
    for _ in range(steps):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        made.step(*([1.0] if schedule.startswith("ReduceLROnPlateau") else []))  # the loss does not fall
    return found
