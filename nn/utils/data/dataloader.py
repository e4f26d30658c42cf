"""The loader under the path of ``torch.utils.data.dataloader``."""

from __future__ import annotations

from . import DataLoader, default_collate, get_worker_info

__all__ = ["DataLoader", "default_collate", "get_worker_info"]
