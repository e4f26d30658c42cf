"""What can go wrong, as a tree::

    AutogradError
    |-- ArgumentError     a value that an argument cannot take                          (ValueError)
    |-- ShapeError        shapes that do not fit each other, or a layer                 (ValueError, RuntimeError)
    |-- DtypeError        dtypes that do not fit                                        (TypeError, RuntimeError)
    |-- DeviceError       a device that is not there                                    (RuntimeError, AssertionError)
    |-- GraphError        a graph that cannot be walked: freed, overwritten, no leaf    (RuntimeError)
    |-- LinAlgError       a matrix that has no such inverse or factor                   (numpy's LinAlgError, RuntimeError)
    |-- NonFiniteError    NaN or infinity where the caller asked to be told             (ArithmeticError, RuntimeError)
    |-- DataError         a data file that is missing, truncated or corrupted           (OSError)
    `-- CheckpointError   a checkpoint that cannot be read, or is of another model      (RuntimeError)

Each class is also the built-in error that PyTorch raises at that place, so ``except RuntimeError`` keeps its meaning.
A message names the argument, quotes its value, says what was expected, and ends with the cure.
"""

from __future__ import annotations

from numpy.linalg import LinAlgError as NumpyLinAlgError

__all__ = [
    "SEE",
    "ArgumentError",
    "AutogradError",
    "CheckpointError",
    "DataError",
    "DeviceError",
    "DtypeError",
    "GraphError",
    "LinAlgError",
    "NonFiniteError",
    "ShapeError",
]


SEE = '\nTo see the graph up to here: autograd_core.viz.draw(error).save("error.svg")'


class AutogradError(Exception):
    """The base of every error that these packages raise on purpose."""


class ArgumentError(AutogradError, ValueError):
    """A value that an argument cannot take."""


class ShapeError(AutogradError, ValueError, RuntimeError):
    """Shapes that do not fit each other, or a layer."""


class DtypeError(AutogradError, TypeError, RuntimeError):
    """Dtypes that do not fit."""


class DeviceError(AutogradError, RuntimeError, AssertionError):
    """A device that is not there."""


class GraphError(AutogradError, RuntimeError):
    """A graph that cannot be walked: its values were freed or overwritten, or nothing in it needs a gradient."""


class LinAlgError(AutogradError, NumpyLinAlgError, RuntimeError):
    """A matrix that has no such inverse, factor or spectrum: it is singular, not positive-definite, not finite."""


class NonFiniteError(AutogradError, ArithmeticError, RuntimeError):
    """NaN or infinity where the caller asked to be told."""


class DataError(AutogradError, OSError):
    """A data file that is missing, truncated or corrupted."""


class CheckpointError(AutogradError, RuntimeError):
    """A checkpoint that cannot be read, or that belongs to another model."""
