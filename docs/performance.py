"""The page of all timings: ``make docs-performance`` writes it from what ``make bench-readme`` measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.groups import GROUPS
from benchmarks.libraries import OURS, PYTORCH

__all__ = ["MEASURED", "PATH", "page"]

PATH = Path(__file__).with_suffix(".md")
MEASURED = Path(__file__).with_name("benchmark.json")
BEFORE = """\
<!-- `make docs-performance` writes this page: run `make bench-readme`, or change docs/performance.py instead -->
# Performance

Each row is something timed in one process by every library that can do it, in turns, with the same weights and inputs; results
are compared before anything is timed. Times are the least of many. "Faster" is PyTorch's time over ours: above 1, this engine
takes less.

![PyTorch's time over ours, for training steps, layers and operations](benchmark.png)

`make bench` prints the same tables for your machine, in half an hour; `make bench-quick` in a few minutes, with fewer rounds.
"""


def page() -> str:
    """Return the page as text."""
    run = json.loads(MEASURED.read_text("utf-8"))
    where = [("measured", run["date"][:10]), *run["machine"].items()]
    parts = [BEFORE, "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in where), "", "## In short", ""]
    parts += ["Geometric means, with the least and the greatest ratio in brackets.", "", report.markdown(run)]
    for group in GROUPS.values():
        parts += ["", f"## {group.title}", "", *table(run, group.name)]
    if run["startup"]:
        parts += ["", "## Start and memory", "", *startup(run)]
    return "\n".join(parts) + "\n"


def table(run: report.Run, group: str) -> Iterator[str]:
    """Yield the rows of a group: the times on one thread, and the ratios on one and on several."""
    first, *more = report.threads_of(run)
    rows = report.select(run, group, first)
    others = sorted({name for row in rows for name in row["seconds"]} - {OURS, PYTORCH})
    head = [
        "",
        "",
        "ours",
        PYTORCH,
        "faster",
        *(f"faster, {n} threads" for n in more),
        *(f"{name}'s time / ours" for name in others),
    ]
    yield "| " + " | ".join(head) + " |"
    yield "|---|---|" + "--:|" * (len(head) - 2)
    beside = [{(row["name"], row["part"]): row for row in report.select(run, group, n)} for n in more]
    for row in rows:
        ours, theirs = (row["seconds"].get(name, {}).get("minimum") for name in (OURS, PYTORCH))
        ratios = [report.ratio(row), *(report.ratio(other.get((row["name"], row["part"]))) for other in beside)]
        times = (unbroken(report.time(seconds)) for seconds in (ours, theirs))
        cells = [row["name"], row["part"], *times, *map(report.number, ratios)]
        cells += [report.number(over(row, name)) for name in others]
        yield "| " + " | ".join(cells) + " |"


def startup(run: report.Run) -> Iterator[str]:
    """Yield the rows of what is measured once for a process."""
    yield f"| | ours | {PYTORCH} |"
    yield "|---|--:|--:|"
    for row in run["startup"]:
        values = (unbroken(report.amount(row["values"].get(name), row["unit"])) for name in (OURS, PYTORCH))
        yield f"| {row['name']} | " + " | ".join(values) + " |"


def unbroken(amount: str) -> str:
    """Return a number and its unit as one word, which stays in one line."""
    return amount.replace(" ", "\N{NO-BREAK SPACE}")


def over(row: report.Row, name: str) -> float | None:
    """Return the time of another library over ours."""
    seconds: dict[str, Any] = row["seconds"]
    return seconds[name]["minimum"] / seconds[OURS]["minimum"] if {name, OURS} <= seconds.keys() else None


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
