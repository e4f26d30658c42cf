"""``vmap``: a function of one example, over a batch of them."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..autograd import Function
from ..errors import ArgumentError, ShapeError
from ..modes import no_grad
from ..ops import select, stack
from ..random import default_generator
from ..tensor import Tensor, wrap
from .tree import leaves, like, spread, tensors

__all__ = ["vmap"]

RANDOMNESS = ("error", "different", "same")


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that applies *func*, written for one example, to every example of a batch.

    *in_dims* says which dim of each argument counts the examples, None for an argument that all share: one number, or one for
    each argument, and inside tuples, lists and dicts one for each leaf.  *out_dims* says in the same way where that dim stands
    in each result.  Keyword arguments are shared.  Random numbers are an error, unless *randomness* is "different", for each
    example, or "same".  *chunk_size* is accepted.

    *func* runs once for each example and the results are stacked, so it may branch on values, and the time grows with the
    batch: where *func* takes batches itself, handing it one is faster.  Derivatives go through, from inside and from outside.

    >>> per_example = ag.func.vmap(ag.func.grad(lambda w, x: (w * x).sum() ** 2), in_dims=(None, 0))
    >>> per_example(ag.tensor([1.0, 1.0]), ag.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[ 6., 12.],
            [42., 56.]])
    """
    if randomness not in RANDOMNESS:
        raise ArgumentError(f"vmap: randomness={randomness!r}: expected one of {', '.join(RANDOMNESS)}")
    if chunk_size is not None and chunk_size < 1:
        raise ArgumentError(f"vmap: chunk_size={chunk_size}: expected a positive number, or None")

    def mapped(*args: Any, **kwargs: Any) -> Any:
        given = leaves(args)
        dims = spread(tuple(in_dims) if isinstance(in_dims, list) else in_dims, args, "vmap: in_dims")
        size = _count(given, dims, in_dims)
        if size == 0:
            nothing = [x if dim is None else _zero_example(x, dim) for x, dim in zip(given, dims, strict=True)]
            return _empty(lambda: func(*like(args, nothing), **kwargs), out_dims)
        parts = [itertools.repeat(x) if d is None else _unbound(x, d) for x, d in zip(given, dims, strict=True)]
        examples = (like(args, values) for _, *values in zip(range(size), *parts, strict=False))
        return _stacked(_run(lambda example: func(*example, **kwargs), examples, randomness), out_dims)

    return mapped


def _count(given: list[Any], dims: list[Any], in_dims: Any) -> int:
    """Return how many examples there are."""
    sizes = {}
    for n, (x, dim) in enumerate(zip(given, dims, strict=True)):
        if dim is None:
            continue
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"vmap: in_dims={in_dims!r} maps input {n}, a {type(x).__name__}: only Tensors have examples; use None for it"
            )
        if not -x.ndim <= operator.index(dim) < x.ndim:
            raise ArgumentError(f"vmap: in_dims={in_dims!r} asks for dim {dim} of input {n}, whose shape is {x.shape}")
        sizes[n] = x.shape[dim]
    if not sizes:
        raise ArgumentError(f"vmap: in_dims={in_dims!r} maps no input: at least one must have a dim of examples")
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"input {n} has {size}" for n, size in sizes.items())
        raise ShapeError(f"vmap: expected as many examples in each mapped input, but {listed}")
    return next(iter(sizes.values()))


def _unbound(x: Tensor, dim: int) -> Sequence[Tensor]:
    if x.requires_grad:
        return _Examples.apply(x, dim)
    return [select(x, dim, i) for i in range(x.shape[dim])]


class _Examples(Function):
    """All examples at once: their gradients are stacked, where each view alone would fill one of the whole size."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int) -> Any:
        ctx.dim = dim
        return tuple(select(x, dim, i) for i in range(x.shape[dim]))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return stack(gradients, ctx.dim), None


def _run(func: Callable[[Any], Any], examples: Iterator[Any], randomness: str) -> list[Any]:
    state = default_generator.get_state()
    results = [func(next(examples))]
    if randomness == "error" and default_generator.get_state() != state:
        raise ArgumentError('vmap: func drew random numbers: say randomness="different", or "same" for all examples')
    for example in examples:
        if randomness == "same":
            default_generator.set_state(state)
        results.append(func(example))
    return results


def _stacked(results: list[Any], out_dims: Any) -> Any:
    """Return the results as one, in the form of the first."""
    columns = zip(*(tensors(r, "vmap: the result of func") for r in results), strict=True)
    dims = _out_dims(out_dims, results[0])
    return like(results[0], [c[0] if d is None else _stack(c, d) for c, d in zip(columns, dims, strict=True)])


def _stack(column: tuple[Tensor, ...], dim: int) -> Tensor:
    shapes = {t.shape for t in column}
    if len(shapes) > 1:
        raise ShapeError(f"vmap: func returned shapes {sorted(shapes)} for different examples: expected one for all")
    return stack(column, dim)


def _out_dims(out_dims: Any, result: Any) -> list[Any]:
    dims = spread(tuple(out_dims) if isinstance(out_dims, list) else out_dims, result, "vmap: out_dims")
    for t, dim in zip(leaves(result), dims, strict=True):
        if dim is not None and not -t.ndim - 1 <= operator.index(dim) <= t.ndim:
            raise ArgumentError(
                f"vmap: out_dims={out_dims!r} puts the examples at dim {dim} of a result of shape {t.shape}"
            )
    return dims


def _zero_example(x: Tensor, dim: int) -> Tensor:
    return wrap(np.zeros(np.delete(x.shape, dim), x.dtype), None)


def _empty(run: Callable[[], Any], out_dims: Any) -> Any:
    """Return results of no examples: their form is that of an example of zeros."""
    state = default_generator.get_state()
    with no_grad():
        result = run()
    default_generator.set_state(state)
    outputs, dims = tensors(result, "vmap: the result of func"), _out_dims(out_dims, result)
    return like(result, [t if d is None else _no_examples(t, d) for t, d in zip(outputs, dims, strict=True)])


def _no_examples(t: Tensor, dim: int) -> Tensor:
    place = dim % (t.ndim + 1)
    return wrap(np.zeros((*t.shape[:place], 0, *t.shape[place:]), t.dtype), None)
