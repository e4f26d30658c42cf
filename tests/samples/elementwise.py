"""Samples of arithmetic, powers, exponentials, rounding and selection."""

import numpy as np

rng = np.random.default_rng(0)
M, V = rng.normal(size=(2, 3)), rng.normal(size=3)
POSITIVE, DIVISOR = rng.uniform(0.5, 2.0, (2, 3)), rng.uniform(0.5, 2.0, 3)
S = np.array(0.7)
MASK = np.array([[True, False, True], [False, False, True]])
LOW, HIGH = np.array([-0.3, 0.1, 0.4]), np.array([0.2, 0.5, 0.3])  # the last two are in the wrong order

SAMPLES = {
    **{name: [((M, V), {}), ((V, M), {}), ((M, S), {})] for name in ("add", "sub", "mul")},
    **{name: [((M, V), {}), ((V, M), {}), ((M, S), {})] for name in ("maximum", "minimum", "fmax", "fmin")},
    **{
        name: [((POSITIVE,), {}), ((S,), {})]
        for name in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal")
    },
    **{name: [((M,), {}), ((S,), {})] for name in ("neg", "square", "exp", "exp2", "expm1", "abs", "sign", "clone")},
    **{name: [((3 * M,), {}), ((S,), {})] for name in ("floor", "ceil", "trunc", "round", "zero_slope")},
    **{
        name: [((5 * M, DIVISOR), {}), ((V, -POSITIVE), {})]
        for name in ("floor_divide", "trunc_divide", "remainder", "fmod")
    },
    "cast": [((M,), {"dtype": np.dtype("float64")})],
    "clamp": [((M, LOW, HIGH), {}), ((M, np.array(-0.3), S), {})],
    "clamp_max": [((M, HIGH), {}), ((M, S), {})],
    "clamp_min": [((M, LOW), {}), ((M, S), {})],
    "copysign": [((M, V), {}), ((M, S), {})],
    "discretize": [((M,), {"dtype": np.dtype("int64")}), ((M,), {"dtype": np.dtype("bool")})],
    "div": [((M, POSITIVE), {}), ((V, POSITIVE), {}), ((POSITIVE, S), {})],
    "gate": [((M, MASK), {}), ((S, np.array(True)), {})],
    "heaviside": [((M, V), {}), ((M, S), {})],
    "hypot": [((M, V), {}), ((M, S), {})],
    "nan_to_num": [((M,), {"nan": 0.0, "posinf": 1.0, "neginf": None})],
    "nextafter": [((M, V), {})],
    "pow": [
        ((POSITIVE, V), {}),
        ((POSITIVE, S), {}),
        ((POSITIVE, np.array(2.0)), {}),
        ((V[:1] ** 2, np.array(3.0)), {}),
    ],
    "pow_slope": [
        ((POSITIVE, V), {"order": 1}),
        ((POSITIVE, V), {"order": 2}),
        ((POSITIVE, S), {"order": 1}),
        ((POSITIVE, np.array(2.0)), {"order": 2}),
    ],
    "share": [((M, V, V[::-1].copy()), {}), ((M, M, M), {})],
    "where": [((MASK, M, V), {}), ((MASK[0], M, S), {})],
}
