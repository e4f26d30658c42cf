"""The restricted Boltzmann machine."""

from __future__ import annotations

import math

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = ["RBM", "ContrastiveDivergence"]

COUNTABLE = 20  # units of the smaller layer up to which the partition function is summed: 2 ** 20 states
CHUNK = 4096


class RBM(Module):
    r"""A restricted Boltzmann machine: *visible* and *hidden* units of 0 and 1, with a weight between each two layers' units.

    .. math:: E(v, h) = -b^T v - c^T h - h^T W v, \quad p(v, h) = e^{-E(v, h)} / Z

    ``model(v)``, the same as ``encode``, gives :math:`p(h = 1 | v)`.  Visible numbers between 0 and 1 are taken as
    probabilities.  Train it with ``ContrastiveDivergence``.  *weight* is (hidden, visible), as of a Linear layer that would do
    the same.  Source: Smolensky, 1986; Hinton, "A Practical Guide to Training Restricted Boltzmann Machines", 2010, for the
    first weights, normal with standard deviation 0.01.

    >>> import nn
    >>> model = nn.models.RBM(6, 4)
    >>> v = (ag.rand(8, 6) > 0.5).float()
    >>> model(v).shape, model.gibbs(v, steps=3).shape
    ((8, 4), (8, 6))
    """

    def __init__(self, visible: int = 784, hidden: int = 128) -> None:
        super().__init__()
        expect.size(self._get_name(), visible=visible, hidden=hidden)
        self.visible, self.hidden = visible, hidden
        self.weight = Parameter(ag.empty(hidden, visible))
        self.visible_bias = Parameter(ag.zeros(visible))
        self.hidden_bias = Parameter(ag.zeros(hidden))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, and set the biases to 0."""
        with ag.no_grad():
            self.weight.normal_(0, 0.01)
            self.visible_bias.zero_()
            self.hidden_bias.zero_()

    def _visible(self, v: Tensor) -> Tensor:
        """Return *v* as (N, visible)."""
        if v.ndim < 2 or math.prod(v.shape[1:]) != self.visible:
            expected = f"(N, ...) of {self.visible} numbers each"
            raise expect.shape_error(self._get_name(), v, expected, "build it with visible= of the number of pixels")
        expect.same_dtype(self._get_name(), v, self.weight)
        return v.flatten(1)

    def encode(self, v: Tensor) -> Tensor:
        """Return p(h = 1 | v), (N, hidden), for v (N, ...)."""
        return F.linear(self._visible(v), self.weight, self.hidden_bias).sigmoid()

    def decode(self, h: Tensor) -> Tensor:
        """Return p(v = 1 | h), (N, visible), for h (N, hidden)."""
        return F.linear(h, self.weight.T, self.visible_bias).sigmoid()

    def forward(self, v: Tensor) -> Tensor:
        return self.encode(v)

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """Return E(v, h) for each example, (N,)."""
        v = self._visible(v)
        return -(v @ self.visible_bias) - h @ self.hidden_bias - (F.linear(v, self.weight) * h).sum(1)

    def free_energy(self, v: Tensor) -> Tensor:
        r"""Return :math:`F(v) = -\log \sum_h e^{-E(v, h)}` for each example, (N,); low where the model has seen much.

        It is :math:`-b^T v - \sum_j \log(1 + e^{(Wv + c)_j})`.
        """
        v = self._visible(v)
        return -(v @ self.visible_bias) - F.softplus(F.linear(v, self.weight, self.hidden_bias)).sum(1)

    @ag.no_grad()
    def gibbs(self, v: Tensor, steps: int = 1, generator: ag.Generator | None = None) -> Tensor:
        """Return the visible states (N, visible) that *steps* of Gibbs sampling lead to from *v*."""
        expect.size(self._get_name(), steps=steps)
        v = self._visible(v).detach()
        for _ in range(steps):
            h = ag.bernoulli(self.encode(v), generator=generator)
            v = ag.bernoulli(self.decode(h), generator=generator)
        return v

    def log_partition(self) -> Tensor:
        r"""Return log Z, by summing over all states of the smaller layer, of at most 20 units; it has a gradient.

        The units of the other layer are independent given those, so they are summed in closed form.
        """
        small, weight, own, other = self.hidden, self.weight, self.hidden_bias, self.visible_bias
        if self.visible < self.hidden:
            small, weight, own, other = self.visible, self.weight.T, self.visible_bias, self.hidden_bias
        if small > COUNTABLE:
            raise ag.errors.ArgumentError(
                f"{self._get_name()}: log_partition sums 2^{small} states: expected at most {COUNTABLE} units in the smaller "
                "layer; compare free energies, which need no sum"
            )
        sums = []
        for first in range(0, 2**small, CHUNK):
            numbers = np.arange(first, min(first + CHUNK, 2**small))
            bits = (numbers[:, None] >> np.arange(small)) & 1
            states = ag.from_numpy(bits.astype(weight.dtype))
            sums.append((states @ own + F.softplus(F.linear(states, weight.T, other)).sum(1)).logsumexp(0))
        return ag.stack(sums).logsumexp(0)

    def log_likelihood(self, v: Tensor) -> Tensor:
        """Return log p(v), in nats, for each example, (N,); of small machines only: see ``log_partition``."""
        return -self.free_energy(v) - self.log_partition()

    def extra_repr(self) -> str:
        return f"visible={self.visible}, hidden={self.hidden}"


class ContrastiveDivergence:
    r"""The loss of an RBM whose gradient is that of contrastive divergence: a criterion for ``nn.training.fit``.

    .. math:: \frac1N \sum_n F(v_n) - \frac1M \sum_m F(\tilde v_m)

    The gradient of the exact negative log-likelihood has the model's own distribution for :math:`\tilde v`; here it is what *k*
    steps of Gibbs sampling give, from the data itself (CD-k; Hinton, "Training Products of Experts by Minimizing Contrastive
    Divergence", 2002), or, *persistent*, from where the *chains* chains were after the batch before (PCD; Tieleman, 2008).
    The value itself may rise and fall: watch reconstructions or, of a small machine, the likelihood.

    ``criterion(outputs, v)`` does not look at *outputs*.

    >>> import nn
    >>> model = nn.models.RBM(6, 4)
    >>> loss = ContrastiveDivergence(model, k=1)(None, ag.bernoulli(ag.full((8, 6), 0.5)))
    >>> loss.backward()
    >>> model.weight.grad.shape
    (4, 6)
    """

    def __init__(
        self,
        model: RBM,
        k: int = 1,
        persistent: bool = False,
        chains: int = 100,
        generator: ag.Generator | None = None,
    ) -> None:
        if not isinstance(model, RBM):
            raise TypeError(f"ContrastiveDivergence: model is a {type(model).__name__}: expected an nn.models.RBM")
        expect.size("ContrastiveDivergence", k=k, chains=chains)
        self.model, self.k, self.persistent, self.chains, self.generator = model, k, persistent, chains, generator
        self.chain: Tensor | None = None  # the last states (M, visible)

    def __call__(self, outputs: object, v: Tensor) -> Tensor:
        data = self.model._visible(v).detach()
        if self.persistent and self.chain is None:
            half = ag.full((self.chains, self.model.visible), 0.5, dtype=data.dtype)
            self.chain = ag.bernoulli(half, generator=self.generator)
        start = self.chain if self.persistent and self.chain is not None else data
        self.chain = self.model.gibbs(start, self.k, self.generator)
        return self.model.free_energy(data).mean() - self.model.free_energy(self.chain).mean()
