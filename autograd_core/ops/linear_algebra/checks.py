"""What linear algebra asks of its matrices, and what it says of those that it cannot take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...dtypes import is_floating
from ...errors import DtypeError, LinAlgError, ShapeError
from ...primitive import Array
from ..shape import plain

__all__ = [
    "attempt",
    "check_info",
    "check_matrices",
    "check_square",
    "converged",
    "symmetric",
]


def check_matrices(name: str, **arrays: Array) -> None:
    """Raise unless all are floating, of at least two dims and of one dtype."""
    for argument, x in arrays.items():
        if not is_floating(x.dtype):
            raise DtypeError(f"{name}: {argument} has dtype {x.dtype}: expected floating; use {argument}.float()")
        if x.ndim < 2:
            raise ShapeError(
                f"{name}: {argument} has shape {tuple(x.shape)}, expected matrices (..., M, N); reshape() it"
            )
    if len({x.dtype for x in arrays.values()}) > 1:
        said = " and ".join(f"{argument} is {x.dtype}" for argument, x in arrays.items())
        raise DtypeError(f"{name}: {said}: expected one dtype; convert one with to()")


def check_square(name: str, **arrays: Array) -> None:
    """Raise unless all are floating stacks of square matrices."""
    check_matrices(name, **arrays)
    for argument, x in arrays.items():
        if x.shape[-1] != x.shape[-2]:
            raise ShapeError(
                f"{name}: {argument} has shape {tuple(x.shape)}, expected square matrices (..., N, N); linalg.pinv and "
                "linalg.lstsq take others"
            )


def check_info(name: str, info: Array, says: Callable[[int], str]) -> None:
    """Raise where *info*, one number for each matrix of a stack, is not 0: for the first such matrix, what it *says*."""
    numbers = plain(info)
    if numbers.any():
        place = int(np.flatnonzero(numbers)[0])
        where = f"(Batch element {place}): " if numbers.ndim else ""
        raise LinAlgError(f"{name}: {where}{says(int(numbers.flat[place]))}")


def attempt(function: Callable[..., Any], *stacks: Any) -> tuple[Any, Any]:
    """Return what NumPy's *function* makes of stacks of matrices, and of which of them it made nothing.

    The result has the matrices of the last stack, and NaN where NumPy refused one.  Leading dims broadcast.
    """
    batch = np.broadcast_shapes(*[x.shape[:-2] for x in stacks])
    refused = np.zeros(batch, bool)
    try:
        return function(*stacks), refused
    except np.linalg.LinAlgError:
        pass  # it names no matrix, and drops the results of the others
    wide = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in stacks]
    out = np.full(wide[-1].shape, np.nan, wide[-1].dtype)
    for i in np.ndindex(batch):
        try:
            out[i] = function(*[x[i] for x in wide])
        except np.linalg.LinAlgError:
            refused[i] = True
    return out, refused


def converged(name: str, function: Callable[[Any], Any], x: Any) -> Any:
    """Return what NumPy's *function*, an iteration, makes of x, or say why there is nothing."""
    try:
        found = function(x)
    except np.linalg.LinAlgError as error:
        if not np.isfinite(x).all():
            raise LinAlgError(
                f"{name}: the matrix has NaN or infinite elements, so that the iteration cannot converge; find them with "
                "isfinite()"
            ) from error
        raise LinAlgError(f"{name}: the iteration did not converge; scale the matrix, or use float64") from error
    return found


def symmetric(A: Array, lower: bool) -> Array:
    """Return *A* with its symmetric part equal to what one of its triangles tells.

    What reads the symmetric part then reads that triangle, and gives half of a gradient to each, as PyTorch does.
    """
    x = plain(A)
    half, rest = (np.tril(x), np.tril(x, -1)) if lower else (np.triu(x), np.triu(x, 1))
    told = half + rest.mT
    return A if np.array_equal(told, x) else A + (told - (x + x.mT) / 2)
