"""The update rules for engines without optimizers, over NumPy arrays, in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..case import Program, Values
from ..groups.workloads import Rule


class Updates:
    """SGD with momentum or Adam, as *rule* says."""

    def __init__(self, rule: Rule, parameters: Sequence[ndarray]) -> None:
        self.rule, self.parameters, self.t = rule, parameters, 0
        self.first = [np.zeros_like(p) for p in parameters]
        self.second = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: Sequence[ndarray]) -> None:
        if self.rule.name == "SGD":
            self._sgd(gradients)
        elif self.rule.name == "Adam":
            self._adam(gradients)

    def _sgd(self, gradients: Sequence[ndarray]) -> None:
        lr, momentum = np.float32(self.rule.lr), np.float32(self.rule.momentum)
        for p, g, m in zip(self.parameters, gradients, self.first):
            if momentum:
                m *= momentum
                m += g
                p -= lr * m
            else:
                p -= lr * g

    def _adam(self, gradients: Sequence[ndarray]) -> None:
        self.t += 1
        lr, tiny = np.float32(self.rule.lr / (1 - 0.9**self.t)), np.float32(1e-8)
        scale = np.float32(1 / (1 - 0.999**self.t))
        for p, g, m, v in zip(self.parameters, gradients, self.first, self.second):
            m *= np.float32(0.9)
            m += np.float32(0.1) * g
            v *= np.float32(0.999)
            v += np.float32(0.001) * g * g
            p -= lr * m / (np.sqrt(v * scale) + tiny)


def losses(step: Callable[[], Any]) -> Program:
    """Return the program of a step that returns its loss; two losses tell whether it is the same program as others'."""

    def values() -> Values:
        return {"loss": float(step()), "loss after a step": float(step())}

    return Program(step, values)
