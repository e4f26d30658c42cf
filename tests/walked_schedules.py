"""Optimizers whose rates change, the rates and momenta that schedules give them, and schedules that are resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import autograd_core as ag
import optim

STEPS = 300


def make(lib: Any = ag, module: Any = optim, optimizer: str = "SGD", **options: Any) -> Any:
    """An optimizer with two groups."""
    options = options or ({"lr": 0.5, "momentum": 0.9} if optimizer == "SGD" else {"lr": 0.5})
    return getattr(module, optimizer)([{"params": lib.zeros(1)}, {"params": lib.zeros(1), "lr": 0.2}], **options)


def walk(schedule: Any, steps: int) -> list[list[float]]:
    """The rates and momenta from now on."""
    seen = []
    for _ in range(steps):
        seen.append([*(float(r) for r in schedule.get_last_lr())])
        for group in schedule.optimizer.param_groups:
            seen[-1] += [float(group["lr"]), float(group.get("momentum", 0)), *map(float, group.get("betas", ()))]
        schedule.optimizer.step()
        schedule.step()
    return seen


def close(values: list[list[float]], rel: float = 1e-9) -> list[Any]:
    return [pytest.approx(row, rel=rel, abs=1e-12) for row in values]


def same_again(make_schedule: Callable[[Any], Any], at: int) -> None:
    schedule = make_schedule(make())
    walk(schedule, at)
    saved = json.loads(json.dumps([schedule.state_dict(), schedule.optimizer.state_dict()]))
    resumed = make_schedule(make())
    resumed.load_state_dict(saved[0])
    resumed.optimizer.load_state_dict(saved[1])
    assert resumed.get_last_lr() == schedule.get_last_lr()
    assert walk(resumed, 60) == walk(schedule, 60)
