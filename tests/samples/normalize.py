"""Samples of the primitives in ops/normalize.py and ops/standardize.py."""

import numpy as np

from autograd_core.ops.standardize import Layout

rng = np.random.default_rng(13)
M, X = rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 2, 2))
W, B = rng.uniform(0.5, 1.5, size=3), rng.normal(size=3)
V, C, D = rng.normal(size=(2, 4, 3)), rng.uniform(0.5, 1.5, size=4), rng.normal(size=4)

# how one array is seen by each normalisation, w and the number of statistics
SEEN = [
    (X, Layout((2, 3, 1, 4), (0, 2, 3), (1, 3, 1, 1), 0), W, 3),
    (M.T, Layout((4, 3, 1, 1), (0, 2, 3), (1, 3, 1, 1), 0), W, 3),
    (V, Layout((2, 2, 2, 3), (2, 3), (1, 2, 2, 1), 2), C, 4),
    (M, Layout((3, 1, 1, 4), (3,), (1, 1, 1, 4), None), C, 3),
    (M, Layout((3, 1, 1, 4), (3,), (1, 1, 1, 4), None, centred=False), C, 3),
]

SAMPLES = {
    "batch_norm": [((X, W, B), {"eps": 1e-5}), ((M.T, W, B), {"eps": 0.1}), ((X[..., 0], W, B), {"eps": 1e-3})],
    "batch_norm_eval": [
        ((X, W, B, B, W), {"eps": 1e-5}),
        ((M.T, W, B, B, W), {"eps": 0.1}),
    ],
    "group_norm": [
        ((V, C, D), {"groups": 2, "eps": 1e-5}),
        ((V, C, D), {"groups": 4, "eps": 0.1}),
        ((M, C, D), {"groups": 1, "eps": 0.1}),
    ],
    "layer_norm": [
        ((M.T, W, B), {"eps": 1e-5}),
        ((X, rng.uniform(0.5, 1.5, size=(2, 2)), rng.normal(size=(2, 2))), {"eps": 0.1}),
    ],
    "normalized_w": [
        (
            (rng.normal(size=x.shape), x, rng.normal(size=n), rng.uniform(0.5, 1.5, size=n)),
            {"layout": layout, "shape": w.shape},
        )
        for x, layout, w, n in SEEN
        if layout.centred
    ],
    "normalized_x": [
        (
            (rng.normal(size=x.shape), x, w, rng.normal(size=n) * layout.centred, rng.uniform(0.5, 1.5, size=n)),
            {"layout": layout},
        )
        for x, layout, w, n in SEEN
    ],
    "rms_norm": [((M.T, W), {"eps": 1e-5}), ((X, rng.uniform(0.5, 1.5, size=(2, 2))), {"eps": 0.1})],
}
