"""Attribution by gradients: which numbers of the input the score of a class depends on."""

from __future__ import annotations

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module
from .scores import Target, at_rest, check_input, check_number, classes_of, input_gradient, outputs_of

__all__ = ["input_times_gradient", "integrated_gradients", "saliency", "smooth_grad"]


def saliency(model: Module, input: Tensor, target: Target = None) -> Tensor:
    r"""Return :math:`|\partial S_c / \partial x|`, of the shape of *input*: where a small change moves the score most.

    *model* gives scores (N, classes) for *input* (N, ...); *target* is the class c, one for all or one for each example,
    and None is the class that the model would answer.  For pictures ``.amax(1)`` is the map of the paper.  The model
    computes in eval mode and is left as it was.  Source: Simonyan, Vedaldi & Zisserman, "Deep Inside Convolutional
    Networks", 2013.

    >>> import nn
    >>> model = nn.Linear(2, 3)
    >>> bool((saliency(model, ag.ones(1, 2), target=1) == model.weight[1].abs()).all())
    True
    """
    return input_gradient("saliency", model, input, target).abs()


def input_times_gradient(model: Module, input: Tensor, target: Target = None) -> Tensor:
    r"""Return :math:`x \, \partial S_c / \partial x`, of the shape of *input*: the first-order share of each number.

    For a network of linear and ReLU layers without biases the shares add up to the score.  Arguments as of ``saliency``.
    Source: Shrikumar et al., "Not Just a Black Box", 2016.

    >>> import nn
    >>> model, x = nn.Linear(2, 3, bias=False), ag.ones(1, 2)
    >>> abs((input_times_gradient(model, x, 1).sum() - model(x)[0, 1]).item()) < 1e-6
    True
    """
    return input_gradient("input_times_gradient", model, input, target) * input.detach()


def smooth_grad(
    model: Module,
    input: Tensor,
    target: Target = None,
    *,
    noise: float = 0.15,
    samples: int = 25,
    generator: ag.Generator | None = None,
) -> Tensor:
    r"""Return the mean gradient over noisy copies, :math:`\frac1n \sum_i \nabla S_c(x + \varepsilon_i)`.

    The noise is normal; *noise* is its standard deviation as a part of the range of each example's numbers.  *target* None
    is the class of the clean input.  Other arguments as of ``saliency``.  Source: Smilkov et al., "SmoothGrad: Removing
    Noise by Adding Noise", 2017.

    >>> import nn
    >>> smooth_grad(nn.Linear(2, 3), ag.rand(4, 2), target=0).shape
    (4, 2)
    """
    check_input("smooth_grad", input)
    check_number("smooth_grad", "noise", noise, least=0)
    expect.size("smooth_grad", samples=samples)
    classes = _answers("smooth_grad", model, input, target)
    flat = input.detach().flatten(1)
    spread = (flat.amax(1) - flat.amin(1)).reshape(-1, *[1] * (input.ndim - 1)) * noise
    total = ag.zeros_like(input)
    for _ in range(samples):
        noisy = input.detach() + spread * ag.randn(*input.shape, dtype=input.dtype, generator=generator)
        total += input_gradient("smooth_grad", model, noisy, classes)
    return total / samples


def integrated_gradients(
    model: Module, input: Tensor, target: Target = None, *, baseline: Tensor | float = 0.0, steps: int = 50
) -> Tensor:
    r"""Return :math:`(x - x') \int_0^1 \nabla S_c(x' + \alpha (x - x')) \, d\alpha`, of the shape of *input*.

    The shares of an example add up to :math:`S_c(x) - S_c(x')`, up to the error of the integral, which is taken at *steps*
    Gauss-Legendre points.  *baseline* is x': a number, or a Tensor that broadcasts to *input*; choose what means "nothing
    there", such as black.  *target* None is the class of x.  Other arguments as of ``saliency``.  Source: Sundararajan, Taly &
    Yan, "Axiomatic Attribution for Deep Networks", 2017.

    >>> import nn
    >>> model, x = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)), ag.ones(1, 2)
    >>> shares = integrated_gradients(model, x, 1)
    >>> abs((shares.sum() - (model(x) - model(0 * x))[0, 1]).item()) < 1e-5
    True
    """
    check_input("integrated_gradients", input)
    expect.size("integrated_gradients", steps=steps)
    classes = _answers("integrated_gradients", model, input, target)
    if isinstance(baseline, Tensor):
        start = baseline.detach().to(input.dtype)
    else:
        check_number("integrated_gradients", "baseline", baseline, least=-np.inf)
        start = ag.full_like(input, baseline)
    way = input.detach() - start
    if way.shape != input.shape:
        raise expect.shape_error(
            "integrated_gradients", start, f"a baseline that broadcasts to {input.shape}", "give one of that shape"
        )
    total = ag.zeros_like(input)
    places, weights = np.polynomial.legendre.leggauss(steps)  # for -1 to 1
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        total += float(weight) * input_gradient("integrated_gradients", model, start + float(place) * way, classes)
    return way * total


@ag.no_grad()
def _answers(name: str, model: Module, input: Tensor, target: Target) -> Tensor:
    """Return the classes that *target* means for *input*."""
    with at_rest(model):
        return classes_of(name, outputs_of(name, model, input), target)
