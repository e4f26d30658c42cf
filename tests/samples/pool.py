"""Samples of pooling and its linear partners."""

import numpy as np

from autograd_core.kernels import cpu
from autograd_core.ops.pool.windows import Windows

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 2, 5, 4))
SIGNALS, VOLUMES = rng.normal(size=(2, 3, 7)), rng.normal(size=(1, 2, 3, 4, 5))
ROW = rng.normal(size=(1, 1, 1, 300))  # a window of more elements than a byte counts
LARGEST = [
    (X, Windows((2, 2), (2, 2), (0, 0), (1, 1), False)),
    (X, Windows((3, 2), (1, 2), (1, 1), (1, 2), False)),
    (X, Windows((2, 2), (2, 3), (1, 0), (1, 1), True)),
    (X, Windows((5, 4), (1, 1), (0, 0), (1, 1), False)),
    (SIGNALS, Windows((3,), (2,), (1,), (1,), True)),
    (VOLUMES, Windows((2, 2, 2), (1, 2, 2), (0, 0, 0), (1, 1, 1), False)),
    (VOLUMES, Windows((2, 3, 2), (2, 1, 1), (1, 1, 0), (1, 1, 2), True)),
    (ROW, Windows((1, 290), (1, 3), (0, 0), (1, 1), False)),
]
POSITIONS = [cpu.max_pool(x, windows=how)[1] for x, how in LARGEST]
MEANS = [
    (X, {"windows": Windows((2, 2), (2, 2), (0, 0), (1, 1), False), "count_include_pad": True, "divisor": None}),
    (X, {"windows": Windows((3, 2), (1, 2), (1, 1), (1, 1), False), "count_include_pad": False, "divisor": None}),
    (X, {"windows": Windows((2, 2), (2, 3), (1, 0), (1, 1), True), "count_include_pad": True, "divisor": None}),
    (X, {"windows": Windows((3, 3), (2, 1), (1, 1), (1, 1), True), "count_include_pad": True, "divisor": 5}),
    (X, {"windows": Windows((5, 4), (1, 1), (0, 0), (1, 1), False), "count_include_pad": True, "divisor": None}),
    (SIGNALS, {"windows": Windows((3,), (2,), (1,), (1,), True), "count_include_pad": True, "divisor": None}),
    (
        VOLUMES,
        {
            "windows": Windows((2, 3, 2), (1, 2, 3), (1, 1, 0), (1, 1, 1), True),
            "count_include_pad": False,
            "divisor": None,
        },
    ),
]
MEAN_SHAPES = [cpu.avg_pool(x, **how).shape for x, how in MEANS]
GRIDS = [(X, (2, 3)), (X, (6, 1)), (SIGNALS, (4,)), (VOLUMES, (2, 4, 3))]

SAMPLES = {
    "adaptive_avg_pool": [((x,), {"size": size}) for x, size in GRIDS],
    "adaptive_avg_pool_input": [((rng.normal(size=(*x.shape[:2], *size)),), {"shape": x.shape}) for x, size in GRIDS],
    "adaptive_max_pool": [((x,), {"size": size}) for x, size in GRIDS],
    "avg_pool": [((x,), how) for x, how in MEANS],
    "avg_pool_input": [
        ((rng.normal(size=shape),), {"shape": x.shape, **how}) for (x, how), shape in zip(MEANS, MEAN_SHAPES)
    ],
    "fractional_max_pool": [
        ((X, rng.random(size=(2, 2, 2))), {"kernel": (2, 3), "size": (3, 2)}),
        ((VOLUMES, rng.random(size=(1, 2, 3))), {"kernel": (1, 2, 2), "size": (2, 1, 4)}),
    ],
    "max_pool": [((x,), {"windows": how}) for x, how in LARGEST],
    "max_pool_gather": [((x, at), {"windows": how}) for (x, how), at in zip(LARGEST, POSITIONS)],
    "max_pool_indices": [((at,), {"size": x.shape[2:], "windows": how}) for (x, how), at in zip(LARGEST, POSITIONS)],
    "max_pool_scatter": [
        ((rng.normal(size=at.shape), at), {"shape": x.shape, "windows": how})
        for (x, how), at in zip(LARGEST, POSITIONS)
    ],
}
