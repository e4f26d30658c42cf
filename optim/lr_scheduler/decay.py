"""Schedules that lower the rate step by step, or raise it to where it is to begin."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import autograd_core as ag

from ..optimizer import Optimizer, check_positive
from .scheduler import LRScheduler

__all__ = [
    "ConstantLR",
    "ExponentialLR",
    "LinearLR",
    "MultiStepLR",
    "PolynomialLR",
    "RobbinsMonroLR",
    "StepLR",
]


class StepLR(LRScheduler):
    """Multiply the rate by *gamma* every *step_size* epochs.

    Raises ArgumentError unless *step_size* is a positive integer.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = check_positive("step_size", step_size)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self._current()
        return [rate * self.gamma for rate in self._current()]

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Multiply the rate by *gamma* at each of the *milestones*, which are epochs; one listed twice counts twice.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 30], gamma=0.5)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        times = self.milestones.count(self.last_epoch)
        return [rate * self.gamma**times for rate in self._current()]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        if isinstance(self.milestones, Mapping):  # PyTorch counts them
            self.milestones = sorted(Counter(self.milestones).elements())

    def _get_closed_form_lr(self) -> list[float]:
        passed = sum(milestone <= self.last_epoch for milestone in self.milestones)
        return [base * self.gamma**passed for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """Multiply the rate by *factor* until epoch *total_iters*, which gives it back.

    Raises ArgumentError unless ``0 <= factor <= 1`` and *total_iters* is a positive integer.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> for _ in range(3):
    ...     print(schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    [0.5]
    [0.5]
    [1.0]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        if not 0 <= factor <= 1:
            raise ag.errors.ArgumentError(
                f"Constant multiplicative factor expected to be between 0 and 1, not {factor!r}. "
                "Pass for example factor=0.1."
            )
        self.factor = factor
        self.total_iters = check_positive("total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [rate * self.factor for rate in self._current()]
        if self.last_epoch != self.total_iters:
            return self._current()
        if self.factor == 0:  # what was multiplied by it is lost
            return self.base_lrs
        return [rate * (1.0 / self.factor) for rate in self._current()]

    def _get_closed_form_lr(self) -> list[float]:
        factor = 1.0 if self.last_epoch >= self.total_iters else self.factor
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """Change the factor on the rate linearly from *start_factor* to *end_factor* in *total_iters* epochs: a warm-up.

    Raises ArgumentError unless ``0 < start_factor <= 1``, ``0 <= end_factor <= 1`` and *total_iters* is a positive
    integer.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ag.errors.ArgumentError(
                f"Starting multiplicative factor expected to be greater than 0 and less or equal to 1, not "
                f"{start_factor!r}. Pass for example start_factor=0.1."
            )
        if not 0 <= end_factor <= 1:
            raise ag.errors.ArgumentError(
                f"Ending multiplicative factor expected to be between 0 and 1, not {end_factor!r}. "
                "Pass for example end_factor=1.0."
            )
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = check_positive("total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [rate * self.start_factor for rate in self._current()]
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._current()
        rise = self.end_factor - self.start_factor
        last = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise  # the last factor, times total_iters
        ratio = 1.0 + rise / last
        return [rate * ratio for rate in self._current()]

    def _get_closed_form_lr(self) -> list[float]:
        done = min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * (self.start_factor + (self.end_factor - self.start_factor) * done) for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiply the rate by *gamma* at every epoch.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._current() if self._is_initial else [rate * self.gamma for rate in self._current()]

    def _get_closed_form_lr(self) -> list[float]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    r"""Lower the rate to 0 in *total_iters* epochs, as :math:`\eta_t = \eta_0 (1 - t / total\_iters)^{power}`.

    Raises ArgumentError unless *total_iters* is a positive integer.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.PolynomialLR(optimizer, total_iters=2, power=2)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = check_positive("total_iters", total_iters)
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._current()
        left, before = (1.0 - t / self.total_iters for t in (self.last_epoch, self.last_epoch - 1))
        return [rate * (left / before) ** self.power for rate in self._current()]

    def _get_closed_form_lr(self) -> list[float]:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]


class RobbinsMonroLR(LRScheduler):
    r"""Decay the rate as :math:`a_t = a_0 / (\tau + t)^\kappa`, where :math:`a_0` is the initial rate of the group.

    With :math:`1/2 < \kappa \le 1`, :math:`\sum a_t = \infty`, so that any minimum is within reach, and :math:`\sum
    a_t^2 < \infty`, so that the noise of stochastic gradients dies out: the conditions of Robbins and Monro 1951,
    under which stochastic approximation converges. A larger :math:`\tau` holds the first steps down.  Raises
    ArgumentError for another *kappa*, and unless *tau* is positive.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.RobbinsMonroLR(optimizer, tau=1, kappa=1)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, tau: float = 1.0, kappa: float = 1.0, last_epoch: int = -1) -> None:
        if not 0 < tau < math.inf:
            raise ag.errors.ArgumentError(
                f"Invalid tau: {tau!r}. It must be positive and finite: pass for example tau=1.0."
            )
        if not 0.5 < kappa <= 1:
            raise ag.errors.ArgumentError(
                f"Invalid kappa: {kappa!r}. It must be above 0.5, for the squared rates to have a finite sum, and at "
                "most 1, for the rates to have an infinite one: pass for example kappa=0.75."
            )
        self.tau = tau
        self.kappa = kappa
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base / (self.tau + self.last_epoch) ** self.kappa for base in self.base_lrs]
