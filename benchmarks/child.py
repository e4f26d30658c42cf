"""All cases of some groups in one process, whose environment ``machine.environment`` made; writes a JSON file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from . import machine, peers
from .case import Case, Program, difference
from .groups import GROUPS
from .libraries import OURS, PYTORCH, Library, libraries
from .timing import FULL, ONCE, PAUSE, QUICK, Effort, measure

EFFORTS = {"full": FULL, "quick": QUICK, "once": ONCE}


def programs(case: Case, available: Sequence[Library], others: Mapping[str, ModuleType]) -> dict[str, Program]:
    """Return the program of each contender that can run the case."""
    made = {library.name: case.make(library) for library in available if not library.lacks(case.needs)}
    if case.problem is not None:
        found = {name: module.program(case.problem) for name, module in others.items()}
        made |= {name: program for name, program in found.items() if program}
    return made


def differences(made: Mapping[str, Program]) -> dict[str, tuple[float, str]]:
    """Compare everybody's values with PyTorch's, or with ours where there is none of it; see ``case.difference``."""
    reference = PYTORCH if PYTORCH in made else OURS
    if len(made) < 2 or reference not in made:
        return {}
    # The reference comes last: a result that nobody wrote must not be found in memory where the right one was before.
    values = {name: program.values() for name, program in made.items() if name != reference}
    expected = made[reference].values()
    return {name: difference(found, expected) for name, found in values.items()}


def row(
    case: Case, available: Sequence[Library], others: Mapping[str, ModuleType], effort: Effort, pause: float
) -> dict[str, Any]:
    """Check the values of a case, then time it; a case that raises is a wrong row, and does not end the run."""
    try:
        made = programs(case, available, others)
        errors = differences(made)
        wrong = {
            name: f"{what} differs by {error:.1e}, allowed is {case.tolerance:.0e}"
            for name, (error, what) in errors.items()
            if not error <= case.tolerance
        }
        timings = measure({name: program for name, program in made.items() if name not in wrong}, effort, pause)
    except Exception as error:
        errors, wrong, timings = {}, {OURS: f"{type(error).__name__}: {error}"}, {}
    return {
        "name": case.name,
        "part": case.part,
        "speedup": case.speedup,
        "wrong": wrong,
        "difference": {name: rounded(error) for name, (error, _) in errors.items()},
        "seconds": {
            name: {"minimum": rounded(found.minimum / case.count), "median": rounded(found.median / case.count)}
            for name, found in timings.items()
        },
    }


def rounded(value: float) -> float:
    """Return *value* with four digits: the others are noise."""
    return float(f"{value:.4g}")


def absent(available: Sequence[Library], others: Mapping[str, ModuleType], cases: Sequence[Case]) -> list[str]:
    """Say which contender is left out, and where."""
    names = [PYTORCH, *peers.PEERS]
    here = [*(library.name for library in available), *others]
    lines = [f"{name} is not installed, so its figures are missing" for name in names if name not in here]
    lines += [
        f"{case.name}: {library.name} has no {', '.join(lacking)}, so its figure is missing"
        for case in cases
        for library in available
        if (lacking := library.lacks(case.needs))
    ]
    return lines


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.child", description="Time the cases of groups in one process.")
    parser.add_argument("groups", nargs="+", choices=GROUPS)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--malloc", choices=machine.MALLOC, required=True)
    parser.add_argument("--effort", choices=EFFORTS, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    machine.pin(options.threads)
    available = libraries(options.threads)
    once = options.threads == 1 and options.malloc == "raised"  # the other engines take most of the time
    others = peers.installed() if once else {}
    selected = [(group, case) for name in options.groups for group in [GROUPS[name]] for case in group.cases]
    pause = PAUSE if options.threads > 1 else 0.0
    setting = {"threads": options.threads, "malloc": options.malloc}
    rows = []
    for i, (group, case) in enumerate(selected, 1):
        found = row(case, available, others, EFFORTS[options.effort], pause)
        print(f"  {i:3d}/{len(selected)} {group.name}: {case.name}, {case.part}", file=sys.stderr, flush=True)
        rows.append({"group": group.name, **setting, "target": case.targets.get(options.threads), **found})
    versions = {name: module.version() for name, module in others.items()}
    told = {
        "machine": machine.describe(available, versions),
        "absent": absent(available, others, [case for _, case in selected]),
        "rows": rows,
    }
    options.out.write_text(json.dumps(told))


if __name__ == "__main__":
    main()
