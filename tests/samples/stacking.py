"""Samples of the primitives in ops/stacking.py."""

import numpy as np

rng = np.random.default_rng(13)
M, V, X = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(2, 3, 4))

SAMPLES = {
    "cat": [((M, rng.normal(size=(2, 1)), M), {"dim": 1}), ((X,), {"dim": 0}), ((V, np.zeros(0), V), {"dim": 0})],
    "stack": [((M, M * 2, -M), {"dim": 1}), ((V, V + 1), {"dim": 0}), ((X,), {"dim": 3})],
}
