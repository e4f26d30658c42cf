"""Samples of what is made of logarithms."""

import numpy as np

rng = np.random.default_rng(0)
M, V, S = rng.normal(size=(2, 3)), rng.normal(size=3), np.array(0.7)
P, POSITIVE = rng.uniform(0.2, 0.8, (2, 3)), rng.uniform(0.5, 2.0, 3)

SAMPLES = {
    **{name: [((M, V), {}), ((V, M), {}), ((M, S), {})] for name in ("logaddexp", "logaddexp2")},
    **{name: [((M, POSITIVE), {}), ((S, POSITIVE), {})] for name in ("xlogy", "xlog1py")},
    "entr": [((P,), {}), ((S,), {})],
    "logit": [((P,), {"eps": None}), ((P,), {"eps": 0.3}), ((S,), {"eps": 1e-6})],
}
