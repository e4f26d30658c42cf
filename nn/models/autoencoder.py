"""Autoencoders: networks that describe their input in few numbers, and paint it from them again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..layers import Conv2d, ConvTranspose2d, Flatten, Linear, ReLU, Sequential, Sigmoid, Unflatten
from ..module import Module
from .mlp import ACTIVATIONS, stack

__all__ = [
    "Autoencoder",
    "ConvolutionalAutoencoder",
    "DenoisingAutoencoder",
    "contractive_penalty",
    "kl_sparsity",
]


class Autoencoder(Module):
    """An undercomplete autoencoder: Linear layers down to a code, and the same sizes up again.

    (N, ...) gives a picture of the same shape; ``encode`` and ``decode`` are its halves.  *activation* stands between the
    layers, *code* on the code, *output* on the picture: numbers from 0 to 1, unless it is another.  Train it to return its
    input, with MSELoss or BCELoss.  With "identity" for all three it is linear, and spans the subspace of the first principal
    components (Baldi & Hornik, "Neural Networks and Principal Component Analysis", 1989).  Source: Hinton & Salakhutdinov,
    "Reducing the Dimensionality of Data with Neural Networks", 2006.

    >>> import nn
    >>> model = nn.models.Autoencoder((784, 128, 32))
    >>> x = ag.zeros(2, 1, 28, 28)
    >>> model.encode(x).shape, model(x).shape
    ((2, 32), (2, 1, 28, 28))
    """

    undercomplete = True

    def __init__(
        self,
        sizes: Sequence[int] = (784, 128, 32),
        activation: str = "relu",
        code: str = "identity",
        output: str = "sigmoid",
    ) -> None:
        super().__init__()
        if self.undercomplete and len(sizes) and min(sizes) != sizes[-1]:
            raise ag.errors.ArgumentError(
                f"sizes={tuple(sizes)}: the code, which is the last, must be the smallest, or there is nothing to learn"
            )
        self.sizes = tuple(sizes)
        self.encoder = Sequential(Flatten(), *stack(sizes, activation), *_last("code", code))
        self.decoder = Sequential(*stack(sizes[::-1], activation), *_last("output", output))

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


def _last(argument: str, activation: str) -> list[Module]:
    """Return the activation that ends a half, or nothing for the identity."""
    if activation not in ACTIVATIONS:
        raise ag.errors.ArgumentError(f"{argument}={activation!r} is unknown; use one of {', '.join(ACTIVATIONS)}")
    return [] if activation == "identity" else [ACTIVATIONS[activation]()]


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
        code: str = "identity",
        output: str = "sigmoid",
    ) -> None:
        super().__init__(sizes, activation, code, output)
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


class ConvolutionalAutoencoder(Module):
    """An autoencoder of strided convolutions: each of *channels* halves the picture, and a transposed one doubles it again.

    (N, in_channels, H, W), with H and W multiples of ``2 ** len(channels)``, gives a picture of the same shape with numbers
    from 0 to 1; the code is (N, code).  Source: Masci et al., "Stacked Convolutional Auto-Encoders for Hierarchical Feature
    Extraction", 2011, who pool where this strides.

    >>> import nn
    >>> model = nn.models.ConvolutionalAutoencoder(code=16)
    >>> x = ag.zeros(2, 1, 28, 28)
    >>> model.encode(x).shape, model(x).shape
    ((2, 16), (2, 1, 28, 28))
    """

    def __init__(
        self,
        code: int = 32,
        channels: Sequence[int] = (16, 32),
        in_channels: int = 1,
        size: tuple[int, int] = (28, 28),
    ) -> None:
        super().__init__()
        expect.size(self._get_name(), code=code, in_channels=in_channels)
        times = 2 ** len(channels)
        if not channels or any(n % times or n < times for n in size):
            raise ag.errors.ArgumentError(
                f"channels={tuple(channels)}, size={tuple(size)}: expected one number of channels or more, and sizes that are "
                f"multiples of {times}, to halve them so often"
            )
        self.in_channels, self.size = in_channels, tuple(size)
        small = (channels[-1], size[0] // times, size[1] // times)
        down: list[Module] = []
        up: list[Module] = []
        for n, m in zip((in_channels, *channels), channels, strict=False):
            down += [Conv2d(n, m, 3, stride=2, padding=1), ReLU()]
            up = [ConvTranspose2d(m, n, 4, stride=2, padding=1), ReLU(), *up]
        self.encoder = Sequential(*down, Flatten(), Linear(math.prod(small), code))
        self.decoder = Sequential(Linear(code, math.prod(small)), ReLU(), Unflatten(1, small), *up[:-1], Sigmoid())

    def encode(self, input: Tensor) -> Tensor:
        """Return the codes (N, code)."""
        if input.shape[1:] != (self.in_channels, *self.size):
            expected = f"(N, {self.in_channels}, {self.size[0]}, {self.size[1]})"
            cure = "build it with in_channels and size of the input"
            raise expect.shape_error(self._get_name(), input, expected, cure)
        return self.encoder(input)

    def decode(self, code: Tensor) -> Tensor:
        """Return the pictures (N, in_channels, H, W) that *code* describes."""
        return self.decoder(code)

    def forward(self, input: Tensor) -> Tensor:
        return self.decode(self.encode(input))


# ------------------------------------------------------------------------------------------------ what is added to a loss


def kl_sparsity(code: Tensor, rate: float = 0.05) -> Tensor:
    r"""Return how far the units of *code* (N, K) are from being on at *rate*, a number to add to the loss.

    .. math:: \sum_j \rho \log\frac{\rho}{\hat\rho_j} + (1 - \rho) \log\frac{1 - \rho}{1 - \hat\rho_j}

    with :math:`\rho` the *rate* and :math:`\hat\rho_j` the mean of unit j over the batch.  The code must be of numbers from 0
    to 1, such as ``code="sigmoid"`` gives.  For the L1 penalty add ``code.abs().sum(1).mean()``.  Source: Ng, "Sparse
    Autoencoder", lecture notes of CS294A, 2011.

    >>> kl_sparsity(ag.full((8, 3), 0.05)).abs() < 1e-6, kl_sparsity(ag.full((8, 3), 0.5)) > 1
    (tensor(True), tensor(True))
    """
    if not 0 < rate < 1:
        raise ag.errors.ArgumentError(f"kl_sparsity: rate={rate!r}, expected a number between 0 and 1")
    if code.ndim != 2 or not len(code):
        raise expect.shape_error("kl_sparsity", code, "(N, K), not empty", "flatten the code: code.flatten(1)")
    if code.array.min() < 0 or code.array.max() > 1:
        raise ag.errors.ArgumentError(
            f"kl_sparsity: code has values from {code.array.min():.4g} to {code.array.max():.4g}, expected 0 to 1; end the "
            "encoder with a sigmoid: code='sigmoid'"
        )
    mean = code.mean(0).clamp(1e-6, 1 - 1e-6)
    return (rate * (math.log(rate) - mean.log()) + (1 - rate) * (math.log(1 - rate) - (1 - mean).log())).sum()


def contractive_penalty(
    encode: Callable[[Tensor], Tensor],
    input: Tensor,
    *,
    probes: int | None = None,
    generator: ag.Generator | None = None,
) -> Tensor:
    r"""Return how much the code moves with the input, :math:`\frac1N \sum_n \|\partial h(x_n) / \partial x_n\|_F^2`.

    It is a number to add to the loss.  ``encode(input)`` is (N, K), and each example's code must depend on that example alone.
    The rows of the Jacobian come one by one, by K backward passes that are differentiated again; with *probes*, the mean of
    :math:`\|v^T J\|^2` over so many normal v is taken in their place, which has the same expectation (Hutchinson, 1990).
    Source: Rifai et al., "Contractive Auto-Encoders", 2011.

    >>> import nn
    >>> layer = nn.Linear(4, 2)
    >>> bool((contractive_penalty(layer, ag.rand(8, 4)) - (layer.weight**2).sum()).abs() < 1e-5)
    True
    """
    if probes is not None:
        expect.size("contractive_penalty", probes=probes)
    x = input.detach().requires_grad_()
    with ag.enable_grad():
        code = encode(x)
        if code.ndim != 2 or not len(code):
            raise expect.shape_error("contractive_penalty", code, "a code (N, K), not empty", "flatten it: .flatten(1)")
        if probes is None:
            rows = [v.expand(*code.shape) for v in ag.eye(code.shape[1], dtype=code.dtype)]
        else:
            rows = [ag.randn(*code.shape, dtype=code.dtype, generator=generator) for _ in range(probes)]
        total = ag.zeros((), dtype=x.dtype)
        for v in rows:
            (g,) = ag.grad(code, [x], grad_outputs=v, create_graph=True)
            total = total + (g * g).sum()
    return total / (len(x) * (probes or 1))
