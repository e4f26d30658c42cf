"""The inputs of a data set that excite a unit most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag

from .. import expect
from ..module import Module
from ..training.arguments import check_loader
from .layers import Layer, module_at, recorded
from .scores import at_rest

__all__ = ["TopInputs", "top_inputs"]


@dataclass(frozen=True)
class TopInputs:
    """For each unit its *k* strongest examples, the strongest first.

    *values* and *indices* are (units, k): the activation, and the number of the example in the order of the loader.
    *places* is (units, k, dims): where in the unit's map it is strongest, with dims 0 for a layer without maps.

    >>> TopInputs(np.ones((3, 1)), np.zeros((3, 1), int), np.zeros((3, 1, 0), int)).indices.shape
    (3, 1)
    """

    values: NDArray[Any]
    indices: NDArray[np.int64]
    places: NDArray[np.int64]


@ag.no_grad()
def top_inputs(model: Module, loader: Any, *, layer: Layer, k: int = 9) -> TopInputs:
    """Return which examples of *loader* excite each unit of *layer* most.

    *loader* gives batches, of which the first part is the input of *model*; it must not shuffle if the indices are to mean
    something.  *layer* is a path or a module that gives (N, units) or maps (N, units, ...), of which the largest value
    counts.  The model computes in eval mode and is left as it was.  Source: Girshick et al., "Rich Feature Hierarchies",
    2013, section 3.1.

    >>> import nn
    >>> model = nn.Linear(2, 2, bias=False)
    >>> batch = (ag.tensor([[1.0, 0.0], [3.0, 0.0], [2.0, 0.0]]),)
    >>> with ag.no_grad():
    ...     _ = model.weight.copy_(ag.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    >>> top_inputs(model, [batch], layer="", k=2).indices.tolist()
    [[1, 2], [0, 2]]
    """
    chosen = module_at("top_inputs", model, layer)
    check_loader("loader", loader)
    expect.size("top_inputs", k=k)
    best: TopInputs | None = None
    seen = 0
    with at_rest(model), recorded({"layer": chosen}) as found:
        for batch in loader:
            found.clear()
            inputs = batch[0] if isinstance(batch, (tuple, list)) else batch
            model(inputs)
            if "layer" not in found:
                raise ag.errors.ArgumentError(f"top_inputs: layer={layer!r} did not run; use one that does")
            best = _merged(best, found["layer"].array, seen, k)
            seen += len(inputs)
    assert best is not None
    return best


def _merged(best: TopInputs | None, maps: NDArray[Any], first: int, k: int) -> TopInputs:
    """Return the best of *best* and of one batch, whose examples are numbered from *first*."""
    n, units = maps.shape[:2]
    flat = maps.reshape(n, units, -1)
    where = flat.argmax(2)  # (n, units)
    values = np.take_along_axis(flat, where[..., None], 2)[..., 0].T  # (units, n)
    indices = np.broadcast_to(np.arange(first, first + n), values.shape)
    places = np.stack(np.unravel_index(where.T, maps.shape[2:]), -1) if maps.ndim > 2 else np.zeros((units, n, 0), int)
    if best is not None:
        values = np.concatenate([best.values, values], 1)
        indices = np.concatenate([best.indices, indices], 1)
        places = np.concatenate([best.places, places], 1)
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    return TopInputs(
        np.take_along_axis(values, order, 1),
        np.take_along_axis(indices, order, 1),
        np.take_along_axis(places, order[..., None], 1),
    )
