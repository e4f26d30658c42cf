"""Samples of the primitives in ops/fold.py."""

import numpy as np

from autograd_core.ops.pool.windows import Windows

rng = np.random.default_rng(21)
HOWS = [
    ((2, 2, 4, 5), Windows((3, 2), (2, 1), (1, 1), (1, 1), False), 12),
    ((1, 2, 4, 5), Windows((2, 2), (1, 2), (0, 1), (2, 1), False), 6),
    ((1, 3, 2, 3), Windows((1, 1), (1, 1), (0, 0), (1, 1), False), 6),
]

SAMPLES = {
    "col2im": [
        ((rng.normal(size=(shape[0], shape[1] * how.kernel[0] * how.kernel[1], n)),), {"shape": shape, "windows": how})
        for shape, how, n in HOWS
    ],
    "im2col": [((rng.normal(size=shape),), {"windows": how}) for shape, how, _ in HOWS],
}
