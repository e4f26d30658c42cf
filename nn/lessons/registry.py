"""The lessons by name: what each asks, its row in the course, its options and its sources."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from autograd_core.commands import UsageError, unknown

from .options import Option, read_options

__all__ = ["LESSONS", "Lesson", "find", "in_order", "lesson"]

Function = Callable[..., None]

_lessons: dict[str, Lesson] = {}
LESSONS: Mapping[str, Lesson] = MappingProxyType(_lessons)

PACKAGES = {"sklearn": "scikit-learn"}  # names under which pip knows what is imported under another


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    *minutes* is what it takes on two cores, rounded up to a tenth; *quick* are the settings of a reduced budget, with
    which the tests run it; *needs* are optional packages that it imports, beside matplotlib.

    >>> import nn.lessons
    >>> nn.lessons.find("perceptron").settings({"epochs": 5})
    {'epochs': 5, 'lr': 1.0}
    """

    name: str
    row: int
    title: str
    question: str
    sources: tuple[str, ...]
    minutes: float
    quick: Mapping[str, Any]
    needs: tuple[str, ...]
    function: Function
    options: Mapping[str, Option] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The docstring of the function: what is done."""
        return inspect.getdoc(self.function) or ""

    def settings(self, given: Mapping[str, Any], quick: bool = False) -> dict[str, Any]:
        """Return the value of every option: the one *given*, the *quick* one, or the default.

        Raises UsageError for a name that is no option, ArgumentError for a value that may not be given.
        """
        for name in given:
            if name not in self.options:
                raise unknown(f"unknown option of lesson {self.name}", name, self.options)
        chosen = {**(self.quick if quick else {}), **given}
        return {name: option.check(chosen.get(name, option.default)) for name, option in self.options.items()}

    def check_packages(self) -> None:
        """Raise UsageError, with the cure, where a package is missing that this lesson cannot do without."""
        missing = [PACKAGES.get(name, name) for name in ("matplotlib", *self.needs) if find_spec(name) is None]
        if missing:
            raise UsageError(f"lesson {self.name} needs {' and '.join(missing)}: pip install {' '.join(missing)}")


def lesson(
    *,
    row: int,
    title: str,
    question: str,
    sources: Sequence[str] = (),
    minutes: float,
    quick: Mapping[str, Any] = MappingProxyType({}),
    needs: Sequence[str] = (),
) -> Callable[[Function], Function]:
    """Make the function below a lesson of its name; its keyword parameters are the options (see ``options``).

    Raises TypeError, when the file is imported, where an option is not declared as it must be, and ArgumentError where a
    default or a value of *quick* is none that may be given.

    >>> declare = lesson(row=1, title="A unit", question="Can it learn XOR?", minutes=0.1)
    >>> def a_unit(run, *, epochs=20): ...
    >>> declare(a_unit)
    Traceback (most recent call last):
    TypeError: lesson a_unit: the option epochs must be keyword-only, with a default, and be annotated with what ...
    """

    def declare(function: Function) -> Function:
        name = function.__name__.replace("_", "-")
        if name in _lessons:
            raise TypeError(f"there is a lesson {name} already, in {_lessons[name].function.__module__}")
        made = Lesson(
            name, row, title, question, tuple(sources), minutes, quick, tuple(needs), function, read_options(function)
        )
        made.settings({})
        made.settings(quick)
        _lessons[name] = made
        return function

    return declare


def find(name: str) -> Lesson:
    """Return the lesson *name*, or raise UsageError with the nearest names.

    >>> import nn.lessons
    >>> nn.lessons.find("perceptron").question
    'Which of AND, OR and XOR can one threshold unit learn?'
    """
    if name not in LESSONS:
        raise unknown("unknown lesson", name, in_order(), "python -m nn lesson --list names them")
    return LESSONS[name]


def in_order() -> dict[str, Lesson]:
    """Return all lessons, by row.

    >>> import nn.lessons
    >>> next(iter(nn.lessons.in_order()))
    'perceptron'
    """
    return dict(sorted(LESSONS.items(), key=lambda item: item[1].row))
