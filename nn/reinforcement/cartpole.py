"""A pole on a cart, to be balanced."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .environment import Discrete, Observation, Step, check_action

__all__ = ["CartPole"]

GRAVITY, CART, POLE = 9.8, 1.0, 0.1  # m/s^2, kg, kg
HALF_LENGTH, FORCE, SECONDS = 0.5, 10.0, 0.02  # m, N, s
FARTHEST, STEEPEST = 2.4, math.radians(12)


class CartPole:
    r"""A pole on a cart that is pushed left (0) or right (1): a reward of 1 for each step until it falls, 500 at most.

    An observation is (x, x', :math:`\theta, \theta'`), float32.  An episode ends 2.4 m from the middle, or 12 degrees from
    upright, and is cut off after *limit* steps.  By default it is gymnasium's ``CartPole-v1``, to the bit: the same
    equations, Euler steps of 0.02 s, and a start drawn evenly within 0.05.  It counts as solved with a mean of 475 over 100
    episodes.
    Source: Barto, Sutton & Anderson, "Neuronlike Adaptive Elements That Can Solve Difficult Learning Control Problems", 1983.

    >>> world = CartPole()
    >>> world.reset(seed=1)[0].round(3).tolist() == world.reset(seed=1)[0].round(3).tolist()
    True
    """

    action_space = Discrete(2)

    def __init__(self, limit: int = 500) -> None:
        self.limit = limit
        self._draws = np.random.default_rng()
        self._state: tuple[float, ...] | None = None
        self._steps = 0

    def reset(self, *, seed: int | None = None) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; *seed* fixes the starts from this one on."""
        if seed is not None:
            self._draws = np.random.default_rng(seed)
        self._state, self._steps = tuple(self._draws.uniform(-0.05, 0.05, 4)), 0
        return np.array(self._state, np.float32), {}

    def step(self, action: int, /) -> Step:
        """Push once."""
        action = check_action("CartPole", action, 2, self._state is not None)
        assert self._state is not None
        x, speed, angle, spin = self._state
        force = FORCE if action == 1 else -FORCE
        cos, sin = np.cos(angle), np.sin(angle)
        total, moment = CART + POLE, POLE * HALF_LENGTH
        pushed = (force + moment * np.square(spin) * sin) / total
        turn = (GRAVITY * sin - cos * pushed) / (HALF_LENGTH * (4.0 / 3.0 - POLE * np.square(cos) / total))
        push = pushed - moment * turn * cos / total
        self._state = x + SECONDS * speed, speed + SECONDS * push, angle + SECONDS * spin, spin + SECONDS * turn
        self._steps += 1
        fallen = abs(self._state[0]) > FARTHEST or abs(self._state[2]) > STEEPEST
        cut, seen = self._steps >= self.limit, np.array(self._state, np.float32)
        if fallen or cut:
            self._state = None
        return seen, 1.0, fallen, cut and not fallen, {}
