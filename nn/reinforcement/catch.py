"""A game of pixels: catch the ball."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ag

from .environment import Discrete, Observation, Step, check_action

__all__ = ["Catch"]


class Catch:
    """Balls fall through a picture, one pixel a step and slantwise; a paddle of three pixels goes left, stays or goes right.

    An observation is the picture (size, size), float32 of 0 and 1, *scale* times as large.  A ball that is caught is worth
    1, one that is missed -1; an episode is of *balls*.  A ball bounces off the sides, and where it will land cannot be seen
    from one picture: two are needed (``FrameStack``).
    In the manner of the game of Mnih, Heess, Graves & Kavukcuoglu, "Recurrent Models of Visual Attention", 2014.

    >>> picture, _ = Catch(size=7).reset(seed=0)
    >>> picture.shape, int(picture.sum())  # the ball, and three pixels of paddle
    ((7, 7), 4)
    """

    action_space = Discrete(3)

    def __init__(self, size: int = 12, balls: int = 5, scale: int = 1) -> None:
        for name, value, least in (("size", size, 5), ("balls", balls, 1), ("scale", scale, 1)):
            if not isinstance(value, int) or value < least:
                raise ag.errors.ArgumentError(f"Catch: {name}={value!r}, expected an int of at least {least}")
        self.size, self.balls, self.scale = size, balls, scale
        self._draws = np.random.default_rng()
        self._left = 0

    def reset(self, *, seed: int | None = None) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; *seed* fixes the balls from this one on."""
        if seed is not None:
            self._draws = np.random.default_rng(seed)
        self._left, self._paddle = self.balls, self.size // 2
        self._throw()
        return self._picture(), {}

    def _throw(self) -> None:
        self._row, self._column = 0, int(self._draws.integers(self.size))
        self._drift = int(self._draws.integers(-1, 2))

    def step(self, action: int, /) -> Step:
        """Move the paddle, let the ball fall by one."""
        action = check_action("Catch", action, 3, self._left > 0)
        self._paddle = min(max(self._paddle + action - 1, 1), self.size - 2)
        if not 0 <= self._column + self._drift < self.size:
            self._drift = -self._drift
        self._row, self._column = self._row + 1, self._column + self._drift
        reward = 0.0
        if self._row == self.size - 1:
            reward = 1.0 if abs(self._column - self._paddle) <= 1 else -1.0
            self._left -= 1
            if self._left:
                self._throw()
        return self._picture(), reward, not self._left, False, {}

    def _picture(self) -> Observation:
        picture = np.zeros((self.size, self.size), np.float32)
        picture[-1, self._paddle - 1 : self._paddle + 2] = 1
        picture[self._row, self._column] = 1
        return picture.repeat(self.scale, 0).repeat(self.scale, 1)
