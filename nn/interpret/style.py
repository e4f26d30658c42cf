"""Style transfer: the content of one picture in the style of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from ..module import Module
from .ascent import total_variation
from .layers import module_at, recorded
from .scores import Bounds, at_rest, box_of, check_input, check_number

__all__ = ["gram_matrix", "style_transfer"]


def gram_matrix(maps: Tensor) -> Tensor:
    r"""Return which channels respond together, wherever that is: :math:`G_{ij} = \frac1{hw} \sum_p F_{ip} F_{jp}`.

    *maps* (N, K, h, w) give (N, K, K).  It does not change when places are exchanged, so it keeps texture and forgets
    layout.  Source: Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks", 2016.

    >>> gram_matrix(ag.ones(1, 2, 3, 3))
    tensor([[[1., 1.],
             [1., 1.]]])
    """
    if maps.ndim != 4 or not maps.shape[2] * maps.shape[3]:
        raise expect.shape_error("gram_matrix", maps, "maps (N, K, h, w), not empty", "use what a convolution gives")
    flat = maps.flatten(2)  # (N, K, h * w)
    return flat @ flat.mT / flat.shape[2]


def style_transfer(
    model: Module,
    content: Tensor,
    style: Tensor,
    optimizer: Callable[[list[Tensor]], Any],
    *,
    content_layers: Mapping[str, float],
    style_layers: Mapping[str, float],
    steps: int = 200,
    smoothness: float = 0.0,
    start: Tensor | None = None,
    bounds: Bounds | None = None,
) -> Tensor:
    r"""Return a picture with the features of *content* and the Gram matrices of *style*, both (1, C, H, W) of any sizes.

    What is minimised over the pixels x, with weights a and b by path, is

    .. math:: \sum_l a_l \frac{\|F_l(x) - F_l(p)\|^2}{\|F_l(p)\|^2}
        + \sum_l b_l \frac{\|G_l(x) - G_l(s)\|^2}{\|G_l(s)\|^2} + smoothness \cdot TV(x).

    The paper divides by the sizes of the layers where these are divided by the size of what is to be reached, so that the
    weights mean the same in every network.  ``optimizer([x])`` makes what takes the *steps*, for instance
    ``lambda p: optim.Adam(p, lr=0.05)`` or ``optim.LBFGS``; its ``step`` gets a closure.  *start* is the first picture, by
    default *content*; *bounds* the box of valid pixels, to which x is clipped after each step.  The model computes in eval
    mode and is left as it was.  Source: Gatys, Ecker & Bethge, 2016; the total variation, Mahendran & Vedaldi, 2014.

    >>> import nn, optim
    >>> model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))
    >>> pictures = ag.rand(1, 3, 16, 16), ag.rand(1, 3, 20, 12)
    >>> adam = lambda parameters: optim.Adam(parameters, lr=0.05)
    >>> style_transfer(model, *pictures, adam, content_layers={"2": 1.0}, style_layers={"0": 1.0}, steps=3).shape
    (1, 3, 16, 16)
    """
    for argument, picture in (("content", content), ("style", style), ("start", content if start is None else start)):
        check_input("style_transfer", picture)
        if picture.ndim != 4 or len(picture) != 1 or picture.shape[1] != content.shape[1]:
            expected = f"{argument} (1, C, H, W), with C as of content"
            raise expect.shape_error("style_transfer", picture, expected, "give one picture each")
    expect.size("style_transfer", steps=steps)
    check_number("style_transfer", "smoothness", smoothness, least=0)
    for argument, weights in (("content_layers", content_layers), ("style_layers", style_layers)):
        if not isinstance(weights, Mapping) or not weights:
            raise ag.errors.ArgumentError(
                f"style_transfer: {argument}={weights!r}, expected weights by path, such as {{'features.3': 1.0}}"
            )
    modules = {p: module_at("style_transfer", model, p) for p in (*content_layers, *style_layers)}
    x = (content if start is None else start).detach().clone().requires_grad_()
    box = None if bounds is None else box_of("style_transfer", bounds, x)
    with at_rest(model), recorded(modules) as found:

        def features(picture: Tensor) -> dict[str, Tensor]:
            found.clear()
            model(picture)
            if missing := [path for path in modules if path not in found]:
                raise ag.errors.ArgumentError(f"style_transfer: layers {missing} did not run; use some that do")
            return dict(found)

        with ag.no_grad():
            aims, textures = features(content.detach()), features(style.detach())
            grams = {path: gram_matrix(textures[path]) for path in style_layers}

        def closure() -> Tensor:
            with ag.enable_grad():
                now = features(x)
                terms = [a * _distance(now[path], aims[path]) for path, a in content_layers.items()]
                terms += [b * _distance(gram_matrix(now[path]), grams[path]) for path, b in style_layers.items()]
                loss = ag.stack(terms).sum()
                if smoothness:
                    loss = loss + smoothness * total_variation(x).sum()
            (x.grad,) = ag.grad(loss, [x])  # of the pixels alone: the model's stay what they are
            return loss.detach()

        stepper = optimizer([x])
        for _ in range(steps):
            stepper.step(closure)
            if box is not None:
                with ag.no_grad():
                    x.copy_(ag.from_numpy(np.clip(x.array, *box)))
    return x.detach()


def _distance(x: Tensor, aim: Tensor) -> Tensor:
    return ((x - aim) ** 2).sum() / (aim * aim).sum().clamp(min=1e-12)
