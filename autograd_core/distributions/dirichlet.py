"""The Dirichlet distribution, of shares that sum to 1, and the beta distribution, of one of two shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..autograd import Function
from ..errors import ShapeError
from ..random import default_generator
from ..tensor import Tensor, wrap
from .constraints import Constraint, independent, positive, simplex, unit_interval
from .distribution import Distribution, broadcast_all

__all__ = ["Beta", "Dirichlet"]


class _DirichletSample(Function):
    """Samples (..., K): each share moves with its own concentration as one of the beta distribution, its marginal, does.

    The others make room in proportion, which is a flow that carries one Dirichlet distribution into the next.
    """

    @staticmethod
    def forward(ctx: Any, concentration: Any) -> Any:
        x = _draw(concentration.array)
        ctx.save_for_backward(concentration, x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        a, x = ctx.saved_tensors
        others = ops.sum(a, -1, keepdim=True) - a
        return (ops.sum(g * x, -1, keepdim=True) - g) * ops.beta_shift(a, others, x, orders=(1, 0)) / (1 - x)


def _draw(concentration: Any) -> Tensor:
    """Return shares in proportion to numbers of gamma distributions, off 0 and 1 by as little as the dtype can.

    Numbers for small concentrations underflow, their logarithms do not: if u is of Uniform(0, 1) and y of Gamma(a + 1), then
    y u^(1/a) is of Gamma(a).
    """
    a, draw = concentration.astype(np.float64), default_generator.numpy
    log = np.log(draw.standard_gamma(a + 1)) - draw.standard_exponential(a.shape) / a
    shares = np.exp(log - log.max(-1, keepdims=True, initial=-np.inf))
    shares = (shares / shares.sum(-1, keepdims=True)).astype(concentration.dtype)
    info = np.finfo(concentration.dtype)
    return wrap(np.clip(shares, info.tiny, 1 - info.epsneg), None)


class Dirichlet(Distribution):
    """The Dirichlet distribution of shares x (..., K): the product of x_i^(concentration_i - 1), over a constant.

    ``rsample`` is differentiable to any order, as that of ``Gamma`` is.

    >>> Dirichlet(ag.tensor([1.0, 2.0, 5.0])).mean
    tensor([0.1250, 0.2500, 0.6250])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": independent(positive, 1)}
    support = simplex
    has_rsample = True

    concentration: Any

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        (self.concentration,) = broadcast_all(concentration=concentration)
        if self.concentration.ndim < 1:
            raise ShapeError(
                f"Dirichlet: concentration is {concentration}: expected shape (..., K), one number for each share"
            )
        shape = self.concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    @property
    def _total(self) -> Any:
        return ops.sum(self.concentration, -1, keepdim=True)

    @property
    def mean(self) -> Any:
        return self.concentration / self._total

    @property
    def mode(self) -> Any:
        """The most probable shares; where all concentrations are below 1, all for the largest of them."""
        excess = ops.clamp(self.concentration - 1, min=0)
        total = ops.sum(excess, -1, keepdim=True)
        places = np.arange(self.event_shape[0])
        corner = ops.argmax(self.concentration, -1, keepdim=True) == places
        inside = ops.any(self.concentration >= 1, -1, keepdim=True)
        return ops.where(inside, excess / total, ops.cast(corner, dtype=excess.dtype))

    @property
    def variance(self) -> Any:
        total = self._total
        return self.concentration * (total - self.concentration) / (ops.square(total) * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return _DirichletSample.apply(ops.expand(self.concentration, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        powers = ops.sum(ops.xlogy(self.concentration - 1, self._checked(value)), -1)
        return powers - self._log_normalizer()

    def entropy(self) -> Any:
        a, total = self.concentration, ops.squeeze(self._total, -1)
        return (
            self._log_normalizer()
            + (total - self.event_shape[0]) * ops.digamma(total)
            - ops.sum((a - 1) * ops.digamma(a), -1)
        )

    def _log_normalizer(self) -> Any:
        return ops.sum(ops.lgamma(self.concentration), -1) - ops.lgamma(ops.sum(self.concentration, -1))


class Beta(Distribution):
    """The beta distribution of numbers from 0 to 1: x^(concentration1 - 1) (1 - x)^(concentration0 - 1), over a constant.

    ``rsample`` is differentiable to any order, as that of ``Gamma`` is.

    >>> Beta(2.0, 3.0).mean, Beta(2.0, 3.0).log_prob(ag.tensor(0.5))
    (tensor(0.4000), tensor(0.4055))
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration1": positive, "concentration0": positive}
    support = unit_interval
    has_rsample = True

    concentration1: Any
    concentration0: Any

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        parameters = broadcast_all(concentration1=concentration1, concentration0=concentration0)
        self.concentration1, self.concentration0 = parameters
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    def _both(self) -> Dirichlet:
        return Dirichlet(ops.stack([self.concentration1, self.concentration0], -1), validate_args=False)

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        return self._both().mode[..., 0]

    @property
    def variance(self) -> Any:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (ops.square(total) * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self._both().rsample(sample_shape)[..., 0]

    def log_prob(self, value: Any) -> Any:
        powers = ops.xlogy(self.concentration1 - 1, self._checked(value)) + ops.xlog1py(self.concentration0 - 1, -value)
        return powers - self._both()._log_normalizer()

    def entropy(self) -> Any:
        return self._both().entropy()
