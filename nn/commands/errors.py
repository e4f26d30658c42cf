"""What the user typed and cannot be; the command line says so without a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["UsageError", "unknown"]


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
