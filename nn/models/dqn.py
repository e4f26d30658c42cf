"""The convolutional network of deep Q-learning."""

from __future__ import annotations

from autograd_core import Tensor

from .. import expect
from ..layers import Conv2d, Flatten, Linear, ReLU, Sequential
from ..module import Module

__all__ = ["DeepQNetwork"]


class DeepQNetwork(Module):
    """Three convolutions and two linear layers: frames (N, frames, 84, 84) from 0 to 1 give a value for each action.

    Four frames and 18 actions, all that the games have, make 1,693,362 parameters; with 4 actions there are 1,686,180.
    Source: Mnih et al., "Human-level Control through Deep Reinforcement Learning", 2015.

    >>> import autograd_core as ag, nn
    >>> network = nn.models.DeepQNetwork(4)
    >>> network(ag.zeros(1, 4, 84, 84)).shape, sum(p.numel() for p in network.parameters())
    ((1, 4), 1686180)
    """

    def __init__(self, actions: int, frames: int = 4) -> None:
        super().__init__()
        expect.size(self._get_name(), actions=actions, frames=frames)
        self.frames = frames
        self.features = Sequential(
            Conv2d(frames, 32, 8, stride=4),
            ReLU(),
            Conv2d(32, 64, 4, stride=2),
            ReLU(),
            Conv2d(64, 64, 3),
            ReLU(),
            Flatten(),
        )
        self.values = Sequential(Linear(64 * 7 * 7, 512), ReLU(), Linear(512, actions))

    def forward(self, input: Tensor) -> Tensor:
        if input.shape[1:] != (self.frames, 84, 84):
            expected = f"(N, {self.frames}, 84, 84)"
            raise expect.shape_error(
                self._get_name(), input, expected, "resize frames to 84x84, and stack the last ones"
            )
        return self.values(self.features(input))
