"""Threshold units: the perceptron and its learning rule, and networks of such units with weights set by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module

__all__ = ["Perceptron", "ThresholdNetwork"]


class Perceptron(Module):
    """One unit with a threshold: sign(w x + b), which is 1 or -1; (N, in_features) gives (N,).

    ``fit`` is Rosenblatt's rule.  It finds a line between the classes, in finitely many steps, wherever there is one
    (Novikoff 1962), and never comes to rest where there is none.  The weights begin at 0 and are buffers: the derivative
    of the sign is 0, so no gradient could teach them.  Source: Rosenblatt, "The Perceptron", 1958.

    >>> import nn
    >>> inputs, targets = nn.data.logic("and").tensors
    >>> unit = nn.models.Perceptron(2)
    >>> unit.fit(inputs, 2 * targets[:, 0] - 1, epochs=10)[-1]
    0
    >>> unit(inputs)
    tensor([-1., -1., -1.,  1.])
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, in_features: int) -> None:
        super().__init__()
        expect.size("Perceptron", in_features=in_features)
        self.in_features = in_features
        self.register_buffer("weight", ag.zeros(in_features))
        self.register_buffer("bias", ag.zeros(()))

    def score(self, input: Tensor) -> Tensor:
        """Return w x + b, (N,): how far on which side, in units of the length of w."""
        expect.tensor("Perceptron", input)
        if input.ndim != 2 or input.shape[1] != self.in_features:
            cure = f"use Perceptron({input.shape[-1] if input.ndim else 1}), and a row for each example"
            raise expect.shape_error("Perceptron", input, f"(N, {self.in_features})", cure)
        return input @ self.weight + self.bias

    def forward(self, input: Tensor) -> Tensor:
        return ag.where(self.score(input) >= 0, 1.0, -1.0)

    def fit(self, input: Tensor, target: Tensor, epochs: int, lr: float = 1.0) -> list[int]:
        r"""Learn from each row in turn, and return the number of mistakes in each epoch, up to the first without any.

        Only a mistake moves the weights: :math:`w \leftarrow w + a t x` and :math:`b \leftarrow b + a t`, where *target*
        t is 1 or -1 and a is *lr*.  A score of 0 is a mistake for either class.  A second call goes on from the first.
        """
        expect.size("Perceptron.fit", epochs=epochs)
        if not 0 < lr < np.inf:
            raise ag.errors.ArgumentError(f"Perceptron.fit: lr={lr!r}, expected a number above 0")
        self.score(input)  # checks the shape
        rows, signs = input.array, _signs("Perceptron.fit", input, target)
        weight, bias = self.weight.array.astype(np.float64), float(self.bias.array)
        mistakes: list[int] = []
        for _ in range(epochs):
            mistakes.append(0)
            for x, t in zip(rows, signs, strict=True):
                if t * (x @ weight + bias) <= 0:
                    weight += lr * t * x
                    bias += lr * float(t)
                    mistakes[-1] += 1
            if not mistakes[-1]:
                break
        self.weight.copy_(ag.from_numpy(weight))
        self.bias.fill_(bias)
        return mistakes

    def margin(self, input: Tensor, target: Tensor) -> float:
        """Return the distance of the nearest row from the boundary, in the units of *input*; negative where it is wrong.

        Weights of 0 have no boundary: their margin is 0.
        """
        signs, length = _signs("Perceptron.margin", input, target), float(np.linalg.norm(self.weight.array))
        return float((signs * self.score(input).array).min()) / length if length else 0.0

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}"


def _signs(name: str, input: Tensor, target: Tensor) -> NDArray[Any]:
    """Return *target* as an array; raise unless it has a 1 or a -1 for each row of *input*."""
    expect.tensor(name, target, "target")
    if target.shape != input.shape[:1] or not input.shape[0]:
        raise expect.shape_error(
            name, target, f"a target for each of the {len(input)} rows", "give targets of shape (N,)"
        )
    if not np.isin(target.array, (-1, 1)).all():
        wrong = target.array[~np.isin(target.array, (-1, 1))][0]
        raise ag.errors.ArgumentError(
            f"{name}: target holds {wrong}, expected 1 and -1; for 0 and 1 give 2 * target - 1"
        )
    return np.asarray(target.array)


class ThresholdNetwork(Module):
    """Layers of units that are 1 where w x + b is above 0, else 0, with the weights that are given.

    *weights* are matrices (out, in), one for each layer, *biases* have a number for each of its units.  (N, in) gives
    (N, out) of 0 and 1.  Such units compute any function of logic (McCulloch & Pitts 1943); no gradient can teach them.

    >>> import nn
    >>> inputs, targets = nn.data.xor().tensors
    >>> nn.models.ThresholdNetwork.xor()(inputs)[:, 0]
    tensor([0., 1., 1., 0.])
    """

    def __init__(self, weights: Sequence[Any], biases: Sequence[Any]) -> None:
        super().__init__()
        name = "ThresholdNetwork"
        if not weights or len(weights) != len(biases):
            raise ag.errors.ArgumentError(
                f"{name}: {len(weights)} weights and {len(biases)} biases, expected one of each for every layer"
            )
        made = [ag.tensor(weight, dtype=ag.float32) for weight in weights]
        given = [ag.tensor(bias, dtype=ag.float32) for bias in biases]
        for i, (weight, bias) in enumerate(zip(made, given, strict=True)):
            if weight.ndim != 2 or bias.shape != weight.shape[:1]:
                raise ag.errors.ShapeError(
                    f"{name}: layer {i} has a weight of shape {tuple(weight.shape)} and a bias of shape "
                    f"{tuple(bias.shape)}, expected (out, in) and (out,)"
                )
            self.register_buffer(f"weight{i}", weight)
            self.register_buffer(f"bias{i}", bias)
        for i, (before, after) in enumerate(pairwise(made)):
            if before.shape[0] != after.shape[1]:
                raise ag.errors.ShapeError(
                    f"{name}: layer {i} has {before.shape[0]} units, but layer {i + 1} takes {after.shape[1]} inputs"
                )
        self.depth = len(made)

    @classmethod
    def xor(cls) -> ThresholdNetwork:
        """Return the network of two layers that computes exclusive or: (x or y) and not (x and y).

        Source: Goodfellow, Bengio & Courville, "Deep Learning", 2016, section 6.1, has such weights for ReLU units.
        """
        return cls([[[1, 1], [1, 1]], [[1, -1]]], [[-0.5, -1.5], [-0.5]])

    def units(self, input: Tensor) -> list[Tensor]:
        """Return what the units of each layer say, from the first layer to the last."""
        expect.tensor("ThresholdNetwork", input)
        wide = self.get_buffer("weight0").shape[1]
        if input.ndim != 2 or input.shape[1] != wide:
            raise expect.shape_error("ThresholdNetwork", input, f"(N, {wide})", "give a row for each example")
        found = [input]
        for i in range(self.depth):
            weight, bias = self.get_buffer(f"weight{i}"), self.get_buffer(f"bias{i}")
            found.append((found[-1] @ weight.T + bias > 0).float())
        return found[1:]

    def forward(self, input: Tensor) -> Tensor:
        return self.units(input)[-1]
