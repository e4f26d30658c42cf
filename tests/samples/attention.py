"""Samples of the primitives in ops/attention.py."""

import numpy as np

rng = np.random.default_rng(31)
X = rng.normal(size=(2, 3, 2, 4))
ROWS, CAUSAL = rng.normal(size=(2, 1, 1, 4)), np.where(np.tri(2, 4) > 0, 0, -np.inf)

SAMPLES = {
    "masked_softmax": [
        ((X, ROWS), {}),
        ((X, rng.normal(size=(2, 1))), {}),
        ((X, rng.normal(size=X.shape)), {}),
        ((X, CAUSAL), {}),
    ],
}
