"""Samples of bits, divisors and multiples."""

import numpy as np

rng = np.random.default_rng(0)
INTEGERS, OTHERS = rng.integers(0, 3, (2, 3)), rng.integers(0, 3, 3)
MASK, MASKS = rng.normal(size=(2, 3)) > 0, rng.normal(size=3) > 0

SAMPLES = {
    **{name: [((MASK, MASKS), {}), ((INTEGERS, OTHERS), {})] for name in ("bitwise_and", "bitwise_or", "bitwise_xor")},
    **{
        name: [((5 * INTEGERS, OTHERS), {}), ((INTEGERS, np.array(2)), {})]
        for name in ("bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm")
    },
    "bitwise_not": [((MASK,), {}), ((INTEGERS,), {})],
}
