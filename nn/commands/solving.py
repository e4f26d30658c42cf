"""``train --solver``: training by a solver file."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from autograd_core.commands import INTERRUPTED, check_folder

from ..caffe import Solver, read_solver
from ..training.interrupt import Interrupt
from ..training.progress import say
from .parts import Factories

__all__ = ["solve"]


def solve(file: str, snapshot: str | None, folder: str | None, factories: Factories) -> int:
    """Train as the solver file *file* says, from *snapshot* on where there is one; return the exit status."""
    settings = read_solver(file)
    snapshots = Path(settings.snapshot_prefix).parent
    check_folder(f"{file}: the folder of snapshot_prefix,", snapshots)
    solver = Solver(settings, factories.solvers, folder=folder, say=say)
    count = sum(p.numel() for p in solver.network.parameters())
    rate = settings.rate
    say(f"{solver.network.name}, {count:,} parameters; {settings.type}, {rate.policy} from {rate.base_lr:g}; {file}")
    if snapshot is not None:
        solver.restore(snapshot)
        say(f"Going on from {snapshot}, after {solver.iteration} of {settings.max_iter} iterations")
    snapshots.mkdir(parents=True, exist_ok=True)
    try:
        with Interrupt() as interrupt:
            solver.solve(interrupt)
    except KeyboardInterrupt:
        again = f"python -m nn train --solver {shlex.quote(file)} --snapshot {settings.snapshot_prefix}_iter_{solver.iteration}"
        sys.stderr.write(f"\nStopped after iteration {solver.iteration}. To go on: {again}\n")
        return INTERRUPTED
    return 0
