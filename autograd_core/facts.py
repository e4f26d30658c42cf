"""What a tensor tells about itself: sizes, how it lies in memory, its dtype, its device."""

from __future__ import annotations

import math
import operator
from typing import Any, ClassVar, SupportsIndex, overload

import numpy as np

from . import dtypes, ops
from .device import CPU
from .errors import ShapeError

__all__ = ["Facts", "Size", "is_complex", "is_floating_point", "is_nonzero", "is_same_size", "numel"]


class Size(tuple[int, ...]):
    """The sizes of a tensor: a tuple of ints that knows their product.  Parts of one, and sums, are Sizes too.

    >>> ag.zeros(2, 3, 4).size()[1:].numel()
    12
    """

    __slots__ = ()

    def numel(self) -> int:
        """Return how many elements a tensor of these sizes has."""
        return math.prod(self)

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: Any) -> Any:
        part = tuple.__getitem__(self, key)
        return Size(part) if type(key) is slice else part

    def __add__(self, other: Any) -> Any:
        return Size(tuple.__add__(self, other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size(tuple.__add__(other, self)) if isinstance(other, tuple) else NotImplemented


class Facts:
    """Methods that answer questions and compute nothing."""

    __slots__ = ()

    array: Any
    shape: ClassVar[Any]  # properties
    dtype: ClassVar[Any]
    ndim: ClassVar[Any]

    # ---------------------------------------------------------------------------------------------------------- sizes

    def dim(self) -> int:
        """Return the number of dimensions."""
        return self.ndim

    ndimension = dim

    def size(self, dim: int | None = None) -> Any:
        """Return the sizes, or that of one dimension."""
        if dim is None:
            return Size(self.shape)
        if not self.ndim:
            raise IndexError(f"dim {dim} is out of range for a tensor of 0 dimensions, which has no sizes")
        return self.shape[ops.normalize_dim(operator.index(dim), self.ndim)]

    def numel(self) -> int:
        """Return the number of elements."""
        return self.array.size

    nelement = numel

    def is_same_size(self, other: Any) -> bool:
        """Return whether *other* has the same sizes."""
        return bool(self.shape == other.shape)

    # --------------------------------------------------------------------------------------------------------- memory

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return int(self.dtype.itemsize)

    def element_size(self) -> int:
        """Return the bytes of one element."""
        return self.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.numel() * self.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Return how many elements lie from one place to the next along each dimension, or along one."""
        strides = tuple([step // self.itemsize for step in self.array.strides])
        return strides if dim is None else strides[ops.normalize_dim(operator.index(dim), self.ndim)]

    def data_ptr(self) -> int:
        """Return the address of the first element."""
        return int(self.array.__array_interface__["data"][0])

    def storage_offset(self) -> int:
        """Return how many elements of the memory that this tensor looks into come before its first."""
        return ops.memory_offset(self.array)

    def is_contiguous(self) -> bool:
        """Return whether the elements lie row by row in memory."""
        return bool(self.array.flags.c_contiguous)

    def is_pinned(self) -> bool:
        """Return whether the memory is page-locked: no."""
        return False

    def is_shared(self) -> bool:
        """Return whether the memory is shared with other processes: no."""
        return False

    # ---------------------------------------------------------------------------------------------------------- dtype

    def is_floating_point(self) -> bool:
        """Return whether the dtype is float32 or float64."""
        return dtypes.is_floating(self.dtype)

    def is_complex(self) -> bool:
        """Return whether the dtype is complex: no tensor's is."""
        return False

    def is_signed(self) -> bool:
        """Return whether the dtype has negative numbers."""
        return self.dtype.kind in "if"

    def is_nonzero(self) -> bool:
        """Return whether the only element is not zero."""
        if self.numel() != 1:
            raise ShapeError(f"is_nonzero() needs a tensor of one element, this one has shape {self.shape}; use .any()")
        return bool(self.array.item())

    # --------------------------------------------------------------------------------------------------------- device

    @property
    def device(self) -> Any:
        """The device that the tensor is on: the CPU."""
        return CPU

    def get_device(self) -> int:
        """Return the number of the accelerator that the tensor is on: -1, the CPU."""
        return -1

    is_cpu: ClassVar[Any] = property(lambda self: True, doc="Whether the tensor is on the CPU: yes.")
    is_cuda: ClassVar[Any] = property(lambda self: False, doc="Whether the tensor is on a CUDA device: no.")
    is_mps: ClassVar[Any] = property(lambda self: False, doc="Whether the tensor is on Apple's Metal: no.")
    is_xpu: ClassVar[Any] = property(lambda self: False, doc="Whether the tensor is on an XPU: no.")
    is_meta: ClassVar[Any] = property(lambda self: False, doc="Whether the tensor has no values: no.")
    is_sparse: ClassVar[Any] = property(lambda self: False, doc="Whether zeros are left out in memory: no.")
    is_quantized: ClassVar[Any] = property(lambda self: False, doc="Whether the elements are quantized: no.")


# ------------------------------------------------------------------------------------------------------------- functions


def numel(input: Any) -> int:
    """Return the number of elements.

    >>> ag.numel(ag.zeros(2, 3))
    6
    """
    return math.prod(input.shape)


def is_floating_point(input: Any) -> bool:
    """Return whether the dtype is float32 or float64.

    >>> ag.is_floating_point(ag.zeros(2)), ag.is_floating_point(ag.arange(2))
    (True, False)
    """
    return dtypes.is_floating(input.dtype)


def is_complex(input: Any) -> bool:
    """Return whether the dtype is complex: no tensor's is.

    >>> ag.is_complex(ag.zeros(2))
    False
    """
    return np.dtype(input.dtype).kind == "c"


def is_nonzero(input: Facts) -> bool:
    """Return whether the only element is not zero.  Raises ShapeError unless there is one.

    >>> ag.is_nonzero(ag.tensor([0.0])), ag.is_nonzero(ag.tensor(True))
    (False, True)
    """
    return input.is_nonzero()


def is_same_size(input: Facts, other: Facts) -> bool:
    """Return whether both have the same sizes.

    >>> ag.is_same_size(ag.zeros(2, 3), ag.ones(2, 3))
    True
    """
    return input.is_same_size(other)
