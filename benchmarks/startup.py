"""Time to import, time to the first training step, and peak memory: each in a process of its own, on one thread.

They are measured with the default settings, as a user starts a program.  As a command this file is that process:
``python -m benchmarks.startup first-step autograd_core`` prints one number.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .libraries import LOADERS, OURS, PYTORCH, Library

NAME = "startup"
IMPORTS = {OURS: "autograd_core, nn, optim", PYTORCH: "torch"}
LIMITS = {"import": 0.5, "first step": 1.0, "first step, empty cache": 40.0}  # seconds, ours
NOTICE = "compiling kernels"  # what is printed, so that nobody waits in silence


def rows(environment: dict[str, str], quick: bool) -> list[dict[str, Any]]:
    """Measure; *environment* is that of one thread and default settings."""
    names = [OURS, *([PYTORCH] if importlib.util.find_spec("torch") else [])]
    times = 2 if quick else 5

    def ask(*words: str, **more: str) -> tuple[float, str]:
        return _ask(words, environment | more)

    def least(*words: str) -> float:
        ask(*words)  # reads from the disk what the others find in memory, and fills the cache of kernels
        return min(ask(*words)[0] for _ in range(times))

    with tempfile.TemporaryDirectory() as empty:
        cold, said = ask("-m", __name__, "first-step", OURS, NUMBA_CACHE_DIR=empty)
    peaks = {name: least("-m", __name__, "peak", name) for name in names}
    measured: dict[str, dict[str, float]] = {
        "import": {name: least("-c", _import(IMPORTS[name])) for name in names},
        "first step": {name: least("-m", __name__, "first-step", name) for name in names},
        "first step, empty cache": {OURS: cold},
    }
    found = [_row(name, "s", values, LIMITS[name]) for name, values in measured.items()]
    if NOTICE not in said:
        found[-1]["wrong"] = {OURS: f"no line with {NOTICE!r} was printed while kernels were compiled"}
    return [*found, _row("peak memory of VGG-11 steps", "MB", peaks, peaks.get(PYTORCH))]


def _row(name: str, unit: str, values: dict[str, float], limit: float | None) -> dict[str, Any]:
    digits = 3 if unit == "s" else 1
    rounded = {library: round(value, digits) for library, value in values.items()}
    return {"name": name, "unit": unit, "values": rounded, "limit": limit and round(limit, digits), "wrong": {}}


def _import(packages: str) -> str:
    return f"import time; start = time.perf_counter(); import {packages}; print(time.perf_counter() - start)"


def _ask(words: tuple[str, ...], environment: dict[str, str]) -> tuple[float, str]:
    """Return the number that a process prints, and what it says on stderr."""
    told = subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"python {' '.join(words)}: {told.stderr}")
    return float(told.stdout), told.stderr


def _loaded(name: str) -> Library:
    library = LOADERS[name](1)
    if library is None:
        raise SystemExit(f"{name} is not installed")
    return library


def first_step(library: str) -> float:
    """Return the seconds from after the import to the end of the first step of the small CNN."""
    from .groups.steps import SMALL_CNN

    loaded = _loaded(library)
    start = time.perf_counter()
    SMALL_CNN.make(loaded).run()
    return time.perf_counter() - start


def peak(library: str) -> float:
    """Return the peak memory in MB of a process that trains VGG-11 for five steps."""
    from .groups.steps import VGG11

    program = VGG11.make(_loaded(library))
    for _ in range(5):
        program.run()
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    print({"first-step": first_step, "peak": peak}[sys.argv[1]](sys.argv[2]))
