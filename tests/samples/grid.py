"""Samples of the primitives in ops/grid.py."""

import numpy as np

rng = np.random.default_rng(20)
X, W, Y = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 4, 5)), rng.normal(size=(2, 3, 5))
INDEX = rng.integers(-1, 6, size=W.shape)
LOW, HIGH = np.array([[-1.0, 0.0, 1.0]]), np.array([[2.0, 0.0, np.nan]])

SAMPLES = {
    "fraction": [((np.array([[-1.25, 0.5, 3.75]]),), {})],
    "sample": [((X, W, INDEX), {})],
    "sample_input": [((Y, W, INDEX), {"size": 6})],
    "sample_weight": [((Y, X, INDEX), {})],
    "tap_places": [
        ((LOW, HIGH), {"sizes": (3, 4), "taps": (0, 1), "padding_mode": "zeros", "align_corners": False}),
        ((LOW, HIGH, LOW), {"sizes": (3, 4, 2), "taps": (0,), "padding_mode": "border", "align_corners": False}),
        ((LOW, HIGH), {"sizes": (3, 1), "taps": (-1, 0, 1, 2), "padding_mode": "reflection", "align_corners": True}),
    ],
}
