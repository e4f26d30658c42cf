"""The parser of every command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from .errors import UsageError, unknown

__all__ = ["OneLineParser"]


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line, a UsageError: what is wrong, and the nearest name, or where help is.

    *instead* is said of an argument that is like no option.  Options cannot be abbreviated: those of a later version would
    change what an abbreviation means.

    >>> parser = OneLineParser(prog="try")
    >>> _ = parser.add_argument("--check", choices=("all", "none"))
    >>> parser.parse_args(["--chek"])
    Traceback (most recent call last):
    autograd_core.commands.errors.UsageError: there is no option '--chek'; did you mean '--check'?
    >>> parser.parse_args(["--check", "al"])
    Traceback (most recent call last):
    autograd_core.commands.errors.UsageError: --check: there is no choice 'al'; did you mean 'all'?
    """

    def __init__(self, *, instead: str | None = None, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})
        self.instead = instead

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message}; {self._help()}")

    def parse_known_args(  # type: ignore[override] # typeshed tells apart what namespace may be
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Let nothing pass that is not known: a command complains itself, and not the parser of all commands for it."""
        options, rest = super().parse_known_args(args, namespace)
        if rest and rest[0].startswith("-"):
            known = [name for action in self._actions for name in action.option_strings]
            raise unknown("there is no option", rest[0].partition("=")[0], known, self.instead or self._help())
        if rest:
            raise UsageError(f"{rest[0]!r} is one argument too many; {self.instead or self._help()}")
        return options, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise UsageError for what is none of the choices of *action*; argparse offers no other place to say it."""
        if action.choices is not None and value not in action.choices:
            what = "/".join(action.option_strings) + ": there is no choice"
            if not action.option_strings:
                what = f"there is no {str(action.metavar or action.dest).lower()}"
            raise unknown(what, str(value), map(str, action.choices))

    def _help(self) -> str:
        return f"{self.prog} --help tells more"
