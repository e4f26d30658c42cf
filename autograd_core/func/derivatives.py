"""Functions that make functions: the derivative of *func* as a function of the same arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.products import Push, by_columns, by_rows, pull
from ..errors import ArgumentError, DtypeError, ShapeError
from ..modes import enable_grad, is_grad_enabled
from ..tensor import Tensor
from .level import Level
from .tree import leaves, like, tensors

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp"]

Function = Callable[..., Any]
Places = int | tuple[int, ...]


def grad(func: Function, argnums: Places = 0, has_aux: bool = False) -> Function:
    """Return a function that computes the gradient of *func*, whose result is one number of shape ().

    It takes what *func* takes, and returns the gradient by the argument at place *argnums*, or a tuple of gradients by those
    at several; an argument may be a tuple, list or dict of tensors, and its gradient has the same form.  With *has_aux*
    *func* returns ``(number, aux)`` and the new function ``(gradient, aux)``.  Nests: ``grad(grad(func))``.

    >>> ag.func.grad(ag.func.grad(lambda x: x**3))(ag.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def grad_and_value(func: Function, argnums: Places = 0, has_aux: bool = False) -> Function:
    """Return a function that computes ``(gradient, value)`` of *func*; with *has_aux*, ``(gradient, (value, aux))``.

    >>> ag.func.grad_and_value(lambda x: x**3)(ag.tensor(2.0))
    (tensor(12.), tensor(8.))
    """

    def both(*args: Any, **kwargs: Any) -> Any:
        level = Level()
        with enable_grad():
            inside, chosen = _entered("grad", level, args, argnums)
            y, aux = _split("grad", func(*inside, **kwargs), has_aux)
            if not isinstance(y, Tensor) or y.ndim:
                got = f"a tensor of shape {y.shape}" if isinstance(y, Tensor) else f"a {type(y).__name__}"
                raise ShapeError(f"grad: func returned {got}: expected a tensor of shape (), for instance its .sum()")
            gs = pull([y], leaves(chosen), [None], level.surrounded(y))
        found = like(chosen, [level.leave(g) for g in gs])
        value = level.leave(y)
        return found, (value, level.leave_tree(aux)) if has_aux else value

    return both


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """Return ``func(*primals)`` and a function that takes v, of the result's form, to v^T J, a tuple for the primals.

    With *has_aux* *func* returns ``(result, aux)``, and ``(result, function, aux)`` comes back.

    >>> y, pullback = ag.func.vjp(ag.sin, ag.tensor([0.0, 1.0]))
    >>> pullback(ag.ones(2))
    (tensor([1.0000, 0.5403]),)
    """
    level = Level()
    with enable_grad():
        inside = level.enter(primals, "vjp: primals")
        result, aux = _split("vjp", func(*inside), has_aux)
        ys, xs = tensors(result, "vjp: the result of func"), leaves(inside)
        surrounded = level.surrounded(*ys)

    def pullback(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> tuple[Any, ...]:
        vs = _matching("vjp: cotangents", cotangents, ys)
        wanted = is_grad_enabled() and (surrounded or any(v.requires_grad for v in vs))
        with enable_grad():
            gs = pull(ys, xs, vs, wanted if create_graph is None else create_graph, retain_graph)
        grown: tuple[Any, ...] = like(inside, gs if create_graph else [level.leave(g) for g in gs])
        return grown

    outside = level.leave_tree(result)
    return (outside, pullback, level.leave_tree(aux)) if has_aux else (outside, pullback)


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """Return ``func(*primals)`` and J v, its derivative in the direction *tangents*, a tuple of the form of *primals*.

    With *has_aux* *func* returns ``(result, aux)``, and ``(result, derivative, aux)`` comes back.  With *strict* a result
    that does not depend on the primals is an error; otherwise its derivative is zeros.

    >>> ag.func.jvp(ag.sin, (ag.tensor(0.0),), (ag.tensor(2.0),))
    (tensor(0.), tensor(2.))
    """
    if not isinstance(primals, tuple) or not primals:
        raise ArgumentError(f"jvp: primals is a {type(primals).__name__}: expected a tuple, not empty; for one, (x,)")
    level = Level()
    with enable_grad():
        inside = level.enter(primals, "jvp: primals")
        result, aux = _split("jvp", func(*inside), has_aux)
        ys, xs = tensors(result, "jvp: the result of func"), leaves(inside)
        vs = _matching("jvp: tangents", tangents, xs)
        if strict and any(not y.requires_grad for y in ys):
            raise ArgumentError("jvp: a result of func does not depend on the primals, and strict=True forbids that")
        us = Push(ys, xs)(vs, level.surrounded(*ys, *vs))
    outside = level.leave_tree(result), like(result, [level.leave(u) for u in us])
    return (*outside, level.leave_tree(aux)) if has_aux else outside


def linearize(func: Function, *primals: Any) -> tuple[Any, Function]:
    """Return ``func(*primals)`` and a function that takes v, one argument for each primal, to J v.

    *func* runs once, and each call of the new function is one backward pass.

    >>> y, push = ag.func.linearize(ag.sin, ag.tensor([0.0, 1.0]))
    >>> push(ag.ones(2)), push(ag.zeros(2))
    (tensor([1.0000, 0.5403]), tensor([0., 0.]))
    """
    level = Level()
    with enable_grad():
        inside = level.enter(primals, "linearize: primals")
        result = func(*inside)
        ys, xs = tensors(result, "linearize: the result of func"), leaves(inside)
        push = Push(ys, xs)

    def pushed(*tangents: Any) -> Any:
        vs = _matching("linearize: tangents", tangents, xs)
        with enable_grad():
            us = push(vs, level.surrounded(*ys, *vs), retain_graph=True)
        return like(result, [level.leave(u) for u in us])

    return level.leave_tree(result), pushed


def jacrev(func: Function, argnums: Places = 0, *, has_aux: bool = False, chunk_size: int | None = None) -> Function:
    """Return a function that computes the Jacobian of *func*, row by row: a backward pass for each element of the result.

    For a result y and an argument x it has the shape ``y.shape + x.shape``; results and arguments may be tuples, lists and
    dicts, and the Jacobian then has the form of the result, with the form of the arguments in each leaf.  *argnums* and
    *has_aux* are as in ``grad``.  *chunk_size*, how many rows are computed at once, is accepted: always 1.

    >>> ag.func.jacrev(lambda x: x * x)(ag.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check_chunk("jacrev", chunk_size)

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        level, result, chosen, aux = _recorded("jacrev", func, args, kwargs, argnums, has_aux)
        with enable_grad():
            xs = leaves(chosen)
            rows = [by_rows(y, xs, level.surrounded(y)) for y in leaves(result)]
        return _blocks(level, result, chosen, rows, aux, has_aux)

    return jacobian


def jacfwd(func: Function, argnums: Places = 0, has_aux: bool = False, *, randomness: str = "error") -> Function:
    """Return a function that computes the Jacobian of *func*, column by column: a pass for each element of the arguments.

    What ``jacrev`` computes, and faster where results have more elements than arguments.  *randomness* is accepted: *func*
    runs once, so random numbers are drawn once.

    >>> ag.func.jacfwd(lambda x: ag.stack([x, x * x, x**3]))(ag.tensor(2.0))
    tensor([ 1.,  4., 12.])
    """

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        level, result, chosen, aux = _recorded("jacfwd", func, args, kwargs, argnums, has_aux)
        with enable_grad():
            ys = leaves(result)
            columns = by_columns(ys, leaves(chosen), level.surrounded(*ys))
        return _blocks(level, result, chosen, columns, aux, has_aux)

    return jacobian


def hessian(func: Function, argnums: Places = 0) -> Function:
    """Return a function that computes the matrix of second derivatives of *func*: ``jacfwd(jacrev(func))``.

    >>> ag.func.hessian(lambda x: (x**3).sum())(ag.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


# ----------------------------------------------------------------------------------------------------- arguments, results


def _entered(name: str, level: Level, args: tuple[Any, ...], argnums: Places) -> tuple[list[Any], Any]:
    """Return *args* with stand-ins at the places *argnums*, and those alone, in a tuple if that is one."""
    several = isinstance(argnums, tuple)
    places = argnums if isinstance(argnums, tuple) else (operator.index(argnums),)
    count = len(args)
    if not places:
        raise ArgumentError(f"{name}: argnums is empty: name at least one argument")
    for i in places:
        if not -count <= i < count:
            raise ArgumentError(
                f"{name}: argnums={argnums!r} names argument {i}, but {count} positional arguments were given"
            )
    if len({i % count for i in places}) < len(places):
        raise ArgumentError(f"{name}: argnums={argnums!r} names an argument twice; name each once")
    inside = list(args)
    for i in places:
        inside[i] = level.enter(args[i], f"{name}: argument {i}")
    return inside, tuple(inside[i] for i in places) if several else inside[places[0]]


def _split(name: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentError(
            f"{name}: func returned a {type(result).__name__}: with has_aux=True it must return (result, aux)"
        )
    return result


def _matching(what: str, given: Any, others: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors of *given*, which must have the shapes and dtypes of *others*."""
    found = tensors(given, what)
    if [t.shape for t in found] != [t.shape for t in others]:
        raise ShapeError(f"{what} have shapes {[t.shape for t in found]}: expected {[t.shape for t in others]}")
    if [t.dtype for t in found] != [t.dtype for t in others]:
        raise DtypeError(f"{what} are {[str(t.dtype) for t in found]}: expected {[str(t.dtype) for t in others]}")
    return found


def _recorded(
    name: str, func: Function, args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Places, has_aux: bool
) -> tuple[Level, Any, Any, Any]:
    level = Level()
    with enable_grad():
        inside, chosen = _entered(name, level, args, argnums)
        result, aux = _split(name, func(*inside, **kwargs), has_aux)
    tensors(result, f"{name}: the result of func")
    return level, result, chosen, aux


def _blocks(level: Level, result: Any, chosen: Any, found: Sequence[Any], aux: Any, has_aux: bool) -> Any:
    """Return one tensor for each pair, in the form of *result* and in its leaves that of *chosen*."""
    blocks = like(result, [like(chosen, [level.leave(b) for b in row]) for row in found])
    return (blocks, level.leave_tree(aux)) if has_aux else blocks


def _check_chunk(name: str, chunk_size: int | None) -> None:
    if chunk_size is not None and chunk_size < 1:
        raise ArgumentError(f"{name}: chunk_size={chunk_size}: expected a positive number, or None")
