"""Atari's games, through gymnasium and the Arcade Learning Environment."""

from __future__ import annotations

from typing import Any

import numpy as np

from .environment import Environment, FrameStack, Observation, Step

__all__ = ["atari"]


def atari(game: str, frames: int = 4, **options: Any) -> Environment:
    """Return *game*, such as "Breakout", as deep Q-learning sees it: the last *frames* pictures, (frames, 84, 84), 0 to 1.

    One step is four of the game, the brighter of the last two pictures is shown, in grey, and up to 30 steps are waited at
    first: ``gymnasium.wrappers.AtariPreprocessing``.  Rewards are cut to their sign.  *options* go to ``gymnasium.make``.
    Source: Mnih et al., 2015.

    Raises ImportError, which says what to install, where gymnasium or ale-py is missing.

    >>> atari("Breakout").reset(seed=0)[0].shape  # doctest: +SKIP
    (4, 84, 84)
    """
    try:
        import ale_py
        import gymnasium
        from gymnasium.wrappers import AtariPreprocessing
    except ImportError as error:
        raise ImportError(
            "nn.reinforcement.atari needs gymnasium with its games: pip install 'gymnasium[atari,other]', or take "
            "nn.reinforcement.Catch, a game of pixels that needs nothing"
        ) from error
    gymnasium.register_envs(ale_py)
    world = gymnasium.make(f"ALE/{game}-v5", frameskip=1, **options)
    return FrameStack(_Atari(AtariPreprocessing(world, scale_obs=True)), frames)


class _Atari:
    """A game with rewards of -1, 0 and 1, and pictures of float32."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.action_space = world.action_space

    def reset(self, *, seed: int | None = None) -> tuple[Observation, dict[str, Any]]:
        picture, info = self.world.reset(seed=seed)
        return np.asarray(picture, np.float32), info

    def step(self, action: int, /) -> Step:
        picture, reward, terminated, truncated, info = self.world.step(action)
        return np.asarray(picture, np.float32), float(np.sign(reward)), bool(terminated), bool(truncated), info
