"""Samples of the primitives in ops/alignment.py."""

import numpy as np

rng = np.random.default_rng(15)
X = rng.normal(size=(4, 3, 3))
STATES = np.array([[0, 1, 0, 2, 0], [0, 2, 0, 2, 0], [0, 0, 0, 0, 0]])  # no labels in the last: a chain of one blank

SAMPLES = {
    "ctc": [
        ((X, STATES, np.array([4, 3, 2]), np.array([5, 5, 1])), {}),
        ((X[:2, :1], STATES[2:, :1], np.array([2]), np.array([1])), {}),
    ],
}
