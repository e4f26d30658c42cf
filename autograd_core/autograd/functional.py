"""Derivatives of functions at a point: products with the Jacobian and the Hessian, and these themselves.

A function takes tensors and returns one tensor or a tuple.  Its arguments are given here as one tensor or a tuple, and
results have the form of the arguments, or of what the function returned.  ``ag.func`` has the same as functions of functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, GraphError, ShapeError
from ..modes import enable_grad
from ..tensor import Tensor, wrap
from .derivatives import grad
from .products import Push, by_columns, by_rows, pull

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]
STRATEGIES = ("reverse-mode", "forward-mode")


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return ``func(*inputs)`` and v^T J, the product of *v*, of the output's form, with the Jacobian.

    One backward pass.  *v* may be left out for an output of one element.  With *create_graph* both can be differentiated.
    With *strict* an output that does not depend on an input is an error; otherwise its derivatives are zeros.

    >>> import autograd_core as ag
    >>> vjp(lambda x: x**2, ag.tensor([1.0, 2.0]), ag.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        xs, result = _run(func, inputs, create_graph)
        ys = _several(result)
        if strict:
            _check_dependence("vjp", ys, xs)
        gs = pull(ys, xs, _directions(v, ys, "the outputs"), create_graph)
    return _out(result, create_graph), _same_form(gs, inputs)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return ``func(*inputs)`` and J v, the derivative in the direction *v*, of the inputs' form.

    Two backward passes.  *v* may be left out for an input of one element.  *create_graph* and *strict* are as in ``vjp``.

    >>> import autograd_core as ag
    >>> jvp(lambda x: x**2, ag.tensor([1.0, 2.0]), ag.tensor([1.0, 10.0]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        xs, result = _run(func, inputs, create_graph)
        ys, vs = _several(result), _directions(v, xs, "the inputs")
        if strict:
            _check_dependence("jvp", ys, xs)
        found = Push(ys, xs)(vs, create_graph)
    return _out(result, create_graph), _same_form(found, result)


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return ``func(*inputs)``, one number, and H v, the product of its Hessian with *v*, without building H.

    H v = d/dx (g(x) . v) (Pearlmutter 1994).  *v*, of the inputs' form, may be left out for an input of one element.
    *create_graph* and *strict* are as in ``vjp``.

    >>> import autograd_core as ag
    >>> hvp(lambda x: (x**3).sum(), ag.tensor([1.0, 2.0]), ag.tensor([1.0, 1.0]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product("hvp", func, inputs, v, create_graph, strict)


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return ``func(*inputs)``, one number, and v^T H: what ``hvp`` computes, as a Hessian is symmetric.

    >>> import autograd_core as ag
    >>> vhp(lambda x: (x**3).sum(), ag.tensor([1.0, 2.0]), ag.tensor([1.0, 1.0]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    return _hessian_product("vhp", func, inputs, v, create_graph, strict)


def _hessian_product(
    name: str, func: Function, inputs: Any, v: Any, create_graph: bool, strict: bool
) -> tuple[Tensor, Any]:
    with enable_grad():
        xs, y = _run(func, inputs, create_graph)
        _one_number(y)
        vs = _directions(v, xs, "the inputs")
        if strict:
            _check_dependence(name, [y], xs)
        gs = pull([y], xs, [None], create_graph=True)
        if strict:
            _check_dependence(name, gs, xs, "the gradient")
        found = pull(gs, xs, vs, create_graph)
    return _out(y, create_graph), _same_form(found, inputs)


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Return the Jacobian of *func*: for each output and each input a tensor of the shape ``output.shape + input.shape``.

    By "reverse-mode" one backward pass for each element of the output, by "forward-mode" one for each of the inputs.  For a
    tuple of outputs a tuple, of tuples for a tuple of inputs.  *create_graph* and *strict* are as in ``vjp``; *vectorize* is
    accepted, and changes nothing.

    >>> import autograd_core as ag
    >>> jacobian(lambda x: x * x, ag.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in STRATEGIES:
        raise ArgumentError(f"jacobian: strategy={strategy!r}: expected one of {', '.join(STRATEGIES)}")
    with enable_grad():
        xs, result = _run(func, inputs, create_graph)
        ys = _several(result)
        if strict:
            _check_dependence("jacobian", ys, xs)
        if strategy == "reverse-mode":
            blocks: Sequence[Any] = [by_rows(y, xs, create_graph) for y in ys]
        else:
            blocks = by_columns(ys, xs, create_graph)
    return _same_form([_same_form(row, inputs) for row in blocks], result)


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Return the matrix of second derivatives of *func*, whose output is one number: shape ``input.shape + input.shape``.

    For a tuple of inputs, a tuple of tuples of such blocks.  The other arguments are as in ``jacobian``.

    >>> import autograd_core as ag
    >>> hessian(lambda x: (x**3).sum(), ag.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def gradient(*xs: Tensor) -> Any:
        y = func(*xs)
        _one_number(y)
        if strict:
            _check_dependence("hessian", [y], list(xs))
        return pull([y], xs, [None], create_graph=True)

    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    blocks = jacobian(gradient, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return blocks[0][0] if isinstance(inputs, Tensor) else blocks


def _run(func: Function, inputs: Any, create_graph: bool) -> tuple[list[Tensor], Any]:
    """Call *func* on leaves, or, with *create_graph*, on results that keep the inputs' own history."""
    given = _several(inputs)
    for i, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise ArgumentError(f"inputs[{i}] is a {type(x).__name__}: expected a Tensor; make one with tensor(data)")
    xs = [x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in given]
    result = func(*xs)
    for y in _several(result):
        if not isinstance(y, Tensor):
            raise ArgumentError(f"func returned a {type(y).__name__}: expected one Tensor, or a tuple of them")
    return xs, result


def _several(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, tuple | list) else [tensors]


def _same_form(found: Sequence[Any], form: Any) -> Any:
    return tuple(found) if isinstance(form, tuple | list) else found[0]


def _out(result: Any, create_graph: bool) -> Any:
    return result if create_graph else _same_form([y.detach() for y in _several(result)], result)


def _directions(v: Any, tensors: Sequence[Tensor], what: str) -> list[Tensor]:
    """Return *v* as a list; 1 if it is left out."""
    shapes = [t.shape for t in tensors]
    if v is None:
        if len(tensors) != 1 or tensors[0].numel() != 1:
            raise ShapeError(f"v is left out for {what} of shapes {shapes}: that is for one element; give v")
        return [wrap(np.ones(tensors[0].shape, tensors[0].dtype), None)]
    vs = _several(v)
    if [d.shape for d in vs] != shapes:
        raise ShapeError(f"v has shapes {[d.shape for d in vs]}: expected {shapes}, as {what}")
    return vs


def _one_number(y: Any) -> None:
    if not isinstance(y, Tensor):
        raise ArgumentError(f"func returned a {type(y).__name__}: expected one Tensor")
    if y.numel() != 1:
        raise ShapeError(f"func returned shape {y.shape}: expected one number, for instance its .sum()")


def _check_dependence(name: str, ys: Sequence[Tensor], xs: Sequence[Tensor], what: str = "output") -> None:
    """Raise unless each of *ys* depends on each of *xs*."""
    for k, y in enumerate(ys):
        used = (None,) * len(xs)
        if y.requires_grad:
            used = grad(y, xs, y.detach(), retain_graph=True, allow_unused=True)
        for i, g in enumerate(used):
            if g is None:
                raise GraphError(
                    f"{name}: {what} {k} does not depend on inputs[{i}], and strict=True forbids that; leave strict out for "
                    "zeros"
                )
