"""What the user typed and cannot be, which the command line says without a traceback; and with what status it ends."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["FAILED", "INTERRUPTED", "WRONG_USE", "UsageError", "unknown"]

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130  # 128 + SIGINT, as a shell reports it


class UsageError(Exception):
    """A wrong argument of the command line: ends it with exit status 2."""


def unknown(what: str, name: str, names: Iterable[str]) -> UsageError:
    """Return the error for a name that nothing has, with the nearest ones.

    >>> print(unknown("model", "lenett", ["lenet", "mlp"]))
    unknown model 'lenett'; did you mean 'lenet'? There are: lenet, mlp
    """
    known = list(names)
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    hint = f" did you mean {' or '.join(map(repr, near))}?" if near else ""
    return UsageError(f"unknown {what} {name!r};{hint} There are: {', '.join(known)}")
