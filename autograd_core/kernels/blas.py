"""How many threads NumPy's BLAS uses, where that is an OpenBLAS that can be asked.

Helper threads that each call a BLAS with threads of its own wait for one another: with a busy second core a step of
training took twice to ten times as long.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

__all__ = ["get_num_threads", "one_thread"]


def _find(name: str) -> Callable[..., Any] | None:
    """Return OpenBLAS's function *name*, which NumPy's builds rename, or None where NumPy brings no OpenBLAS."""
    home = Path(np.__file__).parent
    for folder in (home.parent / "numpy.libs", home / ".dylibs", home / ".libs"):
        for file in folder.glob("*openblas*"):
            library = ctypes.CDLL(str(file))  # NumPy has loaded it: this is the same one
            for symbol in (
                f"scipy_openblas_{name}64_",
                f"scipy_openblas_{name}",
                f"openblas_{name}64_",
                f"openblas_{name}",
            ):
                if hasattr(library, symbol):
                    found: Callable[..., Any] = getattr(library, symbol)
                    return found
    return None


_get, _set = _find("get_num_threads"), _find("set_num_threads")
_lock = Lock()
_inside = 0
_before = 1


def get_num_threads() -> int:
    """Return how many threads BLAS uses now; 1 where it cannot be asked."""
    return int(_get()) if _get else 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Let BLAS use one thread; the former number comes back when the last of all callers has left."""
    global _before, _inside  # noqa: PLW0603
    if _set is None:
        yield
        return
    with _lock:
        if not _inside:
            _before = get_num_threads()
            _set(1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _set(_before)


def _start_anew() -> None:
    """In a forked child: the threads that were inside, and may have held the lock, stayed behind in the parent."""
    global _inside, _lock  # noqa: PLW0603
    _lock = Lock()
    if _inside and _set is not None:
        _inside = 0
        _set(_before)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
