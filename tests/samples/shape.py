"""Samples of the primitives in ops/shape.py."""

import numpy as np

rng = np.random.default_rng(10)
M, V, X = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(2, 3, 4))

SAMPLES = {
    "as_strided": [
        ((X,), {"shape": (2, 2, 4, 2), "strides": (12, 4, 1, 4), "offset": 0}),
        ((M,), {"shape": (2, 2), "strides": (3, 1), "offset": 1}),
        ((M.T,), {"shape": (3,), "strides": (0,), "offset": 4}),
    ],
    "expand": [((V,), {"shape": (2, 3)}), ((M[:, :1],), {"shape": (4, 2, 3)}), ((np.array(0.3),), {"shape": (2, 2)})],
    "permute": [((M,), {"axes": None}), ((X,), {"axes": (2, 0, 1)})],
    "reshape": [((M,), {"shape": (3, 2)}), ((M.T,), {"shape": (6,)}), ((V[:1],), {"shape": ()})],
    "strided_sum": [
        ((rng.normal(size=(2, 2, 4, 2)),), {"shape": (2, 3, 4), "strides": (12, 4, 1, 4), "offset": 0}),
        ((rng.normal(size=(2, 2)),), {"shape": (2, 3), "strides": (3, 1), "offset": 1}),
    ],
    "sum_to": [((M,), {"shape": (3,)}), ((M,), {"shape": (2, 1)}), ((M,), {"shape": ()}), ((X,), {"shape": (3, 1)})],
}
