"""Programs timed in turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

from .case import Program

LEAST = 1e-3  # seconds: a timing this long is far above the clock's resolution
PAUSE = 0.05  # seconds: so long a library's helper threads may keep a core busy, waiting for more to do


@dataclass(frozen=True)
class Effort:
    """How long each program is timed in all, and in how many turns."""

    seconds: float
    rounds: int


FULL, QUICK, ONCE = Effort(0.6, 8), Effort(0.08, 2), Effort(0.0, 1)


@dataclass(frozen=True)
class Timing:
    """Seconds of one run: the minimum says what the code costs, the median what a user sees."""

    minimum: float
    median: float


def measure(programs: Mapping[str, Program], effort: Effort, pause: float = 0.0) -> dict[str, Timing]:
    """Time the programs in turns: in its turn a program runs once untimed, to have the caches, then some times more.

    *pause* seconds before a turn let the helper threads of the one before go to sleep.
    """
    plans = {name: _plan(program, effort) for name, program in programs.items()}
    times: dict[str, list[float]] = {name: [] for name in programs}
    gc.collect()
    for _ in range(effort.rounds):
        for name, program in programs.items():
            repeats, in_a_row = plans[name]
            time.sleep(pause)
            _timed(program, 1)
            times[name] += [_timed(program, repeats) for _ in range(in_a_row)]
    return {name: Timing(min(found), statistics.median(found)) for name, found in times.items()}


def _plan(program: Program, effort: Effort) -> tuple[int, int]:
    """Return how many runs make a timing, and how many timings a turn."""
    _timed(program, 1)  # compiles, allocates
    start = time.perf_counter()
    _timed(program, 1)
    took = max(time.perf_counter() - start, 1e-7)
    repeats = 1 if program.prepare else max(1, round(min(LEAST, effort.seconds) / took))
    return repeats, max(1, round(effort.seconds / effort.rounds / (took * repeats)))


def _timed(program: Program, repeats: int) -> float:
    """Return the seconds of one run, of *repeats* in a row."""
    if program.prepare is not None:
        program.prepare()
    run = program.run
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats
