"""How many threads NumPy's BLAS uses, where that is an OpenBLAS that can be asked.

Threads of BLAS go on looking for work for a while after each product, and keep a core busy that helper threads want: with
both, a step of training took up to ten times as long.  So a product has either.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
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


def get_num_threads() -> int:
    """Return how many threads BLAS uses now; 1 where it cannot be asked."""
    return int(_get()) if _get else 1


def one_thread(multiply: Callable[..., Any], *args: Any) -> Any:
    """Return ``multiply(*args)``, with BLAS on one thread meanwhile.

    Of two callers at once, one may find that the other has set the number, or may be left with the former one: then it has
    that many threads, and nothing is wrong but the time.
    """
    n = get_num_threads()
    if n <= 1 or _set is None:
        return multiply(*args)
    _set(1)
    try:
        return multiply(*args)
    finally:
        _set(n)
