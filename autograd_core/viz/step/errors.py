"""What can be wrong with a command line, or with the program that it names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["ProgramError", "UsageError", "unknown"]


class UsageError(Exception):
    """A wrong argument of the command line: one line, and exit status 2."""


class ProgramError(Exception):
    """The program failed: *said* is its own traceback, or "", and the message says what that means here."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


def unknown(what: str, name: str, names: Iterable[str], instead: str = "") -> UsageError:
    """Return the error for a name that nothing has, with the nearest ones, or *instead*.

    >>> print(unknown("no option", "--chek", ["--check", "--json"]))
    no option '--chek'; did you mean '--check'?
    """
    near = difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)
    cure = f"did you mean {' or '.join(map(repr, near))}?" if near else instead
    return UsageError(f"{what} {name!r}" + (f"; {cure}" if cure else ""))
