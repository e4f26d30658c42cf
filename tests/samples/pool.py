"""Samples of pooling and its linear partners."""

import numpy as np

from autograd_core.kernels import cpu
from autograd_core.ops.pool import MaxGeometry, MeanGeometry

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 2, 5, 4))
LARGEST = [
    MaxGeometry((2, 2), (2, 2), (0, 0), (1, 1), False),
    MaxGeometry((3, 2), (1, 2), (1, 1), (1, 2), False),
    MaxGeometry((2, 2), (2, 3), (1, 0), (1, 1), True),
]
INDICES = [cpu.max_pool2d(X, **how._asdict())[1] for how in LARGEST]
MEANS = [
    {"geometry": MeanGeometry((2, 2), (2, 2), (0, 0), True, None), "ceil_mode": False},
    {"geometry": MeanGeometry((3, 2), (1, 2), (1, 1), False, None), "ceil_mode": False},
    {"geometry": MeanGeometry((2, 2), (2, 3), (1, 0), True, None), "ceil_mode": True},
    {"geometry": MeanGeometry((3, 3), (2, 1), (1, 1), True, 5), "ceil_mode": True},
]
AVERAGED = [cpu.avg_pool2d(X, ceil_mode=how["ceil_mode"], **how["geometry"]._asdict()).shape for how in MEANS]

SAMPLES = {
    "avg_pool2d": [((X,), how) for how in MEANS],
    "avg_pool2d_input": [((rng.normal(size=shape),), {"shape": X.shape, **how}) for how, shape in zip(MEANS, AVERAGED)],
    "gather_planes": [((X, at), {}) for at in INDICES],
    "max_pool2d": [((X,), {"geometry": how}) for how in LARGEST],
    "scatter_planes": [((rng.normal(size=at.shape), at), {"shape": X.shape}) for at in INDICES],
}
