"""Time this engine beside PyTorch, and beside JAX, HIPS autograd and MyGrad where they are installed.

Every number of threads is a process of its own, since libraries read their settings when they are loaded.  In it the
contenders take turns.  Values are compared before anything is timed.  Ratios are PyTorch's time over ours: above 1 this
engine is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograd_core.commands import COUNT, OneLineParser, UsageError, check_file, exit_status, unknown

from . import chart, machine, report, startup
from .groups import GROUPS

PROGRAM = "python -m benchmarks"
BEGIN, END = "<!-- figures of `make bench-readme` -->\n", "<!-- end of figures -->\n"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = OneLineParser(prog=PROGRAM, description=__doc__)
    known = [*GROUPS, startup.NAME]
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of {', '.join(known)}; all unless given")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: noisier, and sooner done")
    parser.add_argument("--threads", type=_numbers, default=[1, 2], metavar="1,2", help="how many, one after the other")
    parser.add_argument("--default-malloc", action="store_true", help="time all once more with malloc as users have it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the ratios there, as .png or .svg")
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="put the table of means there, between its two marks"
    )
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="time nothing: report an earlier --json"
    )
    options = parser.parse_args(arguments)
    for group in options.groups:
        if group not in known:
            raise unknown("there is no group", group, known)
    for name, suffixes in (("json", ()), ("chart", (".png", ".svg"))):
        if path := getattr(options, name):
            check_file(f"--{name}", path, *suffixes)
    if options.readme:
        around(options.readme)
    options.groups = options.groups or known
    return options


def _numbers(text: str) -> list[int]:
    return [int(COUNT(word)) for word in text.split(",")]


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures of a run."""
    run: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": machine.commit(),
        "machine": {},
        "absent": [],
        "rows": [],
        "startup": [],
    }
    groups = [group for group in options.groups if group != startup.NAME]
    if startup.NAME in options.groups:
        print("startup", file=sys.stderr)
        run["startup"] = startup.rows(machine.environment(os.environ, 1, "default"), options.quick)
    for malloc in ("raised", "default") if options.default_malloc else ("raised",):
        for threads in options.threads if groups else ():
            if threads > len(machine.cores()):
                run["absent"].append(f"{threads} threads: this process may use {len(machine.cores())} of the cores")
                continue
            told = child(groups, threads, malloc, "quick" if options.quick else "full")
            run["rows"] += told["rows"]
            run["machine"] |= told["machine"]
            run["absent"] = list(dict.fromkeys([*run["absent"], *told["absent"]]))
    return run


def child(groups: Sequence[str], threads: int, malloc: str, effort: str) -> dict[str, Any]:
    """Return what one process measured."""
    print(f"{threads} threads, malloc thresholds {malloc}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.json"
        words = ["--threads", str(threads), "--malloc", malloc, "--effort", effort, "--out", str(out)]
        command = [sys.executable, "-m", "benchmarks.child", *groups, *words]
        subprocess.run(command, env=machine.environment(os.environ, threads, malloc), check=True)
        told: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return told


def dumped(run: dict[str, Any]) -> str:
    """Return *run* as JSON, a row a line."""
    entries = []
    for key, value in run.items():
        rows = [json.dumps(row, ensure_ascii=False) for row in value] if isinstance(value, list) else []
        text = "[\n" + ",\n".join(rows) + "\n]" if rows else json.dumps(value, ensure_ascii=False)
        entries.append(f'"{key}": {text}')
    return "{\n" + ",\n".join(entries) + "\n}\n"


def around(readme: Path) -> tuple[str, str]:
    """Return what stands before the marks, and what stands after them."""
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise UsageError(f"--readme {readme}: it lacks the marks {BEGIN.strip()} and {END.strip()}")
    return before, after


def earlier(source: Path) -> dict[str, Any]:
    """Return the figures of an earlier run."""
    try:
        run: dict[str, Any] = json.loads(source.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"--from {source}: {error}; expected a file that --json wrote") from error
    return run


def insert(readme: Path, text: str) -> None:
    """Replace what stands between the marks."""
    before, after = around(readme)
    readme.write_text(f"{before}{BEGIN}{text}\n{END}{after}", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    return exit_status(PROGRAM, lambda: _run(parse(arguments)))


def _run(options: argparse.Namespace) -> int:
    """Measure, or read what was measured, report it, and write it where it was asked for; return 1 where a value is wrong."""
    run = earlier(options.source) if options.source else measured(options)
    print(report.report(run))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(dumped(run), "utf-8")
    if options.chart:
        options.chart.parent.mkdir(parents=True, exist_ok=True)
        chart.draw(run, options.chart)
    if options.readme:
        insert(options.readme, report.markdown(run))
    return 1 if report.wrong(run) else 0


if __name__ == "__main__":
    sys.exit(main())
