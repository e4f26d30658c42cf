"""The uniform distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .. import ops
from ..creation import full_like
from ..errors import ArgumentError
from ..sampling import rand
from .constraints import Constraint, dependent, dependent_property, interval
from .distribution import Distribution, broadcast_all

__all__ = ["Uniform"]


class Uniform(Distribution):
    """Numbers from *low* to below *high*, each as probable as any other.  Raises ArgumentError unless low < high.

    >>> Uniform(0.0, 4.0).log_prob(ag.tensor([1.0, 3.0]))
    tensor([-1.3863, -1.3863])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"low": dependent, "high": dependent}
    has_rsample = True

    low: Any
    high: Any

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low=low, high=high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not (self.low.array < self.high.array).all():
            raise ArgumentError(
                f"Uniform: low is {self.low.detach()} and high is {self.high.detach()}: expected low < high everywhere"
            )

    @dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Constraint:
        """From low to high."""
        return interval(self.low, self.high)

    @property
    def mean(self) -> Any:
        return (self.low + self.high) * 0.5

    @property
    def mode(self) -> Any:
        return full_like(self.low, float("nan"))

    @property
    def stddev(self) -> Any:
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Any:
        return ops.square(self.high - self.low) / 12

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self.low + rand(self._extended_shape(sample_shape), dtype=self.low.dtype) * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        within = ops.logical_and(self.low <= self._checked(value), value < self.high)
        return ops.where(within, -ops.log(self.high - self.low), -float("inf"))

    def cdf(self, value: Any) -> Any:
        return ops.clamp((self._checked(value) - self.low) / (self.high - self.low), 0, 1)

    def icdf(self, value: Any) -> Any:
        return self.low + value * (self.high - self.low)

    def entropy(self) -> Any:
        return ops.log(self.high - self.low)
