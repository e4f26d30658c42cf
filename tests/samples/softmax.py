"""Samples of the primitives in ops/softmax.py."""

import numpy as np

rng = np.random.default_rng(16)
M, X = rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 2, 2))
ALONG = [((M,), {"axis": (1,)}), ((X,), {"axis": (1,)}), ((np.array(0.3),), {"axis": ()})]
PAIRS = [((rng.normal(size=x.shape), x), how) for (x,), how in ALONG]

SAMPLES = {"log_softmax": ALONG, "log_softmax_x": PAIRS, "softmax": ALONG, "softmax_x": PAIRS}
