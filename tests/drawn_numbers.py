"""Arrays of random numbers, the same in every run."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["generator", "normal", "pictures"]


def normal(*shape: int, seed: int | None = None, dtype: Any = np.float64) -> Any:
    """Normal numbers; without a *seed* the sizes are it, so that arrays of other sizes are of other numbers."""
    return np.random.default_rng(sum(shape) if seed is None else seed).normal(size=shape).astype(dtype)


def pictures(n: int = 10, size: int = 6, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, channels, size, size), np.uint8)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)
