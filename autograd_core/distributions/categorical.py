"""One of several categories: by its number, as a one-hot vector, and counted over many draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import dtypes, ops
from ..creation import eye, full_like
from ..errors import ArgumentError, ShapeError
from ..random import default_generator
from ..tensor import wrap
from .bernoulli import Binomial
from .constraints import (
    Constraint,
    dependent_property,
    integer_interval,
    multinomial,
    one_hot,
    real_vector,
    simplex,
)
from .distribution import Distribution, broadcast_all, computed_once, inside, one_of

__all__ = ["Categorical", "Multinomial", "OneHotCategorical", "OneHotCategoricalStraightThrough"]


class Categories(Distribution):
    """What is given by *probs* (..., K), which need not sum to 1, or their logarithms *logits*; kept so that they do."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": simplex, "logits": real_vector}

    def _given(self, probs: Any, logits: Any) -> Any:
        """Set what is given, normalized, and return it."""
        ((name, value),) = one_of(type(self).__name__, probs, logits).items()
        (value,) = broadcast_all(**{name: value})
        if value.ndim < 1:
            raise ShapeError(
                f"{type(self).__name__}: {name} is {value.detach()}: expected shape (..., K) for K categories"
            )
        if probs is not None:
            self.probs = value / ops.sum(value, -1, keepdim=True)
        else:
            self.logits = value - ops.logsumexp(value, -1, keepdim=True)
        return value

    @computed_once
    def probs(self) -> Any:
        """The probabilities (..., K), of sum 1."""
        return ops.softmax(self.logits, -1)

    @computed_once
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return ops.log(inside(self.probs))

    @property
    def param_shape(self) -> Any:
        """The shape of what was given."""
        return (self.probs if "probs" in vars(self) else self.logits).size()

    @property
    def _categories(self) -> int:
        return int(self.param_shape[-1])

    def _log_prob_of(self, numbers: Any) -> Any:
        """Return the log probabilities of the categories of these numbers."""
        shape = ops.broadcast_shapes(numbers.shape, self._batch_shape)
        logits = ops.expand(self.logits, (*shape, self._categories))
        return ops.squeeze(ops.gather(logits, -1, ops.expand(ops.unsqueeze(numbers, -1), (*shape, 1))), -1)

    def _entropy(self) -> Any:
        """Return the entropy of one draw; a category of log probability -inf adds nothing."""
        least = dtypes.finfo(self.logits.dtype).min
        return -ops.sum(ops.clamp(self.logits, min=least) * self.probs, -1)

    def _numbers(self, sample_shape: Sequence[int]) -> Any:
        """Draw numbers of categories, *sample_shape* from each distribution of the batch."""
        bounds = np.cumsum(self.probs.array, -1, dtype=np.float64)  # (*batch, K)
        rows = np.reshape(bounds, (math.prod(self._batch_shape), self._categories))
        points = default_generator.numpy.random((*sample_shape, len(rows)))
        points = np.minimum(
            points * rows[:, -1], np.nextafter(rows[:, -1], 0)
        )  # rounding may have reached the last bound
        columns = np.ascontiguousarray(np.reshape(points, (math.prod(sample_shape), len(rows))).T)
        places = ops.searchsorted(wrap(rows, None), wrap(columns, None), right=True)
        return wrap(np.reshape(places.array.T, (*sample_shape, *self._batch_shape)), None)


class Categorical(Categories):
    """The numbers 0, ..., K - 1 with probabilities in proportion to *probs* (..., K), or with log probabilities *logits*.

    *logits* may be off by a constant.  Samples are int64.  Mean and variance are NaN: numbers of categories have none.

    >>> Categorical(ag.tensor([1.0, 2.0, 1.0])).log_prob(ag.tensor([0, 1])).exp()
    tensor([0.2500, 0.5000])
    >>> Categorical(logits=ag.zeros(4)).perplexity()
    tensor(4.)
    """

    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(self._given(probs, logits).shape[:-1], validate_args=validate_args)

    @dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Constraint:
        """The numbers of the categories."""
        return integer_interval(0, self._categories - 1)

    @property
    def mean(self) -> Any:
        return full_like(self.probs[..., 0], float("nan"))

    @property
    def mode(self) -> Any:
        return ops.argmax(self.probs, -1)

    @property
    def variance(self) -> Any:
        return full_like(self.probs[..., 0], float("nan"))

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self._numbers(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return self._log_prob_of(self._checked(value).to(dtypes.int64))

    def entropy(self) -> Any:
        return self._entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._enumerated(wrap(np.arange(self._categories), None), expand)


class OneHotCategorical(Categories):
    """One-hot vectors (..., K), 1 at the place that ``Categorical`` of the same *probs* or *logits* draws.

    >>> OneHotCategorical(ag.tensor([0.0, 1.0])).sample((2,))
    tensor([[0., 1.],
            [0., 1.]])
    """

    support = one_hot
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        shape = self._given(probs, logits).shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        return self._one_hot(ops.argmax(self.probs, -1))

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self._one_hot(self._numbers(sample_shape))

    def log_prob(self, value: Any) -> Any:
        return self._log_prob_of(ops.argmax(self._checked(value), -1))

    def entropy(self) -> Any:
        return self._entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._enumerated(eye(self._categories, dtype=self.probs.dtype), expand)

    def _one_hot(self, numbers: Any) -> Any:
        return eye(self._categories, dtype=self.probs.dtype)[numbers]


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot vectors whose gradient is that of the probabilities (Bengio et al. 2013, "Estimating or propagating gradients").

    >>> probs = ag.tensor([0.25, 0.75], requires_grad=True)
    >>> (OneHotCategoricalStraightThrough(probs).rsample() * ag.tensor([1.0, 0.0])).sum().backward()
    >>> probs.grad
    tensor([ 0.7500, -0.2500])
    """

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(Categories):
    """How often each of K categories comes in *total_count* draws, for probabilities in proportion to *probs* (..., K).

    log_prob takes counts (..., K): log(n! / (k_1! ... k_K!)) + the sum of k_i log(probs_i), n being the sum of the counts.

    >>> Multinomial(2, ag.tensor([0.5, 0.5])).log_prob(ag.tensor([[1.0, 1.0], [2.0, 0.0]])).exp()
    tensor([0.5000, 0.2500])
    """

    total_count: int

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if not isinstance(total_count, int) or total_count < 0:
            raise ArgumentError(
                f"Multinomial: total_count is {total_count!r}: expected a Python integer, 0 or more, the same for all"
            )
        self.total_count = total_count
        shape = self._given(probs, logits).shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Constraint:
        """Counts whose sum is the number of draws."""
        return multinomial(self.total_count)

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs) * self.total_count

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        shares = self.probs.array.astype(np.float64)
        shares /= shares.sum(-1, keepdims=True)
        counts = default_generator.numpy.multinomial(self.total_count, shares, (*sample_shape, *self._batch_shape))
        return wrap(np.asarray(counts).astype(self.probs.dtype), None)

    def log_prob(self, value: Any) -> Any:
        value = self._checked(value)
        impossible = ops.logical_and(value == 0, self.logits == -float("inf"))
        powers = ops.sum(value * ops.where(impossible, 0.0, self.logits), -1)
        return ops.lgamma(ops.sum(value, -1) + 1) - ops.sum(ops.lgamma(value + 1), -1) + powers

    def entropy(self) -> Any:
        """Return n times the entropy of a draw, less the expected logarithm of how many orders of draws give the counts."""
        n = self.total_count
        one = Binomial(n, probs=self.probs, validate_args=False)
        counts = one.enumerate_support(expand=False)  # (n + 1, ..., 1)
        orders = ops.sum(ops.exp(one.log_prob(counts)) * ops.lgamma(counts + 1), (0, -1))
        log_orders = float(ops.lgamma(np.array(n + 1.0)))
        return n * self._entropy() - log_orders + orders
