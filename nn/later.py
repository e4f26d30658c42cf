"""Packages that load when they are first asked for (PEP 562): who trains a layer does not wait for what stands on layers.

Pictures' attributions, the zoo of models, Caffe's files, data with its modules for networks and processes: without them
``import nn`` takes a quarter of its time.  ``nn.models`` and ``from nn import models`` mean what they always do.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from types import ModuleType

__all__ = ["found", "found_in_utils", "names"]


def _found(package: str, later: frozenset[str], name: str) -> ModuleType:
    """Import the submodule of *package* that is called *name*, or raise AttributeError."""
    if name not in later:
        raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
    return import_module(f"{package}.{name}")  # which sets the attribute: asked for once


# What Python asks, of a module, for the names that it does not have.
found = partial(_found, "nn", frozenset({"caffe", "data", "interpret", "models", "reinforcement", "training"}))
found_in_utils = partial(_found, "nn.utils", frozenset({"data"}))


def names() -> list[str]:
    """Return what ``dir(nn)`` lists: also the packages that nobody has asked for yet."""
    nn = sys.modules["nn"]
    return sorted({*vars(nn), *nn.__all__})
