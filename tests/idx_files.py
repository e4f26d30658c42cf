"""IDX files, packed by hand."""

from __future__ import annotations

import numpy as np

__all__ = ["idx"]


def idx(array: np.ndarray) -> bytes:
    """The IDX file of an array, packed by hand."""
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    dims = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, code, array.ndim]) + dims + array.astype(array.dtype.newbyteorder(">")).tobytes()
