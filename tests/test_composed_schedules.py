"""SequentialLR and ChainedScheduler: rates by hand and beside torch, resumed, and states that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from walked_schedules import STEPS, close, make, same_again, walk

import autograd_core as ag
from optim import lr_scheduler

# The schedules of an optimizer, made of a module of schedules: for both libraries.
Made = Callable[[Any, Any], Any]
COMPOSITES: dict[str, Made] = {
    "warm-up, decay": lambda m, o: m.SequentialLR(
        o, [m.LinearLR(o, 0.1, total_iters=10), m.ExponentialLR(o, 0.97)], milestones=[10]
    ),
    "four in a row": lambda m, o: m.SequentialLR(
        o,
        [m.ConstantLR(o, 0.1, 5), m.StepLR(o, 3), m.CosineAnnealingLR(o, 20), m.PolynomialLR(o, 30)],
        milestones=[8, 20, 60],
    ),
    "restarts at the end": lambda m, o: m.SequentialLR(
        o, [m.MultiplicativeLR(o, lambda e: 0.9), m.CosineAnnealingWarmRestarts(o, 5, 2)], milestones=[12]
    ),
    "restarts at first": lambda m, o: m.SequentialLR(
        o, [m.CosineAnnealingWarmRestarts(o, 5, 2), m.MultiplicativeLR(o, lambda e: 0.9)], milestones=[12]
    ),
    "milestones that meet": lambda m, o: m.SequentialLR(
        o, [m.ConstantLR(o, 0.5, 9), m.StepLR(o, 3), m.ExponentialLR(o, 0.9)], milestones=[4, 4]
    ),
    "a milestone at 0": lambda m, o: m.SequentialLR(
        o, [m.ConstantLR(o, 0.5, 9), m.ExponentialLR(o, 0.9)], milestones=[0]
    ),
    "chained": lambda m, o: m.ChainedScheduler([m.ConstantLR(o, 0.1, 4), m.ExponentialLR(o, 0.98), m.StepLR(o, 30)]),
    "chained, of that optimizer": lambda m, o: m.ChainedScheduler([m.LinearLR(o)], optimizer=o),
    "a chain in a row": lambda m, o: m.SequentialLR(
        o,
        [m.ChainedScheduler([m.LinearLR(o), m.ExponentialLR(o, 0.99)]), m.LambdaLR(o, lambda e: 1 / (1 + e))],
        milestones=[15],
    ),
    "a row in a row": lambda m, o: m.SequentialLR(
        o,
        [
            m.SequentialLR(o, [m.ConstantLR(o, 0.5, 3), m.ExponentialLR(o, 0.9)], milestones=[6]),
            m.CosineAnnealingLR(o, 9),
        ],
        milestones=[14],
    ),
}  # fmt: skip


def test_a_row_begins_each_schedule_at_its_epoch_0() -> None:
    schedule = COMPOSITES["warm-up, decay"](lr_scheduler, make())
    rates = [row[0] for row in walk(schedule, 14)]
    assert rates[:11] == pytest.approx([0.5 * (0.1 + 0.09 * t) for t in range(10)] + [0.5])
    assert rates[11:] == pytest.approx([0.5 * 0.97**t for t in (1, 2, 3)])


def test_a_chain_multiplies() -> None:
    schedule = lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o := make(), 0.5, 2), lr_scheduler.ExponentialLR(o, 0.5)]
    )
    assert [row[0] for row in walk(schedule, 4)] == [0.25, 0.125, 0.125, 0.0625]


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize("name", COMPOSITES)
def test_composites_equal_torch(torch: Any, name: str) -> None:
    ours, theirs = make(), make(torch, torch.optim)
    a, b = COMPOSITES[name](lr_scheduler, ours), COMPOSITES[name](torch.optim.lr_scheduler, theirs)
    assert walk(a, STEPS) == close(walk(b, STEPS))


@pytest.mark.parametrize("name", COMPOSITES)
@pytest.mark.parametrize("at", [0, 5, 13])
def test_composites_resume(name: str, at: int) -> None:
    same_again(lambda optimizer: COMPOSITES[name](lr_scheduler, optimizer), at)


def test_a_state_of_another_number_of_schedules() -> None:
    chain = lambda n: lr_scheduler.ChainedScheduler(
        [lr_scheduler.StepLR(o := make(), 1), *[lr_scheduler.StepLR(o, 1)] * n]
    )
    with pytest.raises(ag.errors.ArgumentError, match=r"the state is one of 3 schedules, not of 2. Load it into"):
        chain(1).load_state_dict(chain(2).state_dict())
