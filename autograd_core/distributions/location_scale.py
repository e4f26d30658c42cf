"""Distributions of loc + scale * z, where z has a standard distribution: normal, Laplace, Cauchy, Gumbel, Student's t."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..creation import full_like, zeros_like
from ..sampling import randn
from .constraints import Constraint, nonnegative, positive, real
from .distribution import Distribution, broadcast_all, noise
from .gamma import Chi2

__all__ = ["Cauchy", "Gumbel", "HalfCauchy", "HalfNormal", "Laplace", "LocationScale", "Normal", "StudentT"]

EULER = float(np.euler_gamma)


class LocationScale(Distribution):
    """What these families share; each says what holds for loc = 0 and scale = 1."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": real, "scale": positive}
    support = real
    has_rsample = True

    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc=loc, scale=scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self.loc + self.scale * self._standard_sample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return self._standard_log_prob(self._standardized(value)) - ops.log(self.scale)

    def cdf(self, value: Any) -> Any:
        return self._standard_cdf(self._standardized(value))

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * self._standard_icdf(value)

    def entropy(self) -> Any:
        return self._standard_entropy() + ops.log(self.scale)

    @property
    def mode(self) -> Any:
        return self.loc

    def _standardized(self, value: Any) -> Any:
        return (self._checked(value) - self.loc) / self.scale

    def _standard_sample(self, sample_shape: Sequence[int]) -> Any:
        raise self._lacks("a standard sample")

    def _standard_log_prob(self, z: Any) -> Any:
        raise self._lacks("a standard log_prob")

    def _standard_cdf(self, z: Any) -> Any:
        raise self._lacks("a cdf")

    def _standard_icdf(self, value: Any) -> Any:
        raise self._lacks("an icdf")

    def _standard_entropy(self) -> Any:
        raise self._lacks("an entropy")


class Normal(LocationScale):
    """The normal distribution of mean *loc* and standard deviation *scale*.

    The density is e^(-z^2 / 2) / (sqrt(2 pi) scale), z = (x - loc) / scale.

    >>> Normal(0.0, 1.0).log_prob(ag.tensor([0.0, 1.0]))
    tensor([-0.9189, -1.4189])
    >>> x = Normal(ag.tensor(2.0, requires_grad=True), 0.1).rsample((1000,))
    >>> bool(abs(x.mean() - 2) < 0.02)
    True
    """

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        return ops.square(self.scale)

    def _standard_sample(self, sample_shape: Sequence[int]) -> Any:
        return randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)

    def _standard_log_prob(self, z: Any) -> Any:
        return ops.square(z) * -0.5 - math.log(2 * math.pi) / 2

    def _standard_cdf(self, z: Any) -> Any:
        return ops.ndtr(z)

    def _standard_icdf(self, value: Any) -> Any:
        return ops.ndtri(value)

    def _standard_entropy(self) -> Any:
        return 0.5 + math.log(2 * math.pi) / 2


class Laplace(LocationScale):
    """The Laplace distribution about *loc*: ``e^(-|z|) / (2 scale)``, z = (x - loc) / scale.

    >>> Laplace(0.0, 2.0).log_prob(ag.tensor([0.0, 2.0]))
    tensor([-1.3863, -2.3863])
    """

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return self.scale * math.sqrt(2)

    @property
    def variance(self) -> Any:
        return ops.square(self.scale) * 2

    def _standard_sample(self, sample_shape: Sequence[int]) -> Any:
        return noise("laplace", self._extended_shape(sample_shape), self.loc.dtype)

    def _standard_log_prob(self, z: Any) -> Any:
        return -ops.abs(z) - math.log(2)

    def _standard_cdf(self, z: Any) -> Any:
        return 0.5 - ops.sign(z) * ops.expm1(-ops.abs(z)) * 0.5

    def _standard_icdf(self, value: Any) -> Any:
        beyond = value - 0.5
        return -ops.sign(beyond) * ops.log1p(ops.abs(beyond) * -2)

    def _standard_entropy(self) -> Any:
        return 1 + math.log(2)


class Cauchy(LocationScale):
    """The Cauchy distribution, of median *loc*, half of it within *scale* of that: 1 / (pi scale (1 + z^2)).

    It has no mean, which is NaN, and an infinite variance.

    >>> Cauchy(0.0, 1.0).cdf(ag.tensor([-1.0, 0.0, 1.0]))
    tensor([0.2500, 0.5000, 0.7500])
    """

    @property
    def mean(self) -> Any:
        return full_like(self.loc, math.nan)

    @property
    def variance(self) -> Any:
        return full_like(self.loc, math.inf)

    def _standard_sample(self, sample_shape: Sequence[int]) -> Any:
        return noise("standard_cauchy", self._extended_shape(sample_shape), self.loc.dtype)

    def _standard_log_prob(self, z: Any) -> Any:
        return -ops.log1p(ops.square(z)) - math.log(math.pi)

    def _standard_cdf(self, z: Any) -> Any:
        return ops.atan(z) / math.pi + 0.5

    def _standard_icdf(self, value: Any) -> Any:
        return ops.tan((value - 0.5) * math.pi)

    def _standard_entropy(self) -> Any:
        return math.log(4 * math.pi)


class Gumbel(LocationScale):
    """The Gumbel distribution, that of the largest of many numbers: e^(-z - e^-z) / scale, z = (x - loc) / scale.

    >>> Gumbel(0.0, 1.0).mean
    tensor(0.5772)
    """

    @property
    def mean(self) -> Any:
        return self.loc + self.scale * EULER

    @property
    def stddev(self) -> Any:
        return self.scale * (math.pi / math.sqrt(6))

    @property
    def variance(self) -> Any:
        return ops.square(self.scale) * (math.pi**2 / 6)

    def _standard_sample(self, sample_shape: Sequence[int]) -> Any:
        return noise("gumbel", self._extended_shape(sample_shape), self.loc.dtype)

    def _standard_log_prob(self, z: Any) -> Any:
        return -z - ops.exp(-z)

    def _standard_cdf(self, z: Any) -> Any:
        return ops.exp(-ops.exp(-z))

    def _standard_icdf(self, value: Any) -> Any:
        return -ops.log(-ops.log(value))

    def _standard_entropy(self) -> Any:
        return 1 + EULER


class StudentT(LocationScale):
    """Student's t-distribution of *df* degrees of freedom: that of a normal number over the root of chi-squared / df.

    The density goes as (1 + z^2 / df)^(-(df + 1) / 2), z = (x - loc) / scale.  The mean is NaN for df <= 1; so is the
    variance, which is infinite for df <= 2.

    >>> StudentT(1.0).log_prob(ag.tensor(0.0)), Cauchy(0.0, 1.0).log_prob(ag.tensor(0.0))
    (tensor(-1.1447), tensor(-1.1447))
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df": positive, "loc": real, "scale": positive}

    df: Any

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, loc, scale = broadcast_all(df=df, loc=loc, scale=scale)
        super().__init__(loc, scale, validate_args)

    @property
    def mean(self) -> Any:
        return ops.where(self.df > 1, self.loc, math.nan)

    @property
    def variance(self) -> Any:
        above = self.df > 2
        finite = ops.square(self.scale) * (self.df / (ops.where(above, self.df, 3) - 2))
        return ops.where(above, finite, ops.where(self.df > 1, full_like(self.df, math.inf), math.nan))

    def _standard_sample(self, sample_shape: Sequence[int]) -> Any:
        normal = randn(self._extended_shape(sample_shape), dtype=self.df.dtype)
        return normal * ops.rsqrt(Chi2(self.df, validate_args=False).rsample(sample_shape) / self.df)

    def _standard_log_prob(self, z: Any) -> Any:
        return (self.df + 1) * -0.5 * ops.log1p(ops.square(z) / self.df) - self._log_normalizer()

    def _standard_entropy(self) -> Any:
        half = self.df * 0.5
        return self._log_normalizer() + (half + 0.5) * (ops.digamma(half + 0.5) - ops.digamma(half))

    def _log_normalizer(self) -> Any:
        half = self.df * 0.5
        return ops.lgamma(half) - ops.lgamma(half + 0.5) + ops.log(self.df) * 0.5 + math.log(math.pi) / 2


# ----------------------------------------------------------------------------------------------------------------- halves


class _Half(Distribution):
    """The absolute value of a number of a distribution that is symmetric about 0."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": positive}
    support = nonnegative
    has_rsample = True

    scale: Any

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        (self.scale,) = broadcast_all(scale=scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    def _whole(self) -> LocationScale:
        raise self._lacks("a whole")

    @property
    def mode(self) -> Any:
        return zeros_like(self.scale)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return ops.abs(self._whole().rsample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        return ops.where(self._checked(value) >= 0, self._whole().log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Any) -> Any:
        return self._whole().cdf(self._checked(value)) * 2 - 1

    def icdf(self, value: Any) -> Any:
        return self._whole().icdf((value + 1) * 0.5)

    def entropy(self) -> Any:
        return self._whole().entropy() - math.log(2)


class HalfNormal(_Half):
    """The absolute value of a normal number of mean 0 and standard deviation *scale*.

    >>> HalfNormal(1.0).mean
    tensor(0.7979)
    """

    def _whole(self) -> Normal:
        return Normal(zeros_like(self.scale), self.scale, validate_args=False)

    @property
    def mean(self) -> Any:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Any:
        return ops.square(self.scale) * (1 - 2 / math.pi)


class HalfCauchy(_Half):
    """The absolute value of a number of the Cauchy distribution about 0: its mean and its variance are infinite.

    >>> HalfCauchy(1.0).cdf(ag.tensor(1.0))
    tensor(0.5000)
    """

    def _whole(self) -> Cauchy:
        return Cauchy(zeros_like(self.scale), self.scale, validate_args=False)

    @property
    def mean(self) -> Any:
        return full_like(self.scale, math.inf)

    @property
    def variance(self) -> Any:
        return full_like(self.scale, math.inf)
