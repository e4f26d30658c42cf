"""The adaptive softmax: a cheap output layer, with its loss, for very many classes of very different frequency."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from .container import ModuleList, Sequential
from .linear import Linear

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class AdaptiveOutput(NamedTuple):
    """What ``AdaptiveLogSoftmaxWithLoss`` returns: the log-probability of each target, and the mean of their negatives."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Compute the log-probabilities of *n_classes* classes, of which frequent ones have small numbers, and their loss.

    The head scores classes 0 to cutoffs[0] - 1, and the clusters between one cutoff and the next.  Cluster i scores its own
    classes after a projection to in_features / div_value^i features, and only for the rows that have one of them as target:
    log p(class) = log p(cluster) + log p(class in cluster).

    *input* is (N, in_features) and *target* (N,), or a vector and a number; the result is (output, loss).  ``log_prob`` gives
    all classes, ``predict`` the best one.  Raises ArgumentError, ShapeError, DtypeError, and IndexError for an unknown class.

    Grave et al., "Efficient softmax approximation for GPUs", 2017.

    >>> import nn
    >>> model = nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[4, 10], div_value=2.0)
    >>> model(ag.ones(3, 8), ag.tensor([0, 5, 19])).output.shape, model.log_prob(ag.ones(3, 8)).shape
    ((3,), (3, 20))
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name, cutoffs = self._get_name(), list(cutoffs)
        expect.size(name, in_features=in_features, n_classes=n_classes)
        if not cutoffs or any(int(c) != c or a >= c for a, c in zip([0, *cutoffs], [*cutoffs, n_classes])):
            raise ag.errors.ArgumentError(
                f"{name}: cutoffs={cutoffs}, expected integers that increase, of 1 to n_classes - 1 = {n_classes - 1}"
            )
        self.in_features, self.n_classes, self.div_value, self.head_bias = in_features, n_classes, div_value, head_bias
        self.cutoffs = [*cutoffs, n_classes]
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        factory = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, head_bias, **factory)
        self.tail = ModuleList()
        for i, (first, end) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // div_value ** (i + 1))
            if width < 1:
                raise ag.errors.ArgumentError(
                    f"{name}: div_value={div_value} leaves no feature of in_features={in_features} for cluster {i + 1}; use "
                    "a smaller one, or fewer cutoffs"
                )
            self.tail.append(
                Sequential(
                    Linear(in_features, width, bias=False, **factory),
                    Linear(width, end - first, bias=False, **factory),
                )
            )

    def reset_parameters(self) -> None:
        """Draw new parameters."""
        for module in self.modules():
            if isinstance(module, Linear):
                module.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> AdaptiveOutput:
        name = self._get_name()
        expect.indices(name, target_, "target")
        rows, labels = (input_, target_.array) if target_.ndim else (input_.unsqueeze(0), target_.array.reshape(1))
        if rows.ndim != 2 or labels.ndim != 1 or len(rows) != len(labels):
            expected = f"a target of {tuple(input_.shape[:-1])}, one class for each row of input {tuple(input_.shape)}"
            raise expect.shape_error(name, target_, expected, "input is (N, in_features) or (in_features,)")
        expect.in_range(name, labels, self.n_classes, "target", "classes", "raise n_classes, or check the labels")
        cluster = np.searchsorted(self.cutoffs, labels, side="right")  # 0 for the shortlist
        place = np.where(cluster == 0, labels, self.shortlist_size + cluster - 1)
        head = F.log_softmax(self.head(rows), 1)
        output = head.gather(1, ag.from_numpy(place).unsqueeze(1)).squeeze(1)
        for i in np.unique(cluster[cluster > 0]).tolist():
            members = np.nonzero(cluster == i)[0]
            within = ag.from_numpy(labels[members] - self.cutoffs[i - 1]).long()
            log_p = F.log_softmax(self.tail[i - 1](rows[members]), 1).gather(1, within.unsqueeze(1)).squeeze(1)
            output = output.index_add(0, ag.from_numpy(members), log_p)
        return AdaptiveOutput(output if target_.ndim else output.squeeze(0), -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """Return the log-probabilities of all classes: (N, in_features) gives (N, n_classes)."""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail, self.shortlist_size):
            parts.append(head[:, i : i + 1] + F.log_softmax(tail(input), 1))
        return ag.cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """Return the most probable class of each row: (N, in_features) gives (N,), what ``log_prob(input).argmax(1)`` is."""
        best = self.head(input).argmax(1)
        if len(rows := np.nonzero(best.array >= self.shortlist_size)[0]):  # else no class of a cluster can be better
            best[rows] = self.log_prob(input[rows]).argmax(1)
        return best
