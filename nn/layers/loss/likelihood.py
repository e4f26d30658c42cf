"""Losses of distributions, as modules."""

from __future__ import annotations

from autograd_core import Tensor

from ... import functional as F
from .base import Loss

__all__ = ["GaussianNLLLoss", "KLDivLoss", "PoissonNLLLoss"]


class GaussianNLLLoss(Loss):
    """The mean of (log var + (input - target)^2 / var) / 2, where a variance is *eps* at least; *full* adds log(2 pi) / 2.

    >>> import autograd_core as ag, nn
    >>> nn.GaussianNLLLoss(reduction="none")(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]), ag.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3466])
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(Loss):
    """The mean of exp(input) - target input, for counts and the logarithms of their rates; or for rates as they are.

    Without *log_input* it is input - target log(input + eps); *full* adds Stirling's approximation of log(target!).

    >>> import autograd_core as ag, nn
    >>> nn.PoissonNLLLoss(reduction="none")(ag.tensor([0.0, 1.0]), ag.tensor([1.0, 2.0]))
    tensor([1.0000, 0.7183])
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence of *target* from *input*, log-probabilities; use reduction="batchmean".

    >>> import autograd_core as ag, nn
    >>> p = ag.tensor([[0.5, 0.5]])
    >>> nn.KLDivLoss(reduction="batchmean")(ag.log(p), p)
    tensor(0.)
    """

    reductions = ("none", "mean", "sum", "batchmean")

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
