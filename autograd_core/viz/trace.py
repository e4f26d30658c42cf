"""``trace``: a graph, its values and its backward pass, as one object that drawings and steppers read.

Making it changes nothing: not the graph, not ``.grad``, not the state of the random generator, not a model's buffers.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.watching import current, watch
from ..errors import ArgumentError, GraphError, ShapeError
from ..graph import Node
from ..modes import enable_grad
from ..position import outside
from ..random import default_generator
from ..tensor import Tensor
from .building import Builder, Recorder
from .names import Known, variables
from .schema import Trace
from .values import Copies

__all__ = ["trace", "trace_known"]


def trace(x: Any, *more: Any, gradient: Any = None, names: Mapping[str, Any] | None = None, **kwargs: Any) -> Trace:
    """Return the graph of a tensor, or of several, with its values and every step of its backward pass.

    ``trace(loss)`` reads a graph that is there: of forward values it has what backward keeps, what leaves hold, and what
    follows from those.  ``trace(model, *args, **kwargs)`` calls the model and looks on: it has them all; the random state
    and buffers are put back.  *gradient* is what the backward pass starts from, a list for several outputs; without it,
    ones.  *names* is a dict of tensors and modules by name; variables of the caller are known without.

    Hooks are not run.  The backward of an ``autograd.Function`` is; a checkpointed block is computed again, as in backward.
    Raises GraphError where nothing requires gradients.

    >>> import autograd_core as ag
    >>> from autograd_core.viz import trace
    >>> w = ag.tensor(3.0, requires_grad=True)
    >>> y = w * w + 1
    >>> for step in trace(y).steps:
    ...     print(step)
      1 y -> w * w: G = 1
      2 w * w -> w (1 of 2): G * w = 3
      3 w * w -> w (2 of 2): G * w = 3, sum 3 -> 6
    """
    copies, known, frame = Copies(), Known(), outside(sys._getframe(1))
    if names is not None:
        known.add(names)
    if isinstance(x, Tensor):
        if kwargs:
            raise ArgumentError(f"trace: {', '.join(kwargs)}: expected keyword arguments only where a model is called")
        outputs, recorder = [x, *more], None
    elif callable(x):
        if not more and not kwargs:
            _check_takes_nothing(x)
        recorder = Recorder(copies)
        known.given.update(id(t.array) for t in _tensors((more, kwargs)))
        with _put_back(x), _watched(recorder), enable_grad():
            outputs = _with_graph(_tensors(x(*more, **kwargs)))
            known.add({_name_of(x, frame): x})  # here, where its buffers are those that it read
    else:
        raise ArgumentError(f"trace: x is a {type(x).__name__}: expected a Tensor, or a model and its input")
    known.add(variables(frame))
    here = None if recorder is None else (frame.f_code, frame.f_lasti)
    return Builder(_seeds(outputs, gradient), outputs, known, copies, recorder, here).build()


def trace_known(outputs: Sequence[Tensor], known: Known) -> Trace:
    """Return the graph of *outputs* with the names in *known* alone: for who has no caller with variables.

    >>> from autograd_core.viz.trace import trace_known
    >>> w = ag.tensor(3.0, requires_grad=True)
    >>> known = Known()
    >>> known.add({"weight": w})
    >>> str(trace_known([w * 2], known).nodes[0])
    'weight'
    """
    return Builder(_seeds(outputs, None), outputs, known, Copies(), None, None).build()


def _check_takes_nothing(model: Any) -> None:
    """Raise ArgumentError for a model that cannot be called without an input."""
    try:
        inspect.signature(getattr(model, "forward", model)).bind()
    except TypeError as error:
        kind = type(model).__name__
        raise ArgumentError(
            f"trace: x is a {kind} without an input, {error}: expected what it is called with behind it; write draw(model, x), "
            "step(model, x) or trace(model, x)"
        ) from None
    except ValueError:
        return  # it does not say what it takes


def _name_of(model: Any, frame: FrameType) -> str:
    """Return what the program calls *model*, or "model"."""
    return next((name for name, value in variables(frame).items() if value is model), "model")


def _tensors(structure: Any) -> Iterator[Tensor]:
    """Yield the tensors in what a model takes or returns, in order."""
    ahead = [structure]
    while ahead:
        part = ahead.pop()
        if isinstance(part, Tensor):
            yield part
        elif isinstance(part, list | tuple):
            ahead += reversed(part)
        elif isinstance(part, Mapping):
            ahead += reversed(list(part.values()))


def _with_graph(outputs: Iterator[Tensor]) -> list[Any]:
    found = [t for t in outputs if t.node is not None]
    if not found:
        raise GraphError("trace: no output of the model requires gradients: give it parameters, or an input, that does")
    return found


def _seeds(outputs: Sequence[Any], gradient: Any) -> list[tuple[Node, Any]]:
    """Return the nodes of *outputs* and what the backward pass starts from at each, as ``backward`` makes it."""
    given = gradient if isinstance(gradient, list | tuple) else [gradient] * len(outputs)
    if len(given) != len(outputs) or (gradient is not None and len(outputs) > 1 and given is not gradient):
        raise ArgumentError(f"trace: gradient is for {len(outputs)} outputs: expected a list of one, or None, for each")
    found = []
    for i, (y, g) in enumerate(zip(outputs, given, strict=True)):
        if not isinstance(y, Tensor):
            raise ArgumentError(f"trace: argument {i} is a {type(y).__name__}: expected a Tensor, as the first is one")
        if y.node is None:
            raise GraphError(
                f"trace: a tensor of shape {y.shape} requires no gradient, so nothing was recorded: make what it depends on "
                "with requires_grad=True, outside no_grad()"
            )
        if g is None:
            g = dtypes.constant(1, y.dtype) if y.shape == () else np.ones(y.shape, y.dtype)
        else:
            g = np.asarray(g.array if isinstance(g, Tensor) else g, y.dtype)
            if g.shape != y.shape:
                raise ShapeError(f"trace: gradient has shape {g.shape}: expected {y.shape}, as the output has")
        found.append((y.node, g))
    return found


# -------------------------------------------------------------------------------------------------- looking on, unnoticed


@contextmanager
def _watched(recorder: Recorder) -> Iterator[None]:
    before = current()
    watch(before._replace(recorder=recorder))
    try:
        yield
    finally:
        watch(before)


@contextmanager
def _put_back(model: Any) -> Iterator[None]:
    """Have *model* write to copies of its buffers, and give the default generator back the state that it has now."""
    buffers = [b for _, b in model.named_buffers()] if hasattr(type(model), "named_buffers") else []
    arrays, state = [b.array for b in buffers], default_generator.get_state()
    for b in buffers:
        b.array = b.array.copy()
    try:
        yield
    finally:
        default_generator.set_state(state)
        for b, array in zip(buffers, arrays, strict=True):
            b.array = array
