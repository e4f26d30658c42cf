"""A schedule that looks at a metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, SupportsFloat

import autograd_core as ag

from ..optimizer import Optimizer
from .scheduler import LRScheduler, as_optimizer, check_count, rate_of, set_rate

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by *factor* when a metric has not improved for more than *patience* epochs.

    *mode* says whether a lower (``"min"``) or a higher (``"max"``) metric is better.  It has improved if it is
    better than the best so far by the share *threshold* of it (``"rel"``), or by *threshold* itself (``"abs"``,
    the one for metrics that can be negative: a share of a negative best lies on its wrong side).
    After a reduction, *cooldown* epochs do not count. A rate never falls below *min_lr*, one number or one for each
    group, nor changes by less than *eps*.  A metric of NaN is no improvement. Raises ArgumentError for a *factor*
    outside [0, 1), an unknown mode, or a list *min_lr* of another length than the groups.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    >>> for loss in (3.0, 2.0, 2.0):
    ...     optimizer.step()
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max"):
            raise ag.errors.ArgumentError(f"mode {mode!r} is unknown. Pass 'min' for a loss, 'max' for an accuracy.")
        if threshold_mode not in ("rel", "abs"):
            raise ag.errors.ArgumentError(f"threshold mode {threshold_mode!r} is unknown. Pass 'rel' or 'abs'.")
        if not 0 <= factor < 1:
            raise ag.errors.ArgumentError(
                f"Factor should be < 1.0 and at least 0, not {factor!r}. Pass for example factor=0.1."
            )
        groups = len(as_optimizer(optimizer).param_groups)
        self.default_min_lr = None if isinstance(min_lr, Sequence) else min_lr
        self.min_lrs = list(min_lr) if isinstance(min_lr, Sequence) else [min_lr] * groups
        if len(self.min_lrs) != groups:
            raise ag.errors.ArgumentError(
                f"expected {groups} min_lrs, got {len(self.min_lrs)}. Pass one number, or one for each group."
            )
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.eps = eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.last_epoch = 0
        self._note_rates()

    @property
    def in_cooldown(self) -> bool:
        """Whether bad epochs do not count yet, after a reduction."""
        return self.cooldown_counter > 0

    def step(self, metrics: SupportsFloat) -> None:  # type: ignore[override]
        """Note the metric of an epoch, a number or a scalar tensor, and reduce the rates if it is time to."""
        value = float(metrics)
        self.last_epoch += 1
        if self._is_better(value):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._note_rates()

    def _is_better(self, value: float) -> bool:
        sign = -1.0 if self.mode == "min" else 1.0
        relative = self.threshold_mode == "rel"
        bound = self.best * (1.0 + sign * self.threshold) if relative else self.best + sign * self.threshold
        return value < bound if self.mode == "min" else value > bound

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if self.default_min_lr is not None:  # groups may have been added
            self.min_lrs = [self.default_min_lr] * len(groups)
        check_count(len(self.min_lrs), self.optimizer)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            old = rate_of(group)
            new = max(old * self.factor, lowest)
            if old - new > self.eps:
                set_rate(group, new)
