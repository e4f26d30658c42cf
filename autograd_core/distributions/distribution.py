"""Distribution: the base of all, and how their parameters are brought together."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar, overload

import numpy as np
from numpy import ndarray

from .. import dtypes, ops
from ..creation import as_tensor
from ..errors import ArgumentError, ShapeError
from ..facts import Size
from ..modes import enable_grad, no_grad
from ..random import default_generator
from ..tensor import Tensor, wrap
from .constraints import Constraint, is_dependent

__all__ = ["Distribution"]

Result = TypeVar("Result")


class computed_once(Generic[Result]):
    """A property that is computed when it is first asked for, recorded even under ``no_grad``, and then kept."""

    def __init__(self, compute: Callable[[Any], Result]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> computed_once[Result]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Result: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.compute(instance)
        vars(instance)[self.compute.__name__] = value
        return value


class Distribution:
    """A probability distribution, or a batch of them: ``sample`` draws from it, ``log_prob`` is the log of its density.

    A sample has shape ``sample_shape + batch_shape + event_shape``: many draws, from many distributions, of vectors or
    matrices.  Parameters are tensors, arrays or numbers that broadcast; of numbers alone the default dtype.  ``rsample``,
    where there is one (``has_rsample``), draws so that gradients flow into the parameters; ``sample`` records nothing.

    *validate_args* says whether parameters and values are checked; by default they are, unless Python runs with ``-O``.
    Errors are ArgumentErrors, which are ValueErrors.

    A distribution of one's own sets its parameters, calls ``super().__init__(batch_shape, event_shape)``, and defines what
    it can among the methods here; ``arg_constraints`` says what its parameters must be.

    >>> class Constant(Distribution):
    ...     arg_constraints = {"value": ag.distributions.constraints.real}
    ...     def __init__(self, value):
    ...         self.value = value
    ...         super().__init__(value.shape)
    ...     def rsample(self, sample_shape=()):
    ...         return self.value.expand(*sample_shape, *self.batch_shape)
    >>> Constant(ag.tensor([1.0, 2.0])).sample((2,))
    tensor([[1., 2.],
            [1., 2.]])
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = None
    _validate_args: bool = __debug__

    def __init__(
        self, batch_shape: Sequence[int] = (), event_shape: Sequence[int] = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Say whether distributions that are made without ``validate_args`` check parameters and values."""
        if value not in (True, False):
            raise ArgumentError(f"set_default_validate_args: value is {value!r}: expected True or False")
        Distribution._validate_args = value

    # --------------------------------------------------------------------------------------------------------- shapes

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters: one distribution for each place."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw from one distribution."""
        return self._event_shape

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        """Return the same distributions, repeated to *batch_shape*; their parameters are expanded, which copies nothing.

        They are the attributes that ``arg_constraints`` names, also that of a class above; a class with others overrides this.
        """
        new = object.__new__(type(self)) if _instance is None else _instance
        vars(new).update(vars(self))
        for kind in type(self).__mro__:
            for name, constraint in vars(kind).get("arg_constraints", {}).items():
                if (value := vars(self).get(name)) is not None:
                    event = tuple(value.shape)[value.ndim - constraint.event_dim :]
                    vars(new)[name] = ops.expand(value, (*batch_shape, *event))
        new._batch_shape = Size(batch_shape)
        return new

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> Size:
        """Return the shape of a sample."""
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    # -------------------------------------------------------------------------------------------------------- numbers

    @property
    def mean(self) -> Any:
        """The expected value."""
        raise self._lacks("a mean")

    @property
    def mode(self) -> Any:
        """The most probable value."""
        raise self._lacks("a mode")

    @property
    def variance(self) -> Any:
        """The expected square of the distance from the mean."""
        raise self._lacks("a variance")

    @property
    def stddev(self) -> Any:
        """The square root of the variance."""
        return ops.sqrt(self.variance)

    def entropy(self) -> Any:
        """Return the expected value of -log_prob, in nats, of shape ``batch_shape``."""
        raise self._lacks("an entropy")

    def perplexity(self) -> Any:
        """Return e to the power of the entropy."""
        return ops.exp(self.entropy())

    # --------------------------------------------------------------------------------------------------------- values

    def sample(self, sample_shape: Sequence[int] = ()) -> Any:
        """Draw a tensor of shape ``sample_shape + batch_shape + event_shape``, without gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        """Draw as ``sample`` does, as a differentiable function of the parameters and of noise."""
        raise self._lacks("an rsample; use sample, and log_prob in a score function")

    def log_prob(self, value: Any) -> Any:
        """Return the log of the density, or of the probability, at *value*."""
        raise self._lacks("a log_prob")

    def cdf(self, value: Any) -> Any:
        """Return the probability of a sample not above *value*."""
        raise self._lacks("a cdf")

    def icdf(self, value: Any) -> Any:
        """Return where ``cdf`` is *value*."""
        raise self._lacks("an icdf")

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all values of a discrete distribution along a new first dim, for every place of the batch if *expand*."""
        raise self._lacks("a finite support to enumerate")

    def _lacks(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has not {what}")

    def _enumerated(self, values: Any, expand: bool) -> Any:
        """Return *values* (cardinality, *event) along the first dim, before the dims of the batch."""
        shape = tuple(values.shape)
        values = ops.reshape(values, (shape[0], *(1 for _ in self._batch_shape), *shape[1:]))
        return ops.expand(values, (shape[0], *self._batch_shape, *shape[1:])) if expand else values

    # --------------------------------------------------------------------------------------------------------- checks

    def _check_parameters(self) -> None:
        for name, constraint in self.arg_constraints.items():
            if is_dependent(constraint) or (
                name not in vars(self) and isinstance(getattr(type(self), name), computed_once)
            ):
                continue
            value = getattr(self, name)
            if not constraint.check(value.detach()).array.all():
                raise ArgumentError(
                    f"{type(self).__name__}: {name} is {value.detach()}: expected values in {constraint}; correct it, or "
                    "pass validate_args=False"
                )

    def _validate_sample(self, value: Any) -> None:
        """Raise an error unless *value* fits the shapes and lies in the support."""
        name = type(self).__name__
        if not isinstance(value, Tensor):
            raise ArgumentError(f"{name}: value is a {type(value).__name__}: expected a tensor; use ag.tensor(value)")
        shape, wanted = tuple(value.shape), (*self._batch_shape, *self._event_shape)
        event = len(self._event_shape)
        fits = shape[len(shape) - event :] == self._event_shape and all(
            n in (1, m) or m == 1 for n, m in zip(reversed(shape), reversed(wanted))
        )
        if not fits:
            raise ShapeError(
                f"{name}: value has shape {shape}: it must broadcast with batch_shape + event_shape, {wanted}, and end in the "
                "event_shape; reshape it"
            )
        if self.support is None:
            said = f"{name} has no support, so values are not checked; define it, or pass validate_args=False"
            warnings.warn(said, stacklevel=4)
        elif not self.support.check(value.detach()).array.all():
            raise ArgumentError(
                f"{name}: value is {value.detach()}: expected values in the support, {self.support}; correct it, or pass "
                "validate_args=False to the distribution"
            )

    def _checked(self, value: Any) -> Any:
        if self._validate_args:
            self._validate_sample(value)
        return value

    def __repr__(self) -> str:
        """Name the parameters; of those that are computed from others, only what is computed already."""
        kind = type(self)
        names = [n for n in self.arg_constraints if n in vars(self) or isinstance(getattr(kind, n, None), property)]
        known = [(n, getattr(self, n)) for n in names]
        return f"{kind.__name__}({', '.join(f'{n}: {v.detach() if v.numel() == 1 else tuple(v.shape)}' for n, v in known)})"


# ------------------------------------------------------------------------------------------------------------ parameters


def broadcast_all(**values: Any) -> list[Any]:
    """Return parameters as tensors of one shape; numbers take the dtype of the first tensor, or the default one."""
    given = [v.dtype for v in values.values() if isinstance(v, Tensor | ndarray)]
    dtype = given[0] if given else dtypes.get_default_dtype()
    return list(ops.broadcast_tensors(*(_parameter(name, v, dtype) for name, v in values.items())))


def _parameter(name: str, value: Any, dtype: Any) -> Tensor:
    if isinstance(value, Tensor | ndarray):
        return as_tensor(value)
    if not isinstance(value, bool | int | float | np.generic):
        raise ArgumentError(f"{name} is a {type(value).__name__}: expected a tensor or a number; use ag.tensor({name})")
    return as_tensor(value, dtype)


def one_of(name: str, probs: Any, logits: Any) -> dict[str, Any]:
    """Return which of *probs* and *logits* is given, by its name."""
    if (probs is None) == (logits is None):
        raise ArgumentError(f"{name}: probs is {probs} and logits is {logits}: give one of the two, and not both")
    return {"logits": logits} if probs is None else {"probs": probs}


def inside(probs: Any) -> Any:
    """Return probabilities kept off 0 and 1 by the precision of the dtype, so that their logarithms are finite."""
    eps = dtypes.finfo(probs.dtype).eps
    return ops.clamp(probs, eps, 1 - eps)


def sum_last(value: Any, dims: int) -> Any:
    """Return the sums over the last *dims* dims."""
    return ops.sum(value, tuple(range(-dims, 0))) if dims else value


# ----------------------------------------------------------------------------------------------------------------- draws


def noise(kind: str, shape: Sequence[int], dtype: Any) -> Tensor:
    """Return numbers of the standard distribution *kind* of NumPy's generator, drawn from the engine's."""
    draw = getattr(default_generator.numpy, kind)
    return wrap(np.asarray(draw(size=tuple(shape))).astype(dtype, copy=False), None)


def drawn(kind: str, shape: Sequence[int], *parameters: Any) -> Tensor:
    """Return a sample of NumPy's distribution *kind* of the *parameters*, in the dtype of the last one.

    Numbers of trials are counts in NumPy.
    """
    arrays = [p.array.astype(np.float64) for p in parameters]
    if kind == "binomial":
        arrays[0] = arrays[0].astype(np.int64)
    draw = getattr(default_generator.numpy, kind)
    return wrap(np.asarray(draw(*arrays, size=tuple(shape))).astype(parameters[-1].dtype), None)
