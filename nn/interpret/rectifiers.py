"""Guided backpropagation and the deconvolutional network: a backward pass with another rule for ReLU.

The rule is changed at the nodes of one graph, which is gone afterwards, so it reaches ``nn.ReLU``, ``F.relu`` and
``x.relu()`` alike, and nothing is changed on the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import autograd_core as ag
from autograd_core import Tensor

from ..module import Module
from .scores import Target, input_gradient

__all__ = ["deconvnet", "guided_backprop"]

Node = Any  # a node of the engine's graph


def guided_backprop(model: Module, input: Tensor, target: Target = None) -> Tensor:
    r"""Return the gradient of the score where each ReLU passes only positive gradients, and only where it was open.

    At every ReLU :math:`G_x = G_y \, [G_y > 0] \, [x > 0]`: what speaks against the class is left out on the way back.  It is
    of the shape of *input*; arguments as of ``saliency``.  Raises ArgumentError for a network that computes no ReLU.
    Source: Springenberg et al., "Striving for Simplicity: The All Convolutional Net", 2014.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> guided_backprop(model, ag.ones(2, 4), target=0).shape
    (2, 4)
    """

    def rule(node: Node) -> None:
        node.register_prehook(lambda gradients: (gradients[0].clamp(min=0),))

    return input_gradient("guided_backprop", model, input, target, _at_each_relu("guided_backprop", rule))


def deconvnet(model: Module, input: Tensor, target: Target = None) -> Tensor:
    r"""Return what a deconvolutional network gives: each ReLU passes the positive part of what comes back.

    At every ReLU :math:`G_x = G_y \, [G_y > 0]`, whether it was open or not; pooling goes back to the places of its maxima.
    It is of the shape of *input*; arguments as of ``saliency``.  Raises ArgumentError for a network that computes no ReLU.
    Source: Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", 2013.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> deconvnet(model, ag.ones(2, 4), target=0).shape
    (2, 4)
    """

    def rule(node: Node) -> None:
        node.register_hook(lambda passed, arrived: (arrived[0].clamp(min=0),))

    return input_gradient("deconvnet", model, input, target, _at_each_relu("deconvnet", rule))


def _at_each_relu(name: str, rule: Callable[[Node], None]) -> Callable[[Tensor], None]:
    """Return a function that applies *rule* to every ReLU of the graph of a score."""

    def prepare(score: Tensor) -> None:
        rectifiers = [node for node in _nodes(score) if node.name() == "relu"]
        if not rectifiers:
            raise ag.errors.ArgumentError(
                f"{name}: the model computes no relu, whose rule this changes; use saliency, or a network with ReLU"
            )
        for node in rectifiers:
            rule(node)

    return prepare


def _nodes(score: Tensor) -> Iterator[Node]:
    """Yield each node that *score* depends on, once."""
    waiting, seen = [score.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            waiting += [inner for inner, _ in node.next_functions]
