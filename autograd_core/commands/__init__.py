"""What command lines share: their parser, their numbers, the places that they write to, and how errors are said.

It is no part of the engine's face, ``import autograd_core``: a program without a command line does not load ``argparse``.
"""

from __future__ import annotations

from .errors import FAILED, INTERRUPTED, WRONG_USE, ProgramError, UsageError, exit_status, unknown
from .numbers import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, WHOLE, Number, at_least
from .parser import OneLineParser
from .places import check_file, check_folder

__all__ = [
    "COUNT",
    "FAILED",
    "INTERRUPTED",
    "NOT_NEGATIVE",
    "POSITIVE",
    "SHARE",
    "WHOLE",
    "WRONG_USE",
    "Number",
    "OneLineParser",
    "ProgramError",
    "UsageError",
    "at_least",
    "check_file",
    "check_folder",
    "exit_status",
    "unknown",
]
