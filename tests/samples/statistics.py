"""Samples of statistics."""

import numpy as np

rng = np.random.default_rng(24)
V, W, EDGES = rng.normal(size=9), rng.random(9), np.array([-1.0, 0.0, 0.5, 1.0])

SAMPLES = {
    "bincount": [((np.array([1, 3, 1]),), {"size": 5})],
    "histc": [((V,), {"bins": 4, "low": -1.0, "high": 1.0})],
    "histogram": [((V, W, EDGES), {})],
    "histogram_edges": [((V,), {"low": -1.0, "high": 1.0, "bins": 4})],
}
