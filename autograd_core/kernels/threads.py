"""Run a kernel on several cores: helper threads of Python, which take shares of the work until none is left.

Why not Numba's ``prange``: its own threading layer aborts the process when two Python threads launch at once, and with
GNU OpenMP a forked child is killed.  Kernels release the GIL, so threads of Python do.

There are more shares than threads, so that a thread whose core has other work to do takes fewer of them, and nobody waits
for long.  The result never depends on who did what: shares are disjoint, and nothing is summed across them.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

__all__ = ["get_num_threads", "parallel", "set_num_threads"]

PAYS_FROM = 300_000  # nanoseconds of work: waking the helpers and waiting for them takes about 50,000
SHARES = 4  # for each thread


def _default() -> int:
    """Return ``OMP_NUM_THREADS`` if set, which BLAS libraries and PyTorch obey too, else the number of cores for us."""
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if first.isdecimal() and int(first):
        return int(first)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_number = _default()
_pool: ThreadPoolExecutor | None = None
_lock = Lock()


def get_num_threads() -> int:
    """Return how many threads a kernel may use, the caller's included.

    >>> ag.get_num_threads() >= 1
    True
    """
    return _number


def set_num_threads(n: int) -> None:
    """Let kernels use *n* threads, the caller's included.  By default all cores of the process, or ``OMP_NUM_THREADS``.

    Results are the same bits for every *n*.  Matrix products belong to NumPy's BLAS, which has threads of its own.
    Raises ValueError unless *n* is an int of at least 1.

    >>> before = ag.get_num_threads()
    >>> ag.set_num_threads(1)
    >>> ag.get_num_threads()
    1
    >>> ag.set_num_threads(before)
    """
    global _number  # noqa: PLW0603
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n is {n!r}: expected a number of threads, an int of at least 1")
    _number = n
    _dismiss(wait=False)


def parallel(function: Callable[..., object], n: int, *args: Any, work: float) -> None:
    """Call ``function(start, stop, *args)`` for contiguous shares of ``range(n)``, at once on several threads.

    *function* must give up the GIL for most of its time, and may write only what belongs to its share.  *work* is an
    estimate of the whole, in nanoseconds on one core; a little work runs in the caller's thread.  Any number of threads
    may call this at once, also from inside *function*.
    """
    threads = min(_number, n) if work >= PAYS_FROM else 1
    if threads <= 1:
        function(0, n, *args)
        return
    shares = min(n, threads * SHARES)
    next_share = itertools.count().__next__

    def take_shares() -> None:
        while (i := next_share()) < shares:
            function(n * i // shares, n * (i + 1) // shares, *args)

    helpers: list[Future[None]] = []
    try:
        pool = _helpers()
        for _ in range(threads - 1):
            helpers.append(pool.submit(take_shares))  # noqa: PERF401  # submit may fail
    except RuntimeError:
        pass  # the interpreter is going down, or the pool was dismissed just now: the caller does it all
    try:
        take_shares()
    finally:  # nobody may write to the arrays after the caller has them back, also after an error
        for helper in helpers:
            if not helper.cancel():  # one that has not begun, behind other callers, is not needed any more
                helper.exception()
    for helper in helpers:
        if not helper.cancelled():
            helper.result()


def _helpers() -> ThreadPoolExecutor:
    global _pool  # noqa: PLW0603
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(_number - 1, "autograd_core")
        return _pool


def _dismiss(wait: bool = True) -> None:
    """Let the helpers go: the next call makes new ones."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
    if pool is not None:
        pool.shutdown(wait=wait)


def _start_anew() -> None:
    """In a forked child: the helpers stayed behind in the parent, and the lock may have been held by a thread there."""
    global _lock, _pool
    _lock, _pool = Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_dismiss, after_in_child=_start_anew)
