"""Records of integers, so that a kernel takes one array for forty numbers and reads them by name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["record", "records"]


def record(names: str) -> np.dtype[Any]:
    """Return the dtype of a record with an int64 for each of *names*, which are separated by spaces."""
    return np.dtype((np.record, [(name, np.int64) for name in names.split()]))


def records(dtype: np.dtype[Any], *values: dict[str, int]) -> ndarray:
    """Return an array of records; each dict must name every field."""
    names = dtype.names or ()
    array = np.zeros(len(values), dtype)
    for row, given in zip(array, values):
        if given.keys() != set(names):
            raise KeyError(f"a record of {sorted(names)} got {sorted(given)}")
        for name, value in given.items():
            row[name] = value
    return array
