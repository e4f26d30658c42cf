"""Schedules: values against closed forms and against torch, resuming, and errors."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import autograd_core as ag
import optim
from optim import lr_scheduler

EPOCHS = 50

CASES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7, "gamma": 0.5}),
    ("StepLR", {"step_size": 1}),
    ("MultiStepLR", {"milestones": [30, 5, 5, 12], "gamma": 0.3}),
    ("MultiStepLR", {"milestones": []}),
    ("ExponentialLR", {"gamma": 0.93}),
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("LambdaLR", {"lr_lambda": [lambda epoch: 1 / (1 + epoch), lambda epoch: 0.5]}),
    ("CosineAnnealingLR", {"T_max": 50}),
    ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
    ("CosineAnnealingLR", {"T_max": 1}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 20}),
]
NAMES = [f"{name}-{i}" for i, (name, _) in enumerate(CASES)]

CLOSED: dict[str, Callable[..., float]] = {
    "StepLR": lambda t, base, step_size, gamma=0.1: base * gamma ** (t // step_size),
    "MultiStepLR": lambda t, base, milestones, gamma=0.1: base * gamma ** sum(m <= t for m in milestones),
    "ExponentialLR": lambda t, base, gamma: base * gamma**t,
    "LambdaLR": lambda t, base, lr_lambda: base * lr_lambda(t),
    "CosineAnnealingLR": lambda t, base, T_max, eta_min=0.0: (
        eta_min + (base - eta_min) * (1 + math.cos(math.pi * t / T_max)) / 2
    ),
    "LinearLR": lambda t, base, start_factor=1 / 3, end_factor=1.0, total_iters=5: (
        base * (start_factor + (end_factor - start_factor) * min(t, total_iters) / total_iters)
    ),
}


def make() -> optim.SGD:
    """An optimizer with two groups, that has been stepped."""
    optimizer = optim.SGD([{"params": ag.zeros(1)}, {"params": ag.zeros(1), "lr": 0.2}], lr=0.5)
    optimizer.step()
    return optimizer


def rates(schedule: lr_scheduler.LRScheduler, epochs: int) -> list[list[float]]:
    out = []
    for _ in range(epochs):
        schedule.step()
        out.append([group["lr"] for group in schedule.optimizer.param_groups])
        assert schedule.get_last_lr() == out[-1]
    return out


def close(values: Iterable[Iterable[float]]) -> list[Any]:
    return [pytest.approx(list(pair), rel=1e-9, abs=1e-15) for pair in values]


@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_equals_the_closed_form(name: str, options: dict[str, Any]) -> None:
    optimizer = make()
    schedule = getattr(lr_scheduler, name)(optimizer, **options)
    per_group = [
        {k: v[i] if k == "lr_lambda" and isinstance(v, list) else v for k, v in options.items()} for i in range(2)
    ]
    expected = [
        [CLOSED[name](t, base, **o) for base, o in zip((0.5, 0.2), per_group, strict=True)] for t in range(EPOCHS + 1)
    ]
    assert [schedule.get_last_lr(), *rates(schedule, EPOCHS)] == close(expected)
    assert schedule.last_epoch == EPOCHS
    assert schedule.base_lrs == [0.5, 0.2]


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_equals_torch(torch: Any, name: str, options: dict[str, Any]) -> None:
    groups = [{"params": torch.zeros(1)}, {"params": torch.zeros(1), "lr": 0.2}]
    oracle = getattr(torch.optim.lr_scheduler, name)(torch.optim.SGD(groups, lr=0.5), **options)
    assert rates(getattr(lr_scheduler, name)(make(), **options), EPOCHS) == close(rates(oracle, EPOCHS))


@pytest.mark.parametrize(("name", "options"), [*CASES, ("RobbinsMonroLR", {"kappa": 0.75})])
def test_resuming_equals_going_on(name: str, options: dict[str, Any]) -> None:
    optimizer = make()
    schedule = getattr(lr_scheduler, name)(optimizer, **options)
    rates(schedule, 9)
    saved = json.loads(json.dumps([schedule.state_dict(), optimizer.state_dict()]))
    other = make()
    resumed = getattr(lr_scheduler, name)(other, **options)
    resumed.load_state_dict(saved[0])
    other.load_state_dict(saved[1])
    assert resumed.get_last_lr() == schedule.get_last_lr()
    assert rates(resumed, 30) == rates(schedule, 30)


@pytest.mark.parametrize(("name", "options"), CASES, ids=NAMES)
def test_last_epoch_goes_on_where_the_optimizer_was(torch: Any, name: str, options: dict[str, Any]) -> None:
    ours, theirs = make(), torch.optim.SGD([{"params": torch.zeros(1)}, {"params": torch.zeros(1), "lr": 0.2}], lr=0.5)
    for optimizer in (ours, theirs):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
            group["lr"] *= 0.9
    a = getattr(lr_scheduler, name)(ours, **options, last_epoch=3)
    b = getattr(torch.optim.lr_scheduler, name)(theirs, **options, last_epoch=3)
    theirs.step()
    assert [a.get_last_lr(), *rates(a, 20)] == close([b.get_last_lr(), *rates(b, 20)])


def test_schedules_can_be_chained() -> None:
    optimizer = make()
    warm_up = lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    decay = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for _ in range(3):
        warm_up.step()
        decay.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * 0.5**3)


def test_a_rule_of_ones_own() -> None:
    class Halving(lr_scheduler.LRScheduler):
        def get_lr(self) -> list[float]:
            return [base / 2**self.last_epoch for base in self.base_lrs]

    schedule = Halving(make())
    assert rates(schedule, 2) == [[0.25, 0.1], [0.125, 0.05]]


def test_lambda_objects_are_part_of_the_state() -> None:
    class Scale:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def __call__(self, epoch: int) -> float:
            return self.factor

    schedule = lr_scheduler.LambdaLR(make(), [Scale(0.5), lambda epoch: 1.0])
    saved = json.loads(json.dumps(schedule.state_dict()))
    assert saved["lr_lambdas"] == [{"factor": 0.5}, None]
    other = lr_scheduler.LambdaLR(make(), [Scale(0.9), lambda epoch: 1.0])
    other.load_state_dict(saved)
    other.step()
    assert other.get_last_lr() == [0.25, 0.2]


# -------------------------------------------------------------------------------------------------------- Robbins-Monro


@pytest.mark.parametrize(("tau", "kappa"), [(1.0, 1.0), (10, 0.6), (0.5, 0.75)])
def test_robbins_monro(tau: float, kappa: float) -> None:
    schedule = lr_scheduler.RobbinsMonroLR(make(), tau=tau, kappa=kappa)
    expected = [[a / (tau + t) ** kappa for a in (0.5, 0.2)] for t in range(EPOCHS + 1)]
    assert [schedule.get_last_lr(), *rates(schedule, EPOCHS)] == close(expected)


@pytest.mark.parametrize("kappa", [0.5, 0.0, 1.1, -1.0, float("nan")])
def test_robbins_monro_needs_kappa_above_one_half_and_at_most_one(kappa: float) -> None:
    message = rf"Invalid kappa: {kappa}. It must be above 0.5, .* at most 1, .*: pass for example kappa=0.75"
    with pytest.raises(ag.errors.ArgumentError, match=message):
        lr_scheduler.RobbinsMonroLR(make(), kappa=kappa)


@pytest.mark.parametrize("tau", [0.0, -1.0, float("inf"), float("nan")])
def test_robbins_monro_needs_a_positive_tau(tau: float) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=rf"Invalid tau: {tau}. It must be positive and finite: pass"):
        lr_scheduler.RobbinsMonroLR(make(), tau=tau)


# ---------------------------------------------------------------------------------------------------- ReduceLROnPlateau

PLATEAU: list[dict[str, Any]] = [
    {"patience": 2},
    {"mode": "max", "patience": 3, "factor": 0.5},
    {"threshold": 0.05, "patience": 1},
    {"threshold": 0.05, "patience": 1, "threshold_mode": "abs"},
    {"mode": "max", "threshold": 0.02, "threshold_mode": "abs", "patience": 1},
    {"cooldown": 4, "patience": 0, "factor": 0.7},
    {"min_lr": 0.1, "patience": 0, "factor": 0.5},
    {"min_lr": [0.3, 0.0], "patience": 0, "factor": 0.5},
    {"eps": 0.05, "patience": 0, "factor": 0.5},
]
METRICS = [3 / (1 + t) ** 0.5 + 0.3 * math.sin(3 * t) - (t > 40) for t in range(EPOCHS)]


@pytest.mark.parametrize("options", PLATEAU, ids=str)
def test_plateau_equals_torch(torch: Any, options: dict[str, Any]) -> None:
    groups = [{"params": torch.zeros(1)}, {"params": torch.zeros(1), "lr": 0.2}]
    oracle = torch.optim.lr_scheduler.ReduceLROnPlateau(torch.optim.SGD(groups, lr=0.5), **options)
    ours = lr_scheduler.ReduceLROnPlateau(make(), **options)
    for metric in METRICS:
        ours.step(metric)
        oracle.step(metric)
        assert ours.get_last_lr() == oracle.get_last_lr()
        assert (ours.best, ours.num_bad_epochs) == (oracle.best, oracle.num_bad_epochs)


def test_plateau_by_hand() -> None:
    optimizer = make()
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.1)
    seen = []
    for metric in (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5):
        schedule.step(ag.tensor(metric))
        seen.append([group["lr"] for group in optimizer.param_groups])
    # the third bad epoch reduces, the next one is the cooldown's, then two more reduce, until an improvement
    assert [rate for rate, _ in seen] == [0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.1, 0.1, 0.1, 0.1]
    assert min(rate for _, rate in seen) == 0.1


def test_plateau_takes_nan_for_no_improvement() -> None:
    schedule = lr_scheduler.ReduceLROnPlateau(make(), patience=0)
    schedule.step(1.0)
    schedule.step(float("nan"))
    assert schedule.best == 1.0
    assert schedule.get_last_lr() == [pytest.approx(0.05), pytest.approx(0.02)]


@pytest.mark.parametrize("options", PLATEAU, ids=str)
@pytest.mark.parametrize("at", [0, 9])
def test_plateau_resumes(options: dict[str, Any], at: int) -> None:
    optimizer = make()
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    for metric in METRICS[:at]:
        schedule.step(metric)
    saved = json.loads(json.dumps([schedule.state_dict(), optimizer.state_dict()]))
    other = make()
    resumed = lr_scheduler.ReduceLROnPlateau(other, patience=77)
    resumed.load_state_dict(saved[0])
    other.load_state_dict(saved[1])
    for metric in METRICS[at:]:
        schedule.step(metric)
        resumed.step(metric)
        assert resumed.get_last_lr() == schedule.get_last_lr()


def test_plateau_counts_its_cooldown() -> None:
    schedule = lr_scheduler.ReduceLROnPlateau(make(), patience=0, cooldown=2)
    seen = []
    for _ in range(6):
        schedule.step(1.0)
        seen.append(schedule.in_cooldown)
    assert seen == [False, True, True, False, True, True]


# -------------------------------------------------------------------------------------------------- warnings and errors


def test_stepping_before_the_optimizer_warns() -> None:
    optimizer = optim.SGD([ag.zeros(1)])
    schedule = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    with pytest.warns(UserWarning, match=r"called before optimizer.step\(\), .* Call optimizer.step\(\) first"):
        schedule.step()
    schedule.step()  # once is enough


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "StepLR",
            {"step_size": 0},
            r"Invalid step_size: 0. It must be a positive integer: pass for example step_size",
        ),
        ("StepLR", {"step_size": 1.5}, r"Invalid step_size: 1.5. It must be a positive integer"),
        ("CosineAnnealingLR", {"T_max": 0}, r"Invalid T_max: 0. It must be a positive integer"),
        ("LinearLR", {"total_iters": -1}, r"Invalid total_iters: -1. It must be a positive integer"),
        ("LinearLR", {"start_factor": 0}, r"Starting multiplicative factor .* less or equal to 1, not 0. Pass"),
        (
            "LinearLR",
            {"end_factor": 1.5},
            r"Ending multiplicative factor expected to be between 0 and 1, not 1.5. Pass",
        ),
        ("LambdaLR", {"lr_lambda": [len]}, r"Expected 2 lr_lambdas, but got 1. Pass one for each group"),
        ("ReduceLROnPlateau", {"mode": "lower"}, r"mode 'lower' is unknown. Pass 'min' for a loss, 'max' for an acc"),
        ("ReduceLROnPlateau", {"threshold_mode": "x"}, r"threshold mode 'x' is unknown. Pass 'rel' or 'abs'"),
        ("ReduceLROnPlateau", {"factor": 1.0}, r"Factor should be < 1.0 and at least 0, not 1.0. Pass"),
        ("ReduceLROnPlateau", {"min_lr": [0.1]}, r"expected 2 min_lrs, got 1. Pass one number, or one for each group"),
        (
            "ExponentialLR",
            {"gamma": 0.5, "last_epoch": 3},
            r"'initial_lr' is not specified in param_groups\[0\], .* Load",
        ),
    ],
)
def test_wrong_options(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ag.errors.ArgumentError, match=message):
        getattr(lr_scheduler, name)(make(), **options)


@pytest.mark.parametrize("name", sorted({*lr_scheduler.__all__} - {"LRScheduler", "ChainedScheduler", "SequentialLR"}))
def test_something_that_is_no_optimizer(name: str) -> None:
    needed = {
        "StepLR": (1,),
        "MultiStepLR": ([1],),
        "ExponentialLR": (0.5,),
        "LambdaLR": (len,),
        "MultiplicativeLR": (len,),
        "CosineAnnealingLR": (1,),
        "CosineAnnealingWarmRestarts": (1,),
        "CyclicLR": (0.1, 0.2),
        "OneCycleLR": (0.1, 10),
    }
    with pytest.raises(TypeError, match=r"Tensor is not an Optimizer. Pass the optimizer whose rate is to change"):
        getattr(lr_scheduler, name)(ag.zeros(1), *needed.get(name, ()))


def test_a_group_that_came_later() -> None:
    message = r"rates for 2 parameter groups, but the optimizer has 3. Make the schedule after add_param_group"
    optimizer = make()
    cosine = lr_scheduler.LambdaLR(optimizer, lambda epoch: 1.0)
    listed = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.0, 0.0])
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    optimizer.add_param_group({"params": ag.zeros(1)})
    with pytest.raises(ag.errors.ArgumentError, match=message):
        cosine.step()
    listed.step(1.0)
    with pytest.raises(ag.errors.ArgumentError, match=message):
        listed.step(1.0)
    plateau.step(1.0)
    plateau.step(1.0)
    assert plateau.get_last_lr() == [0.05, 0.020000000000000004, 0.05]


def test_a_state_of_another_class() -> None:
    saved = lr_scheduler.ExponentialLR(make(), gamma=0.5).state_dict()
    message = r"the state is not one of StepLR: step_size missing or unknown. Load it into a schedule of the class"
    with pytest.raises(ag.errors.ArgumentError, match=message):
        lr_scheduler.StepLR(make(), step_size=1).load_state_dict(saved)


def test_a_class_without_a_rule_says_so() -> None:
    with pytest.raises(NotImplementedError, match=r"LRScheduler has no rule: define get_lr\(\)"):
        lr_scheduler.LRScheduler(make())
