"""The Kullback-Leibler divergence of pairs of distributions, in nats.

KL(p || q) = -H(p) - E log q(x) for x of p.  Where log q is made of x, x^2, log x and e^-x, a few expected values of each p
serve all of q; two distributions of one family have formulas of their own, in which nothing cancels.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import singledispatch
from typing import Any

from .. import ops
from ..creation import as_tensor, full
from ..errors import DtypeError, ShapeError
from ..ops.linear_algebra import solve_triangular
from .bernoulli import Bernoulli, Binomial, Geometric
from .categorical import Categorical, OneHotCategorical
from .dirichlet import Beta, Dirichlet
from .distribution import Distribution, sum_last
from .gamma import Exponential, Gamma, Poisson
from .independent import Independent
from .location_scale import EULER, Cauchy, Gumbel, HalfNormal, Laplace, Normal
from .multivariate_normal import MultivariateNormal
from .transformed import Pareto, TransformedDistribution
from .uniform import Uniform

__all__ = ["kl_divergence", "register_kl"]

Formula = Callable[[Any, Any], Any]
FORMULAS: dict[tuple[type, type], Formula] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Formula], Formula]:
    """Make the decorated function of (p, q) the divergence of these types, and of what is derived from them.

    Raises DtypeError for what is no class of distributions.

    >>> class Mine(Normal):
    ...     pass
    >>> @register_kl(Mine, Mine)
    ... def divergence(p, q):
    ...     return ag.zeros(())
    >>> kl_divergence(Mine(0.0, 1.0), Mine(1.0, 1.0)), kl_divergence(Mine(0.0, 1.0), Normal(1.0, 1.0))
    (tensor(0.), tensor(0.5000))
    """
    for name, given in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(given, type) and issubclass(given, Distribution)):
            raise DtypeError(f"register_kl: {name} is {given!r}: expected a class derived from Distribution")

    def register(formula: Formula) -> Formula:
        FORMULAS[type_p, type_q] = formula
        return formula

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """Return KL(p || q), the expected value of log p(x) - log q(x) for x of p: a number for each place of the batches.

    It is infinite where p can be where q cannot.  Raises NotImplementedError for a pair without a formula, see
    ``register_kl``; for types derived from several that have one, that of the nearest is taken.

    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    return _formula(type(p), type(q))(p, q)


def _formula(type_p: type, type_q: type) -> Formula:
    """Return the formula for the nearest ancestors of both types; it warns where either could be nearer."""
    found = [
        ((type_p.__mro__.index(a), type_q.__mro__.index(b)), formula)
        for (a, b), formula in FORMULAS.items()
        if issubclass(type_p, a) and issubclass(type_q, b)
    ]
    if not found:
        raise NotImplementedError(
            f"kl_divergence: no formula for {type_p.__name__} and {type_q.__name__}; write one, decorated with "
            f"register_kl({type_p.__name__}, {type_q.__name__}), or estimate it from samples"
        )
    first = min(found, key=lambda pair: pair[0])[1]
    if min(found, key=lambda pair: pair[0][::-1])[1] is not first:
        warnings.warn(
            f"kl_divergence: two formulas are as near to {type_p.__name__} and {type_q.__name__}; say which by "
            f"register_kl({type_p.__name__}, {type_q.__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return first


def _infinite_unless(inside: Any, divergence: Any) -> Any:
    return ops.where(inside, divergence, math.inf)


# --------------------------------------------------------------------------------------------------------- of one family


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    return _outcome(p.probs, ops.logsigmoid(p.logits), q.probs, ops.logsigmoid(q.logits)) + _outcome(
        1 - p.probs, ops.logsigmoid(-p.logits), 1 - q.probs, ops.logsigmoid(-q.logits)
    )


def _outcome(p: Any, log_p: Any, q: Any, log_q: Any) -> Any:
    """Return p (log p - log q): 0 for p = 0, else infinite for q = 0."""
    return ops.where(p == 0, 0.0, _infinite_unless(q != 0, p * (log_p - log_q)))


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Any:
    if (p.total_count.array < q.total_count.array).any():
        raise NotImplementedError(
            f"kl_divergence: {p} has fewer trials than {q}: there is no formula; estimate it from samples"
        )
    return _infinite_unless(p.total_count == q.total_count, p.total_count * _bernoulli(p, q))


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - (q.logits + ops.logsigmoid(-q.logits) / p.probs)


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return ops.xlogy(p.rate, p.rate / q.rate) - (p.rate - q.rate)


@register_kl(OneHotCategorical, OneHotCategorical)
@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    return ops.sum(_outcome(p.probs, p.logits, q.probs, q.logits), -1)


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = ops.square(p.scale / q.scale)
    return (ratio - 1 - ops.log(ratio) + ops.square((p.loc - q.loc) / q.scale)) * 0.5


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Any:
    ratio = ops.square(p.scale / q.scale)
    return (ratio - 1 - ops.log(ratio)) * 0.5


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Any:
    ratio, distance = p.scale / q.scale, ops.abs(p.loc - q.loc)
    return ratio * ops.exp(-distance / p.scale) - 1 - ops.log(ratio) + distance / q.scale


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Any:
    """Chyzak and Nielsen 2019, "A closed-form formula for the Kullback-Leibler divergence between Cauchy distributions"."""
    return ops.log((ops.square(p.scale + q.scale) + ops.square(p.loc - q.loc)) / (p.scale * q.scale * 4))


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    ratio, distance = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return distance - ops.log(ratio) + ops.exp(ops.lgamma(1 + ratio) - distance) + (ratio - 1) * EULER - 1


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return ratio - 1 - ops.log(ratio)


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    ratio = q.rate / p.rate
    return ops.lgamma(b) - ops.lgamma(a) + (a - b) * ops.digamma(a) - b * ops.log(ratio) + a * (ratio - 1)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    mean_log = ops.digamma(a) - ops.digamma(ops.sum(a, -1, keepdim=True))
    return q._log_normalizer() - p._log_normalizer() + ops.sum((a - b) * mean_log, -1)


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    return _dirichlet(p._both(), q._both())


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    inside = ops.logical_and(q.low <= p.low, p.high <= q.high)
    return _infinite_unless(inside, ops.log((q.high - q.low) / (p.high - p.low)))


@register_kl(Pareto, Pareto)
def _pareto(p: Any, q: Any) -> Any:
    ratio = q.alpha / p.alpha
    return _infinite_unless(p.scale >= q.scale, q.alpha * ops.log(p.scale / q.scale) + ratio - 1 - ops.log(ratio))


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: Any, q: Any) -> Any:
    if p.event_shape != q.event_shape:
        raise ShapeError(
            f"kl_divergence: p is of vectors {tuple(p.event_shape)} and q of {tuple(q.event_shape)}: expected the same size"
        )
    spread = ops.sum(ops.square(solve_triangular(q._factor, p._factor, upper=False)), (-2, -1))
    log_ratio = (q.half_log_det() - p.half_log_det()) * 2
    return (log_ratio + spread + q.squared_distance(p.loc) - p.event_shape[0]) * 0.5


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(
            f"kl_divergence: p joins {p.reinterpreted_batch_ndims} dims and q {q.reinterpreted_batch_ndims}; give both "
            "the same reinterpreted_batch_ndims"
        )
    return sum_last(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: Any, q: Any) -> Any:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError(
            f"kl_divergence: {p} and {q} have different transforms or events; estimate it from samples"
        )
    return sum_last(kl_divergence(p.base_dist, q.base_dist), len(p.event_shape) - len(p.base_dist.event_shape))


# -------------------------------------------------------------------------------------------------------- expected values


@singledispatch
def mean_of_log(p: Distribution) -> Any:
    """Return E log x."""
    raise NotImplementedError(f"{type(p).__name__} has no expected logarithm")


@mean_of_log.register
def _(p: Beta) -> Any:
    return ops.digamma(p.concentration1) - ops.digamma(p.concentration1 + p.concentration0)


@mean_of_log.register
def _(p: Exponential) -> Any:
    return -ops.log(p.rate) - EULER


@mean_of_log.register
def _(p: Gamma) -> Any:
    return ops.digamma(p.concentration) - ops.log(p.rate)


@mean_of_log.register
def _(p: Pareto) -> Any:
    return ops.log(p.scale) + 1 / p.alpha


@mean_of_log.register
def _(p: Uniform) -> Any:
    return (ops.xlogy(p.high, p.high) - ops.xlogy(p.low, p.low)) / (p.high - p.low) - 1


@singledispatch
def mean_of_exp(p: Distribution, t: Any) -> Any:
    """Return E e^(-t x) for t > 0."""
    raise NotImplementedError(f"{type(p).__name__} has no expected exponential")


@mean_of_exp.register
def _(p: Exponential, t: Any) -> Any:
    return p.rate / (p.rate + t)


@mean_of_exp.register
def _(p: Gamma, t: Any) -> Any:
    return ops.exp(-p.concentration * ops.log1p(t / p.rate))


@mean_of_exp.register
def _(p: Normal, t: Any) -> Any:
    return ops.exp(ops.square(t * p.scale) * 0.5 - t * p.loc)


@mean_of_exp.register
def _(p: Uniform, t: Any) -> Any:
    width = t * (p.high - p.low)
    return ops.exp(-t * p.low) * -ops.expm1(-width) / width


# -------------------------------------------------------------------------------------------------------- of two families


def register_all(types_p: tuple[type, ...], types_q: tuple[type, ...]) -> Callable[[Formula], Formula]:
    """Register a formula for every pair."""

    def register(formula: Formula) -> Formula:
        for a in types_p:
            for b in types_q:
                register_kl(a, b)(formula)
        return formula

    return register


@register_all((Beta, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform), (Normal,))
def _to_normal(p: Any, q: Any) -> Any:
    squares = (p.variance + ops.square(p.mean - q.loc)) / ops.square(q.scale)
    divergence = squares * 0.5 + ops.log(q.scale) + math.log(2 * math.pi) / 2 - p.entropy()
    return _infinite_unless(p.alpha > 2, divergence) if isinstance(p, Pareto) else divergence


@register_kl(Normal, Laplace)
def _normal_to_laplace(p: Any, q: Any) -> Any:
    z = (p.loc - q.loc) / p.scale
    distance = p.scale * (ops.exp(ops.square(z) * -0.5) * math.sqrt(2 / math.pi) + z * ops.erf(z * math.sqrt(0.5)))
    return distance / q.scale + ops.log(q.scale * 2) - p.entropy()


@register_all((Exponential, Gamma, Normal, Uniform), (Gumbel,))
def _to_gumbel(p: Any, q: Any) -> Any:
    distance = (p.mean - q.loc) / q.scale
    power = ops.exp(q.loc / q.scale) * mean_of_exp(p, 1 / q.scale)
    return distance + power + ops.log(q.scale) - p.entropy()


@register_all((Beta, Gamma, Pareto, Uniform), (Exponential,))
def _to_exponential(p: Any, q: Any) -> Any:
    return _infinite_unless(_positive(p), q.rate * p.mean - ops.log(q.rate) - p.entropy())


@register_all((Beta, Exponential, Pareto, Uniform), (Gamma,))
def _to_gamma(p: Any, q: Any) -> Any:
    a = q.concentration
    divergence = ops.lgamma(a) - a * ops.log(q.rate) - (a - 1) * mean_of_log(p) + q.rate * p.mean - p.entropy()
    return _infinite_unless(_positive(p), divergence)


def _positive(p: Any) -> Any:
    """Return where p has a finite mean, and nothing below 0."""
    if isinstance(p, Uniform):
        return p.low >= 0
    return p.alpha > 1 if isinstance(p, Pareto) else as_tensor(True)


@register_kl(Uniform, Beta)
def _uniform_to_beta(p: Any, q: Any) -> Any:
    mirror = Uniform(1 - p.high, 1 - p.low, validate_args=False)
    powers = (q.concentration1 - 1) * mean_of_log(p) + (q.concentration0 - 1) * mean_of_log(mirror)
    inside = ops.logical_and(p.low >= 0, p.high <= 1)
    return _infinite_unless(inside, q._both()._log_normalizer() - powers - p.entropy())


@register_kl(Beta, Uniform)
def _beta_to_uniform(p: Any, q: Any) -> Any:
    inside = ops.logical_and(q.low <= 0, q.high >= 1)
    return _infinite_unless(inside, ops.log(q.high - q.low) - p.entropy())


@register_kl(Uniform, Pareto)
def _uniform_to_pareto(p: Any, q: Any) -> Any:
    divergence = (q.alpha + 1) * mean_of_log(p) - ops.log(q.alpha) - q.alpha * ops.log(q.scale) - p.entropy()
    return _infinite_unless(p.low >= q.scale, divergence)


@register_kl(Bernoulli, Poisson)
def _bernoulli_to_poisson(p: Any, q: Any) -> Any:
    return q.rate - p.probs * ops.log(q.rate) - p.entropy()


REAL, HALF, FROM, BETWEEN = (Gumbel, Laplace, Normal), (Exponential, Gamma), (Pareto,), (Beta, Uniform)


@register_all(REAL, HALF + FROM + BETWEEN)
@register_all(HALF, FROM + BETWEEN)
@register_all(FROM, BETWEEN)
@register_kl(Beta, Pareto)
@register_all((Poisson,), (Bernoulli, Binomial))
def _infinite(p: Any, q: Any) -> Any:
    """The support of p is larger than that of q."""
    return full(ops.broadcast_shapes(p.batch_shape, q.batch_shape), math.inf, dtype=p.mean.dtype)
