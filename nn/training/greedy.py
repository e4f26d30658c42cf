"""Greedy layer-wise training: each layer learns from what the layers below make of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

import autograd_core as ag
from autograd_core import Tensor

from .arguments import check_count, check_model
from .evaluation import modes_kept

__all__ = ["Encoder", "greedy_layerwise"]


class Encoder(Protocol):
    """A layer that can be stacked: a module with an ``encode``.

    >>> import nn
    >>> encoder: Encoder = nn.models.Autoencoder((8, 4))
    >>> encoder.encode(ag.rand(10, 8)).shape
    (10, 4)
    """

    def encode(self, input: Tensor, /) -> Tensor:
        """Return the codes of *input*: what the next layer gets."""
        ...


L = TypeVar("L", bound=Encoder)
R = TypeVar("R")


def greedy_layerwise(
    layers: Iterable[L], inputs: Tensor, train: Callable[[L, Tensor], R], *, batch_size: int = 512
) -> list[R]:
    """Train *layers* from the first to the last, each on the codes of those before it; return what *train* returned for each.

    ``train(layer, codes)`` trains one layer, an autoencoder or an RBM say, on a Tensor of all its inputs; then its ``encode``,
    in eval mode and *batch_size* rows at a time, makes the inputs of the next.  For stacked denoising autoencoders and deep
    belief nets.  Source: Hinton, Osindero & Teh, "A Fast Learning Algorithm for Deep Belief Nets", 2006; Bengio et al.,
    "Greedy Layer-Wise Training of Deep Networks", 2006; Vincent et al., "Stacked Denoising Autoencoders", 2010.

    >>> import nn
    >>> layers = [nn.models.Autoencoder((8, 4)), nn.models.Autoencoder((4, 2))]
    >>> greedy_layerwise(layers, ag.rand(10, 8), lambda layer, codes: codes.shape)
    [(10, 8), (10, 4)]
    """
    check_count("batch_size", batch_size)
    stack = list(layers)
    for layer in stack:
        check_model(layer)
        if not callable(getattr(layer, "encode", None)):
            raise TypeError(
                f"layers holds a {type(layer).__name__}: expected layers with an encode, such as Autoencoder"
            )
    if not stack or not len(inputs):
        what = "layers" if not stack else "inputs"
        raise ag.errors.ArgumentError(f"{what} is empty: there is nothing to train; give at least one")
    results = []
    for place, layer in enumerate(stack):
        results.append(train(layer, inputs))
        if place < len(stack) - 1:
            inputs = _encoded(layer, inputs, batch_size)
    return results


@ag.no_grad()
def _encoded(layer: Any, inputs: Tensor, batch_size: int) -> Tensor:
    with modes_kept(layer):
        layer.eval()
        return ag.cat([layer.encode(inputs[i : i + batch_size]) for i in range(0, len(inputs), batch_size)])
