"""Arrays of random numbers, the same in every run."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["normal"]


def normal(*shape: int, seed: int | None = None, dtype: Any = np.float64) -> Any:
    """Normal numbers; without a *seed* the sizes are it, so that arrays of other sizes are of other numbers."""
    return np.random.default_rng(sum(shape) if seed is None else seed).normal(size=shape).astype(dtype)
