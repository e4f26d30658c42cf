"""Autoencoders: networks that describe their input in few numbers, and paint it from them again."""

from __future__ import annotations

import math
from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..layers import Flatten, Sequential, Sigmoid
from ..module import Module
from .mlp import stack

__all__ = ["Autoencoder", "DenoisingAutoencoder"]


class Autoencoder(Module):
    """An undercomplete autoencoder: Linear layers down to a code, the same sizes up again, numbers from 0 to 1 out.

    (N, ...) gives a picture of the same shape; ``encode`` and ``decode`` are its halves.  Train it to return its input,
    with MSELoss or BCELoss.  Source: Hinton & Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks",
    2006.

    >>> import nn
    >>> model = nn.models.Autoencoder((784, 128, 32))
    >>> x = ag.zeros(2, 1, 28, 28)
    >>> model.encode(x).shape, model(x).shape
    ((2, 32), (2, 1, 28, 28))
    """

    undercomplete = True

    def __init__(self, sizes: Sequence[int] = (784, 128, 32), activation: str = "relu") -> None:
        super().__init__()
        if self.undercomplete and len(sizes) and min(sizes) != sizes[-1]:
            raise ag.errors.ArgumentError(
                f"sizes={tuple(sizes)}: the code, which is the last, must be the smallest, or there is nothing to learn"
            )
        self.sizes = tuple(sizes)
        self.encoder = Sequential(Flatten(), *stack(sizes, activation))
        self.decoder = Sequential(*stack(sizes[::-1], activation), Sigmoid())

    def encode(self, input: Tensor) -> Tensor:
        """Return the codes (N, sizes[-1])."""
        if input.ndim < 2 or math.prod(input.shape[1:]) != self.sizes[0]:
            expected = f"(N, ...) of {self.sizes[0]} numbers each"
            raise expect.shape_error(self._get_name(), input, expected, "make sizes begin with the number of pixels")
        return self.encoder(input)

    def decode(self, code: Tensor) -> Tensor:
        """Return the flat pictures (N, sizes[0]) that *code* describes."""
        return self.decoder(code)

    def forward(self, input: Tensor) -> Tensor:
        return self.decode(self.encode(input)).reshape(input.shape)


class DenoisingAutoencoder(Autoencoder):
    """An autoencoder that sees a spoilt input while training, and is to return the clean one.

    *noise* says how it is spoilt: "masking" sets a part *level* of the numbers to 0, "gaussian" adds normal noise of
    standard deviation *level*.  ``eval`` spoils nothing.  Compare its output with the clean input: it must learn what
    pictures look like, so the code need not be small.  Source: Vincent et al., "Extracting and Composing Robust Features
    with Denoising Autoencoders", 2008.

    >>> import nn
    >>> nn.models.DenoisingAutoencoder(level=0.5)(ag.zeros(2, 784)).shape
    (2, 784)
    """

    undercomplete = False

    def __init__(
        self,
        sizes: Sequence[int] = (784, 128, 32),
        activation: str = "relu",
        noise: str = "masking",
        level: float = 0.3,
    ) -> None:
        super().__init__(sizes, activation)
        if noise not in ("masking", "gaussian"):
            raise ag.errors.ArgumentError(f"noise={noise!r} is unknown; use 'masking' or 'gaussian'")
        if not 0 <= level <= (1 if noise == "masking" else math.inf):
            raise ag.errors.ArgumentError(
                f"level={level}: expected a part from 0 to 1 for masking, a standard deviation of at least 0 for gaussian"
            )
        self.noise, self.level = noise, level

    def corrupt(self, input: Tensor) -> Tensor:
        """Return *input* spoilt by noise."""
        if self.noise == "masking":
            return input * (ag.rand(*input.shape) >= self.level)
        return input + self.level * ag.randn(*input.shape, dtype=input.dtype)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(self.corrupt(input) if self.training else input)

    def extra_repr(self) -> str:
        return f"noise={self.noise!r}, level={self.level}"
