"""The lectures' systems, each shown at work: a figure, its numbers, and what to see.

``python -m nn lesson --list`` has them all.  The systems themselves are parts of the library; a lesson calls them.
"""

from __future__ import annotations

from . import course
from .command import add_command
from .registry import LESSONS, Lesson, find, in_order, lesson
from .result import Result
from .run import Run
from .running import run_lesson

__all__ = ["LESSONS", "Lesson", "Result", "Run", "add_command", "course", "find", "in_order", "lesson", "run_lesson"]
