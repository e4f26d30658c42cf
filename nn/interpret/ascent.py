"""Gradient ascent on the picture: what an optimised input, a dream and their priors are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from .layers import Layer, module_at, recorded
from .scores import Bounds, at_rest, box_of, check_input, check_number

__all__ = ["ascend", "gaussian_blur", "optimal_input", "total_variation"]


def total_variation(input: Tensor, beta: float = 2.0) -> Tensor:
    r"""Return the roughness of each picture (N, C, H, W): the mean of :math:`(\Delta_x^2 + \Delta_y^2)^{\beta/2}`.

    :math:`\Delta` are the differences of neighbours to the right and below.  0 for a flat picture.  Source: Mahendran &
    Vedaldi, "Understanding Deep Image Representations by Inverting Them", 2014, with a mean in place of the sum.

    >>> total_variation(ag.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]))
    tensor([1.])
    """
    if input.ndim != 4 or min(input.shape[2:]) < 2:
        raise expect.shape_error("total_variation", input, "(N, C, H, W) of at least 2x2", "add dims with unsqueeze")
    across = input[:, :, :-1, 1:] - input[:, :, :-1, :-1]
    down = input[:, :, 1:, :-1] - input[:, :, :-1, :-1]
    squares = across * across + down * down
    if beta != 2:
        squares = (squares + 1e-12) ** (beta / 2)  # the power has no derivative at 0
    return squares.mean((1, 2, 3))


def gaussian_blur(input: Tensor, sigma: float) -> Tensor:
    """Return pictures (N, C, H, W) blurred by a Gaussian of standard deviation *sigma* pixels; the border is mirrored.

    The filter reaches 3 sigma, and no further than the picture.

    >>> gaussian_blur(ag.ones(1, 3, 8, 8), 1.0).allclose(ag.ones(1, 3, 8, 8))
    True
    """
    check_number("gaussian_blur", "sigma", sigma, least=0)
    if input.ndim != 4:
        raise expect.shape_error("gaussian_blur", input, "(N, C, H, W)", "add dims with unsqueeze")
    channels, height, width = input.shape[1:]
    for size, dim in ((height, 2), (width, 3)):
        reach = min(math.ceil(3 * sigma), size - 1)
        if not reach or not sigma:
            continue
        taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        kernel = ag.from_numpy((taps / taps.sum()).astype(input.dtype))
        kernel = kernel.reshape(1, 1, *((-1, 1) if dim == 2 else (1, -1))).repeat(channels, 1, 1, 1)
        border = (0, 0, reach, reach) if dim == 2 else (reach, reach, 0, 0)
        input = F.conv2d(F.pad(input, border, mode="reflect"), kernel, groups=channels)
    return input


def ascend(
    value: Callable[[Tensor], Tensor],
    start: Tensor,
    *,
    steps: int,
    rate: float = 0.05,
    jitter: int = 0,
    smoothness: float = 0.0,
    blur: float = 0.0,
    norm: float | None = None,
    bounds: Bounds | None = None,
    generator: ag.Generator | None = None,
) -> Tensor:
    r"""Return pictures for which *value* is high, by :math:`x \leftarrow x + rate \cdot g / \mathrm{rms}(g)` from *start*.

    ``value(x)`` gives a number for each of the pictures x (N, C, H, W), which are optimised side by side; g is the gradient of
    ``value(x) - smoothness * total_variation(x)``, and its root mean square is taken picture by picture, so *rate* is how far
    a typical pixel moves in a step.  Priors keep the result a picture: *jitter* moves it by up to so many pixels, round the
    border, before each step and back after it; *blur* is the standard deviation of a blur after each step; *norm* bounds
    the root mean square of its pixels; *bounds* is the box (low, high).

    >>> start = ag.zeros(1, 1, 4, 4)
    >>> ascend(lambda x: -((x - 1) ** 2).mean((1, 2, 3)), start, steps=20).mean().item()  # doctest: +ELLIPSIS
    1.0...
    """
    expect.size("ascend", steps=steps)
    check_number("ascend", "rate", rate, above=0)
    for argument, prior in (("smoothness", smoothness), ("blur", blur), ("jitter", jitter)):
        check_number("ascend", argument, prior, least=0)
    if norm is not None:
        check_number("ascend", "norm", norm, above=0)
    check_input("ascend", start)
    if start.ndim != 4:
        raise expect.shape_error("ascend", start, "pictures (N, C, H, W)", "add dims with unsqueeze")
    draws = (generator or ag.default_generator).numpy
    box = None if bounds is None else box_of("ascend", bounds, start)
    x = start.detach().clone()
    for _ in range(steps):
        shift = tuple(int(n) for n in draws.integers(-jitter, jitter + 1, 2)) if jitter else (0, 0)
        leaf = x.roll(shift, (2, 3)).detach().requires_grad_()
        with ag.enable_grad():
            goal = value(leaf)
            if goal.shape != (len(x),):
                raise ag.errors.ShapeError(
                    f"ascend: value returned shape {goal.shape}: expected ({len(x)},), a number for each picture"
                )
            if smoothness:
                goal = goal - smoothness * total_variation(leaf)
            (g,) = ag.grad(goal.sum(), [leaf])
        with ag.no_grad():
            size = (g * g).mean((1, 2, 3), keepdim=True).sqrt()
            x = (leaf + rate * g / size.clamp(min=1e-12)).roll((-shift[0], -shift[1]), (2, 3))
            if blur:
                x = gaussian_blur(x, blur)
            if norm is not None:
                x = x * (norm / (x * x).mean((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-12)).clamp(max=1.0)
            if box is not None:
                x = ag.from_numpy(np.clip(x.array, *box))
    return x.detach()


def optimal_input(
    model: Module,
    start: Tensor,
    *,
    layer: Layer,
    units: int | Sequence[int],
    steps: int = 200,
    rate: float = 0.05,
    jitter: int = 0,
    smoothness: float = 0.0,
    blur: float = 0.0,
    norm: float | None = None,
    bounds: Bounds | None = None,
    generator: ag.Generator | None = None,
) -> Tensor:
    """Return pictures that excite *units* of *layer* most, by gradient ascent from *start* (N, C, H, W).

    *layer* is a path or a module that gives (N, K) or maps (N, K, h, w), of which the mean over all places counts; *units* is
    one of its K for all N pictures, or one for each.  The other arguments are the priors of ``ascend``: without any, the
    result is noise that the network likes.  The model computes in eval mode and is left as it was.  Source: Erhan et al.,
    "Visualizing Higher-Layer Features of a Deep Network", 2009; the priors, Yosinski et al., 2015.

    >>> import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    >>> optimal_input(model, ag.rand(2, 1, 8, 8), layer="0", units=[0, 3], steps=3).shape
    (2, 1, 8, 8)
    """
    check_input("optimal_input", start)
    chosen = module_at("optimal_input", model, layer)
    with at_rest(model), recorded({"layer": chosen}) as found:

        def value(x: Tensor) -> Tensor:
            found.clear()
            model(x)
            if "layer" not in found:
                raise ag.errors.ArgumentError(f"optimal_input: layer={layer!r} did not run; use one that does")
            maps = found["layer"]
            scores = maps.flatten(2).mean(2) if maps.ndim > 2 else maps
            return scores.gather(1, _one_each(units, scores).unsqueeze(1)).squeeze(1)

        return ascend(
            value, start,
            steps=steps, rate=rate, jitter=jitter, smoothness=smoothness, blur=blur, norm=norm, bounds=bounds,
            generator=generator,
        )  # fmt: skip


def _one_each(units: int | Sequence[int], scores: Tensor) -> Tensor:
    n, k = scores.shape
    found = np.asarray(units)
    if found.dtype.kind not in "iu" or found.shape not in ((), (n,)) or ((found < 0) | (found >= k)).any():
        raise ag.errors.ArgumentError(
            f"optimal_input: units={units!r}, expected a unit of 0 to {k - 1}, or one for each of the {n} pictures"
        )
    return ag.from_numpy(np.ascontiguousarray(np.broadcast_to(found, (n,)), np.int64))
