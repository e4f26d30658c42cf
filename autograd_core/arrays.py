"""Arrays from data and sizes, checked: what tensors are made over."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from . import dtypes
from .errors import DtypeError, ShapeError
from .operators import Operators

__all__ = ["as_array", "checked", "dtype_or_default", "plain_number", "shape_of"]


def as_array(data: Any, dtype: Any = None) -> ndarray:
    """Return *data*, a number, nested lists of numbers or tensors, or an array, as an array; of a tensor, its own.

    An array is also what other libraries make one of: all that has ``__array__``, ``__array_interface__`` or ``__dlpack__``.
    Python floats become the default dtype; arrays and tensors keep theirs, unless *dtype* is given.
    """
    if isinstance(data, Operators):
        data = data.array
    elif not isinstance(data, ndarray | np.generic):
        data = _of_others(data)
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(data, ndarray | np.generic):
        a = np.asarray(data)
    else:
        try:
            tensors = _holds_tensors(data)
            a = np.array(_plain(data) if tensors else data)
        except ValueError as error:
            raise ShapeError(
                f"data is nested unevenly ({error}): give every list of one level the same length"
            ) from error
        if wanted is None and a.dtype.kind == "f" and not _holds_float64(data, anywhere=tensors):
            wanted = dtypes.default
    return checked(a if wanted is None or a.dtype == wanted else a.astype(wanted))


def checked(a: ndarray) -> ndarray:
    """Return *a* in the byte order of the machine, if its dtype is one that tensors can have."""
    if a.dtype in dtypes.SUPPORTED:
        return a
    for dtype in dtypes.SUPPORTED:
        if a.dtype.newbyteorder("=") == dtype:
            return a.astype(dtype)
    names = ", ".join(d.name for d in dtypes.SUPPORTED)
    raise DtypeError(
        f"data has dtype {a.dtype}: expected one of {names}; convert it first, e.g. data.astype('float32')"
    )


def _holds_tensors(data: Any) -> bool:
    return isinstance(data, list | tuple) and any(isinstance(v, Operators) or _holds_tensors(v) for v in data)


def _plain(data: Any) -> Any:
    if isinstance(data, Operators):
        return data.array
    return [_plain(v) for v in data] if isinstance(data, list | tuple) else data


def _holds_float64(data: Any, anywhere: bool) -> bool:
    """Return whether nested *data* begins with, or has *anywhere*, an array or tensor of float64; Python floats are none."""
    if isinstance(data, list | tuple):
        return any(_holds_float64(item, anywhere) for item in (data if anywhere else data[:1]))
    return isinstance(data, ndarray | Operators) and data.dtype == dtypes.float64


def _of_others(data: Any) -> Any:
    """Return the array of an object of another library that offers one; other values as they are."""
    try:
        if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
            return np.asarray(data)
        if hasattr(data, "__dlpack__"):
            return np.from_dlpack(data)
    except TypeError as error:
        raise DtypeError(
            f"data is a {type(data).__name__} that NumPy cannot hold ({error}): convert it there first, e.g. to float32"
        ) from error
    return data


def plain_number(value: Any) -> Any:
    """Return the Python number of a tensor or an array of one element; other values as they are."""
    return value.item() if isinstance(value, Operators | ndarray | np.generic) else value


def shape_of(sizes: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """Return the sizes of ``zeros(2, 3)``, ``zeros((2, 3))`` or ``zeros(size=(2, 3))``."""
    if size is not None:
        sizes = (*sizes, size)
    given = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], Sequence) else sizes
    try:
        shape = tuple(operator.index(n) for n in given)
    except TypeError as error:
        raise DtypeError(f"size is {given}: expected whole numbers") from error
    if any(n < 0 for n in shape):
        raise ShapeError(f"size is {shape}: expected non-negative numbers")
    return shape


def dtype_or_default(dtype: Any) -> np.dtype[Any]:
    """Return *dtype*, checked, or the default one."""
    return dtypes.default if dtype is None else dtypes.as_dtype(dtype)
