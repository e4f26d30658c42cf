"""Deep Q-learning."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .. import functional as F
from ..module import Module
from ..training import Optimizer
from .replay import Batch, ReplayMemory

__all__ = ["DQN", "EpsilonSchedule"]


@dataclass(frozen=True)
class EpsilonSchedule:
    """The chance of a random action at each step: from *first* to *last* in a straight line of *steps*, and then *last*.

    >>> schedule = EpsilonSchedule(1.0, 0.1, steps=100)
    >>> schedule(0), schedule(50), schedule(1000)
    (1.0, 0.55, 0.1)
    """

    first: float = 1.0
    last: float = 0.05
    steps: int = 10_000

    def __post_init__(self) -> None:
        if not (0 <= self.last <= self.first <= 1 and self.steps >= 1):
            raise ag.errors.ArgumentError(
                f"EpsilonSchedule: first={self.first!r}, last={self.last!r}, steps={self.steps!r}, expected "
                "1 >= first >= last >= 0, and 1 step or more"
            )

    def __call__(self, step: int) -> float:
        share = min(step / self.steps, 1.0)
        return (1 - share) * self.first + share * self.last


class DQN:
    r"""Deep Q-learning: a network learns what each action is worth, from steps drawn out of a replay memory.

    With *network* Q, and a copy :math:`Q^-` of it that after each *renew* updates goes the share *tau* of the way to Q (all
    of it, in the paper), the target of a step is
    :math:`r + \gamma \max_a Q^-(s', a)`, or r alone where the episode terminated.  The loss is Huber's, whose gradient is
    clipped to 1 (their "error clipping").  With *double*, Q chooses the action a and :math:`Q^-` says its worth.  Gradients
    above a norm of *clip* are shortened.
    Sources: Mnih et al., "Human-level Control through Deep Reinforcement Learning", 2015; van Hasselt, Guez & Silver, "Deep
    Reinforcement Learning with Double Q-learning", 2016.

    >>> import nn, optim
    >>> network = nn.models.MLP((4, 16, 2))
    >>> agent = DQN(network, optim.Adam(network.parameters()))
    >>> agent.act(np.zeros(4, np.float32)) in (0, 1)
    True
    """

    def __init__(
        self,
        network: Module,
        optimizer: Optimizer,
        *,
        gamma: float = 0.99,
        renew: int = 500,
        tau: float = 1.0,
        double: bool = False,
        clip: float = 10.0,
        generator: ag.Generator | None = None,
    ) -> None:
        if not 0 <= gamma <= 1:
            raise ag.errors.ArgumentError(f"DQN: gamma={gamma!r}, expected a discount from 0 to 1")
        if not isinstance(renew, int) or renew < 1 or not 0 < clip <= math.inf:
            raise ag.errors.ArgumentError(
                f"DQN: renew={renew!r}, clip={clip!r}, expected an int of at least 1, and a number above 0"
            )
        self.network, self.optimizer = network, optimizer
        if not 0 < tau <= 1:
            raise ag.errors.ArgumentError(f"DQN: tau={tau!r}, expected a share above 0, up to 1")
        self.gamma, self.renew, self.tau, self.double, self.clip = gamma, renew, tau, double, clip
        self.generator = generator or ag.default_generator
        self.target = copy.deepcopy(network).requires_grad_(False)
        self.updates = 0

    @ag.no_grad()
    def values(self, observation: NDArray[Any]) -> NDArray[Any]:
        """Return what the network thinks each action is worth, (actions,)."""
        return np.asarray(self.network(ag.from_numpy(np.asarray(observation, np.float32))[None])[0].array)

    def act(self, observation: NDArray[Any], epsilon: float = 0.0) -> int:
        """Return the best action, or with the chance *epsilon* any."""
        values = self.values(observation)
        if epsilon and self.generator.numpy.random() < epsilon:
            return int(self.generator.numpy.integers(len(values)))
        return int(values.argmax())

    @ag.no_grad()
    def targets(self, batch: Batch) -> ag.Tensor:
        """Return what the actions of *batch* should be worth, (N,)."""
        worth = self.target(batch.following)
        if self.double:
            best = self.network(batch.following).argmax(1, keepdim=True)
            future = worth.gather(1, best)[:, 0]
        else:
            future = worth.amax(1)
        return batch.rewards + self.gamma * (1 - batch.terminated) * future

    def learn(self, memory: ReplayMemory, batch_size: int = 32) -> float:
        """Draw a batch, do one update, and return its loss."""
        batch = memory.sample(batch_size, self.generator)
        targets = self.targets(batch)
        self.optimizer.zero_grad()
        chosen = self.network(batch.observations).gather(1, batch.actions[:, None])[:, 0]
        loss = F.smooth_l1_loss(chosen, targets)
        loss.backward()
        ag.autograd.clip_grad_norm_(self.network.parameters(), self.clip)
        self.optimizer.step()
        self.updates += 1
        if self.updates % self.renew == 0:
            self._renew()
        return float(loss.item())

    @ag.no_grad()
    def _renew(self) -> None:
        for copied, own in zip(self.target.parameters(), self.network.parameters(), strict=True):
            copied.copy_(own if self.tau == 1 else copied.lerp(own, self.tau))
        for copied_buffer, buffer in zip(self.target.buffers(), self.network.buffers(), strict=True):
            copied_buffer.copy_(buffer)
