"""Which library an array belongs to: its array functions, and its kernels.  The only place that knows of devices."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from .errors import ArgumentError
from .kernels import cpu

__all__ = ["Backend", "of"]


@dataclass(frozen=True, slots=True)
class Backend:
    """A device's *name*, its array module *xp* with NumPy's functions, and its *kernels*, called alike on each."""

    name: str
    xp: ModuleType
    kernels: ModuleType


CPU = Backend("cpu", np, cpu)
_BY_TYPE: dict[type, Backend] = {np.ndarray: CPU}


def of(*arrays: Any) -> Backend:
    """Return the backend of *arrays*, which must all be of one.

    >>> of(np.ones(3)).name
    'cpu'
    """
    found = None
    for array in arrays:
        one = _BY_TYPE.get(type(array)) or _find(type(array))
        if found is None:
            found = one
        elif one is not found:
            raise ArgumentError(
                f"arrays of the backends {found.name} and {one.name} meet: move them to one device first"
            )
    if found is None:
        raise ArgumentError("of() needs at least one array to tell the backend")
    return found


def _find(cls: type) -> Backend:
    if issubclass(cls, np.ndarray | np.generic):  # memory maps, NumPy scalars
        _BY_TYPE[cls] = CPU
        return CPU
    raise ArgumentError(
        f"no backend for arrays of type {cls.__module__}.{cls.__qualname__}: expected numpy.ndarray; "
        "convert with numpy.asarray first"
    )
