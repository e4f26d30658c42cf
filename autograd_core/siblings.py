"""``torch.nn``, ``torch.optim``, ``torch.utils.data``: the packages beside the engine, found through it as PyTorch's are.

So are functions of ``nn.functional`` that PyTorch has at its top level too.  The engine imports none of them.  As a
submodule is an attribute of its package once somebody has imported it, each of these is there once the program has
imported its package: ``import nn``, and ``autograd_core.nn`` is that package.
"""

from __future__ import annotations

import sys
from functools import partial, reduce
from typing import Any

__all__ = ["FUNCTIONAL", "found", "found_in_utils"]

# Of nn.functional, what PyTorch has at its top level with the same signature.
FUNCTIONAL = (
    "bilinear", "celu", "celu_", "cosine_similarity", "hardshrink", "pairwise_distance", "pdist", "prelu", "relu_", "rrelu",
    "rrelu_", "selu_", "threshold_",
)  # fmt: skip


def _found(package: str, siblings: dict[str, str], name: str) -> Any:
    """Return what programs written for PyTorch reach as *name* of *package*, once it is imported, or raise AttributeError."""
    if name not in siblings:
        raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
    beside, *path = siblings[name].split(".")
    if (module := sys.modules.get(beside)) is None:
        raise AttributeError(
            f"module {package!r} has no attribute {name!r} yet: {beside!r} is a package of its own, and nothing has imported "
            f"it; write `import {beside}` beside `import autograd_core`"
        )
    return reduce(getattr, path, module)


# What Python asks, of a module, for the names that it does not have.
found = partial(
    _found, "autograd_core", {"nn": "nn", "optim": "optim"} | {name: f"nn.functional.{name}" for name in FUNCTIONAL}
)
found_in_utils = partial(_found, "autograd_core.utils", {"data": "nn.utils.data"})
