"""Schedules whose factor is a function of the epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from types import FunctionType
from typing import Any

import autograd_core as ag

from ..optimizer import Optimizer
from .scheduler import LRScheduler, as_optimizer

__all__ = ["LambdaLR", "MultiplicativeLR"]

Lambda = Callable[[int], float]


class _OfFunctions(LRScheduler):
    """A schedule with a function of the epoch for each group."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Lambda | Sequence[Lambda], last_epoch: int = -1) -> None:
        groups = len(as_optimizer(optimizer).param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, Sequence) else [lr_lambda] * groups
        if len(self.lr_lambdas) != groups:
            raise ag.errors.ArgumentError(
                f"Expected {groups} lr_lambdas, but got {len(self.lr_lambdas)}. Pass one for each group."
            )
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(function).__name__}. "
                    "Pass for example lambda epoch: 0.95**epoch."
                )
        super().__init__(optimizer, last_epoch)

    def _factors(self) -> list[float]:
        return [of(self.last_epoch) for of in self.lr_lambdas]

    def state_dict(self) -> dict[str, Any]:
        others = {k: deepcopy(v) for k, v in self.__dict__.items() if k not in ("optimizer", "lr_lambdas")}
        return {**others, "lr_lambdas": [attributes_of(function) for function in self.lr_lambdas]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        for function, attributes in zip(functions, self.lr_lambdas, strict=True):
            if attributes is not None:
                vars(function).update(attributes)  # type: ignore[call-overload]
        self.lr_lambdas = functions


class LambdaLR(_OfFunctions):
    """Set the rate to the initial rate times ``lr_lambda(epoch)``; a list has one function for each group.

    Functions are not part of the state; callable objects are, by their attributes.  Raises ArgumentError for a list
    of another length.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float]:
        return [base * factor for base, factor in zip(self.base_lrs, self._factors(), strict=True)]


class MultiplicativeLR(_OfFunctions):
    """Multiply the rate by ``lr_lambda(epoch)`` at every epoch; a list has one function for each group.

    Functions are not part of the state; callable objects are, by their attributes.  Raises ArgumentError for a list
    of another length.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], lr=1.0)
    >>> schedule = optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._current()
        return [rate * factor for rate, factor in zip(self._current(), self._factors(), strict=True)]


def attributes_of(function: Any) -> dict[str, Any] | None:
    """Return what a state keeps of a function: the attributes of a callable object, of others nothing."""
    if isinstance(function, FunctionType) or not hasattr(function, "__dict__"):
        return None
    return deepcopy(vars(function))
