"""Regions that parameters and samples lie in: ``constraint.check(value)`` says where a value does.

Names with arguments are classes, ``greater_than(0.0)``; those without are objects, ``positive``.

>>> import autograd_core as ag
>>> ag.distributions.constraints.positive.check(ag.tensor([-1.0, 2.0]))
tensor([False,  True])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from ..creation import full
from ..errors import ArgumentError
from ..ops.linear_algebra import cholesky_ex, eigvalsh

__all__ = [
    "Constraint",
    "MixtureSameFamilyConstraint",
    "boolean",
    "dependent",
    "dependent_property",
    "greater_than",
    "greater_than_eq",
    "half_open_interval",
    "independent",
    "integer_interval",
    "interval",
    "is_dependent",
    "less_than",
    "lower_cholesky",
    "lower_triangular",
    "multinomial",
    "nonnegative",
    "nonnegative_integer",
    "one_hot",
    "positive",
    "positive_definite",
    "positive_integer",
    "positive_semidefinite",
    "real",
    "real_vector",
    "simplex",
    "square",
    "symmetric",
    "unit_interval",
]  # fmt: skip


class Constraint:
    """The base of all: a region, of whole numbers if ``is_discrete``, whose elements have ``event_dim`` dimensions.

    A region of one's own defines ``check``.

    >>> class Even(Constraint):
    ...     is_discrete = True
    ...     def check(self, value):
    ...         return value % 2 == 0
    >>> Even().check(ag.tensor([1, 2])), Even()
    (tensor([False,  True]), Even())
    """

    is_discrete: Any = False
    event_dim: Any = 0

    def check(self, value: Any) -> Any:
        """Return a boolean for each element of *value*, whose last ``event_dim`` dims make one element."""
        raise NotImplementedError(f"{type(self).__name__} does not say what lies in it; define check(value)")

    def __repr__(self) -> str:
        known = ", ".join(f"{name}={value}" for name, value in vars(self).items())
        return f"{type(self).__name__.strip('_')}({known})"


class _Dependent(Constraint):
    """A region that depends on other parameters: it cannot be checked alone."""

    def __init__(self, *, is_discrete: bool | None = None, event_dim: int | None = None) -> None:
        if is_discrete is not None:
            self.is_discrete = is_discrete
        if event_dim is not None:
            self.event_dim = event_dim

    def check(self, value: Any) -> Any:
        raise ArgumentError("a dependent constraint cannot be checked alone; check that of a distribution's object")


class dependent_property(property, _Dependent):
    """A property of a distribution's object that gives a constraint; the class itself has it as a ``dependent`` one.

    Used bare, or with what is known beforehand: ``@dependent_property(is_discrete=True, event_dim=0)``.

    >>> is_dependent(ag.distributions.Uniform.support)
    True
    """

    def __init__(
        self,
        fn: Callable[[Any], Constraint] | None = None,
        *,
        is_discrete: bool | None = None,
        event_dim: int | None = None,
    ) -> None:
        property.__init__(self, fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn: Callable[[Any], Constraint]) -> dependent_property:
        """Return the property of *fn*."""
        return dependent_property(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


def is_dependent(constraint: Any) -> bool:
    """Return whether *constraint* depends on other parameters, so that it cannot be checked alone.

    >>> is_dependent(dependent), is_dependent(real)
    (True, False)
    """
    return isinstance(constraint, _Dependent)


# ------------------------------------------------------------------------------------------------------------- intervals


class _Real(Constraint):
    def check(self, value: Any) -> Any:
        return ops.logical_not(ops.isnan(value))


class greater_than(Constraint):
    """The numbers above *lower_bound*.

    >>> greater_than(1.0).check(ag.tensor([1.0, 2.0]))
    tensor([False,  True])
    """

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Any) -> Any:
        return value > self.lower_bound


class greater_than_eq(greater_than):
    """*lower_bound* and the numbers above it.

    >>> greater_than_eq(1.0).check(ag.tensor([1.0, 2.0]))
    tensor([True, True])
    """

    def check(self, value: Any) -> Any:
        return value >= self.lower_bound


class less_than(Constraint):
    """The numbers below *upper_bound*.

    >>> less_than(1.0).check(ag.tensor([0.0, 1.0]))
    tensor([ True, False])
    """

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Any) -> Any:
        return value < self.upper_bound


class interval(Constraint):
    """The numbers from *lower_bound* to *upper_bound*, both included.

    >>> interval(0.0, 1.0).check(ag.tensor([1.0, 2.0]))
    tensor([ True, False])
    """

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Any) -> Any:
        return ops.logical_and(value >= self.lower_bound, value <= self.upper_bound)


class half_open_interval(interval):
    """The numbers from *lower_bound* to below *upper_bound*.

    >>> half_open_interval(0.0, 1.0).check(ag.tensor([0.0, 1.0]))
    tensor([ True, False])
    """

    def check(self, value: Any) -> Any:
        return ops.logical_and(value >= self.lower_bound, value < self.upper_bound)


class integer_interval(interval):
    """The whole numbers from *lower_bound* to *upper_bound*.

    >>> integer_interval(0, 3).check(ag.tensor([0.5, 3.0]))
    tensor([False,  True])
    """

    is_discrete = True

    def check(self, value: Any) -> Any:
        return ops.logical_and(value % 1 == 0, super().check(value))


class _IntegerGreaterThan(greater_than):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return ops.logical_and(value % 1 == 0, value >= self.lower_bound)


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return ops.logical_or(value == 0, value == 1)


# -------------------------------------------------------------------------------------------------- vectors and matrices


class independent(Constraint):
    """Events of *reinterpreted_batch_ndims* more dims, each of whose parts lies in *base_constraint*.

    >>> independent(interval(0.0, 1.0), 1).check(ag.tensor([[0.0, 0.5], [0.5, 2.0]]))
    tensor([ True, False])
    """

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> bool:
        """Whether the parts are whole numbers."""
        return bool(self.base_constraint.is_discrete)

    @property
    def event_dim(self) -> int:
        """The number of dims of an event."""
        return int(self.base_constraint.event_dim) + self.reinterpreted_batch_ndims

    def check(self, value: Any) -> Any:
        return _all_of_last(self.base_constraint.check(value), self.reinterpreted_batch_ndims)


def _all_of_last(holds: Any, dims: int) -> Any:
    """Return whether all elements hold along the last *dims* dims."""
    return ops.all(holds, tuple(range(-dims, 0))) if dims else holds


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Any) -> Any:
        return ops.logical_and(ops.all(value >= 0, -1), ops.abs(ops.sum(value, -1) - 1) < 1e-6)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Any:
        return ops.logical_and(ops.all(boolean.check(value), -1), ops.sum(value, -1) == 1)


class multinomial(Constraint):
    """Vectors of counts that sum to *upper_bound* at most.

    >>> multinomial(3).check(ag.tensor([[1.0, 2.0], [2.0, 2.0]]))
    tensor([ True, False])
    """

    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, x: Any) -> Any:
        return ops.logical_and(ops.all(nonnegative_integer.check(x), -1), ops.sum(x, -1) <= self.upper_bound)


class _Matrix(Constraint):
    event_dim = 2


class _Square(_Matrix):
    def check(self, value: Any) -> Any:
        return full(value.shape[:-2], value.shape[-2] == value.shape[-1])


class _LowerTriangular(_Matrix):
    def check(self, value: Any) -> Any:
        return ops.all(ops.tril(value) == value, (-2, -1))


class _LowerCholesky(_LowerTriangular):
    def check(self, value: Any) -> Any:
        return ops.logical_and(super().check(value), ops.all(ops.diagonal(value, dim1=-2, dim2=-1) > 0, -1))


class _Symmetric(_Matrix):
    def check(self, value: Any) -> Any:
        return ops.all(ops.isclose(value, ops.transpose(value, -2, -1), atol=1e-6), (-2, -1))


class _PositiveSemidefinite(_Symmetric):
    def check(self, value: Any) -> Any:
        return ops.logical_and(super().check(value), ops.all(eigvalsh(value) >= 0, -1))


class _PositiveDefinite(_Symmetric):
    def check(self, value: Any) -> Any:
        return ops.logical_and(super().check(value), cholesky_ex(value).info == 0)


class MixtureSameFamilyConstraint(Constraint):
    """What lies in *base_constraint*, which is that of components along the last batch dim, for one of them at least.

    >>> components = ag.distributions.Uniform(ag.tensor([0.0, 2.0]), ag.tensor([1.0, 3.0]))
    >>> MixtureSameFamilyConstraint(components.support).check(ag.tensor([0.5, 1.5, 2.5]))
    tensor([ True, False,  True])
    """

    def __init__(self, base_constraint: Constraint) -> None:
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> bool:
        """Whether the components are of whole numbers."""
        return bool(self.base_constraint.is_discrete)

    @property
    def event_dim(self) -> int:
        """The number of dims of an event."""
        return int(self.base_constraint.event_dim)

    def check(self, value: Any) -> Any:
        return ops.any(self.base_constraint.check(ops.unsqueeze(value, -1 - self.event_dim)), -1)


dependent: Constraint = _Dependent()
real: Constraint = _Real()
real_vector: Constraint = independent(real, 1)
positive: Constraint = greater_than(0.0)
nonnegative: Constraint = greater_than_eq(0.0)
unit_interval: Constraint = interval(0.0, 1.0)
boolean: Constraint = _Boolean()
nonnegative_integer: Constraint = _IntegerGreaterThan(0)
positive_integer: Constraint = _IntegerGreaterThan(1)
simplex: Constraint = _Simplex()
one_hot: Constraint = _OneHot()
square: Constraint = _Square()
symmetric: Constraint = _Symmetric()
lower_triangular: Constraint = _LowerTriangular()
lower_cholesky: Constraint = _LowerCholesky()
positive_semidefinite: Constraint = _PositiveSemidefinite()
positive_definite: Constraint = _PositiveDefinite()
