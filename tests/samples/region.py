"""Samples of reading and writing through a view."""

import numpy as np

from autograd_core import PRIMITIVES

rng = np.random.default_rng(0)
M, V = rng.normal(size=(2, 3)), rng.normal(size=(2, 2))
CHAIN = (
    (PRIMITIVES["permute"], {"axes": (1, 0)}),
    (PRIMITIVES["slice"], {"index": (slice(1, None),)}),
)

SAMPLES = {
    "put_region": [((M, V), {"chain": CHAIN}), ((M, np.array(2.0)), {"chain": CHAIN}), ((M, M * 2), {"chain": ()})],
    "take_region": [((M,), {"chain": CHAIN}), ((M,), {"chain": ()})],
}
