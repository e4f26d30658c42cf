"""Tensors from data and from sizes, with PyTorch's names.

All take ``dtype``, ``device`` (the CPU is there) and ``requires_grad``; without a dtype, floats have the default one.
"""

from __future__ import annotations

import math
import warnings
from array import array as buffer_of_numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from . import dtypes
from .arrays import as_array, checked, dtype_or_default, plain_number, shape_of
from .device import check_device
from .errors import ArgumentError, DtypeError
from .tensor import Tensor, made, wrap

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_dlpack", "from_numpy", "frombuffer", "full",
    "full_like", "is_tensor", "linspace", "logspace", "ones", "ones_like", "range", "tensor", "tril_indices",
    "triu_indices", "zeros", "zeros_like",
]  # fmt: skip


def tensor(data: Any, dtype: Any = None, *, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a new tensor with a copy of *data*: a number, nested lists of numbers or tensors, or an array.

    Arrays are also those of other libraries: a picture of Pillow, a frame of pandas, a tensor of PyTorch.  They keep their
    dtype; Python floats become the default one, ints int64.  With *requires_grad* the tensor is a leaf.

    >>> tensor([[1, 2], [3, 4]]).dtype, tensor([1.5]).dtype
    (dtype('int64'), dtype('float32'))
    """
    return made(np.array(as_array(data, dtype), copy=True, order="C"), device, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return *data* as a tensor, sharing memory and history where there is something to share.

    >>> x = ones(2)
    >>> as_tensor(x) is x, as_tensor([1.5, 2.5])
    (True, tensor([1.5000, 2.5000]))
    """
    if isinstance(data, Tensor):
        check_device(device)
        same: Tensor = data if dtype is None else data.to(dtype)
        return same
    return made(as_array(data, dtype), device)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Tensor:
    """Return *obj* as a tensor: what ``as_tensor`` takes, or a buffer such as bytes, whose numbers have *dtype*.

    Memory and history are shared where there is something to share; with *copy* memory is not.  *requires_grad* is that of
    *obj* unless it is given: where it is False there is no history.  Raises ArgumentError if *copy* is False and there is
    nothing to share.

    >>> a = np.array([1.0, 2.0])
    >>> x, y = asarray(a), asarray(a, copy=True)
    >>> x.fill_(7), y
    (tensor([7., 7.], dtype=float64), tensor([1., 2.], dtype=float64))
    """
    if isinstance(obj, bytes | bytearray | memoryview | buffer_of_numbers):
        check_device(device)
        found = frombuffer(obj, dtype=dtype_or_default(dtype))
    else:
        found = as_tensor(obj, dtype, device)
    if copy:
        found = found.clone()
    elif copy is not None and not _shares(found, obj):
        raise ArgumentError(
            f"asarray: copy=False, and a tensor of {found.dtype} cannot share the memory of a {type(obj).__name__}; leave "
            "copy out, or give an array of that dtype"
        )
    if requires_grad is None or requires_grad == found.requires_grad:
        return found
    return found.requires_grad_() if requires_grad else found.detach()


def _shares(tensor: Tensor, obj: Any) -> bool:
    """Return whether *tensor*, made of *obj*, looks into the memory of that."""
    if tensor is obj or not tensor.numel():
        return True
    if isinstance(obj, ndarray):
        return np.may_share_memory(tensor.array, obj)
    return tensor.array.base is not None  # an array made from numbers owns its memory


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """Return a tensor over the memory of *buffer*, such as a bytearray: *count* numbers of *dtype*, all without it.

    *offset* is that of the first number, in bytes.  Raises ArgumentError where the buffer has no such numbers.

    >>> frombuffer(bytearray([1, 0, 2, 0]), dtype=ag.int16)
    tensor([1, 2], dtype=int16)
    """
    kind = dtypes.as_dtype(dtype)
    try:
        numbers = np.frombuffer(buffer, kind, count, offset)
    except (ValueError, TypeError, AttributeError) as error:
        wanted = "" if count < 0 else f"{count} "
        raise ArgumentError(
            f"frombuffer: a {type(buffer).__name__} does not hold {wanted}numbers of {kind} from byte {offset} on: {error}; "
            "choose dtype, count and offset to fit"
        ) from error
    return made(numbers, None, requires_grad)


def from_numpy(array: ndarray) -> Tensor:
    """Return a tensor over the memory of *array*: a write to one is a write to the other.

    >>> a = np.zeros(3)
    >>> from_numpy(a).fill_(7)
    tensor([7., 7., 7.], dtype=float64)
    >>> a
    array([7., 7., 7.])
    """
    if not isinstance(array, ndarray):
        raise DtypeError(f"array is a {type(array).__name__}: expected a numpy.ndarray; use tensor() for other data")
    if not array.dtype.isnative:
        raise DtypeError(
            f"array has dtype {array.dtype}, of the other byte order: its memory cannot be shared; use tensor() for a copy"
        )
    return wrap(checked(np.asarray(array)), None)


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """Return a tensor over the memory of *ext_tensor*, of any library that speaks DLPack; no history comes along.

    *ext_tensor* has ``__dlpack__``, or is the capsule that it returns.  With *copy* the tensor has memory of its own.
    Raises DtypeError for what has neither, and for numbers that no tensor here holds.

    >>> from_dlpack(np.array([1, 2]))
    tensor([1, 2])
    """
    check_device(device)
    if type(ext_tensor).__name__ == "PyCapsule":
        ext_tensor = _Capsule(ext_tensor)
    if not hasattr(ext_tensor, "__dlpack__"):
        raise DtypeError(
            f"from_dlpack: ext_tensor is a {type(ext_tensor).__name__}, without __dlpack__; use tensor() for other data"
        )
    try:
        array = np.from_dlpack(ext_tensor)
    except RuntimeError as error:  # what NumPy says of dtypes that it lacks
        raise DtypeError(f"from_dlpack: {error}; convert it there first, e.g. to float32") from error
    return from_numpy(array.copy() if copy else array)


class _Capsule:
    """What older functions pass around instead of an object with ``__dlpack__``: memory of the CPU."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def is_tensor(obj: Any) -> bool:
    """Return whether *obj* is a tensor.

    >>> is_tensor(zeros(2)), is_tensor(np.zeros(2))
    (True, False)
    """
    return isinstance(obj, Tensor)


# ------------------------------------------------------------------------------------------------------------ from sizes


def zeros(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the given size: ``zeros(2, 3)``, ``zeros((2, 3))`` or ``zeros(size=(2, 3))``.

    >>> zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return made(np.zeros(shape_of(sizes, size), dtype_or_default(dtype)), device, requires_grad)


def ones(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the given size.

    >>> ones(3, dtype="int64")
    tensor([1, 1, 1])
    """
    return made(np.ones(shape_of(sizes, size), dtype_or_default(dtype)), device, requires_grad)


def empty(*sizes: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the given size whose values are whatever was in memory.

    >>> empty(2, 3).shape
    (2, 3)
    """
    return made(np.empty(shape_of(sizes, size), dtype_or_default(dtype)), device, requires_grad)


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor of the given size, each element *fill_value*, in whose dtype it is.

    >>> full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])
    """
    value = plain_number(fill_value)
    kind = dtypes.PYTHON.get(type(value), dtypes.default) if dtype is None else dtypes.as_dtype(dtype)
    return made(np.full(shape_of((size,)), value, kind), device, requires_grad)


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return start, start + step, ... up to but without *end*; ``arange(end)`` starts at 0.

    >>> arange(5), arange(1, 2, 0.5)
    (tensor([0, 1, 2, 3, 4]), tensor([1.0000, 1.5000]))
    """
    if end is None:
        start, end = 0, start
    start, end, step = plain_number(start), plain_number(end), plain_number(step)
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"step is {step}: expected a number that leads from start {start} to end {end}")
    floating = any(isinstance(v, float) for v in (start, end, step))
    kind = dtype_or_default(dtype) if dtype is not None or floating else dtypes.int64
    count = math.ceil((end - start) / step)
    return made((start + np.arange(count) * step).astype(kind), device, requires_grad)


def range(
    start: Any, end: Any, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return start, start + step, ... up to *end*, which is included, as floats; warn to use ``arange``.

    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     ag.range(1, 4)
    tensor([1., 2., 3., 4.])
    """
    warnings.warn("range includes its end, unlike Python's; use arange(start, end + step, step)", stacklevel=2)
    start, end, step = plain_number(start), plain_number(end), plain_number(step)
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"step is {step}: expected a number that leads from start {start} to end {end}")
    count = math.floor((end - start) / step) + 1
    return made((start + np.arange(count) * step).astype(dtype_or_default(dtype)), device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return *steps* numbers evenly from *start* to *end*, both included.

    >>> linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    return made(_between(start, end, steps).astype(dtype_or_default(dtype)), device, requires_grad)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return *base* to the power of *steps* numbers evenly from *start* to *end*, both included.

    >>> logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    return made((base ** _between(start, end, steps)).astype(dtype_or_default(dtype)), device, requires_grad)


def _between(start: Any, end: Any, steps: int) -> ndarray:
    if steps < 0:
        raise ArgumentError(f"steps is {steps}: expected a non-negative number")
    return np.linspace(plain_number(start), plain_number(end), steps)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the (n, m) matrix with ones on its diagonal.

    >>> eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return made(np.eye(n, m, dtype=dtype_or_default(dtype)), device, requires_grad)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return the places (2, n) of the lower triangle of a (row, col) matrix, up to the diagonal *offset*, row by row.

    >>> tril_indices(2, 3).tolist()
    [[0, 1, 1], [0, 0, 1]]
    """
    return _triangle(np.tril_indices, row, col, offset, dtype, device)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return the places (2, n) of the upper triangle of a (row, col) matrix, from the diagonal *offset* on, row by row.

    >>> triu_indices(2, 3).tolist()
    [[0, 0, 0, 1, 1], [0, 1, 2, 1, 2]]
    """
    return _triangle(np.triu_indices, row, col, offset, dtype, device)


def _triangle(places: Callable[..., Any], row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    rows, columns = shape_of((row, col))
    kind = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    return made(np.stack(places(rows, offset, columns)).astype(kind), device)


# ------------------------------------------------------------------------------------------------------------------- like


def like(make: Callable[..., Tensor], input: Any, dtype: Any, *args: Any, **options: Any) -> Tensor:
    """Return what *make* gives for the shape of *input*, and for its dtype if none is asked for."""
    return make(input.shape, *args, dtype=input.dtype if dtype is None else dtype, **options)


def zeros_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of *input*.

    >>> zeros_like(tensor([1, 2]))
    tensor([0, 0])
    """
    return like(zeros, input, dtype, device=device, requires_grad=requires_grad)


def ones_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of *input*.

    >>> ones_like(tensor([5.0, 2.0]))
    tensor([1., 1.])
    """
    return like(ones, input, dtype, device=device, requires_grad=requires_grad)


def empty_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of *input*, its values whatever was in memory.

    >>> empty_like(tensor([1, 2])).dtype
    dtype('int64')
    """
    return like(empty, input, dtype, device=device, requires_grad=requires_grad)


def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor of the shape and dtype of *input*, each element *fill_value*.

    >>> full_like(tensor([1, 2]), 7)
    tensor([7, 7])
    """
    return like(full, input, dtype, fill_value, device=device, requires_grad=requires_grad)
