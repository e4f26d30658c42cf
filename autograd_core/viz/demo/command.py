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

from ...commands import OneLineParser, check_folder, exit_status
from ...serialization.files import write_atomically
from ..page import html_of
from ..step.program import Target, traced

__all__ = ["NAMES", "main", "write"]

PROGRAM = "python -m autograd_core.viz.demo"
NAMES = ("xor", "lenet", "rnn", "resnet")
ABOUT = """\
Write four programs into a folder, run them, and write a page for each, which steps through its backward pass in a browser:
xor.py, a network of two layers; lenet.py, LeNet-5 on one picture; rnn.py, 20 steps of time; resnet.py, ResNet-18.
A program that is there already is run as it is: change one, and run this again."""


def main(arguments: Sequence[str]) -> int:
    """Run the command line *arguments*, and return the exit status: 0, 1 (failed), 2 (wrong use) or 130 (Ctrl-C)."""
    return exit_status(PROGRAM, lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> int:
    parser = OneLineParser(prog=PROGRAM, description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("demo"), help="the folder, demo without this")
    parser.add_argument("--open", action="store_true", help="show the pages in the browser")
    options = parser.parse_args(arguments)
    check_folder("--out", options.out)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        start = perf_counter()
        page, steps = write(name, options.out)
        size, seconds = page.stat().st_size, perf_counter() - start
        sys.stdout.write(f"{page}  {size / 1000:.0f} kB, {steps} steps, written in {seconds:.1f} s\n")
        sys.stdout.flush()
        if options.open:
            webbrowser.open(page.resolve().as_uri())
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
