"""Distributions of a function of what another distribution draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .. import ops
from ..creation import ones_like
from ..errors import ArgumentError, ShapeError
from ..modes import no_grad
from .constraints import Constraint, dependent_property, greater_than_eq, independent, positive, real
from .distribution import Distribution, broadcast_all, sum_last
from .gamma import Exponential
from .independent import Independent
from .location_scale import EULER, Normal
from .transforms import AffineTransform, ComposeTransform, ExpTransform, PowerTransform, Transform

__all__ = ["LogNormal", "Pareto", "TransformedDistribution", "Weibull"]


class TransformedDistribution(Distribution):
    """The distribution of y = t_n(... t_1(x)) for x of *base_distribution*, and *transforms* a Transform or a list of them.

    log_prob(y) is that of x, less the log_abs_det_jacobian of each transform on the way.

    >>> d = TransformedDistribution(Normal(0.0, 1.0), [AffineTransform(1.0, 2.0)])
    >>> d.log_prob(ag.tensor(3.0)), Normal(1.0, 2.0).log_prob(ag.tensor(3.0))
    (tensor(-2.1121), tensor(-2.1121))
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | Sequence[Transform],
        validate_args: bool | None = None,
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        if not all(isinstance(t, Transform) for t in self.transforms):
            raise ArgumentError(
                f"{type(self).__name__}: transforms is {transforms}: expected a Transform or a list of them"
            )
        whole = ComposeTransform(self.transforms)
        base, own = base_distribution, base_distribution.batch_shape + base_distribution.event_shape
        if len(own) < whole.domain.event_dim:
            raise ShapeError(
                f"{type(self).__name__}: the base has batch_shape + event_shape {tuple(own)}: the transforms take events of "
                f"{whole.domain.event_dim} dims; expand the base"
            )
        shape = whole.forward_shape(own)
        wanted = whole.inverse_shape(shape)
        if wanted != own:
            base = base.expand(wanted[: len(wanted) - len(base.event_shape)])
        gained = whole.codomain.event_dim - whole.domain.event_dim
        event = max(whole.codomain.event_dim, len(base.event_shape) + gained)
        if (joined := whole.domain.event_dim - len(base.event_shape)) > 0:
            base = Independent(base, joined)
        self.base_dist = base
        super().__init__(shape[: len(shape) - event], shape[len(shape) - event :], validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        shape = ComposeTransform(self.transforms).inverse_shape((*batch_shape, *self._event_shape))
        new.base_dist = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        return new

    @property
    def has_rsample(self) -> bool:
        """Whether the base has an rsample."""
        return bool(self.base_dist.has_rsample)

    @dependent_property(is_discrete=False)
    def support(self) -> Constraint:
        """The codomain of the last transform."""
        if not self.transforms:
            support: Constraint = self.base_dist.support
            return support
        support = self.transforms[-1].codomain
        more = len(self._event_shape) - support.event_dim
        return independent(support, more) if more > 0 else support

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        with no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        return self._transformed(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        y, dims, stretch = self._checked(value), len(self._event_shape), 0.0
        for t in reversed(self.transforms):
            x = t.inv(y)
            dims += t.domain.event_dim - t.codomain.event_dim
            stretch = stretch + sum_last(t.log_abs_det_jacobian(x, y), dims - t.domain.event_dim)
            y = x
        return sum_last(self.base_dist.log_prob(y), dims - len(self.base_dist.event_shape)) - stretch

    def cdf(self, value: Any) -> Any:
        for t in reversed(self.transforms):
            value = t.inv(value)
        return self._mirrored(self.base_dist.cdf(value))

    def icdf(self, value: Any) -> Any:
        return self._transformed(self.base_dist.icdf(self._mirrored(value)))

    def _transformed(self, x: Any) -> Any:
        for t in self.transforms:
            x = t(x)
        return x

    def _mirrored(self, probability: Any) -> Any:
        """Return the probability below where the transforms increase, and above where they decrease."""
        sign = ComposeTransform(self.transforms).sign
        return probability if isinstance(sign, int) and sign == 1 else (probability - 0.5) * sign + 0.5

    def __repr__(self) -> str:
        if self.arg_constraints:
            return super().__repr__()
        return f"TransformedDistribution({self.base_dist}, {self.transforms})"


class LogNormal(TransformedDistribution):
    """e^x for x of Normal(loc, scale).

    >>> LogNormal(0.0, 1.0).mean
    tensor(1.6487)
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": real, "scale": positive}
    base_dist: Normal

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Any:
        """The mean of the logarithm."""
        return self.base_dist.loc

    @property
    def scale(self) -> Any:
        """The standard deviation of the logarithm."""
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        return ops.exp(self.loc + ops.square(self.scale) * 0.5)

    @property
    def mode(self) -> Any:
        return ops.exp(self.loc - ops.square(self.scale))

    @property
    def variance(self) -> Any:
        square = ops.square(self.scale)
        return ops.expm1(square) * ops.exp(self.loc * 2 + square)

    def entropy(self) -> Any:
        return self.base_dist.entropy() + self.loc


class Pareto(TransformedDistribution):
    """The Pareto distribution from *scale* on: alpha scale^alpha / x^(alpha + 1).

    The mean is infinite for alpha <= 1, the variance for alpha <= 2.

    >>> Pareto(1.0, 3.0).mean
    tensor(1.5000)
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": positive, "alpha": positive}

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale=scale, alpha=alpha)
        base = Exponential(self.alpha, validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(0.0, self.scale)], validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.transforms = [ExpTransform(), AffineTransform(0.0, new.scale)]
        return new

    @dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Constraint:
        """From the scale on."""
        return greater_than_eq(self.scale)

    @property
    def mean(self) -> Any:
        a = ops.clamp(self.alpha, min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        a = ops.clamp(self.alpha, min=2)
        return ops.square(self.scale / (a - 1)) * a / (a - 2)

    def entropy(self) -> Any:
        return ops.log(self.scale / self.alpha) + 1 + 1 / self.alpha


class Weibull(TransformedDistribution):
    """The Weibull distribution, of lifetimes: (k / scale) z^(k - 1) e^(-z^k), z = x / scale, k the *concentration*.

    >>> Weibull(2.0, 1.0).mean
    tensor(2.)
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": positive, "concentration": positive}
    support = positive

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale=scale, concentration=concentration)
        base = Exponential(ones_like(self.scale), validate_args)
        super().__init__(base, self._steps(), validate_args)

    def _steps(self) -> list[Transform]:
        return [PowerTransform(1 / self.concentration), AffineTransform(0.0, self.scale)]

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.transforms = new._steps()
        return new

    def _moment(self, order: int) -> Any:
        """Return the mean of (x / scale)^order."""
        return ops.exp(ops.lgamma(1 + order / self.concentration))

    @property
    def mean(self) -> Any:
        return self.scale * self._moment(1)

    @property
    def mode(self) -> Any:
        excess = ops.clamp(1 - 1 / self.concentration, min=0)
        return self.scale * excess ** (1 / self.concentration)

    @property
    def variance(self) -> Any:
        return ops.square(self.scale) * (self._moment(2) - ops.square(self._moment(1)))

    def entropy(self) -> Any:
        k = self.concentration
        return EULER * (1 - 1 / k) + ops.log(self.scale / k) + 1
