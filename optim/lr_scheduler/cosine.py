"""Schedules along half a cosine wave."""

from __future__ import annotations

import math

import autograd_core as ag

from ..optimizer import Optimizer, check_positive
from .scheduler import LRScheduler

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    r"""Lower the rate to *eta_min* along half a cosine wave of *T_max* epochs; it rises again after that.

    :math:`\eta_t = \eta_{min} + \frac12 (\eta_0 - \eta_{min}) (1 + \cos(\pi t / T_{max}))` (Loshchilov and Hutter
    2017, without restarts). Raises ArgumentError unless *T_max* is a positive integer.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = check_positive("T_max", T_max)
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._current()
        t, wave, low = self.last_epoch, math.pi / self.T_max, self.eta_min
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:  # the last rate was eta_min, and no ratio leads away from it
            return [
                rate + (base - low) * (1 - math.cos(wave)) / 2
                for base, rate in zip(self.base_lrs, self._current(), strict=True)
            ]
        ratio = (1 + math.cos(wave * t)) / (1 + math.cos(wave * (t - 1)))
        return [ratio * (rate - low) + low for rate in self._current()]

    def _get_closed_form_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Lower the rate to *eta_min* along half a cosine wave, again and again.

    :math:`\eta = \eta_{min} + \frac12 (\eta_0 - \eta_{min}) (1 + \cos(\pi T_{cur} / T_i))`, where :math:`T_{cur}` epochs
    have passed since the last restart, and :math:`T_i`, at first *T_0*, is *T_mult* times as long after each one
    (SGDR, Loshchilov and Hutter 2017).  It may be stepped after each batch too, with the epoch as a fraction.  Raises
    ArgumentError unless *T_0* and *T_mult* are positive integers, and for a negative epoch.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for epoch in (0.5, 1, 1.5, 2):
    ...     schedule.step(epoch)
    ...     print(round(schedule.get_last_lr()[0], 4))
    0.8536
    0.5
    0.1464
    1.0
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0 = self.T_i = check_positive("T_0", T_0)
        self.T_mult = check_positive("T_mult", T_mult)
        if not isinstance(eta_min, int | float):
            raise ag.errors.ArgumentError(f"Invalid eta_min: {eta_min!r}. It must be a number: pass for example 0.001.")
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * height for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to *epoch*, which may be a fraction, and set its rates."""
        if epoch is None and self.last_epoch >= 0:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._jump(0 if epoch is None else epoch)
        self._set_rates(self.get_lr())

    def _jump(self, epoch: float) -> None:
        if epoch < 0:
            raise ag.errors.ArgumentError(f"Expected non-negative epoch, but got {epoch}. Pass 0 for the first one.")
        restarts = 0
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:  # T_0 + T_0 T_mult + ... are a geometric series
            restarts = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**restarts - 1) / (self.T_mult - 1)
        self.T_i = self.T_0 * self.T_mult**restarts
        self.last_epoch = math.floor(epoch)
