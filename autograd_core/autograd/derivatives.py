"""``backward`` and ``grad`` of one output or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, GraphError
from ..graph import Node
from ..ops import stack
from ..tensor import Tensor, accumulate_into_leaves, accumulating, run_backward, wrap

__all__ = ["GradientEdge", "backward", "grad"]


class GradientEdge(NamedTuple):
    """Where a gradient arrives: a node, and which result of its call is meant; ``grad`` and ``backward`` take it for a tensor.

    It keeps the graph alive, and not the tensor's data.  ``ownership_token`` is None.

    >>> import autograd_core as ag
    >>> x = ag.tensor(3.0, requires_grad=True)
    >>> edge = ag.autograd.graph.get_gradient_edge(x * x)
    >>> ag.grad(edge, x)
    (tensor(6.),)
    """

    node: Node
    output_nr: int
    ownership_token: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the gradient."""
        return self.node.shape

    @property
    def dtype(self) -> Any:
        """The dtype of the gradient."""
        return self.node.dtype


One = Tensor | GradientEdge
Several = One | Sequence[One]


def backward(
    tensors: Several,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    *,
    inputs: Several | Mapping[Any, One] | None = None,
) -> None:
    """Add the gradient of the sum of *tensors*, each weighted by its entry of *grad_tensors*, to ``.grad`` of the leaves.

    To all leaves under them, or only to *inputs*, which may be results too.

    >>> import autograd_core as ag
    >>> x = ag.tensor(3.0, requires_grad=True)
    >>> backward([x * x, 2 * x])
    >>> x.grad
    tensor(8.)
    """
    ys = sequence("tensors", tensors)
    targets = None if inputs is None else accumulating(_tensors(sequence("inputs", inputs)))
    run_backward(ys, weights(grad_tensors, ys), accumulate_into_leaves, targets, retain_graph, create_graph)


def grad(
    outputs: Several,
    inputs: Several | Mapping[Any, One],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """Return the gradients of the sum of *outputs* by each of *inputs*, a tuple, or a dict for a dict; ``.grad`` stays.

    *grad_outputs* weights the outputs (needed for those of more than one element); with *is_grads_batched* each weight has
    one more dim in front, and so has each gradient: one backward pass for each place along it.  Inputs may be results as well
    as leaves.  An input that the outputs do not depend on is an error, unless *allow_unused* (its gradient is None) or
    *materialize_grads* (zeros).  With *create_graph* the gradients can be differentiated again.

    >>> import autograd_core as ag
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> (g,) = grad(x**3, x, create_graph=True)
    >>> g, grad(g, x)
    (tensor(12., grad_fn=<mul>), (tensor(12.),))
    """
    if not only_inputs:
        raise ArgumentError("grad: only_inputs=False is not supported; use backward() to accumulate into .grad")
    if materialize_grads and allow_unused is False:
        raise ArgumentError("grad: materialize_grads=True gives zeros for unused inputs; leave out allow_unused=False")
    ys, xs = sequence("outputs", outputs), sequence("inputs", inputs)
    if not xs:
        raise ArgumentError("inputs is empty: name at least one tensor to differentiate with respect to")
    names = [f"inputs[{name!r}]" for name in (inputs if isinstance(inputs, Mapping) else range(len(xs)))]
    for name, x in zip(names, xs, strict=True):
        if x.node is None:
            raise GraphError(
                f"{name} (shape {x.shape}) has requires_grad=False: create it with requires_grad=True before the computation"
            )

    def gradients(given: list[Any], retain: bool | None) -> tuple[Tensor | None, ...]:
        found: dict[Node, Any] = {}
        run_backward(ys, given, found.__setitem__, [node_of(x) for x in xs], retain, create_graph)
        return tuple(
            _result(name, x, found.get(node_of(x)), bool(allow_unused), materialize_grads)
            for name, x in zip(names, xs, strict=True)
        )

    vs = weights(grad_outputs, ys)
    result = _batched(gradients, vs, retain_graph, create_graph) if is_grads_batched else gradients(vs, retain_graph)
    return dict(zip(inputs, result, strict=True)) if isinstance(inputs, Mapping) else result


def _batched(
    gradients: Callable[[list[Any], bool | None], tuple[Tensor | None, ...]],
    vs: list[Any],
    retain_graph: bool | None,
    create_graph: bool,
) -> tuple[Tensor | None, ...]:
    """Return the gradients for each place along the first dim of the weights, stacked."""
    sizes = {len(v) for v in vs if v is not None}
    if len(sizes) != 1 or 0 in sizes:
        raise ArgumentError(
            f"grad: is_grads_batched=True needs grad_outputs with one first dim for all, not empty; they have {sorted(sizes)}"
        )
    (size,) = sizes
    keep = create_graph if retain_graph is None else retain_graph
    rows = [gradients([None if v is None else v[i] for v in vs], keep or i + 1 < size) for i in range(size)]
    return tuple(None if any(g is None for g in column) else stack(column) for column in zip(*rows, strict=True))


def _result(name: str, x: One, g: Any, allow_unused: bool, materialize: bool) -> Tensor | None:
    if g is None:
        if materialize:
            return wrap(np.zeros(x.shape, x.dtype), None)
        if not allow_unused:
            raise GraphError(
                f"{name} (shape {x.shape}) was not used to compute the outputs; pass allow_unused=True to get None for it, or "
                "materialize_grads=True to get zeros"
            )
        return None
    if isinstance(g, Tensor):
        return g
    return wrap(np.array(g) if isinstance(g, np.ndarray | np.generic) else g, None)


def _tensors(inputs: list[One]) -> list[Any]:
    for i, x in enumerate(inputs):
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"backward: inputs[{i}] is a GradientEdge, which has no .grad; give the tensor, or use grad()"
            )
    return inputs


def node_of(x: One) -> Node:
    assert x.node is not None  # asked before
    return x.node


def sequence(name: str, tensors: Several | Mapping[Any, One]) -> list[One]:
    """Return one tensor, or several, as a list."""
    if isinstance(tensors, Tensor | GradientEdge):
        return [tensors]
    given = list(tensors.values() if isinstance(tensors, Mapping) else tensors)
    for i, t in enumerate(given):
        if not isinstance(t, Tensor | GradientEdge):
            raise ArgumentError(f"{name}[{i}] is a {type(t).__name__}: expected a Tensor; make one with tensor(data)")
    return given


def weights(given: Any, outputs: Sequence[One]) -> list[Any]:
    """Return one weight, or None, for each output."""
    if given is None:
        return [None] * len(outputs)
    found = [given] if isinstance(given, Tensor | np.ndarray) else list(given)
    if len(found) != len(outputs):
        raise ArgumentError(f"{len(found)} gradients for {len(outputs)} outputs: give one, or None, for each")
    return found
