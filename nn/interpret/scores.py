"""The number that is explained: what it is, and its gradient by the input, with the model left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module
from ..training.arguments import check_model
from ..training.evaluation import modes_kept

__all__ = [
    "Bounds",
    "Target",
    "at_rest",
    "box_of",
    "check_input",
    "check_number",
    "classes_of",
    "input_gradient",
    "outputs_of",
    "selected",
]

Target = int | Sequence[int] | Tensor | None
Bounds = tuple[float | Tensor, float | Tensor]
Box = tuple[NDArray[Any], NDArray[Any]]


@contextmanager
def at_rest(model: Module) -> Iterator[None]:
    """Let *model* compute in eval mode, and leave each module in the mode in which it came."""
    check_model(model)
    with modes_kept(model):
        model.eval()
        yield


def check_input(name: str, input: Any) -> None:
    """Raise unless *input* is a floating Tensor (N, ...) with something in it."""
    expect.tensor(name, input)
    if not input.is_floating_point():
        raise expect.dtype_error(name, input, "floating numbers", "convert it with input.float()")
    if input.ndim < 2 or 0 in input.shape:
        raise expect.shape_error(name, input, "(N, ...), not empty", "add the batch dim: input.unsqueeze(0)")


def check_number(
    name: str, argument: str, value: Any, *, above: float | None = None, least: float | None = None
) -> None:
    """Raise ArgumentError unless *value* is a number *above* a bound, or of at least *least*."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
    if not fits or (above is not None and value <= above) or (least is not None and value < least):
        bound = f"above {above:g}" if above is not None else f"of at least {least:g}"
        raise ag.errors.ArgumentError(f"{name}: {argument}={value!r}, expected a number {bound}")


def box_of(name: str, bounds: Bounds, input: Tensor) -> Box:
    """Return *bounds* as arrays of the dtype of *input*; ArgumentError unless they are (low, high) and broadcast to it."""
    try:
        low, high = (np.asarray(b.array if isinstance(b, Tensor) else float(b), input.dtype) for b in bounds)
        fits = np.broadcast_shapes(low.shape, high.shape, input.shape) == input.shape and bool((low <= high).all())
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ag.errors.ArgumentError(
            f"{name}: bounds={bounds!r}, expected (low, high), numbers or Tensors that broadcast to {input.shape}"
        )
    return low, high


def outputs_of(name: str, model: Module, input: Tensor) -> Tensor:
    """Return the scores (N, classes) of *model*; ShapeError if its output has another form."""
    outputs = model(input)
    if not isinstance(outputs, Tensor) or outputs.ndim != 2 or len(outputs) != len(input):
        got = f"shape {outputs.shape}" if isinstance(outputs, Tensor) else f"a {type(outputs).__name__}"
        raise ag.errors.ShapeError(
            f"{name}: the model returned {got}: expected scores (N, classes) for N={len(input)}; put a module around it "
            "that returns those"
        )
    return outputs


def classes_of(name: str, outputs: Tensor, target: Target, argument: str = "target") -> Tensor:
    """Return *target* as class numbers (N,); None stands for the class with the highest score of each example."""
    n, classes = outputs.shape
    if target is None:
        return outputs.detach().argmax(1)
    found = np.asarray(target.array if isinstance(target, Tensor) else target)
    if found.dtype.kind not in "iu" or found.shape not in ((), (n,)):
        raise ag.errors.ArgumentError(
            f"{name}: {argument}={target!r}, expected a class, one class for each of the {n} examples, or None for the "
            "class with the highest score"
        )
    if ((found < 0) | (found >= classes)).any():
        raise IndexError(f"{name}: {argument}={target!r}, expected classes of 0 to {classes - 1}")
    return ag.from_numpy(np.ascontiguousarray(np.broadcast_to(found, (n,)), np.int64))


def selected(outputs: Tensor, classes: Tensor) -> Tensor:
    """Return the score (N,) of its class for each example."""
    return outputs.gather(1, classes.unsqueeze(1)).squeeze(1)


def input_gradient(
    name: str,
    model: Module,
    input: Tensor,
    target: Target,
    prepare: Callable[[Tensor], None] | None = None,
) -> Tensor:
    """Return the gradient of each example's score by its input.

    *prepare* is called with the summed score before the backward pass.  Gradients of parameters are not computed, and their
    ``grad`` stays what it is.
    """
    check_input(name, input)
    x = input.detach().requires_grad_()
    with at_rest(model), ag.enable_grad():
        outputs = outputs_of(name, model, x)
        total = selected(outputs, classes_of(name, outputs, target)).sum()
        if prepare is not None:
            prepare(total)
        if not total.requires_grad:
            return ag.zeros_like(input)
        (gradient,) = ag.grad(total, [x], allow_unused=True)
    return ag.zeros_like(input) if gradient is None else gradient
