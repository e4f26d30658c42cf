"""Multinomial logistic regression, which has one best answer."""

from __future__ import annotations

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = ["LogisticRegression"]


class LogisticRegression(Module):
    r"""A linear classifier, fitted to its only optimum: the scores (N, num_classes) of features (N, in_features).

    ``fit`` minimises the mean cross entropy :math:`+ \tfrac{\lambda}{2} \lVert W \rVert^2` over features that are brought to
    mean 0 and, unless told otherwise, to deviation 1.  Nesterov's accelerated gradient method, with the step :math:`1/L`,
    where L bounds the curvature, leaves nothing to tune.  Sources: Böhning, "Multinomial Logistic Regression Algorithm",
    1992, for the bound; O'Donoghue & Candès, "Adaptive Restart for Accelerated Gradient Schemes", 2015.

    >>> import nn
    >>> x, y = ag.tensor([[0.0], [1.0], [2.0], [3.0]]), ag.tensor([0, 0, 1, 1])
    >>> model = nn.models.LogisticRegression(1, 2)
    >>> _ = model.fit(x, y)
    >>> model(x).argmax(1).tolist()
    [0, 0, 1, 1]
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        expect.size(self._get_name(), in_features=in_features, num_classes=num_classes)
        self.in_features, self.num_classes = in_features, num_classes
        self.weight = Parameter(ag.zeros(num_classes, in_features))
        self.bias = Parameter(ag.zeros(num_classes))
        self.register_buffer("mean", ag.zeros(in_features))
        self.register_buffer("scale", ag.ones(in_features))

    def fit(
        self,
        inputs: Tensor,
        labels: Tensor,
        *,
        penalty: float = 1e-3,
        standardize: bool = True,
        tolerance: float = 1e-4,
        iterations: int = 1000,
    ) -> int:
        """Find the best parameters for *inputs* (N, in_features) and *labels* (N,); return the number of steps.

        *penalty* is :math:`\\lambda`; with *standardize* every feature has deviation 1 before it is felt.  It ends when no part
        of the gradient is above *tolerance*, or after *iterations*.
        """
        name = self._get_name()
        self._check(inputs)
        expect.indices(name, labels, "labels")
        if labels.shape != (len(inputs),) or not len(inputs):
            raise expect.shape_error(
                name, labels, f"({len(inputs)},), a label for each input, and one or more", "give both alike"
            )
        expect.in_range(name, labels, self.num_classes, "labels", "classes", "give it more classes")
        if not (penalty >= 0 and tolerance > 0 and iterations >= 1):
            raise ag.errors.ArgumentError(
                f"{name}: penalty={penalty}, tolerance={tolerance}, iterations={iterations}: expected 0 or more, above 0, and "
                "1 or more"
            )
        with ag.no_grad():
            std = inputs.std(0, correction=0)
            self.mean.copy_(inputs.mean(0))
            self.scale.copy_(ag.where(std > 1e-6, std, ag.ones_like(std)) if standardize else ag.ones_like(std))
            x = self._standardised(inputs)
        rows = np.concatenate([x.array, np.ones((len(x), 1), x.array.dtype)], 1)  # the bias sees ones
        step = 1 / (np.linalg.norm(rows, 2) ** 2 / (2 * len(rows)) + penalty)
        return self._descend(x, labels, penalty, float(step), tolerance, iterations)

    def _descend(
        self, x: Tensor, labels: Tensor, penalty: float, step: float, tolerance: float, iterations: int
    ) -> int:
        parameters = (self.weight, self.bias)
        before = [p.detach().clone() for p in parameters]
        momentum = 1.0
        for count in range(1, iterations + 1):
            with ag.enable_grad():
                scores = F.linear(x, *parameters)
                loss = F.cross_entropy(scores, labels) + penalty / 2 * (self.weight * self.weight).sum()
            gradients = ag.grad(loss, parameters)
            if max(float(np.abs(g.array).max()) for g in gradients) <= tolerance:
                return count
            following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            uphill = 0.0
            with ag.no_grad():
                for p, g, old in zip(parameters, gradients, before, strict=True):
                    new = p - step * g
                    uphill += float((g * (new - old)).sum().item())
                    p.copy_(new + (momentum - 1) / following * (new - old))
                    old.copy_(new)
            momentum = following if uphill <= 0 else 1.0
        return iterations

    def _standardised(self, inputs: Tensor) -> Tensor:
        return (inputs - self.mean) / self.scale

    def _check(self, inputs: Tensor) -> None:
        expect.tensor(self._get_name(), inputs)
        expect.same_dtype(self._get_name(), inputs, self.weight)
        if inputs.ndim != 2 or inputs.shape[1] != self.in_features:
            raise expect.shape_error(
                self._get_name(), inputs, f"(N, {self.in_features})", "flatten what comes in: inputs.flatten(1)"
            )

    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        return F.linear(self._standardised(input), self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, num_classes={self.num_classes}"
