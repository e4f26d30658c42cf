"""Names that PyTorch had before it marked what writes in place by an underscore, and still has."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from . import expect

__all__ = ["former_name"]

P = ParamSpec("P")
R = TypeVar("R")


def former_name(function: Callable[P, R], module: str) -> Callable[P, R]:
    """Return *function*, whose name ends with an underscore, by its former name in *module*; calls of that warn.

    >>> import nn
    >>> former_name(nn.init.constant_, "nn.init").__name__
    'constant'
    """
    name = function.__name__.removesuffix("_")

    @functools.wraps(function)
    def former(*args: P.args, **kwargs: P.kwargs) -> R:
        expect.warn(
            f"{module}.{name} is the former name of {module}.{function.__name__}: use that, it does the same",
            FutureWarning,
        )
        return function(*args, **kwargs)

    former.__name__ = former.__qualname__ = name
    former.__doc__ = (
        f"Do what ``{function.__name__}`` does, and warn: this is its former name.\n\n    {function.__doc__}"
    )
    return former
