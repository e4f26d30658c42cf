"""The command ``python -m autograd_core.warmup``: compile all kernels ahead, so that no program has to wait for them.

It is for the time after an installation, and for the making of an image: what is compiled is kept on disk, beside the
packages or in ``NUMBA_CACHE_DIR``, for processors of the same kind.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from .commands import OneLineParser, exit_status
from .kernels.jit import warm_up_steps

__all__ = ["main"]

PROGRAM = "python -m autograd_core.warmup"
BESIDE = ("nn", "optim")  # packages of this distribution: what kernels they have is known once they are imported
DTYPES = ("float32", "float64")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile and say what; return the exit status: 1 where nothing can be compiled, 2 for wrong use, 130 after Ctrl-C."""
    return exit_status(PROGRAM, lambda: _run(_parser().parse_args(arguments)))


def _run(options: argparse.Namespace) -> int:
    _import_beside()
    steps = warm_up_steps(dict.fromkeys(options.dtypes))
    if options.list:
        for module in dict.fromkeys(step.module for step in steps):
            sys.stdout.write(f"{module}\n")
        return 0
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        sys.stderr.write("NUMBA_DISABLE_JIT is set, so that kernels are not compiled: unset it first\n")
        return 1
    began = time.perf_counter()
    for number, step in enumerate(steps, 1):
        before = time.perf_counter()
        step.run(step.dtype)
        seconds = time.perf_counter() - before
        sys.stdout.write(
            f"[{number:{len(str(len(steps)))}}/{len(steps)}] {seconds:6.2f} s  {step.dtype}  {step.module}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"The kernels are ready, after {time.perf_counter() - began:.1f} s.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=PROGRAM,
        description="Compile all kernels, or load them where they were compiled before, and say how long each file took.",
    )
    parser.add_argument(
        "--dtypes",
        nargs="+",
        choices=DTYPES,
        default=DTYPES,
        metavar="DTYPE",
        help="float32, float64, or both (default)",
    )
    parser.add_argument("--list", action="store_true", help="name the modules that have kernels, and compile nothing")
    return parser


def _import_beside() -> None:
    """Import the packages that lie beside this one; others of their generic names are none of ours."""
    home = Path(__file__).parent.parent
    for name in BESIDE:
        found = find_spec(name)
        if found is not None and found.origin is not None and Path(found.origin).parent.parent == home:
            import_module(name)


if __name__ == "__main__":
    sys.exit(main())
