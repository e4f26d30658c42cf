"""The base of schedules: which epoch it is, and a rate for each group of the optimizer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import autograd_core as ag

from ..optimizer import Group, Optimizer

__all__ = ["LRScheduler", "as_optimizer", "check_count", "one_each"]


class LRScheduler:
    """The base of schedules over epochs; a subclass writes :meth:`get_lr`.

    ``last_epoch=-1`` begins anew: the current rate of each group is kept as its ``"initial_lr"``.  Any other value
    goes on after that epoch, and needs groups that have one.  A rate that is a tensor is changed in place.  Raises
    TypeError if *optimizer* is none, ArgumentError for a group without ``"initial_lr"``.

    >>> import autograd_core as ag
    >>> import optim
    >>> class Halving(optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [base / 2**self.last_epoch for base in self.base_lrs]
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = Halving(optimizer)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    _is_initial = False  # whether the rates asked for are those to begin with: the optimizer has them already
    _get_lr_called_within_step = True  # for schedules written for PyTorch, whose get_lr() asks for it

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = as_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", rate_of(group))
            elif "initial_lr" not in group:
                raise ag.errors.ArgumentError(
                    f"param 'initial_lr' is not specified in param_groups[{i}], but last_epoch={last_epoch} resumes a "
                    "schedule. Load the optimizer's state first, or pass last_epoch=-1."
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def get_lr(self) -> list[float]:
        """Compute the rate of each group for ``self.last_epoch``, from ``self.base_lrs`` or from the current rates.

        It is for :meth:`step` to call; :meth:`get_last_lr` tells the current rates.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no rule: define get_lr(), which returns one rate for each group"
        )

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch and set its rates; or, which warns, to any *epoch*, by the schedule's closed form."""
        if self._step_count == 1 and self.optimizer.updates == 0:
            warnings.warn(
                "lr_scheduler.step() was called before optimizer.step(), so the first rate of the schedule is never "
                "used. Call optimizer.step() first.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(
                f"the epoch parameter of lr_scheduler.step() is deprecated, but got {epoch}. Call step() without it.",
                UserWarning,
                stacklevel=2,
            )
        self._update_lr(epoch)

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group, as the last step set it."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimizer: numbers, strings and lists, which JSON can hold."""
        return {name: deepcopy(value) for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned.  The rates are in the optimizer's state: load that too."""
        own = self.state_dict()
        wrong = [name for name in own if name not in state_dict]
        wrong += [name for name in state_dict if name not in own and not name.startswith("_")]
        if wrong:
            raise ag.errors.ArgumentError(
                f"the state is not one of {type(self).__name__}: {', '.join(sorted(wrong))} missing or unknown. "
                "Load it into a schedule of the class that it is from."
            )
        self.__dict__.update({name: deepcopy(state_dict[name]) for name in own})

    def _get_closed_form_lr(self) -> list[float]:
        """Compute the rates for ``self.last_epoch`` whatever the current ones are, where there is such a formula."""
        return self.get_lr()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        self.step()
        del self._is_initial

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            self._set_rates(self.get_lr())
        else:
            self.last_epoch = epoch
            self._set_rates(self._get_closed_form_lr())

    def _set_rates(self, rates: Sequence[float]) -> None:
        check_count(len(rates), self.optimizer)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_rate(group, rate)
        self._note_rates()

    def _note_rates(self) -> None:
        rates = [group["lr"] for group in self.optimizer.param_groups]
        self._last_lr = [rate.clone() if isinstance(rate, ag.Tensor) else rate for rate in rates]

    def _current(self) -> list[float]:
        return [rate_of(group) for group in self.optimizer.param_groups]


def rate_of(group: Group) -> float:
    """Return the rate of a group as a number."""
    rate = group["lr"]
    return rate.item() if isinstance(rate, ag.Tensor) else rate


def set_rate(group: Group, rate: float) -> None:
    """Set the rate of a group; one that is a tensor stays the same tensor."""
    if isinstance(group["lr"], ag.Tensor):
        with ag.no_grad():
            group["lr"].fill_(float(rate))
    else:
        group["lr"] = rate


def as_optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer. Pass the optimizer whose rate is to change.")
    return optimizer


def one_each(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """Return *value* for each group, or its items if it is a list, one for each group."""
    groups = len(as_optimizer(optimizer).param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ag.errors.ArgumentError(
            f"{name} must have the same length as optimizer.param_groups: expected {groups} values, got {len(value)}. "
            "Pass one, or one for each group."
        )
    return list(value)


def check_count(rates: int, optimizer: Optimizer) -> None:
    """Raise ArgumentError unless there are as many rates as parameter groups."""
    if rates != (groups := len(optimizer.param_groups)):
        raise ag.errors.ArgumentError(
            f"the schedule has rates for {rates} parameter groups, but the optimizer has {groups}. "
            "Make the schedule after add_param_group()."
        )
