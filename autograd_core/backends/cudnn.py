"""The switches of cuDNN, which is not there: programs set them before anything runs, and no value changes a result here."""

from __future__ import annotations

from ..accelerator import is_available

__all__ = ["allow_tf32", "benchmark", "deterministic", "enabled", "is_available", "version"]

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def version() -> None:
    """Return the version of cuDNN: None, as there is none.

    >>> ag.backends.cudnn.version() is None
    True
    """
