"""Samples of the incomplete gamma functions, and how they and the incomplete beta function change with their parameters."""

import numpy as np

A, B = np.array([0.4, 1.7, 6.0]), np.array([2.5, 0.8, 3.0])
X, S = np.array([[0.1, 0.5, 0.9], [0.7, 0.3, 0.2]]), np.array(0.6)

SAMPLES = {
    **{name: [((A, 4 * X), {}), ((A, S), {})] for name in ("igamma", "igammac")},
    "gamma_shift": [((A, 4 * X), {"order": 1}), ((A, S), {"order": 1}), ((A, 3 * X), {"order": 2})],
    "beta_shift": [((A, B, X), {"orders": orders}) for orders in ((1, 0), (0, 1), (1, 1))],
}
