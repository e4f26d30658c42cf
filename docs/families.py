"""What a family of functions or layers is called on every page: its file's name, and the first line of that file."""

from __future__ import annotations

import importlib
import inspect

__all__ = ["about", "title"]

PACKAGES = ("autograd_core.ops.", "nn.layers.")  # each module of these is a family
WORDS = {"conv": "convolution", "linalg": "linear algebra", "pad": "padding", "pool": "pooling", "reduce": "reductions"}


def title(module: str) -> str:
    """Return a heading.

    >>> title("autograd_core.ops.pool.adaptive"), title("nn.layers.recurrent_cell"), title("nn.module")
    ('Pooling: adaptive', 'Recurrent cell', 'Module')
    """
    package = next((name for name in PACKAGES if module.startswith(name)), module.partition(".")[0] + ".")
    parts = module.removeprefix(package).split(".")
    words = ": ".join(WORDS.get(part, part) for part in parts).replace("_", " ")
    return f"{words[0].upper()}{words[1:]}"


def about(module: str) -> str:
    """Return what a family has, in one line.

    >>> about("nn.layers.shape")
    'Layers that only change the shape.'
    """
    return (inspect.getdoc(importlib.import_module(module)) or "").partition("\n")[0]
