"""Samples of the primitives in ops/dropout.py."""

import numpy as np

rng = np.random.default_rng(15)
M = rng.normal(size=(2, 3))

SAMPLES = {
    "dropout": [((M,), {"key": 2**63 + 5, "p": 0.5}), ((M[0],), {"key": 7, "p": 0.2}), ((M,), {"key": 7, "p": 1.0})]
}
