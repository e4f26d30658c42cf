"""Samples of the primitives in ops/rearrange.py."""

import numpy as np

rng = np.random.default_rng(14)
M, V, X = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(2, 3, 4))

SAMPLES = {
    "flip": [((M,), {"axes": (0,)}), ((X,), {"axes": (0, 2)}), ((M,), {"axes": ()})],
    "roll": [((M,), {"shifts": (1, -1), "axes": (0, 1)}), ((V,), {"shifts": (5,), "axes": (0,)})],
}
