"""Dtypes: PyTorch's promotion for NumPy arrays, and constants that are cheap to combine with arrays."""

from __future__ import annotations

from functools import cache, reduce
from typing import Any

import numpy as np
from numpy import ndarray

from .errors import DtypeError

float32, float64 = np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64, uint8 = (np.dtype(name) for name in ("int8", "int16", "int32", "int64", "uint8"))
bool_ = np.dtype("bool")
default = float32

SUPPORTED = (float32, float64, int8, int16, int32, int64, uint8, bool_)
CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}
PYTHON: dict[type, np.dtype[Any]] = {bool: bool_, int: int64, float: default}
_constants: dict[tuple[Any, np.dtype[Any]], ndarray] = {}


def constant(value: Any, dtype: np.dtype[Any]) -> ndarray:
    """Return *value* as a 0-d array: a ufunc takes one in half the time it needs for a Python number."""
    if (got := _constants.get((value, dtype))) is not None:
        return got
    made = np.asarray(value, dtype)
    if value and value == value:  # zero has a sign and NaN never equals itself: neither can be looked up
        if len(_constants) > 4096:
            _constants.clear()
        made.flags.writeable = False
        _constants[value, dtype] = made
    return made


@cache
def zero(dtype: np.dtype[Any]) -> ndarray:
    """Return +0 as a 0-d array."""
    made = np.zeros((), dtype)
    made.flags.writeable = False
    return made


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """Return *dtype*, in any spelling that NumPy or Python has for it, if it is one that tensors can have."""
    if isinstance(dtype, type) and dtype in PYTHON:
        return PYTHON[dtype]
    try:
        found: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if found not in SUPPORTED or found is None:
        raise DtypeError(f"dtype {dtype!r} is not supported: expected one of {', '.join(d.name for d in SUPPORTED)}")
    return found


def is_floating(dtype: np.dtype[Any]) -> bool:
    """Return whether *dtype* is float32 or float64."""
    return dtype.kind == "f"


def common(values: tuple[Any, ...]) -> np.dtype[Any]:
    """Return the dtype of a result of *values*: arrays, or Python numbers.

    Arrays with dimensions decide, unless a 0-d array or a Python number is of a higher category (bool < integer < float).
    """
    groups: list[list[np.dtype[Any]]] = [[], [], []]
    for v in values:
        python = PYTHON.get(type(v))
        groups[2 if python else 0 if v.ndim else 1].append(python or v.dtype)
    best: np.dtype[Any] | None = None
    for group in groups:
        if group:
            dtype = reduce(_pair, group)
            if best is None or CATEGORY[dtype.kind] > CATEGORY[best.kind]:
                best = dtype
    assert best is not None
    return best


def _pair(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    if (d := CATEGORY[a.kind] - CATEGORY[b.kind]) == 0:
        return np.promote_types(a, b)
    return a if d > 0 else b


def promote(values: tuple[Any, ...], floating: bool) -> list[Any]:
    """Return *values*, all of one dtype: arrays, Python numbers, or anything else that has ndim, dtype and astype.

    NumPy scalars count as Python numbers, so that float64 never enters by surprise.
    """
    values = tuple(_plain(v) for v in values)
    dtype = common(values)
    if floating and CATEGORY[dtype.kind] < 2:
        dtype = default
    return [constant(v, dtype) if type(v) in PYTHON else v if v.dtype == dtype else v.astype(dtype) for v in values]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) in PYTHON:
        return value
    if not hasattr(value, "dtype"):
        value = np.asarray(value)
    if value.dtype.kind not in CATEGORY:
        raise DtypeError(f"an operand has dtype {value.dtype}: expected one of {', '.join(d.name for d in SUPPORTED)}")
    return value
