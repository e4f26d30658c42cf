"""The normal distribution of vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..errors import ArgumentError, ShapeError
from ..ops.linear_algebra import cholesky, solve_triangular
from ..sampling import randn
from .constraints import Constraint, lower_cholesky, positive_definite, real_vector
from .distribution import Distribution, broadcast_all, computed_once

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Distribution):
    """Vectors (..., N) of mean *loc* and of a covariance that one of three matrices (..., N, N) tells.

    They are *covariance_matrix*, its inverse *precision_matrix*, and *scale_tril*, the lower triangle L with positive
    diagonal and covariance L @ L.mT.  The others are computed where they are asked for.  The density is
    ``e^(-|L^-1 (x - loc)|^2 / 2) / ((2 pi)^(N/2) det L)``.

    >>> d = MultivariateNormal(ag.zeros(2), ag.tensor([[4.0, 2.0], [2.0, 5.0]]))
    >>> d.scale_tril.tolist(), d.log_prob(ag.zeros(2))
    ([[2.0, 0.0], [1.0, 2.0]], tensor(-3.2242))
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "loc": real_vector,
        "covariance_matrix": positive_definite,
        "precision_matrix": positive_definite,
        "scale_tril": lower_cholesky,
    }
    support = real_vector
    has_rsample = True

    loc: Any

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) != 1:
            raise ArgumentError(
                f"MultivariateNormal: {' and '.join(given) or 'no matrix'} given: expected exactly one of covariance_matrix, "
                "precision_matrix, scale_tril"
            )
        ((name, matrix),) = given.items()
        (matrix,), (loc,) = broadcast_all(**given), broadcast_all(loc=loc)
        matrices = matrix.ndim > 1 and matrix.shape[-2] == matrix.shape[-1]
        if not matrices or loc.ndim < 1 or loc.shape[-1] not in (1, matrix.shape[-1]):
            raise ShapeError(
                f"MultivariateNormal: loc has shape {tuple(loc.shape)} and {name} {tuple(matrix.shape)}: expected (..., N) and "
                "(..., N, N)"
            )
        size = matrix.shape[-1]
        batch = ops.broadcast_shapes(loc.shape[:-1], matrix.shape[:-2])
        self._given = matrix  # without the dims that broadcasting adds: it is factored once
        self._given_name = name
        self.loc = ops.expand(loc, (*batch, size))
        setattr(self, name, ops.expand(matrix, (*batch, size, size)))
        super().__init__(batch, (size,), validate_args)

    @computed_once
    def _factor(self) -> Any:
        """The lower triangle L of each matrix that was given."""
        if self._given_name == "scale_tril":
            return self._given
        if self._given_name == "covariance_matrix":
            return cholesky(self._given)
        # With rows and columns in reverse order, P = U @ U.mT of an upper triangle U: L is the inverse of U.mT.
        reverse = ops.flip(cholesky(ops.flip(self._given, (-2, -1))), (-2, -1))
        unit = np.eye(self._event_shape[0], dtype=self._given.dtype)
        return solve_triangular(ops.transpose(reverse, -2, -1), unit, upper=False)

    def _matrix(self, matrix: Any) -> Any:
        return ops.expand(matrix, (*self._batch_shape, *self._event_shape, *self._event_shape))

    @computed_once
    def scale_tril(self) -> Any:
        """The lower triangle L with covariance L @ L.mT."""
        return self._matrix(self._factor)

    @computed_once
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self._matrix(self._factor @ ops.transpose(self._factor, -2, -1))

    @computed_once
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        unit = np.eye(self._event_shape[0], dtype=self.loc.dtype)
        inverse = solve_triangular(self._factor, unit, upper=False)
        return self._matrix(ops.transpose(inverse, -2, -1) @ inverse)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return ops.expand(ops.sum(ops.square(self._factor), -1), (*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Any:
        drawn = randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + ops.squeeze(self._factor @ ops.unsqueeze(drawn, -1), -1)

    def log_prob(self, value: Any) -> Any:
        squares = self.squared_distance(self._checked(value))
        return (squares + self._event_shape[0] * math.log(2 * math.pi)) * -0.5 - self.half_log_det()

    def entropy(self) -> Any:
        constant = self._event_shape[0] * (1 + math.log(2 * math.pi)) / 2
        return ops.expand(self.half_log_det() + constant, self._batch_shape)

    def squared_distance(self, value: Any) -> Any:
        """Return the square of the Mahalanobis distance of *value* from the mean, ``|L^-1 (value - loc)|^2``."""
        x = value - self.loc
        if self._factor.ndim > 2:
            return ops.sum(ops.square(solve_triangular(self._factor, ops.unsqueeze(x, -1), upper=False)), (-2, -1))
        columns = ops.transpose(ops.reshape(x, (-1, x.shape[-1])), 0, 1)  # of one matrix, all at once
        solved = solve_triangular(self._factor, columns, upper=False)
        return ops.reshape(ops.sum(ops.square(solved), 0), x.shape[:-1])

    def half_log_det(self) -> Any:
        """Return log(det L), half of the logarithm of the covariance's determinant."""
        return ops.sum(ops.log(ops.diagonal(self._factor, dim1=-2, dim2=-1)), -1)
