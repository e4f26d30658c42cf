"""Constant, polynomial, multiplicative and cyclic schedules: by hand, beside torch, resumed, with momenta and tensors."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from walked_schedules import STEPS, close, make, same_again, walk

import autograd_core as ag
import optim
from optim import lr_scheduler

CASES: list[tuple[str, dict[str, Any]]] = [
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 12}),
    ("ConstantLR", {"factor": 1.0, "total_iters": 1}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 40, "power": 2.0}),
    ("PolynomialLR", {"total_iters": 250, "power": 0.5}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.99 + 0.02 * (epoch % 2)}),
    ("MultiplicativeLR", {"lr_lambda": [lambda epoch: 0.98, lambda epoch: 1 / (1 + epoch / 100)]}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10}),
    ("CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 10}),
    ("CyclicLR", {"base_lr": [0.1, 0.2], "max_lr": [0.5, 0.3], "step_size_up": 7, "step_size_down": 20}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 10, "mode": "triangular2", "base_momentum": 0.5}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 10, "mode": "exp_range", "gamma": 0.99}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 5, "scale_fn": lambda x: 1 / x, "cycle_momentum": False}),
    (
        "CyclicLR",
        {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 5, "scale_fn": lambda x: 0.99**x, "scale_mode": "iterations"},
    ),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": STEPS + 1}),
    ("OneCycleLR", {"max_lr": [0.5, 1.0], "epochs": 7, "steps_per_epoch": 43, "pct_start": 0.5, "base_momentum": 0.7}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 310, "three_phase": True, "div_factor": 10.0}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 310, "three_phase": True, "anneal_strategy": "linear", "pct_start": 0.2}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 301, "anneal_strategy": "linear", "final_div_factor": 10.0}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 301, "pct_start": 0.0, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 301, "pct_start": 1.0, "max_momentum": [0.9, 0.8]}),
]  # fmt: skip
OLDER: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [30, 5, 5, 12], "gamma": 0.3}),
    ("ExponentialLR", {"gamma": 0.99}),
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 20}),
]
cases = pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)])


# -------------------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("ConstantLR", {"factor": 0.5, "total_iters": 3}, [0.25, 0.25, 0.25, 0.5, 0.5]),
        ("ConstantLR", {"factor": 0.0, "total_iters": 2}, [0, 0, 0.5, 0.5]),
        ("PolynomialLR", {"total_iters": 4, "power": 2}, [0.5, 0.5 * 9 / 16, 0.125, 0.5 / 16, 0, 0]),
        ("MultiplicativeLR", {"lr_lambda": lambda epoch: 1 / epoch}, [0.5, 0.5, 0.25, 0.5 / 6]),
        ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.1}, [0.5, 0.3, 0.5, 0.3 + 0.1 * 2**0.5, 0.3]),
        ("CyclicLR", {"base_lr": 1, "max_lr": 3, "step_size_up": 2, "step_size_down": 1}, [1, 2, 3, 1, 2, 3, 1]),
        ("CyclicLR", {"base_lr": 1, "max_lr": 3, "step_size_up": 1, "mode": "triangular2"}, [1, 3, 1, 2, 1, 1.5]),
        ("OneCycleLR", {"max_lr": 4, "total_steps": 5, "pct_start": 0.6, "anneal_strategy": "linear", "div_factor": 4,
                        "final_div_factor": 2}, [1, 2.5, 4, 2.25, 0.5]),
        ("OneCycleLR", {"max_lr": 4, "total_steps": 10, "pct_start": 0.1, "anneal_strategy": "linear"}, [4]),
    ],
)  # fmt: skip
def test_rates_by_hand(name: str, options: dict[str, Any], expected: list[float]) -> None:
    schedule = getattr(lr_scheduler, name)(make(), **options)
    assert [row[0] for row in walk(schedule, len(expected))] == pytest.approx(expected, abs=1e-12)


def test_momentum_moves_against_the_rate() -> None:
    for optimizer in ("SGD", "Adam"):
        schedule = lr_scheduler.CyclicLR(make(optimizer=optimizer), 1, 3, 2, base_momentum=0.6, max_momentum=0.8)
        seen = []
        for _ in range(5):
            group = schedule.optimizer.param_groups[0]
            seen.append(group["betas"][0] if optimizer == "Adam" else group["momentum"])
            schedule.optimizer.step()
            schedule.step()
        assert seen == pytest.approx([0.8, 0.7, 0.6, 0.7, 0.8])
        assert group.get("betas", (0, 0.999))[1] == 0.999


def test_restarts_between_epochs() -> None:
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(make(), T_0=2, T_mult=2)
    for epoch, at in ((0.5, 0.25), (2, 0), (3, 0.25), (6, 0), (1, 0.5), (13.5, 7.5 / 8)):
        schedule.step(epoch)
        assert schedule.get_last_lr()[0] == pytest.approx(0.25 * (1 + math.cos(math.pi * at)))
        assert schedule.last_epoch == math.floor(epoch)


# ---------------------------------------------------------------------------------------------------------------- torch


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")
@cases
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_equals_torch(torch: Any, name: str, options: dict[str, Any], optimizer: str) -> None:
    ours = getattr(lr_scheduler, name)(make(optimizer=optimizer), **options)
    theirs = getattr(torch.optim.lr_scheduler, name)(make(torch, torch.optim, optimizer), **options)
    assert walk(ours, STEPS) == close(walk(theirs, STEPS))
    assert ours.last_epoch == theirs.last_epoch
    added = {k: v for k, v in theirs.optimizer.param_groups[0].items() if k in ("initial_lr", "max_lr", "min_lr")}
    assert {k: ours.optimizer.param_groups[0][k] for k in added} == pytest.approx(added)


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize(
    ("name", "options"),
    [c for c in [*CASES, *OLDER] if c[0] not in ("OneCycleLR", "CosineAnnealingWarmRestarts")],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_last_epoch_goes_on_where_the_optimizer_was(torch: Any, name: str, options: dict[str, Any]) -> None:
    ours, theirs = make(), make(torch, torch.optim)
    for optimizer in (ours, theirs):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
            group["lr"] *= 0.9
    a = getattr(lr_scheduler, name)(ours, **options, last_epoch=3)
    b = getattr(torch.optim.lr_scheduler, name)(theirs, **options, last_epoch=3)
    assert walk(a, 40) == close(walk(b, 40))


@pytest.mark.filterwarnings("ignore:.*deprecat:UserWarning", "ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize(("name", "options"), [*CASES, *OLDER], ids=lambda x: x if isinstance(x, str) else "")
def test_any_epoch_by_the_closed_form(torch: Any, name: str, options: dict[str, Any]) -> None:
    a = getattr(lr_scheduler, name)(make(), **options)
    b = getattr(torch.optim.lr_scheduler, name)(make(torch, torch.optim), **options)
    for epoch in (5, 3, 17, 0, 120):
        for schedule in (a, b):
            schedule.step(epoch)
        assert a.get_last_lr() == pytest.approx(b.get_last_lr(), rel=1e-9, abs=1e-12)
        assert a.last_epoch == b.last_epoch == epoch


def test_an_epoch_is_deprecated() -> None:
    optimizer = make()
    optimizer.step()
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    with pytest.warns(
        UserWarning, match=r"the epoch parameter of lr_scheduler.step\(\) is deprecated, but got 3. Call"
    ):
        schedule.step(3)
    assert schedule.get_last_lr() == [0.0625, 0.025]


# ------------------------------------------------------------------------------------------------------------- resuming


@cases
@pytest.mark.parametrize("at", [0, 11])
def test_resuming_equals_going_on(name: str, options: dict[str, Any], at: int) -> None:
    same_again(lambda optimizer: getattr(lr_scheduler, name)(optimizer, **options), at)


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize(("name", "options"), [*CASES, *OLDER], ids=lambda x: x if isinstance(x, str) else "")
def test_a_state_of_torch_goes_on_here(torch: Any, name: str, options: dict[str, Any]) -> None:
    theirs = getattr(torch.optim.lr_scheduler, name)(make(torch, torch.optim), **options)
    ours = getattr(lr_scheduler, name)(make(), **options)
    walk(theirs, 13)
    ours.load_state_dict(theirs.state_dict())
    for mine, other in zip(ours.optimizer.param_groups, theirs.optimizer.param_groups, strict=True):
        mine.update({k: v for k, v in other.items() if k in mine and k != "params"})
    assert walk(ours, 40) == close(walk(theirs, 40))


class Scale:
    """A callable with an attribute."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: float) -> float:
        return self.factor


def test_callable_objects_are_part_of_the_state() -> None:
    schedules = [lr_scheduler.MultiplicativeLR(make(), [Scale(f), abs]) for f in (0.5, 0.9)]
    saved = json.loads(json.dumps(schedules[0].state_dict()))
    assert saved["lr_lambdas"] == [{"factor": 0.5}, None]
    schedules[1].load_state_dict(saved)
    schedules[1].optimizer.step()
    schedules[1].step()
    assert schedules[1].get_last_lr() == [0.25, 0.2]
    cycles = [lr_scheduler.CyclicLR(make(), 1, 3, 1, scale_fn=Scale(f)) for f in (0.5, 0.9)]
    cycles[1].load_state_dict(json.loads(json.dumps(cycles[0].state_dict())))
    cycles[1].optimizer.step()
    cycles[1].step()
    assert cycles[1].get_last_lr() == [2, 2]


def test_counted_milestones_are_read() -> None:
    schedule = lr_scheduler.MultiStepLR(make(), [1, 3], gamma=0.5)
    schedule.load_state_dict({**schedule.state_dict(), "milestones": Counter([2, 2, 4])})
    assert [row[0] for row in walk(schedule, 5)] == [0.5, 0.5, 0.125, 0.125, 0.0625]


# ----------------------------------------------------------------------------------------------- rates that are tensors


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize(
    ("name", "options"),
    [c for c in [*CASES, *OLDER, ("ReduceLROnPlateau", {"patience": 1})] if c[0] not in ("OneCycleLR",)],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_a_tensor_stays_the_rate(torch: Any, name: str, options: dict[str, Any]) -> None:
    seen = []
    for lib, module in ((ag, optim), (torch, torch.optim)):
        rate = lib.tensor(0.5)
        optimizer = module.SGD([lib.zeros(1)], lr=rate, momentum=0.9)
        options = {k: v[:1] if isinstance(v, list) and k != "milestones" else v for k, v in options.items()}
        schedule = getattr(module.lr_scheduler, name)(optimizer, **options)
        rates = []
        for _ in range(30):
            optimizer.step()
            schedule.step(*([1.0] if name == "ReduceLROnPlateau" else []))
            assert optimizer.param_groups[0]["lr"] is rate
            assert isinstance(schedule.get_last_lr()[0], lib.Tensor)
            rates.append(schedule.get_last_lr()[0].item())
        seen.append(rates)
    assert seen[0] == pytest.approx(seen[1], rel=1e-4, abs=1e-7)


# --------------------------------------------------------------------------------------------------------------- others


def test_a_rule_written_for_torch() -> None:
    class Inverse(lr_scheduler._LRScheduler):
        def get_lr(self) -> list[float]:
            if not self._get_lr_called_within_step:
                raise AssertionError
            return [base / (1 + self.last_epoch) for base in self.base_lrs]

        def _get_closed_form_lr(self) -> list[float]:
            return [7.0 for _ in self.base_lrs]

    schedule = Inverse(make())
    assert [row[0] for row in walk(schedule, 3)] == [0.5, 0.25, 0.5 / 3]
    with pytest.warns(UserWarning, match="deprecated"):
        schedule.step(1)
    assert schedule.get_last_lr() == [7.0, 7.0]


Plateau = lr_scheduler.ReduceLROnPlateau


@pytest.mark.parametrize(
    ("make_schedule", "error", "message"),
    [
        (lambda o: lr_scheduler.ConstantLR(o, factor=1.5), ValueError, "expected to be between 0 and 1, not 1.5. Pass"),
        (lambda o: lr_scheduler.ConstantLR(o, total_iters=0), ValueError, "Invalid total_iters: 0. It must be a pos"),
        (lambda o: lr_scheduler.PolynomialLR(o, total_iters=0), ValueError, "Invalid total_iters: 0"),
        (lambda o: lr_scheduler.MultiplicativeLR(o, [len]), ValueError, "Expected 2 lr_lambdas, but got 1. Pass one"),
        (lambda o: lr_scheduler.MultiplicativeLR(o, 0.5), TypeError, "lr_lambda should be a function, but got float"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "Invalid T_0: 0. It must be a positive"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, 0.5), ValueError, "Invalid T_mult: 0.5"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, eta_min="0"), ValueError, "Invalid eta_min: '0'"),
        (
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1).step(-1),
            ValueError,
            "Expected non-negative epoch, but got -1",
        ),
        (
            lambda o: lr_scheduler.CyclicLR(o, 1, 2, mode="square"),
            ValueError,
            "mode 'square' is unknown. Pass one of tri",
        ),
        (
            lambda o: lr_scheduler.CyclicLR(o, 1, 2, scale_mode="x"),
            ValueError,
            "scale_mode 'x' is unknown. Pass 'cycle'",
        ),
        (lambda o: lr_scheduler.CyclicLR(o, 1, 2, step_size_up=0), ValueError, "Invalid step_size_up: 0"),
        (
            lambda o: lr_scheduler.CyclicLR(o, 1, [2]),
            ValueError,
            "max_lr must have the same length .* expected 2 .* got 1",
        ),
        (lambda o: lr_scheduler.OneCycleLR(o, 1), ValueError, "You must define either total_steps OR"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1, total_steps=0), ValueError, "Invalid total_steps: 0"),
        (lambda o: lr_scheduler.OneCycleLR(o, 1, epochs=0, steps_per_epoch=1), ValueError, "Invalid epochs: 0"),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 1, epochs=1, steps_per_epoch=-1),
            ValueError,
            "Invalid steps_per_epoch: -1",
        ),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 1, 9, pct_start=2.0),
            ValueError,
            "between 0 and 1 pct_start, but got 2.0",
        ),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 1, 9, anneal_strategy="x"),
            ValueError,
            "one of 'cos' or 'linear', .* 'x'",
        ),
        (lambda o: walk(lr_scheduler.OneCycleLR(o, 1, 2), 3), ValueError, "Tried to step 3 times. .* total steps is 2"),
        (lambda o: lr_scheduler.ChainedScheduler([]), ValueError, "at least one scheduler, but got no scheduler"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "at least one scheduler, but got no scheduler"),
        (
            lambda o: lr_scheduler.ChainedScheduler([Plateau(o)]),
            ValueError,
            "not support `ReduceLROnPlateau`, .* index 0",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler([o]),
            TypeError,
            "expects schedulers, but got a SGD at index 0",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(make(), 1)], []),
            ValueError,
            "expects all schedulers to belong to the same optimizer, but the StepLR at index 0 has another one",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(
                o, [s := lr_scheduler.StepLR(o, 1), lr_scheduler.ChainedScheduler([s])], [5]
            ),
            ValueError,
            "can begin with a ChainedScheduler, but not go on with one. Put its schedules",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)] * 3, [5, 2]),
            ValueError,
            r"one milestone less than the 3 schedulers, in order, but got \[5, 2\]",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)] * 3, [5]),
            ValueError,
            r"one milestone less than the 3 schedulers, in order, but got \[5\]",
        ),
    ],
)
def test_wrong_options(make_schedule: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_schedule(make())


@pytest.mark.parametrize(
    "make_schedule", [lambda o: lr_scheduler.CyclicLR(o, 1, 2), lambda o: lr_scheduler.OneCycleLR(o, 1, 9)]
)
def test_momentum_needs_an_optimizer_that_has_some(make_schedule: Callable[[Any], Any]) -> None:
    with pytest.raises(
        ag.errors.ArgumentError,
        match=r"must support momentum or beta1 .* and Adagrad does not. Pass cycle_momentum=False",
    ):
        make_schedule(make(optimizer="Adagrad"))
