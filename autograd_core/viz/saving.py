"""One way to a file for all that can be saved: the suffix says what is written, and it is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import ArgumentError
from ..serialization.files import write_atomically

__all__ = ["save_as"]


def save_as(path: str | os.PathLike[str], writers: Mapping[str, Callable[[], bytes | str]]) -> None:
    """Write what the writer of the suffix of *path* returns.

    Raises ArgumentError for another suffix, and where the folder is missing, before anything is made.

    >>> save_as("note.txt", {".txt": lambda: "whole"})
    >>> save_as("note.doc", {".txt": lambda: "whole"})
    Traceback (most recent call last):
    autograd_core.errors.ArgumentError: save: path is 'note.doc': expected a suffix of .txt
    """
    target = Path(path)
    write = writers.get(target.suffix.lower())
    if write is None:
        raise ArgumentError(f"save: path is {str(path)!r}: expected a suffix of {', '.join(writers)}")
    if not target.parent.is_dir():
        raise ArgumentError(f"save: path is {str(path)!r}: there is no folder {str(target.parent)!r}; make it first")
    write_atomically(target, write())
