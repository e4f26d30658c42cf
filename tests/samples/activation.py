"""Samples of activation functions."""

import numpy as np

rng = np.random.default_rng(0)
M, G, S = 2 * rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), np.array(0.7)

SAMPLES = {
    **{
        name: [((M,), {}), ((S,), {})] for name in ("sigmoid", "logsigmoid", "relu", "silu", "erf", "gelu", "gelu_tanh")
    },
    **{name: [((G, M), {}), ((S, S), {})] for name in ("sigmoid_x", "relu_x", "silu_x", "gelu_x", "gelu_tanh_x")},
    "elu": [((M,), {"alpha": 1.5, "scale": 1.0}), ((M,), {"alpha": -0.5, "scale": 2.0})],
    "hardtanh": [((M,), {"low": -1.0, "high": 0.5})],
    "leaky_relu": [((M,), {"slope": 0.1}), ((M,), {"slope": -0.5}), ((M,), {"slope": 2.0})],
    "softplus": [((M,), {"beta": 1.0, "threshold": 20.0}), ((M,), {"beta": 2.0, "threshold": 1.0})],
    "softplus_x": [((G, M), {"beta": 1.0, "threshold": 20.0}), ((G, M), {"beta": 2.0, "threshold": 1.0})],
    "threshold": [((M,), {"threshold": 0.1, "value": -7.0})],
}
