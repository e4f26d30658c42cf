"""In-place writes, stamped.

Arrays carry no version.  The clock that numbers the nodes stamps every write, by the range of bytes that it touched in the
memory that the array belongs to.  A saved array that was written after its node was made is an error; when nothing was
written since the oldest node, one comparison settles that for a whole walk, so recording pays nothing.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from operator import itemgetter
from types import CodeType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .modes import tick
from .position import outside

__all__ = ["overwritten", "written"]

MANY = 4096  # distinct ranges that are kept apart for one memory


class Write(NamedTuple):
    """One write: when, and the line that did it."""

    when: int
    code: CodeType
    lasti: int


Spans = dict[tuple[int, int], tuple[int, CodeType, int]]  # bytes -> the parts of the last write to them

EVERYTHING = 0, sys.maxsize
last_write = 0
_lock = threading.RLock()  # reentrant: an array may die, and its entry go, while one is held
_writes: dict[
    int, tuple[Spans, weakref.ref[ndarray]]
] = {}  # id of the array that owns the memory -> writes, that array


def _memory(a: ndarray) -> tuple[ndarray, tuple[int, int]]:
    owner: ndarray = a
    while type(owner.base) is ndarray:
        owner = owner.base
    if a is owner or a.size >= owner.size:  # all of it: no need to ask for addresses, which takes a microsecond
        return owner, EVERYTHING
    flags = a.flags
    if flags.c_contiguous and flags.writeable and a.size:  # the same as below in a fifth of the time
        buffer: Any = a
        low = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        return owner, (low, low + a.nbytes)
    low, high = np.lib.array_utils.byte_bounds(a)
    return owner, (int(low), int(high))


def written(array: ndarray) -> None:
    """Note that *array* was written in place just now, outside the engine's own in-place operations.

    A backward pass that needs its earlier values will then say so instead of computing with the new ones.

    >>> import autograd_core as ag
    >>> x = ag.ones(2, requires_grad=True)
    >>> y = (x * x).sum()
    >>> x.array[0] = 5; ag.written(x.array)
    >>> y.backward()
    Traceback (most recent call last):
    autograd_core.errors.GraphError: ...
    """
    global last_write  # noqa: PLW0603
    owner, span = _memory(array)
    key = id(owner)
    with _lock:
        entry = _writes.get(key)
        if entry is None:
            entry = _writes[key] = {}, weakref.ref(owner, lambda _: _forget(key))
        spans = entry[0]
        if len(spans) >= MANY:  # one range for all: coarser, and still no coarser than one version for each memory
            whole = min(low for low, _ in spans), max(high for _, high in spans)
            newest = max(spans.values(), key=itemgetter(0))
            spans.clear()
            spans[whole] = newest
        frame = outside(sys._getframe(1))
        last_write = tick()
        spans[span] = last_write, frame.f_code, frame.f_lasti


def _forget(key: int) -> None:
    with _lock:
        _writes.pop(key, None)


def overwritten(array: ndarray, since: int, but: tuple[int, int] = (0, 0)) -> Write | None:
    """Return the last write that touched *array* after the time *since*, or None; those within *but* do not count."""
    first, last = but
    owner, (low, high) = _memory(array)
    with _lock:
        entry = _writes.get(id(owner))
        spans = entry[0].items() if entry else ()
        hits = [Write(*w) for (start, stop), w in spans if w[0] > since and start < high and low < stop]
    hits = [w for w in hits if not first <= w.when <= last]
    return max(hits, default=None, key=lambda w: w.when)
