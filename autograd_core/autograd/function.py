"""``Function``: an operation with a backward of the user's own."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import DtypeError, GraphError, ShapeError
from ..graph import Custom, Node, Wrap, add_pending, record
from ..modes import enable_grad, no_grad, recording
from ..tensor import Tensor, lift, wrap
from ..views import give_history, origin, refuse_leaf
from .watching import current

__all__ = ["Function", "FunctionContext", "once_differentiable"]

Operands = tuple[Node | None, ...]


class FunctionContext:
    """What ``forward`` leaves for ``backward``: saved tensors, and any attribute that you set.

    ``needs_input_grad`` says, for each argument of ``forward``, whether somebody wants its gradient.

    >>> FunctionContext().saved_tensors
    ()
    """

    needs_input_grad: tuple[bool, ...]

    def __init__(self) -> None:
        self._tensors: tuple[Tensor | None, ...] | None = ()
        self._not_differentiable: tuple[Tensor, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep *tensors*, arguments or results, until backward; a later write to their memory is then noticed."""
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                raise DtypeError(
                    f"save_for_backward: argument {i} is a {type(t).__name__}; it takes tensors, put other values on ctx "
                    "(ctx.name = value)"
                )
        self._tensors = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Do nothing: forward derivatives come from ``backward`` here, and ``jvp`` is never called."""

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say that ``forward`` wrote these arguments in place; it must return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say that these results have no gradient: indices, masks."""
        self._not_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Say whether ``backward`` gets zeros for a result without a gradient, as it does by default, or None."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What ``save_for_backward`` kept; there while ``backward`` runs."""
        if self._tensors is None:
            raise GraphError("saved_tensors can be read inside backward only; keep what you need longer elsewhere")
        return self._tensors


class Function:
    """An operation whose derivative is written by hand: subclass it, and call ``apply``.

    ``forward(ctx, *args)`` computes on tensors, unrecorded; or ``forward(*args)`` does, and ``setup_context(ctx, inputs,
    output)`` fills *ctx*.  ``backward(ctx, *gradients)``, also named ``vjp``, gets one gradient for each result and returns
    one, or None, for each argument of forward.  It runs on Tensors, so with ``create_graph=True`` it can itself be
    differentiated.  ``jvp`` and ``generate_vmap_rule`` are accepted, and not needed: forward derivatives come from
    ``backward``, and ``vmap`` calls ``forward`` for each example.

    >>> import autograd_core as ag
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x * x * g
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result or the tuple of results."""
        raise NotImplementedError(
            "a Function needs a static method forward(ctx, *args), or forward(*args) and setup_context(ctx, inputs, output)"
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Leave on *ctx* what ``backward`` needs; define it for a ``forward`` without *ctx*."""
        raise NotImplementedError("a Function whose forward takes no ctx needs a static method setup_context")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Return the gradient for each argument of forward."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *gradients)")

    vjp = backward

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run ``forward`` and record the call."""
        nodes = tuple(a.node if isinstance(a, Tensor) else None for a in args)
        ctx = FunctionContext()
        ctx.needs_input_grad = tuple(n is not None for n in nodes)
        results = cls._run(ctx, args)
        single = not isinstance(results, tuple)
        given: tuple[Any, ...] = (results,) if single else results
        if single and not isinstance(results, Tensor):
            raise DtypeError(
                f"{cls.__name__}.forward returned a {type(results).__name__}: expected a Tensor or a tuple of results"
            )
        if any(all(t is not out for out in given) for t in ctx._dirty):
            raise GraphError(f"{cls.__name__}.forward marked an argument dirty and did not return it; return it")
        if not recording.get() or all(n is None for n in nodes):
            return results
        constant = {id(t) for t in ctx._not_differentiable}
        live = [isinstance(out, Tensor) and out.dtype.kind == "f" and id(out) not in constant for out in given]
        if not any(live):
            return results
        dirty = {id(t) for t in ctx._dirty}
        outputs = tuple(out if id(out) in dirty else _fresh(out, args) for out in given)
        prim = _Joint(cls, ctx, [out.array if there else None for out, there in zip(outputs, live, strict=True)])
        joint = record(prim, nodes, prim.take_over(args, given), outputs[live.index(True)].array)
        current().after_record(joint)
        for i, (out, there) in enumerate(zip(outputs, live, strict=True)):
            if there:
                result = record(_Result(cls.__name__, i), (joint,), (), out.array)
                prim.results[i] = weakref.ref(result)
                if id(out) in dirty:
                    root, chain = origin(out)
                    refuse_leaf(root, chain)
                    give_history(root, chain, result)
                else:
                    out.node = result
        return outputs[0] if single else outputs

    @classmethod
    def _run(cls, ctx: FunctionContext, args: tuple[Any, ...]) -> Any:
        with no_grad():
            if cls.setup_context is Function.setup_context:
                return cls.forward(ctx, *args)
            results = cls.forward(*args)
            cls.setup_context(ctx, args, results)
            return results


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Let the ``backward`` of a Function compute by any means; a derivative of its results is then an error.

    >>> import autograd_core as ag
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     @once_differentiable
    ...     def backward(ctx, g):
    ...         return g * ag.tensor(3 * ctx.saved_tensors[0].numpy() ** 2)
    >>> x = ag.tensor(2.0, requires_grad=True)
    >>> (g,) = ag.grad(Cube.apply(x), x, create_graph=True)
    >>> ag.grad(g, x)
    Traceback (most recent call last):
    autograd_core.errors.GraphError: ...
    """

    @functools.wraps(backward)
    def once(ctx: FunctionContext, *gradients: Any) -> Any:
        used = [t.node for t in (*gradients, *ctx.saved_tensors) if isinstance(t, Tensor) and t.node is not None]
        saved, ctx._tensors = ctx.saved_tensors, tuple(None if t is None else t.detach() for t in ctx.saved_tensors)
        with no_grad():
            found = backward(ctx, *(None if g is None else g.detach() for g in gradients))
        ctx._tensors = saved
        if not recording.get() or not used:
            return found
        single = not isinstance(found, tuple)
        refused = tuple(
            wrap(d.array, record(_Once(backward.__qualname__), tuple(used), (), d.array))
            if isinstance(d, Tensor)
            else d
            for d in ((found,) if single else found)
        )
        return refused[0] if single else refused

    return once


class _Once(Custom):
    """What made a gradient that cannot be differentiated again."""

    def __init__(self, name: str) -> None:
        self.name = name

    def pull(self, node: Node, g: Any) -> None:
        raise GraphError(
            f"{self.name} is marked once_differentiable, and its result is differentiated. Write it with tensor operations "
            "and take the mark away"
        )

    def pull_tensors(self, node: Node, g: Any, wrap: Wrap, operands: Operands) -> None:
        self.pull(node, g)


def _fresh(out: Any, args: tuple[Any, ...]) -> Any:
    """Return a result as a Tensor of its own: an argument that is handed back, or a view of one, keeps its own history."""
    if isinstance(out, Tensor) and (out.alias is not None or any(out is a for a in args)):
        return wrap(out.array, None)
    return out


class _Result(Custom):
    """One of several results: hands its gradient to the joint node, which waits for all of them."""

    def __init__(self, name: str, place: int) -> None:
        self.name, self.place = name, place

    def whole(self, node: Node) -> Node:
        (joint,) = node.parents
        assert joint is not None  # every result has the call behind it
        return joint

    def pull(self, node: Node, g: Any) -> None:
        (joint,) = node.parents
        assert joint is not None  # the walk leaves out a call of which nothing is wanted
        joint.pending = joint.pending or {}
        joint.pending[self.place], joint.owned = g, False

    def pull_tensors(self, node: Node, g: Any, wrap: Wrap, operands: Operands) -> None:
        self.pull(node, g)


class _Joint(Custom):
    """The call of a Function: its backward, with what it returns checked."""

    saved = ("saved tensor",)

    def __init__(self, cls: type[Function], ctx: FunctionContext, outputs: Sequence[Any]) -> None:
        self.name, self.ctx = cls.__name__, ctx
        self._formula = cls.backward if cls.backward is not Function.backward else cls.vjp
        self.forms = [None if out is None else (out.shape, out.dtype) for out in outputs]  # of the gradients
        self.results: dict[int, weakref.ref[Node]] = {}  # weak: results hold this call, not the other way round
        self.origins: list[Node | int | None] = []  # of each saved tensor: its node, or its place among the results

    def arriving(self, g: dict[int, Any]) -> tuple[Any, ...]:
        return tuple(g.get(i) for i in range(len(self.forms)))

    def take_over(self, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arrays of the saved tensors, for the node to keep, and remember where each came from."""
        tensors, self.ctx._tensors = self.ctx.saved_tensors, None
        self.keeps = bool(tensors)
        place = {id(out): i for i, out in enumerate(outputs) if not any(out is a for a in args)}
        self.origins = [None if t is None else place.get(id(t), t.node) for t in tensors]
        return (tuple(None if t is None else t.array for t in tensors),)

    def _saved_tensors(self, node: Node) -> tuple[Tensor | None, ...]:
        found: list[Tensor | None] = []
        for array, source in zip(node.saved[0], self.origins, strict=True):
            if isinstance(source, int):
                ref = self.results.get(source)
                source = ref() if ref else None
            found.append(None if array is None else wrap(array, source))
        return tuple(found)

    def pull(self, node: Node, g: dict[int, Any]) -> None:
        with no_grad():
            found = self._backward(node, {i: wrap(lift(a), None) for i, a in g.items()})
        for parent, d in found:
            add_pending(parent, d.array, node)

    def pull_tensors(self, node: Node, g: dict[int, Any], wrap: Wrap, operands: Operands) -> None:
        with enable_grad():
            for parent, d in self._backward(node, g):
                add_pending(parent, d, node)

    def _backward(self, node: Node, g: dict[int, Tensor]) -> list[tuple[Node, Tensor]]:
        name = f"{self.name}.backward"
        zeros = self.ctx._materialize
        gradients = [
            g[i] if i in g else wrap(np.zeros(*form), None) if zeros and form is not None else None
            for i, form in enumerate(self.forms)
        ]
        self.ctx._tensors = self._saved_tensors(node)
        try:
            found = self._formula(self.ctx, *gradients)
        finally:
            self.ctx._tensors = None
        found = found if isinstance(found, tuple) else (found,)
        found, extra = found[: len(node.parents)], found[len(node.parents) :]
        if len(found) != len(node.parents) or any(d is not None for d in extra):
            raise GraphError(
                f"{name} returned {len(found) + len(extra)} gradients for the {len(node.parents)} arguments of forward; "
                "return one for each, None where there is none"
            )
        pairs = []
        for i, (parent, d) in enumerate(zip(node.parents, found, strict=True)):
            if parent is None or d is None:
                continue
            if not isinstance(d, Tensor):
                raise DtypeError(f"{name}: gradient {i} is a {type(d).__name__}; expected a Tensor or None")
            if d.shape != parent.shape:
                raise ShapeError(
                    f"{name}: gradient {i} has shape {d.shape}; expected {parent.shape}, as argument {i} has"
                )
            if d.dtype != parent.dtype:
                raise DtypeError(f"{name}: gradient {i} is {d.dtype}; expected {parent.dtype}, as argument {i} is")
            pairs.append((parent, d))
        return pairs
