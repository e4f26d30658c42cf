"""The command line: what its arguments mean, which screen shows the steps, and how errors are said."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from ...commands import OneLineParser, ProgramError, at_least, check_file, exit_status, unknown
from ...errors import ArgumentError
from ..stepper import GRANULARITIES
from .lines import converse, listing
from .program import Target, traced
from .session import Session
from .styled import ASCII, UNICODE, Glyphs, Line, ansi

try:
    from .screen import show
except ModuleNotFoundError:  # Python for Windows has no curses
    show = None  # type: ignore[assignment]

__all__ = ["main"]

PROGRAM = "python -m autograd_core.viz.step"
WIDTH = 100  # columns of a listing where nobody says how wide it may be

EXAMPLES = f"""\
examples:
  {PROGRAM} train.py:loss
      run train.py, and step through the backward pass of its variable loss
  {PROGRAM} train.py --step 1
      the first backward() that train.py calls, of whatever tensor; the program ends there
  {PROGRAM} train.py:make_loss
      a function without arguments is called; so is train.py:model(x).sum() computed
  {PROGRAM} train.py:loss -- --epochs 3
      what stands behind -- are the program's own arguments
  {PROGRAM} train.py:loss --check | less
      in a pipe all steps are printed, each compared with a difference quotient

keys: n next, p back, N P by call, g go to a name, / find, c check, e explain, z quiz, ? help, q quit"""


def main(arguments: Sequence[str]) -> int:
    """Run the command line *arguments*, and return the exit status: 0, 1 (failed), 2 (wrong use) or 130 (Ctrl-C)."""
    return exit_status(PROGRAM, lambda: _run(*_options(list(arguments))))


def _options(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    behind = arguments.index("--") if "--" in arguments else len(arguments)
    options = _parser().parse_args(arguments[:behind])
    for name in ("json", "html"):
        if path := getattr(options, name):
            check_file(f"--{name}", path, f".{name}")
    return options, arguments[behind + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=PROGRAM,
        description="Run a program, and go through the backward pass of one of its tensors, forward and back, one\n"
        "contribution after the other. What the program prints goes to the standard error.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        instead="the program's own arguments go behind --",
    )
    parser.add_argument(
        "target",
        metavar="FILE.py:NAME",
        type=Target.parse,
        help="the program, or package.module, and the tensor in it: a variable, also of a function that calls backward(), "
        "an expression, or a function that makes it; without :NAME what backward() was last called on",
    )
    parser.add_argument(
        "--step", type=at_least(1), metavar="K", help="take the K-th backward pass, not the last, and end the program"
    )
    parser.add_argument(
        "--granularity",
        choices=GRANULARITIES,
        default="edge",
        help="what a step is: one contribution (edge, the default), a call (node), or a module",
    )
    parser.add_argument(
        "--depth",
        type=at_least(0),
        metavar="N",
        help="fold modules that are more than N deep in the graph on the left",
    )
    parser.add_argument(
        "--to", metavar="NAME", help="begin where the gradient of NAME is complete; in a pipe, end there and explain it"
    )
    parser.add_argument("--check", action="store_true", help="compare each contribution with a difference quotient")
    parser.add_argument(
        "--quiz",
        action="store_true",
        help="predict each contribution before it is shown; in a pipe, answers come from the standard input",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the trace to FILE instead, see docs/trace.md")
    parser.add_argument(
        "--html",
        metavar="FILE",
        type=Path,
        help="write a page to FILE instead, which goes through the same steps in a browser",
    )
    parser.add_argument("--plain", action="store_true", help="print all steps, also in a terminal")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: in a terminal, unless NO_COLOR is set",
    )
    parser.add_argument(
        "--width",
        type=at_least(20),
        metavar="N",
        help=f"columns of what is printed (default: the terminal's, or {WIDTH})",
    )
    return parser


# ------------------------------------------------------------------------------------------------------------- running


def _run(options: argparse.Namespace, program_arguments: list[str]) -> int:
    with redirect_stdout(sys.stderr):
        made = traced(options.target, program_arguments, options.step)
    if not made.steps and made.stopped:
        raise ProgramError(made.stopped)
    session = Session(made, options.granularity, options.check)
    session.is_quiz = options.quiz
    terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    interactive = terminal and not options.plain
    if options.to is not None:
        _go(session, options.to)
    if options.json or options.html:
        return _write(session, options)
    colors = _colors(options.color)
    glyphs = _glyphs()
    width = options.width or shutil.get_terminal_size((WIDTH, 24)).columns
    if interactive and show is not None and os.environ.get("TERM", "dumb") != "dumb":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the terminal is put right
        show(session, str(options.target), glyphs, colors > 0, options.depth)
    elif interactive or options.quiz:
        converse(session, width, glyphs, _printer(colors), input)
    else:
        write = _printer(colors)
        for row in listing(session, width, glyphs, options.to):
            write(row)
    sys.stdout.flush()
    return 0


def _go(session: Session, name: str) -> None:
    try:
        session.stepper.goto(name)
    except ArgumentError as error:
        raise unknown(
            "--to: no gradient arrives at", name, session.names(), f"the names are {', '.join(session.names())}"
        ) from error


def _write(session: Session, options: argparse.Namespace) -> int:
    if session.checking:
        for position in range(len(session.trace.steps)):
            session.go(position + 1)
    for path in filter(None, (options.json, options.html)):
        path.parent.mkdir(parents=True, exist_ok=True)
    if options.json:
        session.stepper.save(options.json)
    if options.html:
        session.stepper.save(options.html, quiz=options.quiz, title=str(options.target))
    for path in filter(None, (options.json, options.html)):
        sys.stderr.write(f"wrote {path}\n")
    return 0


def _printer(colors: int) -> Callable[[Line], None]:
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a name in the program may have what the terminal has not
    return lambda row: print(ansi(row, colors))  # noqa: T201


def _colors(wanted: str) -> int:
    """Return how many colours to print with: 0, 8 or 256."""
    if wanted == "never" or (wanted == "auto" and (os.environ.get("NO_COLOR") or not sys.stdout.isatty())):
        return 0
    rich = "256color" in os.environ.get("TERM", "") or os.environ.get("COLORTERM", "") in ("truecolor", "24bit")
    return 256 if rich else 8


def _glyphs() -> Glyphs:
    try:
        "".join(vars(UNICODE).values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ASCII
    return UNICODE
