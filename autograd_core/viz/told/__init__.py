"""What is told by hand of the derivative of each primitive for each operand: one family a file.

An entry is an expression, or None where the formula's own source says it best, and one sentence for a student, or "".
Tests hold every expression against the engine, so what is told here is what is computed.
"""

from __future__ import annotations

from typing import TypeAlias

from . import (
    activation,
    arithmetic,
    convolution,
    indexing,
    linear,
    matrices,
    normalization,
    recurrent,
    reduction,
    shape,
)
from .functions import FUNCTIONS, TEXTBOOK

__all__ = ["FUNCTIONS", "TEXTBOOK", "TOLD"]

Told: TypeAlias = dict[str, dict[str, tuple[str | None, str]]]

TOLD: Told = {
    name: entries
    for family in (
        activation, arithmetic, convolution, indexing, linear, matrices, normalization, recurrent, reduction, shape
    )
    for name, entries in family.TOLD.items()
}  # fmt: skip
