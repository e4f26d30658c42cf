"""``python -m nn``: the one place that knows both networks and optimizers."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import optim

from . import lessons
from .caffe import SolverSettings
from .commands import Factories, main

LAST_SHARE = 0.01  # of the learning rate, that the cosine schedule ends with: more epochs may follow


def cosine(epochs: int) -> Callable[[int], float]:
    """Return the factor of an epoch: half a cosine wave from 1 to ``LAST_SHARE`` in *epochs*, and no rise after it."""
    return lambda epoch: LAST_SHARE + (1 - LAST_SHARE) * (1 + math.cos(math.pi * min(epoch / epochs, 1))) / 2


# Caffe's types of solver, by the options that each understands: AdaDelta calls its average a momentum, as there.
SOLVERS: Mapping[str, Callable[[Any, SolverSettings], optim.Optimizer]] = {
    "SGD": lambda groups, s: optim.SGD(groups, momentum=s.momentum),
    "Nesterov": lambda groups, s: optim.SGD(groups, momentum=s.momentum, nesterov=True),
    "AdaGrad": lambda groups, s: optim.Adagrad(groups, eps=s.delta),
    "RMSProp": lambda groups, s: optim.RMSprop(groups, alpha=s.rms_decay, eps=s.delta),
    "AdaDelta": lambda groups, s: optim.Adadelta(groups, rho=s.momentum, eps=s.delta),
    "Adam": lambda groups, s: optim.Adam(groups, betas=(s.momentum, s.momentum2), eps=s.delta),
}


def solver_optimizer(groups: Sequence[dict[str, Any]], settings: SolverSettings) -> optim.Optimizer:
    """Return the optimizer of a solver file, for *groups* of parameters with a rate and a decay each."""
    return SOLVERS[settings.type](groups, settings)


FACTORIES = Factories(
    optimizers={
        "adam": lambda parameters, lr, decay: optim.Adam(parameters, lr=lr, weight_decay=decay),
        "adamw": lambda parameters, lr, decay: optim.AdamW(parameters, lr=lr, weight_decay=decay),
        "rmsprop": lambda parameters, lr, decay: optim.RMSprop(parameters, lr=lr, weight_decay=decay),
        "sgd": lambda parameters, lr, decay: optim.SGD(parameters, lr=lr, momentum=0.9, weight_decay=decay),
    },
    schedules={
        "constant": lambda optimizer, epochs: None,
        "cosine": lambda optimizer, epochs: optim.lr_scheduler.LambdaLR(optimizer, cosine(epochs)),
        "step": lambda optimizer, epochs: optim.lr_scheduler.StepLR(optimizer, max(epochs // 3, 1)),
        "robbins-monro": lambda optimizer, epochs: optim.lr_scheduler.RobbinsMonroLR(optimizer, kappa=0.75),
    },
    solvers=solver_optimizer,
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], FACTORIES, [lessons.add_command]))
