"""The gamma distribution, and what is one: chi-squared, exponential; and the Poisson distribution, which counts.

A sample of the gamma distribution of rate 1 is a function of the concentration and of noise that has no formula, but a
derivative: see ``ops/incomplete.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .. import dtypes, ops
from ..autograd import Function
from ..creation import zeros_like
from ..sampling import poisson
from .constraints import Constraint, nonnegative, nonnegative_integer, positive
from .distribution import Distribution, broadcast_all, drawn, noise

__all__ = ["Chi2", "Exponential", "Gamma", "InverseGamma", "Poisson"]


class _GammaSample(Function):
    """Samples of rate 1: x(a) keeps igamma(a, x) where it is while a moves."""

    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        x = ops.clamp(drawn("standard_gamma", a.shape, a), min=dtypes.finfo(a.dtype).tiny)
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        a, x = ctx.saved_tensors
        return -g * ops.gamma_shift(a, x, order=1)


class Gamma(Distribution):
    """The gamma distribution: rate^a x^(a-1) e^(-rate x) / Gamma(a), where a is the *concentration*.

    ``rsample`` is differentiable in both, to any order (Figurnov, Mohamed and Mnih 2018, "Implicit reparameterization
    gradients").

    >>> Gamma(2.0, 3.0).log_prob(ag.tensor([0.5, 1.0]))
    tensor([ 0.0041, -0.8028])
    >>> a = ag.tensor(2.0, requires_grad=True)
    >>> Gamma(a, 1.0).rsample((10000,)).mean().backward()
    >>> bool(abs(a.grad - 1) < 0.05)  # the mean is a
    True
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": positive, "rate": positive}
    support: Any = nonnegative
    has_rsample = True

    concentration: Any
    rate: Any

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration=concentration, rate=rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        return ops.clamp((self.concentration - 1) / self.rate, min=0)

    @property
    def variance(self) -> Any:
        return self.concentration / ops.square(self.rate)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return _GammaSample.apply(ops.expand(self.concentration, self._extended_shape(sample_shape))) / self.rate

    def log_prob(self, value: Any) -> Any:
        a = self.concentration
        return ops.xlogy(a, self.rate) + ops.xlogy(a - 1, self._checked(value)) - self.rate * value - ops.lgamma(a)

    def cdf(self, value: Any) -> Any:
        return ops.igamma(self.concentration, self.rate * self._checked(value))

    def entropy(self) -> Any:
        a = self.concentration
        return a - ops.log(self.rate) + ops.lgamma(a) + (1 - a) * ops.digamma(a)


class Chi2(Gamma):
    """The chi-squared distribution of *df* degrees of freedom: Gamma(df / 2, 1 / 2).

    >>> Chi2(ag.tensor([1.0, 4.0])).variance
    tensor([2., 8.])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df": positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (df,) = broadcast_all(df=df)
        super().__init__(df * 0.5, 0.5, validate_args)

    @property
    def df(self) -> Any:
        """The degrees of freedom."""
        return self.concentration * 2


class InverseGamma(Distribution):
    """1 / x for x of Gamma(concentration, rate): the density goes as x^(-concentration - 1) e^(-rate / x).

    The mean is infinite for a concentration <= 1, the variance for one <= 2.

    >>> InverseGamma(3.0, 2.0).mean
    tensor(1.)
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": positive, "rate": positive}
    support = positive
    has_rsample = True

    concentration: Any
    rate: Any

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration=concentration, rate=rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        a = self.concentration
        return ops.where(a > 1, self.rate / (ops.where(a > 1, a, 2) - 1), float("inf"))

    @property
    def mode(self) -> Any:
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Any:
        a = ops.where(self.concentration > 2, self.concentration, 3)
        return ops.where(self.concentration > 2, ops.square(self.rate / (a - 1)) / (a - 2), float("inf"))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return ops.reciprocal(Gamma(self.concentration, self.rate, validate_args=False).rsample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        a = self.concentration
        return ops.xlogy(a, self.rate) - (a + 1) * ops.log(self._checked(value)) - self.rate / value - ops.lgamma(a)

    def cdf(self, value: Any) -> Any:
        return ops.igammac(self.concentration, self.rate / self._checked(value))

    def entropy(self) -> Any:
        a = self.concentration
        return a + ops.log(self.rate) + ops.lgamma(a) - (1 + a) * ops.digamma(a)


class Exponential(Distribution):
    """The exponential distribution, of waiting times: rate e^(-rate x).

    >>> Exponential(2.0).cdf(ag.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8647])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"rate": positive}
    support = nonnegative
    has_rsample = True

    rate: Any

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate=rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return ops.reciprocal(self.rate)

    @property
    def mode(self) -> Any:
        return zeros_like(self.rate)

    @property
    def stddev(self) -> Any:
        return ops.reciprocal(self.rate)

    @property
    def variance(self) -> Any:
        return ops.square(ops.reciprocal(self.rate))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return noise("standard_exponential", self._extended_shape(sample_shape), self.rate.dtype) / self.rate

    def log_prob(self, value: Any) -> Any:
        return ops.log(self.rate) - self.rate * self._checked(value)

    def cdf(self, value: Any) -> Any:
        return -ops.expm1(-self.rate * self._checked(value))

    def icdf(self, value: Any) -> Any:
        return -ops.log1p(-value) / self.rate

    def entropy(self) -> Any:
        return 1 - ops.log(self.rate)


class Poisson(Distribution):
    """The Poisson distribution, of how many events of a *rate* there are: rate^k e^-rate / k!.

    >>> Poisson(2.0).log_prob(ag.tensor([0.0, 1.0])).exp()
    tensor([0.1353, 0.2707])
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"rate": nonnegative}
    support = nonnegative_integer

    rate: Any

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate=rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.rate

    @property
    def mode(self) -> Any:
        return ops.floor(self.rate)

    @property
    def variance(self) -> Any:
        return self.rate

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        return poisson(ops.expand(self.rate.detach(), self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        return ops.xlogy(self._checked(value), self.rate) - self.rate - ops.lgamma(value + 1)
