"""Tensors of random numbers, with PyTorch's names.

Draws come from *generator*, by default the one that ``manual_seed`` seeds.  No gradient flows through a draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import dtypes
from .arrays import dtype_or_default, shape_of
from .creation import like
from .errors import ArgumentError, DtypeError
from .random import Generator, default_generator
from .tensor import Tensor, made, wrap

__all__ = [
    "bernoulli", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "randperm",
]  # fmt: skip


def rand(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers drawn evenly from [0, 1).

    >>> rand(2, 3, generator=Generator(1)).shape
    (2, 3)
    """
    kind = _floating(dtype)
    drawn = (generator or default_generator).numpy.random(shape_of(sizes, size), kind.type)
    return made(np.asarray(drawn), device, requires_grad)


def randn(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers drawn from the normal distribution of mean 0 and variance 1.

    >>> randn(2, 3, generator=Generator(1)).shape
    (2, 3)
    """
    kind = _floating(dtype)
    drawn = (generator or default_generator).numpy.standard_normal(shape_of(sizes, size), kind.type)
    return made(np.asarray(drawn), device, requires_grad)


def randint(
    low: int = 0,
    high: int | Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
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
    drawn = (generator or default_generator).numpy.integers(low, high, shape_of((size,)))
    kind = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)
    return made(np.asarray(drawn).astype(kind), device, requires_grad)


def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """Return 0, ..., n - 1 in random order.

    >>> randperm(5).sort()[0]
    tensor([0, 1, 2, 3, 4])
    """
    if n < 0:
        raise ArgumentError(f"n is {n}: expected a non-negative number")
    order = (generator or default_generator).numpy.permutation(n)
    return made(order.astype(dtypes.int64 if dtype is None else dtypes.as_dtype(dtype)), device)


def _floating(dtype: Any) -> np.dtype[Any]:
    kind = dtype_or_default(dtype)
    if not dtypes.is_floating(kind):
        raise DtypeError(f"dtype is {kind}: expected float32 or float64; for integers use randint")
    return kind


# ------------------------------------------------------------------------------------------------------------------- like


def rand_like(
    input: Any,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers drawn evenly from [0, 1), of the shape and dtype of *input*.

    >>> rand_like(ag.tensor([1.0, 2.0])).shape
    (2,)
    """
    return like(rand, input, dtype, generator=generator, device=device, requires_grad=requires_grad)


def randn_like(
    input: Any,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return standard normal numbers, of the shape and dtype of *input*.

    >>> randn_like(ag.tensor([1.0, 2.0])).shape
    (2,)
    """
    return like(randn, input, dtype, generator=generator, device=device, requires_grad=requires_grad)


def randint_like(
    input: Any,
    low: int = 0,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return whole numbers drawn evenly from low, ..., high - 1, of the shape and dtype of *input*.

    ``randint_like(input, high)`` starts at 0.

    >>> randint_like(ag.tensor([1.0, 2.0]), 1)
    tensor([0., 0.])
    """
    low, high = (0, low) if high is None else (low, high)
    kind = input.dtype if dtype is None else dtype
    return randint(low, high, input.shape, generator=generator, dtype=kind, device=device, requires_grad=requires_grad)


# ---------------------------------------------------------------------------------------------------------- distributions


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers drawn from normal distributions of *mean* and *std*, numbers or tensors that broadcast.

    Of two numbers, *size* is the shape; otherwise the tensors give it, and the dtype.

    >>> normal(ag.tensor([0.0, 100.0]), 1e-6).round()
    tensor([  0., 100.])
    """
    tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
    if bool(tensors) == (size is not None):
        raise ArgumentError(f"normal: size is {size}; give it if mean and std are numbers, and only then")
    kind = _floating(dtype if size is not None else dtypes.common(tuple(tensors)))
    m, s = (x.array if isinstance(x, Tensor) else x for x in (mean, std))
    if not np.all(np.asarray(s) >= 0):
        raise ArgumentError(f"normal: std is {std}: expected non-negative numbers")
    shape = np.broadcast_shapes(np.shape(m), np.shape(s)) if size is None else shape_of((size,))
    drawn = (generator or default_generator).numpy.standard_normal(shape, kind.type)
    return made(np.asarray(m + s * drawn, kind), device, requires_grad)


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Return 1 with the probability that *input* has at that place, or *p* everywhere, and 0 otherwise.

    The result has the shape and dtype of *input*.  Raises ArgumentError for what is no probability.

    >>> bernoulli(ag.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    drawn: Tensor = input.bernoulli(p, generator=generator)
    return drawn


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Return counts drawn from Poisson distributions whose means are the elements of *input*, in its dtype.

    >>> poisson(ag.tensor([0.0, 0.0]))
    tensor([0., 0.])
    """
    if not dtypes.is_floating(input.dtype):
        raise DtypeError(f"poisson: input has dtype {input.dtype}, expected floating; use input.float()")
    if not (input.array >= 0).all():
        raise ArgumentError("poisson: input has negative or NaN elements; means are 0 or more")
    drawn = (generator or default_generator).numpy.poisson(input.array)
    return wrap(np.asarray(drawn, input.dtype), None)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return *num_samples* places of each row (..., N) of *input*, drawn with probabilities in proportion to its weights.

    Without *replacement* a place is drawn once at most, and then at least so many weights must not be 0.  Rows need not
    sum to 1.

    >>> multinomial(ag.tensor([0.0, 3.0, 1.0]), 2).sort()[0]
    tensor([1, 2])
    """
    drawn: Tensor = input.multinomial(num_samples, replacement, generator=generator)
    return drawn
