"""Samples of orders along a dim."""

import numpy as np

rng = np.random.default_rng(21)
M, T = rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 4))
TIES = rng.integers(0, 3, (3, 5)).astype(float)
ROWS = {"axis": 1, "keepdims": True}
COLUMNS = {"axis": 0, "keepdims": False}

SAMPLES = {
    "argsort": [((M,), {"axis": 1, "descending": False}), ((M,), {"axis": 0, "descending": True})],
    "topk": [((M,), {"k": 2, "axis": 1, "largest": True}), ((M,), {"k": 3, "axis": 0, "largest": False})],
    "argkthvalue": [((M,), {"rank": 2, **ROWS}), ((T,), {"rank": 0, **COLUMNS})],
    "argmedian": [((M,), {"skip_nan": False, **ROWS}), ((T,), {"skip_nan": True, **COLUMNS})],
    "argmode": [((TIES,), ROWS), ((TIES,), COLUMNS)],
    "median": [((M,), {"skip_nan": False}), ((T[0, 0, 1:],), {"skip_nan": True})],
    "searchsorted": [((np.sort(M[0]), T), {"right": False}), ((np.sort(TIES, 1), TIES[:, ::2]), {"right": True})],
}
