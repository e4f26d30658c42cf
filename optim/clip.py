"""Bounds on gradients, applied between ``backward()`` and ``step()``: the engine's, which ``nn.utils`` shows too."""

from __future__ import annotations

import autograd_core as ag

__all__ = ["clip_grad_norm_", "clip_grad_value_"]

clip_grad_norm_ = ag.autograd.clip_grad_norm_
clip_grad_value_ = ag.autograd.clip_grad_value_
