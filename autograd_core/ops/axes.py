"""Dims: the one place where ``dim=-1`` becomes an index, and where NumPy's names are taken for PyTorch's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

__all__ = ["Dim", "along", "normalize_dim", "normalize_dims", "numpy_names"]

Dim: TypeAlias = int | Sequence[int] | None
Function = TypeVar("Function", bound=Callable[..., Any])


def normalize_dim(dim: int, ndim: int) -> int:
    """Return *dim* counted from the front; a 0-d tensor has the dimensions 0 and -1, as in PyTorch."""
    n = ndim or 1
    if not -n <= dim < n:
        raise IndexError(f"dim {dim} is out of range for a tensor of {ndim} dimensions: expected {-n} to {n - 1}")
    return dim + n if dim < 0 else dim


def normalize_dims(dim: int | Iterable[int] | None, ndim: int) -> tuple[int, ...]:
    """Return *dim*, one number or several or None for all, as a tuple of numbers counted from the front."""
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, Iterable):
        dims = tuple(normalize_dim(d, ndim) for d in dim)
        if len(set(dims)) != len(dims):
            raise ValueError(f"dim {tuple(dim)} names a dimension twice")
    else:
        dims = (normalize_dim(int(dim), ndim),)
    return dims if ndim else ()


def along(dim: int, index: int | slice) -> tuple[int | slice, ...]:
    """Return the index that is *index* at *dim*, and takes everything of the dims before it."""
    return (slice(None),) * dim + (index,)


def numpy_names(function: Function) -> Function:
    """Accept ``axis`` for ``dim`` and ``keepdims`` for ``keepdim``."""

    @functools.wraps(function)
    def accepting(*args: Any, **named: Any) -> Any:
        if named:
            for ours, theirs in (("dim", "axis"), ("keepdim", "keepdims")):
                if theirs in named:
                    named[ours] = named.pop(theirs)
        return function(*args, **named)

    return accepting  # type: ignore[return-value]
