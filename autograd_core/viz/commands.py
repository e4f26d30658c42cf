"""What the command lines here share: what can be wrong with one, or with the program that it names, and how that is said."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

from ..errors import AutogradError

__all__ = ["OneLineParser", "ProgramError", "UsageError", "exit_status", "unknown"]

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130  # 128 + SIGINT, as a shell reports it


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


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; --help tells more")


def exit_status(program: str, run: Callable[[], int]) -> int:
    """Return what *run* returns, or 1 (failed), 2 (wrong use) or 130 (Ctrl-C), and say what was wrong after *program*."""
    try:
        return run()
    except UsageError as error:
        return _say(program, error, WRONG_USE)
    except ProgramError as error:
        sys.stderr.write(error.said)
        return _say(program, error, FAILED)
    except BrokenPipeError:  # who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (AutogradError, OSError) as error:
        return _say(program, error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED


def _say(program: str, error: Exception, status: int) -> int:
    sys.stderr.write(f"{program}: {error}\n")
    return status
