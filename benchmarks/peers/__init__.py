"""Other engines, on the workloads that are natural for them; each only where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

PEERS = {"JAX": "jax", "HIPS autograd": "autograd", "MyGrad": "mygrad"}


def installed() -> dict[str, ModuleType]:
    """Return the modules here that have ``program(problem) -> Program | None`` and ``version()``, by the engine's name."""
    return {
        name: importlib.import_module(f"{__name__}.{package}")
        for name, package in PEERS.items()
        if importlib.util.find_spec(package)
    }
