"""Monte Carlo dropout: what many masks answer, and how much they differ."""

from __future__ import annotations

from dataclasses import dataclass

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..layers.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from ..module import Module
from .scores import at_rest, check_input

__all__ = ["MonteCarlo", "mc_dropout"]

DROPOUTS = AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout


@dataclass(frozen=True)
class MonteCarlo:
    """What *samples* networks, each with masks of its own, answered: *outputs* (samples, N, ...).

    For numbers look at ``mean`` and ``variance``; for scores of classes (samples, N, C) at ``probabilities``, ``entropy`` and
    ``mutual_information``.

    >>> answers = MonteCarlo(ag.tensor([[[9.0, -9.0]], [[-9.0, 9.0]]]))  # two masks that are each sure, and disagree
    >>> answers.probabilities.tolist(), round(answers.entropy.item(), 3), round(answers.mutual_information.item(), 3)
    ([[0.5, 0.5]], 0.693, 0.693)
    """

    outputs: Tensor

    @property
    def mean(self) -> Tensor:
        """The mean of the outputs, (N, ...)."""
        return self.outputs.mean(0)

    @property
    def variance(self) -> Tensor:
        """The variance of the outputs over the masks, (N, ...); noise of the data is not in it."""
        return self.outputs.var(0, correction=0)

    @property
    def probabilities(self) -> Tensor:
        r"""The predictive distribution, :math:`\bar p = \frac1T \sum_t \mathrm{softmax}(s_t)`, (N, C)."""
        return self._softmax().mean(0)

    @property
    def entropy(self) -> Tensor:
        r"""The predictive entropy, :math:`H(\bar p) = -\sum_c \bar p_c \log \bar p_c`, (N,), in nats; at most log C."""
        return _entropy(self.probabilities)

    @property
    def mutual_information(self) -> Tensor:
        r"""What the label would tell of the mask, :math:`H(\bar p) - \frac1T \sum_t H(p_t)`, (N,): 0 where all masks agree.

        Source: Houlsby et al., "Bayesian Active Learning for Classification and Preference Learning", 2011.
        """
        return (self.entropy - _entropy(self._softmax()).mean(0)).clamp(min=0)

    def _softmax(self) -> Tensor:
        if self.outputs.ndim != 3:
            raise ag.errors.ShapeError(
                f"MonteCarlo: outputs {self.outputs.shape} are no scores of classes (samples, N, C); of other outputs take "
                "mean and variance"
            )
        return F.softmax(self.outputs, dim=2)


def _entropy(probabilities: Tensor) -> Tensor:
    tiny = ag.finfo(probabilities.dtype).tiny
    return -(probabilities * probabilities.clamp(min=tiny).log()).sum(-1)


@ag.no_grad()
def mc_dropout(model: Module, input: Tensor, samples: int = 50) -> MonteCarlo:
    """Return what *model* answers to *input* (N, ...) with *samples* draws of its dropout masks.

    The dropout layers of *model* compute as in training, everything else as in ``eval``; each example has masks of its own.
    Their mean is an approximate Bayesian prediction, and they disagree where the training data say little.

    Raises ArgumentError if *model* has no dropout layer with p > 0: layers of ``nn.Dropout`` and its kin, not the option
    *dropout* of recurrent and attention layers.  Source: Gal & Ghahramani, "Dropout as a Bayesian Approximation", 2016.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 3))
    >>> answers = mc_dropout(model, ag.ones(4, 2), samples=10)
    >>> answers.outputs.shape, answers.probabilities.shape, answers.mutual_information.shape
    ((10, 4, 3), (4, 3), (4,))
    """
    check_input("mc_dropout", input)
    expect.size("mc_dropout", samples=samples)
    with at_rest(model):
        layers = [module for module in model.modules() if isinstance(module, DROPOUTS) and module.p > 0]
        if not layers:
            raise ag.errors.ArgumentError(
                f"mc_dropout: {type(model).__name__} has no dropout layer with p > 0, so that all samples would be equal; "
                "put nn.Dropout(p) between its layers and train it so"
            )
        for layer in layers:
            layer.train()
        return MonteCarlo(ag.stack([model(input) for _ in range(samples)]))
