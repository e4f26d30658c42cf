"""Samples of convolution and its two adjoints."""

import numpy as np

from autograd_core.kernels import cpu
from autograd_core.ops.conv import Geometry

rng = np.random.default_rng(0)
X, W, GROUPED, DEPTHWISE = (rng.normal(size=s) for s in ((2, 4, 5, 4), (3, 4, 2, 3), (4, 2, 2, 2), (4, 1, 3, 2)))
POINTWISE = rng.normal(size=(2, 4, 1, 1))
CASES = [
    (W, Geometry((1, 1), ((0, 0), (0, 0)), (1, 1), 1)),
    (W, Geometry((2, 3), ((1, 0), (1, 2)), (2, 1), 1)),
    (GROUPED, Geometry((1, 2), ((0, 1), (0, 0)), (1, 2), 2)),
    (DEPTHWISE, Geometry((2, 1), ((0, 0), (1, 1)), (1, 1), 4)),
    (POINTWISE, Geometry((1, 1), ((0, 0), (0, 0)), (1, 1), 1)),
]
RESULTS = [rng.normal(size=cpu.conv2d(X, w, **how._asdict()).shape) for w, how in CASES]

SAMPLES = {
    "conv2d": [((X, w), {"geometry": how}) for w, how in CASES],
    "conv2d_input": [((y, w), {"shape": X.shape, "geometry": how}) for (w, how), y in zip(CASES, RESULTS)],
    "conv2d_weight": [((y, X), {"shape": w.shape, "geometry": how}) for (w, how), y in zip(CASES, RESULTS)],
}
