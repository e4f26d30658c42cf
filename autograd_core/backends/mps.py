"""Whether Apple's Metal is there: no."""

from __future__ import annotations

from ..accelerator import is_available

__all__ = ["is_available", "is_built"]

is_built = is_available
