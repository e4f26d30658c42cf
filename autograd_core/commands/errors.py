"""What can be wrong with a command line, or with the program that it names; how that is said, and with what status it ends."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable

from ..errors import AutogradError

__all__ = ["FAILED", "INTERRUPTED", "WRONG_USE", "ProgramError", "UsageError", "exit_status", "unknown"]

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130  # 128 + SIGINT, as a shell reports it


class UsageError(Exception):
    """A wrong argument of the command line: one line, and exit status 2."""


class ProgramError(Exception):
    """The program failed: *said* is its own traceback, or "", and the message says what that means here."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


def unknown(what: str, name: str, names: Iterable[str], instead: str | None = None) -> UsageError:
    """Return the error for a name that nothing has, with the nearest ones, or *instead*: by default, with all of them.

    >>> print(unknown("unknown model", "LeNett", ["lenet", "mlp"]))
    unknown model 'LeNett'; did you mean 'lenet'?
    >>> print(unknown("unknown model", "gpt", ["lenet", "mlp"]))
    unknown model 'gpt'; there are lenet, mlp
    """
    known = list(names)
    near = _near(name, known) or _near(name.lower(), known)
    if near:
        return UsageError(f"{what} {name!r}; did you mean {' or '.join(map(repr, near))}?")
    return UsageError(f"{what} {name!r}; {instead or 'there are ' + ', '.join(known)}")


def _near(name: str, known: list[str]) -> list[str]:
    bare = {one.lstrip("-"): one for one in known}  # two dashes make no two options alike
    return [bare[one] for one in difflib.get_close_matches(name.lstrip("-"), bare, n=3, cutoff=0.6)]


def exit_status(program: str, run: Callable[[], int]) -> int:
    """Return what *run* returns, or 1 (failed), 2 (wrong use) or 130 (Ctrl-C), and say what was wrong after *program*."""
    try:
        return run()
    except UsageError as error:
        status, message = WRONG_USE, str(error)
    except ProgramError as error:
        sys.stderr.write(error.said)
        status, message = FAILED, str(error)
    except BrokenPipeError:  # who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (AutogradError, OSError) as error:
        status, message = FAILED, _in_words(error)
    except KeyboardInterrupt:
        status, message = INTERRUPTED, "stopped"
    sys.stderr.write(f"{program}: {message}\n")
    return status


def _in_words(error: Exception) -> str:
    """Return the message of an error; where the system refused a file, that file and why, without the number."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename2 or error.filename}: {error.strerror}"
    return str(error)
