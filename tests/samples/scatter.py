"""Samples of the primitives in ops/scatter.py."""

import numpy as np

rng = np.random.default_rng(15)
M, SRC = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
AGAIN = np.array([[0, 0, 1, 3], [2, 2, 2, 2], [1, 0, 3, 1]])

SAMPLES = {
    "scatter_extreme": [
        ((M, SRC, AGAIN), {"axis": 1, "largest": True}),
        ((M, SRC[:, :2], AGAIN[:, :2] % 3), {"axis": 0, "largest": False}),
    ],
}
