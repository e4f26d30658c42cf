"""Samples of Bessel functions, near 0 and away from it."""

import numpy as np

rng = np.random.default_rng(0)
M, FAR, S = rng.normal(size=(2, 3)), np.array([-6.0, 3.5, 25.0]), np.array(0.7)

SAMPLES = {
    "bessel_i": [
        ((M,), {"order": 0, "scaled": False}),
        ((M,), {"order": 1, "scaled": False}),
        ((S,), {"order": 2, "scaled": True}),
        ((FAR,), {"order": 1, "scaled": True}),
    ],
    "spherical_bessel": [((M,), {"order": 0}), ((FAR,), {"order": 1}), ((np.array(0.0),), {"order": 2})],
}
