"""Samples of the primitives in ops/diagonal.py."""

import numpy as np

rng = np.random.default_rng(12)
M, V, X = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(2, 3, 4))

SAMPLES = {
    "diagonal": [
        ((M,), {"offset": 1, "axes": (0, 1)}),
        ((X,), {"offset": -1, "axes": (1, 2)}),
        ((X,), {"offset": 0, "axes": (2, 0)}),
    ],
    "diagonal_into": [
        ((V,), {"offset": 1, "axes": (0, 1), "shape": (5, 5)}),
        ((M,), {"offset": -1, "axes": (1, 2), "shape": (3, 5, 4)}),
    ],
    "triangle": [((M,), {"lower": True, "offset": 0}), ((X,), {"lower": False, "offset": 1})],
}
