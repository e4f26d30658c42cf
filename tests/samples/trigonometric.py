"""Samples of trigonometric and hyperbolic functions."""

import numpy as np

rng = np.random.default_rng(0)
M, V, S = rng.normal(size=(2, 3)), rng.normal(size=3), np.array(0.7)

SAMPLES = {
    **{name: [((M,), {}), ((S,), {})] for name in ("sin", "cos", "atan", "sinh", "cosh", "tanh", "asinh")},
    **{name: [((np.tanh(M),), {}), ((S,), {})] for name in ("tan", "asin", "acos", "atanh")},
    "tanh_x": [((M, M[::-1].copy()), {}), ((S, S), {})],
    "acosh": [((1.2 + np.abs(M),), {}), ((np.array(1.7),), {})],
    "atan2": [((M, V), {}), ((M, S), {})],
}
