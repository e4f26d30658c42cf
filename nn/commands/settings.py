"""The settings of a run, as ``config.json`` keeps them."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

__all__ = ["Settings", "command_line", "versions"]


@dataclass(frozen=True)
class Settings:
    """All that decides what a run computes."""

    model: str
    data: str
    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    weight_decay: float
    schedule: str
    augment: bool
    seed: int
    workers: int
    data_dir: str | None
    limit: int | None
    record: int | None = None  # which steps, see fit(); None in the settings of runs before there were records


def command_line(arguments: Sequence[str]) -> str:
    """Return the command that *arguments* came from, fit to be pasted into a shell.

    >>> command_line(["train", "lenet", "--out", "my run"])
    "python -m nn train lenet --out 'my run'"
    """
    return shlex.join(["python", "-m", "nn", *arguments])


def versions() -> dict[str, str]:
    """Return the versions that the bits of a result depend on."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for package in ("autograd-core", "numpy", "numba"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # run from a source tree that was never installed
            found[package] = "not installed"
    return found
