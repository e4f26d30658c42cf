"""Grad-CAM: where in a layer's maps the evidence for a class lies."""

from __future__ import annotations

import autograd_core as ag
from autograd_core import Tensor

from .. import functional as F
from ..module import Module
from .layers import Layer, module_at, recorded
from .scores import Target, at_rest, check_input, classes_of, outputs_of, selected

__all__ = ["grad_cam"]


def grad_cam(model: Module, input: Tensor, target: Target = None, *, layer: Layer, upsample: bool = True) -> Tensor:
    r"""Return a coarse map of the evidence for a class, :math:`\max(0, \sum_k \alpha_k A_k)`.

    :math:`A_k` are the maps of *layer*, a path or a module, usually the last convolution, and :math:`\alpha_k` the mean over
    its places of :math:`\partial S_c / \partial A_k`.  *input* is (N, C, H, W); the map is (N, H, W), interpolated linearly, or
    of the size of the layer without *upsample*.  Other arguments as of ``saliency``.  Source: Selvaraju et al., "Grad-CAM",
    2016.

    >>> import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))
    >>> grad_cam(model, ag.rand(2, 1, 8, 8), target=0, layer="1").shape
    (2, 8, 8)
    """
    check_input("grad_cam", input)
    chosen = module_at("grad_cam", model, layer)
    with at_rest(model), recorded({"layer": chosen}) as found, ag.enable_grad():
        outputs = outputs_of("grad_cam", model, input.detach().requires_grad_())
        if len(found) != 1:
            raise ag.errors.ArgumentError(
                f"grad_cam: layer={layer!r} ran {len(found)} times: expected one that runs once"
            )
        maps = found["layer"]
        if maps.ndim != 4:
            raise ag.errors.ShapeError(
                f"grad_cam: layer={layer!r} gives shape {maps.shape}: expected maps (N, K, h, w); use a convolution"
            )
        scores = selected(outputs, classes_of("grad_cam", outputs, target))
        (gradient,) = ag.grad(scores.sum(), [maps])
    with ag.no_grad():
        evidence = (gradient.mean((2, 3), keepdim=True) * maps).sum(1).relu()
        if upsample:
            size = input.shape[2:]
            evidence = F.interpolate(evidence.unsqueeze(1), size=size, mode="bilinear", align_corners=False).squeeze(1)
    return evidence.detach()
