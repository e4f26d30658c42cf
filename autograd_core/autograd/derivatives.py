"""``backward`` and ``grad`` of one output or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, GraphError
from ..graph import Node
from ..tensor import Tensor, accumulate_into_leaves, run_backward, wrap

__all__ = ["backward", "grad"]

Tensors = Tensor | Sequence[Tensor]


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Add the gradient of the sum of *tensors*, each weighted by its entry of *grad_tensors*, to ``.grad`` of the leaves.

    >>> import autograd_core as ag
    >>> x = ag.tensor(3.0, requires_grad=True)
    >>> backward([x * x, 2 * x])
    >>> x.grad
    tensor(8.)
    """
    outputs = sequence(tensors)
    run_backward(outputs, weights(grad_tensors, outputs), accumulate_into_leaves, None, retain_graph, create_graph)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of the sum of *outputs* with respect to each of *inputs*; ``.grad`` stays as it is.

    *grad_outputs* weights the outputs (needed for those of more than one element).  Inputs may be results as well as
    leaves.  An input that the outputs do not depend on is an error, unless *allow_unused* (its gradient is None) or
    *materialize_grads* (zeros).  With *create_graph* the gradients can be differentiated again.

    >>> import autograd_core as ag
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> (g,) = grad(x**3, x, create_graph=True)
    >>> g, grad(g, x)
    (tensor(12., grad_fn=<mul>), (tensor(12.),))
    """
    ys, xs = sequence(outputs), sequence(inputs)
    if not xs:
        raise ArgumentError("inputs is empty: name at least one tensor to differentiate with respect to")
    for i, x in enumerate(xs):
        if x.node is None:
            raise GraphError(
                f"inputs[{i}] (shape {x.shape}) has requires_grad=False: create it with requires_grad=True before the "
                "computation"
            )
    found: dict[Node, Any] = {}
    run_backward(
        ys, weights(grad_outputs, ys), found.__setitem__, [x.node for x in xs if x.node], retain_graph, create_graph
    )
    return tuple(_result(i, x, found.get(_node(x)), allow_unused, materialize_grads) for i, x in enumerate(xs))


def _result(i: int, x: Tensor, g: Any, allow_unused: bool, materialize: bool) -> Tensor | None:
    if g is None:
        if materialize:
            return wrap(np.zeros(x.shape, x.dtype), None)
        if not allow_unused:
            raise GraphError(
                f"inputs[{i}] (shape {x.shape}) was not used to compute the outputs; pass allow_unused=True to get None "
                "for it, or materialize_grads=True to get zeros"
            )
        return None
    if isinstance(g, Tensor):
        return g
    return wrap(np.array(g) if isinstance(g, np.ndarray | np.generic) else g, None)


def _node(x: Tensor) -> Node:
    assert x.node is not None
    return x.node


def sequence(tensors: Tensors) -> list[Tensor]:
    """Return one tensor, or several, as a list."""
    given = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    for i, t in enumerate(given):
        if not isinstance(t, Tensor):
            raise ArgumentError(f"tensor {i} is a {type(t).__name__}: expected a Tensor; make one with tensor(data)")
    return given


def weights(given: Any, outputs: list[Tensor]) -> list[Any]:
    """Return one weight, or None, for each output."""
    if given is None:
        return [None] * len(outputs)
    found = [given] if isinstance(given, Tensor | np.ndarray) else list(given)
    if len(found) != len(outputs):
        raise ArgumentError(f"{len(found)} gradients for {len(outputs)} outputs: give one, or None, for each")
    return found
