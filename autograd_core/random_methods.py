"""Random numbers written into a tensor, and drawn with the probabilities that are in one."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from . import dtypes
from .errors import ArgumentError, DtypeError, ShapeError
from .ops.shape import plain
from .random import Generator, default_generator

__all__ = ["RandomMethods"]


class RandomMethods:
    """Methods that draw from *generator*, by default the one that ``manual_seed`` seeds.

    Those with an underscore fill the tensor and return it; what was there before gets no gradient, nor does any draw give one.
    """

    __slots__ = ()

    array: Any
    shape: ClassVar[Any]  # properties
    dtype: ClassVar[Any]
    copy_: Any
    new_empty: Any
    new_tensor: Any

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with numbers drawn from the normal distribution."""
        if not std >= 0:
            raise ArgumentError(f"std is {std}: expected a non-negative number")
        self._check_floating("normal_")
        return self.copy_((generator or default_generator).numpy.normal(mean, std, self.shape))

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with numbers drawn evenly from [a, b)."""
        if not a <= b:
            raise ArgumentError(f"the interval [{a}, {b}) is empty: expected a <= b")
        self._check_floating("uniform_")
        drawn = np.asarray((generator or default_generator).numpy.uniform(a, b, self.shape), self.dtype)
        below = np.nextafter(self.dtype.type(b), self.dtype.type(a))  # rounding to float32 may have reached b
        return self.copy_(np.minimum(drawn, below))

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Any:
        """Fill with e to the power of numbers drawn from the normal distribution."""
        if not std > 0:
            raise ArgumentError(f"log_normal_: std is {std}: expected a positive number")
        self._check_floating("log_normal_")
        return self.copy_((generator or default_generator).numpy.lognormal(mean, std, self.shape))

    def exponential_(self, lambd: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with numbers drawn from the exponential distribution, of density lambd * e^(-lambd x) for x > 0."""
        if not lambd > 0:
            raise ArgumentError(f"exponential_: lambd is {lambd}: expected a positive number")
        self._check_floating("exponential_")
        return self.copy_((generator or default_generator).numpy.standard_exponential(self.shape) / lambd)

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Fill with numbers drawn from the Cauchy distribution of that median, half of them within *sigma* of it."""
        if not sigma > 0:
            raise ArgumentError(f"cauchy_: sigma is {sigma}: expected a positive number")
        self._check_floating("cauchy_")
        return self.copy_(median + sigma * (generator or default_generator).numpy.standard_cauchy(self.shape))

    def geometric_(self, p: float, *, generator: Generator | None = None) -> Any:
        """Fill with numbers of trials up to the first success, of probability *p* each."""
        if not 0 < p < 1:
            raise ArgumentError(f"geometric_: p is {p}: expected a probability above 0 and below 1")
        return self.copy_((generator or default_generator).numpy.geometric(p, self.shape).astype(self.dtype))

    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
        """Fill with 1 with probability *p*, a number or a tensor that broadcasts, and 0 otherwise."""
        chances = plain(p) if hasattr(p, "dtype") else np.asarray(p)
        if not ((chances >= 0) & (chances <= 1)).all():
            raise ArgumentError(f"bernoulli_: p is {p}: expected probabilities from 0 to 1")
        drawn = (generator or default_generator).numpy.random(self.shape)
        return self.copy_((drawn < chances).astype(self.dtype))

    def random_(self, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None) -> Any:
        """Fill with whole numbers drawn evenly from [from_, to), or from [0, from_) as ``random_(to)``.

        Without any, from 0 up to the largest of the dtype, or for floats the largest up to which all are exact.
        """
        if to is None:
            low, high = 0, self._largest_exact() + 1 if from_ is None else from_
        else:
            low, high = from_ or 0, to
        if low >= high:
            raise ArgumentError(f"random_: no whole number is in [{low}, {high}); give from_ below to")
        drawn = (generator or default_generator).numpy.integers(low, high, self.shape)
        return self.copy_(drawn.astype(self.dtype))

    def _largest_exact(self) -> int:
        if dtypes.is_floating(self.dtype):
            return int(2 ** (np.finfo(self.dtype).nmant + 1))
        return 1 if self.dtype.kind == "b" else int(np.iinfo(self.dtype).max)

    def _check_floating(self, name: str) -> None:
        if not dtypes.is_floating(self.dtype):
            raise DtypeError(f"{name}: this tensor is {self.dtype}; only floating tensors can hold such numbers")

    # ------------------------------------------------------------------------------------ by the probabilities in a tensor

    def bernoulli(self, p: float | None = None, *, generator: Generator | None = None) -> Any:
        """Return 1 with the probability at each place, or *p* everywhere, and 0 otherwise."""
        if p is None and not dtypes.is_floating(self.dtype):
            raise DtypeError(
                f"bernoulli: input has dtype {self.dtype}, expected probabilities; use input.float(), or give p"
            )
        return self.new_empty(self.shape).bernoulli_(self if p is None else p, generator=generator)

    def multinomial(self, num_samples: int, replacement: bool = False, *, generator: Generator | None = None) -> Any:
        """Return *num_samples* places of each row, drawn in proportion to its weights: see the function."""
        if self.array.ndim not in (1, 2):
            raise ShapeError(
                f"multinomial: input has shape {tuple(self.shape)}, expected weights (N,) or rows of them (M, N)"
            )
        if not dtypes.is_floating(self.dtype):
            raise DtypeError(f"multinomial: input has dtype {self.dtype}, expected floating weights; use input.float()")
        weights = self.array.astype(np.float64)
        if not (np.isfinite(weights) & (weights >= 0)).all() or not (weights.sum(-1) > 0).all():
            raise ArgumentError("multinomial: a row of input has negative, infinite or NaN weights, or none above 0")
        most = int(np.count_nonzero(weights, -1).min(initial=weights.shape[-1]))
        if num_samples < 1 or (not replacement and num_samples > most):
            raise ArgumentError(
                f"multinomial: num_samples={num_samples} must be 1 or more, and without replacement at most {most}, the number "
                "of weights above 0 in a row"
            )
        draw = (generator or default_generator).numpy
        if replacement:
            bounds = np.cumsum(weights, -1)
            points = draw.random((*weights.shape[:-1], num_samples)) * bounds[..., -1:]
            rows = zip(np.atleast_2d(bounds), np.atleast_2d(points))
            drawn = [np.searchsorted(bound, point, side="right") for bound, point in rows]
            return self.new_tensor(np.reshape(drawn, points.shape), dtype=dtypes.int64)
        # The smallest of exponential numbers over weights are a draw without replacement: Efraimidis and Spirakis, 2006.
        keys = np.divide(
            draw.standard_exponential(weights.shape), weights, out=np.full(weights.shape, np.inf), where=weights > 0
        )
        return self.new_tensor(np.argsort(keys, -1)[..., :num_samples], dtype=dtypes.int64)
