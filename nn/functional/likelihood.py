"""Losses between a distribution and what was observed, or another distribution."""

from __future__ import annotations

import math

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .bound import at_least
from .reduction import check_pair, check_reduction, nothing_to_average, reduced

__all__ = ["gaussian_nll_loss", "kl_div", "poisson_nll_loss"]


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of (log var + (input - target)^2 / var) / 2: how unlikely *target* is for normal distributions.

    *input* holds their means and *var* their variances: a number, a Tensor of the shape of *input*, or one for all along
    one dim, which has size 1 there, or lacks it if it is the last.  A variance below *eps* counts as *eps*; its gradient is
    that of a larger one.  *full* adds the constant log(2 pi) / 2.  Raises ArgumentError for a negative variance.

    Nix and Weigend, "Estimating the mean and variance of the target probability distribution", 1994.

    >>> import nn.functional as F
    >>> F.gaussian_nll_loss(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]), ag.tensor([1.0, 2.0]), reduction="none")
    tensor([0.0000, 1.3466])
    """
    name = "gaussian_nll_loss"
    check_reduction(name, reduction)
    check_pair(name, input, target)
    if not eps > 0:
        raise ag.errors.ArgumentError(f"{name}: eps={eps}, expected a positive number")
    variance = at_least(_variance(name, input, var), eps)
    losses = 0.5 * (ag.log(variance) + ag.square(input - target) / variance)
    return reduced(name, losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _variance(name: str, input: Tensor, var: Tensor | float) -> Tensor:
    """Return *var* as a Tensor that broadcasts to the shape of *input*."""
    variance: Tensor = ag.tensor(float(var), dtype=input.dtype) if isinstance(var, int | float) else var
    expect.factor(name, "var", variance, input)
    if variance.ndim == input.ndim - 1 and variance.shape == input.shape[:-1]:
        variance = variance.unsqueeze(-1)
    others = [n for m, n in zip(input.shape, variance.shape) if n != m]
    if variance.ndim and not (variance.ndim == input.ndim and others in ([], [1])):
        expected = f"var of {tuple(input.shape)}, the shape of input, or of size 1 in one dim"
        raise expect.shape_error(name, variance, expected, "give one variance for each mean")
    if (variance.array < 0).any():
        raise ag.errors.ArgumentError(
            f"{expect.place(name)}: var holds {variance.min().item()}, expected variances of at least 0"
            f"{expect.maker(variance)}; "
            "pass softplus(var), or exp(var) where the network gives logarithms"
        )
    return variance


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean of exp(input) - target input: how unlikely the counts *target* are for Poisson distributions.

    *input* holds the logarithms of their rates or, without *log_input*, the rates; then it is
    input - target log(input + eps).  *full* adds Stirling's approximation of log(target!) for counts above 1, which is
    target log(target) - target + log(2 pi target) / 2.

    >>> import nn.functional as F
    >>> F.poisson_nll_loss(ag.tensor([0.0, 1.0]), ag.tensor([1.0, 2.0]), reduction="none")
    tensor([1.0000, 0.7183])
    """
    name = "poisson_nll_loss"
    reduction = check_reduction(name, reduction, size_average, reduce)
    check_pair(name, input, target)
    losses = ag.exp(input) - target * input if log_input else input - target * ag.log(input + eps)
    if full:
        few = target <= 1
        counts = ag.where(few, 1, target).to(input.dtype)
        stirling = counts * ag.log(counts) - counts + 0.5 * ag.log(2 * math.pi * counts)
        losses = losses + ag.where(few, 0.0, stirling)
    return reduced(name, losses, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Return the Kullback-Leibler divergence of *target*, probabilities, from *input*, log-probabilities.

    Each element is ``t (log t - input)``, with 0 log 0 = 0; *log_target* says that *target* holds logarithms too.
    reduction="batchmean" divides the sum by the number of rows: that is the divergence of the textbooks.  "mean", the
    default, divides by the number of elements, and warns.

    >>> import nn.functional as F
    >>> p = ag.tensor([[0.5, 0.5]])
    >>> F.kl_div(ag.log(ag.tensor([[0.25, 0.75]])), p, reduction="batchmean")
    tensor(0.1438)
    """
    name = "kl_div"
    reduction = check_reduction(name, reduction, size_average, reduce, ("none", "mean", "sum", "batchmean"))
    check_pair(name, input, target, floating_target=True)
    if reduction == "mean":
        expect.warn(
            f"{expect.place(name)}: reduction='mean' divides by the number of elements, which is not the divergence; use "
            "reduction='batchmean' to divide by the number of rows"
        )
    if log_target:
        each = ag.exp(target) * (target - input)
    else:
        each = target * ag.log(ag.where(target == 0, 1.0, target)) - target * input
    if reduction != "batchmean":
        return reduced(name, each, reduction)
    if not each.numel():
        return nothing_to_average(name, each)
    return each.sum() / input.shape[0] if input.ndim else each
