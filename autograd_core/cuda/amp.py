"""``torch.cuda.amp``: mixed precision, as in ``amp``, by the older names."""

from __future__ import annotations

from typing import Any

from .. import amp
from ..amp import GradScaler

__all__ = ["GradScaler", "autocast"]


class autocast(amp.autocast):
    """Allow operations on CUDA to be less exact than float32; nothing here makes use of it.

    >>> with ag.cuda.amp.autocast():
    ...     (ag.ones(2) @ ag.ones(2)).dtype
    dtype('float32')
    """

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)
