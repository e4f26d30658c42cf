"""DLPack under the path of ``torch.utils.dlpack``: memory that libraries share."""

from __future__ import annotations

from typing import Any

from ..creation import from_dlpack
from ..tensor import Tensor

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Tensor) -> Any:
    """Return a capsule over the memory of *tensor*, which one ``from_dlpack`` may take; libraries of today take the tensor.

    Raises GraphError for a tensor that requires gradients.

    >>> from_dlpack(to_dlpack(ag.ones(2)))
    tensor([1., 1.])
    """
    return tensor.__dlpack__()
