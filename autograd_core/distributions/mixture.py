"""Mixtures of distributions of one family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .. import ops
from ..errors import ArgumentError, ShapeError
from ..modes import no_grad
from .categorical import Categorical
from .constraints import Constraint, MixtureSameFamilyConstraint, dependent_property
from .distribution import Distribution

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A draw from one of K components, which *mixture_distribution* chooses: the density is the weighted sum of theirs.

    *component_distribution* has the components along the last dim of its batch, (..., K); *mixture_distribution* is a
    Categorical of K categories, one or a batch of them.

    >>> weights = Categorical(ag.tensor([0.25, 0.75]))
    >>> MixtureSameFamily(weights, ag.distributions.Normal(ag.tensor([0.0, 4.0]), 1.0)).mean
    tensor(3.)
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:
        for name, given, kind in (
            ("mixture_distribution", mixture_distribution, Categorical),
            ("component_distribution", component_distribution, Distribution),
        ):
            if not isinstance(given, kind):
                raise ArgumentError(
                    f"MixtureSameFamily: {name} is a {type(given).__name__}: expected a {kind.__name__}"
                )
        components, weights = component_distribution.batch_shape, mixture_distribution.param_shape
        fits = components and weights[-1] == components[-1]
        if not fits or any(
            n not in (1, m) and m != 1 for n, m in zip(reversed(weights[:-1]), reversed(components[:-1]))
        ):
            raise ShapeError(
                f"MixtureSameFamily: the weights have shape {tuple(weights)} and the components the batch_shape "
                f"{tuple(components)}: expected one weight for each component along the last dim, and batches that broadcast"
            )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        self._event_ndims = len(component_distribution.event_shape)
        super().__init__(components[:-1], component_distribution.event_shape, validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        components = self.component_distribution.batch_shape[-1]
        new.component_distribution = self.component_distribution.expand((*batch_shape, components))
        new.mixture_distribution = self.mixture_distribution.expand(batch_shape)
        return new

    @dependent_property
    def support(self) -> Constraint:
        """Where one of the components can be."""
        return MixtureSameFamilyConstraint(self.component_distribution.support)

    @property
    def mean(self) -> Any:
        return self._weighted(self.component_distribution.mean)

    @property
    def variance(self) -> Any:
        """The mean of the variances, and the variance of the means."""
        means, variances = self.component_distribution.mean, self.component_distribution.variance
        return self._weighted(variances) + self._weighted(ops.square(means - self._beside(self.mean)))

    def cdf(self, x: Any) -> Any:
        return ops.sum(self.component_distribution.cdf(self._beside(x)) * self.mixture_distribution.probs, -1)

    def log_prob(self, x: Any) -> Any:
        log_prob = self.component_distribution.log_prob(self._beside(self._checked(x)))  # (..., K)
        return ops.logsumexp(log_prob + ops.log_softmax(self.mixture_distribution.logits, -1), -1)

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        with no_grad():
            dim = len(sample_shape) + len(self._batch_shape)
            drawn = self.component_distribution.sample(sample_shape)  # (..., K, *event)
            chosen = self.mixture_distribution.expand(self._batch_shape).sample(sample_shape)
            shape = (*chosen.shape, *(1 for _ in range(1 + self._event_ndims)))
            places = ops.expand(ops.reshape(chosen, shape), (*chosen.shape, 1, *self._event_shape))
            return ops.squeeze(ops.gather(drawn, dim, places), dim)

    def _beside(self, x: Any) -> Any:
        """Return values with a dim for the components."""
        return ops.unsqueeze(x, -1 - self._event_ndims)

    def _weighted(self, values: Any) -> Any:
        """Return the mean over the components of what each has."""
        probs = self.mixture_distribution.probs
        probs = ops.reshape(probs, (*probs.shape, *(1 for _ in range(self._event_ndims))))
        return ops.sum(probs * values, -1 - self._event_ndims)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
