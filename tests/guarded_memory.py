"""Arrays for kernels with something around them that must be neither written nor used."""

from __future__ import annotations

import ctypes
import math
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from autograd_core.kernels import memory


@contextmanager
def guarded() -> Iterator[Callable[..., np.ndarray]]:
    """Lend outputs and workspaces that are full of NaN, and see afterwards that nothing around them was written.

    What lies around is NaN too: who reads it, and uses it, does not get the right result.
    """
    lent: list[tuple[np.ndarray, int, int]] = []
    around = 1024  # bytes

    def lend(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        size = math.prod(shape) * np.dtype(dtype).itemsize
        block = np.full(size + 2 * around, 0xFF, np.uint8)
        start = around - block.ctypes.data % 64
        lent.append((block, start, start + size))
        return block[start : start + size].view(dtype).reshape(shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "empty", lend)
        patch.setattr(memory, "workspace", lambda n, dtype: lend((n,), dtype))
        yield lend
    for block, start, stop in lent:
        assert (block[:start] == 0xFF).all()
        assert (block[stop:] == 0xFF).all()


kept: list[mmap.mmap] = []  # areas, for as long as the process lives


def placed(a: np.ndarray, last: bool) -> np.ndarray:
    """Return a copy that begins after, or ends before, a page that must not be touched: who does, ends the process."""
    libc, page = ctypes.CDLL(None, use_errno=True), mmap.PAGESIZE
    inner = -(-max(a.nbytes, 1) // page) * page
    area = mmap.mmap(-1, inner + 2 * page)
    kept.append(area)
    start = ctypes.addressof(ctypes.c_char.from_buffer(area))
    for forbidden in (start, start + page + inner):
        assert libc.mprotect(ctypes.c_void_p(forbidden), ctypes.c_size_t(page), 0) == 0
    copy: np.ndarray = np.ndarray(a.shape, a.dtype, area, page + (inner - a.nbytes if last else 0))
    copy[...] = a
    return copy
