"""Samples of the primitives in ops/linalg.py."""

import numpy as np

normal = np.random.default_rng(12).normal

SAMPLES = {
    "einsum": [
        ((normal(size=(2, 3)), normal(size=(3, 4))), {"labels": ("ij", "jk"), "result": "ki"}),
        ((normal(size=(2, 3, 4)), normal(size=(4, 2, 5))), {"labels": ("bij", "jbk"), "result": "bik"}),
        ((normal(size=2), normal(size=3)), {"labels": ("i", "j"), "result": "ji"}),
        ((normal(size=(2, 3)), normal(size=(3, 2))), {"labels": ("ij", "ji"), "result": ""}),
        ((normal(size=(2, 3)), normal(size=(3, 2)), normal(size=3)), {"labels": ("ij", "jk", "j"), "result": "ik"}),
    ],
    "linear": [
        ((normal(size=(2, 3)), normal(size=(4, 3)), normal(size=4)), {}),
        ((normal(size=(2, 2, 3)), normal(size=(4, 3)), normal(size=4)), {}),
        ((normal(size=3), normal(size=(4, 3)), normal(size=4)), {}),
    ],
    "linear_without_bias": [
        ((normal(size=(2, 3)), normal(size=(4, 3))), {}),
        ((normal(size=(2, 1, 3)), normal(size=(4, 3))), {}),
        ((normal(size=3), normal(size=(4, 3))), {}),
    ],
    "matmul": [
        ((normal(size=a), normal(size=b)), {})
        for a, b in [
            ((2, 3), (3, 4)),
            ((3,), (3,)),
            ((3,), (3, 4)),
            ((2, 3), (3,)),
            ((3,), (2, 3, 4)),
            ((2, 2, 3), (3,)),
            ((2, 2, 3), (3, 2)),
            ((2, 3), (2, 3, 2)),
            ((2, 1, 2, 3), (2, 3, 2)),
            ((0, 3), (3, 2)),
        ]
    ],
}
