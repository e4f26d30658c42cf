"""JAX: the whole step, the update too, is one compiled function."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from ..case import Program
from ..groups.workloads import Functions, Problem, Rule
from .updates import losses


def version() -> str:
    return jax.__version__


def cross_entropy(logits: Any, classes: Any) -> Any:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), classes[:, None], 1))


FUNCTIONS = Functions(jnp.tanh, jax.nn.relu, jax.nn.sigmoid, cross_entropy)


def program(problem: Any) -> Program | None:
    """Return a training step; operations one by one are not what JAX is for."""
    if not isinstance(problem, Problem):
        return None
    x, y = problem.data()
    x, y = jnp.asarray(x), None if y is None else jnp.asarray(y)

    @partial(jax.jit, donate_argnums=(0, 1))
    def update(parameters: Any, state: Any) -> Any:
        loss, gradients = jax.value_and_grad(lambda p: problem.loss(FUNCTIONS, p, x, y))(parameters)
        unused = gradients if problem.rule.name == "none" else None  # what is not returned would not be computed
        return loss, unused, *updated(problem.rule, parameters, gradients, state)

    parameters = [jnp.asarray(p) for p in problem.parameters()]
    zeros = [jnp.zeros_like(p) for p in parameters]
    now: list[Any] = [parameters, (zeros, [jnp.zeros_like(p) for p in parameters], jnp.float32(0))]

    def step() -> Any:
        loss, _, *now[:] = jax.block_until_ready(update(*now))
        return loss

    return losses(step)


def updated(rule: Rule, parameters: Any, gradients: Any, state: Any) -> tuple[Any, Any]:
    """Return the parameters and the state after a step."""
    first, second, t = state
    if rule.name == "SGD":
        first = [rule.momentum * m + g for m, g in zip(first, gradients)]
        return [p - rule.lr * m for p, m in zip(parameters, first)], (first, second, t)
    if rule.name == "Adam":
        t = t + 1
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradients)]
        lr, scale = rule.lr / (1 - 0.9**t), 1 / (1 - 0.999**t)
        moved = [p - lr * m / (jnp.sqrt(v * scale) + 1e-8) for p, m, v in zip(parameters, first, second)]
        return moved, (first, second, t)
    return parameters, state
