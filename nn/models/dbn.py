"""The deep belief net."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..layers import Flatten, Linear, ModuleList, Sequential, Sigmoid
from ..module import Module
from .rbm import RBM

__all__ = ["DBN"]


class DBN(Module):
    """A deep belief net: restricted Boltzmann machines one upon the other, each seeing the hidden units of the one below.

    *sizes* lead from the visible units up.  Train ``machines`` one after the other with ``nn.training.greedy_layerwise``; then
    ``classifier`` makes a network that begins with their weights, to be fine-tuned.  ``model(v)``, the same as ``encode``,
    gives the probabilities of the top units.  Source: Hinton, Osindero & Teh, "A Fast Learning Algorithm for Deep Belief
    Nets", 2006.

    >>> import nn
    >>> model = nn.models.DBN((784, 100, 50))
    >>> model(ag.rand(2, 1, 28, 28)).shape, model.sample(3, steps=2).shape
    ((2, 50), (3, 784))
    """

    def __init__(self, sizes: Sequence[int] = (784, 256, 128)) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ag.errors.ArgumentError(
                f"sizes={tuple(sizes)}: expected the number of visible units, and one hidden layer or more"
            )
        self.sizes = tuple(sizes)
        self.rbms = ModuleList([RBM(n, m) for n, m in pairwise(sizes)])

    @property
    def machines(self) -> list[RBM]:
        """The machines, from the visible units up."""
        return cast(list[RBM], list(self.rbms))

    def encode(self, input: Tensor) -> Tensor:
        """Return the probabilities (N, sizes[-1]) of the top units, each layer given those of the one below."""
        for rbm in self.machines:
            input = rbm.encode(input)
        return input

    def decode(self, code: Tensor) -> Tensor:
        """Return the probabilities (N, sizes[0]) of the visible units, each layer given those of the one above."""
        for rbm in reversed(self.machines):
            code = rbm.decode(code)
        return code

    def forward(self, input: Tensor) -> Tensor:
        return self.encode(input)

    @ag.no_grad()
    def sample(
        self, n: int, steps: int = 200, start: Tensor | None = None, generator: ag.Generator | None = None
    ) -> Tensor:
        """Return what the net imagines: probabilities (n, sizes[0]) of the visible units.

        The top machine is sampled by *steps* of Gibbs sampling, from noise or from *n* pictures *start*, and its visible
        units are passed down.
        """
        expect.size(self._get_name(), n=n, steps=steps)
        *below, top = self.machines
        if start is None:
            half = ag.full((n, top.visible), 0.5, dtype=top.weight.dtype)
        elif len(start) == n:
            half = start.flatten(1)
            for rbm in below:
                half = rbm.encode(half)
        else:
            raise expect.shape_error(self._get_name(), start, f"start of n={n} pictures", "give as many as n")
        v = top.gibbs(ag.bernoulli(half, generator=generator), steps, generator)
        v = top.decode(ag.bernoulli(top.encode(v), generator=generator))  # probabilities, smoother than a last draw
        for rbm in reversed(below):
            v = rbm.decode(v)
        return v

    def classifier(self, num_classes: int = 10) -> Sequential:
        """Return a network (N, ...) to (N, num_classes) of sigmoid layers with copies of these weights, and a new last one."""
        expect.size(self._get_name(), num_classes=num_classes)
        layers: list[Module] = [Flatten()]
        for rbm in self.machines:
            linear = Linear(rbm.visible, rbm.hidden, dtype=rbm.weight.dtype)
            linear.load_state_dict({"weight": rbm.weight.detach(), "bias": rbm.hidden_bias.detach()})
            layers += [linear, Sigmoid()]
        return Sequential(*layers, Linear(self.sizes[-1], num_classes, dtype=self.machines[0].weight.dtype))
