"""Tables: from the figures of a run to text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .case import BOTH, Group
from .groups import GROUPS
from .libraries import OURS, PYTORCH

Run = Mapping[str, Any]
Row = Mapping[str, Any]

CONVOLUTION = ("conv", "odd")  # of these a chart and README show both directions together


def threads_of(run: Run) -> list[int]:
    return sorted({row["threads"] for row in run["rows"]})


def select(run: Run, group: str, threads: int, malloc: str = "raised") -> list[Row]:
    """Return the rows of a group in one setting."""
    wanted = (group, threads, malloc)
    return [row for row in run["rows"] if (row["group"], row["threads"], row["malloc"]) == wanted]


def ratio(row: Row | None, name: str = OURS) -> float | None:
    """Return PyTorch's time over that of *name*: above 1 where *name* is faster."""
    if row is None or not {name, PYTORCH} <= row["seconds"].keys():
        return None
    found: float = row["seconds"][PYTORCH]["minimum"] / row["seconds"][name]["minimum"]
    return found


def geometric_mean(rows: Sequence[Row], part: str) -> float | None:
    ratios = [r for row in rows if row["part"] == part and (r := ratio(row)) is not None]
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def speedup(run: Run, row: Row) -> float | None:
    """Return our time on one thread over that of *row*."""
    alone = _like(run, row, threads=1)
    if alone is None or not all(OURS in r["seconds"] for r in (row, alone)):
        return None
    found: float = alone["seconds"][OURS]["minimum"] / row["seconds"][OURS]["minimum"]
    return found


def _like(run: Run, row: Row, **changed: Any) -> Row | None:
    """Return the same row in another setting."""
    keys = ("group", "name", "part", "threads", "malloc")
    wanted = {key: changed.get(key, row[key]) for key in keys}
    return next((other for other in run["rows"] if all(other[key] == wanted[key] for key in keys)), None)


# -------------------------------------------------------------------------------------------------------------- tables


def report(run: Run) -> str:
    """Return the tables of all groups, then what misses its target."""
    blocks = ["\n".join(f"{name}: {value}" for name, value in _head(run))]
    for group in GROUPS.values():
        blocks += [table(run, group, threads) for threads in threads_of(run) if select(run, group.name, threads)]
    if run["startup"]:
        blocks.append(startup_table(run))
    blocks.append("\n".join(["Below the target:", *(f"  {line}" for line in misses(run))]))
    if found := wrong(run):
        blocks.append("\n".join(["WRONG:", *(f"  {line}" for line in found)]))
    return "\n\n".join(blocks)


def _head(run: Run) -> Iterator[tuple[str, str]]:
    yield "date", run["date"]
    if run["commit"]:
        yield "commit", run["commit"]
    yield from run["machine"].items()
    for line in run["absent"]:
        yield "missing", line


def table(run: Run, group: Group, threads: int) -> str:
    """Return the table of a group: PyTorch's time over ours, and over that of other engines."""
    rows = select(run, group.name, threads)
    others = [name for name in _contenders(rows) if name not in (OURS, PYTORCH)]
    has_default = bool(select(run, group.name, threads, "default"))
    head = ["", "", "ours", "median", PYTORCH, "median", "ratio", "target", *others]
    head += ["default malloc"] * has_default + ["from 1 thread"] * (threads > 1)
    lines = []
    previous = ""
    for row in rows:
        cells = ["" if row["name"] == previous else row["name"], row["part"]]
        previous = row["name"]
        for name in (OURS, PYTORCH):
            found = row["seconds"].get(name, {})
            cells += [time(found.get("minimum")), time(found.get("median"))]
        cells += ["WRONG" if row["wrong"] else number(ratio(row)), number(row["target"])]
        cells += [number(ratio(row, name)) for name in others]
        cells += [number(ratio(_like(run, row, malloc="default")))] * has_default
        cells += [number(speedup(run, row))] * (threads > 1)
        lines.append(cells)
    for part in dict.fromkeys(row["part"] for row in rows):
        mean, default = (geometric_mean(select(run, group.name, threads, m), part) for m in ("raised", "default"))
        aim = group.means.get(part, {}).get(threads)
        line = ["geometric mean", part, "", "", "", "", number(mean), number(aim), *([""] * len(others))]
        lines.append([*line, *[number(default)] * has_default, *[""] * (threads > 1)])
    return f"{group.title}, {_threads(threads)}\n" + aligned([head, *lines], left=2)


def startup_table(run: Run) -> str:
    lines = [["", "ours", PYTORCH, "at most"]]
    for row in run["startup"]:
        values = [row["values"].get(name) for name in (OURS, PYTORCH)]
        lines.append([row["name"], *(amount(value, row["unit"]) for value in (*values, row["limit"]))])
    return "Start and memory, default settings, 1 thread\n" + aligned(lines, left=1)


def misses(run: Run) -> list[str]:
    """Return a line for each figure that is worse than its target; settings are those with raised malloc thresholds."""
    lines = []
    for threads in threads_of(run):
        for group in GROUPS.values():
            rows = select(run, group.name, threads)
            for row in rows:
                where = f"{group.name}: {row['name']}, {row['part']}, {_threads(threads)}"
                lines += _miss(where, ratio(row), row["target"])
                if threads == 2:
                    lines += _miss(f"{where}, over our own on 1", speedup(run, row), row["speedup"])
            for part, aims in group.means.items():
                where = f"{group.name}: geometric mean, {part}, {_threads(threads)}"
                lines += _miss(where, geometric_mean(rows, part), aims.get(threads))
    for row in run["startup"]:
        ours = row["values"][OURS]
        if row["limit"] is not None and ours > row["limit"]:
            lines.append(f"{row['name']}: {amount(ours, row['unit'])}, at most {amount(row['limit'], row['unit'])}")
    return lines or ["nothing"]


def _miss(where: str, found: float | None, target: float | None) -> list[str]:
    return [f"{where}: {found:.2f}, target {target}"] if found and target and found < target else []


def wrong(run: Run) -> list[str]:
    """Return a line for each contender whose values are not those of the reference."""
    return [
        f"{row.get('group', 'startup')}: {row['name']} {row.get('part', '')}: {name}: {what}"
        for row in (*run["rows"], *run["startup"])
        for name, what in row["wrong"].items()
    ]


def markdown(run: Run) -> str:
    """Return README's table: geometric means of PyTorch's time over ours, and the range of the rows."""
    mallocs = [malloc for malloc in ("raised", "default") if any(row["malloc"] == malloc for row in run["rows"])]
    settings = [(threads, malloc) for threads in threads_of(run) for malloc in mallocs]
    lines = ["| PyTorch's time / ours | " + " | ".join(_setting(*setting) for setting in settings) + " |"]
    lines.append("|---" * (len(settings) + 1) + "|")
    for group in GROUPS.values():
        parts = list(dict.fromkeys(case.part for case in group.cases))
        for part in parts:
            if group.name in CONVOLUTION and part != BOTH:
                continue
            cells = [_summary(select(run, group.name, *setting), part) for setting in settings]
            if any(cells):
                title = f"{group.title}, {part}" if len(parts) > 1 else group.title
                lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _setting(threads: int, malloc: str) -> str:
    return _threads(threads) + (", default malloc" if malloc == "default" else "")


def _summary(rows: Sequence[Row], part: str) -> str:
    ratios = [r for row in rows if row["part"] == part and (r := ratio(row)) is not None]
    if not ratios:
        return ""
    mean = f"{geometric_mean(rows, part):.2f}"
    return f"{mean} ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else mean


# ---------------------------------------------------------------------------------------------------------------- text


def _contenders(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row["seconds"]))


def _threads(n: int) -> str:
    return f"{n} thread{'s' if n > 1 else ''}"


def time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for scale, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}" if seconds < 100 * scale else f"{seconds / scale:.0f} {unit}"
    return f"{seconds / 1e-9:.0f} ns"


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def amount(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.2f} {unit}" if unit == "s" else f"{value:.0f} {unit}"


def aligned(lines: Sequence[Sequence[str]], left: int) -> str:
    """Return columns of equal width: the first *left* to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    laid_out = []
    for line in lines:
        cells = [cell.ljust(n) if i < left else cell.rjust(n) for i, (cell, n) in enumerate(zip(line, widths))]
        laid_out.append("  ".join(cells).rstrip())
    return "\n".join(laid_out)
