"""Samples of reductions."""

import numpy as np

rng = np.random.default_rng(0)
M, S, T = rng.normal(size=(2, 3)), np.array(0.7), rng.normal(size=(2, 3, 4))
ZEROS = np.array([[0.0, 1.5, -2.0], [0.0, 0.5, 0.0]])  # one zero, two zeros
GAPS = np.maximum(T, 0)  # some are 0, that is, false
ALL, ROWS, INNER = (
    {"axis": None, "keepdims": False},
    {"axis": (1,), "keepdims": False},
    {"axis": (0, 2), "keepdims": True},
)
WHOLE = [((M,), {}), ((S,), {})]
EACH = [((M,), ALL), ((M,), ROWS), ((T,), INNER), ((S,), ALL)]
AWAY = M + np.sign(M)  # norms have corners at 0

SAMPLES = {
    **dict.fromkeys(("sum", "mean", "amax", "amin", "logsumexp"), EACH),
    **{
        name: [((M,), {**ROWS, "correction": 1}), ((T,), {**INNER, "correction": 0}), ((M,), {**ALL, "correction": 2})]
        for name in ("var", "std")
    },
    **{name: [((GAPS,), ALL), ((GAPS,), INNER), ((M,), ROWS)] for name in ("all", "any")},
    **{
        name: [
            ((M,), {"axis": None, "keepdims": False}),
            ((T,), {"axis": 1, "keepdims": True}),
            ((M,), {"axis": 0, "keepdims": False}),
        ]
        for name in ("argmax", "argmin")
    },
    "norm": [((AWAY,), {**how, "p": p}) for how in (ALL, ROWS) for p in (0.0, 0.5, 1.0, 2.0, 3.5, np.inf, -np.inf)],
    "prod": [
        ((ZEROS,), ALL),
        ((ZEROS,), ROWS),
        ((T,), {"axis": (1,), "keepdims": True}),
        ((S,), ALL),
        ((ZEROS[:, :1],), ROWS),
    ],
    "products_of_others": [((a.reshape(1, -1, 1),), {}) for a in (ZEROS, M[:, :1])] + [((T,), {}), ((T[:, :0],), {})],
    "ties": [
        ((M, np.broadcast_to(M.max(1, keepdims=True), M.shape)), {"axis": (1,), "nan": False}),
        ((M, np.broadcast_to(M.max(), M.shape)), {"axis": None, "nan": True}),
    ],
    **dict.fromkeys(("max", "min"), WHOLE),
}
