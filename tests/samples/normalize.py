"""Samples of the primitives in ops/normalize.py."""

import numpy as np

rng = np.random.default_rng(13)
M, X = rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 2, 2))
W, B = rng.uniform(0.5, 1.5, size=3), rng.normal(size=3)

SAMPLES = {
    "batch_norm": [((X, W, B), {"eps": 1e-5}), ((M.T, W, B), {"eps": 0.1}), ((X[..., 0], W, B), {"eps": 1e-3})],
    "inner": [
        ((X, rng.normal(size=X.shape)), {"axis": (0, 2)}),
        ((rng.normal(size=(2, 2, 3, 3)), rng.normal(size=(2, 2, 3, 3))), {"axis": (0, 2, 3)}),
    ],
    "layer_norm": [
        ((M.T, W, B), {"eps": 1e-5}),
        ((X, rng.uniform(0.5, 1.5, size=(2, 2)), rng.normal(size=(2, 2))), {"eps": 0.1}),
    ],
    "log_softmax": [((M,), {"axis": (1,)}), ((X,), {"axis": (1,)}), ((np.array(0.3),), {"axis": ()})],
    "softmax": [((M,), {"axis": (1,)}), ((X,), {"axis": (1,)}), ((np.array(0.3),), {"axis": ()})],
}
