"""Recomputation in place of memory, under the path of ``torch.utils.checkpoint``."""

from __future__ import annotations

from ..autograd import checkpoint, checkpoint_sequential

__all__ = ["checkpoint", "checkpoint_sequential"]
