"""The options of a lesson: its keyword parameters, with their annotations and defaults.

An annotation says what may be given, and what it is for::

    epochs: Annotated[Count, "times through the points"] = 20
    activation: Annotated[Literal["tanh", "relu"], "of the hidden layer"] = "tanh"

``Count``, ``Whole``, ``Positive``, ``NotNegative`` and ``Share`` are numbers, and so is ``Annotated[int, at_least(100),
"..."]``; ``bool``, ``str`` and ``Path`` (a file that
must be there) are what they say, and ``Path | None`` may be left out.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import autograd_core as ag
from autograd_core.commands import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, WHOLE, Number, at_least

__all__ = ["Count", "NotNegative", "Option", "Positive", "Share", "Whole", "at_least", "read_options"]

Count = Annotated[int, COUNT]
Whole = Annotated[int, WHOLE]
Positive = Annotated[float, POSITIVE]
NotNegative = Annotated[float, NOT_NEGATIVE]
Share = Annotated[float, SHARE]


@dataclass(frozen=True)
class Option:
    """One option: its name, its default, what it is for, and what may be given.

    *kind* is a ``Number``, ``bool``, ``str`` or ``Path``; *choices* are the words of a ``Literal``.
    """

    name: str
    default: Any
    help: str
    kind: Any
    choices: tuple[str, ...] = ()

    def check(self, value: Any) -> Any:
        """Return *value* as the lesson gets it; raise ArgumentError unless it may be given."""
        if isinstance(self.kind, Number):
            self.kind.check(self.name, value)
            return self.kind.kind(value)
        if value is None and self.default is None:
            return None
        if self.kind is Path:
            if not isinstance(value, str | Path) or not Path(value).is_file():
                raise ag.errors.ArgumentError(
                    f"{self.name}={str(value)!r}: expected a file that exists; check the path"
                )
            return Path(value)
        if self.choices and value not in self.choices:
            raise ag.errors.ArgumentError(f"{self.name}={value!r}: expected one of {', '.join(self.choices)}")
        if not isinstance(value, self.kind):
            raise ag.errors.ArgumentError(f"{self.name}={value!r}: expected a value of type {self.kind.__name__}")
        return value

    def add_to(self, parser: argparse._ArgumentGroup) -> None:
        """Give *parser* the flag of this option; it is not among the parsed options unless somebody typed it."""
        shown = "" if self.default is None else f" (default: {self.default})"
        action: dict[str, Any] = {"dest": self.name, "default": argparse.SUPPRESS, "help": self.help + shown}
        if self.kind is bool:
            action["action"] = argparse.BooleanOptionalAction
        elif self.choices:
            action |= {"type": _choice(self.choices), "metavar": "|".join(self.choices)}
        elif isinstance(self.kind, Number):
            action |= {"type": self.kind, "metavar": "N" if self.kind.kind is int else "X"}
        else:
            action |= {"type": str, "metavar": "FILE" if self.kind is Path else "TEXT"}
        parser.add_argument(f"--{self.name.replace('_', '-')}", **action)


def _choice(choices: Sequence[str]) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"{text!r}: expected one of {', '.join(choices)}")
        return text

    return chosen


def read_options(function: Callable[..., Any]) -> dict[str, Option]:
    """Return the options of a lesson's *function*, by name; raise TypeError where one is not declared as it must be."""
    hints = get_type_hints(function, include_extras=True)
    _, *parameters = inspect.signature(function).parameters.values()  # the first is the run
    return {p.name: _option(function.__name__, p, hints.get(p.name)) for p in parameters}


def _option(lesson: str, parameter: inspect.Parameter, hint: Any) -> Option:
    inner, *extras = get_args(hint) if get_origin(hint) is Annotated else [hint]
    number = next((extra for extra in extras if isinstance(extra, Number)), None)
    text = next((extra for extra in extras if isinstance(extra, str)), None)
    if text is None or parameter.kind is not parameter.KEYWORD_ONLY or parameter.default is parameter.empty:
        raise TypeError(
            f"lesson {lesson}: the option {parameter.name} must be keyword-only, with a default, and be annotated with "
            f"what it is for: {parameter.name}: Annotated[Count, 'what it is for'] = 3"
        )
    kind, choices = number or inner, ()
    if get_origin(inner) is Literal:
        kind, choices = str, get_args(inner)
    elif NoneType in get_args(inner):
        kind = next(one for one in get_args(inner) if one is not NoneType)
    if not isinstance(kind, Number) and kind not in (bool, str, Path):
        raise TypeError(
            f"lesson {lesson}: the option {parameter.name} is annotated with {inner}: expected Count, Whole, Positive, "
            "NotNegative, Share, Literal[...], bool, str or Path"
        )
    return Option(parameter.name, parameter.default, text, kind, choices)
