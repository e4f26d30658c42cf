"""HIPS autograd, with the update rules in NumPy."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad
from autograd.core import make_vjp

from ..case import FORWARD, Program
from ..groups.overhead import FACTOR, START, Multiply, multiplied
from ..groups.workloads import Functions, Problem
from .updates import Updates, losses


def version() -> str:
    return importlib.metadata.version("autograd")


def cross_entropy(logits: Any, classes: Any) -> Any:
    shifted = logits - anp.max(logits, axis=1, keepdims=True)
    return anp.mean(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[np.arange(len(classes)), classes])


FUNCTIONS = Functions(anp.tanh, lambda x: anp.maximum(x, 0), lambda x: 1 / (1 + anp.exp(-x)), cross_entropy)


def program(problem: Any) -> Program | None:
    if isinstance(problem, Problem):
        return _training(problem)
    return _multiply(problem.part) if problem == Multiply(problem.part, recorded=True) else None


def _training(problem: Problem) -> Program:
    x, y = problem.data()
    parameters = list(problem.parameters())
    evaluate = value_and_grad(lambda p: problem.loss(FUNCTIONS, p, x, y))
    updates = Updates(problem.rule, parameters)

    def step() -> Any:
        loss, gradients = evaluate(parameters)
        updates.step(gradients)
        return loss

    return losses(step)


def _multiply(part: str) -> Program:
    """With respect to the first factor alone: a graph of several arguments is not what this engine records."""
    recorded: list[Any] = []

    def record() -> Any:
        recorded[:] = make_vjp(lambda a: multiplied(a, FACTOR), START)
        return recorded[1]

    def backward() -> Any:
        return recorded[0](np.ones_like(START))

    def gradient() -> dict[str, Any]:
        record()
        return {"gradient a": backward()}

    if part == FORWARD:
        return Program(record, lambda: {"result": record()}, recorded.clear)
    return Program(backward, gradient, record)
