"""What happens inside: the activations of every layer, and the filters that it learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..layers import Conv2d
from ..module import Module
from ..training.arguments import check_model
from .scores import at_rest, check_input

__all__ = ["activations", "filters", "module_at", "recorded"]

Layer = str | Module


def module_at(name: str, model: Module, layer: Layer) -> Module:
    """Return the module of *model* that *layer* is, or is the path of; ArgumentError with the paths there are."""
    check_model(model)
    modules = dict(model.named_modules())
    found = modules.get(layer) if isinstance(layer, str) else layer
    if found is None or not any(found is module for module in modules.values()):
        given = repr(layer) if isinstance(layer, str) else f"a {type(layer).__name__}"
        paths = ", ".join(path for path in modules if path)
        raise ag.errors.ArgumentError(f"{name}: layer={given} is not in the model; use one of {paths or 'its modules'}")
    return found


@contextmanager
def recorded(modules: dict[str, Module]) -> Iterator[dict[str, Tensor]]:
    """Yield a dict that fills with what each of *modules* returns when it is called, in that order, with its graph.

    A second call of the same module is ``path #2``; of a tuple the first part is kept.  The hooks go at the end.
    """
    found: dict[str, Tensor] = {}

    def hook(path: str) -> Any:
        def keep(module: Module, args: Any, output: Any) -> Any:
            value = output[0] if isinstance(output, tuple) and output else output
            if not isinstance(value, Tensor):
                return None
            name, call = path, 1
            while name in found:
                call += 1
                name = f"{path} #{call}"
            found[name] = value
            return output.clone() if value is output else None  # what comes after may write into it

        return keep

    with ExitStack() as stack:
        for path, module in modules.items():
            stack.enter_context(module.register_forward_hook(hook(path)))
        yield found


@ag.no_grad()
def activations(model: Module, input: Tensor, layers: Sequence[Layer] | None = None) -> dict[str, Tensor]:
    """Return what each layer gives for *input*, by path, in the order in which they ran.

    *layers* are paths or modules; by default all that hold no others.  A layer that runs again appears as ``path #2``; of a
    tuple the first part is kept.  The model computes in eval mode, without a graph, and is left as it was.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> {path: a.shape for path, a in activations(model, ag.ones(2, 4)).items()}
    {'0': (2, 8), '1': (2, 8), '2': (2, 3)}
    """
    check_input("activations", input)
    check_model(model)
    paths = {id(module): path for path, module in model.named_modules()}
    if layers is None:
        chosen = {path: module for path, module in model.named_modules() if not any(True for _ in module.children())}
    else:
        modules = [module_at("activations", model, layer) for layer in layers]
        chosen = {paths[id(module)]: module for module in modules}
    with at_rest(model), recorded(chosen) as found:
        model(input)
    return {path: value.detach() for path, value in found.items()}


def filters(weight: Module | Tensor, shape: Sequence[int] | None = None) -> NDArray[Any]:
    """Return weights as pictures: (units, h, w), or (units, h, w, 3) for filters of three channels; 0.5 is weight zero.

    *weight* is a Tensor, a layer with a weight, or a model, which stands for its first convolution.  (O, I, h, w) gives O
    pictures for I of 1 or 3, and O times I otherwise; (O, n) needs *shape*, of n pixels: (h, w) or (3, h, w).  Each is
    scaled by its own largest weight.

    >>> import nn
    >>> filters(nn.Conv2d(3, 16, 5)).shape, filters(nn.Linear(784, 10), (28, 28)).shape
    ((16, 5, 5, 3), (10, 28, 28))
    """
    if isinstance(weight, Module) and not isinstance(getattr(weight, "weight", None), Tensor):
        first = next((module for module in weight.modules() if isinstance(module, Conv2d)), None)
        if first is None:
            raise ag.errors.ArgumentError(
                f"filters: {type(weight).__name__} holds no Conv2d; give the layer whose weight it shall be"
            )
        weight = first
    found: Any = weight
    if isinstance(weight, Module):
        found = found.weight
    expect.tensor("filters", found, "weight")
    w = np.array(found.array, np.float64)
    if w.ndim == 2 and shape is not None and math.prod(shape) == w.shape[1]:
        w = w.reshape(len(w), *(1, *shape)[-3:])
    if w.ndim != 4 or not w.size:
        given = "" if shape is None else f" and shape={tuple(shape)}"
        raise ag.errors.ShapeError(
            f"filters: weight has shape {found.shape}{given}: expected (O, I, h, w), or (O, n) and a shape of n pixels"
        )
    if w.shape[1] not in (1, 3):
        w = w.reshape(-1, 1, *w.shape[2:])
    largest = np.abs(w).max((1, 2, 3), keepdims=True)
    pictures = 0.5 + w / np.where(largest > 0, 2 * largest, 1)
    return np.ascontiguousarray(pictures[:, 0] if w.shape[1] == 1 else pictures.transpose(0, 2, 3, 1))
