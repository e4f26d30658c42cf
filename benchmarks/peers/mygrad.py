"""MyGrad, with the update rules in NumPy."""

from __future__ import annotations

from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu, sigmoid
from mygrad.nnet.losses import softmax_crossentropy

from ..case import FORWARD, Program
from ..groups.overhead import FACTOR, START, Multiply, multiplied
from ..groups.workloads import Functions, Problem
from .updates import Updates, losses

FUNCTIONS = Functions(mg.tanh, relu, sigmoid, softmax_crossentropy)


def version() -> str:
    return str(mg.__version__)


def program(problem: Any) -> Program | None:
    if isinstance(problem, Problem):
        return _training(problem)
    return _multiply(problem.part) if problem == Multiply(problem.part, recorded=True) else None


def _training(problem: Problem) -> Program:
    x, y = problem.data()
    parameters = [mg.tensor(p) for p in problem.parameters()]
    updates = Updates(problem.rule, [p.data for p in parameters])

    def step() -> float:
        loss = problem.loss(FUNCTIONS, parameters, x, y)
        loss.backward()
        updates.step([p.grad for p in parameters])
        return float(loss.item())

    return losses(step)


def _multiply(part: str) -> Program:
    a, b = mg.tensor(START), mg.tensor(FACTOR)
    made: list[Any] = []

    def record() -> Any:
        made[:] = [multiplied(a, b)]
        return made[0]

    def backward() -> None:
        made.pop().backward(np.ones_like(START))

    def gradients() -> dict[str, Any]:
        record()
        backward()
        return {"gradient a": a.grad, "gradient b": b.grad}

    if part == FORWARD:
        return Program(record, lambda: {"result": record().data}, made.clear)
    return Program(backward, gradients, record)
