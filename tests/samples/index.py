"""Samples of the primitives in ops/index.py."""

import numpy as np

rng = np.random.default_rng(11)
M, V, X = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(2, 3, 4))
ROWS, COLUMNS = np.array([0, 2, 2]), np.array([1, 3, 3])
MASK = M > 0
COLUMN, EVERY, LAST = (slice(None), 1, ...), (slice(None, None, -2), None, ...), (..., -1)

SAMPLES = {
    "add_along": [
        ((rng.normal(size=(3, 4)), ROWS), {"axis": 0, "shape": (3, 4)}),
        ((rng.normal(size=(2, 3, 4)), ROWS), {"axis": 1, "shape": (2, 5, 4)}),
        ((rng.normal(size=(3, 2, 2)), np.array([[0, -1], [1, 0]])), {"axis": 1, "shape": (3, 2)}),
    ],
    "add_at": [
        ((V[:3],), {"index": (ROWS, COLUMNS), "shape": (3, 4)}),
        ((rng.normal(size=MASK.sum()),), {"index": (MASK,), "shape": (3, 4)}),
        ((rng.normal(size=(3, 2)),), {"index": (ROWS, slice(None), COLUMNS), "shape": (3, 2, 4)}),
    ],
    "add_picked": [
        ((M[:, :2], np.array([[0, 0], [1, 3], [3, 2]])), {"axis": 1, "shape": (3, 4)}),
        ((X[:, :1], rng.integers(0, 3, (2, 1, 4))), {"axis": 1, "shape": (2, 3, 4)}),
    ],
    "gather": [
        ((M, np.array([[0, 0], [1, 3], [3, 2]])), {"axis": 1}),
        ((X, rng.integers(0, 2, (3, 2, 4))), {"axis": 0}),
    ],
    "index": [
        ((M,), {"index": (ROWS, COLUMNS)}),
        ((M,), {"index": (MASK,)}),
        ((X,), {"index": (np.array([1, 0]), slice(None), np.array([[3], [-1]]))}),
        ((X,), {"index": (slice(None), np.array([True, False, True]))}),
    ],
    "index_select": [((M, ROWS), {"axis": 0}), ((X, np.array([[0, 3], [3, -4]])), {"axis": 2})],
    "nonzero": [((M,), {})],
    "put": [
        ((M, V), {"index": (1, ...)}),
        ((M, rng.normal(size=(2, 1, 1))), {"index": EVERY}),
        ((M, V[:3]), {"index": (ROWS, COLUMNS)}),
        ((M, np.array(0.7)), {"index": (MASK,)}),
        ((X, rng.normal(size=(3, 2))), {"index": (np.array([0, 0, 1]), slice(0, 2), COLUMNS)}),
    ],
    "slice": [((M,), {"index": i}) for i in (COLUMN, EVERY, LAST, (1, 2, ...), (slice(1, 1), ...))],
    "slice_into": [
        ((V[:3],), {"index": COLUMN, "shape": (3, 4)}),
        ((rng.normal(size=(2, 1, 4)),), {"index": EVERY, "shape": (3, 4)}),
    ],
}
