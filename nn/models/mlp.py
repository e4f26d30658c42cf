"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..layers import ELU, GELU, BatchNorm1d, Dropout, Identity, LeakyReLU, Linear, ReLU, Sequential, Sigmoid, SiLU, Tanh
from ..module import Module

__all__ = ["ACTIVATIONS", "MLP", "ResidualMLP", "stack"]

ACTIVATIONS: dict[str, type[Module]] = {
    "elu": ELU,
    "gelu": GELU,
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "tanh": Tanh,
}


def stack(sizes: Sequence[int], activation: str, dropout: float = 0.0, batch_norm: bool = False) -> list[Module]:
    """Return Linear layers between *sizes*; after each but the last batch norm if any, *activation*, and dropout if any."""
    if len(sizes) < 2:
        raise ag.errors.ArgumentError(
            f"sizes={tuple(sizes)}: expected the sizes of the input and of the output at least"
        )
    made = activation_of(activation)
    layers: list[Module] = []
    for n, m in pairwise(sizes[:-1]):
        layers += [Linear(n, m), *([BatchNorm1d(m)] if batch_norm else []), made()]
        if dropout:
            layers.append(Dropout(dropout))
    return [*layers, Linear(sizes[-2], sizes[-1])]


def activation_of(name: str) -> type[Module]:
    """Return the class of an activation, or raise ArgumentError."""
    if name not in ACTIVATIONS:
        raise ag.errors.ArgumentError(f"activation={name!r} is unknown; use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


class MLP(Module):
    """Linear layers with an activation between them; all dims of an example are flattened: (N, ...) gives (N, sizes[-1]).

    >>> import nn
    >>> nn.models.MLP((784, 100, 10), activation="tanh")(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(
        self,
        sizes: Sequence[int] = (784, 256, 10),
        activation: str = "relu",
        dropout: float = 0.0,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        self.layers = Sequential(*stack(sizes, activation, dropout, batch_norm))

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim < 2:
            raise expect.shape_error(self._get_name(), input, "(N, ...)", "add the batch dim: input.unsqueeze(0)")
        return self.layers(input.flatten(1))


class ResidualBlock(Module):
    """x + Linear(activation(BatchNorm(x))), of one width."""

    def __init__(self, width: int, activation: type[Module]) -> None:
        super().__init__()
        self.norm, self.activation, self.linear = BatchNorm1d(width), activation(), Linear(width, width)

    def forward(self, input: Tensor) -> Tensor:
        return input + self.linear(self.activation(self.norm(input)))


class ResidualMLP(Module):
    """A Linear layer to *width* numbers, *depth* residual blocks, and a Linear layer to the classes: (N, ...) gives (N, C).

    A block adds to what passes through it: x + Linear(activation(BatchNorm(x))).  The sum leads the gradient past every
    layer, so depth does not make it vanish.  Source: He et al., "Identity Mappings in Deep Residual Networks", 2016, whose
    blocks are of convolutions.

    >>> import nn
    >>> nn.models.ResidualMLP(784, 32, depth=20)(ag.zeros(2, 1, 28, 28)).shape
    (2, 10)
    """

    def __init__(
        self, in_features: int = 784, width: int = 100, depth: int = 10, num_classes: int = 10, activation: str = "relu"
    ) -> None:
        super().__init__()
        expect.size("ResidualMLP", in_features=in_features, width=width, depth=depth, num_classes=num_classes)
        made = activation_of(activation)
        self.stem = Linear(in_features, width)
        self.blocks = Sequential(*(ResidualBlock(width, made) for _ in range(depth)))
        self.head = Linear(width, num_classes)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim < 2:
            raise expect.shape_error(self._get_name(), input, "(N, ...)", "add the batch dim: input.unsqueeze(0)")
        return self.head(self.blocks(self.stem(input.flatten(1))))
