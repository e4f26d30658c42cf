"""Samples of the primitives in ops/shape.py."""

import numpy as np

rng = np.random.default_rng(10)
M, V, X = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(2, 3, 4))

SAMPLES = {
    "cat": [((M, rng.normal(size=(2, 1)), M), {"dim": 1}), ((X,), {"dim": 0}), ((V, np.zeros(0), V), {"dim": 0})],
    "expand": [((V,), {"shape": (2, 3)}), ((M[:, :1],), {"shape": (4, 2, 3)}), ((np.array(0.3),), {"shape": (2, 2)})],
    "flip": [((M,), {"axes": (0,)}), ((X,), {"axes": (0, 2)}), ((M,), {"axes": ()})],
    "permute": [((M,), {"axes": None}), ((X,), {"axes": (2, 0, 1)})],
    "reshape": [((M,), {"shape": (3, 2)}), ((M.T,), {"shape": (6,)}), ((V[:1],), {"shape": ()})],
    "roll": [((M,), {"shifts": (1, -1), "axes": (0, 1)}), ((V,), {"shifts": (5,), "axes": (0,)})],
    "stack": [((M, M * 2, -M), {"dim": 1}), ((V, V + 1), {"dim": 0}), ((X,), {"dim": 3})],
    "sum_to": [((M,), {"shape": (3,)}), ((M,), {"shape": (2, 1)}), ((M,), {"shape": ()}), ((X,), {"shape": (3, 1)})],
}
