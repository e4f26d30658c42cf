"""Samples of the primitives in ops/pad.py."""

import numpy as np

rng = np.random.default_rng(18)
M, V, X = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(2, 3, 4))

SAMPLES = {
    "fold_edges": [
        ((X,), {"before": (0, 1, 1), "after": (0, 0, 1), "mode": "reflect"}),
        ((X,), {"before": (0, 1, 2), "after": (0, 1, 1), "mode": "replicate"}),
        ((X,), {"before": (0, 1, 1), "after": (0, 1, 1), "mode": "circular"}),
    ],
    "pad": [
        ((M,), {"before": (1, 0), "after": (0, 2), "value": 0.5}),
        ((V,), {"before": (2,), "after": (1,), "value": 0}),
    ],
    "pad_from_edges": [
        ((X,), {"before": (0, 2, 1), "after": (1, 0, 3), "mode": "reflect"}),
        ((X,), {"before": (0, 2, 5), "after": (2, 0, 3), "mode": "replicate"}),
        ((X,), {"before": (0, 2, 1), "after": (2, 0, 4), "mode": "circular"}),
    ],
}
