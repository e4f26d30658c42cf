"""The way from a tensor up to what reads graphs, ``autograd_core.viz``: imported when a reader is first asked for.

Readers are above Tensor, which therefore cannot import them; and a program that does not look at its graph pays nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["reader"]


def reader(name: str) -> Any:
    """Return *name* of ``autograd_core.viz``.

    >>> reader("Stepper").__module__
    'autograd_core.viz.stepper'
    """
    return getattr(import_module(".viz", __package__), name)
