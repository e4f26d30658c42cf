"""A module called with other parameters and buffers than its own; under PyTorch's older name for it."""

from __future__ import annotations

import autograd_core as ag

__all__ = ["functional_call"]

functional_call = ag.func.functional_call
