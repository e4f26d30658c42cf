"""Differentiable functions with an inverse, and how much they stretch: what makes one distribution of another.

>>> import autograd_core as ag
>>> t = ag.distributions.transforms.ExpTransform()
>>> t(ag.tensor([0.0, 1.0])), t.inv(ag.tensor([1.0, 4.0]))
(tensor([1.0000, 2.7183]), tensor([0.0000, 1.3863]))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from inspect import signature
from typing import Any

import numpy as np

from .. import dtypes, ops
from ..creation import ones, zeros_like
from ..errors import ArgumentError, ShapeError
from ..facts import Size
from .constraints import Constraint, independent, positive, real, real_vector, simplex, unit_interval
from .distribution import sum_last

__all__ = [
    "AbsTransform", "AffineTransform", "ComposeTransform", "ExpTransform", "IndependentTransform", "PowerTransform",
    "SigmoidTransform", "SoftmaxTransform", "SoftplusTransform", "StickBreakingTransform", "TanhTransform", "Transform",
    "identity_transform",
]  # fmt: skip


class Transform:
    """A function of tensors: ``t(x)``, its inverse ``t.inv``, and ``log |dy/dx|``, ``t.log_abs_det_jacobian(x, y)``.

    ``domain`` and ``codomain`` are constraints; their ``event_dim`` says whether it takes numbers, vectors or matrices.
    Where ``bijective`` is not set, ``inv`` gives one of several answers.  ``sign`` is 1 for an increasing function of
    numbers, -1 for a decreasing one.  With *cache_size* 1 the last pair is kept, so that ``t.inv(t(x))`` is x itself.

    One of one's own defines ``_call``, ``_inverse`` and ``log_abs_det_jacobian``.

    >>> class Double(Transform):
    ...     domain = codomain = ag.distributions.constraints.real
    ...     def _call(self, x):
    ...         return 2 * x
    ...     def _inverse(self, y):
    ...         return y / 2
    >>> Double()(ag.tensor(3.0)), Double().inv(ag.tensor(3.0))
    (tensor(6.), tensor(1.5000))
    """

    domain: Any = real
    codomain: Any = real
    bijective: Any = True
    sign: Any = 1

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ArgumentError(f"{type(self).__name__}: cache_size is {cache_size}: expected 0 or 1")
        self._cache_size = cache_size
        self._last: tuple[Any, Any] | None = None

    def with_cache(self, cache_size: int = 1) -> Transform:
        """Return this transform with a cache of that size."""
        if self._cache_size == cache_size:
            return self
        new: Transform = object.__new__(type(self))
        vars(new).update(vars(self), _cache_size=cache_size, _last=None)
        return new

    @property
    def inv(self) -> Transform:
        """The inverse, a transform too."""
        return _Inverse(self)

    def __call__(self, x: Any) -> Any:
        """Return y of x."""
        if self._last is not None and x is self._last[0]:
            return self._last[1]
        return self._keep(x, self._call(x))[1]

    def _inverted(self, y: Any) -> Any:
        """Return x of y, out of the cache where it is."""
        if self._last is not None and y is self._last[1]:
            return self._last[0]
        return self._keep(self._inverse(y), y)[0]

    def _keep(self, x: Any, y: Any) -> tuple[Any, Any]:
        if self._cache_size:
            self._last = x, y
        return x, y

    def _call(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say what y is; define _call(x)")

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no inverse; define _inverse(y)")

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return ``log |det dy/dx|`` at y = t(x), a number for each event."""
        raise NotImplementedError(f"{type(self).__name__} has no log_abs_det_jacobian; define it to have a log_prob")

    def forward_shape(self, shape: Sequence[int]) -> Size:
        """Return the shape of y for that of x."""
        return Size(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        """Return the shape of x for that of y."""
        return Size(shape)

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and _settings(self) == _settings(other))

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in _settings(self).items())})"


def _settings(transform: Transform) -> dict[str, Any]:
    """Return what was given to the constructor; tensors as lists, which compare as wholes.

    What a transform does not keep under its name is like nothing else: its place in memory stands for it.
    """
    names = [name for name in signature(type(transform)).parameters if name != "cache_size"]
    given = {name: getattr(transform, name, id(transform)) for name in names}
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in given.items()}


class _Inverse(Transform):
    """The inverse of a transform, which keeps the cache."""

    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self._inv = transform
        self.domain, self.codomain = transform.codomain, transform.domain
        self.bijective, self.sign = transform.bijective, transform.sign

    @property
    def inv(self) -> Transform:
        return self._inv

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self._inv.with_cache(cache_size).inv

    def __call__(self, x: Any) -> Any:
        return self._inv._inverted(x)

    def _inverted(self, y: Any) -> Any:
        return self._inv(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return self._inv.forward_shape(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inverse) and self._inv == other._inv

    __hash__ = Transform.__hash__

    def __repr__(self) -> str:
        return f"{self._inv}.inv"


# ---------------------------------------------------------------------------------------------------------- of transforms


class ComposeTransform(Transform):
    """*parts* one after the other, the first in the list first.

    >>> ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0)])(ag.tensor(0.0))
    tensor(3.)
    """

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = [part.with_cache(cache_size) for part in parts] if cache_size else list(parts)
        if self.parts:
            self.domain = _widened(self.parts[0].domain, self._event_dim(self.parts, "domain", "codomain"))
            last = self._event_dim(self.parts[::-1], "codomain", "domain")
            self.codomain = _widened(self.parts[-1].codomain, last)
        self.bijective = all(part.bijective for part in self.parts)
        self.sign = 1
        for part in self.parts:
            self.sign = self.sign * part.sign

    @staticmethod
    def _event_dim(parts: Sequence[Transform], near: str, far: str) -> int:
        """Return how many dims an event has at the *near* end, where every part gets as many as it needs."""
        dims = 0
        for part in reversed(parts):
            a, b = getattr(part, near).event_dim, getattr(part, far).event_dim
            dims = max(dims - b + a, a)
        return dims

    def _call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Any) -> Any:
        for part in reversed(self.parts):
            y = part.inv(y)
        return y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        total = sum_last(zeros_like(x), self.domain.event_dim)
        dims = self.domain.event_dim
        for part in self.parts:
            y = part(x)
            total = total + sum_last(part.log_abs_det_jacobian(x, y), dims - part.domain.event_dim)
            dims += part.codomain.event_dim - part.domain.event_dim
            x = y
        return total

    def forward_shape(self, shape: Sequence[int]) -> Size:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return Size(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return Size(shape)

    def __repr__(self) -> str:
        return f"ComposeTransform({self.parts})"


def _widened(constraint: Constraint, event_dim: int) -> Constraint:
    """Return *constraint* with events of at least so many dims."""
    more = event_dim - constraint.event_dim
    return independent(constraint, more) if more > 0 else constraint


class IndependentTransform(Transform):
    """*base_transform* of events of *reinterpreted_batch_ndims* more dims, over which log_abs_det_jacobian is summed.

    >>> t = IndependentTransform(ExpTransform(), 1)
    >>> x = ag.tensor([1.0, 2.0])
    >>> t.log_abs_det_jacobian(x, t(x))
    tensor(3.)
    """

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self.domain = independent(base_transform.domain, reinterpreted_batch_ndims)
        self.codomain = independent(base_transform.codomain, reinterpreted_batch_ndims)
        self.bijective, self.sign = base_transform.bijective, base_transform.sign

    def _call(self, x: Any) -> Any:
        return self.base_transform(x)

    def _inverse(self, y: Any) -> Any:
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return sum_last(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return self.base_transform.inverse_shape(shape)


# ------------------------------------------------------------------------------------------------------------- of numbers


class AffineTransform(Transform):
    """y = loc + scale * x, of numbers or, with *event_dim*, of vectors or matrices.

    >>> AffineTransform(1.0, 2.0)(ag.tensor([0.0, 1.0]))
    tensor([1., 3.])
    """

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale = loc, scale
        self.event_dim = event_dim
        self.domain = self.codomain = _widened(real, event_dim)

    @property
    def sign(self) -> Any:
        """That of the scale."""
        if isinstance(self.scale, int | float):
            return (self.scale > 0) - (self.scale < 0)
        return ops.sign(self.scale)

    def _call(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        scale = self.scale
        stretch = math.log(abs(scale)) if isinstance(scale, int | float) else ops.log(ops.abs(scale))
        return sum_last(zeros_like(x) + stretch, self.event_dim)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return Size(ops.broadcast_shapes(tuple(shape), *(getattr(v, "shape", ()) for v in (self.loc, self.scale))))

    inverse_shape = forward_shape


class ExpTransform(Transform):
    """y = e^x.

    >>> ExpTransform()(ag.tensor(0.0))
    tensor(1.)
    """

    codomain = positive

    def _call(self, x: Any) -> Any:
        return ops.exp(x)

    def _inverse(self, y: Any) -> Any:
        return ops.log(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return x


class PowerTransform(Transform):
    """y = x^exponent, for x > 0.

    >>> PowerTransform(2.0).inv(ag.tensor(9.0))
    tensor(3.)
    """

    domain = codomain = positive

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent

    @property
    def sign(self) -> Any:
        """That of the exponent."""
        if isinstance(self.exponent, int | float):
            return (self.exponent > 0) - (self.exponent < 0)
        return ops.sign(self.exponent)

    def _call(self, x: Any) -> Any:
        return x**self.exponent

    def _inverse(self, y: Any) -> Any:
        return y ** (1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return ops.log(ops.abs(self.exponent * y / x))

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return Size(ops.broadcast_shapes(tuple(shape), getattr(self.exponent, "shape", ())))

    inverse_shape = forward_shape


class SigmoidTransform(Transform):
    """y = 1 / (1 + e^-x), kept off 0 and 1 by as little as the dtype can.

    >>> SigmoidTransform()(ag.tensor(0.0))
    tensor(0.5000)
    """

    codomain = unit_interval

    def _call(self, x: Any) -> Any:
        return _off_bounds(ops.sigmoid(x))

    def _inverse(self, y: Any) -> Any:
        y = _off_bounds(y)
        return ops.log(y) - ops.log1p(-y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return ops.logsigmoid(x) + ops.logsigmoid(-x)


def _off_bounds(y: Any) -> Any:
    limits = dtypes.finfo(y.dtype)
    return ops.clamp(y, limits.tiny, 1 - limits.eps)


class TanhTransform(Transform):
    """y = tanh(x).

    >>> TanhTransform().inv(ag.tensor(0.5))
    tensor(0.5493)
    """

    def _call(self, x: Any) -> Any:
        return ops.tanh(x)

    def _inverse(self, y: Any) -> Any:
        return ops.atanh(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return (ops.logsigmoid(x * 2) - x + math.log(2)) * 2  # of 4 / (e^x + e^-x)^2


class SoftplusTransform(Transform):
    """y = log(1 + e^x).

    >>> SoftplusTransform()(ag.tensor(0.0))
    tensor(0.6931)
    """

    codomain = positive

    def _call(self, x: Any) -> Any:
        return ops.softplus(x)

    def _inverse(self, y: Any) -> Any:
        return y + ops.log(-ops.expm1(-y))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return ops.logsigmoid(x)


class AbsTransform(Transform):
    """``y = |x|``: not bijective, the inverse is the positive one.

    >>> AbsTransform()(ag.tensor(-2.0))
    tensor(2.)
    """

    codomain = positive
    bijective = False

    def _call(self, x: Any) -> Any:
        return ops.abs(x)

    def _inverse(self, y: Any) -> Any:
        return y


# ------------------------------------------------------------------------------------------------------------- of vectors


class SoftmaxTransform(Transform):
    """y = softmax(x) along the last dim: not bijective, the inverse is log(y).

    >>> SoftmaxTransform()(ag.zeros(4))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    domain = real_vector
    codomain = simplex
    bijective = False

    def _call(self, x: Any) -> Any:
        return ops.softmax(x, -1)

    def _inverse(self, y: Any) -> Any:
        return ops.log(y)


class StickBreakingTransform(Transform):
    """K - 1 numbers to K shares of a stick: each breaks the share sigmoid(x_i - log(K - i)) off what is left.

    Zeros give equal shares.

    >>> StickBreakingTransform()(ag.zeros(3))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    domain = real_vector
    codomain = simplex

    def _call(self, x: Any) -> Any:
        z = x - ops.log(_parts_left(x))
        left = ops.exp(ops.cumsum(ops.logsigmoid(-z), -1))  # after each break
        whole = ones((*x.shape[:-1], 1), dtype=x.dtype)
        return ops.cat([whole, left], -1) * ops.cat([ops.sigmoid(z), whole], -1)

    def _inverse(self, y: Any) -> Any:
        shares = y[..., :-1]
        left = ops.clamp(1 - ops.cumsum(shares, -1), min=dtypes.finfo(y.dtype).tiny)
        return ops.log(shares) - ops.log(left) + ops.log(_parts_left(shares))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        # The matrix is triangular: dy_i/dx_i = what is left before times sigmoid' = y_i sigmoid(-z_i).
        z = x - ops.log(_parts_left(x))
        return ops.sum(ops.log(y[..., :-1]) + ops.logsigmoid(-z), -1)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return self._resized(shape, 1)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return self._resized(shape, -1)

    @staticmethod
    def _resized(shape: Sequence[int], by: int) -> Size:
        if not shape:
            raise ShapeError("StickBreakingTransform: a single number cannot be broken; give vectors (..., K)")
        return Size((*shape[:-1], shape[-1] + by))


def _parts_left(x: Any) -> Any:
    """Return K - 1, ..., 1: into how many parts the rest is broken after each break of K - 1, if all are equal."""
    return np.arange(x.shape[-1], 0, -1, dtype=x.dtype)


identity_transform = ComposeTransform([])
