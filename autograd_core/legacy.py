"""Tensors by the type names that PyTorch had before dtypes: ``LongTensor([1, 2])``, ``isinstance(x, FloatTensor)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .creation import empty, tensor
from .errors import ArgumentError, DtypeError
from .facts import Size
from .tensor import Tensor

__all__ = [
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
]


class TypedTensor(type):
    """The type of the classes below: tensors are their instances, by dtype, and what a call makes.

    A call takes data, or sizes of which it makes a tensor that is not initialised.  Raises DtypeError for a tensor of
    another dtype, which ``to`` converts.
    """

    dtype: np.dtype[Any]

    def __init__(cls, name: str, *declared: Any) -> None:
        super().__init__(name, *declared)
        cls.dtype = dtypes.TYPES[name]

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype == cls.dtype

    def __call__(cls, *args: Any, device: Any = None) -> Tensor:
        if not args or isinstance(args[0], Size) or all(isinstance(size, int) for size in args):
            return empty(*(args or (0,)), dtype=cls.dtype, device=device)
        if len(args) > 1:
            raise ArgumentError(f"{cls.__name__}: {args} are neither sizes, which are integers, nor one list of data")
        data = args[0]
        if type(data) is tuple and data and all(isinstance(size, int) for size in data):
            raise ArgumentError(
                f"{cls.__name__}: {data} may be data, or sizes, as x.shape is a plain tuple; give data as a list, and sizes "
                "one by one: *x.shape"
            )
        if isinstance(data, Tensor) and data.dtype != cls.dtype:
            raise DtypeError(
                f"{cls.__name__}: data is a tensor of {data.dtype}, expected {cls.dtype}; use data.to(ag.{cls.dtype})"
            )
        return tensor(data, cls.dtype, device=device)


class BoolTensor(metaclass=TypedTensor):
    """Tensors of bool.

    >>> ag.BoolTensor([1, 0])
    tensor([ True, False])
    """


class ByteTensor(metaclass=TypedTensor):
    """Tensors of uint8.

    >>> ag.ByteTensor([1, 2])
    tensor([1, 2], dtype=uint8)
    """


class CharTensor(metaclass=TypedTensor):
    """Tensors of int8.

    >>> ag.CharTensor([1, 2])
    tensor([1, 2], dtype=int8)
    """


class DoubleTensor(metaclass=TypedTensor):
    """Tensors of float64.

    >>> ag.DoubleTensor([1, 2])
    tensor([1., 2.], dtype=float64)
    """


class FloatTensor(metaclass=TypedTensor):
    """Tensors of float32.

    >>> ag.FloatTensor([1, 2]), ag.FloatTensor(2, 3).shape
    (tensor([1., 2.]), (2, 3))
    """


class IntTensor(metaclass=TypedTensor):
    """Tensors of int32.

    >>> ag.IntTensor([1, 2])
    tensor([1, 2], dtype=int32)
    """


class LongTensor(metaclass=TypedTensor):
    """Tensors of int64.

    >>> isinstance(ag.tensor([1, 2]), ag.LongTensor)
    True
    """


class ShortTensor(metaclass=TypedTensor):
    """Tensors of int16.

    >>> ag.ShortTensor([1, 2])
    tensor([1, 2], dtype=int16)
    """
