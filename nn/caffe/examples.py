"""Solver and network files that ship with the package."""

from __future__ import annotations

from pathlib import Path

import autograd_core as ag

__all__ = ["example", "examples"]

FOLDER = Path(__file__).parent / "files"


def examples() -> list[str]:
    """Return the names of the files that ship.

    >>> examples()
    ['caffenet.prototxt', 'lenet.prototxt', 'lenet_solver.prototxt']
    """
    return sorted(path.name for path in FOLDER.glob("*.prototxt"))


def example(name: str) -> Path:
    """Return the path of a file that ships.

    >>> example("lenet.prototxt").name
    'lenet.prototxt'
    """
    if name not in examples():
        raise ag.errors.ArgumentError(f"name={name!r}: expected one of {', '.join(examples())}")
    return FOLDER / name
