"""Derivatives of functions: products with the Jacobian, the Jacobian and the Hessian themselves.

A function takes tensors and returns a tensor.  Its arguments here are one tensor or a tuple of them, and the results have
the same form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..modes import enable_grad
from ..ops import reshape, stack
from ..tensor import Tensor, wrap
from .derivatives import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vjp"]

Function = Callable[..., Any]


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False) -> tuple[Any, Any]:
    """Return ``func(*inputs)`` and v^T J, the product of *v*, of the output's shape, with the Jacobian.

    One backward pass.  *v* may be left out for an output of one element.

    >>> import autograd_core as ag
    >>> vjp(lambda x: x**2, ag.tensor([1.0, 2.0]), ag.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        xs, y = _run(func, inputs, create_graph)
        gs = _pull(y, xs, v, create_graph)
    return _out(y, create_graph), _same_form(gs, inputs)


def jvp(func: Function, inputs: Any, v: Any, create_graph: bool = False) -> tuple[Any, Any]:
    """Return ``func(*inputs)`` and J v, the derivative in the direction *v*, of the inputs' form.

    Two backward passes: u^T J is linear in u, and its own transpose applied to v is J v (Townsend 2017, "A new trick for
    calculating Jacobian vector products").

    >>> import autograd_core as ag
    >>> jvp(lambda x: x**2, ag.tensor([1.0, 2.0]), ag.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        xs, y = _run(func, inputs, create_graph)
        vs = _directions(v, xs)
        u = _zeros(y)
        if y.requires_grad:
            u.requires_grad_()
        (out,) = _pull_each(_pull(y, xs, u, True), [u], vs, create_graph)
    return _out(y, create_graph), out


def hvp(func: Function, inputs: Any, v: Any, create_graph: bool = False) -> tuple[Any, Any]:
    """Return ``func(*inputs)``, one number, and H v, the product of its Hessian with *v*, without building H.

    H v = d/dx (g(x) . v) (Pearlmutter 1994).

    >>> import autograd_core as ag
    >>> hvp(lambda x: (x**3).sum(), ag.tensor([1.0, 2.0]), ag.tensor([1.0, 1.0]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        xs, y = _run(func, inputs, create_graph)
        _one_number(y)
        vs = _directions(v, xs)
        found = _pull_each(_pull(y, xs, None, True), xs, vs, create_graph)
    return _out(y, create_graph), _same_form(found, inputs)


def jacobian(func: Function, inputs: Any, create_graph: bool = False) -> Any:
    """Return the Jacobian of *func*: for each input a tensor of the shape ``output.shape + input.shape``.

    One backward pass for each element of the output.

    >>> import autograd_core as ag
    >>> jacobian(lambda x: x * x, ag.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    with enable_grad():
        xs, y = _run(func, inputs, create_graph)
        rows = []
        for i in range(y.data.size):
            one = np.zeros(y.data.size, y.dtype)
            one[i] = 1
            rows.append(_pull(y, xs, wrap(one.reshape(y.shape), None), create_graph, retain_graph=True))
        found = tuple(
            reshape(stack([row[k] for row in rows]), (*y.shape, *x.shape))
            if rows
            else wrap(np.zeros((*y.shape, *x.shape), x.dtype), None)
            for k, x in enumerate(xs)
        )
    return _same_form(found, inputs)


def hessian(func: Function, inputs: Any, create_graph: bool = False) -> Any:
    """Return the matrix of second derivatives of *func*, whose output is one number: shape ``input.shape + input.shape``.

    For a tuple of inputs, a tuple of tuples of such blocks.

    >>> import autograd_core as ag
    >>> hessian(lambda x: (x**3).sum(), ag.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def gradient(k: int) -> Function:
        def of(*xs: Tensor) -> Any:
            y = func(*xs)
            _one_number(_checked(y))
            return _pull(y, list(xs), None, True)[k]

        return of

    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    blocks = tuple(jacobian(gradient(k), given, create_graph) for k in range(len(given)))
    return blocks[0][0] if isinstance(inputs, Tensor) else blocks


def _run(func: Function, inputs: Any, create_graph: bool) -> tuple[list[Tensor], Tensor]:
    """Call *func* on leaves, or, with *create_graph*, on results that keep the inputs' own history."""
    given = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    for i, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise ArgumentError(f"inputs[{i}] is a {type(x).__name__}: expected a Tensor; make one with tensor(data)")
    xs = [x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in given]
    return xs, _checked(func(*xs))


def _checked(y: Any) -> Tensor:
    if not isinstance(y, Tensor):
        raise ArgumentError(f"func returned a {type(y).__name__}: expected one Tensor")
    return y


def _pull(y: Tensor, xs: list[Tensor], v: Any, create_graph: bool, retain_graph: bool | None = None) -> tuple[Any, ...]:
    """Return v^T J for each of *xs*: zeros where *y* does not depend on it."""
    if not y.requires_grad:
        return tuple(_zeros(x) for x in xs)
    return grad(y, xs, v, retain_graph, create_graph, materialize_grads=True)


def _pull_each(ys: tuple[Tensor, ...], xs: list[Tensor], vs: list[Tensor], create_graph: bool) -> tuple[Any, ...]:
    """Return the sum of v^T J over *ys*, for each of *xs*."""
    live = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    if not live:
        return tuple(_zeros(x) for x in xs)
    weights = [v for _, v in live]
    return grad([y for y, _ in live], xs, weights, create_graph=create_graph, materialize_grads=True)


def _zeros(like: Tensor) -> Tensor:
    return wrap(np.zeros(like.shape, like.dtype), None)


def _out(y: Tensor, create_graph: bool) -> Tensor:
    return y if create_graph else y.detach()


def _directions(v: Any, xs: list[Tensor]) -> list[Tensor]:
    vs = [v] if isinstance(v, Tensor) else list(v)
    if [d.shape for d in vs] != [x.shape for x in xs]:
        raise ShapeError(f"v has shapes {[d.shape for d in vs]}: expected the inputs' {[x.shape for x in xs]}")
    return vs


def _one_number(y: Tensor) -> None:
    if y.data.size != 1:
        raise ShapeError(f"func returned shape {y.shape}: expected one number, for instance its .sum()")


def _same_form(found: tuple[Any, ...], inputs: Any) -> Any:
    return found[0] if isinstance(inputs, Tensor) else found
