"""Samples of the primitives in ops/loss.py."""

import numpy as np

rng = np.random.default_rng(14)
M, TARGET, SCALE = rng.normal(size=(3, 4)), np.array([3, 0, 3]), np.array([0.5, 0.0, -1.5])

SAMPLES = {
    "cross_entropy": [((M, TARGET, SCALE), {}), ((M[:1], TARGET[:1], SCALE[:1]), {})],
    "soft_cross_entropy": [((M, rng.uniform(size=(3, 4))), {}), ((M[:1], M[1:2]), {})],
    "softmax_residual": [((M, TARGET, SCALE), {})],
}
