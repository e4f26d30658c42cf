"""Schedules made of schedules."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any

import autograd_core as ag

from ..optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler, as_optimizer, set_rate

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Composite(LRScheduler):
    """A schedule that steps others; their states are part of its own."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        name = type(self).__name__
        if not schedulers:
            raise ag.errors.ArgumentError(
                f"{name} expects at least one scheduler, but got no scheduler. Pass a list of schedules."
            )
        for i, schedule in enumerate(schedulers):
            if not isinstance(schedule, LRScheduler):
                raise TypeError(
                    f"{name} expects schedulers, but got a {type(schedule).__name__} at index {i}. "
                    "Pass a list of schedules."
                )
            if isinstance(schedule, ReduceLROnPlateau):
                raise ag.errors.ArgumentError(
                    f"{name} does not support `ReduceLROnPlateau`, whose step needs a metric, but got one at index {i} in "
                    "the given schedulers sequence. Step it by itself."
                )
        self.optimizer = as_optimizer(schedulers[0].optimizer if optimizer is None else optimizer)
        for i, schedule in enumerate(schedulers):
            if schedule.optimizer is not self.optimizer:
                raise ag.errors.ArgumentError(
                    f"{name} expects all schedulers to belong to the same optimizer, but the {type(schedule).__name__} at "
                    f"index {i} has another one. Make it for that optimizer."
                )
        self._schedulers = list(schedulers)

    def _initial_step(self) -> None:
        with (
            warnings.catch_warnings()
        ):  # a composite of composites begins with a step of their parts, and not too early
            warnings.simplefilter("ignore", UserWarning)
            super()._initial_step()

    def state_dict(self) -> dict[str, Any]:
        others = {k: deepcopy(v) for k, v in self.__dict__.items() if k not in ("optimizer", "_schedulers")}
        return {**others, "_schedulers": [schedule.state_dict() for schedule in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        schedulers = self._schedulers
        if len(state_dict.get("_schedulers", schedulers)) != len(schedulers):
            raise ag.errors.ArgumentError(
                f"the state is one of {len(state_dict['_schedulers'])} schedules, not of {len(schedulers)}. "
                "Load it into schedules like those that it is from."
            )
        super().load_state_dict(state_dict)
        self._schedulers = schedulers
        for schedule, state in zip(schedulers, state_dict["_schedulers"], strict=True):
            schedule.load_state_dict(state)


class ChainedScheduler(_Composite):
    """Step several schedules at once: their factors multiply.

    *optimizer* is by default that of the first schedule; all have the same one.  Raises ArgumentError for no schedules
    another optimizer, and a schedule that needs
    a metric.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> warm_up = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> schedule = optim.lr_scheduler.ChainedScheduler([warm_up, optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)])
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.25]
    [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        super().__init__(schedulers, optimizer)
        self._note_rates()

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch of each schedule, in order."""
        for schedule in self._schedulers:
            schedule.step()
        self._note_rates()


class SequentialLR(_Composite):
    """Step the first of several schedules until the first of the *milestones*, then the second, and so on.

    Each begins at its own epoch 0, from the initial rates.  *milestones* are epochs, one less than schedules.  Raises
    ArgumentError for no schedules, another optimizer, a schedule that needs a metric, a composite one that is not the
    first, and milestones of another number or not in order.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> warm_up = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=9)
    >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.75)
    >>> schedule = optim.lr_scheduler.SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.5]
    [1.0]
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        super().__init__(schedulers, as_optimizer(optimizer))
        if len(milestones) != len(schedulers) - 1 or any(a > b for a, b in pairwise(milestones)):
            raise ag.errors.ArgumentError(
                f"SequentialLR expects one milestone less than the {len(schedulers)} schedulers, in order, but got "
                f"{list(milestones)}. Pass the epoch where each schedule but the first begins."
            )
        turn = bisect_right(milestones, 0)
        for later in schedulers[turn + 1 :]:
            if isinstance(later, _Composite):  # the rates at its epoch 0 are not known without stepping it
                raise ag.errors.ArgumentError(
                    f"SequentialLR can begin with a {type(later).__name__}, but not go on with one. Put its schedules, and "
                    "their milestones, into this one."
                )
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            set_rate(group, group["initial_lr"])
        undo(self._schedulers)
        first = self._schedulers[turn]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch of the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        schedule = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            schedule._update_lr(0)
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()


def undo(schedules: Sequence[LRScheduler]) -> None:
    """Take back the epoch that each schedule went to when it was made, also inside of composite ones."""
    for schedule in schedules:
        if isinstance(schedule, _Composite):
            undo(schedule._schedulers)
        else:
            schedule.last_epoch -= 1
