"""The questions of ``torch.xpu``, answered for a machine without it: see ``accelerator``."""

from .accelerator import device_count, empty_cache, is_available, manual_seed, synchronize

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all", "synchronize"]

manual_seed_all = manual_seed
