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
LINE = rng.normal(size=(2, 2, 7)), rng.normal(size=(3, 2, 3)), Geometry((2,), ((1, 2),), (1,), 1)
VOLUME = (
    rng.normal(size=(1, 2, 3, 4, 3)),
    rng.normal(size=(4, 1, 2, 2, 3)),
    Geometry((2, 1, 1), ((1, 0), (0, 0), (1, 1)), (1, 2, 1), 2),
)
ALL = [*((X, w, how) for w, how in CASES), LINE, VOLUME]
RESULTS = [rng.normal(size=cpu.conv(x, w, **how._asdict()).shape) for x, w, how in ALL]

SAMPLES = {
    "conv": [((x, w), {"geometry": how}) for x, w, how in ALL],
    "conv_bias": [((x, w, rng.normal(size=len(w))), {"geometry": how}) for x, w, how in ALL],
    "conv_relu": [((x, w, rng.normal(size=len(w))), {"geometry": how}) for x, w, how in ALL],
    "conv_input": [((y, w), {"shape": x.shape, "geometry": how}) for (x, w, how), y in zip(ALL, RESULTS)],
    "conv_weight": [((y, x), {"shape": w.shape, "geometry": how}) for (x, w, how), y in zip(ALL, RESULTS)],
}
