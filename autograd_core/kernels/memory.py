"""Large arrays and workspaces from a pool of memory blocks.

A fresh large array is a page fault for every 4 KiB that is written first, which can cost more than the arithmetic.  A block
of the pool has its pages already.  A block is idle when nobody but the pool refers to it: an array made from it is a view
of it, so the block comes back when the last view of it dies, and nothing needs to be handed back.

The pool never holds more than its limit: beyond that, arrays are NumPy's own.
"""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from sys import getrefcount
from threading import Lock
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = ["allocated", "empty", "empty_cache", "limit", "reserved", "set_limit", "workspace"]

LARGE = 1 << 18  # bytes from which an array comes from the pool: smaller ones stay on malloc's heap and in the caches
LINE = 64  # bytes: a cache line, and the widest vector; every array of the pool starts at a multiple of it


def _default_limit() -> int:
    """Return an eighth of the machine's memory, and no more than 2 GiB."""
    try:
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not a POSIX system
        installed = 8 << 30
    return min(2 << 30, installed // 8)


Block = tuple[ndarray, int]  # memory, and where in it a cache line starts

_limit = _default_limit()
_reserved = 0
_blocks: OrderedDict[int, list[Block]] = OrderedDict()  # size -> blocks; the sizes asked for last come last
_lock = Lock()


def _references(block: Block) -> int:
    return getrefcount(block[0])


_ALONE = _references((np.empty(0), 0))  # how many there are when only its block refers to memory


def _is_idle(block: Block) -> bool:
    return _references(block) == _ALONE


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> ndarray:
    """Return an array of any content, as numpy.empty does, from the pool if it is large."""
    size = math.prod(shape) * dtype.itemsize
    if size < LARGE:
        return np.empty(shape, dtype)
    return _array(shape, dtype, size)


def workspace(n: int, dtype: np.dtype[Any]) -> ndarray:
    """Return n elements of any content that start at a cache line, from the pool whatever the size."""
    return _array((n,), dtype, n * dtype.itemsize)


def _array(shape: tuple[int, ...], dtype: np.dtype[Any], size: int) -> ndarray:
    memory, start = _block(_size_class(size + LINE))
    return ndarray(shape, dtype, memory, start)


def _size_class(size: int) -> int:
    """Round up to one of four sizes in each power of two, from a page on, so that nearly equal sizes share blocks."""
    step = max(4096, 1 << max(0, size.bit_length() - 3))
    return -(-size // step) * step


def _block(size: int) -> Block:
    global _reserved  # noqa: PLW0603
    with _lock:
        blocks = _blocks.setdefault(size, [])
        _blocks.move_to_end(size)
        for block in blocks:
            if _is_idle(block):
                memory, start = block
                return memory, start  # a reference of the caller's own before the lock is open
        if _reserved + size > _limit:
            _drop_idle(_reserved + size - _limit)
        memory = np.empty(size, np.uint8)
        start = -memory.ctypes.data % LINE
        if _reserved + size <= _limit:
            blocks.append((memory, start))
            _reserved += size
        return memory, start


def _drop_idle(excess: int) -> None:
    """Free idle blocks until *excess* bytes are free, those of the sizes that were not asked for longest first."""
    global _reserved  # noqa: PLW0603
    freed = 0
    for size, blocks in _blocks.items():
        for i in reversed(range(len(blocks))):
            if freed >= excess:
                break
            if _is_idle(blocks[i]):
                del blocks[i]
                freed += size
    _reserved -= freed


def has_whole_block(array: ndarray) -> bool:
    """Return whether *array* is the only view of a block of the pool, so that its memory is its own."""
    memory = array.base
    if type(memory) is not ndarray:
        return False
    with _lock:
        return any(block[0] is memory and _references(block) == _ALONE + 2 for block in _blocks.get(memory.size, ()))


def reserved() -> int:
    """Return how many bytes the pool holds, in use or idle.

    >>> ag.memory.reserved() <= ag.memory.limit()
    True
    """
    return _reserved


def allocated() -> int:
    """Return how many bytes of the pool are in use.

    >>> ag.memory.allocated() <= ag.memory.reserved()
    True
    """
    with _lock:
        return sum(size * sum(not _is_idle(block) for block in blocks) for size, blocks in _blocks.items())


def limit() -> int:
    """Return how many bytes the pool may hold: an eighth of the machine's memory and at most 2 GiB, unless set."""
    return _limit


def set_limit(n: int) -> None:
    """Let the pool hold at most *n* bytes; 0 switches it off.  What is in use stays until its users are done.

    Raises ValueError unless *n* is an int of at least 0.

    >>> before = ag.memory.limit()
    >>> ag.memory.set_limit(0)
    >>> ag.memory.set_limit(before)
    """
    global _limit  # noqa: PLW0603
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise ValueError(f"n is {n!r}: expected a number of bytes, an int of at least 0")
    with _lock:
        _limit = n
        _drop_idle(_reserved - n)


def empty_cache() -> None:
    """Give the pool's idle blocks back to the system.

    >>> ag.memory.empty_cache()
    >>> ag.memory.allocated() == ag.memory.reserved()
    True
    """
    with _lock:
        _drop_idle(_reserved)


def _start_anew() -> None:
    """In a forked child: a thread that held the lock stayed behind in the parent."""
    global _lock  # noqa: PLW0603
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
