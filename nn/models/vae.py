"""The variational autoencoder."""

from __future__ import annotations

import math
from collections.abc import Sequence

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..layers import Flatten, Linear, Sequential
from ..module import Module
from .mlp import ACTIVATIONS, stack

__all__ = ["VariationalAutoencoder", "negative_elbo"]

Outputs = tuple[Tensor, ag.distributions.Normal]


class VariationalAutoencoder(Module):
    r"""A generative model: a code z of standard normal numbers, and a network that paints :math:`p(x | z)` from it.

    The encoder gives :math:`q(z | x)`, a normal distribution with independent numbers.  ``model(x)``, with x (N, ...) of
    numbers from 0 to 1, returns the logits of the pixels for a code drawn from it, of the shape of x, and the distribution
    itself, as ``negative_elbo`` takes them.  In eval mode the code is its mean.  *sizes* lead from the pixels to the code.
    Source: Kingma & Welling, "Auto-Encoding Variational Bayes", 2013.

    >>> import nn
    >>> model = nn.models.VariationalAutoencoder((784, 64, 8))
    >>> logits, posterior = model(ag.rand(2, 1, 28, 28))
    >>> logits.shape, posterior.mean.shape, model.sample(3).shape
    ((2, 1, 28, 28), (2, 8), (3, 784))
    """

    def __init__(self, sizes: Sequence[int] = (784, 256, 16), activation: str = "relu") -> None:
        super().__init__()
        if len(sizes) < 3:
            raise ag.errors.ArgumentError(
                f"sizes={tuple(sizes)}: expected the pixels, one hidden layer or more, and the code"
            )
        self.sizes = tuple(sizes)
        self.encoder = Sequential(Flatten(), *stack(sizes[:-1], activation), ACTIVATIONS[activation]())
        self.mean = Linear(sizes[-2], sizes[-1])
        self.log_variance = Linear(sizes[-2], sizes[-1])
        self.decoder = Sequential(*stack(sizes[::-1], activation))

    def encode(self, input: Tensor) -> ag.distributions.Normal:
        """Return q(z | x), a normal distribution (N, sizes[-1])."""
        if input.ndim < 2 or math.prod(input.shape[1:]) != self.sizes[0]:
            expected = f"(N, ...) of {self.sizes[0]} numbers each"
            raise expect.shape_error(self._get_name(), input, expected, "make sizes begin with the number of pixels")
        hidden = self.encoder(input)
        return ag.distributions.Normal(self.mean(hidden), (0.5 * self.log_variance(hidden)).exp())

    def decode(self, code: Tensor) -> Tensor:
        """Return the flat pictures (N, sizes[0]), means of the pixels from 0 to 1, that *code* describes."""
        return self.decoder(code).sigmoid()

    def forward(self, input: Tensor) -> Outputs:
        posterior = self.encode(input)
        code = posterior.rsample() if self.training else posterior.mean
        return self.decoder(code).reshape(input.shape), posterior

    @ag.no_grad()
    def sample(self, n: int, generator: ag.Generator | None = None) -> Tensor:
        """Return the flat pictures (n, sizes[0]) of codes drawn from the standard normal distribution."""
        expect.size(self._get_name(), n=n)
        return self.decode(ag.randn(n, self.sizes[-1], dtype=self.mean.weight.dtype, generator=generator))


def negative_elbo(outputs: Outputs, target: Tensor, beta: float = 1.0) -> Tensor:
    r"""Return the loss of a variational autoencoder in nats for each picture, an upper bound of :math:`-\log p(x)`.

    .. math:: -E_{q(z|x)} \log p(x | z) + \beta \, KL(q(z | x) \,\|\, N(0, 1))

    *outputs* is what the model returned, *target* the picture, of numbers from 0 to 1; pixels are Bernoulli variables.  A
    *beta* other than 1 gives up the bound for a simpler code (Higgins et al., "beta-VAE", 2017).

    >>> import nn
    >>> model, x = nn.models.VariationalAutoencoder((16, 8, 2)), ag.rand(4, 16)
    >>> bool(negative_elbo(model(x), x) > 0)
    True
    """
    logits, posterior = outputs
    standard = ag.distributions.Normal(ag.zeros_like(posterior.mean), ag.ones_like(posterior.mean))
    divergence = ag.distributions.kl_divergence(posterior, standard).sum()
    pixels = F.binary_cross_entropy_with_logits(logits, target, reduction="sum")
    return (pixels + beta * divergence) / len(target)
