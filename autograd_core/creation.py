"""Tensors from data, from sizes and from random numbers, with PyTorch's names."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from . import dtypes
from .errors import ArgumentError, DtypeError, ShapeError
from .random import Generator, default_generator
from .tensor import Tensor, wrap

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_numpy", "full", "full_like", "linspace", "ones", "ones_like",
    "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "tensor", "zeros", "zeros_like",
]  # fmt: skip


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a new tensor with a copy of *data*: a number, nested lists of numbers or tensors, or an array.

    Python floats become float32, ints int64; arrays keep their dtype.  With *requires_grad* the tensor is a leaf.

    >>> tensor([[1, 2], [3, 4]]).dtype, tensor([1.5]).dtype
    (dtype('int64'), dtype('float32'))
    """
    if isinstance(data, Tensor):
        data = data.data
    return _leaf(np.array(_as_array(data, dtype), copy=True, order="C"), requires_grad)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """Return *data* as a tensor, sharing memory and history where there is something to share.

    >>> x = ones(2)
    >>> as_tensor(x) is x, as_tensor([1.5, 2.5])
    (True, tensor([1.5000, 2.5000]))
    """
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return wrap(_as_array(data, dtype), None)


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
    return wrap(_checked(np.asarray(array)), None)


def _as_array(data: Any, dtype: Any) -> ndarray:
    wanted = None if dtype is None else dtypes.as_dtype(dtype)
    if isinstance(data, ndarray | np.generic):
        a = np.asarray(data)
    else:
        try:
            a = np.array(data) if not _holds_tensors(data) else np.array(_plain(data))
        except ValueError as error:
            raise ShapeError(
                f"data is nested unevenly ({error}): give every list of one level the same length"
            ) from error
        if wanted is None and a.dtype.kind == "f" and not _holds_float64(data):
            wanted = dtypes.default
    return _checked(a if wanted is None or a.dtype == wanted else a.astype(wanted))


def _checked(a: ndarray) -> ndarray:
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
    return isinstance(data, list | tuple) and any(isinstance(v, Tensor) or _holds_tensors(v) for v in data)


def _plain(data: Any) -> Any:
    if isinstance(data, Tensor):
        return data.data
    return [_plain(v) for v in data] if isinstance(data, list | tuple) else data


def _holds_float64(data: Any) -> bool:
    """Return whether nested *data* begins with an array or tensor of float64, which is meant; Python floats are not."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return isinstance(data, ndarray | Tensor) and data.dtype == dtypes.float64


def _leaf(a: ndarray, requires_grad: bool) -> Tensor:
    t = wrap(a, None)
    return t.requires_grad_() if requires_grad else t


# ------------------------------------------------------------------------------------------------------------ from sizes


def _number(value: Any) -> Any:
    """Return the Python number of a tensor or an array of one element; other values as they are."""
    return value.item() if isinstance(value, Tensor | ndarray | np.generic) else value


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    given = size[0] if len(size) == 1 and isinstance(size[0], Sequence) else size
    try:
        shape = tuple(operator.index(n) for n in given)
    except TypeError as error:
        raise DtypeError(f"size is {given}: expected whole numbers") from error
    if any(n < 0 for n in shape):
        raise ShapeError(f"size is {shape}: expected non-negative numbers")
    return shape


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the given size: ``zeros(2, 3)`` or ``zeros((2, 3))``.

    >>> zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return _leaf(np.zeros(_shape(size), dtypes.as_dtype(dtype or dtypes.default)), requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the given size.

    >>> ones(3, dtype="int64")
    tensor([1, 1, 1])
    """
    return _leaf(np.ones(_shape(size), dtypes.as_dtype(dtype or dtypes.default)), requires_grad)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the given size whose values are whatever was in memory.

    >>> empty(2, 3).shape
    (2, 3)
    """
    return _leaf(np.empty(_shape(size), dtypes.as_dtype(dtype or dtypes.default)), requires_grad)


def full(size: Sequence[int], fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the given size, each element *fill_value*, in whose dtype it is.

    >>> full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])
    """
    value = _number(fill_value)
    kind = dtypes.as_dtype(dtype) if dtype else dtypes.PYTHON.get(type(value), dtypes.default)
    return _leaf(np.full(_shape((size,)), value, kind), requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return start, start + step, ... up to but without *end*; ``arange(end)`` starts at 0.

    >>> arange(5), arange(1, 2, 0.5)
    (tensor([0, 1, 2, 3, 4]), tensor([1.0000, 1.5000]))
    """
    if end is None:
        start, end = 0, start
    start, end, step = _number(start), _number(end), _number(step)
    if step == 0 or (end - start) * step < 0:
        raise ArgumentError(f"step is {step}: expected a number that leads from start {start} to end {end}")
    floating = any(isinstance(v, float) for v in (start, end, step))
    kind = dtypes.as_dtype(dtype) if dtype else dtypes.default if floating else dtypes.int64
    count = math.ceil((end - start) / step)
    return _leaf((start + np.arange(count) * step).astype(kind), requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return *steps* numbers evenly from *start* to *end*, both included.

    >>> linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    if steps < 0:
        raise ArgumentError(f"steps is {steps}: expected a non-negative number")
    return _leaf(np.linspace(start, end, steps).astype(dtypes.as_dtype(dtype or dtypes.default)), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the (n, m) matrix with ones on its diagonal.

    >>> eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _leaf(np.eye(n, m, dtype=dtypes.as_dtype(dtype or dtypes.default)), requires_grad)


# ---------------------------------------------------------------------------------------------------------- random values


def rand(*size: Any, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return numbers drawn evenly from [0, 1).

    >>> rand(2, 3, generator=Generator(1)).shape
    (2, 3)
    """
    kind = _floating(dtype)
    return _leaf((generator or default_generator).numpy.random(_shape(size), kind.type), requires_grad)


def randn(*size: Any, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return numbers drawn from the normal distribution of mean 0 and variance 1.

    >>> randn(2, 3, generator=Generator(1)).shape
    (2, 3)
    """
    kind = _floating(dtype)
    return _leaf((generator or default_generator).numpy.standard_normal(_shape(size), kind.type), requires_grad)


def randint(
    low: int = 0,
    high: int | Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
) -> Tensor:
    """Return integers drawn evenly from low, ..., high - 1; ``randint(high, size)`` starts at 0.

    >>> randint(3, 7, (2, 4)).shape, randint(1, (3,))
    ((2, 4), tensor([0, 0, 0]))
    """
    if size is None and isinstance(high, Sequence):
        high, size = None, high
    if high is None:
        low, high = 0, low
    if not isinstance(high, int | np.integer) or high <= low:
        raise ArgumentError(f"high is {high}: expected an integer above low, which is {low}")
    if size is None:
        raise ArgumentError("size is missing: give the shape of the result, for instance randint(10, (2, 3))")
    drawn = (generator or default_generator).numpy.integers(low, high, _shape((size,)))
    return wrap(drawn.astype(dtypes.as_dtype(dtype or dtypes.int64)), None)


def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None) -> Tensor:
    """Return 0, ..., n - 1 in random order.

    >>> randperm(5).sort()[0]
    tensor([0, 1, 2, 3, 4])
    """
    if n < 0:
        raise ArgumentError(f"n is {n}: expected a non-negative number")
    order = (generator or default_generator).numpy.permutation(n)
    return wrap(order.astype(dtypes.as_dtype(dtype or dtypes.int64)), None)


def _floating(dtype: Any) -> np.dtype[Any]:
    kind = dtypes.as_dtype(dtype or dtypes.default)
    if not dtypes.is_floating(kind):
        raise DtypeError(f"dtype is {kind}: expected float32 or float64; for integers use randint")
    return kind


# ------------------------------------------------------------------------------------------------------------------- like


def _like(make: Callable[..., Tensor], input: Any, dtype: Any, requires_grad: bool, **options: Any) -> Tensor:
    return make(input.shape, dtype=input.dtype if dtype is None else dtype, requires_grad=requires_grad, **options)


def zeros_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of *input*.

    >>> zeros_like(tensor([1, 2]))
    tensor([0, 0])
    """
    return _like(zeros, input, dtype, requires_grad)


def ones_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of *input*.

    >>> ones_like(tensor([5.0, 2.0]))
    tensor([1., 1.])
    """
    return _like(ones, input, dtype, requires_grad)


def empty_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of *input*, its values whatever was in memory.

    >>> empty_like(tensor([1, 2])).dtype
    dtype('int64')
    """
    return _like(empty, input, dtype, requires_grad)


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of *input*, each element *fill_value*.

    >>> full_like(tensor([1, 2]), 7)
    tensor([7, 7])
    """
    kind = input.dtype if dtype is None else dtype
    return full(input.shape, fill_value, dtype=kind, requires_grad=requires_grad)


def rand_like(
    input: Any, *, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return numbers drawn evenly from [0, 1), of the shape and dtype of *input*.

    >>> rand_like(tensor([1.0, 2.0])).shape
    (2,)
    """
    return _like(rand, input, dtype, requires_grad, generator=generator)


def randn_like(
    input: Any, *, generator: Generator | None = None, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return standard normal numbers, of the shape and dtype of *input*.

    >>> randn_like(tensor([1.0, 2.0])).shape
    (2,)
    """
    return _like(randn, input, dtype, requires_grad, generator=generator)
