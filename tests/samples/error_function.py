"""Samples of the error function and the normal distribution."""

import numpy as np

rng = np.random.default_rng(0)
M, S = rng.normal(size=(2, 3)), np.array(0.7)
P = rng.uniform(0.1, 0.9, (2, 3))

SAMPLES = {
    **{name: [((M,), {}), ((S,), {})] for name in ("erf", "erfc", "erfcx", "ndtr", "log_ndtr")},
    **{name: [((P,), {}), ((S,), {})] for name in ("erfinv", "ndtri")},
}
