"""Continuous stand-ins for discrete distributions, whose samples are differentiable: the lower the temperature, the closer.

Source: Maddison, Mnih and Teh 2017, "The concrete distribution"; Jang, Gu and Poole 2017, "Categorical reparameterization
with Gumbel-softmax".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from .. import ops
from .bernoulli import Trials
from .categorical import Categories
from .constraints import Constraint, real, real_vector, simplex, unit_interval
from .distribution import noise
from .transformed import TransformedDistribution
from .transforms import ExpTransform, SigmoidTransform

__all__ = ["ExpRelaxedCategorical", "LogitRelaxedBernoulli", "RelaxedBernoulli", "RelaxedOneHotCategorical"]


class LogitRelaxedBernoulli(Trials):
    """The log odds of ``RelaxedBernoulli``: (logits + z) / temperature, where z is logistic noise.

    >>> LogitRelaxedBernoulli(1.0, probs=0.5).log_prob(ag.tensor(0.0)).exp()
    tensor(0.2500)
    """

    support = real
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        given = self._given(probs, logits)
        self.temperature = temperature
        super().__init__(given.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        z = noise("logistic", self._extended_shape(sample_shape), self.logits.dtype)
        return (self.logits + z) / self.temperature

    def log_prob(self, value: Any) -> Any:
        z = self.logits - self._checked(value) * self.temperature
        return ops.logsigmoid(z) + ops.logsigmoid(-z) + _log(self.temperature)


class ExpRelaxedCategorical(Categories):
    """The logarithm of ``RelaxedOneHotCategorical``: log_softmax((logits + z) / temperature), where z is Gumbel noise.

    >>> x = ExpRelaxedCategorical(0.5, probs=ag.tensor([0.2, 0.8])).rsample()
    >>> bool(abs(x.exp().sum() - 1) < 1e-6)
    True
    """

    support = real_vector  # those whose powers of e sum to 1
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        shape = self._given(probs, logits).shape
        self.temperature = temperature
        super().__init__(shape[:-1], shape[-1:], validate_args)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        z = noise("gumbel", self._extended_shape(sample_shape), self.logits.dtype)
        return ops.log_softmax((self.logits + z) / self.temperature, -1)

    def log_prob(self, value: Any) -> Any:
        k = self._categories
        scores = ops.log_softmax(self.logits - self._checked(value) * self.temperature, -1)
        return ops.sum(scores, -1) + _log(self.temperature) * (k - 1) + math.lgamma(k)


def _log(temperature: Any) -> Any:
    return math.log(temperature) if isinstance(temperature, int | float) else ops.log(temperature)


class Relaxed(TransformedDistribution):
    """A relaxed distribution brought to where the discrete one lies; *base_dist* has the parameters."""

    base_dist: Any

    @property
    def temperature(self) -> Any:
        """How far from the discrete values the samples stay."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        """The log odds of 1, or the log probabilities of the corners."""
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        """The probability of 1, or those of the corners."""
        return self.base_dist.probs


class RelaxedBernoulli(Relaxed):
    """Numbers from 0 to 1 that crowd at the ends as *temperature* goes to 0, where they are those of ``Bernoulli``.

    >>> x = RelaxedBernoulli(0.01, probs=ag.tensor([1e-6, 1 - 1e-6])).rsample()
    >>> x.round()
    tensor([0., 1.])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": unit_interval, "logits": real}
    support = unit_interval

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args)


class RelaxedOneHotCategorical(Relaxed):
    """Shares (..., K) that crowd at the corners as *temperature* goes to 0, where they are those of ``OneHotCategorical``.

    >>> RelaxedOneHotCategorical(0.1, logits=ag.zeros(3)).rsample((5,)).shape
    (5, 3)
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": simplex, "logits": real_vector}
    support = simplex

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)
