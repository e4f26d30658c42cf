"""Samples of scans."""

import numpy as np

rng = np.random.default_rng(22)
V, M, T = rng.normal(size=4), rng.normal(size=(2, 3)), rng.normal(size=(2, 3, 4))
ZEROS = np.array([[0.0, 1.5, -2.0, 0.5], [1.0, 0.5, 0.0, 0.0]])

SAMPLES = {
    "argcummax": [((M,), {"axis": 1, "largest": True}), ((T,), {"axis": 0, "largest": False})],
    "cumprod": [((ZEROS,), {"axis": 1}), ((T,), {"axis": 1}), ((M[:, :1],), {"axis": 1}), ((T[:, :0],), {"axis": 1})],
    "cumsum": [((T,), {"axis": 1, "backwards": False}), ((M,), {"axis": 0, "backwards": True})],
    "linear_recurrence": [
        ((V, V[1:]), {"axis": 0, "backwards": False}),
        ((T, rng.normal(size=(2, 2, 4))), {"axis": 1, "backwards": True}),
        ((T, rng.normal(size=(1, 3, 4))), {"axis": 0, "backwards": False}),
        ((M[:, :1], M[:, :0]), {"axis": 1, "backwards": True}),
    ],
    "logcumsumexp": [((V * 4,), {"axis": 0}), ((T,), {"axis": 1})],
}
