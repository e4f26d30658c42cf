"""What can go wrong, as a tree::

    AutogradError
    |-- ArgumentError     a value that an argument cannot take                          (ValueError)
    |-- ShapeError        shapes that do not fit each other, or a layer                 (ValueError, RuntimeError)
    |-- DtypeError        dtypes that do not fit                                        (TypeError, RuntimeError)
    |-- GraphError        a graph that cannot be walked: freed, overwritten, no leaf    (RuntimeError)
    |-- NonFiniteError    NaN or infinity where the caller asked to be told             (ArithmeticError, RuntimeError)
    |-- DataError         a data file that is missing, truncated or corrupted           (OSError)
    `-- CheckpointError   a checkpoint that cannot be read, or is of another model      (RuntimeError)

Each class is also the built-in error that PyTorch raises at that place, so ``except RuntimeError`` keeps its meaning.
A message names the argument, quotes its value, says what was expected, and ends with the cure.
"""

from __future__ import annotations

__all__ = [
    "ArgumentError",
    "AutogradError",
    "CheckpointError",
    "DataError",
    "DtypeError",
    "GraphError",
    "NonFiniteError",
    "ShapeError",
]


class AutogradError(Exception):
    """The base of every error that these packages raise on purpose."""


class ArgumentError(AutogradError, ValueError):
    """A value that an argument cannot take."""


class ShapeError(AutogradError, ValueError, RuntimeError):
    """Shapes that do not fit each other, or a layer."""


class DtypeError(AutogradError, TypeError, RuntimeError):
    """Dtypes that do not fit."""


class GraphError(AutogradError, RuntimeError):
    """A graph that cannot be walked: its values were freed or overwritten, or nothing in it needs a gradient."""


class NonFiniteError(AutogradError, ArithmeticError, RuntimeError):
    """NaN or infinity where the caller asked to be told."""


class DataError(AutogradError, OSError):
    """A data file that is missing, truncated or corrupted."""


class CheckpointError(AutogradError, RuntimeError):
    """A checkpoint that cannot be read, or that belongs to another model."""
