"""``set_multithreading_enabled``: accepted, as a backward pass runs in the thread that asks for it."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["is_multithreading_enabled", "set_multithreading_enabled"]

_enabled: ContextVar[bool] = ContextVar("multithreading", default=True)


class set_multithreading_enabled:
    """Note whether backward passes may use several threads: until further notice, or until a ``with`` block ends.

    It changes nothing: a backward pass runs in the thread that asks for it, and only kernels share work among threads
    (``set_num_threads``).

    >>> with set_multithreading_enabled(False):
    ...     is_multithreading_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        self._before = _enabled.get()
        _enabled.set(bool(mode))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _enabled.set(self._before)


def is_multithreading_enabled() -> bool:
    """Return what ``set_multithreading_enabled`` noted in this thread.

    >>> is_multithreading_enabled()
    True
    """
    return _enabled.get()
