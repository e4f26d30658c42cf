"""Learning-rate schedules: call ``schedule.step()`` after each epoch (or update), always after ``optimizer.step()``.

Each sets ``group["lr"]`` of every group of its optimizer.  Where a schedule computes the new rate from the current
one, several may be stepped one after the other and their effects multiply; LambdaLR and RobbinsMonroLR compute it
from the initial rate.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from types import FunctionType
from typing import Any, Literal, SupportsFloat

import autograd_core as ag

from .optimizer import Optimizer

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "ReduceLROnPlateau",
    "RobbinsMonroLR",
    "StepLR",
]


class LRScheduler:
    """The base of schedules over epochs; a subclass writes :meth:`get_lr`.

    ``last_epoch=-1`` begins anew: the current rate of each group is kept as its ``"initial_lr"``.  Any other value
    goes on after that epoch, and needs groups that have one.  Raises TypeError if *optimizer* is none,
    ArgumentError for a group without ``"initial_lr"``.

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

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = as_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ag.errors.ArgumentError(
                    f"param 'initial_lr' is not specified in param_groups[{i}], but last_epoch={last_epoch} resumes a "
                    "schedule. Load the optimizer's state first, or pass last_epoch=-1."
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step_count = 0
        self._advance()

    def get_lr(self) -> list[float]:
        """Compute the rate of each group for ``self.last_epoch``, from ``self.base_lrs`` or from the current rates.

        It is for :meth:`step` to call; :meth:`get_last_lr` tells the current rates.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no rule: define get_lr(), which returns one rate for each group"
        )

    def step(self) -> None:
        """Go on to the next epoch and set its rates."""
        if self.step_count == 1 and self.optimizer.updates == 0:
            warnings.warn(
                "lr_scheduler.step() was called before optimizer.step(), so the first rate of the schedule is never "
                "used. Call optimizer.step() first.",
                UserWarning,
                stacklevel=2,
            )
        self._advance()

    def get_last_lr(self) -> list[float]:
        """Return the rate of each group, as the last step set it."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimizer: numbers, strings and lists, which JSON can hold."""
        return {name: deepcopy(value) for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned.  The rates are in the optimizer's state: load that too."""
        unknown = sorted(set(state_dict) ^ set(self.state_dict()))
        if unknown:
            raise ag.errors.ArgumentError(
                f"the state is not one of {type(self).__name__}: {', '.join(unknown)} missing or unknown. "
                "Load it into a schedule of the class that it is from."
            )
        self.__dict__.update(deepcopy(dict(state_dict)))

    def _current(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _is_first(self) -> bool:
        """Whether the rates asked for are the first: those that a new optimizer has, or that a loaded one had."""
        return self.step_count == 1

    def _advance(self) -> None:
        self.step_count += 1
        self.last_epoch += 1
        rates = self.get_lr()
        check_count(len(rates), self.optimizer)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._current()


class LambdaLR(LRScheduler):
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

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        groups = len(as_optimizer(optimizer).param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, Sequence) else [lr_lambda] * groups
        if len(self.lr_lambdas) != groups:
            raise ag.errors.ArgumentError(
                f"Expected {groups} lr_lambdas, but got {len(self.lr_lambdas)}. Pass one for each group."
            )
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * of(self.last_epoch) for of, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        state = {
            name: deepcopy(value) for name, value in self.__dict__.items() if name not in ("optimizer", "lr_lambdas")
        }
        return {
            **state,
            "lr_lambdas": [None if isinstance(f, FunctionType) else deepcopy(vars(f)) for f in self.lr_lambdas],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        for function, attributes in zip(functions, self.lr_lambdas, strict=True):
            if attributes is not None:
                vars(function).update(attributes)  # type: ignore[call-overload]
        self.lr_lambdas = functions


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
        self.step_size = positive("step_size", step_size)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size:
            return self._current()
        return [rate * self.gamma for rate in self._current()]


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
        return self._current() if self._is_first() else [rate * self.gamma for rate in self._current()]


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
        self.total_iters = positive("total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [rate * self.start_factor for rate in self._current()]
        if self._is_first() or self.last_epoch > self.total_iters:
            return self._current()
        rise = self.end_factor - self.start_factor
        last = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise  # the last factor, times total_iters
        ratio = 1.0 + rise / last
        return [rate * ratio for rate in self._current()]


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
        self.T_max = positive("T_max", T_max)
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_first():
            return self._current()
        t, wave, low = self.last_epoch, math.pi / self.T_max, self.eta_min
        if (t - 1 - self.T_max) % (2 * self.T_max) == 0:  # the last rate was eta_min, and no ratio leads away from it
            return [
                rate + (base - low) * (1 - math.cos(wave)) / 2
                for base, rate in zip(self.base_lrs, self._current(), strict=True)
            ]
        ratio = (1 + math.cos(wave * t)) / (1 + math.cos(wave * (t - 1)))
        return [ratio * (rate - low) + low for rate in self._current()]


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
        self._last_lr = self._current()

    def step(self, metrics: SupportsFloat) -> None:  # type: ignore[override]
        """Note the metric of an epoch, a number or a scalar tensor, and reduce the rates if it is time to."""
        value = float(metrics)
        self.last_epoch += 1
        if self._is_better(value):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._current()

    def _is_better(self, value: float) -> bool:
        sign = -1.0 if self.mode == "min" else 1.0
        relative = self.threshold_mode == "rel"
        bound = self.best * (1.0 + sign * self.threshold) if relative else self.best + sign * self.threshold
        return value < bound if self.mode == "min" else value > bound

    def _reduce(self) -> None:
        check_count(len(self.min_lrs), self.optimizer)
        for group, lowest in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            rate = max(group["lr"] * self.factor, lowest)
            if group["lr"] - rate > self.eps:
                group["lr"] = rate


def as_optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer. Pass the optimizer whose rate is to change.")
    return optimizer


def positive(name: str, value: Any) -> int:
    """Return *value*, or raise ArgumentError unless it is a positive integer."""
    if not isinstance(value, int) or value < 1:
        raise ag.errors.ArgumentError(
            f"Invalid {name}: {value!r}. It must be a positive integer: pass for example {name}=10."
        )
    return value


def check_count(rates: int, optimizer: Optimizer) -> None:
    """Raise ArgumentError unless there are as many rates as parameter groups."""
    if rates != (groups := len(optimizer.param_groups)):
        raise ag.errors.ArgumentError(
            f"the schedule has rates for {rates} parameter groups, but the optimizer has {groups}. "
            "Make the schedule after add_param_group()."
        )
