"""Bounds on gradients, applied between ``backward()`` and the step of an optimizer: the engine's."""

from __future__ import annotations

import autograd_core as ag

from ..former import former_name

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

clip_grad_norm_ = ag.autograd.clip_grad_norm_
clip_grad_value_ = ag.autograd.clip_grad_value_
clip_grads_with_norm_ = ag.autograd.clip_grads_with_norm_
get_total_norm = ag.autograd.get_total_norm
clip_grad_norm = former_name(clip_grad_norm_, "nn.utils")
