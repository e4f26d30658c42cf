"""Schedules that raise the rate and lower it again, and the momentum the other way round."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import autograd_core as ag

from ..optimizer import Group, Optimizer, check_positive
from .lambdas import attributes_of
from .scheduler import LRScheduler, as_optimizer, one_each, set_rate

__all__ = ["CyclicLR", "OneCycleLR"]


class _WithMomentum(LRScheduler):
    """A schedule that, with *cycle_momentum*, sets the momentum of each group too; for Adam and its like, beta1."""

    cycle_momentum: bool
    use_beta1: bool

    def get_momentum(self) -> list[float]:
        """Compute the momentum of each group for ``self.last_epoch``."""
        raise NotImplementedError

    def _begin_momentum(self, base: list[float], most: list[float], last_epoch: int) -> None:
        known = self.optimizer.defaults
        if "momentum" not in known and "betas" not in known:
            raise ag.errors.ArgumentError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled, and "
                f"{type(self.optimizer).__name__} does not. Pass cycle_momentum=False."
            )
        self.use_beta1 = "betas" in known
        if last_epoch == -1:
            for group, low, high in zip(self.optimizer.param_groups, base, most, strict=True):
                self._set_momentum(group, high)
                group["max_momentum"], group["base_momentum"] = high, low

    def _set_momentum(self, group: Group, momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum

    def _set_rates(self, rates: Any) -> None:
        super()._set_rates(rates)
        if self.cycle_momentum:
            for group, momentum in zip(self.optimizer.param_groups, self.get_momentum(), strict=True):
                self._set_momentum(group, momentum)


SCALES: dict[str, Callable[[float, float], float]] = {
    "triangular": lambda x, gamma: 1.0,
    "triangular2": lambda x, gamma: 1 / 2.0 ** (x - 1),
    "exp_range": lambda x, gamma: gamma**x,
}


class CyclicLR(_WithMomentum):
    r"""Raise the rate linearly from *base_lr* to *max_lr* and lower it again, over and over (Smith 2017).

    A cycle takes *step_size_up* and *step_size_down* (by default as many) steps.  Its height is multiplied by
    ``scale_fn(x)``, where x is the number of the cycle, from 1, or with *scale_mode* ``"iterations"`` of the step, from
    0.  Without *scale_fn* it is 1 with *mode* ``"triangular"``, halved from cycle to cycle with ``"triangular2"``, and
    *gamma* to the power of the step with ``"exp_range"``.  With *cycle_momentum* the momentum (or beta1) moves from
    *max_momentum* to *base_momentum* and back.  Step it after each batch.

    Rates and momenta may be lists, one item for each group.  Raises ArgumentError for lists of another length, an
    unknown mode, an optimizer without momentum, and unless a cycle has steps.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], momentum=0.9)
    >>> schedule = optim.lr_scheduler.CyclicLR(optimizer, base_lr=1.0, max_lr=3.0, step_size_up=2)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr(), round(optimizer.param_groups[0]["momentum"], 4))
    [2.0] 0.85
    [3.0] 0.8
    [2.0] 0.85
    [1.0] 0.9
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = as_optimizer(optimizer)
        if mode not in SCALES and scale_fn is None:
            raise ag.errors.ArgumentError(f"mode {mode!r} is unknown. Pass one of {', '.join(SCALES)}, or a scale_fn.")
        if scale_mode not in ("cycle", "iterations"):
            raise ag.errors.ArgumentError(f"scale_mode {scale_mode!r} is unknown. Pass 'cycle' or 'iterations'.")
        up = check_positive("step_size_up", step_size_up)
        self.total_size = float(up if step_size_down is None else check_positive("step_size_down", step_size_down)) + up
        self.step_ratio = up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        if scale_fn is None:
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode
        base_lrs = one_each("base_lr", base_lr, optimizer)
        self.max_lrs = one_each("max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                set_rate(group, rate)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = one_each("base_momentum", base_momentum, optimizer)
            self.max_momentums = one_each("max_momentum", max_momentum, optimizer)
            self._begin_momentum(self.base_momentums, self.max_momentums, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """Return the height of cycle or step *x*."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return SCALES[self.mode](x, self.gamma)

    def get_lr(self) -> list[float]:
        height = self._height()
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def get_momentum(self) -> list[float]:
        height = self._height()
        return [high - (high - low) * height for low, high in zip(self.base_momentums, self.max_momentums, strict=True)]

    def _height(self) -> float:
        """Return how far the rate has risen: 0 at the ends of a cycle, the scale at its top."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        return height * self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)

    def state_dict(self) -> dict[str, Any]:
        state, function = super().state_dict(), self._scale_fn_custom
        return {**state, "_scale_fn_custom": None if function is None else attributes_of(function)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        function = self._scale_fn_custom
        super().load_state_dict(state_dict)
        attributes, self._scale_fn_custom = self._scale_fn_custom, function
        if isinstance(attributes, dict):
            vars(function).update(attributes)


class OneCycleLR(_WithMomentum):
    r"""Raise the rate from *max_lr / div_factor* to *max_lr* and lower it to almost 0, once (Smith and Topin 2018).

    It rises for the share *pct_start* of all steps, then falls to the first rate divided by *final_div_factor*; with
    *three_phase* it first falls as it has risen, and then on to that.  *anneal_strategy* is ``"cos"`` or ``"linear"``.
    With *cycle_momentum* the momentum (or beta1) moves from *max_momentum* to *base_momentum* and back.  There are
    *total_steps*, or *epochs* times *steps_per_epoch*, steps.  Step it after each batch.

    Rates and momenta may be lists, one item for each group.  Raises ArgumentError for lists of another length, an
    unknown strategy, *pct_start* outside [0, 1], an optimizer without momentum, without a number of steps, and for a
    step after the last one.

    >>> import autograd_core as ag
    >>> import optim
    >>> optimizer = optim.SGD([ag.zeros(1, requires_grad=True)], momentum=0.9)
    >>> schedule = optim.lr_scheduler.OneCycleLR(
    ...     optimizer, max_lr=4.0, total_steps=6, pct_start=0.5, anneal_strategy="linear", div_factor=4.0
    ... )
    >>> for _ in range(5):
    ...     print(round(schedule.get_last_lr()[0], 4))
    ...     optimizer.step()
    ...     schedule.step()
    1.0
    2.5
    4.0
    2.6667
    1.3334
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = as_optimizer(optimizer)
        if total_steps is not None:
            self.total_steps = check_positive("total_steps", total_steps)
        elif epochs is not None and steps_per_epoch is not None:
            self.total_steps = check_positive("epochs", epochs) * check_positive("steps_per_epoch", steps_per_epoch)
        else:
            raise ag.errors.ArgumentError(
                "You must define either total_steps OR (epochs AND steps_per_epoch), but total_steps is None, epochs "
                f"{epochs} and steps_per_epoch {steps_per_epoch}. Pass for example total_steps=1000."
            )
        if not isinstance(pct_start, int | float) or not 0 <= pct_start <= 1:
            raise ag.errors.ArgumentError(
                f"Expected float between 0 and 1 pct_start, but got {pct_start!r}. Pass for example pct_start=0.3."
            )
        if anneal_strategy not in ("cos", "linear"):
            raise ag.errors.ArgumentError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}. Pass one of them."
            )
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = phases(pct_start * self.total_steps, self.total_steps, three_phase)
        max_lrs = one_each("max_lr", max_lr, optimizer)
        if last_epoch == -1:
            for group, most in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"] = most / div_factor
                group["max_lr"] = most
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            base_momentums = one_each("base_momentum", base_momentum, optimizer)
            max_momentums = one_each("max_momentum", max_momentum, optimizer)
            self._begin_momentum(base_momentums, max_momentums, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ag.errors.ArgumentError(
                f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}. "
                "Make the schedule with the number of steps that there are."
            )
        return self._between("start_lr", "end_lr")

    def get_momentum(self) -> list[float]:
        return self._between("start_momentum", "end_momentum")

    def _between(self, start: str, end: str) -> list[float]:
        """Return, for each group, the value between those at the ends of the phase where the step is."""
        phase, share = self._phase()
        groups = self.optimizer.param_groups
        if self._anneal_func_type == "linear":
            return [(group[phase[end]] - group[phase[start]]) * share + group[phase[start]] for group in groups]
        height = (math.cos(math.pi * share) + 1) / 2.0
        return [group[phase[end]] + (group[phase[start]] - group[phase[end]]) * height for group in groups]

    def _phase(self) -> tuple[dict[str, Any], float]:
        """Return the phase of the step, and the share of it that is over."""
        begin = 0.0
        *early, last = self._schedule_phases
        for phase in early:
            if self.last_epoch <= phase["end_step"]:
                length = phase["end_step"] - begin
                return phase, (self.last_epoch - begin) / length if length else 1.0  # of no length: at its end at once
            begin = phase["end_step"]
        length = last["end_step"] - begin
        return last, (self.last_epoch - begin) / length if length else 1.0


def phases(rise: float, steps: int, three_phase: bool) -> list[dict[str, Any]]:
    """Return the phases of a cycle: the step at the end of each, and the options of a group that it leads from and to."""
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    up = (rise - 1.0, "initial_lr", "max_lr", "max_momentum", "base_momentum")
    down = (2.0 * rise - 2.0, "max_lr", "initial_lr", "base_momentum", "max_momentum")
    if three_phase:
        rows = [up, down, (steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
    else:
        rows = [up, (steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    return [dict(zip(names, row, strict=True)) for row in rows]
