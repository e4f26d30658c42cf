"""Where a command is told to write: looked at before it runs, so that nothing is computed in vain."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import UsageError

__all__ = ["check_file", "check_folder"]


def check_folder(option: str, path: Path) -> None:
    """Raise UsageError where *path*, given by *option*, neither is a folder to write into nor can be made one.

    >>> Path("notes").touch()
    >>> check_folder("--out", Path("notes"))
    Traceback (most recent call last):
    autograd_core.commands.errors.UsageError: --out notes: notes is a file; name a folder
    """
    _check(f"{option} {path}", path)


def check_file(option: str, path: Path, *suffixes: str) -> None:
    """Raise UsageError where *path*, given by *option*, cannot be written: as a file with one of *suffixes*, if any are named.

    Its folder need not be there, and can be made.

    >>> check_file("--html", Path("page.txt"), ".html")
    Traceback (most recent call last):
    autograd_core.commands.errors.UsageError: --html page.txt: expected a name that ends with .html
    """
    if suffixes and path.suffix not in suffixes:
        raise UsageError(f"{option} {path}: expected a name that ends with {' or '.join(suffixes)}")
    if path.is_dir():
        raise UsageError(f"{option} {path}: it is a folder; name a file")
    _check(f"{option} {path}", path.parent)


def _check(given: str, folder: Path) -> None:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        raise UsageError(f"{given}: {there} is a file; name a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"{given}: nothing can be written into {there.absolute()}; name another folder")
