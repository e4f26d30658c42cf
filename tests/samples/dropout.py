"""Samples of the primitives in ops/dropout.py."""

import numpy as np

rng = np.random.default_rng(15)
M = rng.normal(size=(2, 3))

SAMPLES = {"dropout": [((M, M > 0), {"scale": 2.0}), ((M, np.array([[True], [False]])), {"scale": 1.25})]}
