"""The cost of an operation and of a training step, beside PyTorch where it is installed, on one thread of one process.

    python benchmarks/overhead.py [--quick] [--json FILE]

Every workload is one program, written once and given two sets of imports.  It is timed twice:

*warm*: each contender several times in a row, and the other one after it, in turns: both have their code in the caches,
as inside a training loop.
*cold*: the contenders alternate at every single run, so each finds the caches as the other left them.

The minimum says what the code costs, the median what a user sees; ratios are of minima, below 1 where this engine is
faster.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[1]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PINNED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # where these are set, a slower BLAS kernel serves than users have


def prepared(environment: dict[str, str]) -> dict[str, str]:
    """*environment* with one thread for everybody and BLAS free to choose its kernel."""
    kept = {name: value for name, value in environment.items() if name not in PINNED}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": os.pathsep.join(paths), "OVERHEAD_PREPARED": "1"}


if __name__ == "__main__" and "OVERHEAD_PREPARED" not in os.environ:  # the libraries read these when they are loaded
    os.execve(sys.executable, sys.orig_argv, prepared(dict(os.environ)))

import numpy as np

import autograd_core as ag
import nn
import optim

Run = Callable[[], Any]
OPS = 1000  # in one run of an operation's workload: far more than the clock's resolution


@dataclass(frozen=True)
class Library:
    """What a program imports."""

    name: str
    core: ModuleType  # autograd_core or torch
    nn: ModuleType
    optim: ModuleType


OURS = Library("autograd_core", ag, nn, optim)


def peer() -> Library | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    return Library("PyTorch", torch, torch.nn, torch.optim)


# ----------------------------------------------------------------------------------------------------------- workloads


@dataclass(frozen=True)
class Workload:
    """A program: ``make(library)`` returns what is timed, and ``prepare``, if any, runs before each, untimed."""

    title: str
    unit: str
    scale: float  # seconds of one run -> what is printed
    make: Callable[[Library], tuple[Run, Run | None]]
    repeats: int = 1  # runs in one timing, for steps that are short


def vectors(lib: Library, requires_grad: bool) -> tuple[Any, Any]:
    """Two vectors of 10 float32 whose product neither grows nor vanishes."""
    a, b = (lib.core.full((10,), value) for value in (1.0, 1.0001))
    return a.requires_grad_(requires_grad), b.requires_grad_(requires_grad)


def multiplied(a: Any, b: Any) -> Any:
    h = a
    for _ in range(OPS):
        h = h * b
    return h


def forward(lib: Library) -> tuple[Run, Run | None]:
    a, b = vectors(lib, True)
    made: list[Any] = []  # freeing a graph is not part of making one
    return lambda: made.append(multiplied(a, b)), made.clear


def unrecorded(lib: Library) -> tuple[Run, Run | None]:
    a, b = vectors(lib, False)
    return lambda: multiplied(a, b), None


def backward(lib: Library) -> tuple[Run, Run | None]:
    a, b = vectors(lib, True)
    ones = lib.core.ones(10)
    made: list[Any] = []

    def prepare() -> None:
        a.grad = b.grad = None
        made[:] = [multiplied(a, b)]

    return lambda: made.pop().backward(ones), prepare


def chain(lib: Library) -> tuple[Run, Run | None]:
    """``h = tanh(h * a + b) - x``, 250 times: 1000 operations forward and backward."""
    x, b = vectors(lib, False)
    a, b = (x * 0.5).requires_grad_(), (b * 0.1).requires_grad_()

    def run() -> None:
        a.grad = b.grad = None
        h = x
        for _ in range(250):
            h = lib.core.tanh(h * a + b) - x
        h.sum().backward()

    return run, None


def step(lib: Library, model: Any, loss_of: Any, optimizer: Any, x: Any, y: Any) -> tuple[Run, Run | None]:
    """One training step, the loss read at the end, as training loops do."""
    xs, ys = (lib.core.from_numpy(a) for a in (x, y))

    def run() -> float:
        optimizer.zero_grad()
        loss = loss_of(model(xs), ys)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return run, None


def xor(lib: Library) -> tuple[Run, Run | None]:
    model = lib.nn.Sequential(lib.nn.Linear(2, 8), lib.nn.Tanh(), lib.nn.Linear(8, 1))
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    y = np.array([[0], [1], [1], [0]], np.float32)
    return step(lib, model, lib.nn.MSELoss(), lib.optim.SGD(model.parameters(), lr=0.1), x, y)


def pictures(*shape: int) -> tuple[Any, Any]:
    """A batch of 64 random pictures and their classes."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((64, *shape), np.float32), rng.integers(0, 10, 64)


def mlp(lib: Library, **adam: Any) -> tuple[Run, Run | None]:
    model = lib.nn.Sequential(lib.nn.Linear(784, 128), lib.nn.ReLU(), lib.nn.Linear(128, 10))
    optimizer = (
        lib.optim.Adam(model.parameters(), **adam) if adam else lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    )
    return step(lib, model, lib.nn.CrossEntropyLoss(), optimizer, *pictures(784))


def lenet(lib: Library) -> tuple[Run, Run | None]:
    n = lib.nn
    model = n.Sequential(
        n.Conv2d(1, 6, 5, padding=2), n.Tanh(), n.AvgPool2d(2),
        n.Conv2d(6, 16, 5), n.Tanh(), n.AvgPool2d(2), n.Flatten(),
        n.Linear(400, 120), n.Tanh(), n.Linear(120, 84), n.Tanh(), n.Linear(84, 10),
    )  # fmt: skip
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return step(lib, model, n.CrossEntropyLoss(), optimizer, *pictures(1, 28, 28))


PER_OP, MICRO = 1e9 / OPS, 1e6
WORKLOADS = (
    Workload("multiply, recorded: forward", "ns an op", PER_OP, forward),
    Workload("multiply, recorded: backward", "ns a node", PER_OP, backward),
    Workload("multiply, not recorded", "ns an op", PER_OP, unrecorded),
    Workload("chain of 1000 ops, both ways", "us", MICRO, chain),
    Workload("XOR 2-8-1, SGD: step", "us", MICRO, xor, 50),
    Workload("MLP 784-128-10, batch 64, SGD: step", "us", MICRO, mlp, 10),
    Workload("MLP 784-128-10, batch 64, Adam: step", "us", MICRO, lambda lib: mlp(lib, lr=1e-3), 10),
    Workload("LeNet-5, batch 64, SGD: step", "us", MICRO, lenet, 2),
)

# -------------------------------------------------------------------------------------------------------------- timing


@dataclass(frozen=True)
class Timing:
    """Minimum and median, in the workload's unit."""

    minimum: float
    median: float


def timed(program: tuple[Run, Run | None], repeats: int) -> float:
    run, prepare = program
    if prepare is not None:
        prepare()
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def measure(workload: Workload, libraries: list[Library], rounds: int, in_a_row: int) -> dict[str, dict[str, Timing]]:
    """``{"warm": {library: timing}, "cold": ...}``."""
    programs = {lib.name: workload.make(lib) for lib in libraries}
    warm: dict[str, list[float]] = {name: [] for name in programs}
    cold: dict[str, list[float]] = {name: [] for name in programs}
    for program in programs.values():
        timed(program, 1)  # compiles, allocates
    for _ in range(rounds):
        for name, program in programs.items():
            gc.collect()
            timed(program, workload.repeats)
            warm[name] += [timed(program, workload.repeats) for _ in range(in_a_row)]
    for _ in range(rounds * in_a_row):
        for name, program in programs.items():
            cold[name].append(timed(program, 1))
    return {
        regime: {
            name: Timing(min(times) * workload.scale, statistics.median(times) * workload.scale)
            for name, times in found.items()
        }
        for regime, found in (("warm", warm), ("cold", cold))
    }


# -------------------------------------------------------------------------------------------------------------- report


def machine(libraries: list[Library]) -> dict[str, str]:
    """Where and with what it was measured."""
    versions = {"Python": platform.python_version(), "numpy": np.__version__}
    versions |= {lib.name: getattr(lib.core, "__version__", "this checkout") for lib in libraries}
    return {
        "processor": processor(),
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "BLAS": "; ".join(blas()) or "unknown: pip install threadpoolctl",
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), platform.processor())


def blas() -> list[str]:
    """Which BLAS serve, and with the kernel for which processor."""
    try:
        import threadpoolctl
    except ImportError:
        return []
    return [
        f"{found['internal_api']} {found['version']} {found.get('architecture', '')}".strip()
        + f" ({found['num_threads']} thread{'s' if found['num_threads'] > 1 else ''})"
        for found in threadpoolctl.threadpool_info()
        if found["user_api"] == "blas"
    ]


def row(workload: Workload, regime: str, timings: dict[str, Timing]) -> str:
    ours, *theirs = timings.values()
    line = f"{workload.title:37s} {regime:5s} {ours.minimum:9.0f} {ours.median:9.0f}"
    for other in theirs:
        line += f" {other.minimum:9.0f} {other.median:9.0f} {ours.minimum / other.minimum:7.2f}"
    return f"{line}  {workload.unit}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the engine, beside PyTorch where it is installed.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: ten seconds, and noisier")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there too")
    options = parser.parse_args(arguments)
    rounds, in_a_row = (4, 3) if options.quick else (20, 5)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    libraries = [lib for lib in (OURS, peer()) if lib]
    where = machine(libraries)
    for name, value in where.items():
        print(f"{name}: {value}")
    if len(libraries) == 1:
        print("PyTorch is not installed, so there is nothing to compare with; README.md, Test, says how to add it.")
    print(f"\n{'':43s}" + "".join(f" {lib.name:>19s}" for lib in libraries))
    print(f"{'':43s}" + "   minimum    median" * len(libraries) + ("   ratio" if len(libraries) > 1 else ""))
    results = []
    for workload in WORKLOADS:
        found = measure(workload, libraries, rounds, in_a_row)
        for regime, timings in found.items():
            print(row(workload, regime, timings), flush=True)
            figures = {name: vars(timing) for name, timing in timings.items()}
            results.append({"workload": workload.title, "unit": workload.unit, "regime": regime, **figures})
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"machine": where, "results": results}, indent=1) + "\n")
        print(f"\nEvery figure: {options.json}")


if __name__ == "__main__":
    main()
