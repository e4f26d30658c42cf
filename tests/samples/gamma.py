"""Samples of the gamma function's logarithm, its derivatives and zeta."""

import numpy as np

rng = np.random.default_rng(0)
POSITIVE, V, S = rng.uniform(0.5, 4.0, (2, 3)), rng.uniform(1.5, 3.0, 3), np.array(1.7)
NEGATIVE = np.array([-0.4, -1.3, -2.6])

SAMPLES = {
    **{name: [((POSITIVE,), {}), ((NEGATIVE,), {}), ((S,), {})] for name in ("lgamma", "digamma")},
    "polygamma": [((V,), {"order": 1}), ((S,), {"order": 2}), ((NEGATIVE,), {"order": 3})],
    "zeta": [((V, POSITIVE + 0.5), {}), ((np.array(3.0), NEGATIVE[1:]), {})],
}
