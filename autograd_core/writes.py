"""In-place writes, stamped.

Arrays carry no version.  The clock that numbers the nodes stamps every write, by the range of bytes that it touched in the
memory that the array belongs to.  A saved array that was written after its node was made is an error; when nothing was
written since the oldest node, one comparison settles that for a whole walk, so recording pays nothing.
"""

from __future__ import annotations

import sys
import threading
import weakref
from types import CodeType
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from .modes import tick
from .position import caller

__all__ = ["overwritten", "written"]

MANY = 4096  # distinct ranges that are kept apart for one memory


class Write(NamedTuple):
    """One write: when, and the line that did it."""

    when: int
    code: CodeType
    lasti: int


last_write = 0
_lock = threading.RLock()  # reentrant: an array may die, and its entry go, while one is held
_writes: dict[int, dict[tuple[int, int], Write]] = {}  # id of the array that owns the memory -> bytes -> the last write
_owners: dict[int, weakref.ref[ndarray]] = {}


def _memory(a: ndarray) -> tuple[ndarray, tuple[int, int]]:
    owner: ndarray = a
    while type(owner.base) is ndarray:
        owner = owner.base
    if a.size >= owner.size:  # all of it: no need to ask for addresses, which takes a microsecond
        return owner, (0, sys.maxsize)
    low, high = np.lib.array_utils.byte_bounds(a)
    return owner, (int(low), int(high))


def written(array: ndarray) -> None:
    """Note that *array* was written in place just now, outside the engine's own in-place operations.

    A backward pass that needs its earlier values will then say so instead of computing with the new ones.

    >>> import autograd_core as ag
    >>> x = ag.ones(2, requires_grad=True)
    >>> y = (x * x).sum()
    >>> x.data[0] = 5; ag.written(x.data)
    >>> y.backward()
    Traceback (most recent call last):
    autograd_core.errors.GraphError: ...
    """
    global last_write  # noqa: PLW0603
    owner, span = _memory(array)
    key = id(owner)
    with _lock:
        if key not in _owners:
            _owners[key] = weakref.ref(owner, lambda _: _forget(key))
        spans = _writes.setdefault(key, {})
        if len(spans) >= MANY:  # one range for all: coarser, and still no coarser than one version for each memory
            whole = min(low for low, _ in spans), max(high for _, high in spans)
            newest = max(spans.values(), key=lambda w: w.when)
            spans.clear()
            spans[whole] = newest
        last_write = tick()
        spans[span] = Write(last_write, *caller())


def _forget(key: int) -> None:
    with _lock:
        _owners.pop(key, None)
        _writes.pop(key, None)


def overwritten(array: ndarray, since: int, but: tuple[int, int] = (0, 0)) -> Write | None:
    """Return the last write that touched *array* after the time *since*, or None; those within *but* do not count."""
    first, last = but
    owner, (low, high) = _memory(array)
    with _lock:
        spans = _writes.get(id(owner), {}).items()
        hits = [w for (start, stop), w in spans if w.when > since and start < high and low < stop]
    hits = [w for w in hits if not first <= w.when <= last]
    return max(hits, default=None, key=lambda w: w.when)
