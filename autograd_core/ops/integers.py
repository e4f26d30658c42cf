"""Functions of integers: their bits, which booleans have too, and their common divisors and multiples.

Nothing here has a derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import promote
from ..errors import DtypeError
from ..primitive import Array, primitive


def _integers(name: str, x: Any, y: Any, kinds: str = "iu") -> tuple[Any, Any]:
    """Return x and y in the dtype of the result, which must be of one of *kinds*."""
    if getattr(x, "dtype", None) is not getattr(y, "dtype", 0):
        x, y = promote((x, y), False)
    if x.dtype.kind not in kinds:
        raise DtypeError(f"{name}: the operands are of dtype {x.dtype}: expected integers; use .long()")
    return x, y


# ----------------------------------------------------------------------------------------------------------------- bits


@primitive
def bitwise_and(x: Array, y: Array) -> Array:
    """Return x & y of integers or booleans.

    >>> ag.bitwise_and(ag.tensor([True, True]), ag.tensor([True, False]))
    tensor([ True, False])
    """
    return np.bitwise_and(*_integers("bitwise_and", x, y, "iub"))


bitwise_and.vjp(x=None, y=None)


@primitive
def bitwise_or(x: Array, y: Array) -> Array:
    """Return x | y of integers or booleans.

    >>> ag.bitwise_or(ag.tensor([True, False]), ag.tensor([False, False]))
    tensor([ True, False])
    """
    return np.bitwise_or(*_integers("bitwise_or", x, y, "iub"))


bitwise_or.vjp(x=None, y=None)


@primitive
def bitwise_xor(x: Array, y: Array) -> Array:
    """Return x ^ y of integers or booleans.

    >>> ag.bitwise_xor(ag.tensor([True, True]), ag.tensor([True, False]))
    tensor([False,  True])
    """
    return np.bitwise_xor(*_integers("bitwise_xor", x, y, "iub"))


bitwise_xor.vjp(x=None, y=None)


@primitive
def bitwise_not(x: Array) -> Array:
    """Return ~x of integers or booleans.

    >>> ag.bitwise_not(ag.tensor([True, False]))
    tensor([False,  True])
    """
    return np.bitwise_not(x)


bitwise_not.vjp(x=None)


@primitive
def bitwise_left_shift(x: Array, y: Array) -> Array:
    """Return x << y of integers: x 2^y, and 0 where y is negative or no fewer than the bits of the dtype.

    >>> ag.bitwise_left_shift(ag.tensor([1, -3]), 2)
    tensor([  4, -12])
    """
    return np.left_shift(*_integers("bitwise_left_shift", x, y))


bitwise_left_shift.vjp(x=None, y=None)


@primitive
def bitwise_right_shift(x: Array, y: Array) -> Array:
    """Return x >> y of integers: x / 2^y rounded down, and 0 or -1 where y is negative or no fewer than the bits.

    >>> ag.bitwise_right_shift(ag.tensor([4, -3]), 1)
    tensor([ 2, -2])
    """
    return np.right_shift(*_integers("bitwise_right_shift", x, y))


bitwise_right_shift.vjp(x=None, y=None)

# ---------------------------------------------------------------------------------------------------- divisors and multiples


@primitive
def gcd(x: Array, y: Array) -> Array:
    """Return the greatest common divisor of integers, never negative; that of 0 and 0 is 0.

    >>> ag.gcd(ag.tensor([12, -8]), 18)
    tensor([6, 2])
    """
    return np.gcd(*_integers("gcd", x, y))


gcd.vjp(x=None, y=None)


@primitive
def lcm(x: Array, y: Array) -> Array:
    """Return the least common multiple of integers, never negative; 0 where either is 0.

    >>> ag.lcm(ag.tensor([4, -6]), 10)
    tensor([20, 30])
    """
    return np.lcm(*_integers("lcm", x, y))


lcm.vjp(x=None, y=None)
