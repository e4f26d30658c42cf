"""What a world is: the interface of gymnasium, which nothing of is needed for it."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

__all__ = ["Environment", "FrameStack", "action_count", "check_action"]

Observation = NDArray[Any]
Step = tuple[Observation, float, bool, bool, dict[str, Any]]


@runtime_checkable
class Environment(Protocol):
    """A world in which something acts, with gymnasium's methods; worlds of gymnasium with discrete actions are such.

    ``reset`` begins an episode, and gives the first observation; ``step`` takes an action, 0 to ``action_space.n - 1``, and
    gives the next observation, the reward, whether the episode has come to its end (*terminated*: there is no future),
    whether it was cut off (*truncated*: there would have been one), and more.

    >>> import nn
    >>> isinstance(nn.reinforcement.Catch(), nn.reinforcement.Environment)
    True
    """

    @property
    def action_space(self) -> Any: ...

    def reset(self, *, seed: int | None = None) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; return the first observation, and more about it."""
        ...

    def step(self, action: int, /) -> Step:
        """Act; return the observation, the reward, terminated, truncated, and more about it."""
        ...


class Discrete:
    """The numbers 0 to *n* - 1: the actions of a world."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __repr__(self) -> str:
        return f"Discrete({self.n})"


def action_count(world: Environment) -> int:
    """Return how many actions *world* has; raise ArgumentError unless they are numbered."""
    count = getattr(getattr(world, "action_space", None), "n", None)
    if count is None or not isinstance(world, Environment):
        raise ag.errors.ArgumentError(
            f"world={type(world).__name__}: expected reset(), step() and an action_space with a number n of actions; deep "
            "Q-learning needs numbered actions"
        )
    return int(count)


def check_action(name: str, action: Any, count: int, running: bool) -> int:
    """Return *action* as an int; raise unless it is one of *count* and an episode is *running*."""
    if not running:
        raise ag.errors.ArgumentError(f"{name}.step: no episode is running; call reset() first, and after each end")
    if isinstance(action, bool) or not isinstance(action, int | np.integer) or not 0 <= action < count:
        raise ag.errors.ArgumentError(f"{name}.step: action={action!r}, expected an int from 0 to {count - 1}")
    return int(action)


class FrameStack:
    """A world that shows the last *frames* observations, (frames, ...), the newest last: what moves can be seen to.

    At the beginning of an episode the first observation stands in every place.

    >>> import nn
    >>> world = nn.reinforcement.FrameStack(nn.reinforcement.Catch(size=7), 3)
    >>> world.reset(seed=0)[0].shape
    (3, 7, 7)
    """

    def __init__(self, world: Environment, frames: int = 4) -> None:
        if not isinstance(frames, int) or frames < 1:
            raise ag.errors.ArgumentError(f"FrameStack: frames={frames!r}, expected an int of at least 1")
        self.world, self.frames = world, frames
        self._last: deque[Observation] = deque(maxlen=frames)

    @property
    def action_space(self) -> Any:
        """The actions of the world inside."""
        return self.world.action_space

    def reset(self, *, seed: int | None = None) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode."""
        observation, info = self.world.reset(seed=seed)
        self._last.extend([observation] * self.frames)
        return np.stack(self._last), info

    def step(self, action: int, /) -> Step:
        """Act, and see the last frames."""
        observation, reward, terminated, truncated, info = self.world.step(action)
        self._last.append(observation)
        return np.stack(self._last), reward, terminated, truncated, info
