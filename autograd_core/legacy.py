"""Tensors by the type names that PyTorch had before dtypes: ``LongTensor([1, 2])``, ``isinstance(x, FloatTensor)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes
from .tensor import Tensor, called

__all__ = [
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "set_default_tensor_type",
]


class TypedTensor(type):
    """The type of the classes below: tensors are their instances, by dtype, and what a call makes.

    A call takes data, or sizes of which it makes a tensor that is not initialised; of a tensor it shares the memory.
    Raises DtypeError for a tensor of another dtype, which ``to`` converts.
    """

    dtype: np.dtype[Any]

    def __init__(cls, name: str, *declared: Any) -> None:
        super().__init__(name, *declared)
        cls.dtype = dtypes.TYPES[name]

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype == cls.dtype

    def __call__(cls, *args: Any, size: Any = None, device: Any = None) -> Tensor:
        return called(cls.__name__, cls.dtype, args, size, device)


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


def set_default_tensor_type(t: Any) -> None:
    """Make the dtype of *t*, one of these types or the name of one, the default: ``set_default_dtype`` says more.

    >>> ag.set_default_tensor_type("torch.DoubleTensor")
    >>> ag.zeros(1).dtype
    dtype('float64')
    >>> ag.set_default_tensor_type(ag.FloatTensor)
    """
    dtypes.set_default_dtype(dtypes.of_type(t))
