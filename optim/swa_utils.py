"""Averages of a network's weights over its training, and the rate for it.

What is averaged is a module, and its average is one: that part is in ``nn``, and loads when it is first asked for.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import autograd_core as ag

from .lr_scheduler import LRScheduler
from .lr_scheduler.scheduler import one_each, rate_of
from .optimizer import Optimizer

if TYPE_CHECKING:
    from nn.averaging import (
        AveragedModel,
        get_ema_avg_fn,
        get_ema_multi_avg_fn,
        get_swa_avg_fn,
        get_swa_multi_avg_fn,
        update_bn,
    )

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


if not TYPE_CHECKING:  # to which every name would be there

    def __getattr__(name: str) -> Any:
        """Return what Python does not find here: a name of ``__all__`` that ``nn`` has (PEP 562)."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module("nn.averaging"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


class SWALR(LRScheduler):
    r"""Move the rate of each group to *swa_lr* in *anneal_epochs* epochs, and leave it there.

    The share of the way that is done after t epochs is t / *anneal_epochs* with *anneal_strategy* ``"linear"``, and
    :math:`(1 - \cos(\pi t / anneal\_epochs)) / 2` with ``"cos"``.  *swa_lr* may be a list, one rate for each group.
    Raises ArgumentError for a list of another length, another strategy, and negative *anneal_epochs*.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.75]
    [0.5]
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        rates = one_each("swa_lr", swa_lr, optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise ag.errors.ArgumentError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}. Pass one of them."
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ag.errors.ArgumentError(
                f"anneal_epochs must be equal or greater than 0, got {anneal_epochs!r}. Pass for example 10."
            )
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["swa_lr"] = rate
        self.anneal_epochs = anneal_epochs
        self._anneal_strategy = anneal_strategy
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """Return the share of the way from the first rate to the last when the share *t* of the time is over."""
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        step = self._step_count - 1
        before, now = (self._done(step - 1), self._done(step))
        return [
            group["swa_lr"] * now + start_of(rate_of(group), group["swa_lr"], before) * (1 - now)
            for group in self.optimizer.param_groups
        ]

    def _done(self, step: int) -> float:
        if self.anneal_epochs == 0:
            return 1.0
        return self.anneal_func(max(0.0, min(1.0, step / self.anneal_epochs)))


def start_of(rate: float, end: float, done: float) -> float:
    """Return where the way to *end* began, given the *rate* where the share *done* of it is done."""
    return end if done == 1 else (rate - done * end) / (1 - done)
