"""Numbers that a person gives: what they must be, for the command line and for calls."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ArgumentError

__all__ = ["COUNT", "NOT_NEGATIVE", "POSITIVE", "SHARE", "WHOLE", "Number", "at_least"]


@dataclass(frozen=True)
class Number:
    """A kind of number: *fits* says which values are right, *expected* says it in words.

    Called with the text that somebody typed, it is a type for ``argparse``.

    >>> COUNT("3"), POSITIVE("1e-3")
    (3, 0.001)
    >>> COUNT.check("epochs", 0)
    Traceback (most recent call last):
    autograd_core.errors.ArgumentError: epochs=0: expected a whole number of at least 1
    """

    kind: type[int] | type[float]
    fits: Callable[[float], bool]
    expected: str

    def __call__(self, text: str) -> float:
        """Return the number that *text* says, or raise argparse's error."""
        try:
            value: float = self.kind(text)
        except ValueError:
            value = math.nan
        if not self.fits(value):
            raise argparse.ArgumentTypeError(f"{text!r}: expected {self.expected}")
        return value

    def check(self, name: str, value: object) -> None:
        """Raise ArgumentError unless *value*, the argument *name*, is such a number."""
        kinds = (int, float) if self.kind is float else int
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.fits(value):
            raise ArgumentError(f"{name}={value!r}: expected {self.expected}")


def at_least(least: int, most: int | None = None) -> Number:
    """Return the kind of whole numbers from *least* on, or up to *most*.

    >>> at_least(1000).expected, at_least(10, 60).expected
    ('a whole number of at least 1,000', 'a whole number from 10 to 60')
    """
    if most is None:
        return Number(int, lambda value: value >= least, f"a whole number of at least {least:,}")
    return Number(int, lambda value: least <= value <= most, f"a whole number from {least:,} to {most:,}")


COUNT, WHOLE = at_least(1), at_least(0)
POSITIVE = Number(float, lambda value: 0 < value < math.inf, "a number above 0")
NOT_NEGATIVE = Number(float, lambda value: 0 <= value < math.inf, "a number of at least 0")
SHARE = Number(float, lambda value: 0 <= value <= 1, "a number from 0 to 1")
