"""Trees: tuples, lists and dicts, in each other, whose leaves are everything else."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import ArgumentError
from ..tensor import Tensor

__all__ = ["leaves", "like", "spread", "tensors"]


def _children(tree: Any) -> list[Any] | None:
    """Return the branches of *tree*, in order; None of a leaf."""
    if isinstance(tree, tuple | list):
        return list(tree)
    if type(tree) in (dict, OrderedDict):
        return list(tree.values())
    return None


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of *tree*, in order."""
    branches = _children(tree)
    return [tree] if branches is None else [leaf for branch in branches for leaf in leaves(branch)]


def like(tree: Any, values: Iterable[Any]) -> Any:
    """Return a tree of the form of *tree* with *values* as its leaves."""
    return _grown(tree, iter(values))


def _grown(tree: Any, values: Iterator[Any]) -> Any:
    branches = _children(tree)
    if branches is None:
        return next(values)
    grown = [_grown(branch, values) for branch in branches]
    if hasattr(tree, "_make"):
        return tree._make(grown)  # a named tuple
    return type(tree)(zip(tree, grown, strict=True)) if isinstance(tree, dict) else type(tree)(grown)


def spread(prefix: Any, tree: Any, what: str) -> list[Any]:
    """Return for each leaf of *tree* the leaf of *prefix*, a tree that may end earlier, that stands at or above it."""
    ends, branches = _children(prefix), _children(tree)
    if ends is None:
        return [prefix] * len(leaves(tree))
    if branches is None or len(ends) != len(branches) or (isinstance(prefix, dict) and list(prefix) != list(tree)):
        raise ArgumentError(
            f"{what}={prefix!r} does not fit the structure of {_shown(tree)}: give one number, or one for each"
        )
    return [end for e, b in zip(ends, branches, strict=True) for end in spread(e, b, what)]


def _shown(tree: Any) -> str:
    branches = _children(tree)
    if branches is None:
        return type(tree).__name__
    return f"a {type(tree).__name__} of {len(branches)} ({', '.join(_shown(b) for b in branches)})"


def tensors(tree: Any, what: str) -> list[Tensor]:
    """Return the leaves of *tree*, which must be Tensors; *what* names it in the error."""
    found = leaves(tree)
    for leaf in found:
        if not isinstance(leaf, Tensor):
            raise ArgumentError(
                f"{what} has a leaf of type {type(leaf).__name__}: expected Tensors, or tuples, lists and dicts of them"
            )
    return found
