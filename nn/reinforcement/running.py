"""Episodes: an agent that learns in a world, or only plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import autograd_core as ag

from .. import expect
from .dqn import DQN, EpsilonSchedule
from .environment import Environment, action_count
from .replay import ReplayMemory

__all__ = ["Episodes", "play", "train"]


@dataclass
class Episodes:
    """What became of each episode: the sum of its rewards, and at which step of all it ended.

    >>> episodes = Episodes([1.0, 3.0, 5.0], [10, 20, 30])
    >>> episodes.mean(2)
    4.0
    """

    returns: list[float] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.returns)

    def mean(self, last: int = 100) -> float:
        """Return the mean of the *last* returns; NaN before the first."""
        return float(np.mean(self.returns[-last:])) if self.returns else float("nan")


def train(
    agent: DQN,
    world: Environment,
    steps: int,
    *,
    epsilon: EpsilonSchedule | None = None,
    memory: ReplayMemory | None = None,
    warm_up: int = 1000,
    every: int = 1,
    updates: int = 1,
    batch_size: int = 32,
    seed: int | None = None,
    until: Callable[[Episodes], bool] | None = None,
) -> Episodes:
    """Let *agent* act in *world* for *steps* steps and learn, *updates* times each *every* steps after *warm_up*.

    *epsilon* says how often it acts at random, by default from always to one time in twenty over a tenth of the steps.
    *memory* has by default room for 50,000 steps.  It ends early where *until*, asked after each episode, says so.

    >>> import nn, optim
    >>> network = nn.models.MLP((4, 16, 2))
    >>> agent = nn.reinforcement.DQN(network, optim.Adam(network.parameters()))
    >>> len(train(agent, nn.reinforcement.CartPole(), 200, warm_up=100, seed=0)) > 1
    True
    """
    name, count = "train", action_count(world)
    expect.size(name, steps=steps, warm_up=warm_up, every=every, updates=updates, batch_size=batch_size)
    epsilon = epsilon or EpsilonSchedule(steps=max(steps // 10, 1))
    memory = memory or ReplayMemory(50_000)
    episodes, total = Episodes(), 0.0
    observation, _ = world.reset(seed=seed)
    if (found := len(agent.values(observation))) != count:
        raise ag.errors.ShapeError(
            f"train: the network gives {found} values, but the world has {count} actions; make it give one for each"
        )
    for step in range(1, steps + 1):
        action = agent.act(observation, epsilon(step))
        following, reward, terminated, truncated, _ = world.step(action)
        memory.add(observation, action, reward, following, terminated)  # what was cut off had a future
        total, observation = total + reward, following
        if step >= warm_up and step % every == 0:
            for _ in range(updates):
                agent.learn(memory, batch_size)
        if terminated or truncated:
            episodes.returns.append(total)
            episodes.ends.append(step)
            if until is not None and until(episodes):
                break
            total = 0.0
            observation, _ = world.reset()
    return episodes


def play(agent: DQN, world: Environment, episodes: int, *, epsilon: float = 0.0, seed: int | None = None) -> Episodes:
    """Let *agent* act for *episodes* whole episodes without learning, at random with the chance *epsilon*.

    >>> import nn, optim
    >>> network = nn.models.MLP((4, 16, 2))
    >>> agent = nn.reinforcement.DQN(network, optim.Adam(network.parameters()))
    >>> len(play(agent, nn.reinforcement.CartPole(), 3, seed=0))
    3
    """
    expect.size("play", episodes=episodes)
    action_count(world)
    done, steps = Episodes(), 0
    for number in range(episodes):
        observation, _ = world.reset(seed=seed if number == 0 else None)
        total, over = 0.0, False
        while not over:
            observation, reward, terminated, truncated, _ = world.step(agent.act(observation, epsilon))
            total, over, steps = total + reward, terminated or truncated, steps + 1
        done.returns.append(total)
        done.ends.append(steps)
    return done
