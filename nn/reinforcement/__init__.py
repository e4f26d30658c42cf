"""Reinforcement learning: worlds to act in, a memory of what happened there, and deep Q-learning.

>>> import nn
>>> world = nn.reinforcement.CartPole()
>>> observation, info = world.reset(seed=0)
>>> observation, reward, terminated, truncated, info = world.step(1)
>>> reward
1.0
"""

from .atari import atari
from .cartpole import CartPole
from .catch import Catch
from .dqn import DQN, EpsilonSchedule
from .environment import Environment, FrameStack
from .replay import Batch, ReplayMemory
from .running import Episodes, play, train

__all__ = [
    "DQN",
    "Batch",
    "CartPole",
    "Catch",
    "Environment",
    "Episodes",
    "EpsilonSchedule",
    "FrameStack",
    "ReplayMemory",
    "atari",
    "play",
    "train",
]
