"""Deep dream: a picture in which a layer sees more of what it sees already."""

from __future__ import annotations

from collections.abc import Mapping

import autograd_core as ag
from autograd_core import Tensor

from .. import expect
from .. import functional as F
from ..module import Module
from .ascent import ascend
from .layers import module_at, recorded
from .scores import Bounds, at_rest, check_input, check_number

__all__ = ["deep_dream"]


def deep_dream(
    model: Module,
    picture: Tensor,
    *,
    layers: Mapping[str, float],
    octaves: int = 4,
    scale: float = 1.4,
    steps: int = 20,
    rate: float = 0.05,
    jitter: int = 8,
    smoothness: float = 0.0,
    bounds: Bounds | None = None,
    generator: ag.Generator | None = None,
) -> Tensor:
    r"""Return *picture* (N, C, H, W) changed so that *layers* respond more strongly, coarse forms first, then fine ones.

    :math:`\sum_l w_l \, \mathrm{mean}(A_l^2)` is ascended, with the weights w by path, from the smallest of *octaves* sizes,
    each *scale* times the one before and the last that of the picture; what was dreamt at one is enlarged and added to the
    picture at the next.  *steps* are those at each size; *rate*, *jitter*, *smoothness* and *bounds* as of ``ascend``.  The
    model, which must take pictures of any size, computes in eval mode and is left as it was.  Source: Mordvintsev, Olah &
    Tyka, "Inceptionism", 2015.

    >>> import nn
    >>> model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    >>> deep_dream(model, ag.rand(1, 3, 24, 32), layers={"1": 1.0}, octaves=2, steps=2, jitter=2).shape
    (1, 3, 24, 32)
    """
    check_input("deep_dream", picture)
    if picture.ndim != 4:
        raise expect.shape_error("deep_dream", picture, "pictures (N, C, H, W)", "add dims with unsqueeze")
    expect.size("deep_dream", octaves=octaves)
    check_number("deep_dream", "scale", scale, above=1)
    if not isinstance(layers, Mapping) or not layers:
        raise ag.errors.ArgumentError(
            f"deep_dream: layers={layers!r}, expected weights by path, such as {{'features.5': 1.0}}"
        )
    modules = {path: module_at("deep_dream", model, path) for path in layers}
    sizes = [tuple(max(round(n / scale**i), 1) for n in picture.shape[2:]) for i in reversed(range(octaves))]
    with at_rest(model), recorded(modules) as found:

        def value(x: Tensor) -> Tensor:
            found.clear()
            model(x)
            if missing := [path for path in layers if path not in found]:
                raise ag.errors.ArgumentError(f"deep_dream: layers {missing} did not run; use some that do")
            parts = [weight * (found[path] ** 2).flatten(1).mean(1) for path, weight in layers.items()]
            return ag.stack(parts).sum(0)

        dreamt = ag.zeros(*picture.shape[:2], *sizes[0], dtype=picture.dtype)
        for size in sizes:
            base = _smaller(picture.detach(), size)
            start = base + F.interpolate(dreamt, size=size, mode="bilinear", align_corners=False)
            x = ascend(
                value, start,
                steps=steps, rate=rate, jitter=jitter, smoothness=smoothness, bounds=bounds, generator=generator,
            )  # fmt: skip
            dreamt = x - base
        return x


def _smaller(picture: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return *picture* at a smaller size, each pixel the mean of those that it covers."""
    return picture if size == picture.shape[2:] else F.interpolate(picture, size=size, mode="area")
