"""The memory of what happened."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

__all__ = ["Batch", "ReplayMemory"]


class Batch(NamedTuple):
    """Steps that were drawn: what was seen (N, ...), done and won (N,), what was seen then, and whether all was over.

    >>> Batch(*[ag.zeros(2)] * 5).rewards.shape
    (2,)
    """

    observations: ag.Tensor
    actions: ag.Tensor
    rewards: ag.Tensor
    following: ag.Tensor
    terminated: ag.Tensor


class ReplayMemory:
    """The last *capacity* steps; ``sample`` draws some of them evenly, with repetition.

    Draws from far apart are nearly independent, which the steps of one episode are not.  Source: Lin, "Self-Improving
    Reactive Agents", 1992.

    >>> memory = ReplayMemory(100)
    >>> memory.add(np.zeros(4, np.float32), 1, 0.5, np.ones(4, np.float32), False)
    >>> memory.sample(8, ag.Generator(0)).observations.shape, len(memory)
    ((8, 4), 1)
    """

    def __init__(self, capacity: int) -> None:
        if not isinstance(capacity, int) or capacity < 1:
            raise ag.errors.ArgumentError(f"ReplayMemory: capacity={capacity!r}, expected an int of at least 1")
        self.capacity, self._added = capacity, 0
        self._columns: tuple[NDArray[Any], ...] = ()

    def __len__(self) -> int:
        return min(self._added, self.capacity)

    def add(
        self, observation: NDArray[Any], action: int, reward: float, following: NDArray[Any], terminated: bool
    ) -> None:
        """Keep one step; the oldest is forgotten when there is no room.  Give *terminated*, not *truncated*."""
        if not self._columns:
            shape, kind = (self.capacity, *observation.shape), observation.dtype
            self._columns = (
                np.zeros(shape, kind),
                np.zeros(self.capacity, np.int64),
                np.zeros(self.capacity, np.float32),
                np.zeros(shape, kind),
                np.zeros(self.capacity, np.float32),
            )
        if observation.shape != self._columns[0].shape[1:] or following.shape != observation.shape:
            raise ag.errors.ShapeError(
                f"ReplayMemory.add: observations of shapes {observation.shape} and {following.shape}, expected "
                f"{self._columns[0].shape[1:]}; keep one world in one memory"
            )
        place = self._added % self.capacity
        for column, value in zip(self._columns, (observation, action, reward, following, terminated), strict=True):
            column[place] = value
        self._added += 1

    def sample(self, n: int, generator: ag.Generator | None = None) -> Batch:
        """Draw *n* steps."""
        if not self._added:
            raise ag.errors.ArgumentError("ReplayMemory.sample: the memory is empty; add steps first")
        places = (generator or ag.default_generator).numpy.integers(len(self), size=n)
        return Batch(*(ag.from_numpy(column[places]) for column in self._columns))
