"""The command line of the demonstration: programs into a folder, run there, and a page beside each."""

from __future__ import annotations

import argparse
import ast
import sys
import webbrowser
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import NoReturn

from ...errors import AutogradError
from ...serialization.files import write_atomically
from ..page import html_of
from ..step.errors import ProgramError, UsageError
from ..step.program import Target, traced

__all__ = ["NAMES", "main", "write"]

PROGRAM = "python -m autograd_core.viz.demo"
NAMES = ("xor", "lenet", "rnn", "resnet")
WRONG_USE, FAILED, INTERRUPTED = 2, 1, 130
ABOUT = """\
Write four programs into a folder, run them, and write a page for each, which steps through its backward pass in a browser:
xor.py, a network of two layers; lenet.py, LeNet-5 on one picture; rnn.py, 20 steps of time; resnet.py, ResNet-18.
A program that is there already is run as it is: change one, and run this again."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; --help tells more")


def main(arguments: Sequence[str]) -> int:
    """Run the command line *arguments*, and return the exit status: 0, 1 (failed), 2 (wrong use) or 130 (Ctrl-C)."""
    parser = _Parser(prog=PROGRAM, description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("demo"), help="the folder, demo without this")
    parser.add_argument("--open", action="store_true", help="show the pages in the browser")
    try:
        options = parser.parse_args(arguments)
        options.out.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            start = perf_counter()
            page, steps = write(name, options.out)
            size, seconds = page.stat().st_size, perf_counter() - start
            sys.stdout.write(f"{page}  {size / 1000:.0f} kB, {steps} steps, written in {seconds:.1f} s\n")
            sys.stdout.flush()
            if options.open:
                webbrowser.open(page.resolve().as_uri())
    except UsageError as error:
        return _say(str(error), WRONG_USE)
    except ProgramError as error:
        sys.stderr.write(error.said)
        return _say(str(error), FAILED)
    except (AutogradError, OSError) as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def write(name: str, folder: Path) -> tuple[Path, int]:
    """Write a program, unless it is there, and its page into a folder; return the page, and how many steps it has.

    >>> from pathlib import Path
    >>> page, steps = write("xor", Path("."))
    >>> page.name, steps, "loss.backward()" in Path("xor.py").read_text()
    ('xor.html', 12, True)
    """
    program = folder / f"{name}.py"
    if not program.exists():
        write_atomically(program, (files(__package__) / "programs" / program.name).read_bytes())
    made = traced(Target(str(program), True, "loss"), [])
    title = (ast.get_docstring(ast.parse(program.read_bytes())) or name).partition("\n")[0].rstrip(".")
    page = program.with_suffix(".html")
    write_atomically(page, html_of(made, title=title))
    return page, len(made.steps)


def _say(message: str, status: int) -> int:
    sys.stderr.write(f"{PROGRAM}: {message}\n")
    return status
