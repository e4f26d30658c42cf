"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..layers import ELU, GELU, Dropout, LeakyReLU, Linear, ReLU, Sequential, Sigmoid, SiLU, Tanh
from ..module import Module

__all__ = ["ACTIVATIONS", "MLP", "stack"]

ACTIVATIONS: dict[str, type[Module]] = {
    "elu": ELU,
    "gelu": GELU,
    "leaky_relu": LeakyReLU,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "tanh": Tanh,
}


def stack(sizes: Sequence[int], activation: str, dropout: float = 0.0) -> list[Module]:
    """Return Linear layers between *sizes*, with *activation*, and dropout if any, after each but the last."""
    if len(sizes) < 2:
        raise ag.errors.ArgumentError(
            f"sizes={tuple(sizes)}: expected the sizes of the input and of the output at least"
        )
    if activation not in ACTIVATIONS:
        raise ag.errors.ArgumentError(f"activation={activation!r} is unknown; use one of {', '.join(ACTIVATIONS)}")
    layers: list[Module] = []
    for n, m in pairwise(sizes):
        layers += [Linear(n, m), ACTIVATIONS[activation]()]
        if dropout:
            layers.append(Dropout(dropout))
    return layers[: -2 if dropout else -1]


class MLP(Module):
    """Linear layers with an activation between them; all dims of an example are flattened: (N, ...) gives (N, sizes[-1]).

    >>> import nn
    >>> nn.models.MLP((784, 100, 10), activation="tanh")(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(self, sizes: Sequence[int] = (784, 256, 10), activation: str = "relu", dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = Sequential(*stack(sizes, activation, dropout))

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim < 2:
            raise expect.shape_error(self._get_name(), input, "(N, ...)", "add the batch dim: input.unsqueeze(0)")
        return self.layers(input.flatten(1))
