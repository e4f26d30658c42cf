"""Trials that succeed with a probability: one, a number of them, those before the first success."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..creation import zeros_like
from ..errors import ArgumentError
from ..sampling import bernoulli
from ..tensor import wrap
from .constraints import (
    Constraint,
    boolean,
    dependent_property,
    greater_than_eq,
    half_open_interval,
    integer_interval,
    nonnegative_integer,
    real,
    unit_interval,
)
from .distribution import Distribution, broadcast_all, computed_once, drawn, inside, one_of

__all__ = ["Bernoulli", "Binomial", "Geometric", "NegativeBinomial"]


class Trials(Distribution):
    """What is given by the probability of a success, *probs*, or by its log odds, *logits* = log(probs / (1 - probs))."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": unit_interval, "logits": real}

    def _given(self, probs: Any, logits: Any, **others: Any) -> Any:
        """Set what is given of both, and the *others*, after broadcasting; return that one."""
        given = one_of(type(self).__name__, probs, logits)
        names = [*given, *others]  # the probabilities' dtype is that of the others
        for name, value in zip(names, broadcast_all(**given, **others), strict=True):
            setattr(self, name, value)
        return getattr(self, names[0])

    @computed_once
    def probs(self) -> Any:
        """The probability of a success."""
        return ops.sigmoid(self.logits)

    @computed_once
    def logits(self) -> Any:
        """The log odds of a success."""
        probs = inside(self.probs)
        return ops.log(probs) - ops.log1p(-probs)

    @property
    def param_shape(self) -> Any:
        """The shape of what was given."""
        return (self.probs if "probs" in vars(self) else self.logits).size()

    def _log_failure(self) -> Any:
        """Return log(1 - probs)."""
        return ops.logsigmoid(-self.logits)


class Bernoulli(Trials):
    """One trial: 1 with probability *probs*, 0 otherwise; or with log odds *logits*.

    >>> Bernoulli(0.25).log_prob(ag.tensor([0.0, 1.0])).exp()
    tensor([0.7500, 0.2500])
    >>> Bernoulli(logits=ag.tensor([0.0, 1.0])).probs
    tensor([0.5000, 0.7311])
    """

    support = boolean
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(self._given(probs, logits).shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        """1 or 0, whichever is more probable; NaN where both are the same."""
        return ops.where(self.probs == 0.5, float("nan"), ops.cast(self.probs > 0.5, dtype=self.probs.dtype))

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        return bernoulli(ops.expand(self.probs.detach(), self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        return self._checked(value) * self.logits + self._log_failure()

    def entropy(self) -> Any:
        return -(self.probs * self.logits + self._log_failure())

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._enumerated(wrap(np.arange(2, dtype=self.logits.dtype), None), expand)


class Geometric(Trials):
    """The number of failures before the first success: (1 - probs)^k probs.

    >>> Geometric(0.5).log_prob(ag.tensor([0.0, 1.0, 2.0])).exp()
    tensor([0.5000, 0.2500, 0.1250])
    """

    support = nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        given = self._given(probs, logits)
        super().__init__(given.shape, validate_args=validate_args)
        if self._validate_args and probs is not None and not (given.array > 0).all():
            raise ArgumentError(
                f"Geometric: probs is {given.detach()}: without a chance there is no success; give more than 0"
            )

    @property
    def mean(self) -> Any:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Any:
        return zeros_like(self.probs)

    @property
    def variance(self) -> Any:
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        return drawn("geometric", self._extended_shape(sample_shape), self.probs) - 1

    def log_prob(self, value: Any) -> Any:
        return ops.xlog1py(self._checked(value), -self.probs) + ops.log(self.probs)

    def entropy(self) -> Any:
        return -(self.logits + self._log_failure() / self.probs)


class Binomial(Trials):
    """The number of successes in *total_count* trials: (n over k) probs^k (1 - probs)^(n - k).

    >>> Binomial(2, 0.5).log_prob(ag.tensor([0.0, 1.0, 2.0])).exp()
    tensor([0.2500, 0.5000, 0.2500])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "total_count": nonnegative_integer,
        "probs": unit_interval,
        "logits": real,
    }
    has_enumerate_support = True

    total_count: Any

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        given = self._given(probs, logits, total_count=total_count)
        self.total_count = self.total_count.to(given.dtype)
        super().__init__(given.shape, validate_args=validate_args)

    @dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Constraint:
        """From 0 to the number of trials."""
        return integer_interval(0, self.total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return ops.minimum(ops.floor((self.total_count + 1) * self.probs), self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        return drawn("binomial", self._extended_shape(sample_shape), self.total_count, self.probs)

    def log_prob(self, value: Any) -> Any:
        n = self.total_count
        ways = ops.lgamma(n + 1) - ops.lgamma(self._checked(value) + 1) - ops.lgamma(n - value + 1)
        return ways + value * self.logits + n * self._log_failure()

    def entropy(self) -> Any:
        log_prob = self.log_prob(self.enumerate_support(False))
        return -ops.sum(ops.exp(log_prob) * log_prob, 0)

    def enumerate_support(self, expand: bool = True) -> Any:
        most = int(self.total_count.array.max())
        if most != self.total_count.array.min():
            raise NotImplementedError(
                f"Binomial: total_count is {self.total_count}: with several numbers of trials there is no common support; "
                "make one distribution for each"
            )
        return self._enumerated(wrap(np.arange(most + 1, dtype=self.logits.dtype), None), expand)


class NegativeBinomial(Trials):
    """The number of successes before failure number *total_count*: (n + k - 1 over k) probs^k (1 - probs)^n.

    >>> NegativeBinomial(1, 0.5).log_prob(ag.tensor([0.0, 1.0, 2.0])).exp()
    tensor([0.5000, 0.2500, 0.1250])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "total_count": greater_than_eq(0),
        "probs": half_open_interval(0.0, 1.0),
        "logits": real,
    }
    support = nonnegative_integer

    total_count: Any

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        given = self._given(probs, logits, total_count=total_count)
        self.total_count = self.total_count.to(given.dtype)
        super().__init__(given.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.total_count * ops.exp(self.logits)

    @property
    def mode(self) -> Any:
        return ops.clamp(ops.floor((self.total_count - 1) * ops.exp(self.logits)), min=0)

    @property
    def variance(self) -> Any:
        return self.mean / ops.sigmoid(-self.logits)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        rate = drawn("standard_gamma", shape, self.total_count) * ops.exp(self.logits.detach())
        return drawn("poisson", shape, rate)

    def log_prob(self, value: Any) -> Any:
        n = self.total_count
        powers = n * self._log_failure() + self._checked(value) * ops.logsigmoid(self.logits)
        ways = ops.lgamma(n + value) - ops.lgamma(value + 1) - ops.lgamma(n)
        return powers + ops.where(n + value == 0, 0.0, ways)
