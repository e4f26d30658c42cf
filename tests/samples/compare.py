"""Samples of comparison and logic."""

import numpy as np

rng = np.random.default_rng(0)
M, V = rng.normal(size=(2, 3)), rng.normal(size=3)
ODD = np.array([0.0, -0.0, 1.5, np.nan, np.inf, -np.inf])
NANS = np.array([np.nan, 1.0])
INTEGERS, MASKS = rng.integers(0, 3, (2, 3)), V > 0

ORDER = ("eq", "ne", "lt", "le", "gt", "ge")
LOGIC = ("logical_and", "logical_or", "logical_xor")
KINDS = ("isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "signbit")
TOLERANCE = {"rtol": 0.1, "atol": 0.0, "equal_nan": False}

SAMPLES = {
    **{name: [((M, V), {}), ((M, M), {}), ((ODD, ODD[::-1].copy()), {}), ((M, INTEGERS), {})] for name in ORDER},
    **{name: [((M, V), {}), ((M, MASKS), {}), ((INTEGERS, M), {})] for name in LOGIC},
    **{name: [((ODD,), {}), ((np.array(np.nan),), {}), ((INTEGERS,), {})] for name in KINDS},
    "equal": [((M, M), {}), ((M, V), {})],
    "isclose": [
        ((M, M * 1.05), TOLERANCE),
        ((NANS, NANS), {**TOLERANCE, "equal_nan": True}),
        ((M, INTEGERS), TOLERANCE),
    ],
    "logical_not": [((M,), {}), ((ODD,), {})],
}
