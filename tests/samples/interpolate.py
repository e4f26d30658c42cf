"""Samples of the primitives in ops/interpolate.py."""

import numpy as np

from autograd_core.ops.interpolate import Sampling

rng = np.random.default_rng(19)
HOWS = [
    (1, Sampling("nearest", False, 3, 7, None, False)),
    (2, Sampling("nearest-exact", False, 5, 3, 0.7, False)),
    (1, Sampling("linear", False, 3, 5, None, True)),
    (2, Sampling("linear", False, 5, 8, 1.7, False)),
    (0, Sampling("cubic", False, 2, 5, None, False)),
    (2, Sampling("cubic", False, 5, 1, None, True)),
    (1, Sampling("linear", True, 3, 2, None, False)),
    (2, Sampling("cubic", True, 5, 2, None, False)),
    (2, Sampling("lanczos", True, 5, 3, None, False)),
]


def shape(axis: int, n: int) -> list[int]:
    return [n if d == axis else m for d, m in enumerate((2, 3, 5))]


SAMPLES = {
    "resample": [((rng.normal(size=shape(d, how.size)),), {"axis": d, "how": how}) for d, how in HOWS],
    "resample_input": [((rng.normal(size=shape(d, how.places)),), {"axis": d, "how": how}) for d, how in HOWS],
}
