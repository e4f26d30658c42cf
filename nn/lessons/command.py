"""``python -m nn lesson``."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograd_core.commands import FAILED, WHOLE, UsageError, check_folder

from ..commands import Commands, Factories
from ..table import table
from ..training.progress import say
from .gallery import write_gallery
from .registry import LESSONS, Lesson, find, in_order
from .result import Result, shown
from .running import blank, keep, read_results, run_to_folder

__all__ = ["add_command"]

WIDTH = 100  # of paragraphs on a terminal

ABOUT = """\
Run one of the lectures' systems, and write its figures, its numbers (result.json) and a page with all lessons, index.html.
"python -m nn lesson --list" names them; "python -m nn lesson NAME --help" tells what one does, and its options."""

EXAMPLES = """\
examples:
  python -m nn lesson --list
  python -m nn lesson perceptron --seed 3
  python -m nn lesson --all --out lessons     all of them; run it again to go on where it stopped
  python -m nn lesson --all --quick           a first look, with less data and fewer steps"""


def add_command(commands: Commands[argparse.ArgumentParser], arguments: Sequence[str]) -> None:
    """Add the command ``lesson`` to *commands*, with the options of the lesson that *arguments* name.

    >>> from autograd_core.commands import OneLineParser
    >>> parser = OneLineParser()
    >>> add_command(parser.add_subparsers(), ["lesson", "perceptron", "--epochs", "5"])
    >>> parser.parse_args(["lesson", "perceptron", "--epochs", "5"]).epochs
    5
    """
    words = arguments[1:] if arguments[:1] == ["lesson"] else []
    name = next((word for word in words if word in LESSONS), None)
    if name is None and words and not words[0].startswith("-"):
        name = words[0]  # which find() does not know
    chosen = None if name is None else find(name)
    parser = commands.add_parser(
        "lesson",
        help="show one of the lectures' systems at work",
        description=ABOUT if chosen is None else about(chosen),
        epilog=EXAMPLES if chosen is None else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        instead=None if chosen is None else f"python -m nn lesson {name} --help lists what this one takes",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a lesson")
    parser.add_argument("--out", default="lessons", metavar="FOLDER", help="where to write (default: %(default)s)")
    parser.add_argument("--seed", type=WHOLE, default=0, metavar="N", help="of all random numbers (default: 0)")
    parser.add_argument("--quick", action="store_true", help="take less data and fewer steps, as the tests do")
    if chosen is None:
        parser.add_argument("--list", action="store_true", help="list the lessons, and run none")
        parser.add_argument("--all", action="store_true", help="run all lessons but those that are done")
        parser.add_argument("--again", action="store_true", help="with --all: run those that are done, too")
    elif chosen.options:
        group = parser.add_argument_group("options of this lesson")
        for option in chosen.options.values():
            option.add_to(group)
    parser.set_defaults(run=_lesson, chosen=chosen, options=tuple(chosen.options) if chosen else ())


def about(chosen: Lesson) -> str:
    """Return the description of one lesson."""
    text = f"{chosen.title}: {chosen.question}\n\n{chosen.text}"
    return text + ("\n\nSources: " + "; ".join(chosen.sources) if chosen.sources else "")


def _lesson(options: argparse.Namespace, factories: Factories, arguments: Sequence[str]) -> int:
    if options.chosen is None and options.list:
        say("\n".join(listed()))
        return 0
    out = Path(options.out)
    check_folder("--out", out)
    if options.chosen is not None:
        given = {name: getattr(options, name) for name in options.options if hasattr(options, name)}
        return run_one(options.chosen, options.chosen.settings(given, options.quick), options.seed, out)
    if options.all:
        return run_all(options.seed, options.quick, options.again, out)
    raise UsageError("name a lesson, or say --all or --list: python -m nn lesson --list")


def listed() -> list[str]:
    """Return the lines of the table of all lessons."""
    rows = [(str(one.row), one.name, one.question, f"{one.minutes:.1f}") for one in in_order().values()]
    return table(("row", "lesson", "question", "minutes"), rows, left=3)


def run_one(chosen: Lesson, settings: Mapping[str, Any], seed: int, out: Path) -> int:
    """Run one lesson and say what it found; return the exit status, which is 1 where a claim did not hold."""
    say(f"{chosen.title}\n{chosen.question}\n")
    result = run_to_folder(chosen, settings, seed, out)
    page = write_gallery(out, read_results(out))
    say("\n".join(told(result)))
    say(f"\nfigures {out / chosen.name}\npage    {page}")
    return FAILED if result.failed else 0


def told(result: Result) -> list[str]:
    """Return what a lesson found, as lines for a terminal."""
    lines = []
    for paragraph in result.paragraphs:
        lines += [*textwrap.wrap(paragraph, WIDTH), ""]
    for one in result.tables:
        rows = [[shown(cell) for cell in row] for row in one.rows]
        lines += [one.title, *table(one.head, rows, left=1), ""]
    if result.numbers:
        rows = [[number.name, shown(number.value), number.expected] for number in result.numbers]
        lines += [*table(("", "found", "expected"), rows, left=1), ""]
    for claim in result.claims:
        found = f" ({claim.found})" if claim.found else ""
        lines.append(f"{'holds' if claim.holds else 'FAILS'}  {claim.text}{found}")
    return [*lines, f"\n{result.seconds:.1f} s"]


def run_all(seed: int, quick: bool, again: bool, out: Path) -> int:
    """Run all lessons but those that are done, whatever becomes of some; return 1 where any failed."""
    done = {} if again else read_results(out)
    failed: dict[str, list[str]] = {}
    width = max(map(len, LESSONS))
    for name, chosen in in_order().items():
        settings = chosen.settings({}, quick)
        result = blank(chosen, settings, seed)
        before = done.get(name)
        if before and not before.failed and (before.seed, before.settings) == (seed, result.settings):
            say(f"{name:<{width}}  done before")
            continue
        try:
            result = run_to_folder(chosen, settings, seed, out)
        except Exception as error:  # whatever it is, the others go on
            result.error = f"{type(error).__name__}: {error}"
            keep(result, {}, out)
        write_gallery(out, read_results(out))
        if result.failed:
            failed[name] = result.failed
        outcome = "FAILED" if result.failed else f"{len(result.claims)} of {len(result.claims)} claims hold"
        say(f"{name:<{width}}  {result.seconds:6.1f} s  {outcome}")
    say(f"page {write_gallery(out, read_results(out))}")
    for name, reasons in failed.items():
        say(f"\n{name} failed: {'; '.join(reasons)}\nsee why: {read_results(out)[name].command}")
    say(f"\n{len(LESSONS) - len(failed)} of {len(LESSONS)} lessons are done")
    return FAILED if failed else 0
