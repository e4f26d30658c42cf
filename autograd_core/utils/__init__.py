"""Modules that programs written for PyTorch import from ``torch.utils``."""

from typing import TYPE_CHECKING

from . import checkpoint, dlpack

if not TYPE_CHECKING:  # to which every name would be a module
    from ..siblings import found_in_utils as __getattr__  # noqa: F401 - Python calls it

__all__ = ["checkpoint", "dlpack"]
