"""Samples of recurrent cells and sequences."""

import numpy as np

from autograd_core.ops.recurrence import Layout

rng = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


HIDDEN, BATCH, INPUTS, SIZES, UNEVEN = 2, 3, 4, (3, 3), (3, 2, 1)
GATES, STATES = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}, {"lstm": 2}


def table(mode: str, sizes: tuple[int, ...]) -> np.ndarray:
    return 0.7 * draw(sum(sizes) + HIDDEN + 2 + BATCH, GATES[mode] * HIDDEN)


SAMPLES = {
    "lstm_cell": [((draw(3, 8), draw(3, 8), draw(3, 2)), {})],
    "gru_cell": [((draw(3, 6), draw(3, 6), draw(3, 2)), {})],
    "recurrent_table": [
        (
            (draw(6, INPUTS), draw(8, INPUTS), draw(8, 2), draw(8), draw(8), draw(BATCH, 2 * STATES.get(mode, 1))),
            {"layout": Layout(6, 2)},
        )
        for mode in ("lstm", "gru")
    ],
    "recurrence": [
        ((table(mode, sizes),), {"mode": mode, "batch_sizes": sizes, "reverse": reverse})
        for mode in GATES
        for sizes, reverse in ((SIZES, False), (UNEVEN, False), (UNEVEN, True))
    ],
}
