"""``torch.nn``, ``torch.optim``, ``torch.utils.data``: the packages beside the engine, found through it as PyTorch's are.

The engine imports none of them.  As a submodule is an attribute of its package once somebody has imported it, each of
these is there once the program has imported its package: ``import nn``, and ``autograd_core.nn`` is that package.
"""

from __future__ import annotations

import sys
from functools import partial, reduce
from types import ModuleType

__all__ = ["found", "found_in_utils"]


def _found(package: str, siblings: dict[str, str], name: str) -> ModuleType:
    """Return the imported module that programs written for PyTorch reach as *name* of *package*, or raise AttributeError."""
    if name not in siblings:
        raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
    beside, *path = siblings[name].split(".")
    if (module := sys.modules.get(beside)) is None:
        raise AttributeError(
            f"module {package!r} has no attribute {name!r} yet: {beside!r} is a package of its own, and nothing has imported "
            f"it; write `import {beside}` beside `import autograd_core`"
        )
    return reduce(getattr, path, module)


# What Python asks, of a module, for the names that it does not have.
found = partial(_found, "autograd_core", {"nn": "nn", "optim": "optim"})
found_in_utils = partial(_found, "autograd_core.utils", {"data": "nn.utils.data"})
