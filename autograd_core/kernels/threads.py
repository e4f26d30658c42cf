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
from queue import SimpleQueue
from threading import Lock, Thread, current_thread
from typing import Any

import numpy as np

from .watch import can_watch, watch

__all__ = ["get_num_threads", "parallel", "set_num_threads"]

PAYS_FROM = 80_000  # nanoseconds of work: a helper begins 10,000 later, or 30,000 if it was asleep
SHARES = 4  # for each thread,
SHARE = 100_000  # but fewer of less work: between two shares a thread waits for the GIL
LOOKS = 3000  # by a helper for the next job, which take about 100 microseconds
REST = 150  # pauses after a job is seen: meanwhile the caller begins with it, and gives up the GIL


def _default() -> int:
    """Return ``OMP_NUM_THREADS`` if set, which BLAS libraries and PyTorch obey too, else the number of cores for us."""
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if first.isdecimal() and int(first):
        return int(first)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_number = _default()


def get_num_threads() -> int:
    """Return how many threads a kernel may use, the caller's included.

    >>> ag.get_num_threads() >= 1
    True
    """
    return _number


def set_num_threads(n: int) -> None:
    """Let kernels use *n* threads, the caller's included.  By default all cores of the process, or ``OMP_NUM_THREADS``.

    Results are the same bits for every *n*.
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
    _dismiss()


def parallel(function: Callable[..., object], n: int, *args: Any, work: float) -> None:
    """Call ``function(start, stop, *args)`` for contiguous shares of ``range(n)``, at once on several threads.

    *function* must give up the GIL for most of its time, and may write only what belongs to its share.  *work* is an
    estimate of the whole, in nanoseconds on one core; a little work runs in the caller's thread.  Any number of threads
    may call this at once, also from inside *function*.

    >>> x = np.zeros(6)
    >>> ag.parallel(lambda start, stop: x[start:stop].fill(1), 6, work=1e6)
    >>> x
    array([1., 1., 1., 1., 1., 1.])
    """
    threads = min(_number, n) if work >= PAYS_FROM else 1
    if threads <= 1:
        function(0, n, *args)
        return
    shares = min(n, threads * SHARES, max(threads, int(work / SHARE)))
    job = _Job(function, n, shares, args)
    _call_helpers(job, threads - 1)
    job.work()
    job.wait()


class _Job:
    """Work in shares, which whoever comes takes one by one."""

    __slots__ = ("all_done", "args", "count", "error", "function", "n", "shares", "take")

    def __init__(self, function: Callable[..., object], n: int, shares: int, args: tuple[Any, ...]) -> None:
        self.function, self.n, self.shares, self.args = function, n, shares, args
        self.take, self.count = itertools.count().__next__, itertools.count(1).__next__  # atomic, without a lock
        self.error: BaseException | None = None
        self.all_done = Lock()
        self.all_done.acquire()

    def work(self) -> None:
        """Take shares until none is left; after an error they are taken, and not done."""
        while True:
            try:
                i = self.take()
                if i >= self.shares:
                    return
                if self.error is None:
                    self.function(self.n * i // self.shares, self.n * (i + 1) // self.shares, *self.args)
            except BaseException as error:
                self.error = error
            if self.count() == self.shares:
                self.all_done.release()

    def wait(self) -> None:
        """Return when nobody writes to the arrays any more, also after an error, which is raised then."""
        waiting = True
        while waiting:
            try:
                waiting = not self.all_done.acquire()
            except BaseException as error:  # Control-C
                self.error = error
        if self.error is not None:
            raise self.error


# Helpers wait for jobs in a queue; None sends one home.  A job that comes late to a helper has no share left for it.
_jobs: SimpleQueue[_Job | None] = SimpleQueue()
_helpers: list[Thread] = []
_lock = Lock()


_posted = np.zeros(1, np.int64)  # how many jobs were put into a queue


def _call_helpers(job: _Job, n: int) -> None:
    if len(_helpers) != _number - 1:
        _hire()
    for _ in range(n):
        _jobs.put(job)
    _posted[0] += 1


def _hire() -> None:
    """Have as many helpers as ``set_num_threads`` asks for, or as the system gives us."""
    with _lock:
        while len(_helpers) < _number - 1:
            helper = Thread(target=_help, args=(_jobs,), name=f"autograd_core_{len(_helpers)}", daemon=True)
            try:
                helper.start()
            except RuntimeError:  # no thread can be had, or the interpreter is going down: the caller does it all
                return
            _helpers.append(helper)


def _help(jobs: SimpleQueue[_Job | None]) -> None:
    """Do jobs, and watch out for the next one for a while before going to sleep."""
    watches = can_watch()
    while (job := jobs.get()) is not None:
        job.work()
        del job  # its arrays must not wait for the next one
        if watches:
            watch(_posted, _posted[0], LOOKS, REST)


def _dismiss() -> None:
    """Send the helpers home: the next job finds new ones."""
    global _jobs  # noqa: PLW0603
    with _lock:
        leaving, jobs = _helpers[:], _jobs
        _helpers.clear()
        _jobs = SimpleQueue()
    for _ in leaving:
        jobs.put(None)
    for helper in leaving:
        if helper is not current_thread():
            helper.join()


def _start_anew() -> None:
    """In a forked child: the helpers stayed behind in the parent, and the lock may have been held by a thread there."""
    global _jobs, _lock
    _lock, _jobs = Lock(), SimpleQueue()
    _helpers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_dismiss, after_in_child=_start_anew)
