"""Samples of sets."""

import numpy as np

rng = np.random.default_rng(23)
TIES = rng.integers(0, 2, (3, 2, 2)).astype(float)
SLICES = [((TIES,), {"axis": axis, "more": axis is None}) for axis in (None, 1)]

SAMPLES = {
    "isin": [((TIES, np.array([1.0, 5.0])), {"invert": False}), ((TIES, np.array(1.0)), {"invert": True})],
    **dict.fromkeys(("unique", "unique_consecutive"), SLICES),
}
