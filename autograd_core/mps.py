"""The questions of ``torch.mps``, answered for a machine without it: see ``accelerator``."""

from .accelerator import device_count, empty_cache, is_available, manual_seed, synchronize

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]
