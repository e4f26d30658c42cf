"""Parameters of recurrent layers, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["GATES", "parameters"]

GATES = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}


def parameters(mode: str, inputs: int, hidden: int, dtype: Any, seed: int = 0) -> list[np.ndarray]:
    """The weights of the input and of the state, and their biases."""
    rng, width = np.random.default_rng(seed), GATES[mode] * hidden
    shapes = [(width, inputs), (width, hidden), (width,), (width,)]
    return [rng.normal(size=shape).astype(dtype) * 0.5 for shape in shapes]
