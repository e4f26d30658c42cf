"""Options of the optimizers from Adadelta to Rprop, and the problems on which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from optimizers_beside_torch import Problem, problem

import optim

MATRICES = ((3, 4), (5, 2), (2, 2), (1, 3))

LR, DECAY, MAXIMIZE = {"lr": [0.05]}, {"weight_decay": [0, 0.1]}, {"maximize": [False, True]}
BETAS = {"betas": [(0.9, 0.999), (0.3, 0.5)], "eps": [1e-8, 0.1]}
OPTIONS: dict[str, dict[str, list[Any]]] = {
    "Adadelta": {"lr": [1.0, 0.5], "rho": [0.9, 0.5, 1.0], "eps": [1e-6, 0.1], **DECAY, **MAXIMIZE},
    "Adafactor": {
        **LR, "beta2_decay": [-0.8, -0.3], "eps": [(None, 1e-3), (0.1, 2.0)], "d": [1.0, 3.0], **DECAY, **MAXIMIZE,
    },
    "Adamax": {**LR, **BETAS, **DECAY, **MAXIMIZE},
    "ASGD": {**LR, "lambd": [1e-4, 0.2], "alpha": [0.75, 0.0], "t0": [1e6, 4, 0.5], **DECAY, **MAXIMIZE},
    "Muon": {**LR, "momentum": [0.95, 0.0], "nesterov": [True, False], **DECAY, "ns_steps": [1, 5],
             "adjust_lr_fn": [None, "match_rms_adamw", "original"]},
    "NAdam": {**LR, **BETAS, "momentum_decay": [4e-3, 0.5], "decoupled_weight_decay": [False, True], **DECAY, **MAXIMIZE},
    "RAdam": {**LR, **BETAS, "decoupled_weight_decay": [False, True], **DECAY, **MAXIMIZE},
    "Rprop": {**LR, "etas": [(0.5, 1.2), (0.1, 3.0)], "step_sizes": [(1e-6, 50), (0.01, 0.1)], **MAXIMIZE},
}  # fmt: skip
CLASSES: dict[str, Callable[..., optim.Optimizer]] = {name: getattr(optim, name) for name in OPTIONS}


names = pytest.mark.parametrize("name", OPTIONS)


def combinations(name: str) -> list[dict[str, Any]]:
    return [dict(zip(OPTIONS[name], values, strict=True)) for values in product(*OPTIONS[name].values())]


def problem_for(name: str, dtype: str) -> Problem:
    """A problem with parameters that the optimizer takes, none of them empty: torch's Adafactor divides by zero there."""
    shapes = {"Muon": MATRICES, "Adafactor": ((3, 4), (5,), (), (2, 2, 2), (1, 3))}.get(name)
    return problem(dtype, seed=2, shapes=shapes) if shapes else problem(dtype, seed=2)
