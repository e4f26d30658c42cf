"""``Tensor([1.0, 2.0])`` and ``Tensor(2, 3)``: what calls of the class make, and of the types in ``legacy``."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .arrays import as_array, shape_of
from .device import check_device
from .errors import ArgumentError, DtypeError
from .facts import Size
from .operators import Operators

__all__ = ["TensorType", "from_data_or_sizes"]


class TensorType(type):
    """The type of Tensor and of its subclasses, for what their calls take.

    It is here rather than in an ``__init__`` so that the results of operations can be made past it, at the speed of a class
    that has none.  Classes with an ``__init__`` or ``__new__`` of their own, as Parameter, take what that says.
    """

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if cls.__new__ is not object.__new__ or cls.__init__ is not object.__init__:  # type: ignore[misc, comparison-overlap]
            return super().__call__(*args, **options)
        given = from_data_or_sizes(cls.__name__, dtypes.default, args, **options)
        if isinstance(given, Operators):
            same = given.view(given.shape)
            if type(same) is cls:
                return same
            given = same.array  # operations make no subclasses, so one has no history
        made = super().__call__()
        made.array, made.grad, made.node, made.alias = given, None, None, None
        return made


def from_data_or_sizes(
    name: str, dtype: np.dtype[Any], args: tuple[Any, ...], *, size: Any = None, device: Any = None
) -> Any:
    """Return the array that ``name(*args)`` means: of data, or, not initialised, of sizes; of a tensor, itself.

    Raises DtypeError for one number that is no size and for a tensor of another dtype, ArgumentError for a tuple of ints,
    which may be either, and for more than one piece of data.
    """
    check_device(device)
    if size is not None:
        args = (*args, Size(shape_of((size,))))
    if not args or isinstance(args[0], Size) or all(map(_is_whole, args)):
        return np.empty(shape_of(args or (0,)), dtype)
    if len(args) > 1:
        raise ArgumentError(f"{name}: {args} are neither sizes, which are integers, nor one list of data")
    data = args[0]
    if type(data) is tuple and data and all(map(_is_whole, data)):
        raise ArgumentError(
            f"{name}: {data} may be data, or sizes, as x.shape is a plain tuple; give data as a list, and sizes one by one: "
            "*x.shape"
        )
    if isinstance(data, Operators):
        if data.dtype != dtype:
            raise DtypeError(f"{name}: data is a tensor of {data.dtype}, expected {dtype}; use data.to(ag.{dtype})")
        return data
    if data is None or isinstance(data, bool | float | str | np.generic):
        raise DtypeError(
            f"{name}: data is {data!r}, expected a list or an array; use ag.tensor({data!r}) for one number"
        )
    return np.array(as_array(data, dtype), order="C")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
